import Randomness
import Testing

@testable import Fitting

@Suite struct ResidualAutocorrelationTests {
    @Test func momentsAreThoseOfTheDenseFormula() throws {
        let expected = Oracle.root["autocorrelation"] ?? .null
        let found = try #require(
            residualAutocorrelation(
                expected.numbers("residuals"), runs: expected.integers("runs"), jacobian: expected.numbers("jacobian"),
                parameterCount: 3))
        // Sums of 25 products.
        #expect(abs(found.lagOne - expected.number("lag_one")) < 1e-12)
        #expect(abs(found.durbinWatson - expected.number("durbin_watson")) < 1e-12)
        #expect(abs(found.expected - expected.number("mean")) < 1e-12)
        #expect(abs(found.standardDeviation - expected.number("deviation")) < 1e-12)
        #expect(abs(found.critical - (found.expected + 1.6448536269514722 * found.standardDeviation)) < 1e-12)
    }

    /// Residuals of straight lines through AR(1) noise, 500 times: how often the warning fires.
    private func share(correlation: Double, count n: Int) -> Double {
        let x = (0..<n).map(Double.init)
        let model = Laws.line(x)
        let fitter = CurveFitter(model)
        let jacobian = model.jacobian([0, 0])
        let fired = (0..<500).count { index in
            var stream = RandomStream(seed: 1, purpose: "noise", index: index)
            var noise = stream.normal()
            let y = x.map { _ -> Double in
                noise = correlation * noise + (1 - correlation * correlation).squareRoot() * stream.normal()
                return noise
            }
            let solution = fitter.fit(CurveData(y))
            let found = residualAutocorrelation(solution.residuals, jacobian: jacobian, parameterCount: 2)
            return found?.isSuspicious ?? false
        }
        return Double(fired) / 500
    }

    @Test func theWarningFiresWhereItShould() {
        // 5 % of 500 vary by 1 %; 4 of these, and 1 % for the normal approximation.
        #expect(abs(share(correlation: 0, count: 40) - 0.05) < 0.05)
        #expect(abs(share(correlation: 0, count: 12) - 0.05) < 0.05)
        #expect(share(correlation: 0.9, count: 50) > 0.98)
    }

    @Test func runsHaveNoNeighboursInOthers() throws {
        let alternating = (0..<20).map { $0 % 2 == 0 ? 1.0 : -1.0 }
        let one = try #require(residualAutocorrelation(alternating))
        #expect(one.lagOne < -0.9 && !one.isSuspicious && one.warning == nil)
        // By run, the same numbers never change.
        let two = try #require(residualAutocorrelation(alternating, runs: (0..<20).map { $0 % 2 }))
        #expect(abs(two.lagOne - 0.9) < 1e-12 && two.durbinWatson == 0)
        #expect(two.warning?.hasPrefix("neighbouring residuals are alike (lag-1 autocorrelation 0.9, above") == true)
    }

    @Test func nothingIsSaidOfNothing() {
        #expect(residualAutocorrelation([]) == nil)
        #expect(residualAutocorrelation([1]) == nil)
        #expect(residualAutocorrelation([0, 0, 0]) == nil)
        #expect(residualAutocorrelation([1, 2, 3], runs: [1, 2, 3]) == nil)
        #expect(residualAutocorrelation([1, .nan, 3]) == nil)
        #expect(residualAutocorrelation([1, 2], jacobian: [1, 0, 0, 1], parameterCount: 2) == nil)
    }
}
