import Foundation
import Statistics

/// The curve of one mixture and its error; `MixtureAnalysis` has the formula.
struct MixtureLaw {
    let n0: Double
    let level: Double
    /// Among a, b, tau, d: what one joint fit gave to all pools.
    let shared: [Int]

    func curve(of pools: [MixtureAnalysis.Pool], at n: [Double]) -> [MixtureAnalysis.Prediction] {
        let size = pools.reduce(0) { $0 + $1.size }
        let curve = GoyalCurve(.printed, n: n, s: [Double](repeating: size, count: n.count))
        let shares = pools.map { $0.size / size }
        let deltas = zip(pools, shares).map { GoyalLaw.delta($0.tau / $1) }
        let repeats = deltas.map { curve.gains($0) }
        // dδ̂/dτ of δ̂ = 2^(−w/τ).
        let slopes = pools.indices.map { deltas[$0] * log(2) * shares[$0] / (pools[$0].tau * pools[$0].tau) }
        // Weighted means that are exact where all are equal.
        let (a0, d0) = (pools[0].a, pools[0].d)
        let a = zip(pools, shares).reduce(a0) { $0 + $1.1 * ($1.0.a - a0) }
        let d = zip(pools, shares).reduce(d0) { $0 + $1.1 * ($1.0.d - d0) }
        let errors = MixtureErrors(pools, shared: shared)
        return n.indices.map { i in
            let gains = zip(pools, repeats).map { curve.logFirst[i] - log(n0) + $1.values[i] }
            let shape = exp(pools.indices.reduce(0) { $0 + shares[$1] * pools[$1].b * gains[$1] })
            let y = a * shape + d
            let error = errors?.standardError(level: level) { slot in
                let (pool, w) = (pools[slot], shares[slot])
                // Without repeats there is no τ in it, not even an unknown one.
                let byTau = pool.tau.isNaN ? 0 : repeats[slot].slopes[i] * slopes[slot]
                let scale = a * shape * w
                return [w * shape, scale * gains[slot], scale * pool.b * byTau, w]
            }
            let known = y.isFinite && error?.value.isFinite == true ? error : nil
            return MixtureAnalysis.Prediction(
                samplesSeen: n[i], pools: pools.map(\.name), size: size, epochs: n[i] / size,
                y: y.isFinite ? y : .nan, standardError: known?.value, low: known.map { y - $0.half },
                high: known.map { y + $0.half })
        }
    }
}

/// The delta method over the parameters of several pools.
///
/// Fits of pools that share parameters are independent given those: what a pool's other parameters follow from the shared
/// ones is read from its own covariance, so that no covariance between pools is needed.
struct MixtureErrors {
    /// [4, 4] each: swept on the shared parameters, Beaton 1964, so that it holds the coefficients of the others on them and
    /// the others' covariance given them.
    private let swept: [[Double]]
    /// The shared parameters' own, [4, 4].
    private let common: [Double]
    private let degrees: [Int?]
    private let shared: [Int]

    /// nil where a pool has no covariance.
    init?(_ pools: [MixtureAnalysis.Pool], shared: [Int]) {
        let covariances = pools.compactMap(\.covariance)
        guard covariances.count == pools.count, let common = covariances.first else { return nil }
        self.common = common
        self.shared = shared
        degrees = pools.map(\.degreesOfFreedom)
        swept = covariances.map { Self.sweep($0, on: shared) }
    }

    /// The standard error of a quantity, and half its interval.
    ///
    /// - Parameter gradient: by (a, b, tau, d) of the pool at an index.
    func standardError(level: Double, _ gradient: (Int) -> [Double]) -> (value: Double, half: Double) {
        let own = (0..<4).filter { !shared.contains($0) }
        var byShared = [Double](repeating: 0, count: 4)
        var parts: [Double] = []
        for (slot, matrix) in swept.enumerated() {
            let gradient = gradient(slot)
            for s in shared { byShared[s] += gradient[s] + own.reduce(0) { $0 + matrix[4 * s + $1] * gradient[$1] } }
            parts.append(Self.quadratic(matrix, gradient, over: own))
        }
        if !shared.isEmpty { parts.append(Self.quadratic(common, byShared, over: shared)) }
        let variance = parts.reduce(0, +)
        let error = max(0, variance).squareRoot()
        let degrees = degrees(of: parts, sum: variance)
        let p = (1 + level) / 2
        return (error, error * (degrees.isFinite ? tQuantile(p, degrees: degrees) : normalQuantile(p)))
    }

    /// Of independent pools by Welch and Satterthwaite; of one joint fit its own.
    private func degrees(of parts: [Double], sum: Double) -> Double {
        if !shared.isEmpty { return degrees.compactMap { $0 }.min().map(Double.init) ?? .infinity }
        var below = 0.0
        for (part, degrees) in zip(parts, degrees) {
            if let degrees { below += part * part / Double(degrees) }
        }
        return below > 0 ? sum * sum / below : .infinity
    }

    private static func quadratic(_ matrix: [Double], _ gradient: [Double], over indices: [Int]) -> Double {
        var sum = 0.0
        for i in indices {
            for j in indices where matrix[4 * i + j] != 0 { sum += gradient[i] * matrix[4 * i + j] * gradient[j] }
        }
        return sum
    }

    private static func sweep(_ covariance: [Double], on indices: [Int]) -> [Double] {
        var m = covariance
        for k in indices {
            let pivot = m[5 * k]
            // A parameter that is held tells nothing of the others.
            guard pivot > 1e-14 * covariance[5 * k] else {
                for j in 0..<4 { (m[4 * k + j], m[4 * j + k]) = (0, 0) }
                continue
            }
            for j in 0..<4 where j != k { m[4 * k + j] /= pivot }
            for i in 0..<4 where i != k {
                let factor = m[4 * i + k]
                for j in 0..<4 where j != k { m[4 * i + j] -= factor * m[4 * k + j] }
                m[4 * i + k] = -factor / pivot
            }
            m[5 * k] = 1 / pivot
        }
        return m
    }
}
