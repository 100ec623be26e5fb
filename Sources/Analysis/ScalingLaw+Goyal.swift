import Fitting
import Foundation
import Tables

/// The data-aware scaling law of Goyal et al. 2024 ("Scaling Laws for Data Filtering"): a power law in samples seen n whose
/// exponent b halves every τ epochs of S samples. `GoyalCurve` has the closed forms.
///
/// The search runs over (b, δ = 2^(−1/τ)), which has no flat tail where τ has one, and the amplitude A and d, in which every
/// form is linear.
public struct GoyalLaw: ScalingLaw {
    public enum Form: String, Sendable, CaseIterable {
        /// The equation as printed: a (n₁/N0)^b · Π_j (n_j/n_{j−1})^(b δ^j) + d.
        case printed = "goyal"
        /// What the public code computes: [(a n₁/N0)^b + d] · Π_j (n_j/n_{j−1})^(b δ^j).
        case released = "goyal-released"
        /// The public code's ablation: (a/N0 · Σ_e (n_e − S e) δ^e)^b + d, n_e = min(S (e+1), n).
        case effectiveData = "goyal-effective-data"
    }

    public let form: Form
    /// N0, the unit of n: it scales a and nothing else.
    public let n0: Double
    public var unit: Double? { n0 }

    /// - Parameter n0: nil = 1 for the printed form, 10⁵ for those of the public code, as there.
    public init(_ form: Form = .printed, n0: Double? = nil) {
        let n0 = n0 ?? (form == .printed ? 1 : 1e5)
        precondition(n0 > 0 && n0.isFinite, "N0 is a positive number of samples, not \(n0)")
        self.form = form
        self.n0 = n0
    }

    /// a stands within the power, where it is not linear.
    private var isAmplitudeInside: Bool { form != .printed }

    public var name: String { form.rawValue }

    public var formula: String {
        switch form {
        case .printed: "a (n1/N0)^b exp(b G(n, S, tau)) + d"
        case .released: "((a n1/N0)^b + d) exp(b G(n, S, tau))"
        case .effectiveData: "(a/N0 sum_e (n_e - S e) 2^(-e/tau))^b + d"
        }
    }

    public var source: String {
        switch form {
        case .printed: "Goyal et al. 2024, Scaling Laws for Data Filtering"
        case .released: "Goyal et al. 2024, the public code"
        case .effectiveData: "Goyal et al. 2024, the public code's ablation"
        }
    }

    public var columns: [LawColumn] {
        [
            LawColumn(name: "samples seen", meaning: "n, repeats counted"),
            LawColumn(name: "samples per epoch", meaning: "S, the number of different samples"),
        ]
    }

