import RunStore
import Scoring
import Statistics
import Tables

/// The scores of one or more runs of the same samples, as a table and its sidecar.
public struct SampleScores: Sendable, Equatable {
    /// `sample_id,label,score`, and `std` (ddof 1) for several runs; one row per sample in the order of `/samples`.
    public let table: Table
    /// Method, variant, direction, checkpoints, pass and digests.
    public let sidecar: JSON
    public let warnings: [String]

    public init(runs: [RunFile], method: ScoreMethod) throws {
        var scored: [ScoredRun] = []
        var first: (run: RunFile, ids: [Int64], labels: [Int32])?
        for (index, run) in runs.enumerated() {
            let isRepeated = runs[..<index].contains {
                $0.path == run.path
                    || $0.description.digest != nil && $0.description.digest == run.description.digest
                        && $0.description.id == run.description.id
            }
            if isRepeated { throw WorkflowError(64, "\(run.path): the run is named twice, and counts once") }
            let samples = try run.samples()
            if let first, first.ids != samples.ids || first.labels != samples.labels {
                throw WorkflowError.badData(
                    "\(run.path): its samples are not those of \(first.run.path) (scores of several runs are averaged per sample)"
                )
            }
            if first == nil { first = (run, samples.ids, samples.labels) }
            let next = try score(run, method: method)
            if let leading = scored.first, let first, next.epochs != leading.epochs {
                throw WorkflowError.badData(
                    "\(run.path): it is scored at epochs \(Self.text(next.epochs)), and \(first.run.path) at "
                        + "\(Self.text(leading.epochs)) (only scores of the same checkpoints are averaged)")
            }
            scored.append(next)
        }
        guard let first, let leading = scored.first else { throw WorkflowError(64, "no run to score") }
        let values = first.ids.indices.map { row in scored.map { $0.score.values[row] } }
        var columns = [
            Column("sample_id", first.ids.map { Int($0) }), Column("label", first.labels.map { Int($0) }),
            Column("score", values.map { mean($0) }),
        ]
        if runs.count > 1 { columns.append(Column("std", values.map { standardDeviation($0) ?? .nan })) }
        table = Table(columns)
        warnings = zip(runs, scored).flatMap { run, scored in scored.warnings.map { "\(run.path): \($0)" } }
        sidecar = .object([
            "format": "assay-score", "version": 1, "method": .string(leading.score.method),
            "variant": .string(leading.score.variant), "direction": .string(leading.score.direction.rawValue),
            "definition": .string(leading.score.definition),
            "positions": .array(leading.score.positions.map(JSON.integer)),
            "epochs": .array(leading.epochs.map(JSON.number)), "pass": JSON(leading.pass), "n": .integer(runs.count),
            "runs": .array(
                zip(runs, scored).map { run, scored in
                    [
                        "id": .string(run.description.id), "digest": JSON(run.description.digest),
                        "pass": JSON(scored.pass), "record": .string(scored.record),
                    ]
                }),
            "dataset": JSON(first.run.description.dataset), "dataset_digest": JSON(first.run.description.datasetDigest),
            "warnings": JSON(warnings), "writer": .string("assay \(version)"),
        ])
    }

    private static func text(_ epochs: [Double]) -> String { epochs.map(shortest).joined(separator: " ") }

    /// Writes the table as CSV, or as HDF5 where the path ends in `.h5`, and the sidecar beside it.
    public func write(to path: String) throws {
        guard !ScoreHDF5.isNamed(path) else {
            try ScoreHDF5.write(table, sidecar: sidecar, to: path)
            return try Tables.write(sidecar.text(), to: path + ".json")
        }
        try Tables.write(table.formatted(.csv), to: path)
        try Tables.write(sidecar.text(), to: path + ".json")
    }
}
