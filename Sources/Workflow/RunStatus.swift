import Foundation
import RunStore

/// Where a planned run stands in its store.
public enum RunStatus: Sendable, Equatable {
    /// Sealed, with the planned digest.
    case fresh
    /// An unfinished run with the planned digest: so many checkpoints are safe.
    case partial(checkpoints: Int)
    case missing
    /// There is a run of that id which another study, data set or program version made.
    case stale

    public var word: String {
        switch self {
        case .fresh: "fresh"
        case .partial(let count): "partial (\(count) checkpoint\(count == 1 ? "" : "s"))"
        case .missing: "missing"
        case .stale: "stale"
        }
    }
}

extension Plan {
    /// The directory of the runs.
    public var store: Store { Store(study.store) }

    /// Where a run stands. A sealed run with the planned digest wins over an unfinished one beside it.
    public func status(_ run: PlannedRun) throws -> RunStatus {
        let path = store.path(of: run.id)
        let partial = partialPath(of: run.id)
        let hasSealed = FileManager.default.fileExists(atPath: path)
        if hasSealed, try RunFile(path: path).description.digest == run.digest { return .fresh }
        if FileManager.default.fileExists(atPath: partial), let unfinished = try? RunFile(path: partial),
            unfinished.description.digest == run.digest
        {
            return .partial(checkpoints: unfinished.checkpointCount)
        }
        return hasSealed || Self.holdsParts(partial) ? .stale : .missing
    }

    func partialPath(of id: String) -> String { String(store.path(of: id).dropLast(3)) + ".partial" }

    private static func holdsParts(_ directory: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: directory))?.contains { $0.hasSuffix(".h5") } ?? false
    }

    /// Moves what stands under a run's id out of the way. Nothing is deleted: it is found again in the directory
    /// `STORE.superseded`, named by its digest.
    func setAside(_ run: PlannedRun, under lock: borrowing RunLock) throws {
        let files = FileManager.default
        let partial = partialPath(of: run.id)
        if Self.holdsParts(partial) {
            try lock.moveParts(to: supersededPath(of: run, ending: ".partial", digest: partsDigest(partial)))
        }
        let path = store.path(of: run.id)
        guard files.fileExists(atPath: path) else { return }
        let target = supersededPath(
            of: run, ending: ".h5", digest: (try? RunFile(path: path).description.digest) ?? nil)
        do {
            try files.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try files.moveItem(atPath: path, toPath: target)
        } catch {
            throw WorkflowError.failure(
                "\(path): cannot be moved to \(target): \(systemReason(error))")
        }
    }

    /// The digest of an unfinished run that may be damaged, or stand beside a sealed one.
    private func partsDigest(_ directory: String) -> String? {
        let first = (try? FileManager.default.contentsOfDirectory(atPath: directory))?
            .filter { $0.hasSuffix(".h5") && !$0.hasPrefix(".") }.min()
        return first.flatMap { try? RunFile(path: directory + "/" + $0).description.digest } ?? nil
    }

    /// A name that is free.
    private func supersededPath(of run: PlannedRun, ending: String, digest: String?) -> String {
        let stem = study.store + ".superseded/\(run.id)-\(digest?.prefix(12) ?? "foreign")"
        var target = stem + ending
        var copy = 2
        while FileManager.default.fileExists(atPath: target) {
            target = "\(stem)-\(copy)\(ending)"
            copy += 1
        }
        return target
    }
}
