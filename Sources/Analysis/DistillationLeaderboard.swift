import Statistics
import Tables

/// Every objective, in every group of sets, against every error: one family of correlations.
public struct DistillationLeaderboard: Sendable, Equatable {
    public typealias Comparison = DistillationCorrelation.Comparison

    /// The objectives of one group against one error.
    public struct Entry: Sendable, Equatable {
        public var group: [Key]
        public var result: DistillationCorrelation
        public var differences: [DistillationCorrelation.Difference]

        public var error: String { result.options.error }
        /// `HL conv`, without what is empty (`no variant` where all is); empty where there is one group.
        public var title: String { words(legible) }
        /// The same with every digit: what a ledger knows the group by.
        public var name: String { words { $0 } }

        private func words(_ form: (String) -> String) -> String {
            let words = group.map { form($0.value) }.filter { !$0.isEmpty }
            return (words.isEmpty ? group.map { "no \($0.column)" } : words).joined(separator: " ")
        }
    }

    public struct Key: Sendable, Equatable {
        public var column: String
        public var value: String
    }

    /// A set that repeats another's images, or holds the same ones under another name: a check of the objectives, never a
    /// point of ρ. A loss of statistics cannot see repetition; one that counts images does.
    public struct Repeat: Sendable, Equatable {
        public var set: String
        public var of: String
        public var objective: String
        public var loss: Double
        public var lossOfOriginal: Double

        public init(set: String, of original: String, objective: String, loss: Double, lossOfOriginal: Double) {
            self.set = set
            of = original
            self.objective = objective
            self.loss = loss
            self.lossOfOriginal = lossOfOriginal
        }
    }

    public var entries: [Entry]
    public var repeats: [Repeat] = []
    /// CPU or wall seconds that an objective takes per set, where they are known.
    public var seconds: [String: Double] = [:]
    /// Different losses that were evaluated on this table before and now; nil: no ledger.
    public var tried: Int?

    /// - Parameters:
    ///   - per: columns whose groups are correlated apart.
    ///   - against: one error column or several, in-domain and out of it.
    /// - Throws: for an unknown column, for text in a column of numbers, and for errors that are no fractions of 1.
    public init(
        _ table: Table, options: DistillationCorrelation.Options, per: [String] = [], against: [String],
        comparing comparison: Comparison = .none
    ) throws(TableError) {
        entries = []
        try comparison.check(among: options.losses)
        for error in against where ScalingLawAnalysis.isError(error) {
            let values = try table.numbers(error)
            if let row = values.firstIndex(where: { $0 > 1 && $0.isFinite }) {
                throw TableError(
                    .malformed(
                        "'\(error)' is \(shortest(values[row])), but errors are fractions of 1 (percent is divided by 100)"
                    ),
                    source: table.source, line: table.line(ofRow: row), name: error)
            }
        }
        for group in try table.groups(by: per) {
            let rows = table.rows(group.rows)
            for error in against {
                var options = options
                options.error = error
                let result = try DistillationCorrelation(rows, options: options)
                entries.append(
                    Entry(
                        group: group.key.map { Key(column: $0.0, value: $0.1) }, result: result,
                        differences: try result.differences(comparison, in: rows)))
            }
        }
        assignFamily()
    }

    /// One family: every objective, in every group, against every error; and every pair compared.
    private mutating func assignFamily() {
        var all = entries.flatMap(\.result.objectives)
        assignFamilyWise(&all)
        let pairs = holm(entries.flatMap { $0.differences.map(\.pValue) })
        var (position, pair) = (0, 0)
        for at in entries.indices {
            for i in entries[at].result.objectives.indices {
                entries[at].result.objectives[i] = all[position]
                position += 1
            }
            for i in entries[at].differences.indices {
                entries[at].differences[i].pHolm = pairs[pair]
                pair += 1
            }
        }
    }

    /// Bonferroni over every loss that was tried on the table, this time and before.
    public func pTried(_ objective: DistillationCorrelation.Objective) -> Double? {
        guard let tried, let p = objective.pValue else { return nil }
        return min(1, p * Double(max(1, tried)))
    }

    /// What was left out, for stderr; what is the same of several errors or groups is said once.
    public var notes: [String] {
        var found: [(note: String, places: [String])] = []
        for entry in entries {
            let place = [entry.title, entries.contains { $0.error != entry.error } ? "against \(entry.error)" : ""]
                .filter { !$0.isEmpty }.joined(separator: " ")
            for note in entry.result.notes {
                let at = found.firstIndex { $0.note == note } ?? found.count
                if at == found.count { found.append((note, [])) }
                if !place.isEmpty { found[at].places.append(place) }
            }
        }
        return found.map { $0.places.isEmpty ? $0.note : "\($0.places.joined(separator: "; ")): \($0.note)" }
    }

    /// Whether any correlation is defined.
    public var isAnswered: Bool { entries.contains { $0.result.objectives.contains { $0.rho != nil } } }
}
