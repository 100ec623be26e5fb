import Fitting

/// How one group's parameters deviate, by themselves and with those that all groups share.
struct JointCovariance: Sendable, Equatable {
    /// Free parameters of this group only.
    let own: [Int]
    /// Of the own ones where the shared are known.
    let ofOwn: ParameterUncertainty
    /// How this group's parameters move with the shared ones, [p, q].
    let response: [Double]
    let ofShared: ParameterUncertainty
    /// Where errors hang together within clusters: how far each moves the independent parts, [C, parts] of the own and
    /// of the shared ones, CR1's correction included.
    let clusters: (own: [[Double]], shared: [[Double]])?

    static func == (a: Self, b: Self) -> Bool {
        a.own == b.own && a.ofOwn == b.ofOwn && a.response == b.response && a.ofShared == b.ofShared
            && a.clusters?.own == b.clusters?.own && a.clusters?.shared == b.clusters?.shared
    }

    /// Of a quantity with these derivatives by this group's parameters, [p]; NaN where it is not determined.
    func standardError(of gradient: [Double]) -> Double {
        parts(of: gradient).map { Self.length($0.own + $0.common) } ?? .nan
    }

    /// Of the difference of two groups' quantities. What both owe to the shared parameters is subtracted before it is
    /// squared, so that it cancels without a loss of digits.
    func standardError(of gradient: [Double], less other: JointCovariance, _ otherGradient: [Double]) -> Double {
        guard let a = parts(of: gradient), let b = other.parts(of: otherGradient) else { return .nan }
        return Self.length(a.own + b.own + zip(a.common, b.common).map { $0 - $1 })
    }

