import Foundation
import Tables
import Testing

@testable import Analysis

/// NumPy's and SciPy's answers; Fixtures/make_hardness_oracle.py wrote them.
private func oracle(_ part: String) throws -> JSON {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/hardness-oracle.json")
    return try #require(try JSON.parse(Array(Data(contentsOf: file)))[part])
}

private func numbers(_ json: JSON?) -> [Double] { (json?.items ?? []).compactMap(\.double) }

@Suite struct HardnessInterpolationTests {
    @Test func parabolasAreThoseOfNumPy() throws {
        let cases = try oracle("windows").items ?? []
        #expect(cases.count == 5)
        for json in cases {
            let name = json["name"]?.string ?? ""
            let runs = (json["runs"]?.items ?? []).map { numbers($0) }
            let found = try #require(
                OptimalHardness.interpolation(
                    starts: numbers(json["starts"]), runs: runs, resamples: 1000, seed: 1, identity: name))
            // polyfit solves by QR of powers that are not centred: both are good to about 1e-10 of a step.
            #expect(abs(found.position - (json["position"]?.double ?? 9)) < 1e-8, "\(name)")
            #expect(abs(found.error - (json["error"]?.double ?? 9)) < 1e-10, "\(name)")
            #expect(abs((found.pFlat ?? 9) - (json["p_flat"]?.double ?? 9)) < 1e-10, "\(name)")
            // Small differences of sums of squares.
            #expect(abs((found.pFit ?? 9) - (json["p_fit"]?.double ?? 9)) < 1e-8, "\(name)")
            let wanted: OptimalHardness.Interpolation.Verdict =
                [
                    "flat": .cannotTell, "cliff": .cannotTell, "edge": .atEdge,
                ][name] ?? .found
            #expect(found.verdict == wanted, "\(name): \(found)")
            if name == "clear" { #expect(found.low ?? 1 < 0.43 && found.high ?? 0 > 0.43) }
        }
    }

    @Test func moreNoiseMakesTheIntervalWider() throws {
        let json = try #require(try oracle("windows").items?.first)
        let runs = (json["runs"]?.items ?? []).map { numbers($0) }
        func width(_ factor: Double) throws -> Double {
            let noisy = runs.map { run in
                let centre = run.reduce(0, +) / Double(run.count)
                return run.map { centre + factor * ($0 - centre) }
            }
            let found = try #require(
                OptimalHardness.interpolation(
                    starts: numbers(json["starts"]), runs: noisy, resamples: 500, seed: 1, identity: "x"))
            return (found.high ?? .nan) - (found.low ?? .nan)
        }
        #expect(try width(1) < width(3) && width(0) == 0)
    }

    /// The interval of equal windows would be as wide as chance makes it: flat is said in nearly all draws of noise.
    @Test func flatWindowsAreNotTold() {
        var state: UInt64 = 3
        var told = 0
        for trial in 0..<200 {
            let runs = (0..<10).map { _ in
                (0..<3).map { _ in
                    // Sum of uniform numbers of a linear generator: nearly normal.
                    (0..<12).reduce(0.0) { sum, _ in
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return sum + Double(state >> 11) * 0x1p-53
                    }
                }
            }
            let found = OptimalHardness.interpolation(
                starts: (0..<10).map { Double($0) / 10 }, runs: runs, resamples: 50, seed: trial, identity: "flat")
            if found?.verdict != .cannotTell { told += 1 }
        }
        // The analysis of variance lets 5 % pass: 10 of 200, 25 are beyond 4.8 standard deviations.
        #expect(told < 25)
    }

    @Test func fewWindowsAndSingleRuns() {
        #expect(
            OptimalHardness.interpolation(starts: [0, 1], runs: [[1], [2]], resamples: 9, seed: 1, identity: "") == nil)
        let single = OptimalHardness.interpolation(
            starts: [0, 0.5, 1], runs: [[2], [1], [2]], resamples: 9, seed: 1, identity: "")
        #expect(single?.position == 0.5 && single?.error == 1 && single?.low == nil && single?.verdict == .cannotTell)
    }
}

@Suite struct HardnessSavingTests {
    private static let table = Table([
        Column("subset", ["w0", "w0", "w1", "w2", "cad-ipc10", "cad-ipc10", "full", "cad-ipc10"]),
        Column("regime", ["HL", "HL", "HL", "HL", "HL", "HL", "HL", "SL"]),
        Column("ipc", [10, 10, 10, 10, 10, 10, .nan, 10]),
        Column("window_start", [0, 0, 0.25, 0.5, .nan, .nan, .nan, .nan]),
        Column("validation_error", [0.5, 0.52, 0.4, 0.6, 0.4, 0.4, 0.1, 0.4]),
        Column("test_error", [0.5, 0.52, 0.4, 0.6, 0.39, 0.41, 0.1, 0.4]),
        Column("samples_seen", [900, 1100, 1000, 1000, 1000, 1000, 1500, 1]),
    ])

