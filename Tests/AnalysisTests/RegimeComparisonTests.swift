import Foundation
import Tables
import Testing

@testable import Analysis

/// Table 1 of paper 1, and what SciPy finds in it; Fixtures/make_regimes_oracle.py wrote the oracle.
private enum Paper {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    static func table(_ change: (inout [String]) -> Void = { _ in }) throws -> Table {
        let file = tests.appending(path: "../../data/hard-truths-tables.csv").standardizedFileURL
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        change(&lines)
        return try Table.csv(lines.joined(separator: "\n") + "\n")
    }

    static func options() -> RegimeComparison.Options {
        var options = RegimeComparison.Options()
        options.value = .accuracy("mean")
        options.deviation = "std"
        options.only = [.init(column: "table", value: "1")]
        options.resamples = 500
        return options
    }

    static func oracle(_ part: String) throws -> [[JSON]] {
        let bytes = try Data(contentsOf: tests.appending(path: "Fixtures/regimes-oracle.json"))
        return (try JSON.parse(Array(bytes))[part]?.items ?? []).map { $0.items ?? [] }
    }

    /// The table's rows of a method, changed in place.
    static func setting(_ method: String, _ regime: String, _ ipc: Int, to cells: String) -> (inout [String]) -> Void {
        { lines in
            for (i, line) in lines.enumerated() where line.hasPrefix("1,") {
                guard line.contains(",\(regime),"), line.contains(",\(method),\(ipc),") else { continue }
                lines[i] = line.split(separator: ",").prefix(8).joined(separator: ",") + "," + cells
            }
        }
    }
}

/// The oracle works on means in 0…1 in double precision, and its interval of a ratio comes from bisection to 1e-14.
private func isClose(_ a: Double?, _ b: JSON?, _ tolerance: Double = 1e-9) -> Bool {
    guard let a, let b = b?.double else { return false }
    return abs(a - b) <= tolerance * max(1e-3, abs(b))
}

