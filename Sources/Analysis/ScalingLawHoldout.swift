import Tables

/// Which rows are predicted instead of fitted.
public enum Holdout: Sendable, Equatable {
    /// `x>1e8`: the rows where a column's number stands in this relation to a value.
    case condition(column: String, Relation, Double)
    /// This share of each group's points, those of the largest first x; at least one.
    case largest(Double)

    public enum Relation: String, Sendable, CaseIterable {
        case notAbove = "<="
        case notBelow = ">="
        case below = "<"
        case above = ">"

        func holds(_ a: Double, _ b: Double) -> Bool {
            switch self {
            case .notAbove: a <= b
            case .notBelow: a >= b
            case .below: a < b
            case .above: a > b
            }
        }
    }

    /// Reads `COLUMN<NUMBER` (or `<=`, `>`, `>=`), or a share such as `0.2`.
    public init(_ text: String) throws(ScalingLawError) {
        let trimmed = Self.trimmed(text[...])
        if let share = Double(trimmed) {
            guard share > 0 && share < 1 else {
                throw .option("--holdout: a share lies between 0 and 1, not \(trimmed)")
            }
            self = .largest(share)
            return
        }
        guard let sign = trimmed.firstIndex(where: { $0 == "<" || $0 == ">" }) else {
            throw .option("--holdout: '\(text)' is neither a share nor of the form column>number")
        }
        let rest = trimmed[sign...]
        guard let relation = Relation.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else {
            throw .option("--holdout: '\(text)' is neither a share nor of the form column>number")
        }
        let column = Self.trimmed(trimmed[..<sign])
        let number = Self.trimmed(rest.dropFirst(relation.rawValue.count))
        guard !column.isEmpty, let value = Double(number), value.isFinite else {
            throw .option("--holdout: '\(text)' is not of the form column\(relation.rawValue)number")
        }
        self = .condition(column: column, relation, value)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension Holdout: CustomStringConvertible {
    public var description: String {
        switch self {
        case .condition(let column, let relation, let value): "\(column) \(relation.rawValue) \(significant(value))"
        case .largest(let share): "the \(significant(100 * share)) % of largest x"
        }
    }
}
