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
    public let unit: Double

    public init(unit: Double = 1) {
        precondition(unit > 0 && unit.isFinite, "N0 is a positive number of samples, not \(unit)")
        self.unit = unit
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
            LawParameter(
                name: "a", meaning: "y − d after N0 samples", bounds: Bounds(0, .infinity), staysBelowData: false),
            LawParameter(name: "b", meaning: "utility of new samples", bounds: Bounds(-5, 0), staysBelowData: false),
            LawParameter(
                name: "tau", meaning: "half-life of the utility, in epochs", bounds: Bounds(0.05, 1000),
                staysBelowData: false),
            LawParameter(
                name: "d", meaning: "y that no amount of samples goes below", bounds: Bounds(0, .infinity),
                staysBelowData: true),
        ]
    }

    public func check(_ x: [Double]) -> LawPointCheck {
        let (n, s) = (x[0], x[1])
        if !(s > 0 && s.isFinite) { return .invalid("samples per epoch must be positive, not \(s)") }
        if n == 0 { return .leftOut("no sample seen yet") }
        if !(n > 0 && n.isFinite) { return .invalid("samples seen must not be negative, not \(n)") }
        return .fine
    }

    public func undetermined(by points: [[Double]]) -> [(parameter: Int, reason: String)] {
        if points.contains(where: { GoyalPoint(n: $0[0], s: $0[1]).isRepeated }) { return [] }
        return [(2, "tau is not identified: no point lies beyond its first epoch (n > S)")]
    }

    public func cautions(on points: [[Double]]) -> [String] {
        guard let s = points.first?[1], points.count > 1, points.allSatisfy({ $0[1] == s }),
            points.contains(where: { $0[0] > s })
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

    public func value(_ p: [Double], at x: [Double]) -> Double {
        let point = GoyalPoint(n: x[0], s: x[1])
        let g = point.isRepeated ? GoyalRepeats(upTo: point.epochs).gain(point, delta: Self.delta(p[2])).value : 0
        return p[0] * exp(p[1] * (point.logFirst - log(unit) + g)) + p[3]
    }

    public func gradient(_ p: [Double], at x: [Double]) -> [Double] { gradients(p, at: [x])[0] }

    public func gradients(_ p: [Double], at points: [[Double]]) -> [[Double]] {
        let prepared = points.map { GoyalPoint(n: $0[0], s: $0[1]) }
        let delta = Self.delta(p[2])
        let logUnit = log(unit)
        var rows: [[Double]] = []
        rows.reserveCapacity(points.count)
        GoyalRepeats(upTo: prepared.map(\.epochs).max() ?? 0).forEachGain(prepared, delta: delta, needsSlope: true) {
            i, gain, slope in
            let u = prepared[i].logFirst - logUnit + gain
            let g = exp(p[1] * u)
            // Without repeats there is no τ in it, not even an undetermined one.
            let byTau = prepared[i].isRepeated ? p[0] * p[1] * g * slope * delta * log(2) / (p[2] * p[2]) : 0
            rows.append([g, p[0] * u * g, byTau, 1])
        }
        return rows
    }

    public func problem(points: [[Double]], bounds: [Bounds]) -> LawProblem {
        let prepared = points.map { GoyalPoint(n: $0[0], s: $0[1]) }
        let repeats = GoyalRepeats(upTo: prepared.map(\.epochs).max() ?? 0)
        // n₁ is counted in its geometric mean, so that the amplitude is a typical y − d whatever b is; a fixed a
        // keeps its own unit.
        let isAmplitudeFixed = bounds[0].lower == bounds[0].upper
        let centre =
            isAmplitudeFixed
            ? log(unit) : prepared.map(\.logFirst).reduce(0, +) / Double(max(1, prepared.count))
        let n = prepared.count
        let logUnit = log(unit)
        let model = SeparableModel(
            pointCount: n, linear: [bounds[0], bounds[3]],
            nonlinear: [bounds[1], Bounds(Self.delta(bounds[2].lower), Self.delta(bounds[2].upper))],
            // Exponents of learning curves lie within a few tenths of zero: half of the starts above −0.3.
            spreads: [.denseNear(.upper, k: 5.5), .even]
        ) { theta, columns, derivatives in
            let (b, delta) = (theta[0], theta[1])
            repeats.forEachGain(prepared, delta: delta, needsSlope: derivatives != nil) { i, gain, slope in
                let u = prepared[i].logFirst - centre + gain
                let g = exp(b * u)
                columns[i] = g
                columns[n + i] = 1
                if let derivatives {
                    derivatives[i] = u * g
                    derivatives[2 * n + i] = b * g * slope
                }
            }
        }
        return LawProblem(
            model: model, nonlinear: [1, 2], linear: [0, 3],
            coordinate: { $0 == 2 ? Self.delta($1) : $1 },
            parameters: { linear, nonlinear in
                let tau =
                    nonlinear[1] == Self.delta(bounds[2].lower)
                    ? bounds[2].lower
                    : nonlinear[1] == Self.delta(bounds[2].upper) ? bounds[2].upper : -1 / log2(nonlinear[1])
                return [linear[0] * exp(nonlinear[0] * (logUnit - centre)), nonlinear[0], tau, linear[1]]
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
