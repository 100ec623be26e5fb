/// How labels are supplied.
public enum Labels: Sendable, Equatable {
    /// The classes themselves, by cross-entropy.
    case hard
    /// Fixed probabilities q [N, C] at `temperature` T, by KL(q ‖ softmax(z/T)) without the factor T², batch mean.
    case soft(targets: [Float], temperature: Float)
}

/// Images that are evaluated at every checkpoint: `test`, `validation`.
public struct EvaluationSet: Sendable, Equatable {
    public var name: String
    /// [M, channels, height, width], normalised as the training images.
    public var images: [Float]
    /// [M]
    public var labels: [Int32]

    public init(name: String, images: [Float], labels: [Int32]) {
        self.name = name
        self.images = images
        self.labels = labels
    }
}

/// Everything that one run needs; equal jobs give equal bits, whatever `threads` is.
public struct TrainingJob: Sendable, Equatable {
    /// With `seed` the key of every random stream.
    public var runID: String
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
    /// Logits of the training images (evaluation pass, no augmentation) at every checkpoint.
    public var recordsLogits: Bool
    /// Weights at the last checkpoint.
    public var recordsWeights: Bool
    /// Logits of the evaluation set `test` at the last checkpoint.
    public var recordsTest: Bool
    public var threads: Int

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

    /// N
    public var sampleCount: Int { hardLabels.count }
    /// Samples of a full step.
    public var batch: Int { min(recipe.batch, sampleCount) }
    /// Optimiser steps of the whole run.
    public var steps: Int { steps(samples: totalSamples) }

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
        if recipe.batch < 1 { return "a batch of \(recipe.batch)" }
        if threads < 1 { return "\(threads) threads" }
        if totalSamples < 1 { return "\(totalSamples) samples to train on" }
        if let reason = recipe.augmentation.fault(shape: shape) { return reason }
        if recipe.augmentation.mix?.labels == .mixed {
            return "mixed labels have no loss yet: keep them (labels: kept)"
        }
        if !zip(checkpoints, checkpoints.dropFirst()).allSatisfy({ $0 < $1 }) { return "checkpoints do not ascend" }
        if checkpoints.last != totalSamples || checkpoints[0] < 0 {
            return "the checkpoints must lie in 0…\(totalSamples) and end with it"
        }
        if let reason = fault(of: "training", images, hardLabels) { return reason }
        for set in evaluation {
            if let reason = fault(of: set.name, set.images, set.labels) { return reason }
            if set.labels.isEmpty { return "the \(set.name) set has no images" }
        }
        if Set(evaluation.map(\.name)).count != evaluation.count { return "two evaluation sets of the same name" }
        if case .soft(let targets, let temperature) = labels {
            if !(temperature > 0 && temperature.isFinite) { return "a temperature of \(temperature)" }
            if targets.count != sampleCount * classes {
                return "\(targets.count) soft labels for \(sampleCount) images and \(classes) classes"
            }
            if let at = targets.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
                return "soft label \(targets[at]) of image \(at / classes), class \(at % classes) is no probability"
            }
        }
        return nil
    }

    private func fault(of name: String, _ images: [Float], _ labels: [Int32]) -> String? {
        if images.count != labels.count * shape.count {
            return "\(images.count) \(name) pixels for \(labels.count) images of \(shape)"
        }
        if let at = labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
            return "label \(labels[at]) of \(name) image \(at) is not among \(classes) classes"
        }
        return nil
    }
}
