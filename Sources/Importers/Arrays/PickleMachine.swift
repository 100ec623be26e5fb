/// Reads a pickle (protocols 0 to 5) as the program for a stack machine that it is, and calls nothing: the few names
/// that it may use stand in `PickleGlobal`, and every other one is refused by its name.
struct PickleMachine {
    var cursor: PickleCursor
    var document = PickleDocument()
    var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var items = 0
    let isWithin: Bool

    /// Lists, dictionaries and arrays of one pickle.
    private static let mostNodes = 1 << 23
    /// Values in all of them together.
    private static let mostItems = 1 << 25
    /// Digits of a number that is written as text, and bytes of a long one.
    private static let longestNumber = 64

    /// Reads the pickle at the cursor, up to its end, and leaves the cursor behind it.
    ///
    /// - Parameter isWithin: whether it stands in another pickle; then no third one may stand in it.
    static func read(_ cursor: inout PickleCursor, isWithin: Bool = false) throws(ImportError) -> PickleDocument {
        var machine = PickleMachine(cursor: cursor, isWithin: isWithin)
        while try machine.step() {}
        cursor = machine.cursor
        machine.document.values = machine.items
        return machine.document
    }

    private init(cursor: PickleCursor, isWithin: Bool) {
        self.cursor = cursor
        self.isWithin = isWithin
    }

    // MARK: The stack

    /// Counts what a pickle makes in memory: a few bytes of it can ask for millions of values.
    mutating func charge(_ values: Int) throws(ImportError) {
        items += values
        guard items <= Self.mostItems else { throw cursor.error("more than \(Self.mostItems) values in one pickle") }
    }

    mutating func push(_ value: PickleValue) throws(ImportError) {
        try charge(1)
        stack.append(value)
    }

