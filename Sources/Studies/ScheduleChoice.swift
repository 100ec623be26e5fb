/// How the learning rate moves over a run.
public struct ScheduleChoice: Sendable, Equatable {
    public enum Curve: Sendable, Equatable {
        case constant
        /// Half a cosine from the learning rate to `floor`, a learning rate too.
        case cosine(floor: Double)
        /// ½ (1 + cos(π t/(ζT)))
        case smoothCosine(zeta: Double)
        /// The rate is multiplied by `factor` at each fraction of the run.
        case step(at: [Double], factor: Double)
        /// The same at epochs of the run's own images.
        case stepAtEpochs([Double], factor: Double)
        /// × 0.1 and a new optimiser after the epoch of index ⌊E/2⌋ + 1 of E + 1 epochs, as in the code of DC, DM and MTT.
        case dcEvaluation
        /// A trunk at the full rate, shared by all budgets, and per budget a branch that cools down to 0 over its last
        /// `share`.
        case trunk(share: Double, descent: String)
    }

    public enum WarmUp: Sendable, Equatable {
        case none
        case epochs(Double)
        case steps(Int)
        case fraction(Double)
    }

    public var curve: Curve
    public var warmUp: WarmUp
    /// Whether the rate moves with every epoch instead of every step.
    public var perEpoch: Bool

    public init(_ curve: Curve, warmUp: WarmUp = .none, perEpoch: Bool = false) {
        self.curve = curve
        self.warmUp = warmUp
        self.perEpoch = perEpoch
    }

    public static let constant = ScheduleChoice(.constant)
    public static let cosine = ScheduleChoice(.cosine(floor: 0))
}

extension ScheduleChoice {
    private static let kinds = ["cosine", "constant", "step", "smooth-cosine", "dc-evaluation"]

    init?(_ place: Place) {
        if case .mapping(let mapping) = place.node, mapping.contains(where: { $0.key.string == "trunk" }) {
            guard let trunk = place.mapping({ Self.trunk($0) }) else { return nil }
            self = trunk
            return
        }
        guard let (kind, options) = place.kinded("schedule", among: Self.kinds) else { return nil }
        guard let options else {
            guard kind != "step" else {
                place.problem("step needs its places: { step: { at: [0.5, 0.75], factor: 0.1 } }")
                return nil
            }
            self.init(Self.plain(kind))
            return
        }
        guard kind != "dc-evaluation" else {
            place.problem("\(kind) takes no options")
            return nil
        }
        let schedule: ScheduleChoice? = options.mapping { reader in
            let curve = Self.curve(kind, reader)
            let warmUp = reader.optional("warm-up").map { WarmUp($0) } ?? WarmUp.none
            let every = reader.optional("every").map { $0.word("unit", among: ["step", "epoch"]) } ?? "step"
            guard let curve, let warmUp, let every else { return nil }
            return ScheduleChoice(curve, warmUp: warmUp, perEpoch: every == "epoch")
        }
        guard let schedule else { return nil }
        self = schedule
    }

    private static func plain(_ kind: String) -> Curve {
        switch kind {
        case "cosine": .cosine(floor: 0)
        case "smooth-cosine": .smoothCosine(zeta: 2)
        case "dc-evaluation": .dcEvaluation
        default: .constant
        }
    }

    private static func curve(_ kind: String, _ reader: MappingReader) -> Curve? {
        switch kind {
        case "cosine":
            let floor = reader.optional("floor").map { $0.number("a learning rate, 0 or more") { $0 >= 0 } } ?? 0
            return floor.map { .cosine(floor: $0) }
        case "smooth-cosine":
            let zeta = reader.optional("zeta").map { $0.number("1 or more") { $0 >= 1 } } ?? 2
            return zeta.map { .smoothCosine(zeta: $0) }
        case "step": return step(reader)
        default: return .constant
        }
    }

    private static func step(_ reader: MappingReader) -> Curve? {
        let epochs = reader.optional("epochs")
        let at = epochs == nil ? reader.required("at") : reader.optional("at")
        let factor = reader.required("factor")?.number("above 0 and at most 1", { $0 > 0 && $0 <= 1 })
        if let epochs, at != nil { epochs.problem("'at' and 'epochs' exclude each other") }
        guard let factor else { return nil }
        if let epochs {
            let places = epochs.list().compactMap { $0.number("an epoch, above 0") { $0 > 0 } }
            if places != places.sorted() { epochs.problem("epochs must increase") }
            return .stepAtEpochs(places, factor: factor)
        }
        guard let at else { return nil }
        let fractions = at.list().compactMap {
            $0.number("a fraction of the run, above 0 and below 1") { $0 > 0 && $0 < 1 }
        }
        if fractions != fractions.sorted() { at.problem("fractions must increase") }
        return .step(at: fractions, factor: factor)
    }

    /// `{ trunk: constant, cooldown: 0.2 }`, or `cooldown: { fraction: 0.2, shape: sqrt }`.
    private static func trunk(_ reader: MappingReader) -> ScheduleChoice? {
        _ = reader.required("trunk")?.word("trunk", among: ["constant"])
        let warmUp = reader.optional("warm-up").map { WarmUp($0) } ?? WarmUp.none
        guard let cooldown = reader.required("cooldown") else { return nil }
        func share(_ place: Place?) -> Double? {
            place?.number("a fraction of the run, above 0 and below 1") { $0 > 0 && $0 < 1 }
        }
        guard case .mapping = cooldown.node else {
            guard let share = share(cooldown), let warmUp else { return nil }
            return ScheduleChoice(.trunk(share: share, descent: "linear"), warmUp: warmUp)
        }
        return cooldown.mapping { options in
            let share = share(options.required("fraction"))
            let shape = options.optional("shape").map { $0.word("shape", among: ["linear", "sqrt"]) } ?? "linear"
            guard let share, let shape, let warmUp else { return nil }
            return ScheduleChoice(.trunk(share: share, descent: shape), warmUp: warmUp)
        }
    }
}

extension ScheduleChoice.WarmUp {
    /// `5` (epochs of the run's own images), `{ steps: 500 }`, `{ fraction: 0.05 }`.
    init?(_ place: Place) {
        func epochs(_ place: Place) -> Double? { place.number("0 or more") { $0 >= 0 } }
        if case .scalar = place.node {
            guard let epochs = epochs(place) else { return nil }
            self = .epochs(epochs)
            return
        }
        guard let (kind, value) = place.kinded("warm-up", among: ["epochs", "steps", "fraction"]), let value else {
            return nil
        }
        switch kind {
        case "epochs":
            guard let epochs = epochs(value) else { return nil }
            self = .epochs(epochs)
        case "steps":
            guard let steps = value.integer(0...Int(Int32.max)) else { return nil }
            self = .steps(steps)
        default:
            guard let share = value.number("in 0…1 (1 excluded)", { $0 >= 0 && $0 < 1 }) else { return nil }
            self = .fraction(share)
        }
    }
}
