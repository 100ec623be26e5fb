import Datasets
import Foundation
import Records
import RunStore
import Scoring
import Selection
import Training

/// The images of one run: which, their labels, and who labels them where the regime is soft.
struct RunImages {
    /// Indices in the data set's training images, ascending, [N]; noise is no image of the data set and counts −1, −2, ….
    let ids: [Int64]
    let labels: [Int32]
    /// [N, channels, height, width], normalised.
    let pixels: [Float]
    /// Soft labels q at the run's temperature, [N, C], where they are fixed.
    let targets: FloatMatrix?
    /// What the trainer learns from.
    let supply: Training.Labels

    /// File names of the images, [N]; nil for noise.
    func names(among files: [String]) -> [String]? {
        ids.allSatisfy { $0 >= 0 } ? ids.map { files[Int($0)] } : nil
    }

    init(plan: Plan, run: PlannedRun, data: TrainingData, threads: Int) throws {
        let train = data.dataset.train
        let shape = ImageShape(channels: train.channels, height: train.height, width: train.width)
        var positions: [Int] = []
        if case .noise(let ipc) = run.images {
            let noise = NoiseImages(ipc: ipc, run: run, pixels: shape.count)
            (ids, labels, pixels) = (noise.ids, noise.labels, noise.pixels)
        } else {
            positions = try Self.positions(plan: plan, run: run, data: data)
            let indices = positions.map { data.training[$0] }
            ids = indices.map(Int64.init)
            labels = indices.map { train.labels[$0] }
            pixels = train.floats(indices, Normalization(of: train, indices: data.training))
        }
        guard case .soft(let teaching) = run.labels else {
            (targets, supply) = (nil, .hard)
            return
        }
        let teachers = try Teachers(teaching, plan: plan)
        if let views = teaching.views {
            targets = nil
            supply = .views(
                try teachers.networks(), temperature: Float(teaching.temperature), perImage: views.perImage)
            return
        }
        // Labels of all images that are recorded; the run learns those of its own.
        let labelled = run.recordsAllSamples ? Array(data.training.indices) : positions
        let (own, images) = (pixels, labelled.map { data.training[$0] })
        let fixed = try teachers.labels(
            of: .init(
                ids: positions.isEmpty ? ids : images.map(Int64.init), positions: labelled,
                labels: positions.isEmpty ? labels : images.map { train.labels[$0] },
                pixels: {
                    run.recordsAllSamples
                        ? train.floats(images, Normalization(of: train, indices: data.training)) : own
                }, shape: shape, classes: run.data.classes), threads: threads)
        let isSquared = if case .meanSquares? = run.recipe.loss { true } else { false }
        // Squares are learned from the mean of the logits: what is written down are its probabilities.
        targets =
            isSquared
            ? Self.softmax(fixed.logits, rows: Array(0..<fixed.logits.rows), temperature: teaching.temperature)
            : fixed.probabilities
        let learned = isSquared ? fixed.logits : fixed.probabilities
        supply = .soft(
            targets: run.recordsAllSamples ? Self.rows(positions, of: learned).values : learned.values,
            temperature: Float(teaching.temperature))
    }

    /// Positions in the full training set (`data.training`), ascending.
    private static func positions(plan: Plan, run: PlannedRun, data: TrainingData) throws -> [Int] {
        let labels = data.labels
        let classes = run.data.classes
        // Keyed by subset and IPC, not by run: every regime and budget of a seed sees the same images.
        let identity = "\(run.data.name)/\(run.subset)-ipc\(run.images.ipc ?? 0)"
        let ids = data.training.map(Int64.init)
        switch run.images {
        case .all: return Array(0..<data.training.count)
        case .noise: return []
        case .random(let ipc):
            let candidates = Candidates(
                scores: [Double](repeating: 0, count: labels.count), direction: .highIsHard, labels: labels,
                classes: classes, ids: ids)
            return try candidates.select(.random, .ipc(ipc), seed: run.seed, identity: identity).rows
        case .scored(let scored):
            let source = try open(scored.source, plan: plan)
            try source.requireSoundLogits(checkpoints: 0..<source.checkpointCount)
            let request = try ScoreRequest(
                scored.method, variant: scored.variant, span: scored.span, window: scored.window)
            let candidates = Candidates(
                scores: try ScoringJob([source], [request]).values()[0], direction: request.direction, labels: labels,
                classes: classes, ids: ids)
            let subset =
                if let fraction = scored.fraction {
                    try candidates.selectFromPool(
                        scored.rule, ipc: scored.ipc, fraction: fraction, seed: run.seed, identity: identity)
                } else {
                    try candidates.select(
                        scored.rule, .ipc(scored.ipc), balanced: scored.balanced, seed: run.seed, identity: identity)
                }
            return subset.rows
        }
    }

    /// A source run, which must be the planned one and cover the full training set.
    static func open(_ source: PlannedRun.Source, plan: Plan) throws -> RunFile {
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

    private static func rows(_ rows: [Int], of matrix: FloatMatrix) -> FloatMatrix {
        let columns = matrix.columns
        let values = rows.flatMap { matrix.values[$0 * columns..<($0 + 1) * columns] }
        return FloatMatrix(rows: rows.count, columns: columns, values: values)
    }

    /// softmax(z / T) of chosen rows.
    static func softmax(_ logits: FloatMatrix, rows: [Int], temperature: Double) -> FloatMatrix {
        let classes = logits.columns
        var values: [Float] = []
        values.reserveCapacity(rows.count * classes)
        for row in rows {
            let z = logits.values[row * classes..<(row + 1) * classes]
            values += probabilities(z, temperature: temperature).map { Float($0) }
        }
        return FloatMatrix(rows: rows.count, columns: classes, values: values)
    }
}

/// softmax(z / T) of one row, in double precision.
func probabilities(_ z: ArraySlice<Float>, temperature: Double = 1) -> [Double] {
    let largest = Double(z.max() ?? 0)
    let powers = z.map { exp((Double($0) - largest) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}

extension PlannedRun.ScoredImages {
    fileprivate var rule: KeepRule {
        switch keep {
        case .easiest: .easiest
        case .hardest: .hardest
        case .highest: .highest
        case .lowest: .lowest
        case .window: .window(start: start ?? 0)
        }
    }
}
