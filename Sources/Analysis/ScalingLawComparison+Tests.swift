import Fitting
import Foundation
import Statistics

/// Do groups share parameters? The likelihood ratio of one fit with parameters in common against separate fits, for
/// normal errors of the same variance in all groups.
public struct SharingTest: Sendable, Equatable {
    /// What the null hypothesis takes as equal.
    public let parameters: [String]
    /// Points of all groups.
    public let n: Int
    /// n ln(RSS₀/RSS₁), asymptotically χ².
    public let statistic: Double
    public let degreesOfFreedom: Int
    public let pValue: Double
    /// The same comparison for small n: (RSS₀ − RSS₁)/df over RSS₁/(n − k₁).
    public let f: Double
    public let fDenominator: Int
    public let fPValue: Double
    /// Why there is no test, or what makes it rough.
    public let note: String?

    /// - Parameters:
    ///   - sharedRSS, separateRSS: Σ w r² under the null hypothesis, and of the separate fits.
    ///   - sharedCount, separateCount: parameters estimated.
    init(
        parameters: [String], n: Int, sharedRSS: Double, sharedCount: Int, separateRSS: Double, separateCount: Int,
        note: String? = nil
    ) {
        let degrees = separateCount - sharedCount
        let rest = n - separateCount
        self.parameters = parameters
        self.n = n
        degreesOfFreedom = max(0, degrees)
        fDenominator = max(0, rest)
        guard degrees > 0, rest > 0, separateRSS > 0, sharedRSS.isFinite else {
            (statistic, pValue, f, fPValue) = (.nan, .nan, .nan, .nan)
            self.note = note ?? "no test: \(rest <= 0 ? "too few points" : "nothing to test")"
            return
        }
        // Shared fits are searched within bounds of their own: by rounding they may even be the better ones.
        let excess = max(0, sharedRSS - separateRSS)
        statistic = Double(n) * log1p(excess / separateRSS)
        pValue = chiSquareTail(statistic, degrees: Double(degrees))
        f = excess / Double(degrees) / (separateRSS / Double(rest))
        fPValue = fTail(f, numerator: Double(degrees), denominator: Double(rest))
        self.note = note
    }

    private init(noTestOf parameters: [String], because note: String) {
        self.parameters = parameters
        (n, degreesOfFreedom, fDenominator) = (0, 0, 0)
        (statistic, pValue, f, fPValue) = (.nan, .nan, .nan, .nan)
        self.note = note
    }

    /// All parameters of two groups in common: one fit to the points of both.
    init(_ analysis: ScalingLawAnalysis, law: any ScalingLaw, _ fits: [ScalingLawFit], _ groups: [Int]) {
        let estimated = law.parameters.map(\.name).filter { analysis.options.held($0) == nil }
        if analysis.options.loss.isRobust {
            self.init(noTestOf: estimated, because: "no test: a Huber loss is not a likelihood of normal errors")
            return
        }
        var options = analysis.options
        options.shared = []
        let rows = groups.flatMap { analysis.groups[$0].points(analysis.rows, options).fitted.rows }
        let pooled = FitProblem(law, GroupPoints(rows.sorted(), of: analysis.rows, key: []), options)
        if let refusal = pooled.refusal {
            self.init(noTestOf: estimated, because: "no test: the pooled points cannot be fitted: \(refusal)")
            return
        }
        let solution = pooled.solve(options).solution
        let isOnBound = fits.contains { $0.parameters.contains { $0.bound != nil } }
        self.init(
            parameters: estimated, n: fits.map(\.n).reduce(0, +),
            sharedRSS: solution.rss(weights: pooled.points.weights), sharedCount: pooled.estimated.count,
            separateRSS: fits.map(\.rss).reduce(0, +), separateCount: fits.map(\.estimated).reduce(0, +),
            note: isOnBound ? "a parameter is on a bound: the p-values are rough" : nil)
    }
}
