import Randomness
import Testing

@testable import Statistics

@Suite struct FamilyTests {
    /// All 4! arrangements by hand: a loss equal to the error reaches |ρ| = 1 in two of them.
    @Test func theFamilyIsJudgedByItsLargestCorrelation() throws {
        let y = [1.0, 2, 3, 4]
        let strong = try #require(RankCorrelation([1, 2, 3, 4], y).permutations(seed: 1))
        let weak = try #require(RankCorrelation([2, 1, 4, 3], y).permutations(seed: 1))
        #expect(strong.isExact && strong.values.count == 24)
        #expect(strong.test.pValue == 2.0 / 24)
        // |ρ| = 1 of either loss: 4 arrangements; |ρ| ≥ 0.6 of either: the union of two lists, counted here.
        let family = try #require(PermutationDistribution.familyWise([strong, weak]))
        #expect(family[0] == 4.0 / 24)
        let bar = abs(weak.estimate) - 1e-12
        let union = zip(strong.values, weak.values).count { max(abs($0), abs($1)) >= bar }
        #expect(family[1] == Double(union) / 24)
        #expect(family[1] > weak.test.pValue)
    }

    /// A loss that stands in the family twice costs nothing: Holm would double its p.
    @Test func copiesOfALossCostNothing() throws {
        let one = try #require(RankCorrelation(sample.x, sample.y).permutations(resamples: 999, seed: 1))
        let family = try #require(PermutationDistribution.familyWise([one, one, one]))
        #expect(family == [one.test.pValue, one.test.pValue, one.test.pValue])
    }

    @Test func arrangementsThatAreNotTheSameAreNoFamily() throws {
        let a = try #require(RankCorrelation(sample.x, sample.y).permutations(resamples: 99, seed: 1))
        let b = try #require(RankCorrelation(sample.x, sample.y).permutations(resamples: 199, seed: 1))
        #expect(PermutationDistribution.familyWise([a, b]) == nil)
        #expect(PermutationDistribution.familyWise([]) == [])
    }

    /// Five losses of pure noise: of 300 families at most 5 % may have a smallest p ≤ 0.05, up to three standard errors
    /// (0.038); uncorrected it is about a fifth.
    @Test func aFamilyOfNoiseKeepsItsRate() throws {
        var stream = RandomStream(seed: 5, purpose: "test")
        var (found, uncorrected) = (0, 0)
        for _ in 0..<300 {
            let y = (0..<12).map { _ in stream.normal() }
            let members = try (0..<5).map { _ in
                try #require(
                    RankCorrelation((0..<12).map { _ in stream.normal() }, y).permutations(resamples: 99, seed: 1))
            }
            let family = try #require(PermutationDistribution.familyWise(members))
            if family.contains(where: { $0 <= 0.05 }) { found += 1 }
            if members.contains(where: { $0.test.pValue <= 0.05 }) { uncorrected += 1 }
        }
        #expect(Double(found) / 300 < 0.05 + 0.038)
        #expect(Double(uncorrected) / 300 > 0.12)
    }
}

@Suite struct DifferenceTests {
    private let a = RankCorrelation(sample.x, sample.y)
    private let noise = RankCorrelation(Array(sample.x.reversed()), sample.y)

    @Test func differencesComeFromTheSameResamples() throws {
        let first = try #require(a.bootstrapDistribution(resamples: 500, seed: 1))
        let second = try #require(noise.bootstrapDistribution(resamples: 500, seed: 1))
        let difference = first.minus(second)
        #expect(near(difference.estimate, first.estimate - second.estimate))
        #expect(difference.values == zip(first.values, second.values).map { $0 - $1 })
        #expect(difference.jackknife.count == 60)
        let interval = try #require(difference.percentile(level: 0.95))
        #expect(interval.low < difference.estimate && difference.estimate < interval.high)
        // A loss compared with itself does not differ, in any resample.
        let none = first.minus(first)
        #expect(none.estimate == 0 && none.pValueOfZero == 1)
    }

