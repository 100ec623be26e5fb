import Foundation
import Randomness
import Tables
import Testing

@testable import Analysis
@testable import Fitting

private let truth = [0.6, -0.2, 4.0, 0.1]
private let epochs = (1...30).map { 0.4 * Double($0) }

/// A curve of 30 points over 12 epochs of 50,000 samples, with noise that is always the same.
private func curve(
    _ p: [Double] = truth, epochs: [Double] = epochs, noise: Double = 0.002, unit: Double = 1e5, scale: Double = 1,
    seed: Int = 1
) -> Table {
    var stream = RandomStream(seed: seed, purpose: "noise")
    let law = GoyalLaw(n0: unit)
    let n = epochs.map { ($0 * 50_000).rounded() }
    let y = n.map { scale * (law.value(p, at: [$0, 50_000]) + noise * (2 * stream.uniform() - 1)) }
    return Table([Column("n", n), Column("s", [Double](repeating: 50_000, count: n.count)), Column("y", y)])
}

extension ScalingLaw {
    /// f at one point's x columns.
    func value(_ parameters: [Double], at x: [Double]) -> Double {
        values(parameters, at: LawPoints(x.map { [$0] }))[0]
    }

    /// ∂f/∂parameters at one point's x columns.
    func gradient(_ parameters: [Double], at x: [Double]) -> [Double] {
        jacobian(parameters, at: LawPoints(x.map { [$0] }))
    }
}

private func fit(
    _ table: Table, unit: Double = 1e5, _ change: (inout ScalingLawOptions) -> Void = { _ in }
) throws -> ScalingLawFit {
    var options = ScalingLawOptions()
    change(&options)
    return try ScalingLawAnalysis(
        of: table, law: GoyalLaw(n0: unit), x: ["n", "s"], y: "y", options: options
    ).fits[0]
}

