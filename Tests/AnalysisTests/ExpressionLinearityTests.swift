import Randomness
import Testing

@testable import Analysis

private func linear(_ text: String, columns: [String] = ["x"]) throws -> [String] {
    try ExpressionLaw(text, columns: columns).parameters.filter(\.isLinear).map(\.name)
}

@Suite struct ExpressionLinearityTests {
    @Test(arguments: [
        ("b1*(1-exp(-b2*x))", ["b1"]),
        ("(b1+b2*x)/(1+b3*x)", ["b1", "b2"]),
        ("b1*b2*x", ["b1"]),
        ("b1*exp(-b2*x) + b3*exp(-(x-b4)^2/b5^2)", ["b1", "b3"]),
        ("a + b*x^c + d*log(x)", ["a", "b", "d"]),
        ("(a + b)*(c + d*x)", ["a", "b"]),
        ("(a + x)*(b + c + d*x)", ["b", "c", "d"]),
        ("a*b + b*c*x + c*d", ["a", "c"]),
        ("a^2*x", []), ("a^1*x", ["a"]), ("a*x/a", []), ("a*x - a + 2", ["a"]), ("abs(a)*x", []),
        ("max(a, x) + b", ["b"]), ("exp(log(a))*x", []), ("-(-a)*x", ["a"]), ("a/b*x", ["a"]), ("x/(a*x)", []),
        // A parameter without any effect is not solved for.
        ("a*x + b - b", ["a"]),
    ]) func theLargestSetIsFound(text: String, names: [String]) throws {
        #expect(try linear(text) == names)
    }

    @Test func twoColumns() throws {
        #expect(try linear("E + A/N^alpha + B/D^beta", columns: ["N", "D"]) == ["E", "A", "B"])
    }

    /// f is affine in what is called linear: second differences vanish to rounding, for steps as large as the values.
    @Test(arguments: 0..<200) func secondDifferencesVanish(seed: Int) throws {
        var stream = RandomStream(seed: seed, purpose: "formula")
        func formula(_ depth: Int) -> String {
            if depth == 0 { return ["a", "b", "c", "d", "x", "2"][stream.integer(below: 6)] }
            let (left, right) = (formula(depth - 1), formula(depth - 1))
            switch stream.integer(below: 8) {
            case 0, 1: return "(\(left) + \(right))"
            case 2: return "(\(left) - \(right))"
            case 3, 4: return "(\(left)*\(right))"
            case 5: return "(\(left)/(\(right)))"
            case 6: return "exp(-abs(\(left)))"
            default: return "max(\(left), \(right))"
            }
        }
        guard let law = try? ExpressionLaw("\(formula(3)) + a*x", columns: ["x"]) else { return }
        let points = LawPoints([[0.7, 1.9, 3.1]])
        let linear = law.parameters.indices.filter { law.parameters[$0].isLinear }
        let base = law.parameters.map { _ in 0.5 + stream.uniform() }
        for j in linear {
            for k in linear {
                func value(_ first: Double, _ second: Double) -> [Double] {
                    var p = base
                    p[j] += first
                    p[k] += second
                    return law.values(p, at: points)
                }
                let corners = [value(0, 0), value(1, 0), value(0, 1), value(1, 1)]
                for row in 0..<3 {
                    let difference = corners[3][row] - corners[2][row] - corners[1][row] + corners[0][row]
                    let size = corners.reduce(0) { $0 + abs($1[row]) }
                    guard size.isFinite else { continue }
                    // Intermediate results may be larger than the value by some orders of magnitude.
                    #expect(abs(difference) <= 1e-11 * max(1, size), "\(law.name): \(j), \(k)")
                }
            }
        }
    }
}