@Suite struct RegimeComparisonTests {
    @Test func gainsAreThoseOfSciPy() throws {
        let comparison = try RegimeComparison(Paper.table(), options: Paper.options())
        let wanted = try Paper.oracle("gains")
        #expect(wanted.count == 36 && comparison.gains.count == 108)
        for row in wanted {
            let gain = try #require(
                comparison.gains.first {
                    $0.cell.ipc == 50 && .string($0.cell.regime) == row[0] && .string($0.cell.method) == row[1]
                })
            let contrast = gain.contrast
            #expect(isClose(contrast.difference, row[2]) && isClose(contrast.low, row[3]), "\(row)")
            #expect(isClose(contrast.high, row[4]) && isClose(contrast.degreesOfFreedom, row[5]), "\(row)")
            #expect(isClose(contrast.pDifferent, row[6]) && isClose(contrast.pEquivalent, row[7]), "\(row)")
        }
    }

    /// The whole data set has no deviation: it counts as a constant, which is said.
    @Test func gapsAreThoseOfSciPy() throws {
        let comparison = try RegimeComparison(Paper.table(), options: Paper.options())
        let wanted = try Paper.oracle("gaps")
        #expect(wanted.count > 3)
        for row in wanted {
            let gap = try #require(
                comparison.gaps.first {
                    $0.cell.ipc == 50 && .string($0.cell.regime) == row[0] && .string($0.cell.method) == row[1]
                })
            let contrast = gap.contrast.reversed
            #expect(isClose(contrast.difference, row[2]) && isClose(contrast.low, row[3]), "\(row)")
            #expect(isClose(contrast.high, row[4]) && isClose(contrast.degreesOfFreedom, row[5]), "\(row)")
            #expect(isClose(contrast.pDifferent, row[6]) && isClose(contrast.pEquivalent, row[7]), "\(row)")
        }
        #expect(comparison.notes.contains { $0.hasPrefix("the whole data set has no deviation") })
    }

    @Test func spreadsAndTheirRatiosAreThoseOfSciPy() throws {
        let comparison = try RegimeComparison(Paper.table(), options: Paper.options())
        let (spreads, changes) = (try Paper.oracle("spreads"), try Paper.oracle("changes"))
        #expect(spreads.count == 3 && changes.count == 3)
        for row in spreads {
            let spread = try #require(
                comparison.spreads.first { $0.ipc == 50 && .string($0.regime) == row[0] }?.spread)
            #expect(spread.methods == 13 && isClose(spread.deviation, row[1]))
            #expect(isClose(spread.low, row[2]) && isClose(spread.high, row[3]))
            #expect(isClose(spread.range, row[4]) && isClose(spread.noise, row[5]))
        }
        for row in changes {
            let change = try #require(
                comparison.changes.first { $0.ipc == 50 && .string($0.from) == row[0] && .string($0.to) == row[1] })
            let ratio = try #require(change.ratio)
            #expect(isClose(ratio.ratio, row[2]) && isClose(ratio.pValue, row[5]))
            #expect(isClose(ratio.low, row[3], 1e-7) && isClose(ratio.high, row[4], 1e-7))
            #expect(change.methods == 13 && isClose(change.correlation, row[6]))
            let (low, high) = (try #require(change.low), try #require(change.high))
            #expect(low <= change.correlation ?? .nan && change.correlation ?? .nan <= high)
        }
    }

    /// With hard labels the images matter; with soft labels of augmented images methods have converged, some are on par
    /// with random images; nothing has reached the whole data set.
    @Test func thePapersConclusionsInNumbers() throws {
        let comparison = try RegimeComparison(Paper.table(), options: Paper.options())
        let claims = comparison.claims
        #expect(claims.count == 9 && claims.allSatisfy { $0.random == "Random Real" })
        let hard = try #require(claims.first { $0.regime == "HL" && $0.ipc == 50 })
        #expect(hard.better == ["RDED", "GraphCut", "Dyn-Unc", "EL2N - Best"] && hard.quality == .different)
        // Minimax Diffusion's deviation is 1.28 points; Cal's gain of 1.24 does not survive 108 comparisons.
        #expect(hard.undecided == ["Minimax Diffusion", "Cal"] && hard.onPar == [])
        let soft = try #require(claims.first { $0.regime == "SL" && $0.ipc == 50 })
        // EL2N - Best leads by 0.27 points, less than the margin, but its deviation of 0.56 leaves it open.
        #expect(soft.better == [] && soft.undecided == ["EL2N - Best"] && soft.worse.count == 11)
        let augmented = try #require(claims.first { $0.regime == "SL+KD" && $0.ipc == 50 })
        #expect(augmented.onPar == ["Cal", "Dyn-Unc"] && augmented.better == ["GraphCut", "EL2N - Best"])
        #expect(augmented.worse == ["SRe2L", "DWA", "RDED"])
        #expect(claims.allSatisfy { $0.leastGap?.verdict == .different })
        #expect(comparison.labelRobustness.count == 72)
        #expect(comparison.notes.contains { $0.contains("n = 3 is assumed") })
        for change in comparison.changes where change.ipc == 50 && change.from == "HL" && change.to == "SL+KD" {
            #expect(change.ratio?.high ?? 1 < 1 && change.pRatio ?? 1 < 0.05)
        }
    }

    /// Altered input turns the verdicts round.
    @Test func verdictsFlipOnAlteredInput() throws {
        func claim(_ ipc: Double, _ regime: String, _ changes: [(inout [String]) -> Void]) throws
            -> RegimeComparison.Claim
        {
            let table = try Paper.table { lines in for change in changes { change(&lines) } }
            let claims = try RegimeComparison(table, options: Paper.options()).claims
            return try #require(claims.first { $0.ipc == ipc && $0.regime == regime })
        }
        #expect(try !claim(50, "HL", []).better.contains("SRe2L"))
        #expect(try claim(50, "HL", [Paper.setting("SRe2L", "HL", 50, to: "35.00,0.08")]).better.contains("SRe2L"))
        // More noise: no verdict. Less: on par.
        let quiet = [
            Paper.setting("EL2N - Best", "SL", 50, to: "48.76,0.01"),
            Paper.setting("Random Real", "SL", 50, to: "48.49,0.01"),
        ]
        #expect(try claim(50, "SL", quiet).onPar == ["EL2N - Best"])
        #expect(
            try claim(50, "HL", [Paper.setting("RDED", "HL", 50, to: "38.49,12.0")]).undecided.contains("RDED"))
        // All methods beside random images: quality without effect.
        let methods = [
            "SRe2L", "DWA", "D4M", "Minimax Diffusion", "RDED", "Cal", "GraphCut", "Forgetting - Hard",
            "Forgetting - Easy", "Dyn-Unc", "EL2N - Hard", "EL2N - Best",
        ]
        let same = methods.map { Paper.setting($0, "SL+KD", 100, to: "62.90,0.05") }
        #expect(try claim(100, "SL+KD", []).quality == .different)
        #expect(try claim(100, "SL+KD", same).quality == .equivalent)
        // A method at the whole data set's error: saturated.
        let full = [Paper.setting("RDED", "SL+KD", 100, to: "65.91,0.01")]
        #expect(try claim(100, "SL+KD", full).leastGap?.verdict == .equivalent)
        // Spreads the other way round: methods diverge.
        let wide = methods.enumerated().map { i, name in
            Paper.setting(name, "SL+KD", 50, to: "\(5 + 7 * Double(i)),0.05")
        }
        let table = try Paper.table { lines in for change in wide { change(&lines) } }
        let change = try #require(
            RegimeComparison(table, options: Paper.options()).changes.first {
                $0.ipc == 50 && $0.from == "SL" && $0.to == "SL+KD"
            })
        #expect(change.ratio?.low ?? 0 > 1)
    }

    /// Rows that are runs, as a store has them, are the same as their means.
    @Test func runsAndTheirMeansAgree() throws {
        let runs = try Table.csv(
            """
            subset,ipc,regime,seed,test_error
            random,10,HL,1,0.50
            random,10,HL,2,0.52
            random,10,HL,3,0.54
            cad,10,HL,1,0.40
            cad,10,HL,2,0.41
            cad,10,HL,3,0.45
            full,,HL,1,0.20
            full,,HL,2,0.22

            """)
        let means = try Table.csv(
            """
            subset,ipc,regime,error,std,n
            random,10,HL,0.52,0.02,3
            cad,10,HL,0.42,0.026457513110645908,3
            full,,HL,0.21,0.014142135623730951,2

            """)
        var options = RegimeComparison.Options()
        options.method = ["subset"]
        let a = try RegimeComparison(runs, options: options)
        options.value = .error("error")
        options.deviation = "std"
        options.runs = "n"
        let b = try RegimeComparison(means, options: options)
        #expect([a, b].allSatisfy { $0.gains.count == 1 && $0.gaps.count == 2 && $0.notes.isEmpty })
        for (x, y) in zip(a.gains + a.gaps, b.gains + b.gaps) {
            // Means and deviations were rounded to 16 digits.
            #expect(abs(x.contrast.difference - y.contrast.difference) < 1e-12)
            #expect(abs((x.contrast.low ?? 1) - (y.contrast.low ?? 2)) < 1e-12)
            #expect(abs((x.contrast.pDifferent ?? 1) - (y.contrast.pDifferent ?? 2)) < 1e-12)
        }
    }

    @Test(arguments: [
        ("random,10,HL,1,50.0", "'test_error' is 50, but errors are fractions of 1; --accuracy takes a column of"),
        ("cad,10,HL,1,0.4\ncad,10,HL,1,0.5", "two rows for 'cad', ipc 10, HL (lines 2 and 3): --only chooses rows"),
        (
            "random-a,10,HL,1,0.4\nrandom-b,10,HL,1,0.5",
            "'random-a' and 'random-b' both look like random; --random names it"
        ),
        (",10,HL,1,0.4", "no row has a method, a regime, a size and a value"),
    ])
    func faultsAreNamed(rows: String, message: String) throws {
        let table = try Table.csv("subset,ipc,regime,seed,test_error\n\(rows)\n")
        var options = RegimeComparison.Options()
        options.method = ["subset"]
        let error = #expect(throws: TableError.self) { try RegimeComparison(table, options: options) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    /// Three methods at three sizes, in the order of their texts.
    private static let means = """
        method,ipc,regime,error,std,acc,percent
        random,10,HL,0.5,0.01,50,1
        cad,10,HL,0.4,0.01,60,1
        random,100,HL,0.3,0.01,70,1
        cad,100,HL,0.25,0.01,75,1
        random,50,HL,0.4,0.01,60,1
        cad,50,HL,0.3,0.01,70,1
        full,,HL,0.2,0.01,80,1

        """

    private static func comparison(
        _ text: String = means, change: (inout RegimeComparison.Options) -> Void
    ) throws -> RegimeComparison {
        var options = RegimeComparison.Options()
        (options.value, options.deviation) = (.error("error"), "std")
        change(&options)
        return try RegimeComparison(Table.csv(text), options: options)
    }

    @Test func sizesAreNumbers() throws {
        let comparison = try Self.comparison { _ in }
        #expect(comparison.claims.map(\.ipc) == [10, 50, 100])
        #expect(try comparison.table(.gains).numbers("ipc") == [10, 50, 100])
    }

    @Test func deviationsInAnotherUnitAreNoticed() throws {
        func notes(_ value: RegimeComparison.Value, _ deviation: String) throws -> [String] {
            try Self.comparison { ($0.value, $0.deviation) = (value, deviation) }.notes
        }
        #expect(try !notes(.error("error"), "std").contains { $0.contains("are these") })
        #expect(try !notes(.accuracy("acc"), "percent").contains { $0.contains("are these") })
        #expect(try notes(.accuracy("acc"), "std").contains { $0.contains("fractions beside 'acc' in percent?") })
        let error = #expect(throws: TableError.self) { try notes(.error("error"), "percent") }
        #expect(error?.description.contains("1 is no standard deviation of values in that unit") == true)
        let half = Self.means.replacingOccurrences(of: ",0.01,", with: ",0.4,")
        #expect(try Self.comparison(half) { _ in }.notes.contains { $0.contains("are these percent beside 'error'") })
    }

    @Test func aBetterMethodThanTheWholeDataSetIsNoticed() throws {
        #expect(try !Self.comparison { _ in }.notes.contains { $0.contains("same compute") })
        let better = Self.means.replacingOccurrences(of: "cad,100,HL,0.25", with: "cad,100,HL,0.1")
        let comparison = try Self.comparison(better) { _ in }
        #expect(
            comparison.notes.contains(
                "the best of ipc 100, HL, cad, has a lower error than full, by 0.1: was the whole data set trained with the same compute?"
            ), "\(comparison.notes)")
        #expect(
            comparison.explanation().contains { $0.contains("the best, cad, is 0.1 [") && $0.contains("below full") })
        // A poor method may lie anywhere; the best one may not.
        let far = Self.means.replacingOccurrences(of: "cad,100,HL,0.25", with: "cad,100,HL,0.95")
        #expect(try !Self.comparison(far) { _ in }.notes.contains { $0.contains("one unit") })
        let both = far.replacingOccurrences(of: "random,100,HL,0.3", with: "random,100,HL,0.9")
        #expect(
            try Self.comparison(both) { _ in }.notes.contains(
                "the best of ipc 100, HL, random, is 0.7 above full: are both in one unit?"))
    }

    @Test func namesThatAreNotThereAreRefused() throws {
        for (change, message) in [
            ({ $0.order = ["HL", "KD"] }, "no regime is called 'KD' (--order); there are HL"),
            ({ $0.random = "Nope" }, "no method is called 'Nope' (--random); there are cad, full, random"),
            ({ $0.full = "fulll" }, "no method is called 'fulll' (--full); did you mean 'full'?"),
        ] as [((inout RegimeComparison.Options) -> Void, String)] {
            let error = #expect(throws: TableError.self) { try Self.comparison(change: change) }
            #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        }
    }

    @Test func singleRunsSaySo() throws {
        let comparison = try Self.comparison { $0.deviation = nil }
        #expect(comparison.notes.contains { $0.hasPrefix("6 of the 6 means rest on one run: no deviation") })
        #expect(comparison.explanation()[0].contains("an interval without 0 can stand beside 'cannot tell'"))
    }

    @Test func fractionsAreNoPercentages() throws {
        let table = try Table.csv("method,ipc,regime,acc\nrandom,10,HL,0.4\ncad,10,HL,0.5\n")
        var options = RegimeComparison.Options()
        options.value = .accuracy("acc")
        let error = #expect(throws: TableError.self) { try RegimeComparison(table, options: options) }
        #expect(error?.description.contains("no value of 'acc' is above 1") == true)
    }

    /// Paper 2's table 6 says neither deviations nor random images: spreads and orders remain.
    @Test func aTableWithoutDeviations() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../data/compression-tables.csv").standardizedFileURL
        var options = RegimeComparison.Options()
        options.value = .accuracy("value")
        options.method = ["method", "setting"]
        options.only = [.init(column: "table", value: "6")]
        options.resamples = 200
        let comparison = try RegimeComparison(Table.read(file.path), options: options)
        #expect(comparison.gains.isEmpty && comparison.spreads.count == 4 && comparison.changes.count == 2)
        #expect(comparison.spreads.allSatisfy { $0.spread.methods == 12 && $0.spread.noise == nil })
        #expect(comparison.notes.contains { $0.hasPrefix("no method is random images") })
    }

    @Test func outputsAgree() throws {
        let comparison = try RegimeComparison(Paper.table(), options: Paper.options())
        let json = comparison.json()
        #expect(json["format"] == "assay-regimes" && json["gains"]?.items?.count == 108)
        for part in RegimeComparison.Part.allCases {
            #expect(json[part.rawValue]?.items?.count == comparison.table(part).rowCount)
        }
        #expect(try comparison.table(.errors).texts("role").count { $0 == "full" } == 9)
        let gaps = try comparison.table(.gaps).numbers("gap")
        #expect(gaps.allSatisfy { $0 > 0 })
        let lines = comparison.explanation()
        #expect(
            lines.contains { $0.hasPrefix("ipc=50, HL: of 12 methods 4 better than Random Real, 6 worse, 0 on par") })
        #expect(lines.contains { $0.hasPrefix("ipc=50, HL to SL+KD: spread of errors × ") && $0.contains("converge") })
    }

    @Test func twoRunsAndNone() {
        let one = MeasuredMean(mean: 0.5, deviation: nil, n: 1)
        let contrast = MeanContrast(one, one, margin: 0.01, level: 0.95)
        #expect(contrast.difference == 0 && contrast.pDifferent == nil && contrast.low == nil)
        #expect(DifferenceVerdict(different: nil, equivalent: nil, alpha: 0.05) == .cannotTell)
        // A sure difference that is too small to matter.
        #expect(DifferenceVerdict(different: 0.001, equivalent: 0.001, alpha: 0.05) == .equivalent)
        #expect(SpreadRatio([1, 2], [1, 3], level: 0.95)?.ratio == 2)
        #expect(SpreadRatio([1, 2], [1, 3], level: 0.95)?.pValue == nil)
        #expect(SpreadRatio([1, 1, 1], [1, 2, 3], level: 0.95) == nil)
    }
}

