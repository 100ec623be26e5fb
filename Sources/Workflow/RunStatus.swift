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

    /// Moves what stands under a run's id out of the way. Nothing is deleted: it is found again under `superseded/`
    /// beside the store, named by its digest.
    func setAside(_ run: PlannedRun) throws {
        let files = FileManager.default
        for path in [store.path(of: run.id), partialPath(of: run.id)] where files.fileExists(atPath: path) {
            let digest = (try? RunFile(path: path).description.digest ?? nil)?.prefix(12) ?? "foreign"
            let ending = path.hasSuffix(".h5") ? ".h5" : ".partial"
            let stem = study.store + ".superseded/\(run.id)-\(digest)"
            var target = stem + ending
            var copy = 2
            while files.fileExists(atPath: target) {
                target = "\(stem)-\(copy)\(ending)"
                copy += 1
            }
            try files.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try files.moveItem(atPath: path, toPath: target)
        }
    }
}
