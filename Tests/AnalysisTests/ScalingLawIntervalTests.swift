import Fitting
import Foundation
import Randomness
import Tables
import Testing

@testable import Analysis

@Suite struct ScalingLawIntervalTests {
    private let oracle: AnswerOracle

    init() throws { oracle = try AnswerOracle() }

    /// A curve of the Goyal law over `epochs`, with noise that is always the same.
    private func goyal(
        _ epochs: [Double], tau: Double = 4, noise: Double = 0.002, runs: Int = 1
    ) -> Table {
        var stream = RandomStream(seed: 5, purpose: "noise")
        let n = (0..<runs).flatMap { _ in epochs.map { ($0 * 1000).rounded() } }
        let s = n.map { _ in 1000.0 }
        let curve = GoyalLaw().values([2, -0.2, tau, 0.1], at: LawPoints([n, s]))
        let shifts = (0..<runs).map { _ in noise * (2 * stream.uniform() - 1) }
        let y = curve.enumerated().map { i, f in
            f + noise * (2 * stream.uniform() - 1) + (runs > 1 ? 4 * shifts[i / epochs.count] : 0)
        }
        let run = (0..<runs).flatMap { run in epochs.map { _ in "r\(run)" } }
        return Table([Column("n", n), Column("s", s), Column("y", y), Column("run", run)])
    }

    private func fit(
        _ table: Table, cluster: String? = nil, _ change: (inout ScalingLawOptions) -> Void
    ) throws -> ScalingLawFit {
        var options = ScalingLawOptions()
        change(&options)
        return try ScalingLawAnalysis(
            of: table, laws: [GoyalLaw()], x: ["n", "s"], y: "y", cluster: cluster, options: options
        ).fits[0]
    }

    private let many = (1...40).map { 0.4 * Double($0) }

    @Test func profileAndAsymptoticAgreeWhereTheLawIsNearlyLinear() throws {
        let (wald, profile) = (try oracle.analyse().fits[0], try oracle.analyse { $0.interval = .profile }.fits[0])
        #expect(profile.intervalMethod == "profile likelihood" && wald.intervalMethod == "asymptotic")
        for (a, b) in zip(wald.parameters, profile.parameters) {
            let width = (a.high ?? .nan) - (a.low ?? .nan)
            // These curves bend little within an interval; the two are not the same thing.
            #expect(abs((a.low ?? .nan) - (b.low ?? .nan)) < 0.05 * width && a.low != b.low)
            #expect(abs((a.high ?? .nan) - (b.high ?? .nan)) < 0.05 * width)
            #expect(a.standardError == b.standardError)
        }
    }

    /// By definition RSS/RSS_min = 1 + t²/(n − p) at either end, the others fitted anew.
    @Test func theProfileRisesToTheLevelAtItsEnds() throws {
        let fit = try oracle.analyse { $0.interval = .profile }.fits[0]
        let t = studentQuantile(level: 0.95, degreesOfFreedom: 17)
        for parameter in fit.parameters {
            for end in [parameter.low, parameter.high] {
                let held = try oracle.analyse { $0.fixed = [parameter.name: end ?? .nan] }.fits[0]
                // Ends are found to 1e-6 of the interval, where RSS rises linearly.
                #expect(agree(held.rss / fit.rss, 1 + t * t / 17, 1e-5))
            }
        }
    }

    @Test func anOpenSideIsNullAndSaysSo() throws {
        let fit = try fit(goyal([0.3, 0.6, 1, 1.3, 1.6, 1.9, 2.2, 2.5], tau: 40, noise: 0.005)) {
            $0.interval = .profile
        }
        let tau = try #require(fit["tau"])
        #expect(tau.high == nil)
        #expect(fit.warnings.contains { $0.hasPrefix("tau is not bounded above at level 0.95") })
        #expect(fit.json()["parameters"]?["tau"]?["high"] == .null)
        #expect(fit.text().contains(", –]"))
        let delta = try #require(fit.derived.first)
        #expect(delta.high == nil && delta.low == tau.low.map { exp2(-1 / $0) })
        #expect(fit.warnings.contains { $0.hasPrefix("too few repeats for tau: repeats end after 2.5 epochs") })
    }

