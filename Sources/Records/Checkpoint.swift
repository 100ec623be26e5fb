/// What one checkpoint of one run is.
public struct Checkpoint: Sendable, Equatable {
    /// Epochs of this run completed; fractions allowed; 0 = before training.
    public var epoch: Double
    /// Repeats counted.
    public var samplesSeen: Int64
    /// `train_loss`, `test_loss`, `test_error` (0…1), `validation_error`, `learning_rate`, `seconds`, …
    public var metrics: [String: Double]
    /// Before softmax, [N, C], in the order of the run's samples.
    public var logits: FloatMatrix?
    /// The same as each sample was last trained on, [N, C]: where a run keeps both passes, beside those of the evaluation.
    public var trainLogits: FloatMatrix?
    /// Reduced records by name (`target_probability`, `el2n`, …), each [N].
    public var scores: [String: [Float]]
    /// Weights by `layer/name`, where asked for.
    public var weights: [NamedTensor]
    /// Penultimate embeddings, [N, d]: kept of the last checkpoint only.
    public var features: FloatMatrix?
    /// The test set's labels and logits [M, C]: kept of the last checkpoint only.
    public var test: TestOutput?

    public init(
        epoch: Double, samplesSeen: Int64, metrics: [String: Double] = [:], logits: FloatMatrix? = nil,
        trainLogits: FloatMatrix? = nil, scores: [String: [Float]] = [:], weights: [NamedTensor] = [],
        features: FloatMatrix? = nil,
        test: TestOutput? = nil
    ) {
        self.epoch = epoch
        self.samplesSeen = samplesSeen
        self.metrics = metrics
        self.logits = logits
        self.trainLogits = trainLogits
        self.scores = scores
        self.weights = weights
        self.features = features
        self.test = test
    }
}

/// What the network says of the test set.
public struct TestOutput: Sendable, Equatable {
    /// [M]
    public var labels: [Int32]
    /// Before softmax, [M, C].
    public var logits: FloatMatrix

    public init(labels: [Int32], logits: FloatMatrix) {
        self.labels = labels
        self.logits = logits
    }
}

/// Everything a trainer needs to go on as if it had never stopped. Random streams are counter-based, so that the
/// counters are the whole of their state.
public struct TrainingState: Sendable, Equatable {
    /// Optimiser steps taken.
    public var step: Int64
    /// Samples seen.
    public var samplesSeen: Int64
    /// Running sums by name, in double precision (the training loss since the last checkpoint is such a sum).
    public var sums: [String: Double]
    /// Weights (`weights/conv1/weight`), momenta (`momentum/conv1/weight`), …
    public var tensors: [NamedTensor]

    public init(step: Int64, samplesSeen: Int64, sums: [String: Double] = [:], tensors: [NamedTensor]) {
        self.step = step
        self.samplesSeen = samplesSeen
        self.sums = sums
        self.tensors = tensors
    }
}
