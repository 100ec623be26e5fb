internal import LinearAlgebra
internal import Statistics

/// Whether neighbouring residuals of a run resemble each other: then intervals that take errors as independent are too
/// narrow.
///
/// Legend: n residuals, p parameters.
public struct ResidualAutocorrelation: Sendable, Equatable {
    /// r₁ = Σ e_t e_{t+1} / Σ e_t², over neighbours within a run.
    public let lagOne: Double
    /// Σ (e_{t+1} − e_t)² / Σ e_t² (Durbin & Watson 1950), about 2 (1 − r₁).
    public let durbinWatson: Double
    /// Mean and standard deviation of r₁ if the errors are independent, normal and alike. A fit makes neighbours
    /// differ: the mean is below zero.
    public let expected: Double
    public let standardDeviation: Double
    /// r₁ beyond which independent errors fall in one case of twenty, approximately (normal).
    public let critical: Double

    public var isSuspicious: Bool { lagOne > critical }

    /// A sentence where the autocorrelation is beyond its critical value.
    public var warning: String? {
        guard isSuspicious else { return nil }
        let shown = (lagOne * 100).rounded() / 100
        let threshold = (critical * 100).rounded() / 100
        return "neighbouring residuals are alike (lag-1 autocorrelation \(shown), above \(threshold)): "
            + "errors are not independent and intervals that take them so are too narrow; cluster by run"
    }
}

/// The lag-1 autocorrelation of residuals and what it would be under independence: its mean and variance are Durbin and
/// Watson's (1951) for residuals of a linear fit with this Jacobian.
///
/// nil without two neighbours, degrees of freedom, or residuals other than zero.
///
/// - Parameters:
///   - residuals: along each run, as the loss sees them, [n].
///   - runs: a code per residual, [n]: neighbours are successive residuals of one run. nil = one run.
///   - jacobian: ∂r/∂p, [n, p] row-major.
public func residualAutocorrelation(
    _ residuals: [Double], runs: [Int]? = nil, jacobian: [Double] = [], parameterCount p: Int = 0
) -> ResidualAutocorrelation? {
    let n = residuals.count
    precondition(jacobian.count == n * p && runs?.count ?? n == n, "one row of the Jacobian and one run per residual")
    let next = neighbours(n, runs)
    let squares = residuals.reduce(0) { $0 + $1 * $1 }
    guard next.contains(where: { $0 != nil }), n - p > 0, squares > 0, squares.isFinite else { return nil }
    var (products, differences) = (0.0, 0.0)
    for (t, other) in next.enumerated() {
        guard let other else { continue }
        products += residuals[t] * residuals[other]
        differences += (residuals[other] - residuals[t]) * (residuals[other] - residuals[t])
    }
    // r₁ = eᵀWe/eᵀe with W half of the neighbours' adjacency. With M = I − QQᵀ, e = Mε:
    // E = tr(MW)/(n − p), Var = 2 [(n − p) tr(MWMW) − tr(MW)²] / ((n − p)² (n − p + 2)), and tr W = 0.
    let basis = orthonormalBasis(jacobian, n, p)
    let degrees = Double(n - basis.columns)
    let moved = adjacent(basis, next)  // WQ, [n, p]
    let inner = basis.transposed * moved  // QᵀWQ
    let trace = -(0..<basis.columns).reduce(0) { $0 + inner[$1, $1] }
    let whole = 0.5 * Double(next.count { $0 != nil })  // tr(W²)
    let traceOfSquare = whole - 2 * sumOfSquares(moved) + sumOfSquares(inner)
    let mean = trace / degrees
    let variance = 2 * (degrees * traceOfSquare - trace * trace) / (degrees * degrees * (degrees + 2))
    let deviation = max(0, variance).squareRoot()
    return ResidualAutocorrelation(
        lagOne: products / squares, durbinWatson: differences / squares, expected: mean, standardDeviation: deviation,
        critical: mean + normalQuantile(0.95) * deviation)
}

/// The place of the next residual of the same run, [n].
private func neighbours(_ n: Int, _ runs: [Int]?) -> [Int?] {
    guard let runs else { return (0..<n).map { $0 + 1 < n ? $0 + 1 : nil } }
    var next = [Int?](repeating: nil, count: n)
    var last: [Int: Int] = [:]
    for (i, run) in runs.enumerated() {
        if let before = last[run] { next[before] = i }
        last[run] = i
    }
    return next
}

/// An orthonormal basis of the Jacobian's columns, [n, rank]; empty where it is not finite.
private func orthonormalBasis(_ jacobian: [Double], _ n: Int, _ p: Int) -> Matrix {
    var matrix = Matrix(rows: n, columns: p, values: jacobian)
    for j in 0..<p {
        let length = (0..<n).reduce(0) { $0 + matrix[$1, j] * matrix[$1, j] }.squareRoot()
        if length > 0 { for i in 0..<n { matrix[i, j] /= length } }
    }
    guard p > 0, n >= p, let (q, r) = try? matrix.qr(), let svd = try? r.svd() else {
        return Matrix(rows: n, columns: 0)
    }
    let rank = svd.singularValues.count { $0 > 1e-13 * (svd.singularValues.first ?? 0) }
    var kept = Matrix(rows: p, columns: rank)
    for i in 0..<p { for k in 0..<rank { kept[i, k] = svd.u[i, k] } }
    return q * kept
}

/// WQ: half of the sum of the rows before and after.
private func adjacent(_ q: Matrix, _ next: [Int?]) -> Matrix {
    var result = Matrix(rows: q.rows, columns: q.columns)
    for (t, other) in next.enumerated() {
        guard let other else { continue }
        for k in 0..<q.columns {
            result[t, k] += 0.5 * q[other, k]
            result[other, k] += 0.5 * q[t, k]
        }
    }
    return result
}

private func sumOfSquares(_ matrix: Matrix) -> Double { matrix.values.reduce(0) { $0 + $1 * $1 } }
