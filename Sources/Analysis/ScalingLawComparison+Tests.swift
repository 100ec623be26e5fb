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

    /// Two groups: all parameters in common, which is one fit to the points of both, those that the
    /// fits share, and each parameter by itself.
    static func all(_ analysis: ScalingLawAnalysis, law: any ScalingLaw, _ groups: [Int]) -> [SharingTest] {
        let names = law.parameters.map(\.name).filter { analysis.options.held($0) == nil }
        if analysis.options.loss.isRobust {
            return [SharingTest(noTestOf: names, because: "no test: a Huber loss is not a likelihood of normal errors")]
        }
        if analysis.rows.columns.cluster != nil {
            return [SharingTest(noTestOf: names, because: "no test: points are clustered")]
        }
        var options = analysis.options
        options.shared = []
        let points = groups.map { analysis.groups[$0].points(analysis.data, options).fitted }
        let problems = points.map { FitProblem(law, $0, options) }
        guard problems.allSatisfy({ $0.refusal == nil }) else {
            return [SharingTest(noTestOf: names, because: "no test: a group cannot be fitted by itself")]
        }
        let separate = SeparateFits(problems, options)
        let all = separate.test(of: names, pooled: GroupPoints(points.flatMap(\.rows), of: analysis.data, key: []))
        if names.count < 2 { return [all] }
        // What the fits themselves share is the hypothesis that was asked about.
        let asked = names.filter(analysis.options.shared.contains)
        let together = asked.count > 1 && asked.count < names.count ? [separate.test(of: asked)].compactMap(\.self) : []
        return [all] + together + names.compactMap { separate.test(of: [$0]) }
    }

    fileprivate static func none(_ parameters: [String], because note: String) -> SharingTest {
        SharingTest(noTestOf: parameters, because: note)
    }
}

/// The alternative of every test: each group with parameters of its own.
private struct SeparateFits {
    private let problems: [FitProblem]
    private let options: ScalingLawOptions
    private let rss: Double
    private let count: Int
    private let note: String?

    private var n: Int { problems.reduce(0) { $0 + $1.points.count } }

    init(_ problems: [FitProblem], _ options: ScalingLawOptions) {
        self.problems = problems
        self.options = options
        let estimates = problems.map { $0.solve(options) }
        rss = zip(problems, estimates).reduce(0) { $0 + $1.1.solution.rss(weights: $1.0.points.weights) }
        count = problems.reduce(0) { $0 + $1.estimated.count }
        let isOnBound = estimates.contains { $0.sides.contains { $0 != nil } }
        note = isOnBound ? "a parameter is on a bound: the p-values are rough" : nil
    }

    /// All parameters in common.
    func test(of names: [String], pooled points: GroupPoints) -> SharingTest {
        let pooled = FitProblem(problems[0].law, points, options)
        if let refusal = pooled.refusal {
            return .none(names, because: "no test: the pooled points cannot be fitted: \(refusal)")
        }
        return SharingTest(
            parameters: names, n: n, sharedRSS: pooled.solve(options).solution.rss(weights: points.weights),
            sharedCount: pooled.estimated.count, separateRSS: rss, separateCount: count, note: note)
    }

    /// Some parameters in common; nil where a group does not determine one of them.
    func test(of names: [String]) -> SharingTest? {
        var options = options
        options.shared = names
        let places = problems[0].law.parameters.indices.filter { names.contains(problems[0].law.parameters[$0].name) }
        guard problems.allSatisfy({ problem in places.allSatisfy(problem.estimated.contains) }) else { return nil }
        let sharing = problems.map { FitProblem($0.law, $0.points, options) }
        guard let together = SharedFitProblem(sharing) else { return nil }
        let estimates = together.solve(options)
        let rss = zip(sharing, estimates).reduce(0) { $0 + $1.1.solution.rss(weights: $1.0.points.weights) }
        return SharingTest(
            parameters: names, n: n, sharedRSS: rss, sharedCount: count - names.count * (problems.count - 1),
            separateRSS: self.rss, separateCount: count, note: note)
    }
}
