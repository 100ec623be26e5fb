internal import LinearAlgebra
internal import Statistics

/// What the curvature at an optimum says about its parameters, asymptotically.
///
/// Legend: n residuals, p parameters. Residuals and Jacobian are those that the loss sees: √w (f − y) or
/// √w (ln f − ln y) and their derivatives.
public struct ParameterUncertainty: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// s² (JᵀJ)⁻¹: independent errors of equal variance.
        case leastSquares
        /// The sandwich over whole clusters (CR1), for errors that hang together within a cluster.
        case clustered(Int)
        /// Huber's M-estimator covariance.
        case robust
    }

    public let kind: Kind
    /// Rows and columns of a parameter that the data do not determine are NaN, [p, p] row-major.
    public let covariance: [Double]
    /// NaN where not determined, [p].
    public let standardErrors: [Double]
    /// Of the Jacobian with its columns scaled to length 1, so that units do not matter.
    public let conditionNumber: Double
    /// Which parameters lie in a direction that does not change the residuals.
    public let undetermined: [Bool]
    /// The same, by direction: parameters of a group cannot be told apart, one alone has no influence at all.
    public let undeterminedGroups: [[Int]]
    /// Parameters whose common change alters the residuals least.
    public let weakest: [Int]
    /// The variance of a new residual of weight 1; NaN without degrees of freedom.
    public let variance: Double
    /// Of Student's t for intervals: n − p, or the number of clusters less one.
    public let degreesOfFreedom: Int

    /// covariance = factor · factorᵀ, [p, m]: variances of combinations without the cancellation in gᵀCg.
    private let factor: Matrix
    private let directions: DeterminedDirections?

    /// s² (JᵀJ)⁻¹.
    ///
    /// - Parameters:
    ///   - jacobian: ∂r/∂p at the optimum, [n, p] row-major. Where it is not finite nothing is determined.
    ///   - parameterCount: p.
    ///   - variance: s², the residual variance, rss / (n − p); NaN when there are no degrees of freedom.
    ///   - degreesOfFreedom: n − p where not given.
    public init(
        jacobian values: [Double], parameterCount p: Int, variance: Double, degreesOfFreedom: Int? = nil
    ) {
        let scaled = ScaledJacobian(values, parameterCount: p)
        let n = p > 0 ? values.count / p : 0
        self.init(
            kind: .leastSquares, scaled, parameterCount: p, factor: scaled?.factor, scale: variance, variance: variance,
            degreesOfFreedom: degreesOfFreedom ?? max(0, n - p))
    }

    /// - Parameters:
    ///   - factor: [p, m]; the covariance is scale · factor · factorᵀ.
    init(
        kind: Kind, _ scaled: ScaledJacobian?, parameterCount p: Int, factor unscaled: Matrix?, scale: Double,
        variance: Double, degreesOfFreedom: Int
    ) {
        self.kind = kind
        self.variance = variance
        self.degreesOfFreedom = degreesOfFreedom
        directions = scaled?.directions
        guard let scaled, let unscaled else {
            factor = Matrix(rows: p, columns: 0)
            covariance = [Double](repeating: .nan, count: p * p)
            standardErrors = [Double](repeating: .nan, count: p)
            conditionNumber = .infinity
            undetermined = [Bool](repeating: true, count: p)
            undeterminedGroups = p > 0 ? [Array(0..<p)] : []
            weakest = []
            return
        }
        var factor = unscaled
        let root = scale.squareRoot()
        for i in factor.values.indices { factor.values[i] *= root }
        self.factor = factor
        conditionNumber = scaled.conditionNumber
        let groups = scaled.directions.undeterminedGroups
        var undetermined = [Bool](repeating: false, count: p)
        for j in groups.joined() { undetermined[j] = true }
        var covariance = [Double](repeating: .nan, count: p * p)
        for a in 0..<p where !undetermined[a] {
            for b in 0..<p where !undetermined[b] {
                covariance[a * p + b] = (0..<factor.columns).reduce(0) { $0 + factor[a, $1] * factor[b, $1] }
            }
        }
        self.covariance = covariance
        self.undetermined = undetermined
        undeterminedGroups = groups
        weakest = scaled.directions.weakest
        standardErrors = (0..<p).map { covariance[$0 * p + $0].squareRoot() }
    }

    public func covariance(_ a: Int, _ b: Int) -> Double { covariance[a * standardErrors.count + b] }

    public func correlation(_ a: Int, _ b: Int) -> Double {
        covariance[a * standardErrors.count + b] / (standardErrors[a] * standardErrors[b])
    }

    /// The standard error of a function of the parameters with this gradient, [p], at the optimum (delta method); NaN
    /// where the data do not determine it. It may be determined though single parameters are not.
    public func standardError(of gradient: [Double]) -> Double {
        parts(of: gradient).map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() } ?? .nan
    }

    /// Independent parts of the deviation of a function with this gradient, [p]: their squares add up to its variance,
    /// their products with another's to the covariance of both. nil where the data do not determine it.
    public func parts(of gradient: [Double]) -> [Double]? {
        let p = standardErrors.count
        precondition(gradient.count == p, "a gradient of \(p) parameters has \(p) elements, not \(gradient.count)")
        if p == 0 { return [] }
        guard let directions, directions.undeterminedShare(of: gradient) < 1e-6 else { return nil }
        return (0..<factor.columns).map { m in
            (0..<p).reduce(0) { $0 + (gradient[$1] == 0 ? 0 : gradient[$1] * factor[$1, m]) }
        }
    }
}

/// The two-sided quantile of Student's t: the estimate ± this many standard errors holds the truth at `level`.
public func studentQuantile(level: Double, degreesOfFreedom: Int) -> Double {
    precondition(level > 0 && level < 1, "a level lies between 0 and 1, not \(level)")
    return degreesOfFreedom > 0 ? tQuantile(0.5 + level / 2, degrees: Double(degreesOfFreedom)) : .nan
}
