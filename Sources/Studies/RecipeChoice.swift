/// How a network is trained.
public struct RecipeChoice: Sendable, Equatable {
    public var optimizer: OptimizerChoice
    public var schedule: ScheduleChoice
    public var batch: Int
    public var augmentation: AugmentationChoice
    /// nil: cross-entropy on hard labels, KL on soft ones.
    public var loss: LossChoice?
    /// Decay of a moving average of the parameters, which evaluation uses; nil: none.
    public var average: Double?

    public init(
        optimizer: OptimizerChoice, schedule: ScheduleChoice = .cosine, batch: Int = 128,
        augmentation: AugmentationChoice = .none, loss: LossChoice? = nil, average: Double? = nil
    ) {
        self.optimizer = optimizer
        self.schedule = schedule
        self.batch = batch
        self.augmentation = augmentation
        self.loss = loss
        self.average = average
    }
}

public enum OptimizerChoice: Sendable, Equatable {
    case sgd(
        learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0,
        decays: Decayed = .all)
    /// PyTorch's defaults.
    case adamW(
        learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0.01, decays: Decayed = .all)

    /// What decays: every parameter, or those of more than one dimension (no bias, no normalisation).
    public enum Decayed: String, Sendable, Equatable, CaseIterable { case all, weights }

    public var learningRate: Double {
        switch self {
        case .sgd(let rate, _, _, _, _), .adamW(let rate, _, _, _, _, _): rate
        }
    }
}

public enum LossChoice: Sendable, Equatable {
    /// With this much label smoothing.
    case crossEntropy(smoothing: Double)
    /// KL to the teacher, times T² where `scaled`; the temperature is the regime's, and this one where it says none.
    case kl(scaled: Bool, temperature: Double?)
    /// Squared differences of logits, plus so much cross-entropy on the hard labels.
    case meanSquares(crossEntropy: Double)

    /// Whether it needs a teacher.
    public var isSoft: Bool {
        if case .crossEntropy = self { false } else { true }
    }
}

extension RecipeChoice {
    static let unread = RecipeChoice(optimizer: .sgd(learningRate: 1), batch: 1)

    /// `paper1-small-hl`, `{ recipe: paper1-small-hl, batch: 128 }`, or every key by itself.
    init?(_ place: Place) {
        let names = NamedRecipe.all.map(\.name)
        if case .scalar = place.node {
            guard let name = place.word("recipe", among: names), let known = NamedRecipe.choice(name) else {
                return nil
            }
            self = known
            return
        }
        let recipe: RecipeChoice? = place.mapping { reader in
            let named = reader.optional("recipe")
            let base = named?.word("recipe", among: names).flatMap { NamedRecipe.choice($0) } ?? .unread
            /// What is written under a key, or the named recipe's; nil where what is written cannot be read.
            func read<Value>(_ key: String, _ standard: Value, _ make: (Place) -> Value?) -> Value? {
                reader.optional(key).map(make) ?? standard
            }
            let optimizer =
                named == nil
                ? reader.required("optimizer").flatMap { OptimizerChoice($0) }
                : read("optimizer", base.optimizer) { OptimizerChoice($0, from: base.optimizer) }
            let schedule = read("schedule", base.schedule) { ScheduleChoice($0) }
            let batch = read("batch", named == nil ? 128 : base.batch) { $0.integer(1...1_048_576) }
            // The length of a run is its budget: the key says so for readers who expect a number of epochs here.
            _ = reader.optional("epochs-from")?.word("origin of the epochs", among: ["budget"])
            let augmentation = read("augment", base.augmentation) { AugmentationChoice($0) }
            let loss = reader.optional("loss").map { LossChoice($0) } ?? base.loss
            let average =
                reader.optional("average").map { $0.number("in 0…1 (1 excluded)") { $0 >= 0 && $0 < 1 } }
                ?? base.average
            guard let optimizer, let schedule, let batch, let augmentation else { return nil }
            if case .cosine(let floor) = schedule.curve, floor >= optimizer.learningRate {
                reader.place.problem(
                    "the cosine's floor \(floor) is not below the learning rate \(optimizer.learningRate)")
            }
            return RecipeChoice(
                optimizer: optimizer, schedule: schedule, batch: batch, augmentation: augmentation, loss: loss,
                average: average)
        }
        guard let recipe else { return nil }
        self = recipe
    }
}

