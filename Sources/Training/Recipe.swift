#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a network is trained: everything but the data and the labels.
public struct Recipe: Sendable, Equatable {
    public var optimizer: Optimizer
    public var schedule: Schedule
    /// Samples per step; a training set that is smaller makes its own size the batch.
    public var batch: Int
    public var augmentation: Augmentation

    public init(optimizer: Optimizer, schedule: Schedule, batch: Int, augmentation: Augmentation = .none) {
        self.optimizer = optimizer
        self.schedule = schedule
        self.batch = batch
        self.augmentation = augmentation
    }
}

public enum Optimizer: Sendable, Equatable {
    /// As `torch.optim.SGD`: the decay is added to the gradient of every parameter, then v = momentum·v + g and
    /// w −= rate·v (with Nesterov: rate·(g + momentum·v)).
    case sgd(learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0)

    public var learningRate: Double {
        switch self {
        case .sgd(let learningRate, _, _, _): learningRate
        }
    }
}

/// How the learning rate moves over one run.
public enum Schedule: Sendable, Equatable {
    case constant
    /// Per step: ½ (1 + cos(π · step/steps)), from the full rate at the first step.
    case cosine
    /// Times `factor` from each fraction of the run's steps on.
    case step(at: [Double], factor: Double)

    /// The multiple of the initial rate at `step` of `steps`, counted from 0.
    public func factor(step: Int, of steps: Int) -> Double {
        let progress = Double(step) / Double(max(steps, 1))
        return switch self {
        case .constant: 1
        case .cosine: 0.5 * (1 + cos(.pi * progress))
        case .step(let fractions, let factor): fractions.reduce(1) { $1 <= progress ? $0 * factor : $0 }
        }
    }
}
