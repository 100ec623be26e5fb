/// The names that the rooms further down offer. Studies checks words against them and knows none by itself.
public struct Vocabulary: Sendable {
    public var datasets: [String]
    /// Of the test images.
    public var corruptions: [String]
    public var scores: [String]
    /// Rules that choose images by their features.
    public var coresets: [String]
    public var objectives: [String]
    /// By objective.
    public var objectiveOptions: [String: [ObjectiveOption]]
    /// The formats that `import:` reads.
    public var importers: [String]
    /// The columns that every run of a store has.
    public var columns: [String]
    /// What is wrong with a score, its variant, span and window; nil = nothing.
    public var scoreProblem: @Sendable (_ method: String, _ variant: String?, _ span: Int?, _ window: Int?) -> String?
    /// What is wrong with a scaling law, a name or an expression in x columns; nil = nothing.
    public var lawProblem: @Sendable (_ law: String, _ columns: [String]) -> String?
    /// What is wrong with an expression in columns; nil = nothing.
    public var expressionProblem: @Sendable (_ text: String, _ columns: [String]) -> String?
    /// What is wrong with a rule that leaves rows out, a comparison of expressions in columns; nil = nothing.
    public var ruleProblem: @Sendable (_ text: String, _ columns: [String]) -> String?
    /// The listed word nearest to a misspelt one, if one is near enough.
    public var suggestion: @Sendable (_ word: String, _ words: [String]) -> String?

    public init(
        datasets: [String], scores: [String], coresets: [String] = [], objectives: [String], importers: [String],
        columns: [String],
        scoreProblem:
            @escaping @Sendable (_ method: String, _ variant: String?, _ span: Int?, _ window: Int?) -> String? = {
                _, _, _, _ in nil
            },
        lawProblem: @escaping @Sendable (_ law: String, _ columns: [String]) -> String?,
        expressionProblem: @escaping @Sendable (_ text: String, _ columns: [String]) -> String?,
        ruleProblem: @escaping @Sendable (_ text: String, _ columns: [String]) -> String? = { _, _ in nil },
        corruptions: [String] = [], objectiveOptions: [String: [ObjectiveOption]] = [:],
        suggestion: @escaping @Sendable (_ word: String, _ words: [String]) -> String?
    ) {
        self.datasets = datasets
        self.corruptions = corruptions
        self.scores = scores
        self.coresets = coresets
        self.objectives = objectives
        self.objectiveOptions = objectiveOptions
        self.importers = importers
        self.columns = columns
        self.scoreProblem = scoreProblem
        self.lawProblem = lawProblem
        self.expressionProblem = expressionProblem
        self.ruleProblem = ruleProblem
        self.suggestion = suggestion
    }

    func hint(_ word: String, _ words: [String]) -> String {
        if let near = suggestion(word, words) { return " (did you mean '\(near)'?)" }
        return words.isEmpty ? "" : " (known: \(words.joined(separator: ", ")))"
    }
}
