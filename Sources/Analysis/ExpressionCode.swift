import Foundation

/// An operation of an expression or of its derivatives, applied to whole columns.
enum ExpressionCode: UInt8, Sendable {
    case add, subtract, multiply, divide, power, minimum, maximum
    case negate, exp, log, sqrt, sin, cos, atan, abs
    /// a·b, and 0 where one of them is 0, even if the other is infinite: a chain rule's product.
    case chain
    /// −1, 0 or 1.
    case sign
    /// 1 where a ≤ b or a is NaN, otherwise 0.
    case atMost
    /// b where a is not 0, otherwise c.
    case select
    /// ∂(x^p)/∂x of x, p and x^p.
    case powerSlope

    var operandCount: Int {
        switch self {
        case .negate, .exp, .log, .sqrt, .sin, .cos, .atan, .abs, .sign: 1
        case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .chain, .atMost: 2
        case .select, .powerSlope: 3
        }
    }

    var isCommutative: Bool { self == .add || self == .multiply || self == .chain }
}

/// Where an operand's numbers lie: a column, or one number that stands for all rows.
struct ExpressionOperand {
    let pointer: UnsafePointer<Double>
    let isUniform: Bool
}

/// Fills `count` rows of `out`, which overlaps no operand.
func compute(
    _ code: ExpressionCode, _ out: UnsafeMutablePointer<Double>, _ a: ExpressionOperand, _ b: ExpressionOperand,
    _ c: ExpressionOperand, count: Int
) {
    switch code {
    case .add: rows(out, a, b, count) { $0 + $1 }
    case .subtract: rows(out, a, b, count) { $0 - $1 }
    case .multiply: rows(out, a, b, count) { $0 * $1 }
    case .divide: rows(out, a, b, count) { $0 / $1 }
    case .power: rows(out, a, b, count) { pow($0, $1) }
    // The first of equals; NaN whichever is NaN.
    case .minimum: rows(out, a, b, count) { $0 <= $1 || $0.isNaN ? $0 : $1 }
    case .maximum: rows(out, a, b, count) { $0 >= $1 || $0.isNaN ? $0 : $1 }
    case .negate: rows(out, a, count) { -$0 }
    case .exp: rows(out, a, count) { exp($0) }
    case .log: rows(out, a, count) { log($0) }
    case .sqrt: rows(out, a, count) { $0.squareRoot() }
    case .sin: rows(out, a, count) { sin($0) }
    case .cos: rows(out, a, count) { cos($0) }
    case .atan: rows(out, a, count) { atan($0) }
    case .abs: rows(out, a, count) { $0.magnitude }
    case .chain: rows(out, a, b, count) { $0 == 0 || $1 == 0 ? 0 : $0 * $1 }
    case .sign: rows(out, a, count) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .atMost: rows(out, a, b, count) { $0 <= $1 || $0.isNaN ? 1 : 0 }
    case .select: rows(out, a, b, c, count) { $0 != 0 ? $1 : $2 }
    case .powerSlope: rows(out, a, b, c, count, powerSlope)
    }
}

/// p x^(p−1), from f = x^p where that loses nothing.
private func powerSlope(_ x: Double, _ p: Double, _ f: Double) -> Double {
    if p == 0 { return 0 }
    if x != 0 && f != 0 && f.isFinite { return p * (f / x) }
    return p * pow(x, p - 1)
}

@inline(__always)
private func rows(
    _ out: UnsafeMutablePointer<Double>, _ a: ExpressionOperand, _ count: Int, _ f: (Double) -> Double
) {
    let x = a.pointer
    for i in 0..<count { out[i] = f(x[i]) }
}

@inline(__always)
private func rows(
    _ out: UnsafeMutablePointer<Double>, _ a: ExpressionOperand, _ b: ExpressionOperand, _ count: Int,
    _ f: (Double, Double) -> Double
) {
    let (x, y) = (a.pointer, b.pointer)
    if a.isUniform {
        let u = x[0]
        for i in 0..<count { out[i] = f(u, y[i]) }
    } else if b.isUniform {
        let u = y[0]
        for i in 0..<count { out[i] = f(x[i], u) }
    } else {
        for i in 0..<count { out[i] = f(x[i], y[i]) }
    }
}

@inline(__always)
private func rows(
    _ out: UnsafeMutablePointer<Double>, _ a: ExpressionOperand, _ b: ExpressionOperand, _ c: ExpressionOperand,
    _ count: Int, _ f: (Double, Double, Double) -> Double
) {
    let steps = (a.isUniform ? 0 : 1, b.isUniform ? 0 : 1, c.isUniform ? 0 : 1)
    for i in 0..<count {
        out[i] = f(a.pointer[i * steps.0], b.pointer[i * steps.1], c.pointer[i * steps.2])
    }
}
