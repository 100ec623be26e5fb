import Randomness
import Scoring
import Tables
import Testing

@testable import Selection

private func single(
    _ scores: [Double], direction: ScoreDirection = .highIsHard, ids: [Int64]? = nil
) -> Candidates {
    Candidates(
        scores: scores, direction: direction, labels: .init(repeating: 0, count: scores.count), classes: 1,
        ids: ids ?? scores.indices.map { Int64($0) })
}

@Suite struct StrataTests {
    /// The released code's strata and budgets, computed by NumPy.
    @Test(arguments: Oracle.selection.cases("ccs")) func budgetsAreTheReleasedOnes(_ json: JSON) throws {
        let strata = Strata(hardCut: json.number("cut"), count: json.integer("strata"), edges: .ccs)
        let all = single(json.numbers("scores"))
        let total = json.integer("total")
        #expect(
            Strata.budgets(populations: json.integers("populations"), total: total) == json.integers("budgets"))
        let subset = try all.select(strata, .ipc(total), seed: 1, identity: "s")
        let left = all.scores.sorted().prefix(all.scores.count - Int(json.number("cut") * Double(all.scores.count)))
        let (smallest, largest) = (try #require(left.first), try #require(left.last))
        var counts = [Int](repeating: 0, count: strata.count)
        for row in subset.rows {
            #expect(all.scores[row] <= largest)
            counts[strata.index(of: all.scores[row], smallest: smallest, largest: largest)] += 1
        }
        #expect(counts == json.integers("budgets"))
        #expect(Set(subset.rows).count == total && subset.rows == subset.rows.sorted())
    }

    /// The released code loses the top samples where the largest score is not positive.
    @Test(arguments: Strata.Edges.allCases, [-5.0, 0]) func noSampleIsLost(_ edges: Strata.Edges, _ top: Double) throws
    {
        let all = single((0..<40).map { top - Double($0) })
        let strata = Strata(hardCut: 0, count: 8, edges: edges)
        #expect(try all.select(strata, .fraction(1), seed: 1, identity: "s").rows == Array(0..<40))
    }

    /// Scores 0…9: the cut takes the two hardest, four strata of two remain, and each gives one.
    @Test(arguments: [ScoreDirection.highIsHard, .lowIsHard]) func everyStratumGives(_ direction: ScoreDirection) throws
    {
        let all = single((0..<10).map { Double($0) }, direction: direction)
        for seed in 1...5 {
            let subset = try all.select(Strata(hardCut: 0.2, count: 4), .ipc(4), seed: seed, identity: "s")
            let first = direction == .highIsHard ? 0 : 2
            #expect(subset.rows.map { ($0 - first) / 2 } == [0, 1, 2, 3])
            #expect(subset.tieShare == 0)
        }
    }

