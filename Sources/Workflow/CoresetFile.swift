import Importers
import LinearAlgebra
import RunStore
import Scoring
import Selection
import Tables

/// Features of samples for the choice of a coreset: of a run that keeps `/features`, or of a file of arrays.
public struct CoresetFile {
    public let inputs: CoresetInputs
    private let names: [String]?
    private let path: String
    /// SHA-256 of the data set, where the features are of a run that says so.
    private let datasetDigest: String?

    /// Throws where scores are known to be of another data set.
    public func requireSameData(as scores: ScoreFile) throws {
        guard let datasetDigest, let other = scores.sidecar?["dataset_digest"]?.string, other != datasetDigest else {
            return
        }
        throw WorkflowError.badData(
            "\(path): not the data set of \(scores.path): the digests differ (\(datasetDigest.prefix(12))… and "
                + "\(other.prefix(12))…)")
    }

    /// - Parameters:
    ///   - path: a run, or `.npy`, `.npz`, `.pt`, HDF5 with `features` (and `labels`, `ids`, `logits`).
    ///   - labels: a file of labels, where they do not stand beside the features.
    ///   - needsErrors: whether softmax errors are to be computed, which takes logits of the same checkpoint.
    /// - Throws: `WorkflowError`, `RunStoreError`, `ImportError`.
    public init(_ path: String, labels: String? = nil, needsErrors: Bool) throws {
        self.path = path
        if let run = try Self.run(path) {
            (inputs, names) = try Self.read(run, needsErrors: needsErrors)
            datasetDigest = run.description.datasetDigest
        } else {
            let file = try FeatureFile(path, labels: labels)
            guard let labels = file.labels else {
                throw WorkflowError.badData("\(path): no labels beside the features (--labels FILE names them)")
            }
            let narrow = try labels.enumerated().map { row, label in
                guard label >= 0, label <= 10_000_000 else {
                    throw WorkflowError.badData("\(path): label \(label) of row \(row) is out of range")
                }
                return Int32(label)
            }
            guard !needsErrors || file.logits != nil else {
                throw WorkflowError.badData("\(path): this rule needs logits [N, C] beside the features")
            }
            if let logits = file.logits, let row = narrow.firstIndex(where: { Int($0) >= logits.columns }) {
                throw WorkflowError.badData(
                    "\(path): label \(narrow[row]) of row \(row), and the logits have \(logits.columns) classes")
            }
            inputs = Self.inputs(
                FeatureMatrix(rows: file.rows, columns: file.columns, values: file.features), labels: narrow,
                ids: file.ids ?? (0..<Int64(file.rows)).map { $0 },
                logits: needsErrors ? file.logits.map { ($0.columns, $0.values) } : nil)
            names = nil
            datasetDigest = nil
        }
    }

    /// The run at the path, if it is one.
    private static func run(_ path: String) throws -> RunFile? {
        do { return try RunFile(path: path) } catch {
            switch error.fault {
            case .notARun, .notHDF5: return nil
            default: throw error
            }
        }
    }

    private static func read(_ run: RunFile, needsErrors: Bool) throws -> (CoresetInputs, [String]?) {
        guard run.hasFeatures else {
            throw WorkflowError.badData("\(run.path): the run keeps no features (/features [N, d])")
        }
        let samples = try run.samples()
        let features = try RecordReader(run, object: "/features")
        var values: [Float] = []
        values.reserveCapacity(samples.count * features.columns)
        let height = max(1, (1 << 16) / max(1, features.columns))
        for first in stride(from: 0, to: samples.count, by: height) {
            values += try features.floats(rows: first..<min(samples.count, first + height))
        }
        guard !needsErrors || run.hasLogits else {
            throw WorkflowError.badData("\(run.path): this rule needs /logits at the last checkpoint beside /features")
        }
        let logits = needsErrors ? try run.logits(checkpoint: run.checkpointCount - 1) : nil
        return (
            inputs(
                FeatureMatrix(rows: samples.count, columns: features.columns, values: values), labels: samples.labels,
                ids: samples.ids, logits: logits.map { ($0.columns, $0.values) }), samples.names
        )
    }

    private static func inputs(
        _ features: FeatureMatrix, labels: [Int32], ids: [Int64], logits: (columns: Int, values: [Float])?
    ) -> CoresetInputs {
        let classes = max(Int(labels.max() ?? -1) + 1, logits?.columns ?? 0)
        let errors = logits.map { logits in
            FeatureMatrix(
                rows: labels.count, columns: logits.columns,
                values: softmaxErrors(logits.values, labels, logits.columns))
        }
        return CoresetInputs(features: features, errors: errors, labels: labels, classes: classes, ids: ids)
    }

    /// Chooses; samples of `pool` alone, where scores kept some.
    public func select(
        _ rule: CoresetRule, _ size: SubsetSize, pool: SubsetFile?, balanced: Bool, seed: Int, provenance: JSON
    ) throws -> SubsetFile {
        let places = Dictionary(zip(inputs.ids, inputs.ids.indices)) { first, _ in first }
        guard places.count == inputs.ids.count else {
            let row = inputs.ids.indices.first { places[inputs.ids[$0]] != $0 } ?? 0
            throw WorkflowError.badData("\(path): the id \(inputs.ids[row]) of row \(row) stands twice")
        }
        let rows = try pool.map { pool in
            try zip(pool.ids, pool.labels).map { id, label in
                guard let row = places[id] else {
                    throw WorkflowError.badData("\(path): sample_id \(id) of the scores has no features here")
                }
                guard inputs.labels[row] == label else {
                    throw WorkflowError.badData(
                        "\(path): sample_id \(id) has label \(inputs.labels[row]), and \(label) in the scores: the class "
                            + "order differs")
                }
                return row
            }
        }
        let coreset: Coreset
        do {
            coreset = try inputs.select(rule, size, from: rows, balanced: balanced, seed: seed, identity: "coreset")
        } catch { throw WorkflowError(error.exitCode, "\(path): \(error)") }
        return SubsetFile(
            ids: coreset.rows.map { inputs.ids[$0] }, labels: coreset.rows.map { inputs.labels[$0] },
            names: names.map { names in coreset.rows.map { names[$0] } }, weights: coreset.weights,
            order: Array(coreset.rows.indices), tieShare: coreset.subset.tieShare, provenance: provenance)
    }
}

/// softmax(z) − onehot(y), [N, C].
private func softmaxErrors(_ logits: [Float], _ labels: [Int32], _ classes: Int) -> [Float] {
    var errors: [Float] = []
    errors.reserveCapacity(logits.count)
    for (row, label) in labels.enumerated() {
        let p = probabilities(logits[row * classes..<(row + 1) * classes])
        errors += p.enumerated().map { Float($1 - ($0 == Int(label) ? 1 : 0)) }
    }
    return errors
}
