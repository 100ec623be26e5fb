import Foundation
import Tables
import Testing

@testable import Analysis

/// Values and gradients with 100 digits by mpmath; Fixtures/make_expression_oracle.py wrote them.
enum ExpressionOracle {
    static func read() throws -> JSON {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        return try .parse(Array(Data(contentsOf: fixtures.appending(path: "expression-oracle.json"))))
    }

    static func numbers(_ json: JSON?) -> [Double] { (json?.items ?? []).compactMap(\.double) }
    static func texts(_ json: JSON?) -> [String] { (json?.items ?? []).compactMap(\.string) }
    /// Rows of x → columns.
    static func points(_ json: JSON?) -> LawPoints {
        let rows = (json?.items ?? []).map(numbers)
        return LawPoints((0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column] } })
    }
}

@Suite struct ExpressionOracleTests {
    @Test func valuesAndGradientsAreExact() throws {
        let cases = try #require(try ExpressionOracle.read()["expressions"]?.items)
        #expect(cases.count >= 75)
        for made in cases {
            let text = try #require(made["text"]?.string)
            let law = try ExpressionLaw(text, columns: ExpressionOracle.texts(made["columns"]))
            let points = ExpressionOracle.points(made["x"])
            let names = ExpressionOracle.texts(made["parameters"])
            #expect(law.parameters.map(\.name) == names)
            let at = ExpressionOracle.numbers(made["at"])
            // The script kept points at which another evaluation in double precision is right to 2e-15; a chain of ten
            // roundings, another order of them, and the library's functions may come to five times that.
            let expected = ExpressionOracle.numbers(made["values"])
            for (found, value) in zip(law.values(at, at: points), expected) {
                #expect(found == value || abs(found / value - 1) < 1e-14, "\(text): \(found), not \(value)")
            }
            let slopes = (made["jacobian"]?.items ?? []).flatMap(ExpressionOracle.numbers)
            let jacobian = law.jacobian(at, at: points)
            try #require(slopes.count == jacobian.count)
            for (index, slope) in slopes.enumerated() {
                let found = jacobian[index]
                // Contributions that cancel leave a rounding of what they are made of.
                let rounding = slope == 0 ? 1e-15 * abs(expected[index / names.count] / at[index % names.count]) : 0
                #expect(
                    abs(found - slope) <= max(rounding, 1e-14 * abs(slope)), "\(text): ∂ \(found), not \(slope)")
            }
        }
    }
}
