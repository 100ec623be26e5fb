/// When checkpoints are written.
public struct CheckpointChoice: Sendable, Equatable {
    /// Runs on all images: every so many epochs, with logits.
    public var fullEvery: Double
    /// All other runs: so many, evenly spaced, without logits.
    public var others: Int
    /// At these epochs of compute instead, in every run as far as its budget reaches, and at its end; 0 is before
    /// training. nil: the two rules above.
    public var at: [Double]?

    public init(fullEvery: Double, others: Int, at: [Double]? = nil) {
        self.fullEvery = fullEvery
        self.others = others
        self.at = at
    }
}

/// What checkpoints hold besides metrics.
public struct RecordChoice: Sendable, Equatable {
    public enum Weights: Sendable, Equatable {
        case none, last, all
        /// Epochs of compute at which there is a checkpoint.
        case epochs([Double])
    }
    /// Whether every run keeps records, or those on all images alone.
    public var ofAllRuns: Bool
    /// Logits as each image was last trained on, instead of those of an evaluation pass.
    public var trainPass: Bool
    public var weights: Weights
    /// Penultimate features at the last checkpoint.
    public var features: Bool

    public init(
        ofAllRuns: Bool = false, trainPass: Bool = false, weights: Weights = .last, features: Bool = false
    ) {
        self.ofAllRuns = ofAllRuns
        self.trainPass = trainPass
        self.weights = weights
        self.features = features
    }
}

extension CheckpointChoice {
    init?(_ reader: MappingReader) {
        let every = reader.optional("full-every").map { $0.number("above 0") { $0 > 0 } } ?? 1
        let others = reader.optional("others").map { $0.integer(1...100_000) } ?? 5
        let at = reader.optional("at")
        let epochs = at?.list().compactMap { $0.number("an epoch, 0 or more") { $0 >= 0 } }
        if let at, let epochs, zip(epochs, epochs.dropFirst()).contains(where: { $0 >= $1 }) {
            at.problem("epochs must increase")
        }
        guard let every, let others else { return nil }
        self.init(fullEvery: every, others: others, at: epochs)
    }
}

extension RecordChoice {
    init?(_ reader: MappingReader) {
        let runs = reader.optional("runs").map { $0.word("runs", among: ["full", "all"]) } ?? "full"
        let pass = reader.optional("pass").map { $0.word("pass", among: ["eval", "train"]) } ?? "eval"
        let weights = reader.optional("weights").map { Weights($0) } ?? Weights.last
        let features = reader.optional("features").map { $0.flag() } ?? false
        guard let runs, let pass, let weights, let features else { return nil }
        self.init(ofAllRuns: runs == "all", trainPass: pass == "train", weights: weights, features: features)
    }
}

extension RecordChoice.Weights {
    /// `last`, `all`, `none`, or epochs.
    init?(_ place: Place) {
        let words: [String: Self] = ["last": .last, "all": .all, "none": .none]
        if case .scalar(let scalar) = place.node, Double(scalar.string) == nil {
            guard let word = place.word("choice of checkpoints", among: words.keys.sorted()), let known = words[word]
            else { return nil }
            self = known
            return
        }
        self = .epochs(place.list().compactMap { $0.number("an epoch, 0 or more") { $0 >= 0 } })
    }
}