    @Test func derivedQuantitiesCarryTheMappedInterval() throws {
        for interval in [ScalingLawOptions.Interval.asymptotic, .profile, .bootstrap] {
            let fit = try fit(goyal(many)) {
                $0.interval = interval
                $0.resamples = 200
            }
            let (tau, delta) = (try #require(fit["tau"]), try #require(fit.derived.first))
            #expect(delta.low == exp2(-1 / (tau.low ?? .nan)) && delta.high == exp2(-1 / (tau.high ?? .nan)))
            #expect(fit.json()["derived_intervals"]?["delta"]?["low"]?.double == delta.low)
            #expect(fit.json()["derived"]?["delta"]?.double == delta.value)
        }
    }

    @Test func bootstrapIntervalsAreAboutTheAsymptoticOnes() throws {
        let (wald, boot) = (
            try oracle.analyse().fits[0], try oracle.analyse { $0.interval = .bootstrap }.fits[0]
        )
        #expect(boot.intervalMethod.hasPrefix("residual bootstrap, 1000 resamples"))
        #expect(boot.resamples.count == 3000)
        for (a, b) in zip(wald.parameters, boot.parameters) {
            // The quantile 0.025 of 1000 refits lies within about 9 % of the half-width (three errors).
            let half = (a.high ?? .nan) - a.value
            #expect(abs((b.high ?? .nan) - (a.high ?? .nan)) < 0.3 * half)
            #expect(abs((b.low ?? .nan) - (a.low ?? .nan)) < 0.3 * half)
        }
        let (band, other) = (wald.band(at: [20]), boot.band(at: [20]))
        let half = ((band?.high ?? .nan) - (band?.low ?? .nan)) / 2
        #expect(abs((other?.high ?? .nan) - (band?.high ?? .nan)) < 0.3 * half)
    }

    @Test func clustersWidenTheIntervals() throws {
        let table = goyal(many, runs: 8)
        for interval in [ScalingLawOptions.Interval.asymptotic, .bootstrap] {
            func width(_ cluster: String?) throws -> Double {
                let fit = try fit(table, cluster: cluster) {
                    $0.interval = interval
                    $0.resamples = 200
                }
                let band = try #require(fit.band(at: [9000, 1000]))
                return band.high - band.low
            }
            // Each run is off by up to four times the scatter within it: the curve's height is known from 8 values, not 320.
            #expect(try width("run") > 2 * width(nil))
        }
        let boot = try fit(table, cluster: "run") { $0.interval = .bootstrap }
        #expect(boot.intervalMethod.hasPrefix("cluster bootstrap"))
        let pairs = try fit(table, cluster: "run") {
            $0.interval = .bootstrap
            $0.resampling = .pairs
        }
        #expect(pairs.intervalMethod.hasPrefix("pairs bootstrap"))
        let profile = try fit(table, cluster: "run") { $0.interval = .profile }
        #expect(profile.warnings.contains { $0.hasPrefix("profile intervals take all errors as independent") })
    }

    /// gᵀCg loses all its digits where x is 1e9 times as large as it varies.
    @Test(arguments: [1e8, 3e9])
    func bandsDoNotDependOnWhereXBegins(shift: Double) throws {
        let x = (0..<12).map(Double.init)
        let y = x.map { 2 + 0.5 * $0 + 0.1 * sin(7 * $0) }
        func half(_ shift: Double, shared: Bool) throws -> Double {
            let table = Table([
                Column("g", ["a", "b"].flatMap { name in x.map { _ in name } }),
                Column("x", (x + x).map { $0 + shift }),
                Column("y", y + y.map { 1 - $0 + 0.1 * sin(50 * $0) }),
            ])
            var options = ScalingLawOptions()
            options.shared = shared ? ["c"] : []
            let law = try ExpressionLaw("a + b*x" + (shared ? " + c*(x - \(shift))^2" : ""), columns: ["x"])
            let fits = try ScalingLawAnalysis(
                of: table, law: law, x: ["x"], y: "y", group: ["g"], options: options
            ).fits
            let band = try #require(fits[0].band(at: [15 + shift]))
            if !shared {
                // In closed form: t s √(1/n + (x − x̄)²/Σ(x − x̄)²).
                let t = studentQuantile(level: 0.95, degreesOfFreedom: 10)
                let exact = t * (fits[0].rss / 10 * (1.0 / 12 + 9.5 * 9.5 / 143)).squareRoot()
                #expect(agree((band.high - band.low) / 2, exact, 1e-4))
            }
            return (band.high - band.low) / 2
        }
        // f is known to 5e-7 at 3e9, its scatter is 0.1; the condition number of 1e9 leaves seven digits.
        #expect(try agree(half(shift, shared: false), half(0, shared: false), 1e-4))
        #expect(try agree(half(shift, shared: true), half(0, shared: true), 1e-4))
    }

    @Test(arguments: [ScalingLawOptions.Interval.asymptotic, .bootstrap])
    func noIntervalOfALogarithmWhereTheCurveIsNotPositive(interval: ScalingLawOptions.Interval) throws {
        let x = (0..<12).map(Double.init)
        let table = Table([Column("x", x), Column("y", x.map { 20 - $0 + 0.1 * sin(7 * $0) })])
        var options = ScalingLawOptions()
        (options.loss, options.interval, options.resamples) = (.logSquares, interval, 200)
        let fit = try ScalingLawAnalysis(
            of: table, law: ExpressionLaw("a + b*x", columns: ["x"]), x: ["x"], y: "y", options: options
        ).fits[0]
        let found = fit.predictions(at: LawPoints([[10, 30]]))
        #expect(found[0].value > 0 && found[1].value < 0)
        let low = try #require(found[0].low), high = try #require(found[0].high)
        #expect(low < found[0].value && found[0].value < high && found[0].predictionLow ?? .nan < low)
        #expect(found[1].low == nil && found[1].high == nil)
        #expect(found[1].predictionLow == nil && found[1].predictionHigh == nil)
    }

    @Test func whatChangesTogetherIsNamedOrNotSaid() throws {
        let analysis = try oracle.analyse()
        let points = analysis.groups[0].points(analysis.data, analysis.options).fitted
        let problem = FitProblem(analysis.laws[0], points, analysis.options)
        let estimate = problem.solve(analysis.options)
        var uncertainty = FitUncertainty(problem, estimate)
        uncertainty.conditionNumber = 1e6
        func sentences(_ weakest: [Int]) -> [String] {
            uncertainty.weakest = weakest
            return FitWarnings(
                problem: problem, estimate: estimate, uncertainty: uncertainty, intervals: .none(3),
                options: analysis.options
            ).all(correlations: []).filter { $0.contains("can change together") }
        }
        #expect(sentences([]).isEmpty && sentences([1]).isEmpty)
        #expect(sentences([1, 2]).first?.hasPrefix("A and alpha can change together") == true)
    }

    @Test func dependentNeighboursAreNamedUnlessClustersTakeCareOfThem() throws {
        var table = goyal(many, noise: 0)
        var stream = RandomStream(seed: 11, purpose: "walk")
        var error = 0.0
        let y = try table.numbers("y").map { f in
            error = 0.9 * error + 0.002 * (2 * stream.uniform() - 1)
            return f + error
        }
        table.columns[2] = Column("y", y)
        let warning = "neighbouring residuals are alike"
        #expect(try fit(table) { _ in }.warnings.contains { $0.hasPrefix(warning) })
        #expect(try !fit(table, cluster: "run") { _ in }.warnings.contains { $0.hasPrefix(warning) })
        #expect(try !fit(goyal(many)) { _ in }.warnings.contains { $0.hasPrefix(warning) })
    }

    @Test func aFitThatDeterminesNothingIsNotConverged() throws {
        // y rises: b ends on 0, where the curve is flat and a and d are one.
        let table = Table([
            Column("n", (1...9).map { Double($0) * 100 }), Column("s", [Double](repeating: 1000, count: 9)),
            Column("y", [0.3, 0.35, 0.42, 0.44, 0.51, 0.55, 0.61, 0.64, 0.7]),
        ])
        let fit = try fit(table) { _ in }
        #expect(fit["b"]?.value == 0)
        #expect(fit.termination.word == "not converged")
        #expect(fit["tau"]?.value.isNaN == true && fit.residuals.allSatisfy { $0.isFinite })
        #expect(fit.warnings[0].hasPrefix("the best curve is flat"))
        #expect(fit.text().contains("NOT CONVERGED: the best curve is flat"))
    }
}
