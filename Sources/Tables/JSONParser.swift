/// A text that is not JSON, with the place where that shows.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1.
    public var line: Int
    /// The byte within the line, counted from 1.
    public var column: Int
    public var problem: String

    public var exitCode: Int32 { 65 }
    public var description: String { "\(line):\(column): \(problem)" }
}

extension JSON {
    /// Parses one JSON value. `NaN`, `Infinity` and `-Infinity`, which Python writes, are read as numbers; a repeated
    /// key, text after the value and more than 512 levels of nesting are errors.
    public static func parse(_ text: String) throws(JSONError) -> JSON { try parse(Array(text.utf8)) }

    public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes)
        let value = try parser.value()
        try parser.end()
        return value
    }
}

/// A recursive-descent parser; it can also hand out an object's members in their written order.
struct JSONParser {
    private let bytes: [UInt8]
    private(set) var position = 0
    private(set) var line: Int
    private var lineStart = 0
    private var depth = 0

    init(_ bytes: [UInt8], line: Int = 1) {
        self.bytes = bytes
        self.line = line
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { (position, lineStart) = (3, 3) }
    }

    func error(_ problem: String) -> JSONError {
        JSONError(line: line, column: position - lineStart + 1, problem: problem)
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
            if byte == 0x0A { (line, lineStart) = (line + 1, position) }
        }
    }

    mutating func end() throws(JSONError) {
        skipSpace()
        if next != nil { throw error("text after the end of the JSON value") }
    }

    mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        guard let byte = next else { throw error("the JSON text ends too early") }
        switch byte {
        case UInt8(ascii: "{"): return .object(Dictionary(uniqueKeysWithValues: try members()))
        case UInt8(ascii: "["):
            var items = [JSON]()
            try open("[")
            while try !closes("]", isFirst: items.isEmpty) { items.append(try value()) }
            return .array(items)
        case UInt8(ascii: "\""): return .string(try string())
        default: return try plain()
        }
    }

    /// An object's members in their written order.
    mutating func members() throws(JSONError) -> [(String, JSON)] {
        skipSpace()
        var members = [(String, JSON)]()
        var keys = Set<String>()
        try open("{")
        while try !closes("}", isFirst: members.isEmpty) {
            guard next == UInt8(ascii: "\"") else { throw error("expected a key in quotation marks") }
            let here = self
            let key = try string()
            guard keys.insert(key).inserted else { throw here.error("the key \"\(key)\" occurs twice") }
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("expected ':' after the key \"\(key)\"") }
            position += 1
            members.append((key, try value()))
        }
        return members
    }

    mutating func open(_ mark: Character) throws(JSONError) {
        guard next == mark.asciiValue else { throw error("expected '\(mark)'") }
        position += 1
        depth += 1
        if depth > 512 { throw error("more than 512 levels of nesting") }
    }

    /// Steps over the comma before an item, or over the closing mark.
    mutating func closes(_ mark: Character, isFirst: Bool) throws(JSONError) -> Bool {
        skipSpace()
        if next == mark.asciiValue {
            position += 1
            depth -= 1
            return true
        }
        if isFirst { return false }
        guard next == UInt8(ascii: ",") else {
            throw error(next == nil ? "the JSON text ends before '\(mark)'" : "expected ',' or '\(mark)'")
        }
        position += 1
        skipSpace()
        return false
    }

    private mutating func plain() throws(JSONError) -> JSON {
        let start = position
        while let byte = next, isWord(byte) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        switch word {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "NaN": return .number(.nan)
        case "Infinity": return .number(.infinity)
        case "-Infinity": return .number(-.infinity)
        default: break
        }
        if let first = word.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) {
            let cell = bytes[start..<position].withUnsafeBufferPointer { readCell($0) }
            if case .integer(let n) = cell { return .integer(n) }
            if case .number(let x) = cell { return .number(x) }
            if case .tooLarge = cell {
                position = start
                throw error("\(word.prefix(40)) is too large for a double")
            }
        }
        position = start
        throw error(word.isEmpty ? "unexpected character" : "'\(word)' is not a JSON value")
    }

    private func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    private mutating func string() throws(JSONError) -> String {
        let opening = self
        position += 1
        var text = [UInt8]()
        while true {
            guard let byte = next, byte != 0x0A else { throw opening.error("a string is not closed") }
            position += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                text.append(contentsOf: try escape())
            } else if byte < 0x20 {
                position -= 1
                throw error("a control character within a string")
            } else {
                text.append(byte)
            }
        }
        guard let result = String(validating: text, as: UTF8.self) else {
            throw opening.error("a string holds bytes that are not UTF-8")
        }
        return result
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = next else { throw error("a string is not closed") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try hex()
            if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try hex()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair in a string") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair in a string") }
            return Array(String(scalar).utf8)
        default:
            position -= 1
            throw error("an unknown escape in a string")
        }
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw error("\\u needs four hexadecimal digits") }
        position += 4
        return code
    }
}
