import Randomness
import Scoring
import Testing

@testable import Selection

/// Sixty samples of four classes (of 10, 15, 15 and 20), without equal scores, rows in no order.
private func example(direction: ScoreDirection = .highIsHard, seed: Int = 5) -> Candidates {
    var stream = RandomStream("example", seed: seed, purpose: "test")
    let order = stream.permutation(of: 60)
    let labels: [Int32] = (0..<60).map { $0 < 10 ? 0 : $0 < 25 ? 1 : $0 < 40 ? 2 : 3 }
    return Candidates(
        scores: order.map { Double(($0 * 37) % 60) / 64 - 0.25 }, direction: direction,
        labels: order.map { labels[$0] },
        classes: 4, ids: order.map { Int64(1000 + 3 * $0) })
}

extension Candidates {
    fileprivate func rows(of label: Int32) -> [Int] { labels.indices.filter { labels[$0] == label } }
    fileprivate func ids(_ subset: Subset) -> [Int64] { subset.rows.map { ids[$0] }.sorted() }
    fileprivate func counts(_ subset: Subset) -> [Int] {
        (0..<classes).map { label in subset.rows.filter { Int(labels[$0]) == label }.count }
    }
    fileprivate func permuted(_ order: [Int]) -> Candidates {
        Candidates(
            scores: order.map { scores[$0] }, direction: direction, labels: order.map { labels[$0] }, classes: classes,
            ids: order.map { ids[$0] })
    }
    /// How many of `group` stand before a row, by brute force.
    fileprivate func rank(_ row: Int, in group: [Int], hardFirst: Bool) -> Int {
        group.filter { hardFirst == (direction == .highIsHard) ? scores[$0] > scores[row] : scores[$0] < scores[row] }
            .count
    }
}

@Suite struct SelectTests {
    static let directions: [ScoreDirection] = [.highIsHard, .lowIsHard]

    // MARK: Rules against brute force

    @Test(arguments: directions, [true, false]) func endsOfTheOrder(_ direction: ScoreDirection, _ balanced: Bool)
        throws
    {
        let all = example(direction: direction)
        let high = direction == .highIsHard
        let rules: [(KeepRule, hardFirst: Bool)] = [
            (.hardest, true), (.easiest, false), (.highest, high), (.lowest, !high),
        ]
        for (rule, hardFirst) in rules {
            let subset = try all.select(rule, .ipc(4), balanced: balanced, seed: 1, identity: "a")
            let expected = all.labels.indices.filter { row in
                let group = balanced ? all.rows(of: all.labels[row]) : Array(all.labels.indices)
                return all.rank(row, in: group, hardFirst: hardFirst) < (balanced ? 4 : 16)
            }
            #expect(subset.rows == expected, "\(rule)")
            #expect(subset.tieShare == 0)
        }
    }

    @Test(arguments: directions, [0, 0.1, 0.25, 0.5, 0.6, 0.79, 0.8, 0.95, 1])
    func windowsCountFromTheHardestAndAreClipped(_ direction: ScoreDirection, _ start: Double) throws {
        let all = example(direction: direction)
        let subset = try all.select(.window(start: start), .ipc(3), seed: 1, identity: "a")
        var expected: [Int] = []
        for label: Int32 in 0..<4 {
            let group = all.rows(of: label)
            let first = min(Int((start * Double(group.count)).rounded()), group.count - 3)
            expected += group.filter { (first..<first + 3).contains(all.rank($0, in: group, hardFirst: true)) }
        }
        #expect(subset.rows == expected.sorted())
    }

    @Test func theFirstAndTheLastWindowAreTheEnds() throws {
        let all = example()
        for balanced in [true, false] {
            func rows(_ rule: KeepRule) throws -> [Int] {
                try all.select(rule, .ipc(5), balanced: balanced, seed: 1, identity: "a").rows
            }
            #expect(try rows(.window(start: 0)) == rows(.hardest))
            #expect(try rows(.window(start: 1)) == rows(.easiest))
        }
    }

    // MARK: Sizes

    /// Of classes of 10, 15, 15 and 20: halves go up.
    @Test(
        arguments: [
            (0.5, [5, 8, 8, 10]), (0.1, [1, 2, 2, 2]), (0.25, [3, 4, 4, 5]), (0.03, [0, 0, 0, 1]),
            (1.0, [10, 15, 15, 20]),
            (0.33, [3, 5, 5, 7]),
        ] as [(Double, [Int])])
    func fractionsAreRoundedPerClass(_ fraction: Double, _ counts: [Int]) throws {
        let all = example()
        let subset = try all.select(.easiest, .fraction(fraction), seed: 1, identity: "a")
        #expect(all.counts(subset) == counts)
        #expect(subset.rows == subset.rows.sorted() && Set(subset.rows).count == subset.rows.count)
    }

