/// What the bytes of one cell say.
enum Cell {
    case empty
    case integer(Int)
    case number(Double)
    /// A decimal number that is too large for a double, such as `1e400`; `inf` is a number of its own.
    case tooLarge
    case text
}

/// The powers of ten that a double holds exactly.
private let exactPowers: [Double] = (0...22).map { n in (0..<n).reduce(1.0) { p, _ in p * 10 } }

/// Reads a decimal number: a sign, digits, a fraction, an exponent, spaces around it. `nan`, `inf` and `infinity` (any
/// case, signed) are numbers; nothing else is, hexadecimal least of all.
func readCell(_ bytes: UnsafeBufferPointer<UInt8>) -> Cell {
    var start = 0
    var end = bytes.count
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    if start == end { return .empty }

    var i = start
    let isNegative = bytes[i] == UInt8(ascii: "-")
    if isNegative || bytes[i] == UInt8(ascii: "+") { i += 1 }
    var mantissa: UInt64 = 0
    var digits = 0  // significant ones read into the mantissa
    var seen = false
    var scale = 0
    var isInteger = true
    while i < end, let d = digit(bytes[i]) {
        seen = true
        if digits < 19 { mantissa = mantissa &* 10 &+ d } else { scale += 1 }
        if mantissa != 0 { digits += 1 }
        i += 1
    }
    if i < end, bytes[i] == UInt8(ascii: ".") {
        isInteger = false
        i += 1
        while i < end, let d = digit(bytes[i]) {
            seen = true
            if digits < 19 {
                mantissa = mantissa &* 10 &+ d
                scale -= 1
            }
            if mantissa != 0 { digits += 1 }
            i += 1
        }
    }
    guard seen else { return word(bytes, start, end) }
    if i < end, bytes[i] | 0x20 == UInt8(ascii: "e") {
        isInteger = false
        i += 1
        var sign = 1
        if i < end, bytes[i] == UInt8(ascii: "-") || bytes[i] == UInt8(ascii: "+") {
            sign = bytes[i] == UInt8(ascii: "-") ? -1 : 1
            i += 1
        }
        guard i < end else { return .text }
        var exponent = 0
        while i < end, let d = digit(bytes[i]) {
            exponent = min(exponent * 10 + Int(d), 100_000)
            i += 1
        }
        scale += sign * exponent
    }
    guard i == end else { return .text }
    if isInteger, digits <= 19, mantissa <= Int.max { return .integer(isNegative ? -Int(mantissa) : Int(mantissa)) }
    // Clinger's fast path: both factors are exact, so one operation rounds once.
    if digits <= 19, mantissa <= 1 << 53, abs(scale) <= 22 {
        let m = Double(mantissa)
        let x = scale < 0 ? m / exactPowers[-scale] : m * exactPowers[scale]
        return .number(isNegative ? -x : x)
    }
    if digits <= 19, let x = extended(mantissa, scale) { return .number(isNegative ? -x : x) }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
    return Double(text).map { $0.isInfinite ? .tooLarge : .number($0) } ?? .text
}

#if arch(x86_64) && !os(Windows)
    /// Powers of ten that 64 bits of significand hold exactly.
    private let extendedPowers: [Float80] = (0...27).map { n in (0..<n).reduce(1) { p, _ in p * 10 } }

    /// m · 10^scale through the 64-bit significand of the x87: rounded once there and once more to a double, which is
    /// right unless the first result lies beside the middle between two doubles; then nil.
    private func extended(_ mantissa: UInt64, _ scale: Int) -> Double? {
        guard mantissa > 0, abs(scale) <= 27 else { return nil }
        let m = Float80(mantissa)
        let x = scale < 0 ? m / extendedPowers[-scale] : m * extendedPowers[scale]
        let rest = x.significandBitPattern & 0x7FF
        return rest >= 0x3FF && rest <= 0x401 ? nil : Double(x)
    }
#else
    private func extended(_ mantissa: UInt64, _ scale: Int) -> Double? { nil }
#endif

private func digit(_ byte: UInt8) -> UInt64? {
    let d = byte &- UInt8(ascii: "0")
    return d < 10 ? UInt64(d) : nil
}

private func word(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Cell {
    guard end - start <= 9 else { return .text }
    return switch String(decoding: bytes[start..<end], as: UTF8.self).lowercased() {
    case "nan", "-nan", "+nan": .number(.nan)
    case "inf", "+inf", "infinity", "+infinity": .number(.infinity)
    case "-inf", "-infinity": .number(-.infinity)
    default: .text
    }
}

/// Words that stand for an empty cell within a column of numbers, but are text elsewhere.
func isMissing(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    (bytes.count == 2 && bytes[0] == UInt8(ascii: "N") && bytes[1] == UInt8(ascii: "A"))
        || (bytes.count == 4 && String(decoding: bytes, as: UTF8.self).lowercased() == "null")
}

/// Whether a text is a number that a double does not hold.
func isTooLarge(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { if case .tooLarge = readCell($0) { true } else { false } }
}

/// Whether a text may be a commit's hash, in git's shortest form or longer.
func mayBeHash(_ text: String) -> Bool {
    text.utf8.count >= 7 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}

/// A text as a number: NaN for an empty cell, nil for anything that is not a number.
func number(_ text: String) -> Double? {
    var text = text
    return text.withUTF8 { bytes in
        switch readCell(bytes) {
        case .empty: .nan
        case .integer(let n): Double(n)
        case .number(let x): x
        case .tooLarge: nil
        case .text: isMissing(bytes) ? .nan : nil
        }
    }
}
