import Studies
import Tables
import Training

extension RecipeChoice {
    /// What the run's digest sees. Choices that an older program did not have are absent where they say what it did.
    var json: JSON {
        var members: [String: JSON] = [
            "optimizer": optimizer.json, "schedule": schedule.json, "batch": .integer(batch),
            "augment": augmentation.json,
        ]
        if let loss { members["loss"] = loss.json }
        if let average { members["average"] = .number(average) }
        return .object(members)
    }

    /// The same in the trainer's words.
    var recipe: Recipe {
        Recipe(
            optimizer: optimizer.optimizer, schedule: schedule.schedule(rate: optimizer.learningRate), batch: batch,
            augmentation: augmentation.augmentation, loss: loss?.loss, averaging: average)
    }
}

extension OptimizerChoice {
    var json: JSON {
        var members: [String: JSON]
        let (kind, decayed): (String, Decayed)
        switch self {
        case .sgd(let rate, let momentum, let nesterov, let decay, let decays):
            (kind, decayed) = ("sgd", decays)
            members = [
                "learning-rate": .number(rate), "momentum": .number(momentum), "nesterov": .bool(nesterov),
                "weight-decay": .number(decay),
            ]
        case .adamW(let rate, let beta1, let beta2, let epsilon, let decay, let decays):
            (kind, decayed) = ("adamw", decays)
            members = [
                "learning-rate": .number(rate), "beta1": .number(beta1), "beta2": .number(beta2),
                "epsilon": .number(epsilon), "weight-decay": .number(decay),
            ]
        }
        if decayed != .all { members["decays"] = .string(decayed.rawValue) }
        return .object([kind: .object(members)])
    }

    var optimizer: Optimizer {
        switch self {
        case .sgd(let rate, let momentum, let nesterov, let decay, let decays):
            .sgd(
                learningRate: rate, momentum: momentum, nesterov: nesterov, weightDecay: decay, decays: decays.trained)
        case .adamW(let rate, let beta1, let beta2, let epsilon, let decay, let decays):
            .adamW(
                learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay,
                decays: decays.trained)
        }
    }

    /// For listings: `SGD 0.1, momentum 0.9, Nesterov, decay 0.0005`.
    var words: String {
        switch self {
        case .sgd(let rate, let momentum, let nesterov, let decay, let decays):
            "SGD \(shortest(rate))" + (momentum > 0 ? ", momentum \(shortest(momentum))" : "")
                + (nesterov ? ", Nesterov" : "") + (decay > 0 ? ", decay \(shortest(decay))\(decays.words)" : "")
        case .adamW(let rate, let beta1, let beta2, _, let decay, let decays):
            "AdamW \(shortest(rate)), betas \(shortest(beta1)) \(shortest(beta2)), decay "
                + "\(shortest(decay))\(decays.words)"
        }
    }
}

extension OptimizerChoice.Decayed {
    fileprivate var trained: Optimizer.Decayed { self == .weights ? .weights : .all }
    fileprivate var words: String { self == .weights ? " of weights" : "" }
}

extension ScheduleChoice {
    var json: JSON {
        var options: [String: JSON] = [:]
        if perEpoch { options["every"] = "epoch" }
        switch warmUp {
        case .none: break
        case .epochs(let epochs): options["warm-up"] = ["epochs": .number(epochs)]
        case .steps(let steps): options["warm-up"] = ["steps": .integer(steps)]
        case .fraction(let share): options["warm-up"] = ["fraction": .number(share)]
        }
        let kind: String
        switch curve {
        case .constant: kind = "constant"
        case .cosine(let floor):
            kind = "cosine"
            if floor > 0 { options["floor"] = .number(floor) }
        case .smoothCosine(let zeta):
            kind = "smooth-cosine"
            options["zeta"] = .number(zeta)
        case .step(let at, let factor):
            kind = "step"
            options["at"] = .array(at.map(JSON.number))
            options["factor"] = .number(factor)
        case .stepAtEpochs(let epochs, let factor):
            kind = "step"
            options["epochs"] = .array(epochs.map(JSON.number))
            options["factor"] = .number(factor)
        case .dcEvaluation: kind = "dc-evaluation"
        case .trunk(let share, let descent):
            kind = "trunk"
            options["cooldown"] = .number(share)
            options["shape"] = .string(descent)
        }
        return options.isEmpty ? .string(kind) : .object([kind: .object(options)])
    }

