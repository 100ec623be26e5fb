import Fitting

/// What one group's parameters owe to those that all groups share.
struct JointCovariance: Sendable, Equatable {
    /// How this group's parameters move with the shared ones, [p, q].
    let response: [Double]
    /// Of the shared parameters, [q, q].
    let shared: [Double]

    /// gᵀ Cov h, where Cov is between this group's parameters and another's: R Cov_shared R′ᵀ.
    func common(_ gradient: [Double], with other: JointCovariance, _ otherGradient: [Double]) -> Double {
        let q = Int(Double(shared.count).squareRoot())
        func along(_ response: [Double], _ gradient: [Double]) -> [Double] {
            (0..<q).map { k in
                gradient.indices.reduce(0) { $0 + (gradient[$1] == 0 ? 0 : gradient[$1] * response[$1 * q + k]) }
            }
        }
        let (a, b) = (along(response, gradient), along(other.response, otherGradient))
        var sum = 0.0
        for k in 0..<q where a[k] != 0 { for l in 0..<q where b[l] != 0 { sum += a[k] * shared[k * q + l] * b[l] } }
        return sum
    }
}

/// Groups that are fitted together because they share parameters.
struct SharedFitProblem {
    private let problems: [FitProblem]
    /// Shared and not held.
    private let shared: [Int]

    /// nil where nothing is shared: a law without such parameters, or fewer than two groups that can be fitted.
    init?(_ problems: [FitProblem]) {
        guard let first = problems.first, problems.count > 1 else { return nil }
        shared = first.estimated.filter { first.isShared[$0] }
        self.problems = problems
        if shared.isEmpty { return nil }
    }

    /// Points and estimated parameters of all groups.
    private var pointCount: Int { problems.reduce(0) { $0 + $1.points.count } }
    private var parameterCount: Int {
        shared.count + problems.reduce(0) { $0 + $1.estimated.count { !shared.contains($0) } }
    }

    /// Why the groups together cannot be fitted.
    var refusal: String? {
        pointCount < parameterCount
            ? "\(pointCount) points of all groups cannot determine \(parameterCount) parameters" : nil
    }

    func solve(_ options: ScalingLawOptions) -> [FitEstimate] {
        let searches = problems.map(\.search)
        var searching = CurveFitOptions()
        searching.starts = options.starts
        searching.start = problems[0].start(options, searches[0])
        let solutions = fitShared(
            zip(searches, problems).map { ($0.model, $1.data) }, shared: shared, loss: options.loss, options: searching)
        return problems.indices.map { FitEstimate(problems[$0], searches[$0], solutions[$0]) }
    }

    /// The criteria of all groups together: they share a likelihood.
    func criteria(_ estimates: [FitEstimate]) -> (aicc: Double, bic: Double) {
        FitStatistics.criteria(rss: rss(estimates), n: Double(pointCount), counted: Double(parameterCount + 1))
    }

    private func rss(_ estimates: [FitEstimate]) -> Double {
        zip(problems, estimates).reduce(0) { $0 + $1.1.solution.rss(weights: $1.0.points.weights) }
    }

    /// s² (JᵀJ)⁻¹ of all parameters, J with a block per group and columns for the shared ones. Each group's own
    /// parameters are projected out, so that the work grows linearly with the groups.
    func uncertainties(_ estimates: [FitEstimate]) -> [FitUncertainty] {
        let degrees = pointCount - parameterCount
        let variance = degrees > 0 ? rss(estimates) / Double(degrees) : .nan
        let moving = shared.filter { j in estimates.allSatisfy { $0.free.contains(j) } }
        let blocks = zip(problems, estimates).map { SharedBlock($0, $1, shared: moving) }
        let ofShared = ParameterUncertainty(
            jacobian: blocks.flatMap(\.rest), parameterCount: moving.count, variance: variance,
            degreesOfFreedom: max(0, degrees))
        return blocks.map { block in
            FitUncertainty(
                covariance: block.covariance(ofShared.covariance, variance: variance),
                conditionNumber: max(block.conditionNumber, ofShared.conditionNumber),
                undetermined: block.undetermined + ofShared.undeterminedGroups.map { $0.map { moving[$0] } },
                variance: variance, degrees: degrees,
                joint: JointCovariance(response: block.response, shared: ofShared.covariance))
        }
    }
}

