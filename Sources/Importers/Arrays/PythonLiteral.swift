/// The few of Python's literals that stand in NumPy's headers.
enum PythonLiteral: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case text(String)
    case tuple([PythonLiteral])
    case list([PythonLiteral])
    case dict([(String, PythonLiteral)])

    struct Fault: Error, Equatable {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    static func parse(_ bytes: [UInt8]) throws(Fault) -> PythonLiteral {
        var parser = Parser(bytes: bytes)
        let value = try parser.value(depth: 0)
        guard parser.next == nil else { throw Fault("text after its end at byte \(parser.position)") }
        return value
    }

    private struct Parser {
        let bytes: [UInt8]
        var position = 0

        /// The next byte that is no space.
        var next: UInt8? {
            mutating get {
                while position < bytes.count, [0x20, 0x0a, 0x09, 0x0d].contains(bytes[position]) { position += 1 }
                return position < bytes.count ? bytes[position] : nil
            }
        }

        mutating func takes(_ mark: Character) -> Bool {
            guard next == mark.asciiValue else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) throws(Fault) -> PythonLiteral {
            guard depth < 16 else { throw Fault("nested too deep") }
            guard let first = next else { throw Fault("it ends too early") }
            switch first {
            case UInt8(ascii: "{"): return .dict(try members(depth: depth))
            case UInt8(ascii: "("): return .tuple(try items(until: ")", depth: depth))
            case UInt8(ascii: "["): return .list(try items(until: "]", depth: depth))
            case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text())
            default: return try word()
            }
        }

        private mutating func items(until end: Character, depth: Int) throws(Fault) -> [PythonLiteral] {
            position += 1
            var all: [PythonLiteral] = []
            while !takes(end) {
                all.append(try value(depth: depth + 1))
                if !takes(","), next != end.asciiValue { throw Fault("',' or '\(end)' is missing at byte \(position)") }
            }
            return all
        }

        private mutating func members(depth: Int) throws(Fault) -> [(String, PythonLiteral)] {
            position += 1
            var all: [(String, PythonLiteral)] = []
            while !takes("}") {
                guard next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") else {
                    throw Fault("a key is missing at byte \(position)")
                }
                let key = try text()
                guard takes(":") else { throw Fault("':' is missing at byte \(position)") }
                all.append((key, try value(depth: depth + 1)))
                if !takes(","), next != UInt8(ascii: "}") { throw Fault("',' or '}' is missing at byte \(position)") }
            }
            return all
        }

        private mutating func text() throws(Fault) -> String {
            let mark = bytes[position]
            guard let end = bytes[(position + 1)...].firstIndex(of: mark) else { throw Fault("a string is not closed") }
            let text = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
            position = end + 1
            return text
        }

        private mutating func word() throws(Fault) -> PythonLiteral {
            let start = position
            while position < bytes.count, isWord(bytes[position]) { position += 1 }
            var word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "None": return .none
            case "True": return .bool(true)
            case "False": return .bool(false)
            default: break
            }
            // Python 2 marks its long integers.
            if word.hasSuffix("L") { word.removeLast() }
            guard let integer = Int(word) else { throw Fault("'\(word)' at byte \(start) is no value") }
            return .integer(integer)
        }

        private func isWord(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
        }
    }
}
