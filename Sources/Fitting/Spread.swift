import Foundation

/// How starts are spread over an interval, which may be narrower than the parameter's bounds.
public enum Spread: Sendable, Equatable {
    case even(Double, Double)
    /// Even in the logarithm; both ends positive, or both negative.
    case logarithmic(Double, Double)
    /// Dense near one end: the distance from it grows like exp(k t) − 1, t even in 0…1.
    case denseNear(Bounds.Side, k: Double, Double, Double)
    /// Either sign, magnitudes even in the logarithm between the two positive ends.
    case signed(Double, Double)

    /// The value at share t ∈ 0…1.
    func value(_ t: Double) -> Double {
        switch self {
        case .even(let low, let high): return low + (high - low) * t
        case .logarithmic(let low, let high): return low * pow(high / low, t)
        case .denseNear(.lower, let k, let low, let high): return low + (high - low) * expm1(k * t) / expm1(k)
        case .denseNear(.upper, let k, let low, let high): return high - (high - low) * expm1(k * t) / expm1(k)
        case .signed(let small, let large):
            let share = abs(2 * t - 1)
            return (t < 0.5 ? -1 : 1) * small * pow(large / small, share)
        }
    }
}
