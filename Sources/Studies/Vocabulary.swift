/// The names that the rooms further down offer. Studies checks words against them and knows none by itself.
public struct Vocabulary: Sendable {
    public var datasets: [String]
    public var scores: [String]
    public var laws: [String]
    public var objectives: [String]
    /// The columns that every run of a store has.
    public var columns: [String]
    /// The listed word nearest to a misspelt one, if one is near enough.
    public var suggestion: @Sendable (_ word: String, _ words: [String]) -> String?

    public init(
        datasets: [String], scores: [String], laws: [String], objectives: [String], columns: [String],
        suggestion: @escaping @Sendable (_ word: String, _ words: [String]) -> String?
    ) {
        self.datasets = datasets
        self.scores = scores
        self.laws = laws
        self.objectives = objectives
        self.columns = columns
        self.suggestion = suggestion
    }

    func hint(_ word: String, _ words: [String]) -> String {
        if let near = suggestion(word, words) { return " (did you mean '\(near)'?)" }
        return words.isEmpty ? "" : " (known: \(words.joined(separator: ", ")))"
    }
}
