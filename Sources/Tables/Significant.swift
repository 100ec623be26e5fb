#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `x` with so many significant digits, trailing zeros dropped (C's `%g`); integral values below 10¹⁵ in full.
public func significant(_ x: Double, digits: Int = 5) -> String {
    if x.isNaN { return "nan" }
    if x == x.rounded(), abs(x) < 1e15 { return String(Int(x)) }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
        let length = withVaList([Int32(clamping: digits), x]) {
            vsnprintf(buffer.baseAddress, buffer.count, "%.*g", $0)
        }
        return String(decoding: buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A text as a reader sees it: a number of many digits with five significant ones, anything else as it is.
public func legible(_ text: String) -> String {
    guard text.utf8.count > 7, text.contains("."), let x = number(text), x.isFinite else { return text }
    return significant(x)
}

/// `1 row`, `3 rows`.
public func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
