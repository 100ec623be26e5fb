import Scoring

/// Coverage-centric selection: cut the hardest samples off, divide the rest into strata of equal width by score, and draw
/// from every stratum. Source: Zheng et al. 2023 (CCS), section 4 and the released code.
public struct Strata: Sendable, Equatable {
    /// The fraction β of the hardest that is left out, 0…1 (of each class where the choice is balanced); rounded down.
    public var hardCut: Double
    public var count: Int
    public var edges: Edges

    public init(hardCut: Double, count: Int = 50, edges: Edges = .exact) {
        precondition(hardCut >= 0 && hardCut <= 1, "a hard cut of \(hardCut)")
        precondition(count > 0, "\(count) strata")
        self.hardCut = hardCut
        self.count = count
        self.edges = edges
    }

    /// Between which scores the strata divide.
    public enum Edges: String, Sendable, CaseIterable {
        /// From the smallest to the largest score that is left.
        case exact
        /// From the smallest to 1.0001 times the largest, as in the released code. Scores above the last edge, which that
        /// code loses where the largest is not positive, belong to the last stratum.
        case ccs
    }

    /// How many each stratum gives: from the least populated on, its share floor(rest / remaining strata), or all it has.
    ///
    /// Strata of one population are served in order of score. Source: the released code.
    public static func budgets(populations: [Int], total: Int) -> [Int] {
        var budgets = [Int](repeating: 0, count: populations.count)
        var rest = total
        let order = populations.indices.sorted { (populations[$0], $0) < (populations[$1], $1) }
        for (place, stratum) in order.enumerated() {
            budgets[stratum] = min(populations[stratum], rest / (populations.count - place))
            rest -= budgets[stratum]
        }
        return budgets
    }

    /// The stratum of a score, in a range from the smallest to the largest.
    func index(of score: Double, smallest: Double, largest: Double) -> Int {
        let top = edges == .ccs ? 1.0001 * largest : largest
        // Halves, so that no finite range overflows.
        let width = top / 2 - smallest / 2
        guard width > 0 else { return 0 }
        return min(count - 1, max(0, Int(Double(count) * ((score / 2 - smallest / 2) / width))))
    }
}

/// A column of scores and its direction.
public struct ScoreColumn: Sendable, Equatable {
    /// [N]
    public var values: [Double]
    public var direction: ScoreDirection

    public init(values: [Double], direction: ScoreDirection) {
        self.values = values
        self.direction = direction
    }
}

extension Candidates {
    /// Chooses by strata of the score, after a hard cut.
    ///
    /// The draw inside a stratum is random, in seeded order of the sample ids; the share decided by ties counts samples
    /// whose score stands at the hard cut, where lots decided which of its equals stayed.
    ///
    /// - Parameters:
    ///   - balanced: the cut, the strata and their budgets are those of each class; otherwise of all samples, as in the
    ///     released code.
    ///   - column: what the hard cut looks at; the scores themselves unless given (the released code cuts by AUM whatever
    ///     the score).
    /// - Throws: `SelectionError`.
    public func select(
        _ strata: Strata, _ size: SubsetSize, cutBy column: ScoreColumn? = nil, balanced: Bool = false, seed: Int,
        identity: String
    ) throws(SelectionError) -> Subset {
        size.check()
        try checkScores()
        let groups = try ClassGroups(labels, classes: classes, balanced: balanced)
        let counts = try size.counts(of: groups)
        let cut = try cutOff(strata, column, counts, groups, seed: seed, identity: identity)
        let (group, populations) = stratify(strata, cut.rows, groups)
        var ranges: [Range<Int>] = []
        for (group, count) in counts.enumerated() {
            let own = populations[group * strata.count..<(group + 1) * strata.count]
            ranges += Strata.budgets(populations: Array(own), total: count).map { 0..<$0 }
        }
        let selection = RankSelection(
            ids: ids, lots: Lots(identity: identity, seed: seed), sizes: populations, ranges: ranges)
        let rows = group.withUnsafeBufferPointer { group in selection.drawnRows { Int(group[$0]) } }
        guard !rows.isEmpty else { throw .emptySubset }
        let tied = cut.tied.isEmpty ? 0 : rows.count(where: { cut.tied.contains($0) })
        return Subset(rows: rows, tieShare: Double(tied) / Double(rows.count))
    }

    /// The rows that the hard cut leaves, and those of them that lots kept.
    private func cutOff(
        _ strata: Strata, _ column: ScoreColumn?, _ counts: [Int], _ groups: ClassGroups, seed: Int, identity: String
    ) throws(SelectionError) -> (rows: [Int], tied: Set<Int>) {
        var all = self
        if let column {
            precondition(column.values.count == scores.count)
            all.scores = column.values
            all.direction = column.direction
            try all.checkScores()
        }
        var ranges: [Range<Int>] = []
        for (group, size) in groups.sizes.enumerated() {
            let cut = Int(strata.hardCut * Double(size))
            guard size - cut >= counts[group] else {
                throw .cutTooDeep(label: groups.label(group), left: size - cut, needed: counts[group])
            }
            ranges.append(cut..<size)
        }
        // Lots of their own: those of the draw would favour samples that the cut's lots removed.
        let selection = RankSelection(
            ids: ids, lots: Lots(identity: identity + "/cut", seed: seed), sizes: groups.sizes, ranges: ranges)
        let left = all.rank(selection, highFirst: all.direction == .highIsHard, balanced: groups.balanced)
        guard left.tieShare > 0 else { return (left.rows, []) }
        return (left.rows, all.tied(left.rows, ranges: ranges, groups))
    }

    /// The kept rows that share the hardest kept score of their group with a row that was cut.
    private func tied(_ kept: [Int], ranges: [Range<Int>], _ groups: ClassGroups) -> Set<Int> {
        let sign = direction == .highIsHard ? -1.0 : 1.0
        func group(_ row: Int) -> Int { groups.balanced ? Int(labels[row]) : 0 }
        var hardest = [Double](repeating: .infinity, count: ranges.count)
        for row in kept { hardest[group(row)] = min(hardest[group(row)], sign * scores[row]) }
        var equal = [Int](repeating: 0, count: ranges.count)
        for row in labels.indices where sign * scores[row] == hardest[group(row)] { equal[group(row)] += 1 }
        var rows = kept.filter { sign * scores[$0] == hardest[group($0)] }
        for row in rows { equal[group(row)] -= 1 }
        rows.removeAll { equal[group($0)] == 0 }
        return Set(rows)
    }

    /// The stratum of each row, counted through all groups; rows that were cut off belong to one behind the last.
    private func stratify(
        _ strata: Strata, _ rows: [Int], _ groups: ClassGroups
    ) -> (group: [Int32], populations: [Int]) {
        func group(_ row: Int) -> Int { groups.balanced ? Int(labels[row]) : 0 }
        var smallest = [Double](repeating: .infinity, count: groups.sizes.count)
        var largest = [Double](repeating: -.infinity, count: groups.sizes.count)
        for row in rows {
            smallest[group(row)] = min(smallest[group(row)], scores[row])
            largest[group(row)] = max(largest[group(row)], scores[row])
        }
        var populations = [Int](repeating: 0, count: groups.sizes.count * strata.count)
        var stratum = [Int32](repeating: Int32(populations.count), count: labels.count)
        for row in rows {
            let own = group(row)
            let index = strata.index(of: scores[row], smallest: smallest[own], largest: largest[own])
            stratum[row] = Int32(own * strata.count + index)
            populations[own * strata.count + index] += 1
        }
        return (stratum, populations)
    }
}