extension OptimizerChoice {
    /// - Parameter base: of a named recipe: where it is of the same kind, keys that are not written keep its values.
    init?(_ place: Place, from base: OptimizerChoice? = nil) {
        guard let (kind, options) = place.kinded("optimizer", among: ["sgd", "adamw"]) else { return nil }
        let standard: OptimizerChoice
        var hasRate = true
        switch (kind, base) {
        case ("sgd", .sgd?), ("adamw", .adamW?): standard = base ?? .sgd(learningRate: 0)
        case ("sgd", _): (standard, hasRate) = (.sgd(learningRate: 0), false)
        default: (standard, hasRate) = (.adamW(learningRate: 0), false)
        }
        guard let options else {
            if hasRate {
                self = standard
                return
            }
            place.problem(
                "\(kind) needs its learning rate: { \(kind): { learning-rate: \(kind == "sgd" ? "0.1" : "0.001") } }")
            return nil
        }
        let optimizer: OptimizerChoice? = options.mapping { reader in
            let rate =
                hasRate
                ? reader.optional("learning-rate").map { $0.number("above 0") { $0 > 0 } } ?? standard.learningRate
                : reader.required("learning-rate")?.number("above 0") { $0 > 0 }
            func share(_ key: String, _ standard: Double) -> Double? {
                reader.optional(key).map { $0.number("in 0…1 (1 excluded)") { $0 >= 0 && $0 < 1 } } ?? standard
            }
            func decay(_ standard: Double) -> Double? {
                reader.optional("weight-decay").map { $0.number("0 or more") { $0 >= 0 } } ?? standard
            }
            func decays(_ standard: Decayed) -> Decayed? {
                (reader.optional("decays").map {
                    $0.word("choice of parameters", among: Decayed.allCases.map(\.rawValue))
                }
                    ?? standard.rawValue).flatMap(Decayed.init(rawValue:))
            }
            switch standard {
            case .sgd(_, let momentum, let nesterov, let weightDecay, let decayed):
                let momentum = share("momentum", momentum)
                let nesterov = reader.optional("nesterov").map { $0.flag() } ?? nesterov
                guard let rate, let momentum, let nesterov, let decay = decay(weightDecay), let decays = decays(decayed)
                else { return nil }
                if nesterov, momentum == 0 {
                    reader.place.problem("nesterov needs a momentum above 0: 'momentum: 0.9'")
                }
                return .sgd(
                    learningRate: rate, momentum: momentum, nesterov: nesterov, weightDecay: decay, decays: decays)
            case .adamW(_, let beta1, let beta2, let epsilon, let weightDecay, let decayed):
                let (beta1, beta2) = (share("beta1", beta1), share("beta2", beta2))
                let epsilon = reader.optional("epsilon").map { $0.number("0 or more") { $0 >= 0 } } ?? epsilon
                guard let rate, let beta1, let beta2, let epsilon, let decay = decay(weightDecay),
                    let decays = decays(decayed)
                else { return nil }
                return .adamW(
                    learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay, decays: decays
                )
            }
        }
        guard let optimizer else { return nil }
        self = optimizer
    }
}

extension LossChoice {
    /// `cross-entropy`, `{ cross-entropy: { smoothing: 0.1 } }`, `kl`, `{ kl: { scale: T2 } }`, `mse`,
    /// `{ mse: { cross-entropy: 0.1 } }`.
    init?(_ place: Place) {
        guard let (kind, options) = place.kinded("loss", among: ["cross-entropy", "kl", "mse"]) else { return nil }
        var smoothing: Double? = 0
        var weight: Double? = 0.1
        var temperature: Double?
        var scaled = false
        _ = options?.mapping { reader -> Bool? in
            switch kind {
            case "cross-entropy":
                if let written = reader.optional("smoothing") {
                    smoothing = written.number("in 0…1 (1 excluded)") { $0 >= 0 && $0 < 1 }
                }
            case "kl":
                scaled = reader.optional("scale")?.word("factor", among: ["none", "T2"]) == "T2"
                temperature = reader.optional("temperature")?.number("above 0") { $0 > 0 }
            default:
                if let written = reader.optional("cross-entropy") {
                    weight = written.number("0 or more") { $0 >= 0 }
                }
            }
            return true
        }
        guard let smoothing, let weight else { return nil }
        switch kind {
        case "cross-entropy": self = .crossEntropy(smoothing: smoothing)
        case "kl": self = .kl(scaled: scaled, temperature: temperature)
        default: self = .meanSquares(crossEntropy: weight)
        }
    }
}
