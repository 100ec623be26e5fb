import Scoring
import Selection
import Testing

/// Three classes of forty, scores without ties.
private let all = Candidates(
    scores: (0..<120).map { Double(($0 * 77) % 127) }, direction: .highIsHard, labels: (0..<120).map { Int32($0 % 3) },
    classes: 3, ids: (0..<120).map { Int64($0 + 7) })

@Suite struct PoolTests {
    /// The pool is random, of ipc / fraction per class, and its best are kept: by brute force.
    @Test(arguments: [(1.0, 6), (0.8, 8), (0.6, 10), (0.5, 12), (0.4, 15), (0.2, 30)], [KeepRule.easiest, .hardest])
    func keepsTheEndOfARandomPool(_ size: (fraction: Double, pool: Int), _ rule: KeepRule) throws {
        let subset = try all.selectFromPool(rule, ipc: 6, fraction: size.fraction, seed: 2, identity: "p")
        let pool = try all.select(.random, .ipc(size.pool), seed: 2, identity: "p/pool").rows
        let sign: Double = rule == .hardest ? -1 : 1
        let expected: [Int] = (0..<3).flatMap { (label: Int) -> ArraySlice<Int> in
            pool.filter { Int(all.labels[$0]) == label }.sorted { sign * all.scores[$0] < sign * all.scores[$1] }
                .prefix(6)
        }
        #expect(subset.rows == expected.sorted())
        #expect(subset.tieShare == 0)
    }

    @Test func theWholePoolIsARandomSubset() throws {
        let easiest = try all.selectFromPool(.easiest, ipc: 6, fraction: 1, seed: 2, identity: "p")
        let hardest = try all.selectFromPool(.hardest, ipc: 6, fraction: 1, seed: 2, identity: "p")
        #expect(easiest == hardest)
        #expect(try easiest.rows == all.select(.random, .ipc(6), seed: 2, identity: "p/pool").rows)
    }

    @Test func seedsAndNamesDrawOtherPools() throws {
        let subsets = try [(1, "p"), (2, "p"), (1, "q")].map { seed, identity in
            try all.selectFromPool(.easiest, ipc: 6, fraction: 0.5, seed: seed, identity: identity).rows
        }
        #expect(Set(subsets).count == 3)
    }

    /// Not the easiest of the class: those need not be in the pool.
    @Test func isNotTheEndOfTheClass() throws {
        let subset = try all.selectFromPool(.easiest, ipc: 6, fraction: 0.5, seed: 2, identity: "p")
        #expect(try subset.rows != all.select(.easiest, .ipc(6), seed: 2, identity: "p").rows)
        #expect(
            try all.selectFromPool(.easiest, ipc: 6, fraction: 0.15, seed: 2, identity: "p").rows
                == all.select(.easiest, .ipc(6), seed: 2, identity: "p").rows, "a pool of 40 is the class")
    }

    @Test func aPoolLargerThanAClassIsRefused() {
        #expect(throws: SelectionError.classTooSmall(label: 0, count: 40, needed: 60)) {
            try all.selectFromPool(.easiest, ipc: 6, fraction: 0.1, seed: 2, identity: "p")
        }
        #expect(throws: SelectionError.self) {
            try all.selectFromPool(.easiest, ipc: 6, fraction: .leastNonzeroMagnitude, seed: 2, identity: "p")
        }
    }
}
