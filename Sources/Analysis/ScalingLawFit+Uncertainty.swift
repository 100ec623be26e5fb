import Fitting
import Foundation

/// The covariance of the parameters at an estimate.
struct FitUncertainty: Sendable {
    /// [p, p] over all parameters: zero where one is not free, NaN where the data do not determine it.
    var covariance: [Double]
    var conditionNumber: Double
    /// Free parameters that the data do not determine.
    var undetermined: [Int]
    /// s² at weight 1.
    var variance: Double
    /// n less the estimated parameters.
    var degrees: Int
    /// Of Student's t.
    var quantileDegrees: Int
    var joint: JointCovariance?

    func error(_ j: Int) -> Double? {
        let p = Int(Double(covariance.count).squareRoot())
        let error = covariance[j * p + j].squareRoot()
        return error.isFinite ? error : nil
    }

    /// Asymptotic, from the curvature at the optimum: s² (JᵀJ)⁻¹.
    init(_ problem: FitProblem, _ estimate: FitEstimate) {
        let free = estimate.free
        degrees = problem.points.count - problem.estimated.count
        quantileDegrees = degrees
        variance = Self.variance(problem, estimate.solution.residuals, degrees)
        let found = ParameterUncertainty(
            jacobian: estimate.freeJacobian, parameterCount: free.count, variance: variance)
        conditionNumber = found.conditionNumber
        undetermined = free.indices.filter { found.undetermined[$0] }.map { free[$0] }
        let p = estimate.parameters.count
        covariance = [Double](repeating: 0, count: p * p)
        for (s, i) in free.enumerated() {
            for (t, j) in free.enumerated() { covariance[i * p + j] = found.covariance(s, t) }
        }
    }

    private static func variance(_ problem: FitProblem, _ residuals: [Double], _ degrees: Int) -> Double {
        guard degrees > 0 else { return .nan }
        let n = Double(residuals.count)
        switch problem.loss {
        case .squares, .logSquares:
            let weights = problem.points.weights
            return residuals.indices.reduce(0) { $0 + (weights?[$1] ?? 1) * residuals[$1] * residuals[$1] }
                / Double(degrees)
        case .huber(let delta), .logHuber(let delta):
            // Huber 1981, section 7.6: Σψ²/(n − p) over the square of the mean slope of ψ.
            let slope = Double(residuals.count { abs($0) <= delta }) / n
            let squares = residuals.reduce(0) { $0 + min(abs($1), delta) * min(abs($1), delta) }
            return squares / Double(degrees) / (slope * slope)
        }
    }
}