    /// - Parameter rate: the full learning rate, of which the trainer's floor is a share.
    func schedule(rate: Double) -> Schedule {
        let trained: Schedule.Curve =
            switch curve {
            case .constant: .constant
            case .cosine(let floor): .cosine(floor: floor / rate)
            case .smoothCosine(let zeta): .smoothCosine(zeta: zeta)
            case .step(let at, let factor): .step(at: at, factor: factor)
            case .stepAtEpochs(let epochs, let factor): .stepAtEpochs(epochs, factor: factor)
            case .dcEvaluation: .dcEvaluation
            case .trunk(let share, let descent):
                .cooldown(share: share, shape: Schedule.Descent(rawValue: descent) ?? .linear)
            }
        let warm: Schedule.WarmUp =
            switch warmUp {
            case .none: .none
            case .epochs(let epochs): .epochs(epochs)
            case .steps(let steps): .steps(steps)
            case .fraction(let share): .fraction(share)
            }
        return Schedule(trained, warmUp: warm, per: perEpoch ? .epoch : .step)
    }

    /// The schedule in words, for the run's attributes.
    var words: String {
        let unit = perEpoch ? "epoch" : "step"
        let shape =
            switch curve {
            case .constant: "constant"
            case .cosine(let floor): "cosine per \(unit) to \(shortest(floor))"
            case .smoothCosine(let zeta): "smooth cosine (zeta \(shortest(zeta))) per \(unit)"
            case .step(let at, let factor):
                "step ×\(shortest(factor)) at \(at.map(shortest).joined(separator: ", ")) of the run"
            case .stepAtEpochs(let epochs, let factor):
                "step ×\(shortest(factor)) at epochs \(epochs.map(shortest).joined(separator: ", "))"
            case .dcEvaluation: "×0.1 and a new optimiser after epoch E//2+1 of E+1"
            case .trunk(let share, let descent): "trunk+cooldown (\(descent) over the last \(shortest(share)))"
            }
        switch warmUp {
        case .none: return shape
        case .epochs(let epochs): return "warm-up of \(shortest(epochs)) epochs, \(shape)"
        case .steps(let steps): return "warm-up of \(steps) steps, \(shape)"
        case .fraction(let share): return "warm-up over \(shortest(share)) of the run, \(shape)"
        }
    }
}

extension LossChoice {
    var json: JSON {
        switch self {
        case .crossEntropy(let smoothing): ["cross-entropy": ["smoothing": .number(smoothing)]]
        // The temperature is the regime's by now.
        case .kl(let scaled, _): ["kl": ["scale": scaled ? "T2" : "none"]]
        case .meanSquares(let weight): ["mse": ["cross-entropy": .number(weight)]]
        }
    }

    var loss: Loss {
        switch self {
        case .crossEntropy(let smoothing): .crossEntropy(smoothing: smoothing)
        case .kl(let scaled, _): .divergence(scaled: scaled)
        case .meanSquares(let weight): .meanSquares(crossEntropy: weight)
        }
    }

    /// For listings.
    var words: String {
        switch self {
        case .crossEntropy(let smoothing): smoothing > 0 ? "CE, smoothing \(shortest(smoothing))" : "CE"
        case .kl(let scaled, let temperature):
            "KL" + (temperature.map { ", T = \(shortest($0))" } ?? "") + (scaled ? ", × T²" : "")
        case .meanSquares(let weight): "MSE + \(shortest(weight)) CE"
        }
    }
}
