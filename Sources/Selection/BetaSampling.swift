#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// DUAL's sampling: without replacement, with weights Beta(p̄; a, b) · score, p̄ a sample's mean target probability.
///
/// With prune rate r and m*, the mean p̄ of the highest-scored samples: b = 15 (1 − m*)(1 − r^c) and a = 16 − b.
/// Source: Cho et al. 2025 (DUAL), section 3.3 and the released code.
public struct BetaSampling: Sendable, Equatable {
    /// c: 4 in the released recipe for CIFAR-100.
    public var exponent: Double
    /// How many of the highest-scored samples m* is the mean of; all, where there are fewer.
    public var anchors: Int

    public init(exponent: Double = 4, anchors: Int = 10) {
        precondition(exponent > 0 && anchors > 0, "exponent \(exponent) over \(anchors) anchors")
        self.exponent = exponent
        self.anchors = anchors
    }

    /// The shape of the beta density for m* and a share of samples that is pruned, both in 0…1.
    public func shape(anchor: Double, pruned: Double) -> (a: Double, b: Double) {
        let b = 15 * (1 - anchor) * (1 - pow(pruned, exponent))
        return (16 - b, b)
    }

    /// ln(p^(a−1) (1−p)^(b−1) · score), the weight but for a constant; −∞ where the score is 0.
    static func logWeight(probability: Double, score: Double, shape: (a: Double, b: Double)) -> Double {
        guard score > 0 else { return -.infinity }
        func power(_ exponent: Double, _ logarithm: Double) -> Double { exponent == 0 ? 0 : exponent * logarithm }
        return log(score) + power(shape.a - 1, log(probability)) + power(shape.b - 1, log1p(-probability))
    }
}

extension Candidates {
    /// Draws a subset by beta sampling.
    ///
    /// The draw is an exponential race, E / weight with one exponential number E per sample id: the smallest times are
    /// exactly a draw without replacement, and permuting the rows draws the same samples.
    ///
    /// - Parameters:
    ///   - probabilities: mean target probability of each sample over the checkpoints of the score, 0…1, [N].
    ///   - balanced: every class is drawn from by itself; a, b and m* are those of all samples in any case.
    /// - Throws: `SelectionError`, also where a score is negative or a weight infinite.
    public func select(
        _ sampling: BetaSampling, probabilities: [Double], _ size: SubsetSize, balanced: Bool = false, seed: Int,
        identity: String
    ) throws(SelectionError) -> Subset {
        precondition(probabilities.count == scores.count)
        size.check()
        try checkScores()
        let groups = try ClassGroups(labels, classes: classes, balanced: balanced)
        let counts = try size.counts(of: groups)
        for (row, score) in scores.enumerated() where score < 0 { throw .negativeScore(row: row, value: score) }
        for (row, value) in probabilities.enumerated() where !(value >= 0 && value <= 1) {
            throw .probabilityOutOfRange(row: row, value: value)
        }
        guard counts.contains(where: { $0 > 0 }) else { throw .emptySubset }
        let kept = Double(counts.reduce(0, +)) / Double(labels.count)
        let anchor = anchor(sampling, probabilities, seed: seed, identity: identity)
        let times = try times(
            sampling.shape(anchor: anchor, pruned: 1 - kept), probabilities,
            Lots(identity: identity, seed: seed, purpose: "beta"))
        try checkPositive(times, counts, groups)
        let selection = RankSelection(
            ids: ids, lots: Lots(identity: identity, seed: seed), sizes: groups.sizes, ranges: counts.map { 0..<$0 })
        let chosen = selection.rows(
            group: { balanced ? Int(labels[$0]) : 0 }, key: { UInt64(ordering: times[$0]) })
        return Subset(rows: chosen.rows, tieShare: 0)
    }

    /// m*: the mean probability of the highest-scored samples, equal scores in seeded order.
    private func anchor(_ sampling: BetaSampling, _ probabilities: [Double], seed: Int, identity: String) -> Double {
        let count = min(sampling.anchors, labels.count)
        let selection = RankSelection(
            ids: ids, lots: Lots(identity: identity + "/anchor", seed: seed), sizes: [labels.count],
            ranges: [0..<count])
        let rows = rank(selection, highFirst: true, balanced: false).rows
        // In order of size, so that no permutation of the rows changes a bit.
        return rows.map { probabilities[$0] }.sorted().reduce(0, +) / Double(count)
    }

    /// ln(E / weight) of each sample.
    private func times(
        _ shape: (a: Double, b: Double), _ probabilities: [Double], _ lots: Lots
    ) throws(SelectionError) -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(labels.count)
        for row in labels.indices {
            let weight = BetaSampling.logWeight(probability: probabilities[row], score: scores[row], shape: shape)
            guard weight < .infinity else { throw .infiniteWeight(row: row) }
            var stream = lots.stream(ids[row])
            let exponential = -log(1 - stream.uniform())
            times.append(weight == -.infinity ? .infinity : log(exponential) - weight)
        }
        return times
    }

    private func checkPositive(_ times: [Double], _ counts: [Int], _ groups: ClassGroups) throws(SelectionError) {
        var positive = [Int](repeating: 0, count: counts.count)
        for (row, time) in times.enumerated() where time < .infinity {
            positive[groups.balanced ? Int(labels[row]) : 0] += 1
        }
        for (group, count) in counts.enumerated() where positive[group] < count {
            throw .tooFewWeights(label: groups.label(group), positive: positive[group], needed: count)
        }
    }
}
