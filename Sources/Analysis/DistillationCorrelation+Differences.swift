import Statistics
import Tables

extension DistillationCorrelation {
    /// Which pairs of objectives are compared.
    public enum Comparison: Sendable, Equatable {
        case none
        case all
        case pair(String, String)

        /// Throws where a pair names what is no objective, or one objective twice.
        public func check(among objectives: [String]) throws(TableError) {
            if case .pair(let first, let second) = self { _ = try Self.places(of: first, second, among: objectives) }
        }

        fileprivate static func places(
            of first: String, _ second: String, among objectives: [String]
        ) throws(TableError) -> (Int, Int) {
            func place(_ name: String) throws(TableError) -> Int {
                guard let place = objectives.firstIndex(of: name) else {
                    throw TableError(.unknownColumn(known: objectives), source: "--compare", name: name)
                }
                return place
            }
            let places = (try place(first), try place(second))
            if first == second { throw TableError(.malformed("'\(first)' beside itself"), source: "--compare") }
            return places
        }
    }

    /// Of two objectives, ρ of the first minus ρ of the second on the sets that both have: a paired bootstrap, by its
    /// percentiles.
    public struct Difference: Sendable, Equatable {
        public var first: String
        public var second: String
        public var m: Int
        /// nil where either ρ is undefined.
        public var value: Double?
        public var interval: BootstrapInterval?
        /// Two-sided, from the bootstrap.
        public var pValue: Double?
        /// Holm's correction over the pairs that were compared.
        public var pHolm: Double?
    }

    /// Throws for a name that is no objective.
    public func differences(
        _ comparison: Comparison, in table: Table
    ) throws(TableError) -> [Difference] {
        var found = [Difference]()
        for (a, b) in try pairs(comparison) { found.append(try difference(a, b, in: table)) }
        for (i, p) in holm(found.map(\.pValue)).enumerated() { found[i].pHolm = p }
        return found
    }

    private func pairs(_ comparison: Comparison) throws(TableError) -> [(Int, Int)] {
        switch comparison {
        case .none: return []
        case .all:
            return objectives.indices.flatMap { a in objectives.indices.filter { $0 > a }.map { (a, $0) } }
        case .pair(let first, let second):
            return [try Comparison.places(of: first, second, among: objectives.map(\.objective))]
        }
    }

    private func difference(_ a: Int, _ b: Int, in table: Table) throws(TableError) -> Difference {
        let (first, second) = (objectives[a], objectives[b])
        var result = Difference(first: first.objective, second: second.objective, m: first.m)
        var pair = [first, second]
        if first.evidence?.layout != second.evidence?.layout {
            // Only the sets that both have a loss for can be resampled in pairs.
            let both = try table.rows(table.complete(in: [first.objective, second.objective]).rows)
            var options = options
            options.losses = [first.objective, second.objective]
            pair = try DistillationCorrelation(both, options: options).objectives
            result.m = pair[0].m
        }
        guard let mine = pair[0].evidence?.bootstrap, let other = pair[1].evidence?.bootstrap else { return result }
        let difference = mine.minus(other)
        result.value = difference.estimate
        // The p-value is the level at which the percentile interval reaches zero: both are of one method.
        result.interval = difference.percentile(level: options.level)
        result.pValue = difference.pValueOfZero
        return result
    }
}
