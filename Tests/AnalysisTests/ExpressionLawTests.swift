import Fitting
import Foundation
import Testing

@testable import Analysis

@Suite struct ExpressionLawTests {
    private func message(_ text: String, _ columns: [String]) -> String {
        do {
            _ = try ExpressionLaw(text, columns: columns)
            return ""
        } catch {
            #expect(error.exitCode == 64)
            return error.description
        }
    }

    @Test func parametersComeInTheOrderOfTheirAppearance() throws {
        let law = try ExpressionLaw("q*x^b + A_2 - q*n", columns: ["n", "x"])
        #expect(law.parameters.map(\.name) == ["q", "b", "A_2"])
        #expect(law.columns.map(\.name) == ["n", "x"])
        #expect(law.name == "q*x^b + A_2 - q*n" && law.formula == law.name && law.unit == nil)
        #expect(law.parameters.allSatisfy { $0.bounds == .none && !$0.staysBelowData })
        #expect(law.values([2, 3, 1], at: LawPoints([[5], [2]])) == [7])
    }

    @Test func mistakesAreNamed() {
        #expect(message("2*x", ["x"]) == "the law \"2*x\" has no parameter to fit")
        #expect(message("a*b", ["x"]) == "the law \"a*b\" does not use the x column 'x'")
        #expect(
            message("a*step^b", ["steps"])
                == "the law \"a*step^b\" does not use the x column 'steps' (is it meant by 'step'?)")
        #expect(
            message("a*n", ["samples seen"]).hasSuffix(": that name cannot stand in an expression, rename the column"))
        #expect(message("a*pi", ["pi"]).hasSuffix(": that name cannot stand in an expression, rename the column"))
        #expect(message("a*x", ["x", "x"]) == "x column 'x' is given twice")
        #expect(
            message("a*n^b + N", ["n"]) == """
                character 9: is 'N' the x column 'n'? A parameter differs from it by more than its case
                    a*n^b + N
                            ^
                """)
        let many = (0..<65).map { "p\($0)*x" }.joined(separator: " + ")
        #expect(message(many, ["x"]).hasSuffix("…\" has 65 parameters; an expression may have 64"))
        #expect(message("sqrt*x", ["x"]).contains("sqrt is a function"))
    }

    @Test func aLawSaysWhereItIsNoNumber() throws {
        let law = try ExpressionLaw("a*log(x - b)", columns: ["x"])
        let points = LawPoints([[3, 5, 1, 2]])
        #expect(law.firstNonFinite([1, 0], at: points) == nil)
        #expect(law.firstNonFinite([1, 1.5], at: points) == 2)
        #expect(law.firstNonFinite([.nan, 0], at: points) == 0)
        #expect(GoyalLaw().firstNonFinite([1, -0.1, 3, 0], at: LawPoints([[5], [2]])) == nil)
    }

    @Test(arguments: [
        ("b1*(1-exp(-b2*x))", [LawSpread.scaled(columns: [0], y: 1), .scaled(columns: [-1], y: 0)]),
        ("b1*x/(b2+x)", [.scaled(columns: [0], y: 1), .scaled(columns: [1], y: 0)]),
        (
            "exp(-b1*x)/(b2+b3*x^2)",
            [.scaled(columns: [-1], y: 0), .scaled(columns: [0], y: -1), .scaled(columns: [-2], y: -1)]
        ),
        ("b1*exp(-(x-b2)^2/b3^2)", [.scaled(columns: [0], y: 1), .along(column: 0), .scaled(columns: [1], y: 0)]),
        ("a*(x/d)^c", [.scaled(columns: [0], y: 1), .scaled(columns: [1], y: 0), .exponent]),
        ("a*x^c", [.any, .exponent]),
        ("log(a + b*sqrt(x))", [.scaled(columns: [0], y: 0), .scaled(columns: [-0.5], y: 0)]),
    ]) func startsFollowFromUnits(text: String, spreads: [LawSpread]) throws {
        #expect(try ExpressionLaw(text, columns: ["x"]).parameters.map(\.spread) == spreads)
    }

    @Test func unitsOfTwoColumns() throws {
        let law = try ExpressionLaw("a*n/(b + n/s) + c*s", columns: ["n", "s"])
        #expect(
            law.parameters.map(\.spread) == [
                .scaled(columns: [0, -1], y: 1), .scaled(columns: [1, -1], y: 0), .scaled(columns: [0, -1], y: 1),
            ])
    }

    /// Starts lie within bounds, and do not depend on the units of x and y.
    @Test(arguments: [
        LawSpread.given(.logarithmic(0.1, 10)), .given(.denseNear(.upper, k: 3, -5, 0)), .given(.signed(1e-3, 1e3)),
        .given(.even(0, 2)), .like(column: 0), .inverse(column: 0), .likeY, .scaled(columns: [-2], y: 1),
        .scaled(columns: [0], y: 0), .along(column: 0), .exponent, .any,
    ]) func spreadsKeepToBounds(spread: LawSpread) {
        let points = LawPoints([[1, 5, 30]])
        for bounds in [
            Bounds(0, .infinity), Bounds(-2, 0), Bounds(0.5, 3), Bounds(-.infinity, -1e-4), Bounds(1e-2, .infinity),
            Bounds(-2, -1),
        ] {
            let found = spread.values(points, [0.2, 0.5, 0.9], bounds)
            let (low, high) = Self.ends(found)
            #expect(low < high && low.isFinite && high.isFinite, "\(spread) in \(bounds): \(found)")
            #expect(bounds.contains(low) && bounds.contains(high) || bounds.contains(bounds.clamp((low + high) / 2)))
        }
        for bounds in [Bounds.none, Bounds(-3, 4)] {
            let (low, high) = Self.ends(spread.values(points, [0.2, 0.5, 0.9], bounds))
            #expect(low < high && low.isFinite && high.isFinite)
        }
    }

    private static func ends(_ spread: Spread) -> (Double, Double) {
        switch spread {
        case .even(let low, let high), .logarithmic(let low, let high), .denseNear(_, _, let low, let high):
            (low, high)
        case .signed(_, let large): (-large, large)
        }
    }

    @Test func scalesOfXScaleTheStarts() {
        let (one, thousand) = (LawPoints([[1, 5, 30]]), LawPoints([[1000, 5000, 30000]]))
        let spread = LawSpread.scaled(columns: [-2], y: 1)
        guard case .signed(let a, let b) = spread.values(one, [2, 4], .none),
            case .signed(let c, let d) = spread.values(thousand, [2, 4], .none)
        else {
            Issue.record("starts of either sign were expected")
            return
        }
        // Logarithms and an exponential of them: a few roundings of about 20.
        #expect(abs(c * 1e6 / a - 1) < 1e-13 && abs(d * 1e6 / b - 1) < 1e-13)
        #expect(abs(a / (1e-3 * 4 / 300 / 300) - 1) < 1e-13 && abs(b / (10 * 4 / 0.1 / 0.1) - 1) < 1e-13)
    }

    /// The linear parameters are solved for, the others found: a law's starts are good enough for its own curve.
    @Test(arguments: [
        ("b1*(1-exp(-b2*x))", [2.0, 0.004]), ("b1*x/(b2+x)", [3, 250]), ("a*x^c + d", [2, -0.4, 0.3]),
        ("b1 + b2*exp(-(x-b3)^2/b4^2)", [1, 5, 420, 60]),
    ]) func curvesGiveTheirParametersBack(text: String, truth: [Double]) throws {
        let law = try ExpressionLaw(text, columns: ["x"])
        let points = LawPoints([(1...40).map { 25 * Double($0) }])
        let y = law.values(truth, at: points)
        let search = law.search(
            points: points, y: y, bounds: law.parameters.map(\.bounds), isShared: truth.map { _ in false })
        var options = CurveFitOptions()
        options.starts = 20
        let solution = CurveFitter(search.model).fit(CurveData(y), options: options)
        for (found, value) in zip(search.parameters(solution.parameters), truth) {
            // Width b4 has two signs.
            #expect(abs(abs(found / value) - 1) < 1e-6, "\(text): \(found), not \(value)")
        }
    }
}
