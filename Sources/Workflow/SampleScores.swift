import Foundation
import RunStore
import Scoring
import Tables

/// Scores as they are written: `sample_id,label,score`, `std` (ddof 1) for several runs, `name` where the runs have
/// names; one row per sample in the order of `/samples`; a sidecar for each score.
public struct SampleScores: Sendable {
    private let job: ScoringJob
    private let hasNames: Bool
    private static let rowsPerWrite = 8192

    public init(_ job: ScoringJob) {
        self.job = job
        hasNames = job.scorers[0].run.hasNames
    }

    /// Throws where a table stands at the path that is no file of scores: those have their sidecar beside them.
    public static func requireNoOther(at path: String) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path), !ScoreHDF5.isNamed(path), !manager.fileExists(atPath: path + ".json")
        else { return }
        throw WorkflowError(
            74, "\(path): no scores of ours (no \(path).json beside it), and it would be lost; choose another name")
    }

    /// Throws where a path has an ending that no form of scores has.
    public static func checkEnding(_ path: String) throws {
        guard path == "-" || path.hasSuffix(".csv") || ScoreHDF5.isNamed(path) else {
            throw WorkflowError(64, "\(path): scores are written as .csv or .h5; name the file so")
        }
    }

    public var warnings: [String] { job.warnings }

    /// Method, variant, direction, definition, checkpoints, pass and digests of one score.
    ///
    /// - Parameter checksum: of the scores, where they are known.
    public func sidecar(_ index: Int, checksum: String? = nil) throws -> JSON {
        let (request, leading) = (job.requests[index], job.scorers[0])
        let description = leading.run.description
        // The plan fills the parameters into the definition; the values are not needed for it.
        let score = leading.plan.score(index, values: [])
        return .object([
            "format": "assay-score", "version": 1, "method": .string(score.method), "variant": .string(score.variant),
            "direction": .string(score.direction.rawValue), "definition": .string(score.definition),
            "source": .string(request.definition.source),
            "span": JSON(request.span), "window": JSON(request.window), "temperature": JSON(request.temperature),
            "positions": .array(score.positions.map(JSON.integer)), "every": JSON(job.every),
            "epochs": .array(try leading.epochs(request).map(JSON.number)), "pass": JSON(leading.pass),
            "n": .integer(job.scorers.count), "samples": .integer(job.sampleCount),
            "checksum": JSON(checksum),
            "runs": .array(
                job.scorers.map { scorer in
                    [
                        "id": .string(scorer.run.description.id), "digest": JSON(scorer.run.description.digest),
                        "attributes_sha256": JSON(scorer.run.attributesDigest),
                        "pass": JSON(scorer.pass), "records": JSON(scorer.recordNames),
                    ]
                }),
            "targets_of": request.needsTargets
                ? job.targets.map {
                    ["id": .string($0.description.id), "attributes_sha256": JSON($0.attributesDigest)]
                } ?? .null : .null,
            "dataset": JSON(description.dataset), "dataset_digest": JSON(description.datasetDigest),
            "warnings": JSON(warnings), "writer": .string("assay \(version)"),
        ])
    }

    /// All scores as tables in memory.
    public func tables() throws -> [Table] {
        var ids: [Int] = []
        var labels: [Int] = []
        var names: [String] = []
        var values = [[Double]](repeating: [], count: job.requests.count)
        var deviations = values
        try job.forEachBlock(withNames: hasNames) { rows in
            ids += rows.samples.ids.map { Int($0) }
            labels += rows.samples.labels.map { Int($0) }
            names += rows.samples.names ?? []
            for index in values.indices {
                values[index] += rows.values[index]
                if let spread = rows.deviations { deviations[index] += spread[index] }
            }
        }
        return values.indices.map { index in
            var columns = [Column("sample_id", ids), Column("label", labels), Column("score", values[index])]
            if job.scorers.count > 1 { columns.append(Column("std", deviations[index])) }
            if hasNames { columns.append(Column("name", names)) }
            return Table(columns)
        }
    }

    /// Writes every score to its path, as CSV or, where the path ends in `.h5`, as HDF5, and its sidecar beside it, in one
    /// pass. All files appear when all are complete.
    ///
    /// - Parameter onProgress: samples done; what it throws ends the work, and no file appears.
    public func write(to paths: [String], onProgress: (_ done: Int) throws -> Void = { _ in }) throws {
        precondition(paths.count == job.requests.count, "\(paths.count) paths for \(job.requests.count) scores")
        let hasDeviation = job.scorers.count > 1
        let files = try paths.enumerated().map { index, path -> any ScoreOutput in
            if ScoreHDF5.isNamed(path) {
                return try ScoreHDF5Output(
                    path, sidecar: sidecar(index), count: job.sampleCount, hasDeviation: hasDeviation,
                    hasNames: hasNames)
            }
            return try ScoreCSVOutput(path, hasDeviation: hasDeviation, hasNames: hasNames)
        }
        let sidecars = try paths.map { try OutputFile($0 + ".json") }
        var checksums = paths.map { _ in ScoreChecksum() }
        var done = 0
        // Blocks are sized for computing; files are written in larger ones, since a call into HDF5 has its price.
        var waiting: ScoredRows?
        func flush() throws {
            guard let rows = waiting.take() else { return }
            for (index, file) in files.enumerated() {
                try file.write(rows, score: index)
                checksums[index].add(rows.samples.ids, rows.samples.labels, rows.values[index])
            }
        }
        try job.forEachBlock(withNames: hasNames) { rows in
            if waiting == nil { waiting = rows } else { waiting?.append(rows) }
            if let waiting, waiting.samples.count >= Self.rowsPerWrite { try flush() }
            done += rows.samples.count
            try onProgress(done)
        }
        try flush()
        // Scores never stand beside a sidecar that says another thing.
        for (index, file) in files.enumerated() {
            try sidecars[index].write(try sidecar(index, checksum: checksums[index].text).text())
            try sidecars[index].finish()
            try file.finish()
        }
    }
}

/// A file of scores in the making.
protocol ScoreOutput {
    func write(_ rows: ScoredRows, score: Int) throws
    func finish() throws
}

private final class ScoreCSVOutput: ScoreOutput {
    private let file: OutputFile
    private let hasNames: Bool
    private var text = CSVRows(capacity: 1 << 16)

    init(_ path: String, hasDeviation: Bool, hasNames: Bool) throws {
        file = try OutputFile(path)
        self.hasNames = hasNames
        try file.write("sample_id,label,score" + (hasDeviation ? ",std" : "") + (hasNames ? ",name" : "") + "\n")
    }

    func write(_ rows: ScoredRows, score: Int) throws {
        for row in rows.samples.ids.indices {
            text.append(Int(rows.samples.ids[row]))
            text.append(Int(rows.samples.labels[row]))
            text.append(rows.values[score][row])
            if let deviations = rows.deviations { text.append(deviations[score][row]) }
            if hasNames { text.append(rows.samples.names?[row] ?? "") }
            text.endRow()
        }
        try text.bytes.withUnsafeBytes { try file.write($0) }
        text.removeAll()
    }

    func finish() throws { try file.finish() }
}
