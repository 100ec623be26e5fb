import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

@Suite struct ScalingLawsTests {
    @Test func namedLawsAreTheirPapersFormulas() throws {
        let cases = try #require(try ExpressionOracle.read()["laws"]?.items)
        let named = Set(try cases.map { try #require($0["law"]?.string) }.map { $0.prefix { $0 != ":" } })
        let formulas = ScalingLaws.all.filter { $0.law is ExpressionLaw }
        #expect(formulas.allSatisfy { named.contains($0.stem) }, "every formula has an oracle")
        for made in cases {
            let name = try #require(made["law"]?.string)
            let law = try ScalingLaws.named(name)
            let (at, points) = (ExpressionOracle.numbers(made["at"]), ExpressionOracle.points(made["x"]))
            let values = ExpressionOracle.numbers(made["values"])
            try #require(at.count == law.parameters.count && points.columns.count == law.columns.count)
            for (found, value) in zip(law.values(at, at: points), values) {
                // Up to 20 operations, among them powers of 1e12.
                #expect(abs(found / value - 1) < 1e-14, "\(name): \(found), not \(value)")
            }
            let slopes = (made["jacobian"]?.items ?? []).flatMap(ExpressionOracle.numbers)
            let jacobian = law.jacobian(at, at: points)
            try #require(jacobian.count == slopes.count)
            for (index, slope) in slopes.enumerated() {
                // Where contributions cancel, what is left is as exact as what f gains from the parameter itself.
                let scale = max(abs(slope), abs(values[index / at.count] / at[index % at.count]))
                #expect(
                    abs(jacobian[index] - slope) < 1e-14 * scale, "\(name), \(index): \(jacobian[index]), not \(slope)")
            }
        }
    }

    @Test func sharpBreaksDoNotOverflow() throws {
        let law = try ScalingLaws.named("bnsl:1")
        let p = [0, 1, 0, 0.5, 100, 1e-4]
        let found = law.values(p, at: LawPoints([[1, 99, 100, 1e6, 1e12]]))
        for (value, expected) in zip(found, [1, 1, pow(2, -0.5e-4), 0.01, 1e-5]) {
            // The rounding of x/d.
            #expect(abs(value / expected - 1) < 1e-14)
        }
        #expect(law.jacobian(p, at: LawPoints([[1, 100, 1e12]])).allSatisfy { $0.isFinite })
    }

    @Test func numbersChooseWithinAFamily() throws {
        for n in 1...9 {
            let law = try ScalingLaws.named("bnsl:\(n)")
            #expect(law.name == "bnsl:\(n)" && law.parameters.count == 3 + 3 * n)
            #expect(law.parameters.filter(\.isLinear).map(\.name) == ["a", "b"])
        }
        #expect(
            try ScalingLaws.named("bnsl:2").parameters.map(\.name) == [
                "a", "b", "c0", "c1", "d1", "f1", "c2", "d2", "f2",
            ])
        for wrong in ["bnsl", "bnsl:", "bnsl:0", "bnsl:10", "bnsl:n", "bnsl:1:2"] {
            #expect(throws: ScalingLawError.option("law bnsl takes a number from 1 to 9, as in bnsl:1, not '\(wrong)'"))
            {
                try ScalingLaws.named(wrong)
            }
        }
        #expect(throws: ScalingLawError.unknownLaw("power:2")) { try ScalingLaws.named("power:2") }
    }

    @Test func aTextIsANameOrAnExpression() throws {
        func name(_ text: String) throws -> String { try ScalingLaws.law(text, columns: ["x"]).name }
        #expect(try name("power-offset") == "power-offset" && name("bnsl:3") == "bnsl:3")
        #expect(try name("a*x") == "a*x" && name("a-x") == "a-x" && name("-x^c") == "-x^c")
        for wrong in ["goyel", "powr-offset", "x2", "bnls:2", "a-b"] {
            #expect(throws: ScalingLawError.unknownLaw(wrong)) { try ScalingLaws.law(wrong, columns: ["x"]) }
        }
        #expect(throws: ScalingLawError.option("the law \"x\" has no parameter to fit")) { try name("x") }
        #expect(ScalingLawError.unknownLaw("chinchila").description.contains("did you mean 'chinchilla'?"))
        #expect(throws: ScalingLawError.self) { try name(String(repeating: "a", count: 100_000)) }
        // A name counts as such even where a column has it.
        #expect(try ScalingLaws.law("power", columns: ["power"]).name == "power")
        #expect(try ScalingLaws.law("goyal", columns: ["n", "s"], unit: 1e5).unit == 1e5)
    }

