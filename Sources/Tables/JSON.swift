/// A JSON value. Its text has sorted keys and the shortest floats that read back the same: equal values, equal bytes.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    /// NaN and infinities are written as null.
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// An optional number: nil is null.
    public init(_ x: Double?) { self = x.map(JSON.number) ?? .null }
    public init(_ n: Int?) { self = n.map(JSON.integer) ?? .null }
    public init(_ s: String?) { self = s.map(JSON.string) ?? .null }
    public init(_ strings: [String]) { self = .array(strings.map(JSON.string)) }

    /// A whole number of less than 2⁵³ as an integer, any other number as it is.
    public static func exact(_ x: Double) -> JSON {
        x == x.rounded() && abs(x) < 0x1p53 ? .integer(Int(x)) : .number(x)
    }

    public subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    public subscript(index: Int) -> JSON? {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
    }

    /// The value as a number, where it is one.
    public var double: Double? {
        switch self {
        case .integer(let n): Double(n)
        case .number(let x): x
        default: nil
        }
    }

    public var int: Int? { if case .integer(let n) = self { n } else { nil } }
    public var string: String? { if case .string(let s) = self { s } else { nil } }
    public var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
    public var items: [JSON]? { if case .array(let a) = self { a } else { nil } }
    public var members: [String: JSON]? { if case .object(let o) = self { o } else { nil } }

    /// The text of the value: indented by two spaces, arrays of plain values on one line, a newline at the end; or all
    /// on one line without one.
    public func text(pretty: Bool = true) -> String {
        var out: [UInt8] = []
        write(to: &out, indent: pretty ? 0 : nil)
        if pretty { out.append(UInt8(ascii: "\n")) }
        return String(decoding: out, as: UTF8.self)
    }

    /// The indented text of a value that stands `depth` levels within another, without a newline at the end.
    public func text(atDepth depth: Int) -> String {
        var out: [UInt8] = []
        write(to: &out, indent: depth)
        return String(decoding: out, as: UTF8.self)
    }

    private var isPlain: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    private func write(to out: inout [UInt8], indent: Int?) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let b): out += (b ? "true" : "false").utf8
        case .integer(let n): out += String(n).utf8
        case .number(let x): out += (x.isFinite ? "\(x)" : "null").utf8
        case .string(let s): Self.quote(s, to: &out)
        case .array(let items):
            let inner = items.allSatisfy(\.isPlain) ? nil : indent.map { $0 + 1 }
            Self.list(items, "[", "]", indent: inner, spaced: indent != nil, to: &out) { item, out in
                item.write(to: &out, indent: inner)
            }
        case .object(let members):
            let inner = indent.map { $0 + 1 }
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.list(sorted, "{", "}", indent: inner, spaced: false, to: &out) { member, out in
                Self.quote(member.key, to: &out)
                out += (indent == nil ? ":" : ": ").utf8
                member.value.write(to: &out, indent: inner)
            }
        }
    }

    private static func list<Item>(
        _ items: [Item], _ open: Unicode.Scalar, _ close: Unicode.Scalar, indent: Int?, spaced: Bool,
        to out: inout [UInt8], _ write: (Item, inout [UInt8]) -> Void
    ) {
        func newLine(_ depth: Int) {
            out.append(UInt8(ascii: "\n"))
            for _ in 0..<2 * depth { out.append(UInt8(ascii: " ")) }
        }
        out.append(UInt8(ascii: open))
        for (i, item) in items.enumerated() {
            if i > 0 { out += (indent == nil && spaced ? ", " : ",").utf8 }
            if let indent { newLine(indent) }
            write(item, &out)
        }
        if let indent, !items.isEmpty { newLine(indent - 1) }
        out.append(UInt8(ascii: close))
    }

    private static func quote(_ s: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in s.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += "\\\"".utf8
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case UInt8(ascii: "\n"): out += "\\n".utf8
            case UInt8(ascii: "\r"): out += "\\r".utf8
            case UInt8(ascii: "\t"): out += "\\t".utf8
            case ..<0x20:
                let hex = String(byte, radix: 16)
                out += ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
