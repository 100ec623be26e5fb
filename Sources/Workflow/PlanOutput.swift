import Foundation
import Tables

extension Plan {
    /// One row per run: its compute, the bytes of its logits, where it stands, and whether a block asked for it.
    public func table() throws -> Table {
        var columns = [
            Column("id", runs.map(\.id)),
            Column("budget", runs.map(\.budget)),
            Column("images", runs.map(\.samples)),
            Column("passes", runs.map { ($0.plannedEpochs * 100).rounded() / 100 }),
            Column("samples_seen", runs.map(\.totalSamples)),
            Column("steps", runs.map(\.steps)),
            Column("checkpoints", runs.map(\.storedCheckpoints.count)),
            Column("logit_bytes", runs.map(\.logitBytes)),
            Column("status", try runs.map { try status($0).word }),
            Column("asked_for_by", runs.map { $0.isInserted ? "another run" : "study" }),
        ]
        if runs.contains(where: { $0.start != nil }) {
            // A branch costs what it adds to its trunk.
            columns.insert(Column("trained_samples", runs.map(\.trainedSamples)), at: 6)
            columns.append(Column("goes_on_from", runs.map { $0.start?.source.id ?? "" }))
        }
        return Table(columns)
    }

    /// The sums of the table, in one sentence.
    public func summary() throws -> String {
        let samples = runs.map(\.trainedSamples).reduce(0, +)
        let full =
            runs.contains { $0.start != nil }
            ? Double(samples) / Double(max(data.training, 1)) : runs.map(\.budget).reduce(0, +)
        let bytes = runs.map(\.logitBytes).reduce(0, +)
        let fresh = try runs.filter { try status($0) == .fresh }.count
        let inserted = runs.filter(\.isInserted).count
        return
            "\(counted(runs.count, "run")) (\(fresh) fresh, \(inserted) inserted as sources); \(samples) samples seen = "
            + "\(shortest((full * 100).rounded() / 100)) epochs of \(data.training) images; "
            + "\(String(format: "%.1f", Double(bytes) / 1e6)) MB of logits"
    }

    /// What a reader would not expect, one line per sentence: `HL/random-ipc1/5/seed1 and 3 others: …`.
    /// - Parameter chosen: of these runs; nil: of all.
    public func notes(of chosen: [PlannedRun]? = nil) -> [String] {
        var order: [String] = []
        var ids: [String: [String]] = [:]
        for run in chosen ?? runs {
            for note in run.notes {
                if ids[note] == nil { order.append(note) }
                ids[note, default: []].append(run.id)
            }
        }
        return order.map { note in
            let named = ids[note] ?? []
            let others = named.count - 1
            return (named.first ?? "") + (others == 0 ? "" : " and \(others) other\(others == 1 ? "" : "s")")
                + ": \(note)"
        }
    }

    /// The resolved runs.
    public func json() throws -> JSON {
        [
            "format": "assay-plan", "version": 1, "study": .string(study.name),
            "runs": .array(
                try runs.map { run in
                    [
                        "id": .string(run.id), "digest": .string(run.digest), "status": .string(try status(run).word),
                        "inserted": .bool(run.isInserted), "samples_seen": .integer(run.totalSamples),
                        "steps": .integer(run.steps), "logit_bytes": .integer(run.logitBytes),
                        "budget": .number(run.budget), "notes": .array(run.notes.map(JSON.string)),
                        "resolved": run.resolved,
                    ]
                }),
        ]
    }

    /// Writes the resolved runs beside the store, `runs/demo.plan.json`.
    public func write() throws {
        let resolved: JSON = [
            "format": "assay-plan", "version": 1, "study": .string(study.name),
            "runs": .array(runs.map { ["id": .string($0.id), "digest": .string($0.digest), "resolved": $0.resolved] }),
        ]
        try Tables.write(resolved.text(), to: study.store + ".plan.json")
    }
}

/// The system's sentence behind an error of Foundation.
func systemReason(_ error: any Error) -> String {
    let error = error as NSError
    let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    return cause.domain == NSPOSIXErrorDomain
        ? String(cString: strerror(Int32(cause.code))) : error.localizedDescription
}
