/// When checkpoints are written.
public struct CheckpointChoice: Sendable, Equatable {
    /// Runs on all images: every so many epochs, with logits.
    public var fullEvery: Double
    /// All other runs: so many, evenly spaced, without logits.
    public var others: Int
    /// At these epochs of compute instead, in every run as far as its budget reaches, and at its end; 0 is before
    /// training. nil: the two rules above.
    public var at: [Double]?
    /// Where the study says so.
    public var mark: SourceMark

    public init(
        fullEvery: Double, others: Int, at: [Double]? = nil, mark: SourceMark = .init(line: 1, column: 1)
    ) {
        self.fullEvery = fullEvery
        self.others = others
        self.at = at
        self.mark = mark
    }
}

/// What checkpoints hold besides metrics.
public struct RecordChoice: Sendable, Equatable {
    public enum Weights: Sendable, Equatable {
        case none, last, all
        /// Epochs of compute at which there is a checkpoint.
        case epochs([Double])
    }
    /// How logits are taken: by an evaluation pass, as each image was last trained on, or both.
    public enum Pass: Sendable, Equatable { case eval, train, both }

    /// Whether every run keeps records, or those on all images alone.
    public var ofAllRuns: Bool
    public var pass: Pass
    /// Whether a run on a subset keeps records of the whole training set.
    public var ofAllSamples: Bool
    public var weights: Weights
    /// Penultimate features at the last checkpoint.
    public var features: Bool
    /// Where the study says so.
    public var mark: SourceMark

    public init(
        ofAllRuns: Bool = false, pass: Pass = .eval, ofAllSamples: Bool = false, weights: Weights = .last,
        features: Bool = false, mark: SourceMark = .init(line: 1, column: 1)
    ) {
        self.ofAllRuns = ofAllRuns
        self.pass = pass
        self.ofAllSamples = ofAllSamples
        self.weights = weights
        self.features = features
        self.mark = mark
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
        self.init(fullEvery: every, others: others, at: epochs, mark: reader.place.mark)
    }
}

extension RecordChoice {
    init?(_ reader: MappingReader) {
        let runs = reader.optional("runs").map { $0.word("runs", among: ["full", "all"]) } ?? "full"
        let pass = reader.optional("pass").map { Pass($0) } ?? .eval
        let samples = reader.optional("samples").map { $0.word("samples", among: ["trained", "all"]) } ?? "trained"
        let weights = reader.optional("weights").map { Weights($0) } ?? Weights.last
        let features = reader.optional("features").map { $0.flag() } ?? false
        guard let runs, let pass, let samples, let weights, let features else { return nil }
        self.init(
            ofAllRuns: runs == "all", pass: pass, ofAllSamples: samples == "all", weights: weights, features: features,
            mark: reader.place.mark)
    }
}

extension RecordChoice.Pass {
    /// `eval`, `train`, or `[eval, train]`.
    init?(_ place: Place) {
        let words = Set(place.words("pass", among: ["eval", "train"]))
        if words.isEmpty { return nil }
        self = words.count == 2 ? .both : words == ["train"] ? .train : .eval
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