    public var parameters: [LawParameter] {
        [
            isAmplitudeInside
                ? LawParameter(
                    name: "a", meaning: "scale of n within the power", bounds: Bounds(0, .infinity),
                    spread: .given(.logarithmic(1e-6, 1e6)))
                : LawParameter(
                    name: "a", meaning: "y − d after N0 samples", bounds: Bounds(0, .infinity), isLinear: true),
            // Exponents of learning curves lie within a few tenths of zero: half of the starts above −0.3.
            LawParameter(
                name: "b", meaning: "utility of new samples", bounds: Bounds(-5, 0),
                spread: .given(.denseNear(.upper, k: 5.5, -5, 0))),
            LawParameter(
                name: "tau", meaning: "half-life of the utility, in epochs", bounds: Bounds(0.05, 1000),
                spread: .given(.logarithmic(0.05, 1000))),
            form == .printed
                ? LawParameter(
                    name: "d", meaning: "y that no amount of samples goes below", bounds: Bounds(0, .infinity),
                    staysBelowData: true, isLinear: true)
                : LawParameter(
                    name: "d",
                    meaning: form == .released
                        ? "part of y that new samples do not lower" : "y that no amount of samples goes below",
                    bounds: Bounds(0, .infinity), staysBelowHighest: true, isLinear: true),
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
        if prepared(points).isRepeated.contains(true) { return [] }
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

    private func prepared(_ points: LawPoints) -> GoyalCurve {
        GoyalCurve(form, n: points.columns[0], s: points.columns[1])
    }

    public func curve(at points: LawPoints) -> CurveModel.Evaluate {
        let (curve, n) = (prepared(points), points.count)
        let evaluate = inOwnAmplitude(curve)
        return { p, values, jacobian in
            let (tau, delta) = (p[2], Self.delta(p[2]))
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 4) { c in
                (c[0], c[1], c[2], c[3]) = (p[0], p[1], delta, p[3])
                evaluate(UnsafeBufferPointer(c), values, jacobian)
            }
            guard let jacobian else { return }
            // Without repeats there is no τ in it, not even an undetermined one.
            let slope = tau.isNaN ? 0 : delta * log(2) / (tau * tau)
            for i in 2 * n..<3 * n { jacobian[i] *= slope }
        }
    }

    /// y by (a, b, δ, d).
    private func inOwnAmplitude(_ curve: GoyalCurve) -> CurveModel.Evaluate {
        let logUnit = log(n0)
        guard isAmplitudeInside else { return Self.inAmplitude(curve, at: logUnit) }
        return { p, values, jacobian in
            // ln a belongs to u.
            curve.fill(1, p[1], p[2], p[3], centre: logUnit - log(p[0]), values: values, jacobian: jacobian)
            guard let jacobian else { return }
            for i in 0..<curve.count { jacobian[i] *= p[1] / p[0] }
        }
    }

    /// y by (A, b, δ, d).
    private static func inAmplitude(_ curve: GoyalCurve, at centre: Double) -> CurveModel.Evaluate {
        { p, values, jacobian in
            curve.fill(p[0], p[1], p[2], p[3], centre: centre, values: values, jacobian: jacobian)
        }
    }

    /// The search for (A, b, δ, d), A = a (centre/N0)^b or (a centre/N0)^b: y − d at a sample count in the points' middle,
    /// typical of them whatever b is. An amplitude that is held, bounded or shared keeps its own unit.
    public func search(points: LawPoints, y: [Double], bounds: [Bounds], isShared: [Bool]) -> LawSearch {
        let curve = prepared(points)
        let keepsUnit = isShared[0] || bounds[0] != self.parameters[0].bounds
        let centre = curve.logFirst.reduce(0, +) / Double(max(1, curve.count))
        let deltas = Bounds(Self.delta(bounds[2].lower), Self.delta(bounds[2].upper))
        let typical = n0 / exp(centre)
        let parameters = [
            CurveParameter(
                bounds: bounds[0], isLinear: !(keepsUnit && isAmplitudeInside),
                spread: .logarithmic(1e-6 * typical, 1e6 * typical)),
            CurveParameter(bounds: bounds[1], spread: .denseNear(.upper, k: 5.5, bounds[1].lower, bounds[1].upper)),
            CurveParameter(bounds: deltas, spread: .even(deltas.lower, deltas.upper)),
            CurveParameter(bounds: bounds[3], isLinear: true, spread: .even(0, 1)),
        ]
        let evaluate = keepsUnit ? inOwnAmplitude(curve) : Self.inAmplitude(curve, at: centre)
        let shift = log(n0) - centre  // ln(N0/centre)
        let isFree = zip(bounds, isShared).map { $0.lower < $0.upper && !$1 }
        return LawSearch(
            model: CurveModel(pointCount: curve.count, parameters: parameters, evaluate: evaluate),
            parameters: { c in
                let tau =
                    c[2] == deltas.lower ? bounds[2].lower : c[2] == deltas.upper ? bounds[2].upper : -1 / log2(c[2])
                if keepsUnit { return [c[0], c[1], tau, c[3]] }
                let (a, b, d) = own(c[0], c[1], c[3], shift: shift, isFree: isFree)
                return [a, b, tau, d]
            },
            coordinates: { p in
                let a =
                    keepsUnit ? p[0] : isAmplitudeInside ? exp(p[1] * (log(p[0]) - shift)) : p[0] / exp(p[1] * shift)
                return [a, p[1], Self.delta(p[2]), p[3]]
            })
    }

    /// (a, b, d) of A, b and d, shift = ln(N0/centre).
    ///
    /// Within the power, A = (a centre/N0)^b has no double a where b is close to 0: there the curve is flat, and a as far out
    /// as doubles reach, with the rest of its height in d, or an exponent that is as small, gives the same curve.
    private func own(
        _ amplitude: Double, _ b: Double, _ d: Double, shift: Double, isFree: [Bool]
    ) -> (a: Double, b: Double, d: Double) {
        guard isAmplitudeInside else { return (amplitude * exp(b * shift), b, d) }
        let limit = 600.0
        let power = log(amplitude) / b
        if abs(power) <= limit { return (exp(power + shift), b, d) }
        let end = amplitude < 1 ? limit : -limit
        let a = exp(end + shift)
        let rest = amplitude + d - exp(b * end)
        if isFree[3] && rest >= 0 { return (a, b, rest) }
        if isFree[3] && isFree[1] { return (a, log(amplitude + d) / end, 0) }
        return (a, isFree[1] && amplitude > 0 ? log(amplitude) / end : b, d)
    }
}
