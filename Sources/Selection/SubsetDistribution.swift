/// A subset against its data set: how many of each class, and where its scores lie. Source: paper 2, figures 6 and 7.
public struct SubsetDistribution: Sendable, Equatable {
    /// Samples per class in the data set and in the subset, [C].
    public var classesOfAll: [Int]
    public var classesOfSubset: [Int]
    /// Edges of the bins that both histograms share, ascending, [bins + 1]; a bin holds its lower edge, the last one both.
    public var edges: [Double]
    /// Samples per bin, [bins].
    public var scoresOfAll: [Int]
    public var scoresOfSubset: [Int]

    /// - Parameters:
    ///   - rows: the subset, each row once.
    ///   - bins: of equal width between the smallest and the largest score of the data set; of width 1 around a score
    ///     that all share.
    /// - Throws: `SelectionError` for a score that is not finite, a label or row out of range, a repeated row or no samples.
    public init(_ rows: [Int], of all: Candidates, bins: Int = 50) throws(SelectionError) {
        precondition(bins > 0, "\(bins) bins")
        try all.checkScores()
        classesOfAll = try ClassGroups(all.labels, classes: all.classes, balanced: true).sizes
        _ = try SubsetRows(rows, count: all.labels.count)
        classesOfSubset = .init(repeating: 0, count: all.classes)
        for row in rows { classesOfSubset[Int(all.labels[row])] += 1 }
        guard var low = all.scores.min(), var high = all.scores.max() else { throw .emptySubset }
        if low == high {
            // At 1e17 a width of 1 is lost in rounding.
            let half = max(0.5 * Double(bins), abs(low) * 0x1p-20)
            (low, high) = (max(low - half, -.greatestFiniteMagnitude), min(high + half, .greatestFiniteMagnitude))
        }
        let width = high / 2 - low / 2  // halves, so that no finite range overflows
        edges = (0...bins).map { 2 * (low / 2 + Double($0) * (width / Double(bins))) }
        (edges[0], edges[bins]) = (low, high)
        scoresOfAll = .init(repeating: 0, count: bins)
        scoresOfSubset = .init(repeating: 0, count: bins)
        for score in all.scores { scoresOfAll[bin(of: score)] += 1 }
        for row in rows { scoresOfSubset[bin(of: all.scores[row])] += 1 }
    }

    /// The last bin whose lower edge is not above the score.
    private func bin(of score: Double) -> Int {
        let bins = edges.count - 1
        let share = (score / 2 - edges[0] / 2) / (edges[bins] / 2 - edges[0] / 2)
        var bin = min(bins - 1, max(0, Int(share * Double(bins))))
        // The division rounds; the edges as given decide.
        while bin + 1 < bins, score >= edges[bin + 1] { bin += 1 }
        while bin > 0, score < edges[bin] { bin -= 1 }
        return bin
    }
}
