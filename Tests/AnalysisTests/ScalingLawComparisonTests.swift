import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

@Suite struct ScalingLawComparisonTests {
    private let oracle: AnswerOracle

    init() throws { oracle = try AnswerOracle() }

    private func compare(
        margin: Double? = nil, at: [Double] = [], _ change: (inout ScalingLawOptions) -> Void = { _ in }
    ) throws -> ScalingLawComparison {
        var options = ScalingLawComparison.Options()
        (options.margin, options.at) = (margin, at)
        return try ScalingLawComparison(oracle.analyse(change), options: options)
    }

    @Test func differencesEqualSciPy() throws {
        let comparison = try compare(margin: 0.05)
        let pair = comparison.pairs[0]
        #expect(pair.first == "group = easy" && pair.second == "group = hard")
        let rows = try #require(oracle.root["easy | hard"]?["rows"]?.items)
        #expect(rows.count == pair.differences.count)
        for (found, expected) in zip(pair.differences, rows) {
            #expect(found.quantity.rawValue == expected["quantity"]?.string)
            #expect(agree(found.n, expected["n"]?.double ?? .nan, 1e-12))
            let difference = expected["difference"]?.double ?? .nan
            // The derivative by ln n is taken by differences, exact to about 1e-12 of y.
            #expect(abs(found.difference - difference) < 1e-8, "\(found.difference) SciPy \(difference)")
            #expect(agree(found.standardError, expected["standard_error"]?.double ?? .nan))
            #expect(agree((found.high ?? .nan) - found.difference, expected["half"]?.double ?? .nan))
            // p reaches down to 1e-13: its logarithm follows the estimate's 1e-6.
            let p = expected["p_value"]?.double ?? .nan
            #expect(abs(log(found.pValue ?? .nan) - log(p)) < 1e-4, "\(String(describing: found.pValue)) SciPy \(p)")
            if found.quantity == .value {
                let equivalence = expected["p_equivalence"]?.double ?? .nan
                #expect(abs((found.equivalence ?? .nan) - equivalence) < 1e-6)
            }
        }
    }

    @Test func sharedAgainstSeparateEqualsSciPy() throws {
        let test = try #require(try compare().pairs[0].tests.first)
        #expect(test.parameters == ["E", "A", "alpha"] && test.degreesOfFreedom == 3 && test.fDenominator == 34)
        let key = "easy | hard"
        #expect(agree(test.statistic, oracle.number(key, "statistic")))
        #expect(abs(log(test.pValue / oracle.number(key, "p_value"))) < 1e-3)
        #expect(agree(test.f, oracle.number(key, "f")))
        #expect(abs(log(test.fPValue / oracle.number(key, "f_p_value"))) < 1e-3)
    }

    @Test func eachParameterIsTestedByItself() throws {
        let pair = try compare().pairs[0]
        #expect(pair.tests.map(\.parameters) == [["E", "A", "alpha"], ["E"], ["A"], ["alpha"]])
        // A restriction of one parameter costs at most as much as that of all.
        for test in pair.tests.dropFirst() {
            #expect(test.degreesOfFreedom == 1 && test.statistic >= 0 && test.statistic <= pair.tests[0].statistic)
        }
    }

    @Test func clusteredPointsAreNotTested() throws {
        let names = oracle.table.columns.filter { $0.name != "c" }
        let table = Table(names + [Column("c", (0..<oracle.table.rowCount).map { "c\($0 / 4)" })])
        let comparison = try ScalingLawComparison(oracle.analyse(cluster: "c", table: table))
        for pair in comparison.pairs {
            #expect(pair.tests.map(\.note) == ["no test: points are clustered"])
            #expect(pair.tests.allSatisfy { $0.pValue.isNaN && $0.fPValue.isNaN })
            #expect(pair.differences.allSatisfy { $0.pValue != nil })
        }
    }