@Suite struct ScalingLawTests {
    @Test(arguments: [truth, [0.9, -0.5, 1.2, 0.3], [0.4, -0.05, 20, 0.02], [1, -1.5, 0.5, 0.05]])
    func curvesWithoutNoiseGiveTheirParametersBack(p: [Double]) throws {
        let fit = try fit(curve(p, noise: 0))
        #expect(fit.termination.isConverged, "\(fit.termination)")
        // y holds 16 digits; the condition of the scaled Jacobian, up to 1e4 here, and the search's end cost the rest.
        for (found, value) in zip(fit.values, p) { #expect(abs(found / value - 1) < 1e-7) }
        #expect(abs(fit.derived[0].value - exp2(-1 / p[2])) < 1e-8)
    }

    @Test func theOrderOfPointsDoesNotMatterToABit() throws {
        let table = curve()
        var stream = RandomStream(seed: 3, purpose: "order")
        let other = try fit(table.rows(stream.permutation(of: table.rowCount)))
        let one = try fit(table)
        #expect(one.values.map(\.bitPattern) == other.values.map(\.bitPattern))
        #expect(one.rss.bitPattern == other.rss.bitPattern)
    }

    @Test func theUnitOfSamplesScalesTheAmplitudeAlone() throws {
        let (one, other) = (try fit(curve(), unit: 1), try fit(curve(), unit: 1e9))
        #expect(one.values[1...] == other.values[1...] && one.rss == other.rss)
        // a carries (1e9)^b: rounding of the exponential of about 4.
        #expect(abs(other.values[0] / (one.values[0] * pow(1e9, one.values[1])) - 1) < 1e-13)
    }

    @Test func theScaleOfYScalesAmplitudeAndFloorAlone() throws {
        let (one, eight) = (try fit(curve()), try fit(curve(scale: 8)))
        // Powers of two only move exponents; the bounded search takes the same steps.
        for j in [0, 3] { #expect(abs(eight.values[j] / (8 * one.values[j]) - 1) < 1e-9) }
        for j in [1, 2] { #expect(abs(eight.values[j] / one.values[j] - 1) < 1e-9) }
        #expect(abs(eight.rss / (64 * one.rss) - 1) < 1e-12)
    }

    @Test func tauIsNotIdentifiedWithinTheFirstEpoch() throws {
        let fit = try fit(curve(epochs: (1...20).map { 0.05 * Double($0) }))
        #expect(fit.termination.isConverged)
        let tau = try #require(fit["tau"])
        #expect(tau.value.isNaN && tau.standardError == nil)
        #expect(fit.degreesOfFreedom == 17)
        #expect(fit.warnings.contains { $0.hasPrefix("tau is not identified") })
        #expect(fit.json()["parameters"]?["tau"]?["value"] == .null)
        // The curve is known all the same, but not beyond the first epoch.
        #expect(fit.predict([30_000, 50_000]).isFinite && fit.predict([50_000, 50_000]).isFinite)
        #expect(fit.predict([90_000, 50_000]).isNaN)
        #expect(fit.band(at: [30_000, 50_000]) != nil && fit.band(at: [90_000, 50_000]) == nil)
    }

    @Test func aFloorOnItsBoundHasNoError() throws {
        let fit = try fit(curve([0.5, -0.3, 3, 0], noise: 0.01, seed: 4))
        let d = try #require(fit["d"])
        #expect(d.value == 0 && d.bound == .lower && d.standardError == nil && d.low == nil)
        #expect(fit.warnings.contains { $0.hasPrefix("d is on its lower bound") })
        #expect(fit.warnings.contains { $0.contains("take d as known") })
    }

    @Test func aCurveThatDoesNotFallEndsOnBZero() throws {
        let n = (1...8).map { Double($0) * 20_000 }
        let table = Table([
            Column("n", n), Column("s", [Double](repeating: 50_000, count: 8)),
            Column("y", (1...8).map { 0.3 + 0.05 * Double($0) }),
        ])
        let fit = try fit(table)
        #expect(fit["b"]?.value == 0 && fit["b"]?.bound == .upper)
        #expect(fit["tau"]?.value.isNaN == true)
        #expect(fit.warnings.contains { $0.contains("1-acc") })
    }

    /// Points without any trend are the hardest: the best exponent lies beside 0, and tau anywhere.
    @Test(arguments: 1...12) func noGridPointIsBetterThanTheFit(seed: Int) throws {
        let table = curve(
            [0, -0.2, 4, 0.6], epochs: (0..<30).map { exp2(0.25 * Double($0)) }, noise: 0.05, seed: seed)
        let fit = try fit(table)
        let (n, y) = (try table.numbers("n"), try table.numbers("y"))
        let points = LawPoints([n, try table.numbers("s")])
        for i in 0...40 {
            for j in 0...20 {
                let (b, delta) = (-5 * pow(Double(i) / 40, 4), GoyalLaw.delta(0.05) + 0.9993 * Double(j) / 20)
                let shape = GoyalLaw(n0: 1e5).values([1, b, -1 / log2(delta), 0], at: points)
                let rss = lowestRSS(shape, y)
                // The search ends where a step gains less than its rounding; 1e-9 is far above that.
                #expect(rss >= fit.rss * (1 - 1e-9), "b \(b), point \(j): \(rss) below \(fit.rss)")
            }
        }
    }

    /// The least Σ (a g + d − y)² over a ≥ 0 and 0 ≤ d ≤ min y: in the inside or on one of the edges.
    private func lowestRSS(_ g: [Double], _ y: [Double]) -> Double {
        let (n, lowest) = (Double(y.count), y.min() ?? 0)
        let (sg, sy) = (g.reduce(0, +), y.reduce(0, +))
        let (gg, gy) = (zip(g, g).reduce(0) { $0 + $1.0 * $1.1 }, zip(g, y).reduce(0) { $0 + $1.0 * $1.1 })
        var candidates = [
            (0.0, min(max(sy / n, 0), lowest)), (max(0, gy / gg), 0), (max(0, (gy - lowest * sg) / gg), lowest),
        ]
        let a = (n * gy - sg * sy) / (n * gg - sg * sg)
        let d = (sy - a * sg) / n
        if a >= 0 && d >= 0 && d <= lowest { candidates.append((a, d)) }
        return candidates.map { a, d in zip(g, y).reduce(0) { $0 + pow(a * $1.0 + d - $1.1, 2) } }.min() ?? 0
    }

    @Test func strongTradeOffsAreNamed() throws {
        let fit = try fit(curve())
        #expect(fit.warnings.contains { $0.hasPrefix("b and d trade off (correlation -0.99") })
    }

    @Test func theCriteriaCountSigma() throws {
        let fit = try fit(curve())
        let base = 30 * log(fit.rss / 30)
        #expect(abs(fit.bic - (base + 5 * log(30))) < 1e-10)
        #expect(abs(fit.aicc - (base + 10 + 60.0 / 24)) < 1e-10)
        #expect(fit.rmse == (fit.rss / 30).squareRoot())
        #expect(fit.degreesOfFreedom == 26)
    }

    @Test func fixedParametersStay() throws {
        for (name, value) in [("a", 0.6), ("b", -0.2), ("tau", 4.0), ("d", 0.1)] {
            let fit = try fit(curve()) { $0.fixed = [name: value] }
            #expect(fit[name]?.value == value && fit[name]?.isFixed == true && fit[name]?.standardError == nil)
            #expect(fit.degreesOfFreedom == 27 && fit.termination.isConverged, "\(name): \(fit.termination)")
            #expect(fit.rss >= (try self.free.rss) * (1 - 1e-9))
        }
        let all = try fit(curve()) { $0.fixed = ["a": 0.6, "b": -0.2, "tau": 4, "d": 0.1] }
        #expect(all.values == truth && all.degreesOfFreedom == 30)
    }

    private var free: ScalingLawFit { get throws { try fit(curve()) } }

    @Test func aSingleStartIsTheOneGiven() throws {
        let one = try fit(curve()) {
            $0.start = ["b": -1, "tau": 30]
            $0.starts = 1
        }
        #expect(one.starts == 1)
        #expect(abs(one.rss / (try free.rss) - 1) < 1e-9)
    }

    @Test func withoutIntervalsThereIsNoBand() throws {
        let fit = try fit(curve()) { $0.interval = .none }
        #expect(fit["b"]?.low == nil && fit["b"]?.standardError != nil && fit.band(at: [1e5, 5e4]) == nil)
    }

    @Test func intervalsWidenWithTheLevel() throws {
        let narrow = try #require(try fit(curve()) { $0.level = 0.5 }["tau"]?.high)
        let wide = try #require(try fit(curve()) { $0.level = 0.99 }["tau"]?.high)
        #expect(narrow < wide)
    }
}
