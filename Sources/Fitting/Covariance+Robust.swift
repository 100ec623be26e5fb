internal import LinearAlgebra

extension ParameterUncertainty {
    /// The covariance over clusters: (JᵀJ)⁻¹ (Σ_c s_c s_cᵀ) (JᵀJ)⁻¹ with s_c = Σ_{i∈c} Jᵢ rᵢ, times CR1's correction
    /// C/(C − 1) · (n − 1)/(n − p) (Cameron & Miller 2015, eq. 11–12); Student's t has C − 1 degrees of freedom.
    ///
    /// Nothing is known with one cluster or without degrees of freedom: NaN.
    ///
    /// - Parameters:
    ///   - jacobian: ∂r/∂p at the optimum, [n, p] row-major.
    ///   - residuals: r, [n].
    ///   - clusters: any code per residual, [n].
    ///   - estimatedCount: the p of the correction where it is larger than the Jacobian's (parameters on a bound).
    ///   - variance: of a new residual; nil = Σ r²/(n − p).
    public init(
        jacobian values: [Double], parameterCount p: Int, residuals: [Double], clusters: [Int],
        estimatedCount: Int? = nil, variance: Double? = nil
    ) {
        let n = residuals.count
        precondition(clusters.count == n && values.count == n * p, "one row and one cluster per residual")
        let free = n - max(p, estimatedCount ?? p)
        let squares = residuals.reduce(0) { $0 + $1 * $1 }
        let (codes, count) = Self.consecutive(clusters)
        let scaled = ScaledJacobian(values, parameterCount: p)
        let correction = Double(count) / Double(count - 1) * Double(n - 1) / Double(free)
        self.init(
            kind: .clustered(count), scaled, parameterCount: p,
            factor: scaled?.influences(residuals, clusters: codes, count: count),
            scale: count > 1 && free > 0 ? correction : .nan,
            variance: variance ?? (free > 0 ? squares / Double(free) : .nan), degreesOfFreedom: max(0, count - 1))
    }

    /// The M-estimator's covariance under Huber's loss, s² (JᵀJ)⁻¹ with s² = Σ w ψ(r)²/(n − p) / m² and m the weighted
    /// mean of ψ′, the share of the residuals within δ (Huber 1981, section 7.6); NaN where none is.
    ///
    /// `variance`, that of a new residual, is Σ w r²/(n − p): an outlier is part of what may come.
    ///
    /// - Parameters:
    ///   - jacobian: √w ∂r/∂p at the optimum, [n, p] row-major.
    ///   - residuals: r without its weight, [n].
    ///   - weights: w, [n].
    public init(
        jacobian values: [Double], parameterCount p: Int, residuals: [Double], weights: [Double], delta: Double,
        degreesOfFreedom: Int
    ) {
        let psi = HuberScores(residuals, weights: weights, delta: delta)
        let degrees = Double(degreesOfFreedom)
        let scaled = ScaledJacobian(values, parameterCount: p)
        let squares = residuals.indices.reduce(0) { $0 + weights[$1] * residuals[$1] * residuals[$1] }
        let isKnown = degreesOfFreedom > 0 && psi.meanSlope > 0
        self.init(
            kind: .robust, scaled, parameterCount: p, factor: scaled?.factor,
            scale: isKnown ? psi.squares / degrees / (psi.meanSlope * psi.meanSlope) : .nan,
            variance: degreesOfFreedom > 0 ? squares / degrees : .nan, degreesOfFreedom: max(0, degreesOfFreedom))
    }

    /// The codes as 0..<count, in the order of their first appearance.
    static func consecutive(_ codes: [Int]) -> (codes: [Int], count: Int) {
        var places: [Int: Int] = [:]
        let mapped = codes.map { code -> Int in
            let place = places[code] ?? places.count
            places[code] = place
            return place
        }
        return (mapped, places.count)
    }
}

/// ψ = ρ′ of Huber's loss at the residuals: r up to |r| = δ, ±δ beyond.
struct HuberScores {
    /// [n]
    let values: [Double]
    /// Σ w ψ².
    let squares: Double
    /// Σ w ψ′ / Σ w.
    let meanSlope: Double

    init(_ residuals: [Double], weights: [Double], delta: Double) {
        values = residuals.map { min(max($0, -delta), delta) }
        var (squares, inside, total) = (0.0, 0.0, 0.0)
        for (i, psi) in values.enumerated() {
            squares += weights[i] * psi * psi
            total += weights[i]
            if abs(residuals[i]) <= delta { inside += weights[i] }
        }
        self.squares = squares
        meanSlope = inside / total
    }
}
