extension RegimeComparison {
    /// What the comparisons of one regime and size say together.
    public struct Claim: Sendable, Equatable {
        public var group: [String]
        public var regime: String
        public var ipc: Double?
        public var random: String
        /// Methods beside random images, by their verdicts.
        public var better: [String] = []
        public var worse: [String] = []
        public var onPar: [String] = []
        public var undecided: [String] = []
        /// Whether the quality of the images has no effect: `equivalent` where every method is equivalent to random images
        /// (p is the largest of theirs, which needs no adjustment), `different` where one is not.
        public var quality: DifferenceVerdict
        public var pQuality: Double?
        /// The margin from which on `quality` would be equivalent; nil where a test could not be made.
        public var leastMargin: Double?
        /// The gain farthest from 0.
        public var furthest: Comparison
        /// The gap of the method with the least error; nil where there is no row of the whole data set. Equivalent:
        /// saturated.
        public var leastGap: Comparison?
    }

    /// One claim per group, size and regime in which there are random images.
    public var claims: [Claim] {
        var claims: [Claim] = []
        let regimes = Self.ordered(cells.map(\.regime), options)
        var places: [(group: [String], ipc: Double?)] = []
        for gain in gains where !places.contains(where: { $0.group == gain.cell.group && $0.ipc == gain.cell.ipc }) {
            places.append((gain.cell.group, gain.cell.ipc))
        }
        for (group, ipc) in places {
            for regime in regimes {
                func isHere(_ comparison: Comparison) -> Bool {
                    comparison.cell.group == group && comparison.cell.ipc == ipc && comparison.cell.regime == regime
                }
                if let claim = claim(gains.filter(isHere), gaps.filter(isHere)) { claims.append(claim) }
            }
        }
        return claims
    }

    private func claim(_ gains: [Comparison], _ gaps: [Comparison]) -> Claim? {
        let sorted = gains.sorted { abs($0.contrast.difference) > abs($1.contrast.difference) }
        guard let furthest = sorted.first else { return nil }
        let alpha = 1 - options.level
        let pValues = gains.map(\.contrast.pEquivalent)
        let margins = gains.compactMap(\.contrast.leastMargin)
        let pQuality = pValues.contains(nil) ? nil : pValues.compactMap { $0 }.max()
        let surely = gains.compactMap(\.pDifferent).min()
        var claim = Claim(
            group: furthest.cell.group, regime: furthest.cell.regime, ipc: furthest.cell.ipc,
            random: furthest.other.method,
            quality: DifferenceVerdict(different: surely, equivalent: pQuality, alpha: alpha), pQuality: pQuality,
            leastMargin: margins.count == gains.count ? margins.max() : nil, furthest: furthest,
            leastGap: gaps.min { $0.cell.error.mean < $1.cell.error.mean })
        for gain in gains {
            switch gain.verdict {
            case .equivalent: claim.onPar.append(gain.cell.method)
            case .cannotTell: claim.undecided.append(gain.cell.method)
            case .different where gain.contrast.difference > 0: claim.better.append(gain.cell.method)
            case .different: claim.worse.append(gain.cell.method)
            }
        }
        return claim
    }

    /// DD-Ranking's label-robust score of a method in a soft regime, where the table has all four accuracies.
    public struct LabelRobustness: Sendable, Equatable {
        public var cell: Cell
        public var score: Double
    }

    /// The regime of hard labels is the first of the order.
    public var labelRobustness: [LabelRobustness] {
        guard let hard = options.softening.first else { return [] }
        return gains.compactMap { gain in
            let cell = gain.cell
            guard cell.regime != hard else { return nil }
            let distilled = cells.first {
                $0.group == cell.group && $0.regime == hard && $0.ipc == cell.ipc && $0.method == cell.method
            }
            let real = gaps.first {
                $0.other.regime == hard && $0.cell.group == cell.group && $0.cell.ipc == cell.ipc
            }
            guard let distilled, let real else { return nil }
            // Errors were checked to be fractions.
            let score = try? DDRanking.labelRobustScore(
                realHard: 1 - real.other.error.mean, distilledHard: 1 - distilled.error.mean,
                distilledSoft: 1 - cell.error.mean, randomSoft: 1 - gain.other.error.mean)
            return score.map { LabelRobustness(cell: cell, score: $0) }
        }
    }
}