    /// Between all parameters, [p, p]: zero where one is not free, NaN where one is not determined.
    func covariance(free: [Int], count p: Int) -> [Double] {
        let parts = free.map { j in self.parts(of: (0..<p).map { $0 == j ? 1 : 0 }).map { $0.own + $0.common } }
        var result = [Double](repeating: 0, count: p * p)
        for (s, a) in free.enumerated() {
            for (t, b) in free.enumerated() {
                guard let first = parts[s], let second = parts[t] else {
                    result[a * p + b] = .nan
                    continue
                }
                result[a * p + b] = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        return result
    }

    /// Independent parts of a deviation: those of this group, and those common to all groups.
    private func parts(of gradient: [Double]) -> (own: [Double], common: [Double])? {
        let q = ofShared.standardErrors.count
        let along = (0..<q).map { k in
            gradient.indices.reduce(0) { $0 + (gradient[$1] == 0 ? 0 : gradient[$1] * response[$1 * q + k]) }
        }
        guard let own = ofOwn.parts(of: own.map { gradient[$0] }), let common = ofShared.parts(of: along) else {
            return nil
        }
        guard let clusters else { return (own, common) }
        return ([], zip(clusters.own, clusters.shared).map { Self.dot(own, $0) + Self.dot(common, $1) })
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private static func length(_ parts: [Double]) -> Double { parts.reduce(0) { $0 + $1 * $1 }.squareRoot() }
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

    /// s² (JᵀJ)⁻¹ of all parameters, under Huber's losses with his M-estimator's s² (Huber 1981, section 7.6), or the
    /// sandwich over clusters (CR1), a cluster of the same name in several groups being one; J has a block per group and
    /// columns for the shared ones. Each group's own parameters are projected out, so that the work grows linearly with
    /// the groups.
    func uncertainties(_ estimates: [FitEstimate]) -> [FitUncertainty] {
        let degrees = pointCount - parameterCount
        let residualVariance = degrees > 0 ? rss(estimates) / Double(degrees) : .nan
        let clusters = self.clusters
        let influences = influences(estimates)
        let squares = influences.joined().reduce(0) { $0 + $1 * $1 }
        let variance = clusters != nil ? 1 : degrees > 0 ? squares / Double(degrees) : .nan
        let moving = shared.filter { j in estimates.allSatisfy { $0.free.contains(j) } }
        let blocks = zip(problems, estimates).map { SharedBlock($0, $1, shared: moving) }
        let ofShared = ParameterUncertainty(
            jacobian: blocks.flatMap(\.rest), parameterCount: moving.count, variance: variance,
            degreesOfFreedom: max(0, degrees))
        let alone = blocks.map { $0.alone(variance: variance) }
        var moved: (own: [[[Double]]], shared: [[Double]])?
        if let clusters {
            moved = ClusterScores.all(
                clusters, influences, own: zip(blocks, alone).map { ($0.slopes, $1) },
                shared: (blocks.map(\.rest), ofShared), estimatedCount: parameterCount)
        }
        let usual: ParameterUncertainty.Kind = problems[0].loss.isRobust ? .robust : .leastSquares
        let kind = clusters.map { .clustered($0.count) } ?? usual
        return blocks.indices.map { g in
            let (block, estimate) = (blocks[g], estimates[g])
            let joint = JointCovariance(
                own: block.own, ofOwn: alone[g], response: block.response, ofShared: ofShared,
                clusters: moved.map { ($0.own[g], $0.shared) })
            return FitUncertainty(
                covariance: joint.covariance(free: estimate.free, count: estimate.parameters.count),
                conditionNumber: max(block.conditionNumber, ofShared.conditionNumber),
                undetermined: block.undetermined + ofShared.undeterminedGroups.map { $0.map { moving[$0] } },
                variance: residualVariance, degrees: degrees, kind: kind, joint: joint)
        }
    }

    /// The cluster of each point, group by group, counted from 0 over all groups; nil where there are none.
    private var clusters: (codes: [[Int]], count: Int)? {
        guard let names = problems.first?.points.data.rows.clusters else { return nil }
        var known: [String: Int] = [:]
        let codes = problems.map { problem in
            problem.points.rows.map { row -> Int in
                let code = known[names[row]] ?? known.count
                known[names[row]] = code
                return code
            }
        }
        return (codes, known.count)
    }

    /// What moves the estimates, of the points group by group.
    private func influences(_ estimates: [FitEstimate]) -> [[Double]] {
        let residuals = estimates.flatMap(\.solution.residuals)
        let weights = problems.flatMap { $0.points.weights ?? [Double](repeating: 1, count: $0.points.count) }
        let all = problems[0].loss.influences(residuals, weights: weights)
        var first = 0
        return problems.map { problem in
            defer { first += problem.points.count }
            return Array(all[first..<first + problem.points.count])
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
    let own: [Int]
    /// L, [n, l] row-major.
    let slopes: [Double]

    init(_ problem: FitProblem, _ estimate: FitEstimate, shared: [Int]) {
        let (n, p) = (problem.points.count, estimate.parameters.count)
        let own = estimate.free.filter { !shared.contains($0) }
        let (l, q) = (own.count, shared.count)
        let jacobian = Self.jacobian(problem, estimate)
        func column(_ j: Int, _ i: Int) -> Double { jacobian[i * p + j] }
        let slopes = (0..<n).flatMap { i in own.map { column($0, i) } }
        let alone = ParameterUncertainty(jacobian: slopes, parameterCount: l, variance: 1)
        // L = U F⁺ with orthonormal U, and L⁺ = F Uᵀ: no products of L with itself, which lose digits.
        let none = [Double](repeating: 0, count: (alone.parts(of: [Double](repeating: 0, count: l)) ?? []).count)
        let basis = (0..<n).map { alone.parts(of: Array(slopes[$0 * l..<($0 + 1) * l])) ?? none }
        let root = (0..<l).map { s in alone.parts(of: (0..<l).map { $0 == s ? 1 : 0 }) ?? none }
        var rest = (0..<n).flatMap { i in shared.map { column($0, i) } }
        var response = [Double](repeating: 0, count: p * q)
        // Twice, so that what rounding leaves of L in the rest is taken out as well.
        for _ in 0..<2 {
            for k in 0..<q {
                for m in none.indices {
                    let step = (0..<n).reduce(0) { $0 + basis[$1][m] * rest[$1 * q + k] }
                    for s in 0..<l { response[own[s] * q + k] -= root[s][m] * step }
                    for i in 0..<n { rest[i * q + k] -= basis[i][m] * step }
                }
            }
        }
        for (k, j) in shared.enumerated() { response[j * q + k] = 1 }
        (self.rest, self.response, self.own, self.slopes) = (rest, response, own, slopes)
        conditionNumber = l > 0 ? alone.conditionNumber : 1
        undetermined = alone.undeterminedGroups.map { $0.map { own[$0] } }
    }

    /// Of the group's own parameters where the shared are known: s² (LᵀL)⁻¹.
    func alone(variance: Double) -> ParameterUncertainty {
        ParameterUncertainty(jacobian: slopes, parameterCount: own.count, variance: variance)
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
}
