import Foundation
import Tables

extension Plan {
    /// One row per run: its compute, the bytes of its logits, where it stands, and whether a block asked for it.
    public func table() throws -> Table {
        Table([
            Column("id", runs.map(\.id)),
            Column("budget", runs.map(\.budget)),
            Column("images", runs.map(\.samples)),
            Column("passes", runs.map { ($0.plannedEpochs * 100).rounded() / 100 }),
            Column("samples_seen", runs.map(\.totalSamples)),
            Column("steps", runs.map(\.steps)),
            Column("checkpoints", runs.map(\.checkpoints.count)),
            Column("logit_bytes", runs.map(\.logitBytes)),
            Column("status", try runs.map { try status($0).word }),
            Column("asked_for_by", runs.map { $0.isInserted ? "another run" : "study" }),
        ])
    }

    /// The sums of the table, in one sentence.
    public func summary() throws -> String {
        let samples = runs.map(\.totalSamples).reduce(0, +)
        let full = runs.map(\.budget).reduce(0, +)
        let bytes = runs.map(\.logitBytes).reduce(0, +)
        let fresh = try runs.filter { try status($0) == .fresh }.count
        let inserted = runs.filter(\.isInserted).count
        return "\(runs.count) runs (\(fresh) fresh, \(inserted) inserted as sources); \(samples) samples seen = "
            + "\(shortest((full * 100).rounded() / 100)) epochs of \(data.training) images; "
            + "\(String(format: "%.1f", Double(bytes) / 1e6)) MB of logits"
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
