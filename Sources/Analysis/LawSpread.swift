import Fitting
import Foundation

/// Where the starts of a parameter lie, seen from the data.
public enum LawSpread: Sendable, Equatable {
    case given(Spread)
    /// Like an x column: from a tenth of its smallest positive value to ten times its largest.
    case like(column: Int)
    /// Like one over an x column.
    case inverse(column: Int)
    /// Like y: from 1e-6 of its largest magnitude to ten times it.
    case likeY
    /// Like a product of powers of the x columns, [columns], and of y.
    case scaled(columns: [Double], y: Double)
    /// A place between the smallest and the largest value of an x column.
    case along(column: Int)
    /// An exponent: 0.02 to 5, either sign.
    case exponent
    /// Nothing is known: either sign, many orders of magnitude.
    case any

    func values(_ points: LawPoints, _ y: [Double], _ bounds: Bounds) -> Spread {
        switch self {
        case .given(let spread): return Self.cut(spread, to: bounds)
        case .like(let column):
            let (low, high) = Self.range(points.columns[column])
            return Self.magnitudes(low / 10, high * 10, bounds)
        case .inverse(let column):
            let (low, high) = Self.range(points.columns[column])
            return Self.magnitudes(0.1 / high, 10 / low, bounds)
        case .likeY:
            let high = Self.range(y).high
            return Self.magnitudes(1e-6 * high, 10 * high, bounds)
        case .scaled(let powers, let power):
            let (low, high) = Self.scale(points, powers, y, power)
            return Self.magnitudes(low, high, bounds)
        case .along(let column):
            let values = points.columns[column].filter(\.isFinite)
            let low = max(values.min() ?? 0, bounds.lower)
            let high = min(values.max() ?? 1, bounds.upper)
            return low < high ? .even(low, high) : Self.magnitudes(1e-6, 1e6, bounds)
        case .exponent: return Self.magnitudes(0.02, 5, bounds)
        case .any:
            if bounds.lower.isFinite && bounds.upper.isFinite { return .even(bounds.lower, bounds.upper) }
            return Self.magnitudes(1e-6, 1e6, bounds)
        }
    }

    /// The part of a spread that lies within bounds; all of the bounds where nothing does.
    private static func cut(_ spread: Spread, to bounds: Bounds) -> Spread {
        func part(_ low: Double, _ high: Double, _ make: (Double, Double) -> Spread) -> Spread {
            let (near, far) = (max(low, bounds.lower), min(high, bounds.upper))
            if near < far { return make(near, far) }
            return bounds.lower.isFinite && bounds.upper.isFinite ? .even(bounds.lower, bounds.upper) : spread
        }
        switch spread {
        case .even(let low, let high): return part(low, high, Spread.even)
        case .logarithmic(let low, let high): return part(low, high, Spread.logarithmic)
        case .denseNear(let side, let k, let low, let high):
            return part(low, high) { .denseNear(side, k: k, $0, $1) }
        case .signed(let small, let large): return magnitudes(small, large, bounds)
        }
    }

    /// The smallest and the largest magnitude that is neither zero nor infinite.
    private static func range(_ values: [Double]) -> (low: Double, high: Double) {
        var (low, high) = (Double.infinity, 0.0)
        for value in values.lazy.map(\.magnitude) where value > 0 && value.isFinite {
            low = min(low, value)
            high = max(high, value)
        }
        return high > 0 ? (low, high) : (1, 1)
    }

    private static func scale(
        _ points: LawPoints, _ powers: [Double], _ y: [Double], _ power: Double
    ) -> (low: Double, high: Double) {
        let isPlain = power == 0 && powers.allSatisfy { $0 == 0 }
        if isPlain { return (1e-3, 1e3) }
        var ends = (low: 0.0, high: 0.0)  // logarithms
        func include(_ low: Double, _ high: Double, _ power: Double) {
            guard power != 0 else { return }
            ends.low += power * log(power > 0 ? low : high)
            ends.high += power * log(power > 0 ? high : low)
        }
        for (column, power) in zip(points.columns, powers) {
            let (low, high) = range(column)
            include(low / 10, high * 10, power)
        }
        let largest = range(y).high
        include(1e-3 * largest, 10 * largest, power)
        // Far inside the range of numbers, so that a power of it is one, too.
        return (exp(max(-200, min(200, ends.low))), exp(max(-200, min(201, ends.high))))
    }

    /// These magnitudes with the signs that the bounds allow, cut to the bounds where something is left.
    private static func magnitudes(_ low: Double, _ high: Double, _ bounds: Bounds) -> Spread {
        if bounds.upper <= 0 {
            let (near, far) = (max(low, -bounds.upper), min(high, -bounds.lower))
            if near < far { return .logarithmic(-far, -near) }
        } else if bounds.lower >= 0 {
            let (near, far) = (max(low, bounds.lower), min(high, bounds.upper))
            if near < far { return .logarithmic(near, far) }
        } else {
            return .signed(low, high)
        }
        if bounds.lower.isFinite && bounds.upper.isFinite { return .even(bounds.lower, bounds.upper) }
        return bounds.lower >= 0
            ? .logarithmic(bounds.lower, 10 * bounds.lower) : .logarithmic(10 * bounds.upper, bounds.upper)
    }
}
