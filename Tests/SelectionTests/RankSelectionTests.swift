import Randomness
import Scoring
import Testing

@testable import Selection

/// What every rule says, by a full sort.
private func bySorting(
    _ all: Candidates, _ rule: KeepRule, _ size: SubsetSize, balanced: Bool, seed: Int, identity: String
) -> Subset {
    var chosen: [Int] = []
    var tied = 0
    let groups =
        balanced
        ? (0..<all.classes).map { label in all.labels.indices.filter { all.labels[$0] == label } }
        : [Array(all.labels.indices)]
    for rows in groups {
        let count =
            switch size {
            case .ipc(let ipc): balanced ? ipc : ipc * all.classes
            case .fraction(let fraction): Int((fraction * Double(rows.count)).rounded())
            }
        let hard = all.direction == .highIsHard ? -1.0 : 1.0
        var start = 0
        let sign: Double
        switch rule {
        case .hardest: sign = hard
        case .easiest: sign = -hard
        case .highest: sign = -1
        case .lowest: sign = 1
        case .random: sign = 0
        case .window(let from):
            sign = hard
            switch from {
            case .fraction(let f): start = min(Int((f * Double(rows.count)).rounded()), rows.count - count)
            case .multipleOfKept(let m): start = Int(m * Double(count))
            case .rank(let rank): start = rank
            }
        }
        let order = rows.sorted { a, b in
            func place(_ row: Int) -> (Double, UInt64, Int64) {
                var stream = RandomStream(identity, seed: seed, purpose: "ties", index: Int(all.ids[row]))
                return (sign * all.scores[row], stream.next(), all.ids[row])
            }
            return place(a) < place(b)
        }
        let kept = order[start..<start + count]
        chosen += kept
        for row in kept where sign != 0 {
            let equals = order.filter { all.scores[$0] == all.scores[row] }
            if !equals.allSatisfy({ kept.contains($0) }) { tied += 1 }
        }
    }
    return Subset(rows: chosen.sorted(), tieShare: Double(tied) / Double(max(1, chosen.count)))
}

/// Samples whose scores take few values, so that borders are full of ties.
private func tiedExample(_ count: Int, levels: Int, classes: Int, seed: Int) -> Candidates {
    var stream = RandomStream("tied", seed: seed, purpose: "test")
    return Candidates(
        scores: (0..<count).map { _ in Double(stream.integer(below: levels)) / 4 - 1 },
        direction: seed % 2 == 0 ? .highIsHard : .lowIsHard,
        labels: (0..<count).map { $0 < 8 * classes ? Int32($0 % classes) : Int32(stream.integer(below: classes)) },
        classes: classes, ids: stream.permutation(of: count).map { Int64($0) - 20 })
}

@Suite struct RankSelectionTests {
    static let rules: [KeepRule] = [
        .easiest, .hardest, .highest, .lowest, .random, .window(start: 0.3), .window(start: 1),
        .window(from: .multipleOfKept(0.7)), .window(from: .rank(2)),
    ]

    /// From one value that all share to values that hardly repeat; bounded buffers fill and empty many times.
    @Test(arguments: [1, 2, 3, 10, 1000], [(400, 3), (300, 20), (2500, 2)])
    func everyRuleIsItsSort(_ levels: Int, _ shape: (count: Int, classes: Int)) throws {
        for seed in 1...2 {
            let all = tiedExample(shape.count, levels: levels, classes: shape.classes, seed: seed)
            for rule in Self.rules {
                for (size, balanced) in [
                    (SubsetSize.ipc(4), true), (.ipc(1), true), (.fraction(0.25), true), (.ipc(5), false),
                    (.fraction(0.07), false),
                ] {
                    let subset = try all.select(rule, size, balanced: balanced, seed: seed, identity: "r")
                    let expected = bySorting(all, rule, size, balanced: balanced, seed: seed, identity: "r")
                    #expect(subset.rows == expected.rows, "\(rule) \(size) balanced \(balanced)")
                    #expect(subset.tieShare == expected.tieShare, "\(rule) \(size) balanced \(balanced)")
                }
            }
        }
    }

