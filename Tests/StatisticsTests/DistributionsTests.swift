import Tables
import Testing

@testable import Statistics

@Suite struct DistributionsTests {
    /// Quantiles in GSL and SciPy come from different iterations.
    let quantileTolerance = 1e-9

    @Test func quantilesEqualSciPy() throws {
        let c = try #require(Oracle.root["distributions"])
        for (i, p) in c.numbers("p").enumerated() {
            #expect(near(normalQuantile(p), c.numbers("normal")[i], quantileTolerance))
            #expect(near(normalCDF(c.numbers("normal")[i]), p, quantileTolerance))
            for (degrees, name) in [(1.0, "1"), (2.5, "2.5"), (46, "46")] {
                let expected = c["t"]?.numbers(name)[i] ?? .nan
                #expect(near(tQuantile(p, degrees: degrees), expected, quantileTolerance))
                #expect(near(tCDF(expected, degrees: degrees), p, quantileTolerance))
            }
        }
    }

    @Test func tailsEqualSciPy() throws {
        let chi = try #require(Oracle.root["tails"]?["chi_square"])
        let f = try #require(Oracle.root["tails"]?["f"])
        // Relative: tails go down to 1e-45.
        func equal(_ found: Double, _ expected: Double) -> Bool { abs(found / expected - 1) < quantileTolerance }
        for (i, x) in chi.numbers("x").enumerated() {
            for (degrees, name) in [(1.0, "1"), (4, "4")] {
                #expect(equal(chiSquareTail(x, degrees: degrees), chi.numbers(name)[i]))
            }
        }
        for (i, x) in f.numbers("x").enumerated() {
            for (a, b) in [(1.0, 12.0), (4, 92)] {
                let expected = f.numbers("\(Int(a)),\(Int(b))")[i]
                #expect(equal(fTail(x, numerator: a, denominator: b), expected))
            }
        }
        #expect(chiSquareTail(0, degrees: 3) == 1 && chiSquareTail(1, degrees: 0).isNaN)
        #expect(fTail(0, numerator: 2, denominator: 5) == 1 && fTail(1, numerator: 2, denominator: -1).isNaN)
    }

    @Test func edgesAreInfiniteAndNonsenseIsNaN() {
        #expect(normalQuantile(0) == -.infinity && normalQuantile(1) == .infinity && normalQuantile(2).isNaN)
        #expect(tQuantile(1, degrees: 3) == .infinity && tQuantile(0.5, degrees: 0).isNaN)
        #expect(tCDF(1, degrees: -1).isNaN)
    }

    @Test func equivalenceEqualsTwoOneSidedTests() throws {
        let c = try #require(Oracle.root["equivalence"])
        let test = try #require(EquivalenceTest(c.numbers("a"), c.numbers("b"), margin: 0.03))
        #expect(near(test.pValue, c.number("p"), quantileTolerance))
        #expect(near(test.low, c.number("low"), quantileTolerance))
        #expect(near(test.high, c.number("high"), quantileTolerance))
        #expect(test.isEquivalent == (max(abs(test.low), abs(test.high)) < 0.03))
        let paired = EquivalenceTest(differences: c.numbers("differences"), margin: 0.02)
        #expect(near(paired?.pValue, c.number("paired"), quantileTolerance))
        #expect(EquivalenceTest([1], [1, 2], margin: 0.1) == nil)
        #expect(EquivalenceTest([1, 1], [1, 1], margin: 0.1)?.isEquivalent == true)
        #expect(EquivalenceTest([2, 2], [1, 1], margin: 0.1)?.isEquivalent == false)
    }

    @Test func momentsAndQuantiles() {
        #expect(mean([1, 2, 6]) == 3)
        #expect(mean([]).isNaN)
        #expect(standardDeviation([1, 3]) == 2.0.squareRoot())
        #expect(standardDeviation([1]) == nil)
        #expect(quantile(0.25, ofSorted: [1, 2, 3, 4]) == 1.75)  // numpy.quantile([1, 2, 3, 4], 0.25)
        #expect(quantile(1, ofSorted: [1, 2]) == 2 && quantile(0, ofSorted: [5]) == 5)
    }
}
