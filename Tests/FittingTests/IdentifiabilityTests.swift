import Testing

@testable import Fitting

@Suite struct IdentifiabilityTests {
    private func warnings(
        _ rows: [[Double]], _ values: [Double], variance: Double = 1e-4,
        held: [(name: String, side: Bounds.Side, bound: Double)] = [], degrees: Int = 10
    ) -> [String] {
        let names = ["a", "b", "tau", "d"]
        return Identifiability.warnings(
            names: Array(names[..<values.count]), values: values,
            uncertainty: ParameterUncertainty(
                jacobian: rows.flatMap { $0 }, parameterCount: values.count, variance: variance),
            held: held, degreesOfFreedom: degrees)
    }

    @Test func aGoodFitSaysNothing() {
        #expect(warnings([[1, 0], [0, 1], [1, 1]], [1, 2]).isEmpty)
    }

    @Test func undeterminedParametersAreNamedTogether() {
        let rows = (0..<6).map { [1, 1, Double($0), 0] }
        #expect(
            warnings(rows, [1, 2, 3, 4]) == [
                "the data do not determine a and b separately", "the data do not determine d",
            ])
    }

    @Test func tradeOffsCutTheirDigits() {
        let rows = (0..<5).map { [1, 1 + 1e-5 * Double($0)] }
        let found = warnings(rows, [1, 1], variance: 1e-14)
        #expect(found.count == 1)
        #expect(found[0] == "a and b trade off (correlation −0.999999): neither means much alone")
    }

    @Test func threeThatActTogetherAreNamed() {
        // No pair is close, the three together nearly are.
        let rows = (0..<8).map { i -> [Double] in
            let (u, v) = (Double(i % 2), Double(i / 2 % 2))
            return [u, v, u + v + 1e-5 * Double(i * i)]
        }
        let found = warnings(rows, [1, 1, 1], variance: 1e-16)
        #expect(found.last?.hasPrefix("a, b and tau can change together with little effect on the curve") == true)
    }

    @Test func weakParametersAreNamed() {
        let found = warnings([[1, 0], [0, 1], [1, 1]], [0.01, 100], variance: 1e-4)
        #expect(found == ["a is hardly determined: standard error 0.00816 for a value of 0.01"])
        let none = warnings([[1, 0], [0, 1], [1, 1]], [0.01, 0.01], variance: 1)
        #expect(none.last == "these data determine none of a and b: the fit is one of many")
    }

    @Test func boundsAndCountsAreNamed() {
        let found = warnings(
            [[1, 0], [0, 1]], [1, 2], variance: .nan, held: [("d", .lower, 0)], degrees: 0)
        #expect(
            found == [
                "d is on its lower bound 0: an asymptotic interval would be invalid",
                "standard errors of a and b take d as known: they may be too small",
                "as many parameters as points: nothing is known about the errors",
            ])
    }
}
