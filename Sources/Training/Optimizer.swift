/// How parameters move along a gradient.
public enum Optimizer: Sendable, Equatable {
    /// As `torch.optim.SGD`: the decay is added to the gradient of every parameter, then v = momentum·v + g and
    /// w −= rate·v (with Nesterov: rate·(g + momentum·v)).
    case sgd(
        learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0,
        decays: Decayed = .all)
    /// As `torch.optim.AdamW` (Loshchilov & Hutter 2019), whose defaults these are: w −= rate·decay·w, then
    /// w −= rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε), t counting the optimiser's own steps from 1.
    case adamW(
        learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0.01, decays: Decayed = .all)

    /// Which parameters the decay pulls to 0.
    public enum Decayed: String, Sendable, Equatable, CaseIterable {
        case all
        /// Those of more than one dimension: biases and the scales and shifts of normalisations stay out.
        case weights
    }

    /// The rate that a schedule multiplies.
    public var learningRate: Double {
        switch self {
        case .sgd(let rate, _, _, _, _), .adamW(let rate, _, _, _, _, _): rate
        }
    }

    /// Which parameters decay.
    var decayed: Decayed {
        switch self {
        case .sgd(_, _, _, _, let decayed), .adamW(_, _, _, _, _, let decayed): decayed
        }
    }

    /// Names of the numbers that it keeps per parameter: the groups of tensors in a training state.
    var moments: [String] {
        switch self {
        case .sgd: ["momentum"]
        case .adamW: ["exp_avg", "exp_avg_sq"]
        }
    }

    /// Why no network can be trained with it, or nil.
    var fault: String? {
        func outside(_ name: String, _ value: Double, _ range: String, _ accepts: Bool) -> String? {
            accepts && value.isFinite ? nil : "a \(name) of \(value) is outside \(range)"
        }
        switch self {
        case .sgd(let rate, let momentum, _, let decay, _):
            return outside("learning rate", rate, "0…∞", rate > 0)
                ?? outside("momentum", momentum, "0..<1", momentum >= 0 && momentum < 1)
                ?? outside("weight decay", decay, "0…∞", decay >= 0)
        case .adamW(let rate, let beta1, let beta2, let epsilon, let decay, _):
            return outside("learning rate", rate, "0…∞", rate > 0)
                ?? outside("beta1", beta1, "0..<1", beta1 >= 0 && beta1 < 1)
                ?? outside("beta2", beta2, "0..<1", beta2 >= 0 && beta2 < 1)
                ?? outside("epsilon", epsilon, "0…∞", epsilon >= 0)
                ?? outside("weight decay", decay, "0…∞", decay >= 0)
        }
    }
}
