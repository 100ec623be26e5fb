internal import LinearAlgebra
internal import Statistics

/// What the curvature at a least-squares optimum says about its parameters, asymptotically: s² (JᵀJ)⁻¹.
public struct ParameterUncertainty: Sendable, Equatable {
    /// Rows and columns of a parameter that the data do not determine are NaN, [p, p] row-major.
    public let covariance: [Double]
    /// NaN where not determined, [p].
    public let standardErrors: [Double]
    /// Of the Jacobian with its columns scaled to length 1, so that units do not matter.
    public let conditionNumber: Double
    /// Which parameters lie in a direction that does not change the residuals.
    public let undetermined: [Bool]

    /// - Parameters:
    ///   - jacobian: ∂f/∂p at the optimum, [n, p] row-major, n ≥ p. Where it is not finite nothing is determined.
    ///   - parameterCount: p.
    ///   - variance: s², the residual variance, rss / (n − p); NaN when there are no degrees of freedom.
    public init(jacobian values: [Double], parameterCount p: Int, variance: Double) {
        let n = p > 0 ? values.count / p : 0
        let jacobian = Matrix(rows: n, columns: p, values: values)
        var scaled = jacobian
        var norms = [Double](repeating: 0, count: p)
        for j in 0..<p {
            // The largest element first: amplitudes in other units may lie near the ends of the number range.
            let largest = (0..<n).reduce(0) { max($0, abs(jacobian[$1, j])) }
            guard largest > 0 else { continue }
            let sum = (0..<n).reduce(0) { $0 + (jacobian[$1, j] / largest) * (jacobian[$1, j] / largest) }
            norms[j] = largest * sum.squareRoot()
            for i in 0..<n { scaled[i, j] /= norms[j] }
        }
        guard let svd = try? scaled.qr().r.svd() else {
            covariance = [Double](repeating: .nan, count: p * p)
            standardErrors = [Double](repeating: .nan, count: p)
            conditionNumber = .infinity
            undetermined = [Bool](repeating: true, count: p)
            return
        }
        let s = svd.singularValues
        // Below this share of the largest, a singular value consists of rounding.
        let threshold = 1e-13 * (s.first ?? 0)
        let rank = s.count { $0 > threshold }
        conditionNumber = rank == p ? (s.first ?? 1) / (s.last ?? 1) : .infinity
        var undetermined = norms.map { $0 == 0 }
        for direction in rank..<p {
            for j in 0..<p where abs(svd.vt[direction, j]) > 1e-6 { undetermined[j] = true }
        }
        var covariance = [Double](repeating: 0, count: p * p)
        for a in 0..<p {
            for b in 0..<p {
                var sum = 0.0
                for direction in 0..<rank {
                    sum += svd.vt[direction, a] / s[direction] * (svd.vt[direction, b] / s[direction])
                }
                covariance[a * p + b] = undetermined[a] || undetermined[b] ? .nan : variance * sum / norms[a] / norms[b]
            }
        }
        self.covariance = covariance
        self.undetermined = undetermined
        standardErrors = (0..<p).map { covariance[$0 * p + $0].squareRoot() }
    }

    public func covariance(_ a: Int, _ b: Int) -> Double { covariance[a * standardErrors.count + b] }

    public func correlation(_ a: Int, _ b: Int) -> Double {
        covariance[a * standardErrors.count + b] / (standardErrors[a] * standardErrors[b])
    }
}

/// The two-sided quantile of Student's t: the estimate ± this many standard errors holds the truth at `level`.
public func studentQuantile(level: Double, degreesOfFreedom: Int) -> Double {
    precondition(level > 0 && level < 1, "a level lies between 0 and 1, not \(level)")
    return degreesOfFreedom > 0 ? tQuantile(0.5 + level / 2, degrees: Double(degreesOfFreedom)) : .nan
}
