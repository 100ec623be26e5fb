import Dispatch
import Fitting
import Foundation
import Testing

@testable import Analysis

/// A law in x and z, its value and its gradient at one point.
private func evaluate(_ text: String, _ parameters: [Double], x: [Double]) throws -> (Double, [Double]) {
    let names = ["x", "z"].prefix(x.count)
    let law = try ExpressionLaw(text, columns: Array(names))
    let points = LawPoints(x.map { [$0] })
    return (law.values(parameters, at: points)[0], law.jacobian(parameters, at: points))
}

@Suite struct ExpressionTests {
    /// Integers, so that no rounding hides a wrong order.
    @Test(arguments: [
        ("a - x - 2", 2.0), ("a/x/2", 1), ("a^x^0", 8), ("-a^2 + x", -60), ("-a*x", -32), ("2^-x*8*a", 4),
        ("-x^2*a", -128),
        ("a - -x", 12), ("--a + x", 12), ("a*-x", -32), ("(a + x)*2", 24), ("min(a, x, 5) + max(a, x)", 12),
        ("a*x^2^0.5^0", 128), ("a+x*2^2", 24), ("abs(x - a)", 4), ("a + x - x", 8), ("2^-1^2*a*x", 16),
    ]) func operatorsBindAsUsual(text: String, value: Double) throws {
        #expect(try evaluate(text, [8], x: [4]).0 == value)
    }

    @Test(
        arguments: [
            // |u| has no slope at 0; √u has an infinite one, but not for what u does not depend on.
            ("abs(a - x)*b", [2.0, 3], [2.0], [0.0, 0]),
            ("sqrt(a*x) + b", [0, 1], [0], [0, 1]),
            ("sqrt(a*x) + b", [0, 1], [1], [.infinity, 1]),
            // x^p at 0, from above in p.
            ("a*x^b", [2, 1.5], [0], [0, 0]),
            ("(a*x)^b", [2, 2], [0], [0, 0]),
            ("(a - x)^2", [2], [2], [0]), ("(a - x)^3", [2], [2], [0]), ("(a - x)^3", [1], [2], [3]),
            ("(a - x)^1", [2], [2], [1]), ("a*(x - 3)^-3", [2], [1], [-0.125]), ("(a*x)^-1", [2], [-0.5], [0.5]),
            // Of equals the first.
            ("min(a, b)*x", [2, 2], [3], [3, 0]), ("max(a, b)*x", [2, 2], [3], [3, 0]),
            ("min(b, a)*x", [2, 2], [3], [3, 0]), ("max(1*x, a, b)", [3, 2], [3], [0, 0]),
            // What saturates has a slope of zero, not of 0·∞.
            ("a/(1 + exp(b*x))", [1, 800], [1], [0, 0]), ("exp(-(x/a)^b)", [1, 400], [10], [0, 0]),
            ("1 + a/x^b", [1, 400], [10], [0, 0]), ("atan(exp(a*x))", [800], [1], [0]),
        ] as [(String, [Double], [Double], [Double])])
    func derivativesHaveTheirConventions(text: String, parameters: [Double], x: [Double], slopes: [Double]) throws {
        #expect(try evaluate(text, parameters, x: x).1 == slopes)
    }

    @Test func whatIsNotANumberStaysNone() throws {
        #expect(try evaluate("min(a, log(x))", [1], x: [-1]).0.isNaN)
        #expect(try evaluate("max(log(x), a)", [1], x: [-1]).0.isNaN)
        #expect(try evaluate("a*x^0.3", [1], x: [-1]).0.isNaN)
        #expect(try evaluate("a*x^3", [2], x: [-2]).0 == -16)
        #expect(try evaluate("a + log(x)", [2], x: [0]).0 == -.infinity)
    }

    /// Rows are worked on in blocks; a row's result does not depend on the others.
    @Test func everyRowIsOnItsOwn() throws {
        let law = try ExpressionLaw("a*exp(-x/b) + min(c*x, z)^d*log(x) + max(d, x)", columns: ["x", "z"])
        let p = [1.3, 4, 0.2, 0.7]
        let points = LawPoints([(0..<1500).map { 0.01 * Double($0) + 0.1 }, (0..<1500).map { 3 - 0.001 * Double($0) }])
        let (values, jacobian) = (law.values(p, at: points), law.jacobian(p, at: points))
        for row in stride(from: 0, to: 1500, by: 37) {
            let one = points.rows([row])
            #expect(law.values(p, at: one)[0].bitPattern == values[row].bitPattern)
            #expect(law.jacobian(p, at: one) == Array(jacobian[4 * row..<4 * row + 4]))
        }
        #expect(law.values(p, at: LawPoints([[], []])).isEmpty)
    }

    @Test func threadsMayShareACurve() throws {
        let law = try ExpressionLaw("a*exp(-x/b) + c", columns: ["x"])
        let points = LawPoints([(0..<200).map { 0.1 * Double($0) }])
        let model = CurveModel(
            pointCount: 200, parameters: law.parameters.map { _ in CurveParameter(spread: .even(0, 1)) },
            evaluate: law.curve(at: points))
        let alone = (0..<64).map { model.jacobian([1, 1 + Double($0), 2]) }
        let results = Slots(count: 64)
        DispatchQueue.concurrentPerform(iterations: 64) { results.set($0, model.jacobian([1, 1 + Double($0), 2])) }
        #expect(results.values == alone)
    }

    private final class Slots: @unchecked Sendable {
        private(set) var values: [[Double]]
        private let lock = DispatchSemaphore(value: 1)
        init(count: Int) { values = [[Double]](repeating: [], count: count) }
        func set(_ index: Int, _ value: [Double]) {
            lock.wait()
            values[index] = value
            lock.signal()
        }
    }

    @Test func lengthIsNoMatter() throws {
        // 10⁵ characters: sums that grow to the left, powers that grow to the right, signs in a row.
        let sum = "b*x" + String(repeating: " + c - c*x/x", count: 8_500)
        #expect(abs(try evaluate(sum, [2, 0.5], x: [3]).0 - 6) < 1e-9)
        #expect(try evaluate("b*x" + String(repeating: "^1", count: 50_000), [2], x: [3]).0 == 6)
        #expect(try evaluate(String(repeating: "-", count: 100_000) + "b*x", [2], x: [3]).1 == [3])
        let terms = (0..<64).map { "p\($0)*sin(x*\($0))" }.joined(separator: "+")
        #expect(try ExpressionLaw(terms, columns: ["x"]).parameters.allSatisfy(\.isLinear))
    }

    @Test func manyColumnsOfXAloneAreNotKept() throws {
        let text = "b*x" + (1...200).map { " + b^\($0)*log(x + \($0))" }.joined()
        let expected = (1...200).reduce(0.5 * 3) { $0 + pow(0.5, Double($1)) * log(3 + Double($1)) }
        #expect(abs(try evaluate(text, [0.5], x: [3]).0 - expected) < 1e-13)
    }
}
