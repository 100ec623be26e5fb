import Randomness
import Tables
import Testing

@testable import Statistics

@Suite struct ResamplingTests {
    @Test func exactPValuesEqualEnumeration() {
        let cases = Oracle.cases("permutation")
        #expect(cases.map { $0["count"]?.int } == [24, 720, 5040, 362_880])
        for c in cases {
            let test = RankCorrelation(c.numbers("x"), c.numbers("y")).permutationTest(seed: 1)
            #expect(test?.isExact == true && test?.scheme == .all)
            #expect(test?.arrangements == c["count"]?.int)
            #expect(near(test?.pValue, c.number("p")))
        }
    }

    @Test func exactPValuesWithinStrataEqualEnumeration() throws {
        let c = try #require(Oracle.root["permutation_within"])
        let correlation = RankCorrelation(
            c.numbers("x"), c.numbers("y"), adjustment: .within(c.integers("strata")))
        let test = correlation.permutationTest(seed: 1)
        #expect(test?.arrangements == 2880)
        #expect(test?.scheme == .strata)
        #expect(near(test?.pValue, c.number("p")))
    }

    @Test func residualsAreRearrangedWhereStrataCannotBe() throws {
        let c = try #require(Oracle.root["permutation_partial"])
        let correlation = RankCorrelation(
            c.numbers("x"), c.numbers("y"), adjustment: .partial([c.numbers("covariate")]))
        let test = correlation.permutationTest(seed: 1, strata: Array(0..<7))
        #expect(test?.scheme == .residuals)
        #expect(near(test?.pValue, c.number("p")))
    }

    /// Four units in three strata, perfectly alike in all of them: of the 4! arrangements of whole units only the identity
    /// and the reversal reach |ρ| = 1. Taking the rows for independent would give (2/24)³ at best.
    @Test func unitsChangePlacesAsWholes() throws {
        let strata = (0..<12).map { $0 / 4 }
        let units = (0..<12).map { $0 % 4 }
        let x = (0..<12).map { Double($0 % 4) }
        let y = (0..<12).map { Double($0 % 4 + 10 * ($0 / 4)) }
        let correlation = RankCorrelation(x, y, adjustment: .within(strata))
        let test = try #require(correlation.permutationTest(seed: 1, strata: strata, units: units))
        #expect(test.scheme == .units && test.isExact && test.arrangements == 24)
        #expect(test.pValue == 2.0 / 24)
    }

    /// Units that stand in other strata do not change places: 3! · 2! arrangements.
    @Test func unitsOfAnotherPatternStayApart() throws {
        let strata = [0, 0, 0, 0, 0, 1, 1, 1]
        let units = [0, 1, 2, 3, 4, 0, 1, 2]
        let correlation = RankCorrelation(
            [1, 2, 3, 4, 5, 1, 2, 3], [2, 1, 3, 5, 4, 1, 3, 2], adjustment: .within(strata))
        #expect(correlation.permutationTest(seed: 1, strata: strata, units: units)?.arrangements == 12)
    }

    /// No association, but rows of a unit share their noise: of 400 data sets at most 5 % may be called significant at
    /// 0.05, up to three standard errors (0.033). Row by row within strata it is a third of them.
    @Test func nestedSetsKeepTheFalsePositiveRate() throws {
        var stream = RandomStream(seed: 11, purpose: "test")
        let strata = (0..<18).map { $0 / 6 }
        let units = (0..<18).map { $0 % 6 }
        var found = 0
        var foundByRow = 0
        for _ in 0..<400 {
            let a = (0..<6).map { _ in stream.normal() }
            let b = (0..<6).map { _ in stream.normal() }
            let x = (0..<18).map { a[$0 % 6] + 0.2 * stream.normal() }
            let y = (0..<18).map { b[$0 % 6] + 0.2 * stream.normal() }
            let correlation = RankCorrelation(x, y, adjustment: .within(strata))
            if let p = correlation.permutationTest(seed: 1, strata: strata, units: units)?.pValue, p <= 0.05 {
                found += 1
            }
            if let p = correlation.permutationTest(resamples: 199, seed: 1)?.pValue, p <= 0.05 { foundByRow += 1 }
        }
        #expect(Double(found) / 400 < 0.05 + 0.033)
        #expect(Double(foundByRow) / 400 > 0.15)
    }

    @Test func monteCarloComesNearTheExactPValue() throws {
        // Nine sets by all 9! arrangements and by 20,000 of them: p ± 4·√(p(1 − p)/20,000).
        let correlation = RankCorrelation((0..<9).map(Double.init), [3, 0, 7, 1, 6, 2, 5, 8, 4])
        let exact = try #require(correlation.permutationTest(seed: 4))
        #expect(exact.isExact && exact.arrangements == 362_880)
        let test = try #require(correlation.permutations(resamples: 20_000, seed: 4, exactUpTo: 1000)?.test)
        #expect(!test.isExact && test.arrangements == 20_000)
        let p = exact.pValue
        #expect(abs(test.pValue - p) < 4 * (p * (1 - p) / 20_000).squareRoot(), "\(test.pValue), exactly \(p)")
    }