    mutating func pop() throws(ImportError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw cursor.error("the pickle takes a value that is not there; it is damaged")
        }
        return value
    }

    private mutating func popToMark() throws(ImportError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw cursor.error("the pickle has no mark here; it is damaged") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    mutating func make(_ node: PickleNode) throws(ImportError) -> PickleValue {
        guard document.nodes.count < Self.mostNodes else {
            throw cursor.error("more than \(Self.mostNodes) lists, dictionaries and arrays in one pickle")
        }
        document.nodes.append(node)
        return .node(document.nodes.count - 1)
    }

    func node(_ value: PickleValue?) -> PickleNode? {
        if case .node(let index)? = value { document.nodes[index] } else { nil }
    }

    // MARK: Steps

    /// One instruction; false at the last.
    private mutating func step() throws(ImportError) -> Bool {
        let start = cursor.position
        let code = try cursor.byte()
        switch code {
        case UInt8(ascii: "."):
            document.root = try pop()
            return false
        case UInt8(ascii: "("):
            try charge(1)
            marks.append(stack.count)
        case UInt8(ascii: "0"): try drop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"):
            let top = try pop()
            try push(top)
            try push(top)
        case 0x80:
            let version = try cursor.byte()
            guard version <= 5 else { throw cursor.error("pickle protocol \(version) is unknown", at: start) }
        case 0x95:
            let length = try cursor.length(bytes: 8)
            guard length <= cursor.remaining else {
                throw cursor.error("a frame of \(length) bytes, but only \(cursor.remaining) are left", at: start)
            }
        case UInt8(ascii: "N"): try push(.none)
        case 0x88, 0x89: try push(.bool(code == 0x88))
        default:
            if try number(code, start) { return true }
            if try text(code, start) { return true }
            if try container(code, start) { return true }
            if try remembered(code) { return true }
            try call(code, start)
        }
        return true
    }

    private mutating func drop() throws(ImportError) {
        if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    }

    private mutating func number(_ code: UInt8, _ start: Int) throws(ImportError) -> Bool {
        switch code {
        case UInt8(ascii: "K"): try push(.integer(Int(try cursor.byte())))
        case UInt8(ascii: "M"): try push(.integer(Int(try cursor.integer(bytes: 2))))
        case UInt8(ascii: "J"):
            try push(.integer(Int(Int32(truncatingIfNeeded: try cursor.integer(bytes: 4)))))
        case UInt8(ascii: "G"):
            try push(.number(Double(bitPattern: try cursor.integer(bytes: 8).byteSwapped)))
        case 0x8a: try push(try long(Int(try cursor.byte()), start))
        case 0x8b: try push(try long(cursor.length(bytes: 4), start))
        case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"):
            let line = String(decoding: try cursor.line(longest: Self.longestNumber), as: UTF8.self)
            if code == UInt8(ascii: "I"), line == "00" || line == "01" {
                try push(.bool(line == "01"))
            } else if code == UInt8(ascii: "F") {
                guard let value = Double(line) else { throw cursor.error("'\(line)' is no number", at: start) }
                try push(.number(value))
            } else {
                guard let value = Int(line.hasSuffix("L") ? String(line.dropLast()) : line) else {
                    // The magic number of PyTorch's old format has 21 digits; larger ones mean nothing here.
                    guard line.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x4c }) else {
                        throw cursor.error("'\(line)' is no number", at: start)
                    }
                    try push(.long([]))
                    return true
                }
                try push(.integer(value))
            }
        default: return false
        }
        return true
    }

    private mutating func long(_ count: Int, _ start: Int) throws(ImportError) -> PickleValue {
        guard count <= Self.longestNumber else {
            throw cursor.error("an integer of \(count) bytes; nothing that is read here needs one", at: start)
        }
        let bytes = try cursor.bytes(count)
        guard count <= 8 else { return .long(bytes) }
        let fill: UInt64 = (bytes.last ?? 0) >= 0x80 ? .max : 0
        return .integer(Int(truncatingIfNeeded: bytes.reversed().reduce(fill) { $0 << 8 | UInt64($1) }))
    }

    private mutating func text(_ code: UInt8, _ start: Int) throws(ImportError) -> Bool {
        switch code {
        case 0x8c: try push(.text(try utf8(Int(try cursor.byte()))))
        case UInt8(ascii: "X"): try push(.text(try utf8(try cursor.length(bytes: 4))))
        case 0x8d: try push(.text(try utf8(try cursor.length(bytes: 8))))
        case UInt8(ascii: "C"): try push(.bytes(try cursor.slice(Int(try cursor.byte()))))
        case UInt8(ascii: "B"): try push(.bytes(try cursor.slice(try cursor.length(bytes: 4))))
        case 0x8e, 0x96: try push(.bytes(try cursor.slice(try cursor.length(bytes: 8))))
        // Python 2's strings, whose bytes are text or not.
        case UInt8(ascii: "U"): try push(oldString(try cursor.bytes(Int(try cursor.byte()))))
        case UInt8(ascii: "T"): try push(oldString(try cursor.bytes(try cursor.length(bytes: 4))))
        case UInt8(ascii: "S"):
            let line = try cursor.line(longest: cursor.remaining)
            guard line.count >= 2, line.first == line.last, line.first == 0x22 || line.first == 0x27,
                let bytes = PickleEscapes.string(line.dropFirst().dropLast())
            else { throw cursor.error("a string without its quotation marks", at: start) }
            try push(oldString(bytes))
        case UInt8(ascii: "V"):
            guard let text = PickleEscapes.unicode(try cursor.line(longest: cursor.remaining)) else {
                throw cursor.error("a string with a broken escape", at: start)
            }
            try push(.text(text))
        default: return false
        }
        return true
    }

    private mutating func utf8(_ count: Int) throws(ImportError) -> String {
        String(decoding: try cursor.bytes(count), as: UTF8.self)
    }

    private func oldString(_ bytes: [UInt8]) -> PickleValue {
        String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(.memory(bytes))
    }

    private mutating func container(_ code: UInt8, _ start: Int) throws(ImportError) -> Bool {
        switch code {
        case UInt8(ascii: "]"): try push(try make(.list([])))
        case UInt8(ascii: "}"): try push(try make(.dict([])))
        case UInt8(ascii: ")"): try push(try make(.tuple([])))
        case 0x8f: try push(try make(.list([])))
        case UInt8(ascii: "l"), 0x91:
            let values = try popToMark()
            try push(try make(.list(values)))
        case UInt8(ascii: "t"):
            let values = try popToMark()
            try push(try make(.tuple(values)))
        case 0x85, 0x86, 0x87:
            var values: [PickleValue] = []
            for _ in 0...(code - 0x85) { values.append(try pop()) }
            try push(try make(.tuple(values.reversed())))
        case UInt8(ascii: "d"):
            let values = try popToMark()
            try push(try make(.dict(try pairs(values))))
        case UInt8(ascii: "a"):
            let value = try pop()
            try append([value], start)
        case UInt8(ascii: "e"), 0x90: try append(try popToMark(), start)
        case UInt8(ascii: "s"):
            let value = try pop()
            let key = try pop()
            try set([key, value], start)
        case UInt8(ascii: "u"): try set(try popToMark(), start)
        default: return false
        }
        return true
    }

    private func pairs(_ values: [PickleValue]) throws(ImportError) -> [(key: PickleValue, value: PickleValue)] {
        guard values.count.isMultiple(of: 2) else { throw cursor.error("a dictionary with a key too many") }
        return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
    }

    private mutating func append(_ values: [PickleValue], _ start: Int) throws(ImportError) {
        guard case .node(let index)? = stack.last, case .list(var list) = document.nodes[index] else {
            throw cursor.error("the pickle appends to what is no list; it is damaged", at: start)
        }
        // Taken out, so that appending copies nothing.
        document.nodes[index] = .lent
        list += values
        document.nodes[index] = .list(list)
    }

    private mutating func set(_ values: [PickleValue], _ start: Int) throws(ImportError) {
        guard case .node(let index)? = stack.last, case .dict(var dict) = document.nodes[index] else {
            throw cursor.error("the pickle sets items of what is no dictionary; it is damaged", at: start)
        }
        document.nodes[index] = .lent
        dict += try pairs(values)
        document.nodes[index] = .dict(dict)
    }

    private mutating func remembered(_ code: UInt8) throws(ImportError) -> Bool {
        let index: Int
        let isPut: Bool
        switch code {
        case 0x94: (index, isPut) = (memo.count, true)
        case UInt8(ascii: "q"): (index, isPut) = (Int(try cursor.byte()), true)
        case UInt8(ascii: "r"): (index, isPut) = (try cursor.length(bytes: 4), true)
        case UInt8(ascii: "h"): (index, isPut) = (Int(try cursor.byte()), false)
        case UInt8(ascii: "j"): (index, isPut) = (try cursor.length(bytes: 4), false)
        case UInt8(ascii: "p"), UInt8(ascii: "g"):
            let line = String(decoding: try cursor.line(longest: Self.longestNumber), as: UTF8.self)
            guard let number = Int(line) else { throw cursor.error("'\(line)' is no place to remember") }
            (index, isPut) = (number, code == UInt8(ascii: "p"))
        default: return false
        }
        if isPut {
            guard let top = stack.last, stack.count > (marks.last ?? 0) else {
                throw cursor.error("there is nothing to remember; the pickle is damaged")
            }
            try charge(1)
            memo[index] = top
        } else {
            guard let value = memo[index] else { throw cursor.error("nothing was remembered as \(index)") }
            try push(value)
        }
        return true
    }
}