    /// What is saved has a price: means 0.40 and 0.45, two runs each. SciPy: ttest_ind(…, equal_var=False)
    /// .confidence_interval() = [−0.01085, 0.11085].
    @Test func thePriceOfASavingHasAnInterval() throws {
        let table = Table([
            Column("subset", ["w0", "w0", "w1", "w1", "cad", "cad", "full"]),
            Column("ipc", [10, 10, 10, 10, 10, 10, .nan]),
            Column("window_start", [1.0 / 3, 1.0 / 3, 0.5, 0.5, .nan, .nan, .nan]),
            Column("validation_error", [0.39, 0.41, 0.5, 0.5, 0.4, 0.4, 0.1]),
            Column("test_error", [0.39, 0.41, 0.5, 0.5, 0.44, 0.46, 0.1]),
            Column("samples_seen", [1000, 1000, 1000, 1000, 1000, 1000, 500]),
        ])
        let lines = try OptimalHardness(table).explanation()
        #expect(lines.contains { $0.hasSuffix("(n=2): 0.05 higher [-0.011, 0.11].") }, "\(lines)")
        #expect(lines.contains { $0.contains("window 0.333, chosen on") })
    }

    /// Three windows of 1000 samples seen; CAD-Prune trains one subset, and the run that scores.
    @Test func samplesSeenAreCounted() throws {
        var options = OptimalHardness.Options()
        // The last row has other labels than the windows: it is no saving of theirs.
        let hardness = try OptimalHardness(Self.table, options: options)
        let saving = try #require(hardness.results[0].savings.first)
        #expect(hardness.results[0].savings.count == 1 && saving.subset == "cad-ipc10" && saving.n == 2)
        #expect(saving.windows == 3 && saving.search == 3000 && saving.training == 1000 && saving.scoring == 1500)
        #expect(saving.saved == 500 && abs(saving.reported - 0.4) < 1e-12)
        #expect(hardness.json()["results"]?[0]?["savings"]?[0]?["saved_samples_seen"]?.double == 500)
        #expect(hardness.explanation().contains { $0.contains("cad-ipc10 saves 500 samples seen") })
        // 0.40 ± 0.014 (n=2) beside one run of the best window: no interval.
        #expect(hardness.explanation().contains { $0.hasSuffix("best window 0.4 (n=1): 0 higher.") })
        options.cad = "nothing"
        #expect(try OptimalHardness(Self.table, options: options).results[0].savings.isEmpty)
    }
}

@Suite struct ScoreSpreadTests {
    @Test func measuresAreThoseOfNumPy() throws {
        let json = try oracle("spread")
        let spread = try #require(ScoreSpread("a", numbers(json["scores"]), bins: 8))
        #expect(spread.n == 101)
        #expect(abs((spread.variation ?? 9) - (json["cv"]?.double ?? 0)) < 1e-14)
        #expect(abs((spread.quartileDispersion ?? 9) - (json["quartile_dispersion"]?.double ?? 0)) < 1e-14)
        #expect(spread.quantiles.count > 2 && spread.quantiles.count == numbers(json["quantiles"]).count)
        #expect(spread.shares.count == 8 && numbers(json["shares"]).count == 8)
        #expect(zip(spread.quantiles, numbers(json["quantiles"])).allSatisfy { abs($0 - $1) < 1e-14 })
        #expect(zip(spread.shares, numbers(json["shares"])).allSatisfy { abs($0 - $1) < 1e-14 })
    }

    /// A unit changes neither measure; a shift changes both.
    @Test func scaleDoesNotMatter() throws {
        let scores = numbers(try oracle("spread")["scores"])
        let a = try #require(ScoreSpread("a", scores, bins: 8))
        let b = try #require(ScoreSpread("b", scores.reversed().map { $0 * 64 }, bins: 8))
        #expect(abs((a.variation ?? 1) - (b.variation ?? 2)) < 1e-14)
        #expect(a.quartileDispersion == b.quartileDispersion && a.shares == b.shares)
        let c = try #require(ScoreSpread("c", scores.map { $0 + 1 }, bins: 8))
        #expect(c.variation ?? 9 < a.variation ?? 0 && c.quartileDispersion ?? 9 < a.quartileDispersion ?? 0)
        let lines = ScoreSpread.explanation([a, b])
        #expect(lines.last == "b (n=101) beside a (n=101): cv × 1, quartile dispersion × 1.")
        #expect(ScoreSpread.histogram([a, b]).rowCount == 16 && ScoreSpread.table([a, b]).rowCount == 2)
    }

    @Test func degenerateScores() throws {
        #expect(ScoreSpread("a", [1]) == nil && ScoreSpread("a", [1, .nan]) == nil)
        let equal = try #require(ScoreSpread("a", [2, 2, 2], bins: 4))
        #expect(equal.variation == 0 && equal.quartileDispersion == 0 && equal.shares == [1])
        let negative = try #require(ScoreSpread("a", [-1, -2, -3]))
        #expect(negative.variation == nil && negative.quartileDispersion == nil)
    }
}
