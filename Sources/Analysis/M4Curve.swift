import Foundation

/// The curve of M4, (y − err_inf)/(err_0 − y)^α = R, solved for y: with w = err_0 − err_inf and
/// t = ln((y − err_inf)/(err_0 − y)) it reads
///
///     h(t) = α softplus(t) − softplus(−t) = q,    q = ln R + (α − 1) ln w.
///
/// h rises with slope 1 below zero and with slope α above it: t is an unknown without unit or bound.
enum M4Curve {
    /// How y divides the interval between err_inf and err_0, each part to relative precision.
    struct Division {
        /// y − err_inf.
        var above: Double
        /// err_0 − y.
        var gap: Double
    }

    /// h and h′ at t, and softplus(t), with the shares of the interval below and above y.
    static func h(_ t: Double, _ alpha: Double) -> (
        value: Double, slope: Double, softplus: Double, share: Double, rest: Double
    ) {
        let small = exp(-abs(t))
        let (tail, less, more) = (log1p(small), small / (1 + small), 1 / (1 + small))
        let (share, rest) = t < 0 ? (less, more) : (more, less)
        let softplus = max(t, 0) + tail
        return (alpha * softplus - (max(-t, 0) + tail), rest + alpha * share, softplus, share, rest)
    }

    /// The root of h(t) = q; infinite where y is as good as on a level.
    ///
    /// h is concave for α < 1 and convex for α > 1. Its asymptotes t and α t give a start on that side of the root from
    /// which Newton's steps never pass it. |h″/h′| ≤ 1: a step of 1e-8 leaves less than an ulp of 1.
    static func root(_ q: Double, _ alpha: Double) -> Double {
        if alpha == 0 { return q < 0 ? q - log(-expm1(q)) : .infinity }
        var t = q < 0 ? q : q / alpha
        while t.isFinite {
            let (value, slope, _, _, _) = h(t, alpha)
            let next = t - (value - q) / slope
            // Rounding turns the last step back; also false for NaN.
            guard alpha < 1 ? next > t : next < t else { break }
            let step = abs(next - t)
            t = next
            if step < 1e-8 { break }
        }
        return t
    }

    /// Solves for y at β x^c = R.
    static func divide(_ ratio: Double, _ alpha: Double, floor: Double, ceiling: Double) -> Division {
        let width = ceiling - floor
        if alpha == 0 { return Division(above: min(ratio, width), gap: max(0, width - ratio)) }
        let t = root(log(ratio) + (alpha - 1) * log(width), alpha)
        let (_, _, _, share, rest) = h(t, alpha)
        var result = Division(above: width * share, gap: width * rest)
        guard ratio.isNormal else { return result }
        // A large |t| has lost digits that the equation itself still has; each pass gains at least one of them.
        if alpha * share < 0.1 * rest {
            for _ in 0..<2 {
                result.above = ratio * pow(result.gap, alpha)
                result.gap = width - result.above
            }
        } else if rest < 0.1 * alpha * share {
            for _ in 0..<2 {
                result.gap = pow(result.above / ratio, 1 / alpha)
                result.above = width - result.gap
            }
        }
        return result
    }

    /// ∂y/∂(β, c, α, err_inf, err_0) of a solved point, by the implicit function theorem: with A = y − err_inf,
    /// B = err_0 − y and ρ = α A/B, (1 + ρ) dy = A d ln R + A ln B dα + d err_inf + ρ d err_0.
    static func gradient(
        _ y: Division, beta: Double, alpha: Double, power: Double, logX: Double
    ) -> (beta: Double, c: Double, alpha: Double, floor: Double, ceiling: Double) {
        if y.gap <= 0 { return (0, 0, 0, 0, 1) }
        let rho = alpha * y.above / y.gap
        if rho <= 1 {
            let a = y.above / (1 + rho)
            let byBeta = beta > 0 ? a / beta : power * pow(y.gap, alpha)
            return (byBeta, a * logX, a * log(y.gap), 1 / (1 + rho), rho / (1 + rho))
        }
        let sigma = 1 / rho
        let b = y.gap / alpha / (1 + sigma)
        return (b / beta, b * logX, b * log(y.gap), sigma / (1 + sigma), 1 / (1 + sigma))
    }
}
