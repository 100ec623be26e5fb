import Records

/// Images that are evaluated at every checkpoint: `test`, `validation`.
public struct EvaluationSet: Sendable, Equatable {
    public var name: String
    public var images: StoredImages
    /// [M]
    public var labels: [Int32]

    public init(name: String, images: StoredImages, labels: [Int32]) {
        self.name = name
        self.images = images
        self.labels = labels
    }

    /// - Parameter images: [M, channels, height, width], normalised as the training images.
    public init(name: String, images: [Float], labels: [Int32]) {
        self.init(name: name, images: .floats(images), labels: labels)
    }
}

/// How logits of the training images are taken.
public enum RecordedPass: String, Sendable, Equatable, CaseIterable {
    /// Without augmentation, all with the weights of the checkpoint.
    case evaluation = "eval"
    /// As each image was last trained on, augmented, before that step's update.
    case train
    /// Both.
    case both
}

/// Everything that one run needs; equal jobs give equal bits, whatever `threads` is.
public struct TrainingJob: Sendable, Equatable {
    public var runID: String
    /// The key of its random streams, where a branch shares it with its trunk; nil: the run's id.
    public var streams: String?
    public var seed: Int
    public var network: NetworkSpec
    public var recipe: Recipe
    public var classes: Int
    public var shape: ImageShape
    /// [N, channels, height, width], normalised.
    public var images: [Float]
    /// [N]
    public var hardLabels: [Int32]
    public var labels: Labels
    public var evaluation: [EvaluationSet]
    /// Repeats counted; the last batch is cut so that exactly so many are seen.
    public var totalSamples: Int
    /// Samples seen at which a checkpoint is due, ascending, the last one `totalSamples`; 0 is before training. A
    /// checkpoint falls on the first step boundary at or after its target; targets within one step share a checkpoint.
    public var checkpoints: [Int]
    /// Logits of the training images at every checkpoint, taken as `recordedPass` says.
    public var recordsLogits: Bool
    public var recordedPass = RecordedPass.evaluation
    /// The images whose logits and features are recorded, where they are not those that are trained on; the training pass
    /// has seen none of these.
    public var recorded: StoredImages?
    /// Weights at the last checkpoint.
    public var recordsWeights: Bool
    /// Weights also at these of the `checkpoints`.
    public var weightsAt: Set<Int> = []
    /// At the last checkpoint the weights as they are trained (not their average) with all that the optimiser remembers:
    /// what `TrainingState.init(_:step:samplesSeen:seconds:)` takes up again.
    public var recordsState = false
    /// Penultimate features of the training images at the last checkpoint.
    public var recordsFeatures = false
    /// Logits of the evaluation set `test` at the last checkpoint.
    public var recordsTest: Bool
    public var threads: Int
    /// The state of another run of the same identity to go on from; the checkpoints are those after it.
    public var start: TrainingState?

    public init(
        runID: String, seed: Int, network: NetworkSpec, recipe: Recipe, classes: Int, shape: ImageShape,
        images: [Float], hardLabels: [Int32], labels: Labels = .hard, evaluation: [EvaluationSet] = [],
        totalSamples: Int, checkpoints: [Int], recordsLogits: Bool = false, recordsWeights: Bool = false,
        recordsTest: Bool = false, threads: Int = 1
    ) {
        self.runID = runID
        self.seed = seed
        self.network = network
        self.recipe = recipe
        self.classes = classes
        self.shape = shape
        self.images = images
        self.hardLabels = hardLabels
        self.labels = labels
        self.evaluation = evaluation
        self.totalSamples = totalSamples
        self.checkpoints = checkpoints
        self.recordsLogits = recordsLogits
        self.recordsWeights = recordsWeights
        self.recordsTest = recordsTest
        self.threads = threads
    }

    /// With `seed` the key of every random stream.
    var identity: String { streams ?? runID }
    /// N
    public var sampleCount: Int { hardLabels.count }
    /// Samples of a full step.
    public var batch: Int { min(recipe.batch, sampleCount) }
    /// Optimiser steps of the whole run.
    public var steps: Int { steps(samples: totalSamples) }

    /// The run in the units of its schedule.
    var length: Schedule.Length {
        Schedule.Length(
            steps: steps, stepsPerEpoch: (sampleCount + batch - 1) / batch,
            epochs: Double(totalSamples) / Double(sampleCount))
    }

    /// Whether a slot's label is a mixture of two.
    var mixesLabels: Bool { recipe.augmentation.mix?.labels == .mixed }

    /// Steps that `samples` samples take: each epoch ends with its own, perhaps smaller, batch.
    func steps(samples: Int) -> Int {
        let perEpoch = (sampleCount + batch - 1) / batch
        return samples / sampleCount * perEpoch + (samples % sampleCount + batch - 1) / batch
    }

    func validate() throws(TrainingError) {
        if let reason = fault { throw .invalidJob(run: runID, reason: reason) }
    }

    private var fault: String? {
        if let reason = network.fault(shape: shape, classes: classes) { return reason }
        if sampleCount == 0 { return "there are no training images" }
        if threads < 1 { return "\(threads) threads" }
        if recipe.batch < 1 { return "a batch of \(recipe.batch)" }
        if totalSamples < 1 { return "\(totalSamples) samples to train on" }
        if let reason = recipe.fault(of: length) ?? recipe.augmentation.fault(shape: shape) { return reason }
        if !zip(checkpoints, checkpoints.dropFirst()).allSatisfy({ $0 < $1 }) { return "checkpoints do not ascend" }
        if checkpoints.last != totalSamples || checkpoints[0] < 0 {
            return "the checkpoints must lie in 0…\(totalSamples) and end with it"
        }
        if let reason = fault(of: "training", images.count, hardLabels) { return reason }
        for set in evaluation {
            if let reason = set.images.fault(shape: shape) { return reason }
            if let reason = fault(of: set.name, set.images.count, set.labels) { return reason }
            if set.labels.isEmpty { return "the \(set.name) set has no images" }
        }
        if Set(evaluation.map(\.name)).count != evaluation.count { return "two evaluation sets of the same name" }
        if let reason = recorded?.fault(shape: shape) { return reason }
        if let recorded, recorded.count == 0 || recorded.count % shape.count != 0 {
            return "\(recorded.count) pixels are no images of \(shape)"
        }
        if recordsLogits, recordedPass != .evaluation, recorded != nil {
            return "the training pass has no logits of images that are not trained on"
        }
        if recordsLogits, recordedPass != .evaluation, checkpoints[0] < sampleCount {
            return
                "a checkpoint after \(checkpoints[0]) samples, before each of the \(sampleCount) images was trained on "
                + "once, has no logits of the training pass"
        }
        return labels.fault(count: sampleCount, classes: classes, loss: recipe.loss)
    }

    private func fault(of name: String, _ pixels: Int, _ labels: [Int32]) -> String? {
        if pixels != labels.count * shape.count {
            return "\(pixels) \(name) pixels for \(labels.count) images of \(shape)"
        }
        if let at = labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
            return "label \(labels[at]) of \(name) image \(at) is not among \(classes) classes"
        }
        return nil
    }
}
