import Foundation

/// Points of a Goyal law: what depends on n and S alone is made once, what depends on δ once per evaluation.
///
/// Legend: n points; K = ⌊n/S⌋ finished epochs of a point, n₁ = min(n, S), δ = 2^(−1/τ). With u = ln n₁ − centre + G,
///
///     y = A exp(b u) + d          G = Σ_{e=1}^{K−1} δ^e ln((e+1)/e) + δ^K ln(n/(S K))                 as printed
///     y = (A exp(b u₁) + d) exp(b G), u₁ = ln n₁ − centre                                            released
///     y = A exp(b u) + d          G = ln(Σ_{e=0}^{K−1} δ^e + δ^K (n/S − K))                      effective data
///
/// and G = 0 for n ≤ S: what repeats add to ln n₁, as new samples would.
struct GoyalCurve: Sendable {
    /// Later epochs weigh less than 2^(−90) at the largest half-life, 1000 epochs.
    private static let horizon = 90_000
    /// Powers of δ below it no longer change a sum.
    private static let negligible = 1e-40

    let form: GoyalLaw.Form
    /// ln n₁, [n].
    let logFirst: [Double]
    /// Whether a point counts repeats, n > S, [n].
    let isRepeated: [Bool]
    /// What δ^K counts for, [n].
    private let rest: [Double]
    /// Where a point's K stands among the different ones, [n].
    private let stop: [Int32]
    /// The different K, ascending.
    private let stops: [Int]
    /// W_e and e W_e of G = Σ W_e δ^e; [max K], e = 0 unused.
    private let weights: [Double]
    private let moments: [Double]

    var count: Int { logFirst.count }
    private var addsUp: Bool { form == .effectiveData }

    init(_ form: GoyalLaw.Form, n: [Double], s: [Double]) {
        self.form = form
        let addsUp = form == .effectiveData
        logFirst = zip(n, s).map { log(min($0, $1)) }
        // Beyond the rounding of a ratio. G is continuous where an epoch ends: which side of it n/S falls on is the same.
        isRepeated = zip(n, s).map { $0 > $1 * (1 + 1e-9) }
        let epochs = zip(zip(n, s), isRepeated).map { point, isRepeated in
            isRepeated ? max(1, Int(min((point.0 / point.1).rounded(.down), Double(Self.horizon)))) : 0
        }
        rest = zip(zip(n, s), epochs).map { point, k in
            if k == 0 { return 0 }
            let full = point.1 * Double(k)
            return addsUp ? (point.0 - full) / point.1 : log1p((point.0 - full) / full)
        }
        let stops = Set(epochs).sorted()
        let places = Dictionary(stops.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
        stop = epochs.map { places[$0] ?? 0 }
        self.stops = stops
        weights = (0..<max(1, stops.last ?? 0)).map { $0 == 0 ? 0 : addsUp ? 1 : log1p(1 / Double($0)) }
        moments = weights.enumerated().map { Double($0) * $1 }
    }

    /// Fills y, [n], and where asked for the columns ∂y/∂A, ∂y/∂b, ∂y/∂δ, ∂y/∂d, [4, n].
    func fill(
        _ amplitude: Double, _ b: Double, _ delta: Double, _ d: Double, centre: Double,
        values: UnsafeMutableBufferPointer<Double>, jacobian: UnsafeMutableBufferPointer<Double>?
    ) {
        let n = count
        guard n > 0, let y = values.baseAddress else { return }
        guard let columns = jacobian?.baseAddress else {
            gains(delta, into: y, slopes: nil)
            logFirst.withUnsafeBufferPointer { first in
                if form == .released {
                    for i in 0..<n { y[i] = (amplitude * exp(b * (first[i] - centre)) + d) * exp(b * y[i]) }
                } else {
                    for i in 0..<n { y[i] = amplitude * exp(b * (first[i] - centre + y[i])) + d }
                }
            }
            return
        }
        let (da, db, ddelta, dd) = (columns, columns + n, columns + 2 * n, columns + 3 * n)
        gains(delta, into: db, slopes: ddelta)
        logFirst.withUnsafeBufferPointer { first in
            if form == .released {
                for i in 0..<n {
                    let (u, gain) = (first[i] - centre, db[i])
                    let (new, decay) = (exp(b * u), exp(b * gain))
                    let sum = amplitude * new + d
                    y[i] = sum * decay
                    da[i] = new * decay
                    db[i] = (amplitude * new * u + sum * gain) * decay
                    ddelta[i] *= sum * decay * b
                    dd[i] = decay
                }
            } else {
                for i in 0..<n {
                    let u = first[i] - centre + db[i]
                    let shape = exp(b * u)
                    y[i] = amplitude * shape + d
                    da[i] = shape
                    db[i] = amplitude * shape * u
                    ddelta[i] *= amplitude * shape * b
                    dd[i] = 1
                }
            }
        }
    }

    /// G and ∂G/∂δ, [n] each.
    func gains(_ delta: Double) -> (values: [Double], slopes: [Double]) {
        var (values, slopes) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        values.withUnsafeMutableBufferPointer { values in
            slopes.withUnsafeMutableBufferPointer { slopes in
                if let values = values.baseAddress { gains(delta, into: values, slopes: slopes.baseAddress) }
            }
        }
        return (values, slopes)
    }

    /// Fills G and, where asked for, ∂G/∂δ, [n].
    private func gains(
        _ delta: Double, into gains: UnsafeMutablePointer<Double>, slopes: UnsafeMutablePointer<Double>?
    ) {
        withUnsafeTemporaryAllocation(of: SIMD4<Double>.self, capacity: stops.count) { sums in
            sumUp(delta, into: sums)
            let n = count
            rest.withUnsafeBufferPointer { rest in
                stop.withUnsafeBufferPointer { stop in
                    for i in 0..<n {
                        let sum = sums[Int(stop[i])]
                        gains[i] = sum.x + sum.y * rest[i]
                        slopes?[i] = sum.z + sum.w * rest[i]
                    }
                }
            }
            guard addsUp else { return }
            for i in 0..<n {
                slopes?[i] /= gains[i]
                gains[i] = log(gains[i])
            }
        }
    }

    /// At each stop K: Σ_{e<K} W_e δ^e (e = 0 counts 1 in effective data), δ^K, and the derivatives of both by δ.
    private func sumUp(_ delta: Double, into sums: UnsafeMutableBufferPointer<SIMD4<Double>>) {
        weights.withUnsafeBufferPointer { weights in
            moments.withUnsafeBufferPointer { moments in
                var (e, power) = (1, 1.0)  // power = δ^(e−1)
                var (sum, slope) = (addsUp ? 1.0 : 0, 0.0)
                for (slot, k) in stops.enumerated() {
                    while e < k && power > Self.negligible {
                        slope += power * moments[e]
                        power *= delta
                        sum += power * weights[e]
                        e += 1
                    }
                    sums[slot] = k == 0 ? [sum, 0, 0, 0] : [sum, power * delta, slope, Double(k) * power]
                }
            }
        }
    }
}