/// One group's part of the joint Jacobian: L of its own free parameters, S of the shared ones.
private struct SharedBlock {
    /// S − L L⁺ S, [n, q] row-major: what the group says about the shared parameters.
    let rest: [Double]
    /// How all parameters move with the shared ones, [p, q]: 1 for itself, −L⁺S for the group's own.
    let response: [Double]
    let conditionNumber: Double
    let undetermined: [[Int]]
    private let own: [Int]
    /// (LᵀL)⁻¹
    private let inverse: [Double]
    private let parameterCount: Int

    init(_ problem: FitProblem, _ estimate: FitEstimate, shared: [Int]) {
        let (n, p) = (problem.points.count, estimate.parameters.count)
        let own = estimate.free.filter { !shared.contains($0) }
        let (l, q) = (own.count, shared.count)
        let jacobian = Self.jacobian(problem, estimate)
        func column(_ j: Int, _ i: Int) -> Double { jacobian[i * p + j] }
        let alone = ParameterUncertainty(
            jacobian: (0..<n).flatMap { i in own.map { column($0, i) } }, parameterCount: l, variance: 1)
        let inverse = alone.covariance.map { $0.isNaN ? 0 : $0 }
        var rest = (0..<n).flatMap { i in shared.map { column($0, i) } }
        var response = [Double](repeating: 0, count: p * q)
        // Twice, so that what rounding leaves of L in the rest is taken out as well.
        for _ in 0..<2 {
            for k in 0..<q {
                let products = own.map { j in (0..<n).reduce(0) { $0 + column(j, $1) * rest[$1 * q + k] } }
                for s in 0..<l {
                    let step = (0..<l).reduce(0) { $0 + inverse[s * l + $1] * products[$1] }
                    response[own[s] * q + k] -= step
                    for i in 0..<n { rest[i * q + k] -= column(own[s], i) * step }
                }
            }
        }
        for (k, j) in shared.enumerated() { response[j * q + k] = 1 }
        (self.rest, self.response, self.own, self.inverse) = (rest, response, own, inverse)
        conditionNumber = l > 0 ? alone.conditionNumber : 1
        undetermined = alone.undeterminedGroups.map { $0.map { own[$0] } }
        parameterCount = p
    }

    /// √w ∂r/∂p, [n, p] row-major.
    private static func jacobian(_ problem: FitProblem, _ estimate: FitEstimate) -> [Double] {
        let p = estimate.parameters.count
        var rows = estimate.model.jacobian(estimate.parameters)
        let values = problem.loss.isLogarithmic ? estimate.model.values(estimate.parameters) : nil
        for i in 0..<problem.points.count {
            let factor = (problem.points.weights?[i] ?? 1).squareRoot() / (values?[i] ?? 1)
            for j in i * p..<(i + 1) * p { rows[j] *= factor }
        }
        return rows
    }

    /// s² (LᵀL)⁻¹ of the group's own parameters and R Cov_shared Rᵀ, [p, p].
    func covariance(_ ofShared: [Double], variance: Double) -> [Double] {
        let p = parameterCount
        let q = Int(Double(ofShared.count).squareRoot())
        var result = [Double](repeating: 0, count: p * p)
        for (s, a) in own.enumerated() {
            for (t, b) in own.enumerated() { result[a * p + b] = variance * inverse[s * own.count + t] }
        }
        for a in 0..<p {
            for b in 0..<p {
                for k in 0..<q where response[a * q + k] != 0 {
                    for l in 0..<q where response[b * q + l] != 0 {
                        result[a * p + b] += response[a * q + k] * ofShared[k * q + l] * response[b * q + l]
                    }
                }
            }
        }
        for j in undetermined.joined() { for k in 0..<p { (result[j * p + k], result[k * p + j]) = (.nan, .nan) } }
        return result
    }
}
