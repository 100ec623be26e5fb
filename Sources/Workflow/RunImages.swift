import Foundation
import Records
import RunStore
import Scoring
import Selection

/// The images of one run: which, their labels, and their soft labels where the regime has them.
struct RunImages {
    /// Indices in the data set's training images, ascending, [N].
    let indices: [Int]
    let labels: [Int32]
    /// Soft labels q at the run's temperature, [N, C].
    let targets: FloatMatrix?

    init(plan: Plan, run: PlannedRun, data: TrainingData) throws {
        let positions = try Self.positions(plan: plan, run: run, data: data)
        indices = positions.map { data.training[$0] }
        let all = data.dataset.train.labels
        labels = indices.map { all[$0] }
        guard case .soft(let teacher, let temperature) = run.labels else {
            targets = nil
            return
        }
        let source = try Self.open(teacher, plan: plan)
        let logits = try source.logits(checkpoint: source.checkpointCount - 1)
        targets = Self.softmax(logits, rows: positions, temperature: temperature)
    }

    /// Positions in the full training set (`data.training`), ascending.
    private static func positions(plan: Plan, run: PlannedRun, data: TrainingData) throws -> [Int] {
        let labels = data.labels
        let classes = run.data.classes
        // Keyed by subset and IPC, not by run: every regime and budget of a seed sees the same images.
        let identity = "\(run.data.name)/\(run.subset)-ipc\(run.images.ipc ?? 0)"
        switch run.images {
        case .all: return Array(0..<data.training.count)
        case .random(let ipc):
            return try select(
                scores: [Double](repeating: 0, count: labels.count), direction: .highIsHard, labels: labels,
                classes: classes, rule: .random, ipc: ipc, fraction: nil, balanced: true, seed: run.seed,
                identity: identity
            ).positions
        case .scored(let scored):
            let source = try open(scored.source, plan: plan)
            let scores = try score(
                runs: [source],
                method: scored.method == "cad-prune"
                    ? .cadPrune(span: scored.span ?? 0, window: scored.window ?? 0, allowMismatched: false) : .el2n)
            let rule: KeepRule =
                switch scored.keep {
                case .easiest: .easiest
                case .hardest: .hardest
                case .highest: .highest
                case .lowest: .lowest
                case .window: .window(start: scored.start ?? 0)
                }
            if let fraction = scored.fraction {
                return try pool(
                    scores: scores.values, direction: scores.direction, labels: labels, classes: classes, rule: rule,
                    ipc: scored.ipc, fraction: fraction, seed: run.seed, identity: identity
                ).positions
            }
            return try select(
                scores: scores.values, direction: scores.direction, labels: labels, classes: classes, rule: rule,
                ipc: scored.ipc, fraction: nil, balanced: scored.balanced, seed: run.seed, identity: identity
            ).positions
        }
    }

    /// A source run, which must be the planned one and cover the full training set.
    private static func open(_ source: PlannedRun.Source, plan: Plan) throws -> RunFile {
        let path = plan.store.path(of: source.id)
        guard FileManager.default.fileExists(atPath: path) else {
            throw WorkflowError.missing(
                "\(path): this run needs its logits first (assay run \(plan.study.path) trains what is missing)")
        }
        let file = try RunFile(path: path)
        guard file.description.digest == source.digest else {
            throw WorkflowError.badData(
                "\(path): not the run that the study plans (assay run \(plan.study.path) trains it anew)")
        }
        return file
    }

    /// softmax(z / T) of chosen rows, in double precision.
    static func softmax(_ logits: FloatMatrix, rows: [Int], temperature: Double) -> FloatMatrix {
        let classes = logits.columns
        var values: [Float] = []
        values.reserveCapacity(rows.count * classes)
        for row in rows {
            let z = logits.values[row * classes..<(row + 1) * classes]
            let largest = Double(z.max() ?? 0)
            let powers = z.map { exp((Double($0) - largest) / temperature) }
            let sum = powers.reduce(0, +)
            for power in powers { values.append(Float(power / sum)) }
        }
        return FloatMatrix(rows: rows.count, columns: classes, values: values)
    }
}