    @Test func anAssociationIsFoundAndNoiseIsNot() throws {
        let noise = RankCorrelation(sample.x, Array(sample.y.reversed()))
        let strong = RankCorrelation(sample.x, sample.x.map { -$0 })
        #expect(try #require(strong.permutationTest(resamples: 999, seed: 1)).pValue == 0.001)
        #expect(try #require(noise.permutationTest(resamples: 999, seed: 1)).pValue > 0.01)
    }

    @Test func intervalsFromSciPysResamplesEqualSciPys() throws {
        let c = try #require(Oracle.root["bootstrap"])
        let (x, y, distribution) = (c.numbers("x"), c.numbers("y"), c.numbers("distribution"))
        let all = Array(x.indices)
        let jackknife = all.map { out in
            spearman(all.filter { $0 != out }.map { x[$0] }, all.filter { $0 != out }.map { y[$0] }) ?? .nan
        }
        let bca = BootstrapInterval(
            bcaOf: distribution, estimate: try #require(spearman(x, y)), jackknife: jackknife, level: 0.95)
        // SciPy's own ρ of resamples equal to the estimate may differ from ours in the last bit, which moves the bias
        // by half a resample in 1999.
        let halfResample = 2e-3
        #expect(near(bca?.low, c.numbers("bca")[0], halfResample))
        #expect(near(bca?.high, c.numbers("bca")[1], halfResample))
        let percentile = BootstrapInterval(percentilesOf: distribution, level: 0.95)
        #expect(near(percentile?.low, c.numbers("percentile")[0]))
        #expect(near(percentile?.high, c.numbers("percentile")[1]))
    }

    /// All but one of 10,000 resamples below the estimate: the bias is 3.72. One jackknife value of 1000 apart: the
    /// acceleration is 0.166. At level 0.99 (z = 3.72 + 2.58) 1 − a·z is negative, at 0.5 (z = 3.72 + 0.67) it is not.
    @Test func beyondItsPoleThereIsNoBCaInterval() {
        let distribution = (0..<10_000).map { Double($0) / 10_000 }
        let jackknife = [0] + [Double](repeating: 1, count: 999)
        for (level, isDefined) in [(0.5, true), (0.99, false)] {
            let shares = BootstrapInterval.bcaShares(
                of: distribution, estimate: 0.99985, jackknife: jackknife, level: level)
            #expect((shares != nil) == isDefined)
            // Where it is defined, no resample lies beyond it.
            #expect(
                BootstrapInterval(bcaOf: distribution, estimate: 0.99985, jackknife: jackknife, level: level) == nil)
        }
    }