    @Test func pValuesAreCorrectedAsOneFamily() throws {
        let comparison = try compare()
        let all = comparison.pairs.flatMap(\.differences)
        #expect(comparison.pairs.count == 3 && all.count == 18)
        #expect(all.map(\.pFamily) == holm(all.map(\.pValue)))
        for difference in all { #expect(difference.pFamily ?? 0 >= difference.pValue ?? 1) }
    }

    @Test func exchangingGroupsChangesTheSignAlone() throws {
        let reversed = Table([Column("group", AnswerOracle.groups.reversed())])
        let order = try reversed.texts("group").flatMap { name in
            try oracle.table.texts("group").indices.filter { try oracle.table.texts("group")[$0] == name }
        }
        let other = try ScalingLawComparison(oracle.analyse(table: oracle.table.rows(order)))
        let one = try compare()
        for (a, b) in zip(one.pairs[0].differences, other.pairs[2].differences) {
            #expect(a.difference == -b.difference && a.standardError == b.standardError && a.pValue == b.pValue)
        }
    }

    @Test func noDifferenceIsNeverConcluded() throws {
        let text = try compare(margin: 0.05).text()
        #expect(!text.lowercased().contains("no difference") && !text.contains("equal"))
        #expect(text.contains("cannot tell the two apart"))
        #expect(text.contains("y of group = easy is below that of group = hard at n = 12.649 (p = "))
        #expect(text.contains("; within ±0.05 of each other (p = "))
    }

    @Test func rangesThatDoNotOverlapAreNotCompared() throws {
        let (x, groups) = (try oracle.table.numbers("x"), try oracle.table.texts("group"))
        let kept = oracle.table.rows(x.indices.filter { (groups[$0] == "easy") == (x[$0] < 9) && groups[$0] != "twin" })
        let comparison = try ScalingLawComparison(oracle.analyse(table: kept))
        let pair = try #require(comparison.pairs.first)
        #expect(pair.differences.isEmpty)
        #expect(pair.notes[0].hasPrefix("no comparison: the ranges of x do not overlap (1…"))
        #expect(comparison.text().contains("no comparison"))
    }

    @Test func placesOutsideTheCommonRangeAreCalledExtrapolations() throws {
        let pair = try compare(at: [10, 500]).pairs[0]
        #expect(pair.differences.map(\.n) == [10, 10, 500, 500])
        #expect(pair.notes.contains { $0.hasPrefix("500 lies outside the range of x that both cover (2…80)") })
    }

    @Test func bootstrapIntervalsComeFromTheRefits() throws {
        let delta = try compare()
        let bootstrap = try compare {
            $0.interval = .bootstrap
            $0.resamples = 400
        }
        #expect(bootstrap.method == "bootstrap" && delta.method == "delta method")
        for (a, b) in zip(delta.pairs[0].differences, bootstrap.pairs[0].differences) {
            #expect(a.difference == b.difference)
            // Monte Carlo: the error of a standard error from 400 refits is 3.5 %; five of them, and the curve's bend.
            #expect(agree(b.standardError, a.standardError ?? .nan, 0.25))
            #expect((b.low ?? .nan) < b.difference && b.difference < (b.high ?? .nan))
        }
    }

    @Test func bootstrapPValuesAgreeWithTheirIntervals() throws {
        for clusters in [2, 5] {
            let names = oracle.table.columns.filter { $0.name != "c" }
            let table = Table(names + [Column("c", (0..<oracle.table.rowCount).map { "c\($0 % clusters)" })])
            let analysis = try oracle.analyse(cluster: "c", table: table) {
                $0.interval = .bootstrap
                $0.resamples = 200
            }
            var options = ScalingLawComparison.Options()
            options.margin = 0.05
            for difference in try ScalingLawComparison(analysis, options: options).pairs.flatMap(\.differences) {
                let (low, high) = (try #require(difference.low), try #require(difference.high))
                let p = try #require(difference.pValue)
                #expect((p < 0.05) == (low > 0 || high < 0), "p \(p) [\(low), \(high)]")
                if let equivalence = difference.equivalence {
                    // One-sided at half of the interval's share.
                    #expect((equivalence < 0.025) == (low > -0.05 && high < 0.05))
                }
            }
        }
    }

    @Test func eachPairNamesItsMethod() throws {
        // Three points for three parameters: no refits of the last group.
        let groups = try oracle.table.texts("group")
        let kept = groups.indices.filter { groups[$0] != "twin" || groups[..<$0].count { $0 == "twin" } < 3 }
        let analysis = try oracle.analyse(table: oracle.table.rows(kept)) {
            $0.interval = .bootstrap
            $0.resamples = 50
        }
        #expect(analysis.fits.map(\.resamples.isEmpty) == [false, false, true])
        let comparison = try ScalingLawComparison(analysis)
        #expect(comparison.pairs.map(\.method) == ["bootstrap", "delta method", "delta method"])
        #expect(comparison.method == "bootstrap or delta method")
        #expect(comparison.json()["pairs"]?[1]?["method"] == "delta method")
        #expect(comparison.pairs[1].notes.contains { $0.hasPrefix("by the delta method") })
    }

    @Test func refusedGroupsAreNotCompared() throws {
        let few = try Table.csv("group,x,y\na,1,0.9\na,2,0.8\na,4,0.72\na,8,0.7\nb,1,0.9\nb,2,0.8\n")
        let comparison = try ScalingLawComparison(oracle.analyse(table: few))
        #expect(comparison.pairs[0].notes == ["group = b is refused: no comparison"])
        #expect(throws: ScalingLawError.option("--compare needs two groups or more; name them with --group")) {
            let one = try Table.csv("group,x,y\na,1,0.9\na,2,0.8\na,4,0.72\na,8,0.7\n")
            return try ScalingLawComparison(oracle.analyse(table: one))
        }
        #expect(throws: ScalingLawError.option("--margin takes a positive number, not -1")) { try compare(margin: -1) }
    }
}
