import Fitting
import Foundation
import Tables

/// The data-aware scaling law of Goyal et al. 2024 ("Scaling Laws for Data Filtering", the equation as printed):
///
///     y = a (n₁/N0)^b · Π_j (n_j/n_{j−1})^{b δ^j} + d  =  a (n₁/N0)^b exp(b G) + d,   δ = 2^(−1/τ)
///
/// n samples seen, S samples per epoch, n₁ = min(n, S), K = ⌊n/S⌋ finished epochs;
/// G = Σ_{e=1}^{K−1} δ^e ln((e+1)/e) + δ^K ln(n/(S K)), 0 for n ≤ S: what repeated samples still count for.
/// The search runs over (b, δ): δ has no flat tail where τ has one. (a, d) are linear.
public struct GoyalLaw: ScalingLaw {
    /// N0, the unit of n: it scales a and nothing else.
    public let n0: Double
    public var unit: Double? { n0 }

    public init(n0: Double = 1) {
        precondition(n0 > 0 && n0.isFinite, "N0 is a positive number of samples, not \(n0)")
        self.n0 = n0
    }

    public var name: String { "goyal" }
    public var formula: String { "a (n1/N0)^b exp(b G(n, S, tau)) + d" }
    public var source: String { "Goyal et al. 2024, Scaling Laws for Data Filtering" }

    public var columns: [LawColumn] {
        [
            LawColumn(name: "samples seen", meaning: "n, repeats counted"),
            LawColumn(name: "samples per epoch", meaning: "S, the number of different samples"),
        ]
    }

    public var parameters: [LawParameter] {
        [
            LawParameter(name: "a", meaning: "y − d after N0 samples", bounds: Bounds(0, .infinity), isLinear: true),
            // Exponents of learning curves lie within a few tenths of zero: half of the starts above −0.3.
            LawParameter(
                name: "b", meaning: "utility of new samples", bounds: Bounds(-5, 0),
                spread: .given(.denseNear(.upper, k: 5.5, -5, 0))),
            LawParameter(
                name: "tau", meaning: "half-life of the utility, in epochs", bounds: Bounds(0.05, 1000),
                spread: .given(.logarithmic(0.05, 1000))),
            LawParameter(
                name: "d", meaning: "y that no amount of samples goes below", bounds: Bounds(0, .infinity),
                staysBelowData: true, isLinear: true),
        ]
    }

    public func check(_ x: [Double]) -> LawPointCheck {
        let (n, s) = (x[0], x[1])
        if !(s > 0 && s.isFinite) { return .invalid("samples per epoch must be positive, not \(s)") }
        if n == 0 { return .leftOut("no sample seen yet") }
        if !(n > 0 && n.isFinite) { return .invalid("samples seen must not be negative, not \(n)") }
        return .fine
    }

    public func undetermined(by points: LawPoints) -> [(parameter: Int, reason: String)] {
        if Self.prepared(points).contains(where: \.isRepeated) { return [] }
        return [(2, "tau is not identified: no point lies beyond its first epoch (n > S)")]
    }

    public func cautions(on points: LawPoints) -> [String] {
        let (n, sizes) = (points.columns[0], points.columns[1])
        guard let s = sizes.first, points.count > 1, sizes.allSatisfy({ $0 == s }), n.contains(where: { $0 > s })
        else { return [] }
        return [
            "all points have \(significant(s)) samples per epoch: tau and d are told apart by the shape of one curve alone"
        ]
    }

    public func remark(_ parameter: Int, on side: Bounds.Side) -> String? {
        switch (parameter, side) {
        case (1, .upper): "y does not fall as samples grow (an accuracy is fitted as --y \"1-acc\")"
        case (2, .lower): "repeated samples seem worth nothing"
        case (2, .upper): "repeated samples seem worth as much as new ones"
        case (3, .lower): "the points show no floor that the decay of repeats does not explain"
        default: nil
        }
    }

    public func derived(_ parameters: [Double]) -> [(name: String, value: Double)] {
        [("delta", Self.delta(parameters[2]))]
    }

    static func delta(_ tau: Double) -> Double { exp2(-1 / tau) }

    static func prepared(_ points: LawPoints) -> [GoyalPoint] {
        zip(points.columns[0], points.columns[1]).map { GoyalPoint(n: $0, s: $1) }
    }

    public func curve(at points: LawPoints) -> CurveModel.Evaluate {
        let prepared = Self.prepared(points)
        let repeats = GoyalRepeats(upTo: prepared.map(\.epochs).max() ?? 0)
        let (n, logUnit) = (prepared.count, log(n0))
        return { p, values, jacobian in
            let (a, b, tau, d) = (p[0], p[1], p[2], p[3])
            let delta = Self.delta(tau)
            repeats.forEachGain(prepared, delta: delta, needsSlope: jacobian != nil) { i, gain, slope in
                let u = prepared[i].logFirst - logUnit + gain
                let g = exp(b * u)
                values[i] = a * g + d
                guard let jacobian else { return }
                jacobian[i] = g
                jacobian[n + i] = a * u * g
                // Without repeats there is no τ in it, not even an undetermined one.
                jacobian[2 * n + i] =
                    prepared[i].isRepeated ? a * b * g * slope * delta * log(2) / (tau * tau) : 0
                jacobian[3 * n + i] = 1
            }
        }
    }

