import Randomness
import Tables
import Testing

@testable import Statistics

@Suite struct SpearmanTests {
    @Test func midRanksAndRhoEqualSciPyWithTies() {
        let cases = Oracle.cases("spearman")
        #expect(cases.count == 6)
        for c in cases {
            let (x, y) = (c.numbers("x"), c.numbers("y"))
            #expect(midRanks(x) == c.numbers("ranks"))
            #expect(near(spearman(x, y), c.number("rho")), "\(x.count)")
        }
    }

    @Test func partialAndResidualEqualLeastSquares() {
        let cases = Oracle.cases("partial")
        #expect(cases.count == 4)
        for c in cases {
            let (x, y) = (c.numbers("x"), c.numbers("y"))
            #expect(near(partialSpearman(x, y, given: c.columns("covariates")), c.number("rho")))
            #expect(near(residualSpearman(x, y, onLogOf: c.columns("positive")), c.number("residual")))
        }
    }

    @Test func strataArePooledByFishersZ() {
        let cases = Oracle.cases("within")
        #expect(cases.count == 3)
        for c in cases {
            let pooled = spearmanWithin(c.numbers("x"), c.numbers("y"), strata: c.integers("strata"))
            #expect(near(pooled.rho, c.number("rho")))
            #expect(pooled.used.map(\.code) == c.integers("used"))
            for stratum in pooled.used { #expect(near(stratum.rho, c.numbers("rhos")[stratum.code])) }
        }
    }

    @Test func whatIsUndefinedIsNil() {
        #expect(spearman([], []) == nil)
        #expect(spearman([1], [2]) == nil)
        #expect(spearman([1, 1, 1], [1, 2, 3]) == nil)
        #expect(spearman([1, .nan, 3], [1, 2, 3]) == nil)
        #expect(spearman([1, .infinity, 3], [1, 3, 2]) == 1)
        #expect(partialSpearman([1, 2, 3, 4], [4, 1, 3, 2], given: [[1, 2, 3, 4]]) == nil)
        #expect(residualSpearman([1, 2, 3], [3, 1, 2], onLogOf: [[0, 1, 2]]) == nil)
        #expect(spearmanWithin([1, 2, 3, 4], [1, 2, 3, 4], strata: [0, 0, 1, 1]).rho == nil)
    }

    @Test func aCollinearCovariateChangesNothing() {
        let c = Oracle.cases("partial")[2]
        let (x, y, z) = (c.numbers("x"), c.numbers("y"), c.columns("covariates")[0])
        let once = partialSpearman(x, y, given: [z])
        #expect(near(partialSpearman(x, y, given: [z, z.map { 3 * $0 + 1 }]), once ?? .nan))
    }

    @Test func perfectStrataDoNotDecideAlone() {
        let up = [1.0, 2, 3, 4]
        #expect(spearmanWithin(up + up, up + up, strata: [0, 0, 0, 0, 1, 1, 1, 1]).rho == 1)
        #expect(spearmanWithin(up + up, up.map { -$0 } + up.map { -$0 }, strata: [0, 0, 0, 0, 1, 1, 1, 1]).rho == -1)
        #expect(near(spearmanWithin(up + up, up + up.reversed(), strata: [0, 0, 0, 0, 1, 1, 1, 1]).rho, 0))
    }

    @Test(arguments: [RankCorrelation.Adjustment.none, .within(sample.strata), .partial([sample.z])])
    func monotoneMapsAndRowOrderChangeNoBit(adjustment: RankCorrelation.Adjustment) {
        let (x, y) = (sample.x, sample.y)
        let rho = RankCorrelation(x, y, adjustment: adjustment).estimate
        #expect(rho != nil)
        #expect(RankCorrelation(x.map { $0 * $0 * $0 - 7 }, y, adjustment: adjustment).estimate == rho)
        let down = RankCorrelation(x, y.map { -5 * $0 }, adjustment: adjustment).estimate
        #expect(near(down, -(rho ?? .nan)))

        var stream = RandomStream(seed: 1, purpose: "test")
        let order = stream.permutation(of: x.count)
        let moved: RankCorrelation.Adjustment =
            switch adjustment {
            case .none: .none
            case .within(let s): .within(order.map { s[$0] })
            case .partial(let c): .partial(c.map { c in order.map { c[$0] } })
            case .residual(let c): .residual(c)
            }
        #expect(RankCorrelation(order.map { x[$0] }, order.map { y[$0] }, adjustment: moved).estimate == rho)
    }
}

/// 60 sets of three sizes; the loss falls with the error within a size.
let sample: (x: [Double], y: [Double], z: [Double], strata: [Int]) = {
    var stream = RandomStream(seed: 3, purpose: "test")
    let strata = (0..<60).map { $0 % 3 }
    let x = strata.map { Double($0) + (stream.normal() * 8).rounded() / 8 }
    let y = x.map { 0.4 * $0 + stream.normal() }
    return (x, y, strata.map { Double(10 * ($0 + 1)) }, strata)
}()
