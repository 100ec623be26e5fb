import Tables
import Testing

@testable import Analysis

@Suite struct ColumnExpressionTests {
    private let table = Table([
        Column("x", [3.0, .nan, -1]), Column("y2", [4, 5, 6]), Column("acc@1", [80.0, 90, 70]),
    ])

    @Test(arguments: [
        ("x", 3.0), ("1-x/100", 0.97), ("-x^2", -9), ("2^3^2", 512), ("(x+1)*y2", 16), ("log(exp(x))", 3),
        ("sqrt(y2) - abs(-1)", 1), ("1e2*x - -y2", 304), ("2*pi/pi", 2), ("acc@1", 80), ("6/3/2", 1),
        ("min(x, y2, 2) + max(x, y2)", 6), ("sin(0)*x + cos(0) + atan(0)", 1), ("2^-x^2*512", 1), ("+x", 3),
    ]) func valuesFollowTheUsualRules(text: String, value: Double) throws {
        let expression = try ColumnExpression(text, known: table.columnNames)
        let found = try expression.values(in: table)[0]
        // A few roundings.
        #expect(abs(found - value) < 1e-14 * max(1, abs(value)), "\(text) = \(found)")
    }

    @Test func aColumnIsKnownAsSuch() throws {
        #expect(try ColumnExpression("acc@1", known: table.columnNames).isColumn)
        #expect(try ColumnExpression(" x ", known: table.columnNames).isColumn)
        #expect(try !ColumnExpression("1*x", known: table.columnNames).isColumn)
        #expect(try ColumnExpression("y2*x + y2", known: table.columnNames).columns == ["y2", "x"])
    }

    @Test func anEmptyCellStaysEmpty() throws {
        #expect(try ColumnExpression("1-x", known: ["x"]).values(in: table)[1].isNaN)
    }

    @Test func everyRowHasAValue() throws {
        #expect(try ColumnExpression("2*3", known: []).values(in: table) == [6, 6, 6])
        let logs = try ColumnExpression("log(x)", known: ["x"]).values(in: table)
        #expect(logs[1].isNaN && logs[2].isNaN)
        #expect(try ColumnExpression("log(0*y2)", known: ["y2"]).values(in: table)[0] == -.infinity)
    }

    @Test func manyColumnsAreNoMatter() throws {
        let names = (0..<100).map { "c\($0)" }
        let table = Table(names.map { Column($0, [1.0, 2]) })
        let sum = try ColumnExpression(names.joined(separator: " + "), known: names)
        #expect(try sum.values(in: table) == [100, 200])
    }

    @Test func unknownColumnsAreTheTablesMatter() {
        #expect(throws: TableError.self) { try ColumnExpression("1 - y3", known: ["y2"]).values(in: table) }
    }
}
