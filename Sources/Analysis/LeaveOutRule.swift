import Tables

/// Which sets are too poor to be points of a correlation: `test_error > 0.9`, two expressions in the table's columns and a
/// comparison between them.
public struct LeaveOutRule: Sendable, Equatable {
    public let text: String
    private let left: String
    private let right: String
    private let comparison: String

    /// Throws where the text is no comparison of two expressions.
    public init(_ text: String) throws(ScalingLawError) {
        self.text = text
        let signs = [">=", "<=", ">", "<"]
        guard let sign = signs.first(where: { text.contains($0) }) else {
            throw .option("leave out '\(text)': a rule compares, as in \"test_error > 0.9\" (> >= < <=)")
        }
        let sides = text.split(separator: sign, omittingEmptySubsequences: false)
            .map { $0.trimmingWhitespace() }
        guard sides.count == 2, !sides.contains("") else {
            throw .option("leave out '\(text)': a rule compares two sides, as in \"test_error > 0.9\"")
        }
        (left, right, comparison) = (sides[0], sides[1], sign)
        for side in sides { _ = try ColumnExpression(side, known: []) }
    }

    /// Whether each row is left out; a comparison with an empty cell is not true. Throws for an unknown column.
    public func matches(in table: Table) throws(TableError) -> [Bool] {
        zip(try values(left, table), try values(right, table)).map { a, b in
            switch comparison {
            case ">": a > b
            case ">=": a >= b
            case "<": a < b
            default: a <= b
            }
        }
    }

    /// Throws where the rule reads a column that is not among the `known` ones.
    public func check(known: [String]) throws {
        for side in [left, right] {
            for name in try ColumnExpression(side, known: known).columns where !known.contains(name) {
                throw TableError(.unknownColumn(known: known), source: "leave out '\(text)'", name: name)
            }
        }
    }

    private func values(_ side: String, _ table: Table) throws(TableError) -> [Double] {
        do {
            return try ColumnExpression(side, known: table.columnNames).values(in: table)
        } catch let error as TableError {
            throw error
        } catch {
            throw TableError(.malformed("leave out '\(text)': \(error)"), source: table.source)
        }
    }
}

extension Substring {
    fileprivate func trimmingWhitespace() -> String {
        let kept = drop { $0.isWhitespace }
        return String(kept.reversed().drop { $0.isWhitespace }.reversed())
    }
}
