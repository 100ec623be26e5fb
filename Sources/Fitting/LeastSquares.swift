/// A nonlinear least-squares problem: n residuals of p parameters, and their exact derivatives.
///
/// A residual that is not finite marks a point that the search avoids, not a failure.
public struct LeastSquaresProblem {
    public typealias Fill = (_ parameters: UnsafeBufferPointer<Double>, _ out: UnsafeMutableBufferPointer<Double>) ->
        Void

    public let residualCount: Int
    public let parameterCount: Int
    /// Fills the residuals, [n].
    public let residuals: Fill
    /// Fills the Jacobian, [n, p] row-major.
    public let jacobian: Fill

    public init(
        residualCount: Int, parameterCount: Int, residuals: @escaping Fill, jacobian: @escaping Fill
    ) {
        precondition(
            residualCount >= parameterCount && parameterCount > 0,
            "\(residualCount) residuals cannot determine \(parameterCount) parameters")
        self.residualCount = residualCount
        self.parameterCount = parameterCount
        self.residuals = residuals
        self.jacobian = jacobian
    }
}

/// A trust-region method. `lm` and `lmaccel` fail on different problems; the better of several solves what each alone
/// does not.
public enum Algorithm: String, Sendable, CaseIterable {
    case lm, lmaccel, dogleg
}

public struct LeastSquaresOptions: Sendable, Equatable {
    /// Methods in the order in which they are tried; a later one is asked when the earlier ones have not converged.
    public var algorithms: [Algorithm] = Algorithm.allCases
    public var iterations = 200
    /// Converged where the cosine between the residuals and each column of the Jacobian is at most this.
    public var gradientTolerance = 1e-10
    /// The search also stops where every parameter moves by less than this share of itself.
    public var stepTolerance = 1e-13

    public init() {}
}

public struct LeastSquaresSolution: Sendable, Equatable {
    public var parameters: [Double]
    /// The sum of squared residuals.
    public var rss: Double
    /// The largest cosine between the residuals and a column of the Jacobian: 0 at an exact stationary point.
    public var gradientCosine: Double
    public var iterations: Int
    public var algorithm: Algorithm
    public var termination: Termination
}

/// Minimises the sum of squares from one start by each algorithm in turn, until one converges; the best is returned.
public func minimize(
    _ problem: LeastSquaresProblem, from start: [Double], options: LeastSquaresOptions = .init()
) -> LeastSquaresSolution {
    precondition(!options.algorithms.isEmpty, "no algorithm was named")
    let solver = TrustRegion(problem)
    var best = solver.solve(from: start, by: options.algorithms[0], options: options)
    for algorithm in options.algorithms.dropFirst() where !best.termination.isConverged {
        let next = solver.solve(from: best.parameters, by: algorithm, options: options)
        if next.rss < best.rss || (next.rss == best.rss && next.termination.isConverged) { best = next }
    }
    return best
}