    @Test func thePValueCountsTheRarerSide() {
        let values = [Double](repeating: 1, count: 97) + [-1, -1, 0]
        let distribution = BootstrapDistribution(estimate: 1, values: values, units: 10, jackknife: [])
        #expect(distribution.pValueOfZero == 2.0 * 4 / 101)
    }

    @Test func bothKindsOfIntervalComeFromOneDistribution() throws {
        let distribution = try #require(a.bootstrapDistribution(resamples: 2000, seed: 3))
        #expect(distribution.interval(.percentile, level: 0.9) == distribution.percentile(level: 0.9))
        #expect(distribution.interval(.bca, level: 0.9) == distribution.bca(level: 0.9))
        #expect(distribution.interval(nil, level: 0.9)?.method == .percentile)  // 60 units
        #expect(distribution.bca(level: 0.9)?.method == .bca)
    }
}

@Suite struct AttenuationTests {
    @Test func withoutNoiseNothingIsTakenAway() throws {
        let c = RankCorrelation(sample.x, sample.y)
        let found = try #require(c.attenuation(noise: sample.y.map { _ in 0 }, resamples: 200, seed: 1))
        #expect(found.reliability == 1 && found.rho == c.estimate)
    }

    /// Half of the variance is noise: r = 0.5 and ρ/√0.5, by hand.
    @Test func reliabilityIsTheShareOfVarianceThatIsNotNoise() throws {
        let y = sample.y
        let center = mean(y)
        let variance = y.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(y.count - 1)
        let c = RankCorrelation(sample.x.map { $0 + Double(Int($0 * 7) % 5) }, y)
        let rho = try #require(c.estimate)
        let found = try #require(c.attenuation(noise: y.map { _ in variance / 2 }, resamples: 400, seed: 1))
        #expect(near(found.reliability, 0.5, 1e-12))
        #expect(near(found.rho, min(1, rho / 0.5.squareRoot()), 1e-12))
        #expect(found.interval != nil)
    }

    @Test func noiseBeyondTheVarianceOrUnknownIsUndefined() {
        let c = RankCorrelation(sample.x, sample.y)
        #expect(c.attenuation(noise: sample.y.map { _ in 1e6 }, resamples: 20, seed: 1) == nil)
        #expect(c.attenuation(noise: sample.y.map { _ in .nan }, resamples: 20, seed: 1) == nil)
    }

    @Test func whatCanBeDetectedShrinksWithTheSets() throws {
        // (1.959964 + 0.841621)·√(1.06/(40 − 3)) = 0.474189; tanh of it, by NumPy.
        #expect(near(smallestDetectable(degrees: 37), 0.44158, 1e-4))
        let more = try #require(smallestDetectable(degrees: 157))
        #expect(more < 0.24)
        #expect(smallestDetectable(degrees: 0) == nil)
    }

    @Test func leavingOutAGroupIsTheCorrelationOfTheRest() throws {
        let groups = sample.x.indices.map { $0 % 4 }
        for adjustment in [RankCorrelation.Adjustment.none, .within(sample.strata), .partial([sample.z])] {
            let c = RankCorrelation(sample.x, sample.y, adjustment: adjustment)
            for (code, rho) in c.leavingOut(groups: groups) {
                let kept = groups.indices.filter { groups[$0] != code }
                let rest: RankCorrelation.Adjustment =
                    switch adjustment {
                    case .within(let s): .within(kept.map { s[$0] })
                    case .partial(let z): .partial(z.map { z in kept.map { z[$0] } })
                    default: .none
                    }
                let expected = RankCorrelation(
                    kept.map { sample.x[$0] }, kept.map { sample.y[$0] }, adjustment: rest
                ).estimate
                #expect(near(rho, try #require(expected)))
            }
        }
    }
}
