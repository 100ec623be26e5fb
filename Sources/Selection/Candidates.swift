import Randomness
import Scoring

/// Samples with what a choice needs to know of them.
public struct Candidates: Sendable {
    /// [N]
    public var scores: [Double]
    public var direction: ScoreDirection
    /// [N]
    public var labels: [Int32]
    public var classes: Int
    /// What ties are broken by, [N]: a sample keeps its place whatever the order of the rows.
    public var ids: [Int64]

    public init(scores: [Double], direction: ScoreDirection, labels: [Int32], classes: Int, ids: [Int64]) {
        precondition(scores.count == labels.count && ids.count == labels.count)
        self.scores = scores
        self.direction = direction
        self.labels = labels
        self.classes = classes
        self.ids = ids
    }

    /// Chooses a subset.
    ///
    /// Ties are broken by an order keyed by (identity, seed, sample id), so that permuting the rows chooses the same
    /// samples. O(N) without a full sort; memory beyond the input and the answer at most 24 bytes per sample, and about 16
    /// per chosen one where few are chosen and few scores tie at the border.
    ///
    /// - Parameter identity: what the subset is called; subsets of one seed and different names draw independently.
    /// - Throws: `SelectionError` where a class is too small, a score is not finite or nothing would be left.
    public func select(
        _ rule: KeepRule, _ size: SubsetSize, balanced: Bool = true, seed: Int, identity: String
    ) throws(SelectionError) -> Subset {
        size.check()
        try checkScores()
        let groups = try ClassGroups(labels, classes: classes, balanced: balanced)
        let counts = try size.counts(of: groups)
        let selection = RankSelection(
            ids: ids, lots: Lots(identity: identity, seed: seed), sizes: groups.sizes,
            ranges: try rule.ranges(counts, of: groups))
        let subset: Subset
        if rule == .random {
            let rows =
                balanced
                ? selection.drawnRows { [labels] in Int(labels[$0]) } : selection.drawnRows { _ in 0 }
            subset = Subset(rows: rows, tieShare: 0)
        } else {
            subset = rank(selection, highFirst: rule.keepsHigh(direction), balanced: balanced)
        }
        guard !subset.rows.isEmpty else { throw .emptySubset }
        return subset
    }

    /// The fraction of a random pool: draws a class-balanced pool of ipc / fraction samples per class (rounded to the
    /// nearest), then keeps ipc of each class by score. Source: paper 1, section 3.1.
    public func selectFromPool(
        _ rule: KeepRule, ipc: Int, fraction: Double, seed: Int, identity: String
    ) throws(SelectionError) -> Subset {
        precondition(ipc >= 0 && fraction > 0 && fraction <= 1, "a pool of \(ipc) / \(fraction) images per class")
        let quotient = (Double(ipc) / fraction).rounded()
        let size = quotient < 0x1p62 ? Int(quotient) : .max
        let pool = try select(.random, .ipc(size), seed: seed, identity: identity + "/pool").rows
        let inner = Candidates(
            scores: pool.map { scores[$0] }, direction: direction, labels: pool.map { labels[$0] }, classes: classes,
            ids: pool.map { ids[$0] })
        let subset = try inner.select(rule, .ipc(ipc), seed: seed, identity: identity)
        return Subset(rows: subset.rows.map { pool[$0] }, tieShare: subset.tieShare)
    }

    /// Rows by the order of their scores.
    func rank(_ selection: RankSelection, highFirst: Bool, balanced: Bool) -> Subset {
        let chosen = labels.withUnsafeBufferPointer { labels in
            scores.withUnsafeBufferPointer { scores in
                // Four loops instead of one that asks for each sample.
                switch (balanced, highFirst) {
                case (true, true):
                    selection.rows(group: { Int(labels[$0]) }, key: { UInt64(ordering: -scores[$0]) })
                case (true, false): selection.rows(group: { Int(labels[$0]) }, key: { UInt64(ordering: scores[$0]) })
                case (false, true): selection.rows(group: { _ in 0 }, key: { UInt64(ordering: -scores[$0]) })
                case (false, false): selection.rows(group: { _ in 0 }, key: { UInt64(ordering: scores[$0]) })
                }
            }
        }
        let share = chosen.rows.isEmpty ? 0 : Double(chosen.tied) / Double(chosen.rows.count)
        return Subset(rows: chosen.rows, tieShare: share)
    }

    func checkScores() throws(SelectionError) {
        let row = scores.withUnsafeBufferPointer { scores -> Int? in
            var bad = 0  // counting needs no branch, and so runs over many scores at once
            for score in scores { bad &+= score.isFinite ? 0 : 1 }
            return bad == 0 ? nil : scores.firstIndex { !$0.isFinite }
        }
        if let row { throw .nonFiniteScore(row: row) }
    }
}

extension KeepRule {
    /// Which ranks of each group are kept.
    func ranges(_ counts: [Int], of groups: ClassGroups) throws(SelectionError) -> [Range<Int>] {
        guard case .window(let from) = self else { return counts.map { 0..<$0 } }
        var ranges: [Range<Int>] = []
        for (group, count) in counts.enumerated() {
            let start = try from.position(kept: count, of: groups.sizes[group], label: groups.label(group))
            ranges.append(start..<start + count)
        }
        return ranges
    }

    /// Whether rank 0 is the highest score.
    func keepsHigh(_ direction: ScoreDirection) -> Bool {
        switch self {
        case .highest: true
        case .lowest, .random: false
        case .hardest, .window: direction == .highIsHard
        case .easiest: direction == .lowIsHard
        }
    }
}
