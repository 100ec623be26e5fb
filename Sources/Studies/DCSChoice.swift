/// How a study asks for the Distillation Correlation Score.
public struct DCSChoice: Sendable, Equatable {
    public enum Adjust: String, Sendable, Equatable, CaseIterable { case within, partial, residual }

    public var objectives: [String]
    /// The first is the headline's.
    public var against: [String]
    public var adjustFor: [String] = []
    public var adjust = Adjust.within
    /// What is drawn and rearranged together: a column of the table of sets; nil: every set by itself.
    public var cluster: String? = "subset"
    /// Sets that are too poor to be points: `test_error > 0.9`.
    public var leaveOut: String?
    public var resamples = 10_000
    /// Whether every pair of objectives is compared.
    public var compare = false

    public init(objectives: [String], against: [String]) {
        self.objectives = objectives
        self.against = against
    }
}

extension DCSChoice {
    /// What sets can be clustered by.
    static let clusters = ["subset", "family", "parent", "none"]

    /// - Parameter objectives: the names of the losses' columns.
    init(_ reader: MappingReader, objectives: [String]) {
        let vocabulary = reader.place.findings.vocabulary
        func columns(_ place: Place?) -> [String] { place?.words("column", among: vocabulary.columns) ?? [] }
        let against = columns(reader.required("against"))
        self.init(objectives: objectives, against: against)
        adjustFor = columns(reader.optional("adjust-for"))
        let how = reader.optional("adjust")
        if let how, let word = how.word("adjustment", among: Adjust.allCases.map(\.rawValue)) {
            adjust = Adjust(rawValue: word) ?? .within
            if adjustFor.isEmpty { how.problem("'adjust' says how; 'adjust-for' must say for what") }
        }
        if let word = reader.optional("cluster")?.word("column", among: Self.clusters) {
            cluster = word == "none" ? nil : word
        }
        let rule = reader.optional("leave-out")
        leaveOut = rule?.string()
        if let leaveOut, let problem = vocabulary.ruleProblem(leaveOut, vocabulary.columns) { rule?.problem(problem) }
        resamples = reader.optional("resamples")?.integer(1...10_000_000) ?? resamples
        compare = reader.optional("compare")?.flag() ?? false
    }
}