    @Test func withoutBalanceTheSizeIsOfTheWhole() throws {
        let all = example()
        let easiest = try all.select(.easiest, .ipc(4), balanced: false, seed: 1, identity: "a")
        #expect(easiest.rows.count == 16)
        #expect(all.counts(easiest) != [4, 4, 4, 4])
        #expect(try all.select(.easiest, .fraction(0.21), balanced: false, seed: 1, identity: "a").rows.count == 13)
        // 15 images per class are more than class 0 has, but 60 in all are there.
        #expect(try all.select(.easiest, .ipc(15), balanced: false, seed: 1, identity: "a").rows == Array(0..<60))
    }

    @Test func balanceGivesEveryClassItsShare() throws {
        for rule: KeepRule in [.easiest, .hardest, .highest, .lowest, .window(start: 0.3), .random] {
            let all = example()
            #expect(all.counts(try all.select(rule, .ipc(7), seed: 1, identity: "a")) == [7, 7, 7, 7], "\(rule)")
        }
    }

    // MARK: Random order

    @Test func randomIsSeededAndKnowsItsName() throws {
        let all = example()
        func rows(_ seed: Int, _ identity: String) throws -> [Int] {
            try all.select(.random, .ipc(5), seed: seed, identity: identity).rows
        }
        #expect(try rows(1, "a") == rows(1, "a"))
        // Of 252 · 3003² · 15504 subsets: that two of these coincide has a chance below 1e-12.
        let different = try [rows(1, "a"), rows(2, "a"), rows(-1, "a"), rows(1, "b"), rows(1, "")]
        #expect(Set(different).count == 5)
        #expect(try all.select(.random, .ipc(5), seed: 1, identity: "a").tieShare == 0)
    }

    @Test func randomDoesNotLookAtTheScores() throws {
        let all = example()
        var other = all
        other.scores = all.scores.map { -$0 * $0 }
        other.direction = .lowIsHard
        #expect(
            try all.select(.random, .ipc(5), seed: 1, identity: "a")
                == other.select(.random, .ipc(5), seed: 1, identity: "a"))
    }

    /// Each of 20 samples is among 5 with probability 1/4: 1000 ± 27 of 4000 seeds, and 6 σ are allowed.
    @Test func randomIsUniform() throws {
        let all = Candidates(
            scores: .init(repeating: 0, count: 20), direction: .highIsHard, labels: .init(repeating: 0, count: 20),
            classes: 1, ids: (0..<20).map { Int64($0) })
        var counts = [Int](repeating: 0, count: 20)
        for seed in 0..<4000 {
            for row in try all.select(.random, .ipc(5), seed: seed, identity: "u").rows { counts[row] += 1 }
        }
        let deviation = (4000 * 0.25 * 0.75).squareRoot()
        for count in counts { #expect(abs(Double(count) - 1000) <= 6 * deviation, "\(count) of 4000") }
    }

    @Test func permutedRowsGiveTheSameSamples() throws {
        var all = example()
        all.scores = all.scores.map { ($0 * 8).rounded() / 8 }  // with many ties
        var stream = RandomStream("permutation", seed: 1, purpose: "test")
        for _ in 0..<5 {
            let other = all.permuted(stream.permutation(of: 60))
            for balanced in [true, false] {
                for rule: KeepRule in [.easiest, .hardest, .highest, .lowest, .window(start: 0.4), .random] {
                    let a = try all.select(rule, .ipc(4), balanced: balanced, seed: 3, identity: "p")
                    let b = try other.select(rule, .ipc(4), balanced: balanced, seed: 3, identity: "p")
                    #expect(all.ids(a) == other.ids(b) && a.tieShare == b.tieShare, "\(rule), balanced \(balanced)")
                }
            }
            let a = try all.selectFromPool(.easiest, ipc: 3, fraction: 0.5, seed: 3, identity: "p")
            let b = try other.selectFromPool(.easiest, ipc: 3, fraction: 0.5, seed: 3, identity: "p")
            #expect(all.ids(a) == other.ids(b))
        }
    }
}
