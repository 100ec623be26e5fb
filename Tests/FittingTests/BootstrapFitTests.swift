import Foundation
import Randomness
import Testing

@testable import Fitting

@Suite struct BootstrapFitTests {
    static let x = (0..<20).map { 0.25 * Double($0) }
    static let line = Laws.line(x)

    private func noisy(_ seed: Int) -> CurveData {
        var stream = RandomStream(seed: seed, purpose: "noise")
        return CurveData(Self.x.map { 2 - 0.7 * $0 + 0.3 * stream.normal() })
    }

    @Test(arguments: [BootstrapFit.Method.residual, .pairs, .clusters((0..<25).map { $0 % 6 })])
    func threadsDoNotChangeABit(method: BootstrapFit.Method) {
        let curve = Oracle.curve("exponential")
        let runs = [1, 2, 4].map { threads in
            BootstrapFit(
                curve.model, data: curve.data, estimate: curve.optimum, method: method, resamples: 101, seed: 5,
                identity: "pool", threads: threads)
        }
        #expect(runs[0].values.map(\.bitPattern) == runs[1].values.map(\.bitPattern))
        #expect(runs[0].values.map(\.bitPattern) == runs[2].values.map(\.bitPattern))
        #expect(runs[0].intervals() == runs[2].intervals())
        #expect(runs[0].undefined == 0 && runs[0].values.allSatisfy(\.isFinite))
        for (seed, identity) in [(6, "pool"), (5, "other")] {
            let other = BootstrapFit(
                curve.model, data: curve.data, estimate: curve.optimum, method: method, resamples: 101, seed: seed,
                identity: identity)
            #expect(other.values != runs[0].values)
        }
    }

    @Test func moreResamplesContinueTheSameOnes() {
        let data = noisy(1)
        let estimate = CurveFitter(Self.line).fit(data).parameters
        let few = BootstrapFit(Self.line, data: data, estimate: estimate, resamples: 10, seed: 2)
        let many = BootstrapFit(Self.line, data: data, estimate: estimate, resamples: 50, seed: 2)
        #expect(few.values == Array(many.values[..<20]))
    }

    /// In a linear model with a constant, centred residuals stretched by √(n/(n − p)) have the variance s²: the bootstrap's
    /// covariance is s² (XᵀX)⁻¹, up to the resamples' noise.
    @Test(arguments: [1, 2, 3]) func residualErrorsAreTheAnalyticOnes(seed: Int) {
        let data = noisy(seed)
        let solution = CurveFitter(Self.line).fit(data)
        let analytic = CurveUncertainty(Self.line, data: data, parameters: solution.parameters).standardErrors
        let resamples = 4000
        let found = BootstrapFit(
            Self.line, data: data, estimate: solution.parameters, resamples: resamples, seed: seed)
        for j in 0..<2 {
            let ratio = (found.standardErrors[j] ?? .nan) / (analytic[j] ?? .nan)
            // A standard deviation of R normal values varies by 1/√(2R); 4 of these.
            #expect(abs(ratio - 1) < 4 / (2 * Double(resamples)).squareRoot(), "\(ratio)")
        }
    }

    /// Every cluster holds the whole design, so that its errors shift the line as a whole: the cluster bootstrap's
    /// error of the intercept is that of the mean of C shifts, √((C − 1)/C) times the usual standard error.
    @Test func clusterErrorsAreThoseOfTheClusters() {
        let (clusters, perCluster) = (12, 5)
        var stream = RandomStream(seed: 8, purpose: "clusters")
        let shifts = (0..<clusters).map { _ in stream.normal() }
        let x = (0..<clusters * perCluster).map { Double($0 % perCluster) - 2 }
        let codes = x.indices.map { $0 / perCluster }
        let model = Laws.line(x)
        let data = CurveData(x.indices.map { 1 + x[$0] + shifts[codes[$0]] + 0.01 * sin(77 * Double($0)) })
        let estimate = CurveFitter(model).fit(data).parameters
        let resamples = 4000
        let found = BootstrapFit(
            model, data: data, estimate: estimate, method: .clusters(codes), resamples: resamples, seed: 1)
        let mean = shifts.reduce(0, +) / Double(clusters)
        let variance = shifts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(clusters)
        let ratio = (found.standardErrors[0] ?? .nan) / (variance / Double(clusters)).squareRoot()
        // 4 standard deviations of the resamples' noise, and 1 % for the small noise within clusters.
        #expect(abs(ratio - 1) < 4 / (2 * Double(resamples)).squareRoot() + 0.01)
        let pairs = BootstrapFit(model, data: data, estimate: estimate, method: .pairs, resamples: 500, seed: 1)
        #expect((pairs.standardErrors[0] ?? 9) < 0.6 * (found.standardErrors[0] ?? 0))
        // The sandwich over clusters says the same, with its correction C/(C − 1) · (n − 1)/(n − p).
        let sandwich = CurveUncertainty(model, data: data, parameters: estimate, clusters: codes).standardErrors[0]
        let corrected = (found.standardErrors[0] ?? .nan) * (12.0 / 11 * 59 / 58).squareRoot()
        #expect(abs((sandwich ?? .nan) / corrected - 1) < 0.06)
    }

