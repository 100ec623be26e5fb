import Statistics
import Tables

/// The non-dominated rows of a table per group, how surely each is one of them under the noise, and the envelope: the
/// best row for each value of the first objective, which is a different set.
///
/// Source: paper 1, figure 1(b), over (IPC, error) at one budget. A set of non-dominated rows is never empty, so "there
/// is no frontier" is a statement about noise: look at `membership`.
public struct ParetoFrontier: Sendable, Equatable {
    public enum Noise: Sendable, Equatable {
        /// A column with the standard error of the noisy objective's mean: normal noise.
        case standardDeviation(String)
        /// A column of seeds: rows that differ by nothing else are replicates, their means are the points.
        case seeds(String)
    }

    public struct Options: Sendable, Equatable {
        public var minimize: [String]
        public var maximize: [String] = []
        public var per: [String] = []
        public var noise: Noise?
        /// Differences of objectives up to this much do not count as better.
        public var epsilon = 0.0
        /// Draws of the noise.
        public var draws = 2000
        public var seed = 1

        public init(minimize: [String]) { self.minimize = minimize }

        /// The objectives, minimised ones first; the noise belongs to the last.
        public var objectives: [String] { minimize + maximize }
    }

    public struct Point: Sendable, Equatable {
        /// 0-based data rows: one, or the replicates of a point.
        public var rows: [Int]
        /// In the order of the objectives; means over replicates.
        public var values: [Double]
        /// Text columns that tell the point from others.
        public var labels: [String: String]
        /// Standard error of the noisy objective; nil where unknown.
        public var standardError: Double?
        /// The probability of being on the frontier under the noise; nil where no noise is given.
        public var membership: Double?
    }

    public struct Frontier: Sendable, Equatable {
        public var group: [String: String]
        /// Points compared.
        public var n: Int
        /// Data rows on the frontier, ascending.
        public var rows: [Int]
        public var points: [Point]
        /// Points off the frontier that the noise puts on it with a probability of 5 % or more.
        public var contenders: [Point]
        /// For two objectives: the best point for each value of the first; empty for a large table whose values
        /// hardly repeat.
        public var envelope: [Point]
        /// The standard deviation of single replicates, pooled over the group's points, where these have fewer than five
        /// each: the noise behind `membership` is then normal with this deviation.
        public var pooledDeviation: Double?
    }

    public var options: Options
    public var frontiers: [Frontier]
    /// The column by which the envelope was chosen: validation where the table has it.
    public var envelopeChosenOn: String
    /// What was left out or assumed, for stderr.
    public var notes: [String]

    /// Throws for an unknown column, text in a column of numbers, and a negative standard deviation.
    ///
    /// - Precondition: two or three objectives.
    public init(_ table: Table, options: Options) throws(TableError) {
        precondition((2...3).contains(options.objectives.count), "a frontier has two or three objectives")
        self.options = options
        notes = []
        frontiers = []
        var needed = options.objectives + options.per
        for name in options.objectives { _ = try table.numbers(name) }
        switch options.noise {
        case .standardDeviation(let name):
            needed.append(name)
            let values = try table.numbers(name)
            if let row = values.firstIndex(where: { $0 < 0 }) {
                throw TableError(
                    .malformed("a standard deviation of \(shortest(values[row])) in column '\(name)'"),
                    source: table.source, line: table.line(ofRow: row))
            }
        case .seeds(let name): needed.append(name)
        case nil: break
        }
        let (complete, dropped) = try table.complete(in: needed)
        if !dropped.isEmpty {
            notes.append(DistillationCorrelation.leftOut(dropped, of: table, because: "an empty cell"))
        }
        envelopeChosenOn = options.objectives[1]
        let candidates = try Candidates(table, rows: complete, options: options)
        envelopeChosenOn = candidates.choiceName
        notes += candidates.notes
        let isWhole = complete.count == table.rowCount
        for group in try (isWhole ? table : table.rows(complete)).groups(by: options.per) {
            let rows = group.rows.map { complete[$0] }
            let key = Dictionary(group.key, uniquingKeysWith: { first, _ in first })
            let identity = group.key.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
            frontiers.append(candidates.frontier(of: rows, group: key, identity: identity))
        }
        if case .seeds(let name) = options.noise, frontiers.map(\.n).reduce(0, +) == complete.count {
            notes.append("no two rows differ by '\(name)' alone: without replicates the noise is unknown")
        }
    }
}
