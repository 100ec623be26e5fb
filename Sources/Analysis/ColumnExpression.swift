import Tables

/// A number computed from the columns of a row, as in `--y "1-acc/100"`: a column's name, or an `Expression` of columns.
public struct ColumnExpression: Sendable, Equatable {
    public let text: String
    /// The columns that it reads, in the order of their first appearance.
    public let columns: [String]
    private let expression: Expression

    /// True for a column as it stands.
    public var isColumn: Bool { expression.steps == [.name(0)] }

    /// - Parameter known: the table's columns: a text that is one of them as it stands needs no parsing.
    public init(_ text: String, known: [String]) throws(ScalingLawError) {
        self.text = text
        if known.contains(text) { expression = Expression(name: text) } else { expression = try Expression(text) }
        columns = expression.names
    }

    /// The value in every row of a table: NaN where a cell is empty, and whatever arithmetic makes of a logarithm of 0.
    public func values(in table: Table) throws(TableError) -> [Double] {
        var data: [[Double]] = []
        for name in columns { data.append(try table.numbers(name)) }
        if isColumn { return data[0] }
        let compiled = CompiledExpression(expression, roles: columns.indices.map { .column($0) }, parameterCount: 0)
        let points = columns.isEmpty ? LawPoints([[0]]) : LawPoints(data)
        var values = [Double](repeating: 0, count: points.count)
        let curve = compiled.curve(at: points)
        values.withUnsafeMutableBufferPointer { curve(UnsafeBufferPointer(start: nil, count: 0), $0, nil) }
        return columns.isEmpty ? [Double](repeating: values[0], count: table.rowCount) : values
    }
}