    @Test func weightedPairsAreRepeatedPoints() {
        // Weight 2 for a point is the point twice: the fit to multiplicities is the fit to copies.
        let weights = Self.x.indices.map { Double($0 % 3) }
        let data = noisy(4)
        let weighted = CurveFitter(Self.line).fit(CurveData(data.y, weights: weights)).parameters
        let copies = Self.x.indices.flatMap { [Int](repeating: $0, count: $0 % 3) }
        let model = Laws.line(copies.map { Self.x[$0] })
        let copied = CurveFitter(model).fit(CurveData(copies.map { data.y[$0] })).parameters
        for j in 0..<2 { #expect(abs(weighted[j] - copied[j]) < 1e-13) }
    }

    @Test func rowsMayComeInAnyOrder() {
        let curve = Oracle.curve("exponential")
        var stream = RandomStream(seed: 1, purpose: "rows")
        let order = stream.permutation(of: 25)
        let shuffled = CurveModel(
            pointCount: 25, parameters: curve.model.parameters,
            evaluate: Laws.exponential(order.map { curve.json.numbers("x")[$0] }))
        let other = CurveFitter(shuffled).fit(CurveData(order.map { curve.data.y[$0] }))
        for (a, b) in zip(other.parameters, curve.optimum) { #expect(abs(a - b) < 1e-7) }
    }

    @Test func aBoundThatIsReachedIsNoEnd() {
        let curve = Oracle.curve("power-offset, on a bound")
        let found = BootstrapFit(
            curve.model, data: curve.data, loss: curve.loss, estimate: curve.fit().parameters, resamples: 200, seed: 3)
        let interval = found.intervals()[2]
        #expect(interval?.low == nil && interval?.high ?? 0 > 0)
        // The same through a function, whose values have bounds of their own.
        let twice = found.intervals(bounds: [Bounds(0, .infinity)]) { [2 * $0[2]] }
        #expect(twice[0]?.low == nil && twice[0]?.high == interval?.high.map { 2 * $0 })
        // An infinite end is none either.
        let infinite = found.intervals { [$0[2] > 0 ? 1 / $0[2] : .infinity] }
        #expect(infinite[0]?.high == nil && infinite[0]?.low ?? 0 > 0)
    }

    /// A line through a held, wrong constant: its residuals do not sum to zero.
    @Test func residualsAreCentredWeightedAndStretched() {
        var parameters = Self.line.parameters
        parameters[0].bounds = Bounds(1, 1)
        let model = CurveModel(pointCount: 20, parameters: parameters, evaluate: Self.line.evaluate)
        let weights = Self.x.indices.map { $0 == 7 ? 0 : 1 + Double($0 % 4) }
        let data = CurveData(noisy(2).y, weights: weights)
        let solution = CurveFitter(model).fit(data)
        let resampler = Resampler(
            model, data: data, loss: .squares, estimate: solution.parameters, method: .residual)
        // 19 points count, one parameter is fitted.
        let weighted = Self.x.indices.filter { $0 != 7 }.map { weights[$0].squareRoot() * solution.residuals[$0] }
        let mean = weighted.reduce(0, +) / 19
        #expect(abs(mean) > 0.1)
        let pool = weighted.map { ($0 - mean) * (19.0 / 18).squareRoot() }
        var y = data.y
        var stream = RandomStream(seed: 1, purpose: "bootstrap")
        resampler.draw(&stream, into: &y)
        let f = model.values(solution.parameters)
        for i in 0..<20 where i != 7 {
            let drawn = (f[i] - y[i]) * weights[i].squareRoot()
            #expect(pool.contains { abs($0 - drawn) < 1e-12 })
        }
        #expect(y[7] == data.y[7])
    }

    @Test func logarithmicErrorsMultiply() {
        let curve = Oracle.curve("power-offset, log")
        let estimate = curve.fit().parameters
        let found = BootstrapFit(
            curve.model, data: curve.data, loss: curve.loss, estimate: estimate, resamples: 1000, seed: 1)
        let asymptotic = CurveUncertainty(curve.model, data: curve.data, loss: curve.loss, parameters: estimate)
        for j in 0..<3 {
            let ratio = (found.standardErrors[j] ?? .nan) / (asymptotic.standardErrors[j] ?? .nan)
            // Nearly linear; a wrong sign or a lost factor would be off by more.
            #expect(abs(ratio - 1) < 0.15, "\(ratio)")
        }
    }

    @Test func tooFewPointsAreUndefined() {
        // Four points at two places: a resample may hold one place only.
        let model = Laws.line([0, 0, 1, 1])
        let data = CurveData([0, 0.1, 1, 1.2])
        let estimate = CurveFitter(model).fit(data).parameters
        let found = BootstrapFit(model, data: data, estimate: estimate, method: .pairs, resamples: 2000, seed: 1)
        // Both places are missed with probability 2/2⁴ = 1/8; 4 standard deviations.
        #expect(abs(Double(found.undefined) / 2000 - 0.125) < 4 * (0.125 * 0.875 / 2000).squareRoot())
        #expect(found.warnings.contains { $0.contains("cannot determine the parameters") })
        let defined = found.intervals().compactMap { $0?.resamples }
        #expect(defined == [2000 - found.undefined, 2000 - found.undefined])
        // One cluster: nothing varies, and nothing is known.
        let one = BootstrapFit(
            model, data: data, estimate: estimate, method: .clusters([1, 1, 1, 1]), resamples: 20, seed: 1)
        #expect(one.warnings.contains { $0.contains("one cluster") } && one.intervals() == [nil, nil])
        let three = BootstrapFit(
            model, data: data, estimate: estimate, method: .clusters([1, 1, 2, 3]), resamples: 20, seed: 1)
        #expect(three.warnings.contains { $0.contains("only 3 clusters") })
    }

    @Test func heldParametersStay() {
        var parameters = Self.line.parameters
        parameters[0].bounds = Bounds(2, 2)
        let half = CurveModel(pointCount: 20, parameters: parameters, evaluate: Self.line.evaluate)
        let found = BootstrapFit(half, data: noisy(1), estimate: [2, -0.7], resamples: 20, seed: 1)
        #expect((0..<20).allSatisfy { found.parameters($0)[0] == 2 })
        #expect(Set((0..<20).map { found.parameters($0)[1] }).count == 20)
        parameters[1].bounds = Bounds(-0.7, -0.7)
        let none = CurveModel(pointCount: 20, parameters: parameters, evaluate: Self.line.evaluate)
        let still = BootstrapFit(none, data: noisy(1), estimate: [2, -0.7], resamples: 5, seed: 1)
        #expect((0..<5).allSatisfy { still.parameters($0) == [2, -0.7] })
    }

    @Test func expandedPercentilesLieFurtherOut() throws {
        let data = noisy(6)
        let estimate = CurveFitter(Self.line).fit(data).parameters
        let found = BootstrapFit(Self.line, data: data, estimate: estimate, resamples: 2000, seed: 6)
        let plain = try #require(found.intervals(percentiles: .plain)[1])
        let expanded = try #require(found.intervals()[1])
        #expect(plain.tail == (1 - 0.95) / 2)
        // SciPy: norm.cdf(t.ppf(0.025, 18)) = 0.01782…
        #expect(abs(expanded.tail - 0.017823) < 1e-5)
        #expect(expanded.low ?? 9 < plain.low ?? -9 && expanded.high ?? -9 > plain.high ?? 9)
        // And hold what Student's interval holds, up to the resamples' noise at a tail of 36 of 2,000.
        let error = CurveUncertainty(Self.line, data: data, parameters: estimate).standardErrors[1] ?? .nan
        let half = studentQuantile(level: 0.95, degreesOfFreedom: 18) * error
        #expect(abs((expanded.high ?? .nan) - (estimate[1] + half)) < 0.15 * half)
        #expect(found.description().contains("widened for 18 degrees of freedom"))
        #expect(expanded.warning == nil)
        let few = BootstrapFit(Self.line, data: data, estimate: estimate, resamples: 100, seed: 6).intervals()[1]
        #expect(few?.warning?.hasSuffix("fewer than 5 of 100 resamples: draw at least 281") == true)
    }
}
