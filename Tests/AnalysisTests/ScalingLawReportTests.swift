import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

/// Reports compared with committed texts. Set ASSAY_UPDATE_GOLDEN to write them anew, and read what changed.
@Suite struct ScalingLawReportTests {
    private let oracle: AnswerOracle

    init() throws { oracle = try AnswerOracle() }

    private func expect(_ text: String, equals name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        if ProcessInfo.processInfo.environment["ASSAY_UPDATE_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(name)")
    }

    @Test func aReportReadsAsCommitted() throws {
        try expect(oracle.analyse { $0.crossValidates = true }.text(), equals: "answer-report.txt")
    }

    @Test func aChoiceReadsAsCommitted() throws {
        let laws = try ["E + A/x^alpha", "A/x^alpha", "E + A/x^alpha + C/x"].map { try AnswerOracle.law($0) }
        let choice = try #require(try oracle.analyse(laws: laws).choice)
        try expect(choice.text(), equals: "answer-choice.txt")
    }

    @Test func aComparisonReadsAsCommitted() throws {
        var options = ScalingLawComparison.Options()
        options.margin = 0.05
        try expect(
            ScalingLawComparison(oracle.analyse(), options: options).text(), equals: "answer-comparison.txt")
    }

    @Test func manyFitsAreALineEach() throws {
        let x = [1.0, 2, 4, 8, 16, 32]
        let groups = (0..<24).flatMap { g in x.map { _ in "g\(g)" } }
        let y = (0..<24).flatMap { g in x.map { 0.2 + pow($0, -0.5) + 0.01 * sin(Double(g + 1) * 7 * $0) } }
        let table = Table([
            Column("group", groups), Column("x", (0..<24).flatMap { _ in x }), Column("y", y),
        ])
        let analysis = try oracle.analyse(table: table) { $0.cautions = ["beware of 3 things"] }
        let text = analysis.text()
        #expect(text.split(separator: "\n").count < 24 + 12)
        #expect(text.contains("\ng23 "))
        #expect(text.contains("  warning in 24 of 24: beware of\n"))
        #expect(analysis.text(verbose: true).contains("[group = g23]  y = E + A/x^alpha\n  points"))
    }

    @Test func theWrittenJSONIsThatOfTheValue() throws {
        let laws = try ["E + A/x^alpha", "A/x^alpha"].map { try AnswerOracle.law($0) }
        for chosen in [laws, [laws[0]]] {
            let analysis = try oracle.analyse(laws: chosen)
            let predictions = try ScalingLawPredictions(analysis, for: .csv("x,group\n3,easy\n"))
            let comparison = try ScalingLawComparison(analysis)
            var text = ""
            analysis.writeJSON(predictions: predictions, comparison: comparison, residuals: true) { text += $0 }
            #expect(
                text == analysis.json(predictions: predictions, comparison: comparison, residuals: true).text())
            var plain = ""
            analysis.writeJSON { plain += $0 }
            #expect(plain == analysis.json().text())
        }
    }

    @Test func residualsStandInTheOrderOfTheRows() throws {
        let analysis = try oracle.analyse()
        let (x, y) = (try oracle.table.numbers("x"), try oracle.table.numbers("y"))
        for (g, fit) in analysis.fits.enumerated() {
            #expect(fit.rows == Array(g * 20..<(g + 1) * 20))
            for (row, residual) in zip(fit.rows, fit.residuals) {
                #expect(abs(fit.predict([x[row]]) - y[row] - residual) < 1e-15)
            }
        }
        #expect(analysis.json(residuals: true)["fits"]?[1]?["rows"]?[0] == 20)
        #expect(analysis.json()["fits"]?[1]?["rows"] == nil)
    }

    @Test(arguments: [
        (-0.9999996, "-0.999999"), (0.99999999999, "+0.999999"), (0.5, "+0.500000"), (-0.0123456789, "-0.012345"),
        (1, "+1.000000"), (0, "+0.000000"),
    ]) func correlationsAreCut(value: Double, text: String) {
        #expect(ScalingLawFit.Correlation(first: "a", second: "b", value: value).text == text)
    }

    @Test func theCorrelationIsTheSameNumberEverywhere() throws {
        let fit = try oracle.analyse(laws: [AnswerOracle.law("E + A/x^alpha + C/x")]).fits[0]
        let strong = fit.correlations.filter { abs($0.value) > 0.99 }
        #expect(!strong.isEmpty)
        for pair in strong {
            #expect(fit.text().contains("(\(pair.first), \(pair.second)) \(pair.text)"))
            #expect(
                fit.warnings.contains {
                    $0.hasPrefix("\(pair.first) and \(pair.second) trade off (correlation \(pair.text))")
                })
        }
    }
}
