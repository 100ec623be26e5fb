/// Rows of comma-separated values in the making, for tables too long to be held as columns.
public struct CSVRows: Sendable {
    /// UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// - Parameter capacity: bytes for which room is taken.
    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    public mutating func append(_ value: Int) {
        separate()
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { room in
            var place = room.count
            var rest = value.magnitude
            repeat {
                place -= 1
                room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                place -= 1
                room[place] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[place...]))
        }
    }

    /// The shortest text that reads back as the value; nothing for NaN.
    public mutating func append(_ value: Double) {
        if value == value.rounded(), abs(value) < 0x1p53, value != 0 || value.sign == .plus {
            return append(Int(value))
        }
        separate()
        if !value.isNaN { bytes.append(contentsOf: value.description.utf8) }
    }

    public mutating func append(_ text: String) {
        separate()
        bytes.append(contentsOf: csvField(text).utf8)
    }

    public mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isFirst = true
    }

    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }
}

/// A text as one field: in quotation marks where it has to be.
func csvField(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != 0x2C && $0 != 0x22 && $0 != 0x0A && $0 != 0x0D }
    if isPlain { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