    /// A repeated id draws the same lot: the rows' order decides, and the number is still exact.
    @Test func repeatedIdsStillGiveTheNumberAskedFor() throws {
        let all = Candidates(
            scores: .init(repeating: 1, count: 12), direction: .highIsHard, labels: (0..<12).map { Int32($0 % 2) },
            classes: 2, ids: .init(repeating: 7, count: 12))
        let subset = try all.select(.hardest, .ipc(3), seed: 1, identity: "r")
        #expect(subset.rows == [0, 1, 2, 3, 4, 5])
        #expect(subset.tieShare == 1)
        #expect(try all.select(.random, .ipc(2), seed: 1, identity: "r").rows == [0, 1, 2, 3])
    }

    /// Any order of the input, the bad pivots among them.
    @Test(arguments: [1, 2, 3, 10, 64, 1000, 5000]) func quickselectPlacesEveryRank(_ count: Int) {
        var stream = RandomStream("quickselect", seed: count, purpose: "test")
        let inputs: [[UInt64]] = [
            (0..<count).map { UInt64($0) }, (0..<count).reversed().map { UInt64($0) },
            (0..<count).map { UInt64($0 % 3) }, .init(repeating: .max, count: count),
            (0..<count).map { _ in stream.next() },
            (0..<count).map { UInt64($0 < count / 2 ? 2 * $0 : 2 * (count - $0) - 1) },
            (0..<count).map { UInt64($0 % 2 == 0 ? $0 : count + ($0 * 7919) % count) },
        ]
        for input in inputs {
            let sorted = input.sorted()
            for rank in Set([0, count / 3, count / 2, count - 1]) {
                var keys = input
                keys.withUnsafeMutableBufferPointer { $0.select(rank) }
                #expect(keys[rank] == sorted[rank])
                #expect(keys[..<rank].allSatisfy { $0 <= keys[rank] } && keys[rank...].allSatisfy { $0 >= keys[rank] })
                #expect(keys.sorted() == sorted)
            }
        }
    }

    @Test func keysFollowTheOrderOfDoubles() {
        let ascending: [Double] = [
            -.greatestFiniteMagnitude, -1e300, -2, -1, -.leastNormalMagnitude, -.leastNonzeroMagnitude, 0,
            .leastNonzeroMagnitude, 0.5, 1, 1.0.nextUp, .greatestFiniteMagnitude,
        ]
        for (a, b) in zip(ascending, ascending.dropFirst()) { #expect(UInt64(ordering: a) < UInt64(ordering: b)) }
        #expect(UInt64(ordering: -0.0) == UInt64(ordering: 0))
    }

    @Test func windowsThatDoNotFitAreRefused() throws {
        let all = Candidates(
            scores: (0..<10).map { Double($0) }, direction: .highIsHard, labels: .init(repeating: 0, count: 10),
            classes: 1, ids: (0..<10).map { Int64($0) })
        #expect(try all.select(.window(from: .rank(6)), .ipc(4), seed: 1, identity: "w").rows == [0, 1, 2, 3])
        #expect(
            try all.select(.window(from: .multipleOfKept(0.9)), .ipc(4), seed: 1, identity: "w").rows == [3, 4, 5, 6])
        let error = #expect(throws: SelectionError.self) {
            try all.select(.window(from: .rank(7)), .ipc(4), seed: 1, identity: "w")
        }
        #expect(
            error?.description
                == "class 0 has 10 samples: a window of 4 cannot start at rank 7 (start at 6 or before)")
        #expect(throws: SelectionError.windowBeyondEnd(label: nil, count: 10, start: .max, needed: 4)) {
            try all.select(.window(from: .multipleOfKept(1e30)), .ipc(4), balanced: false, seed: 1, identity: "w")
        }
    }
}
