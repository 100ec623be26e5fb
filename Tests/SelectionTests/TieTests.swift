import Scoring
import Selection
import Testing

/// Samples of one class, ids 0, 1, 2, ….
private func single(_ scores: [Double], direction: ScoreDirection = .highIsHard) -> Candidates {
    Candidates(
        scores: scores, direction: direction, labels: .init(repeating: 0, count: scores.count), classes: 1,
        ids: scores.indices.map { Int64($0) })
}

/// The share of a subset that seeded order decided among equal scores, known by construction.
@Suite struct TieTests {
    @Test func allEqualIsALottery() throws {
        let all = single(.init(repeating: 0.5, count: 40))
        for rule: KeepRule in [.easiest, .hardest, .highest, .lowest, .window(start: 0.3)] {
            #expect(try all.select(rule, .ipc(10), seed: 1, identity: "t").tieShare == 1)
            // All are kept: nothing was decided.
            #expect(try all.select(rule, .ipc(40), seed: 1, identity: "t").tieShare == 0)
        }
        let subsets = try Set((1...5).map { try all.select(.easiest, .ipc(10), seed: $0, identity: "t").rows })
        #expect(subsets.count == 5)
        // The lottery is the one that a random subset of this name and seed draws.
        #expect(
            try all.select(.easiest, .ipc(10), seed: 1, identity: "t").rows
                == all.select(.random, .ipc(10), seed: 1, identity: "t").rows)
    }

    /// The rule, how many are kept, and how many of them the lot drew among the four of score 3.
    struct Expected: Sendable {
        var rule: KeepRule
        var count: Int
        var drawn: Int

        init(_ rule: KeepRule, _ count: Int, drawn: Int) {
            self.rule = rule
            self.count = count
            self.drawn = drawn
        }
    }

    /// Ascending 1 2 3 3 3 3 4 5; from the hardest 5 4 3 3 3 3 2 1.
    static let expected: [Expected] = [
        Expected(.lowest, 2, drawn: 0), Expected(.lowest, 3, drawn: 1), Expected(.lowest, 5, drawn: 3),
        Expected(.lowest, 6, drawn: 0), Expected(.lowest, 7, drawn: 0), Expected(.highest, 2, drawn: 0),
        Expected(.highest, 3, drawn: 1), Expected(.highest, 4, drawn: 2), Expected(.highest, 6, drawn: 0),
        Expected(.easiest, 4, drawn: 2), Expected(.hardest, 5, drawn: 3),
        Expected(.window(start: 0), 2, drawn: 0), Expected(.window(start: 0.25), 4, drawn: 0),
        Expected(.window(start: 0.25), 2, drawn: 2), Expected(.window(start: 0.125), 3, drawn: 2),
        Expected(.window(start: 0.375), 2, drawn: 2), Expected(.window(start: 0.375), 5, drawn: 3),
        Expected(.window(start: 0.75), 2, drawn: 0),
    ]

    @Test(arguments: expected) func tieShare(_ expected: Expected) throws {
        let all = single([3, 1, 3, 5, 3, 2, 3, 4])
        let subset = try all.select(expected.rule, .ipc(expected.count), seed: 1, identity: "t")
        #expect(subset.rows.count == expected.count)
        #expect(subset.tieShare == Double(expected.drawn) / Double(expected.count))
    }

    /// Two borders within ties of different scores, from the hardest 2 2 | 2 1 1 0 | 0 0.
    @Test func bothBordersCount() throws {
        let subset = try single([2, 2, 2, 1, 1, 0, 0, 0]).select(.window(start: 0.25), .ipc(4), seed: 1, identity: "t")
        #expect(subset.tieShare == 2.0 / 4)
        #expect(subset.rows.contains(3) && subset.rows.contains(4))
        // 2 | 2 1 | 0: one place from the end is a border, too.
        #expect(try single([2, 2, 1, 0]).select(.window(start: 0.25), .ipc(2), seed: 1, identity: "t").tieShare == 0.5)
        #expect(try single([3, 2, 1, 1]).select(.window(start: 0.25), .ipc(2), seed: 1, identity: "t").tieShare == 0.5)
    }

    @Test func aMinusBeforeZeroIsNoDifference() throws {
        let all = single([0, -0.0, 0, -0.0, 1])
        #expect(try all.select(.lowest, .ipc(2), seed: 1, identity: "t").tieShare == 1)
        #expect(try all.select(.highest, .ipc(2), seed: 1, identity: "t").tieShare == 0.5)
    }

    /// The share is over all classes: the first is a lottery, the second is not.
    @Test func sharesAddUpOverClasses() throws {
        let all = Candidates(
            scores: [1, 1, 1, 1, 1, 2, 3, 4], direction: .highIsHard, labels: [0, 0, 0, 0, 1, 1, 1, 1], classes: 2,
            ids: [0, 1, 2, 3, 4, 5, 6, 7])
        let subset = try all.select(.hardest, .ipc(2), seed: 1, identity: "t")
        #expect(subset.tieShare == 0.5)
        #expect(subset.rows.suffix(2) == [6, 7])
    }

    @Test func onlyTheTiedPartDependsOnTheSeed() throws {
        let all = single([0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7])
        let subsets = try (1...20).map { try all.select(.hardest, .ipc(5), seed: $0, identity: "t").rows }
        #expect(subsets.allSatisfy { $0.suffix(3) == [8, 9, 10] })
        #expect(Set(subsets).count > 5)
    }
}
