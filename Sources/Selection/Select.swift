import Randomness
import Scoring

/// Which end of the order is kept.
public enum KeepRule: Sendable, Equatable {
    case easiest, hardest, highest, lowest
    /// From a fraction 0…1 of each class, counted from the hardest; clipped so that the window fits.
    case window(start: Double)
    /// In seeded order, whatever the scores.
    case random
}

/// How many are kept.
public enum SubsetSize: Sendable, Equatable {
    /// Images per class; without balance, so many times the number of classes in all.
    case ipc(Int)
    /// A fraction of each class; without balance, of all. Rounded to the nearest, halves up.
    case fraction(Double)
}

/// The rows that were chosen.
public struct Subset: Sendable, Equatable {
    /// Ascending.
    public var rows: [Int]
    /// The share of the subset that seeded order decided among equal scores, 0…1.
    public var tieShare: Double
}

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
    /// samples.
    ///
    /// - Parameter identity: what the subset is called; subsets of one seed and different names draw independently.
    /// - Throws: `SelectionError` where a class is too small, a score is not finite or nothing would be left.
    public func select(
        _ rule: KeepRule, _ size: SubsetSize, balanced: Bool = true, seed: Int, identity: String
    ) throws(SelectionError) -> Subset {
        switch size {
        case .ipc(let ipc): precondition(ipc >= 0, "\(ipc) images per class")
        case .fraction(let fraction): precondition(fraction >= 0 && fraction <= 1, "a fraction of \(fraction)")
        }
        try check()
        var chosen: [Int] = []
        var tied = 0
        let groups = balanced ? rowsByClass() : [Array(labels.indices)]
        for (label, rows) in groups.enumerated() {
            let count: Int
            switch size {
            case .ipc(let ipc):
                let (all, overflow) = ipc.multipliedReportingOverflow(by: classes)
                count = balanced ? ipc : overflow ? .max : all
            case .fraction(let fraction): count = Int((fraction * Double(rows.count)).rounded())
            }
            guard count <= rows.count else {
                if balanced { throw .classTooSmall(label: label, count: rows.count, needed: count) }
                throw .tooFewSamples(count: rows.count, needed: count)
            }
            let part = choose(count, of: rows, by: rule, seed: seed, identity: identity)
            chosen += part.rows
            tied += part.tied
        }
        guard !chosen.isEmpty else { throw .emptySubset }
        return Subset(rows: chosen.sorted(), tieShare: Double(tied) / Double(chosen.count))
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

    private func check() throws(SelectionError) {
        for (row, score) in scores.enumerated() where !score.isFinite { throw .nonFiniteScore(row: row) }
        for (row, label) in labels.enumerated() where label < 0 || Int(label) >= classes {
            throw .labelOutOfRange(row: row, label: Int(label), classes: classes)
        }
    }

    private func rowsByClass() -> [[Int]] {
        var groups = [[Int]](repeating: [], count: classes)
        for (row, label) in labels.enumerated() { groups[Int(label)].append(row) }
        return groups
    }

    /// The first `count` rows in the rule's order, or a window of it, and how many of them a tie decided.
    private func choose(
        _ count: Int, of rows: [Int], by rule: KeepRule, seed: Int, identity: String
    ) -> (rows: ArraySlice<Int>, tied: Int) {
        let hardFirst = direction == .highIsHard ? -1.0 : 1.0
        let sign: Double
        var start = 0
        switch rule {
        case .random: sign = 0
        case .hardest: sign = hardFirst
        case .easiest: sign = -hardFirst
        case .highest: sign = -1
        case .lowest: sign = 1
        case .window(let fraction):
            sign = hardFirst
            start = min(max(0, Int((fraction * Double(rows.count)).rounded())), rows.count - count)
        }
        let order = rows.map { row in
            var stream = RandomStream(identity, seed: seed, purpose: "ties", index: Int(ids[row]))
            return (row: row, value: sign * scores[row], lot: stream.next())
        }.sorted { ($0.value, $0.lot, ids[$0.row]) < ($1.value, $1.lot, ids[$1.row]) }
        let kept = order[start..<start + count]
        guard sign != 0, let first = kept.first?.value, let last = kept.last?.value else {
            return (ArraySlice(kept.map(\.row)), 0)
        }
        // Equal scores on both sides of a border of the window: those inside were decided by lot.
        var decided: Set<Double> = []
        if start > 0, order[start - 1].value == first { decided.insert(first) }
        if start + count < order.count, order[start + count].value == last { decided.insert(last) }
        return (ArraySlice(kept.map(\.row)), kept.filter { decided.contains($0.value) }.count)
    }
}
