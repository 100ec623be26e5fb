import Datasets
import Foundation
import Randomness
import RunStore
import Scoring
import Selection
import Training

/// The set of images that a run trains on: which, and with which labels.
struct SetImages {
    /// Indices in the data set's training images, ascending, [N]; images that are not of the data set count −1, −2, ….
    /// Each further copy of an image adds the number of the data set's training images (subtracts the set's own number).
    let ids: [Int64]
    /// As they are trained on, wrong ones included, [N].
    let labels: [Int32]
    /// Positions in the full training set (`data.training`), [N]; empty for images that are not of the data set.
    let positions: [Int]
    /// [N, channels, height, width], normalised.
    let pixels: [Float]

    init(plan: Plan, run: PlannedRun, data: TrainingData) throws {
        let train = data.dataset.train
        let normalization = Normalization(of: train, indices: data.training)
        var (ids, labels, positions): ([Int64], [Int32], [Int])
        var pixels: [Float]
        switch run.images {
        case .noise(let ipc):
            let noise = NoiseImages(ipc: ipc, run: run, pixels: train.valuesPerImage)
            (ids, labels, positions, pixels) = (noise.ids, noise.labels, [], noise.pixels)
        case .given(let given):
            let set = try GivenSet(given.path)
            guard set.digest == given.digest else {
                throw WorkflowError.badData("\(given.path): it is not the file that was planned with: it has changed")
            }
            (ids, labels, positions) = (set.labels.indices.map { -1 - Int64($0) }, set.labels, [])
            pixels = set.floats(normalization, areNormalised: given.pixels == .normalised)
        default:
            positions = try Self.positions(plan: plan, run: run, data: data)
            let indices = positions.map { data.training[$0] }
            (ids, labels) = (indices.map(Int64.init), indices.map { train.labels[$0] })
            pixels = train.floats(indices, normalization)
        }
        if let share = run.alteration?.labelNoise {
            labels = Self.withNoise(labels, ids: ids, share: share, run: run)
        }
        if let copies = run.alteration?.copies, copies > 1 {
            let stride = Int64(positions.isEmpty ? -ids.count : train.count)
            ids = (0..<copies).flatMap { copy in ids.map { $0 + Int64(copy) * stride } }
            func repeated<T>(_ values: [T]) -> [T] { (0..<copies).flatMap { _ in values } }
            (labels, positions, pixels) = (repeated(labels), repeated(positions), repeated(pixels))
        }
        (self.ids, self.labels, self.positions, self.pixels) = (ids, labels, positions, pixels)
    }

    /// Keyed by subset and IPC, not by run: every regime and budget of a seed sees the same images.
    private static func identity(_ run: PlannedRun) -> String {
        "\(run.data.name)/\(run.drawnSubset)-ipc\(run.images.ipc ?? 0)"
    }

    /// Another class's label for a share of the images, rounded to whole ones; a larger share has the wrong labels of a
    /// smaller one.
    private static func withNoise(_ labels: [Int32], ids: [Int64], share: Double, run: PlannedRun) -> [Int32] {
        let classes = run.data.classes
        guard classes > 1 else { return labels }
        var labels = labels
        let draws = labels.indices.map { row -> (row: Int, lot: Double, shift: Int) in
            var stream = RandomStream(
                identity(run), seed: run.seed, purpose: "label noise", index: Int(ids[row] < 0 ? -ids[row] : ids[row]))
            return (row, stream.uniform(), 1 + Int(stream.uniform() * Double(classes - 1)))
        }
        let wrong = Int((share * Double(labels.count)).rounded())
        for draw in draws.sorted(by: { ($0.lot, $0.row) < ($1.lot, $1.row) }).prefix(wrong) {
            labels[draw.row] = Int32((Int(labels[draw.row]) + draw.shift) % classes)
        }
        return labels
    }

    /// Positions in the full training set, ascending.
    private static func positions(plan: Plan, run: PlannedRun, data: TrainingData) throws -> [Int] {
        let identity = identity(run)
        func candidates(_ scores: [Double], _ direction: ScoreDirection) -> Candidates {
            Candidates(
                scores: scores, direction: direction, labels: data.labels, classes: run.data.classes,
                ids: data.training.map(Int64.init))
        }
        switch run.images {
        case .all: return Array(0..<data.training.count)
        case .noise, .given: return []
        case .random(let ipc):
            let equal = [Double](repeating: 0, count: data.labels.count)
            return try candidates(equal, .highIsHard).select(.random, .ipc(ipc), seed: run.seed, identity: identity)
                .rows
        case .scored(let scored):
            let source = try openSource(scored.source, plan: plan)
            try source.requireSoundLogits(checkpoints: 0..<source.checkpointCount)
            let request = try ScoreRequest(
                scored.method, variant: scored.variant, span: scored.span, window: scored.window,
                checkpoints: scored.checkpoints)
            var options = ScoringOptions()
            options.every = scored.every
            let scores = try ScoringJob([source], [request], options: options).values()[0]
            let candidates = candidates(scores, request.direction)
            if let fraction = scored.fraction {
                return try candidates.selectFromPool(
                    scored.rule, ipc: scored.ipc, fraction: fraction, seed: run.seed, identity: identity
                ).rows
            }
            return try candidates.select(
                scored.rule, .ipc(scored.ipc), balanced: scored.balanced, seed: run.seed, identity: identity
            ).rows
        case .coreset(let coreset):
            let source = try openSource(coreset.source, plan: plan)
            guard let entry = CoresetRule.table.first(where: { $0.name == coreset.method }) else {
                throw WorkflowError.badData("no rule is called '\(coreset.method)'")
            }
            let inputs = try CoresetFile(source.path, needsErrors: entry.needsErrors).inputs
            return try inputs.select(entry.rule, .ipc(coreset.ipc), seed: run.seed, identity: identity).rows.sorted()
        case .listed(let listed): return try positions(of: listed, data)
        }
    }

    private static func positions(of listed: PlannedRun.ListedImages, _ data: TrainingData) throws -> [Int] {
        let (ids, labels) = try readSubset(listed.path)
        guard SubsetFile.digest(of: ids) == listed.digest else {
            throw WorkflowError.badData("\(listed.path): it is not the file that was planned with: it has changed")
        }
        if let fault = data.facts.fault(of: ids, labels: labels) {
            throw WorkflowError.badData("\(listed.path): \(fault)")
        }
        let chosen = Set(ids)
        return data.training.indices.filter { chosen.contains(Int64(data.training[$0])) }
    }
}

/// A source run, which must be the planned one.
func openSource(_ source: PlannedRun.Source, plan: Plan) throws -> RunFile {
    let path = plan.store.path(of: source.id)
    guard FileManager.default.fileExists(atPath: path) else {
        throw WorkflowError.missing(
            "\(path): this run needs it first (assay run \(plan.study.path) trains what is missing)")
    }
    let file = try RunFile(path: path)
    guard file.description.digest == source.digest else {
        throw WorkflowError.badData(
            "\(path): not the run that the study plans (assay run \(plan.study.path) trains it anew)")
    }
    return file
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