    /// Without bias and acceleration BCa's ends are the percentiles'; 2.5 % of 402 resamples are more than 10, of 398 fewer.
    @Test func fewResamplesBeyondAnEndAreOutOfReach() throws {
        let jackknife: [Double] = [-1, 1]
        for (count, isThere) in [(402, true), (398, false)] {
            let values = (0..<count).map { Double($0) }
            let distribution = BootstrapDistribution(
                estimate: Double(count) / 2 - 0.5, values: values, units: 2, jackknife: jackknife)
            let bca = distribution.bca(level: 0.95)
            #expect((bca != nil) == isThere)
            #expect(distribution.interval(nil, level: 0.95)?.method == (isThere ? .bca : .percentile))
            #expect(near(distribution.resamplesForBCa(level: 0.95), 400, 1e-6))
            let percentile = try #require(distribution.percentile(level: 0.95))
            if let bca { #expect(near(bca.low, percentile.low, 1e-6) && near(bca.high, percentile.high, 1e-6)) }
        }
    }

    /// Eighteen pairs in three strata, where pooling biases resamples away from zero: of 2000 resamples two or three lie
    /// beyond BCa's lower end (−0.31, −0.14, 0.14 over NumPy's seeds). Twenty times as many settle it.
    @Test func theLowerEndIsStableOverSeeds() throws {
        let x = (0..<18).map(Double.init)
        let y: [Double] = [1, 0, 2, 4, 3, 5, 0, 2, 1, 3, 5, 4, 0, 1, 3, 2, 4, 5]
        let correlation = RankCorrelation(x, y, adjustment: .within((0..<18).map { $0 / 6 }))
        let ends = try (1...5).map { seed in
            let few = try #require(correlation.bootstrapDistribution(resamples: 2000, seed: seed))
            #expect(few.bca(level: 0.95) == nil && few.interval(nil, level: 0.95)?.method == .percentile)
            let more = try #require(correlation.extended(few, seed: seed))
            #expect(more.values.count == 40_000 && Array(more.values.prefix(2000)) == few.values)
            return try #require(more.bca(level: 0.95)).low
        }
        #expect((ends.max() ?? 9) - (ends.min() ?? -9) < 0.2, "\(ends)")
        // Where resamples are enough, none are added; nor where no number would do.
        let enough = try #require(RankCorrelation(sample.x, sample.y).bootstrapDistribution(resamples: 4000, seed: 1))
        #expect(RankCorrelation(sample.x, sample.y).extended(enough, seed: 1) == nil)
        let perfect = try #require(RankCorrelation(x, x).bootstrapDistribution(resamples: 200, seed: 1))
        #expect(RankCorrelation(x, x).extended(perfect, seed: 1) == nil)
    }

    @Test func withoutABCaIntervalThePercentilesAreGivenAndCalledSo() throws {
        // x with itself: every jackknife value is 1, so that the acceleration is undefined.
        let x = (0..<12).map(Double.init)
        let interval = try #require(RankCorrelation(x, x).bootstrap(resamples: 200, seed: 1, method: .bca))
        #expect(interval.method == .percentile && interval.low == 1 && interval.high == 1)
    }

    @Test func ourResamplesAgreeWithNumPysWithinMonteCarloError() throws {
        let c = try #require(Oracle.root["large"])
        let interval = RankCorrelation(c.numbers("x"), c.numbers("y")).bootstrap(seed: 1)
        #expect(interval?.method == .percentile)
        // The 2.5 % quantile of 10,000 resamples with σ ≈ 0.06 has a standard error near 0.0016: four of them, twice.
        #expect(near(interval?.low, c.numbers("percentile")[0], 0.01))
        #expect(near(interval?.high, c.numbers("percentile")[1], 0.01))
    }

    @Test(arguments: [
        RankCorrelation.Adjustment.none, .within(sample.strata), .partial([sample.z]), .residual([sample.z]),
    ])
    func threadsChangeNoBit(adjustment: RankCorrelation.Adjustment) {
        let c = RankCorrelation(sample.x, sample.y, adjustment: adjustment)
        let one = c.bootstrap(resamples: 1500, seed: 7, threads: 1)
        #expect(one != nil)
        #expect(c.bootstrap(resamples: 1500, seed: 7, threads: 3) == one)
        #expect(c.bootstrap(resamples: 1500, seed: 8) != one)
        let p = c.permutationTest(resamples: 1500, seed: 7, threads: 1)
        #expect(p != nil)
        #expect(c.permutationTest(resamples: 1500, seed: 7, threads: 4) == p)
    }

    @Test func clustersOfCopiesWidenTheInterval() throws {
        let copies = (0..<240).map { $0 % 60 }
        let c = RankCorrelation(copies.map { sample.x[$0] }, copies.map { sample.y[$0] })
        let naive = try #require(c.bootstrap(resamples: 2000, seed: 1, method: .percentile))
        let honest = try #require(c.bootstrap(resamples: 2000, seed: 1, clusters: copies, method: .percentile))
        let plain = try #require(
            RankCorrelation(sample.x, sample.y).bootstrap(resamples: 2000, seed: 1, method: .percentile))
        // Four copies of each set pretend to √4 times the precision. The width from 2000 resamples has a relative standard
        // error of 0.022 (0.06 σ at each end of 3.92 σ), the ratio of two one of 0.06: four of them, and a little for the
        // skewness of 60 pairs.
        #expect(abs((honest.high - honest.low) / (naive.high - naive.low) - 2) < 0.3)
        // Clusters undo it: the same draws of 60 units as without copies.
        #expect(near(honest.low, plain.low) && near(honest.high, plain.high))
    }

    @Test func drawsStayWithinTheirStratum() {
        let c = RankCorrelation(sample.x, sample.y, adjustment: .within(sample.strata))
        #expect(c.unitPools(nil).map(\.count) == [20, 20, 20])
        #expect(c.unitPools(sample.strata.indices.map { $0 / 2 }).count == 1)  // clusters that cross strata
        #expect(c.unitPools(sample.strata.indices.map { $0 % 6 }).map(\.count) == [2, 2, 2])
    }
}

@Suite struct IndexStreamTests {
    @Test func indicesAreUniform() {
        // 60,000 draws below 6: counts have a standard deviation of 91; five of them.
        var indices = IndexStream(RandomStream(seed: 1, purpose: "test"))
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[indices.below(6)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 460 })
        #expect((0..<100).allSatisfy { _ in indices.below(1) == 0 })
    }
}