    @Test func powersNeedPositiveX() throws {
        for entry in ScalingLaws.all where !["goyal", "exponential", "logistic"].contains(entry.name) {
            guard entry.law is ExpressionLaw else { continue }
            let count = entry.law.columns.count
            #expect(entry.law.check([Double](repeating: 2, count: count)) == .fine)
            for column in 0..<count {
                for wrong in [0, -1.5] {
                    var x = [Double](repeating: 2, count: count)
                    x[column] = wrong
                    let expected = "\(entry.law.columns[column].name) must be positive, not \(significant(wrong))"
                    #expect(entry.law.check(x) == .invalid(expected))
                }
            }
        }
        #expect(ExpressionLaw.logistic.check([-1]) == .fine)
    }

    /// A law's starts are good enough for its own curve, in units far from 1.
    @Test(
        arguments: [
            ("power", [2e3, -0.31], 1), ("power-offset", [2.5, -0.31, 0.12], 1), ("m3", [2.5, 1e-4, 0.4], 1),
            ("bnsl:1", [0.02, 3.0, 0.1, 0.35, 500.0, 0.4], 1), ("exponential", [1.5, 900, -0.2], 1),
            ("logistic", [0.2, 0.9, 3000, 700], 1), ("chinchilla", [1.82, 482, 2085.4, 0.348, 0.366], 2),
        ] as [(String, [Double], Int)], [Loss.squares, .logSquares])
    func curvesGiveTheirParametersBack(made: (name: String, truth: [Double], columns: Int), loss: Loss) throws {
        let law = try ScalingLaws.named(made.name)
        let sizes = (0..<40).map { 12 * pow(1.25, Double($0)) }
        let models = (0..<40).map { 1e8 * pow(10, Double($0 % 5) / 2) }
        let tokens = (0..<40).map { 1e9 * pow(10, Double($0 / 5) / 2) }
        let points = made.columns == 1 ? LawPoints([sizes]) : LawPoints([models, tokens])
        let y = law.values(made.truth, at: points)
        guard loss == .squares || y.allSatisfy({ $0 > 0 }) else { return }
        let bounds = law.parameters.map { $0.bounds(over: y) ?? $0.bounds }
        let search = law.search(points: points, y: y, bounds: bounds, isShared: bounds.map { _ in false })
        let solution = CurveFitter(search.model, loss: loss).fit(CurveData(y))
        for (found, value) in zip(search.parameters(solution.parameters), made.truth) {
            #expect(abs(found / value - 1) < 1e-5, "\(made.name): \(found), not \(value)")
        }
    }

    @Test func boundsHaveAMeaning() {
        #expect(ExpressionLaw.powerOffset.remark(1, on: .upper)?.hasPrefix("y does not fall") == true)
        #expect(ExpressionLaw.powerOffset.remark(2, on: .lower)?.contains("no floor") == true)
        #expect(ExpressionLaw.powerOffset.remark(1, on: .lower) == nil)
    }

    @Test func repeatsOfDataTellTheirDecay() {
        let law = ExpressionLaw.dataConstrained
        #expect(law.undetermined(by: LawPoints([[1e9], [1e9], [1e9]])).map(\.parameter) == [5])
        #expect(law.undetermined(by: LawPoints([[1e9], [2e9], [1e9]])).isEmpty)
        // Up to one epoch it is Chinchilla's.
        let p = [1.8, 500, 1500, 0.35, 0.36]
        let once = law.values(p + [15, 5], at: LawPoints([[1e8], [1e10], [3e10]]))
        #expect(abs(once[0] / ExpressionLaw.chinchilla.values(p, at: LawPoints([[1e8], [1e10]]))[0] - 1) < 1e-15)
    }

    @Test func everyLawIsComplete() {
        for entry in ScalingLaws.all {
            let law = entry.law
            #expect(law.name == entry.name || entry.family != nil)
            #expect(Set(law.parameters.map(\.name)).count == law.parameters.count)
            #expect(law.parameters.allSatisfy { !$0.meaning.isEmpty }, "\(law.name)")
            if law is ExpressionLaw { #expect(law.parameters.allSatisfy { $0.spread != .any }, "\(law.name)") }
            #expect(law.columns.allSatisfy { !$0.meaning.isEmpty })
        }
        #expect(ScalingLaws.table().columnNames == ["law", "formula", "x columns", "parameters", "source"])
        #expect(ScalingLaws.table().rowCount == ScalingLaws.all.count)
    }

    @Test func thePageOfLawsIsMadeFromTheTable() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/laws.md")
        if ProcessInfo.processInfo.environment["ASSAY_UPDATE_GOLDEN"] != nil {
            try ScalingLaws.markdown().write(to: page, atomically: true, encoding: .utf8)
        }
        let text = try String(contentsOf: page, encoding: .utf8)
        #expect(text == ScalingLaws.markdown())
    }
}
