/// How a network is trained: everything but the data and the labels.
public struct Recipe: Sendable, Equatable {
    public var optimizer: Optimizer
    public var schedule: Schedule
    /// Samples per step; a training set that is smaller makes its own size the batch.
    public var batch: Int
    public var augmentation: Augmentation
    /// nil: cross-entropy on hard labels, KL without the factor T² on soft ones.
    public var loss: Loss?
    /// Decay of an exponential moving average of the parameters, average = decay · average + (1 − decay) · w after every
    /// step, which evaluation and stored weights use; what is not trained (running statistics) stays live. nil: none.
    public var averaging: Double?

    public init(
        optimizer: Optimizer, schedule: Schedule, batch: Int, augmentation: Augmentation = .none, loss: Loss? = nil,
        averaging: Double? = nil
    ) {
        self.optimizer = optimizer
        self.schedule = schedule
        self.batch = batch
        self.augmentation = augmentation
        self.loss = loss
        self.averaging = averaging
    }

    /// Why no network can be trained so, or nil.
    func fault(of length: Schedule.Length) -> String? {

        if let averaging, !(averaging >= 0 && averaging < 1) { return "an average that decays by \(averaging)" }
        return optimizer.fault ?? schedule.fault(of: length) ?? loss?.fault
    }
}

/// What a step minimises, as a mean over the batch.
public enum Loss: Sendable, Equatable {
    /// −Σ q log p with q = (1 − s) · onehot + s/C, s the label smoothing; for hard labels.
    case crossEntropy(smoothing: Double = 0)
    /// KL(q ‖ softmax(z/T)), times T² where `scaled`; for soft labels.
    case divergence(scaled: Bool = false)
    /// Mean over the classes of (z − z_teacher)², plus `crossEntropy` times the cross-entropy on the hard labels (EDC and
    /// G-VBSM: 0.1); for the logits of a teacher.
    case meanSquares(crossEntropy: Double = 0.1)

    var fault: String? {
        switch self {
        case .crossEntropy(let smoothing):
            smoothing >= 0 && smoothing < 1 ? nil : "a label smoothing of \(smoothing)"
        case .divergence: nil
        case .meanSquares(let weight): weight >= 0 && weight.isFinite ? nil : "a cross-entropy with weight \(weight)"
        }
    }
}
