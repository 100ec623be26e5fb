import Foundation

/// The closed interval in which a parameter may lie; an infinite end is no bound.
public struct Bounds: Sendable, Equatable {
    public let lower: Double
    public let upper: Double

    public init(_ lower: Double = -.infinity, _ upper: Double = .infinity) {
        precondition(lower <= upper, "bounds \(lower)…\(upper) are empty")
        self.lower = lower
        self.upper = upper
    }

    public static let none = Bounds()

    public enum Side: Sendable, Equatable { case lower, upper }

    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
    public func clamp(_ value: Double) -> Double { min(max(value, lower), upper) }

    /// The end that `value` has reached, within a share of the interval's width (of the value where it has one end).
    public func side(of value: Double, within share: Double) -> Side? {
        let width = upper - lower
        let slack = share * (width.isFinite ? width : max(1, abs(value)))
        if lower.isFinite && value - lower <= slack { return .lower }
        if upper.isFinite && upper - value <= slack { return .upper }
        return nil
    }

    public subscript(side: Side) -> Double { side == .lower ? lower : upper }

    // GSL's solvers know no bounds: they search an unbounded coordinate t, from which the parameter follows. Two ends:
    // p = lower + (upper − lower) sin²t; one end: p = lower + t² or its mirror image, which has no scale of its own, so
    // that a start many orders of magnitude off is as good as any; none: p = t.

    /// The parameter at search coordinate `t`, and dp/dt. Counted from the nearer end, so that no digits are lost there.
    func parameter(at t: Double) -> (value: Double, slope: Double) {
        switch (lower.isFinite, upper.isFinite) {
        case (true, true):
            let (s, c, width) = (sin(t), cos(t), upper - lower)
            return (s * s < 0.5 ? lower + width * s * s : upper - width * c * c, 2 * width * s * c)
        case (true, false): return (lower + t * t, 2 * t)
        case (false, true): return (upper - t * t, -2 * t)
        case (false, false): return (t, 1)
        }
    }

    func coordinate(of value: Double) -> Double {
        let p = clamp(value)
        switch (lower.isFinite, upper.isFinite) {
        case (true, true): return atan2((p - lower).squareRoot(), (upper - p).squareRoot())
        case (true, false): return (p - lower).squareRoot()
        case (false, true): return (upper - p).squareRoot()
        case (false, false): return p
        }
    }
}