@Suite struct DDRankingTests {
    /// METHODS.md's worked values: α = −0.125 and 0.
    @Test func workedValues() throws {
        let score = try DDRanking.labelRobustScore(
            realHard: 0.6, distilledHard: 0.3, distilledSoft: 0.45, randomSoft: 0.4)
        #expect(abs(score - 0.2189) < 5e-5)
        let zero = try DDRanking.labelRobustScore(
            realHard: 0.5, distilledHard: 0.5, distilledSoft: 0.4, randomSoft: 0.4)
        #expect(abs(zero - 0.26894) < 5e-6)
        let augmented = try DDRanking.augmentationRobustScore(
            distilledAugmented: 0.4, randomAugmented: 0.4, distilledPlain: 0.1, randomPlain: 0.35)
        #expect(abs(augmented - score) < 1e-12)
        // The ends of the map: α = ±1.
        let best = try DDRanking.augmentationRobustScore(
            distilledAugmented: 1, randomAugmented: 0, distilledPlain: 1, randomPlain: 0)
        let worst = try DDRanking.labelRobustScore(
            realHard: 1, distilledHard: 0, distilledSoft: 0, randomSoft: 1)
        #expect(best == 1 && worst == 0)
    }

    @Test func percentIsRefused() {
        let error = #expect(throws: DDRanking.NoFraction.self) {
            try DDRanking.labelRobustScore(realHard: 56.5, distilledHard: 30, distilledSoft: 40, randomSoft: 35)
        }
        #expect(error?.value == 56.5 && error?.exitCode == 65)
        #expect(throws: DDRanking.NoFraction.self) {
            try DDRanking.augmentationRobustScore(
                distilledAugmented: 0.4, randomAugmented: .nan, distilledPlain: 0.1, randomPlain: 0.35)
        }
    }
}