    @Test func eachSampleOfAStratumIsAsLikely() throws {
        // Two strata of 5 and 15 samples give 5 of 10 each: 0…4 surely, the others with probability 1/3.
        let all = single((0..<20).map { $0 < 5 ? 0 : 1 })
        var counts = [Int](repeating: 0, count: 20)
        for seed in 0..<3000 {
            for row in try all.select(Strata(hardCut: 0, count: 2), .ipc(10), seed: seed, identity: "u").rows {
                counts[row] += 1
            }
        }
        let deviation = (3000.0 * 1 / 3 * 2 / 3).squareRoot()
        #expect(counts[..<5].allSatisfy { $0 == 3000 })
        for count in counts[5...] { #expect(abs(Double(count) - 1000) <= 6 * deviation, "\(count) of 3000") }
    }

    @Test func balanceIsExact() throws {
        var stream = RandomStream("strata", seed: 1, purpose: "test")
        let order = stream.permutation(of: 90)
        let all = Candidates(
            scores: order.map { Double(($0 * 31) % 17) }, direction: .lowIsHard, labels: order.map { Int32($0 % 3) },
            classes: 3, ids: order.map { Int64($0) })
        let strata = Strata(hardCut: 0.25, count: 6)
        for balanced in [true, false] {
            let subset = try all.select(strata, .ipc(7), balanced: balanced, seed: 4, identity: "s")
            #expect(subset.rows.count == 21)
            if balanced {
                for label: Int32 in 0..<3 { #expect(subset.rows.count { all.labels[$0] == label } == 7) }
            }
            // The same samples whatever the order of the rows.
            let other = stream.permutation(of: 90)
            let permuted = Candidates(
                scores: other.map { all.scores[$0] }, direction: .lowIsHard, labels: other.map { all.labels[$0] },
                classes: 3, ids: other.map { all.ids[$0] })
            let again = try permuted.select(strata, .ipc(7), balanced: balanced, seed: 4, identity: "s")
            #expect(again.rows.map { permuted.ids[$0] }.sorted() == subset.rows.map { all.ids[$0] }.sorted())
            #expect(again.tieShare == subset.tieShare)
        }
    }

    @Test func theCutMayLookAtAnotherScore() throws {
        let all = single((0..<10).map { Double($0) })
        let aum = ScoreColumn(values: (0..<10).map { $0 % 2 == 0 ? -1 - Double($0) : 1 }, direction: .lowIsHard)
        // Half is cut: the five of the lowest margin are the even rows.
        let subset = try all.select(Strata(hardCut: 0.5, count: 3), .ipc(5), cutBy: aum, seed: 1, identity: "s")
        #expect(subset.rows == [1, 3, 5, 7, 9])
    }

    @Test func tiesAtTheCutAreCounted() throws {
        // Of six equal samples at the hard end, the cut takes three and lots say which.
        let all = single([1, 2, 3, 4, 9, 9, 9, 9, 9, 9])
        let subset = try all.select(Strata(hardCut: 0.3, count: 2), .ipc(7), seed: 1, identity: "s")
        #expect(subset.rows.count == 7 && Array(subset.rows.prefix(4)) == [0, 1, 2, 3])
        #expect(subset.tieShare == 3.0 / 7)
        let clean = try all.select(Strata(hardCut: 0.6, count: 2), .ipc(2), seed: 1, identity: "s")
        #expect(clean.tieShare == 0)
        let equal = try single(.init(repeating: 3, count: 10))
            .select(Strata(hardCut: 0.1), .ipc(4), seed: 1, identity: "s")
        #expect(equal.tieShare == 1 && equal.rows.count == 4)
    }

    @Test func tooDeepACutIsRefused() {
        let error = #expect(throws: SelectionError.self) {
            try single([1, 2, 3, 4]).select(Strata(hardCut: 0.5), .ipc(3), seed: 1, identity: "s")
        }
        #expect(error?.description == "there are 2 samples after the hard cut, and 3 are asked for (cut less)")
        #expect(throws: SelectionError.cutTooDeep(label: 0, left: 2, needed: 3)) {
            try single([1, 2, 3, 4]).select(Strata(hardCut: 0.5), .ipc(3), balanced: true, seed: 1, identity: "s")
        }
        #expect(throws: SelectionError.nonFiniteScore(row: 1)) {
            try single([1, .nan, 3]).select(Strata(hardCut: 0), .ipc(1), seed: 1, identity: "s")
        }
        let column = ScoreColumn(values: [0, 1, .infinity], direction: .lowIsHard)
        #expect(throws: SelectionError.nonFiniteScore(row: 2)) {
            try single([1, 2, 3]).select(Strata(hardCut: 0), .ipc(1), cutBy: column, seed: 1, identity: "s")
        }
    }

    /// A range as wide as doubles are does not overflow.
    @Test func widestScores() throws {
        let all = single([-.greatestFiniteMagnitude, 0, .greatestFiniteMagnitude, -1e308, 1e308])
        #expect(try all.select(Strata(hardCut: 0, count: 3), .ipc(5), seed: 1, identity: "s").rows == [0, 1, 2, 3, 4])
    }
}
