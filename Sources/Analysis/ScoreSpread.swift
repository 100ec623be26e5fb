import Statistics
import Tables

/// How widely a difficulty score is spread over samples, free of the score's scale: EL2N under hard and soft labels, or
/// at two temperatures, differ in unit, and only such measures compare. Source: paper 1, figure 2(b).
public struct ScoreSpread: Sendable, Equatable {
    public let name: String
    /// Samples.
    public let n: Int
    /// In the unit of the score, as its deviation (n − 1).
    public let mean: Double
    public let deviation: Double
    /// Coefficient of variation, deviation / mean; nil where the mean is not above 0.
    public let variation: Double?
    /// Quartile dispersion (Q3 − Q1)/(Q3 + Q1), which tails do not move; nil where the quartiles' sum is not above 0.
    public let quartileDispersion: Double?
    /// At 0, 5, 25, 50, 75, 95 and 100 %.
    public let quantiles: [Double]
    /// Shares of the samples in `bins` equal parts from the least score to the greatest; one part where they are equal.
    public let shares: [Double]

    public static let quantileShares = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]

    /// Nil below two scores, and where one is not finite.
    public init?(_ name: String, _ scores: [Double], bins: Int = 50) {
        precondition(bins > 0, "a histogram has bins")
        guard let deviation = standardDeviation(scores), deviation.isFinite, scores.allSatisfy(\.isFinite) else {
            return nil
        }
        let sorted = scores.sorted()
        let isConstant = sorted[0] == sorted[sorted.count - 1]
        self.name = name
        n = scores.count
        // Of equal scores, not of the rounding of their sum.
        mean = isConstant ? sorted[0] : Statistics.mean(scores)
        self.deviation = isConstant ? 0 : deviation
        variation = mean > 0 ? self.deviation / mean : nil
        quantiles = Self.quantileShares.map { quantile($0, ofSorted: sorted) }
        let (first, third) = (quantiles[2], quantiles[4])
        quartileDispersion = first + third > 0 ? (third - first) / (third + first) : nil
        let (least, width) = (sorted[0], (sorted[sorted.count - 1] - sorted[0]) / Double(bins))
        var counts = [Int](repeating: 0, count: isConstant ? 1 : bins)
        for score in scores { counts[width > 0 ? min(counts.count - 1, Int((score - least) / width)) : 0] += 1 }
        let total = Double(scores.count)
        shares = counts.map { Double($0) / total }
    }

    /// One row per distribution.
    public static func table(_ spreads: [ScoreSpread]) -> Table {
        Table(
            [
                Column("scores", spreads.map(\.name)), Column("n", spreads.map(\.n)),
                Column("mean", spreads.map(\.mean)),
                Column("std", spreads.map(\.deviation)), Column("cv", spreads.map { $0.variation ?? .nan }),
                Column("quartile_dispersion", spreads.map { $0.quartileDispersion ?? .nan }),
            ]
                + quantileShares.enumerated().map { i, share in
                    Column("q\(shortest(share * 100))", spreads.map { $0.quantiles[i] })
                })
    }

    /// Figure 2(b): one row per bin, with its middle in units of the score and of the distribution's mean.
    public static func histogram(_ spreads: [ScoreSpread]) -> Table {
        let rows = spreads.flatMap { spread in spread.shares.indices.map { (spread, $0) } }
        func middle(_ spread: ScoreSpread, _ bin: Int) -> Double {
            let width = (spread.quantiles[6] - spread.quantiles[0]) / Double(spread.shares.count)
            return spread.quantiles[0] + (Double(bin) + 0.5) * width
        }
        return Table([
            Column("scores", rows.map(\.0.name)), Column("score", rows.map { middle($0.0, $0.1) }),
            Column("score_by_mean", rows.map { $0.0.mean > 0 ? middle($0.0, $0.1) / $0.0.mean : .nan }),
            Column("share", rows.map { $0.0.shares[$0.1] }),
        ])
    }

    /// The form `assay-spread`, version 1.
    public static func json(_ spreads: [ScoreSpread]) -> JSON {
        [
            "format": "assay-spread", "version": 1,
            "distributions": .array(table(spreads).objects(integers: ["n"])),
            "histograms": .array(histogram(spreads).objects()),
        ]
    }

    /// A sentence per distribution beside the first one.
    public static func explanation(_ spreads: [ScoreSpread]) -> [String] {
        var lines = ["cv: standard deviation / mean; quartile_dispersion: (Q3 − Q1)/(Q3 + Q1). Neither has a unit."]
        for spread in spreads where spread.quantiles[0] == spread.quantiles[6] {
            lines.append("warning: \(spread.name): all \(spread.n) scores are \(shortest(spread.mean)).")
        }
        guard let first = spreads.first else { return lines }
        for other in spreads.dropFirst() {
            func times(_ a: Double?, _ b: Double?) -> String {
                guard let a, let b, a > 0 else { return "undefined" }
                return "× \(significant(b / a, digits: 3))"
            }
            lines.append(
                "\(other.name) (n=\(other.n)) beside \(first.name) (n=\(first.n)): cv "
                    + "\(times(first.variation, other.variation)), quartile dispersion "
                    + "\(times(first.quartileDispersion, other.quartileDispersion)).")
        }
        return lines
    }
}