    public func search(points: LawPoints, y: [Double], bounds: [Bounds], isShared: [Bool]) -> LawSearch {
        let prepared = Self.prepared(points)
        let repeats = GoyalRepeats(upTo: prepared.map(\.epochs).max() ?? 0)
        let n = prepared.count
        let logUnit = log(n0)
        // n₁ is counted in its geometric mean, so that the amplitude is a typical y − d whatever b is; an amplitude
        // that is held, bounded or shared keeps its own unit.
        let keepsUnit = isShared[0] || bounds[0] != self.parameters[0].bounds
        let centre = keepsUnit ? logUnit : prepared.map(\.logFirst).reduce(0, +) / Double(max(1, n))
        let deltas = Bounds(Self.delta(bounds[2].lower), Self.delta(bounds[2].upper))
        let model = CurveModel(
            pointCount: n,
            parameters: [
                CurveParameter(bounds: bounds[0], isLinear: true, spread: .even(0, 1)),
                CurveParameter(bounds: bounds[1], spread: .denseNear(.upper, k: 5.5, bounds[1].lower, bounds[1].upper)),
                CurveParameter(bounds: deltas, spread: .even(deltas.lower, deltas.upper)),
                CurveParameter(bounds: bounds[3], isLinear: true, spread: .even(0, 1)),
            ]
        ) { p, values, jacobian in
            let (a, b, delta, d) = (p[0], p[1], p[2], p[3])
            repeats.forEachGain(prepared, delta: delta, needsSlope: jacobian != nil) { i, gain, slope in
                let u = prepared[i].logFirst - centre + gain
                let g = exp(b * u)
                values[i] = a * g + d
                guard let jacobian else { return }
                jacobian[i] = g
                jacobian[n + i] = a * u * g
                jacobian[2 * n + i] = a * b * g * slope
                jacobian[3 * n + i] = 1
            }
        }
        return LawSearch(
            model: model,
            parameters: { c in
                let tau =
                    c[2] == deltas.lower ? bounds[2].lower : c[2] == deltas.upper ? bounds[2].upper : -1 / log2(c[2])
                return [c[0] * exp(c[1] * (logUnit - centre)), c[1], tau, c[3]]
            },
            coordinates: { p in
                [keepsUnit ? p[0] : p[0] / exp(p[1] * (logUnit - centre)), p[1], Self.delta(p[2]), p[3]]
            })
    }
}

/// What of one point depends on n and S alone.
struct GoyalPoint {
    /// ln n₁.
    let logFirst: Double
    /// K, finished epochs.
    let epochs: Int
    /// ln(n / (S K)), 0 where K is 0.
    let logRest: Double

    /// Whether repeats count in it: n > S.
    let isRepeated: Bool

    init(n: Double, s: Double) {
        logFirst = log(min(n, s))
        // G is continuous where an epoch ends: which side a rounded ratio falls on does not matter.
        isRepeated = n > s * (1 + 1e-9)  // beyond the rounding of a ratio
        epochs = Int(min((n / s).rounded(.down), Double(GoyalRepeats.horizon)))
        logRest = epochs > 0 ? log(n / (s * Double(epochs))) : 0
    }
}

/// G and ∂G/∂δ of many points: prefix sums over epochs, made once for each δ.
struct GoyalRepeats {
    /// Later epochs weigh less than 2^(−90) at the largest half-life, 1000 epochs.
    static let horizon = 90_000

    private let logs: [Double]  // ln((e+1)/e), e = 0 unused

    init(upTo epochs: Int) { logs = (0..<max(1, epochs)).map { $0 == 0 ? 0 : log1p(1 / Double($0)) } }

    func gain(_ point: GoyalPoint, delta: Double) -> (value: Double, slope: Double) {
        var result = (value: 0.0, slope: 0.0)
        forEachGain([point], delta: delta, needsSlope: true) { result = ($1, $2) }
        return result
    }

    func forEachGain(
        _ points: [GoyalPoint], delta: Double, needsSlope: Bool,
        _ body: (_ index: Int, _ gain: Double, _ slope: Double) -> Void
    ) {
        let count = logs.count
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * count + 1) { sums in
            // sums[m] = Σ_{e≤m} δ^e L_e; slopes[m] = Σ_{e≤m} e δ^(e−1) L_e; powers[m] = δ^m.
            let slopes = UnsafeMutableBufferPointer(rebasing: sums[count..<2 * count])
            let powers = UnsafeMutableBufferPointer(rebasing: sums[(2 * count)...])
            sums[0] = 0
            slopes[0] = 0
            powers[0] = 1
            for e in 1..<max(1, count) {
                let power = powers[e - 1]
                sums[e] = sums[e - 1] + power * delta * logs[e]
                slopes[e] = slopes[e - 1] + Double(e) * power * logs[e]
                powers[e] = power * delta
            }
            for (i, point) in points.enumerated() {
                guard point.isRepeated else {
                    body(i, 0, 0)
                    continue
                }
                let k = point.epochs
                let power = powers[k - 1]
                body(
                    i, sums[k - 1] + power * delta * point.logRest,
                    needsSlope ? slopes[k - 1] + Double(k) * power * point.logRest : 0)
            }
        }
    }
}
