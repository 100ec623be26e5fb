import Foundation
import Tables

/// A number computed from the columns of a row, as in `--y "1-acc/100"`: a column's name, or `+ - * / ^` (right
/// associative, binding closer than a sign: −x^2 = −(x^2)), parentheses, numbers, `pi`, `exp log sqrt abs`.
public struct ColumnExpression: Sendable, Equatable {
    public let text: String
    private let root: Node
    /// The columns that it reads, in the order of their first appearance.
    public let columns: [String]

    indirect enum Node: Sendable, Equatable {
        case number(Double)
        case column(String)
        case negative(Node)
        case call(String, Node)
        case binary(Character, Node, Node)
    }

    /// True for a column as it stands.
    public var isColumn: Bool { if case .column = root { true } else { false } }

    /// - Parameter known: the table's columns: a text that is one of them as it stands needs no parsing.
    public init(_ text: String, known: [String]) throws(ScalingLawError) {
        self.text = text
        if known.contains(text) {
            root = .column(text)
            columns = [text]
            return
        }
        var parser = ColumnExpressionParser(text)
        root = try parser.whole()
        columns = parser.columns
    }

    /// The value in every row of a table; NaN where a cell is empty.
    public func values(in table: Table) throws(TableError) -> [Double] {
        var data: [String: [Double]] = [:]
        for name in columns { data[name] = try table.numbers(name) }
        return (0..<table.rowCount).map { row in Self.value(of: root) { data[$0]?[row] ?? .nan } }
    }

    private static func value(of node: Node, _ column: (String) -> Double) -> Double {
        switch node {
        case .number(let x): return x
        case .column(let name): return column(name)
        case .negative(let a): return -value(of: a, column)
        case .call(let name, let a):
            let x = value(of: a, column)
            switch name {
            case "exp": return exp(x)
            case "log": return log(x)
            case "sqrt": return x.squareRoot()
            default: return abs(x)
            }
        case .binary(let sign, let a, let b):
            let (x, y) = (value(of: a, column), value(of: b, column))
            switch sign {
            case "+": return x + y
            case "-": return x - y
            case "*": return x * y
            case "/": return x / y
            default: return pow(x, y)
            }
        }
    }
}

/// Recursive descent over the characters; errors carry the offset.
struct ColumnExpressionParser {
    private let text: String
    private let characters: [Character]
    private var position = 0
    private var depth = 0
    private(set) var columns: [String] = []

    static let functions = ["exp", "log", "sqrt", "abs"]

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func whole() throws(ScalingLawError) -> ColumnExpression.Node {
        let node = try sum()
        guard position == characters.count else { throw error("unexpected '\(characters[position])'") }
        return node
    }

    private func error(_ problem: String) -> ScalingLawError { .expression(text, offset: position, problem: problem) }

    private mutating func next(_ allowed: String) -> Character? {
        skipSpaces()
        guard position < characters.count, allowed.contains(characters[position]) else { return nil }
        position += 1
        return characters[position - 1]
    }

    private mutating func skipSpaces() {
        while position < characters.count && characters[position].isWhitespace { position += 1 }
    }

    private mutating func sum() throws(ScalingLawError) -> ColumnExpression.Node {
        var node = try product()
        while let sign = next("+-") { node = .binary(sign, node, try product()) }
        return node
    }

    private mutating func product() throws(ScalingLawError) -> ColumnExpression.Node {
        var node = try signed()
        while let sign = next("*/") { node = .binary(sign, node, try signed()) }
        return node
    }

    private mutating func signed() throws(ScalingLawError) -> ColumnExpression.Node {
        depth += 1
        defer { depth -= 1 }
        // The depth of the recursion is bounded: a text of a million parentheses is an error, not a crash.
        guard depth <= 200 else { throw error("nested too deeply") }
        if next("-") != nil { return .negative(try signed()) }
        if next("+") != nil { return try signed() }
        let base = try atom()
        return next("^") == nil ? base : .binary("^", base, try signed())
    }

    private mutating func atom() throws(ScalingLawError) -> ColumnExpression.Node {
        if next("(") != nil {
            let node = try sum()
            guard next(")") != nil else { throw error("')' is missing") }
            return node
        }
        skipSpaces()
        guard position < characters.count else { throw error("something is missing at the end") }
        let first = characters[position]
        if first.isNumber || first == "." { return try number() }
        guard first.isLetter || first == "_" else { throw error("unexpected '\(first)'") }
        var name = ""
        while position < characters.count, characters[position].isLetter || characters[position].isNumber
            || characters[position] == "_"
        {
            name.append(characters[position])
            position += 1
        }
        if Self.functions.contains(name) && next("(") != nil {
            let node = try sum()
            guard next(")") != nil else { throw error("')' is missing") }
            return .call(name, node)
        }
        if name == "pi" { return .number(.pi) }
        if !columns.contains(name) { columns.append(name) }
        return .column(name)
    }

    private mutating func number() throws(ScalingLawError) -> ColumnExpression.Node {
        var digits = ""
        while position < characters.count {
            let c = characters[position]
            let isExponentSign = (c == "-" || c == "+") && (digits.last == "e" || digits.last == "E")
            guard c.isNumber || c == "." || c == "e" || c == "E" || isExponentSign else { break }
            digits.append(c)
            position += 1
        }
        guard let value = Double(digits) else { throw error("'\(digits)' is not a number") }
        return .number(value)
    }
}
