import Tables
import Testing

@testable import Statistics

/// Random tied cases against SciPy and pingouin: Benchmarks/rank_cases.py --oracle; it also compares 10,000 of them.
@Suite struct RankCasesTests {
    @Test func spearmanAndItsPartialFormEqualSciPysAndPingouins() throws {
        let oracle = try #require(Oracle.file("rank_cases.json"))
        let (plain, partial) = (oracle["rho"]?.items ?? [], oracle["partial"]?.items ?? [])
        #expect(plain.count == 150 && partial.count == 150)
        let seed = try #require(oracle["seed"]?.int)
        for index in plain.indices {
            let (x, y, z) = Self.rankCase(seed: seed, index: index)
            #expect(agree(spearman(x, y), plain[index].double), "case \(index)")
            #expect(agree(partialSpearman(x, y, given: [z]), partial[index].double), "case \(index)")
        }
    }

    /// Both undefined, or equal to 1e-12: sums of at most 60 products of ranks.
    private func agree(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= 1e-12
    }

    /// m of 4…60 rows of three tied columns, from integers alone (SplitMix64), as the script draws them.
    private static func rankCase(seed: Int, index: Int) -> (x: [Double], y: [Double], z: [Double]) {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(index)
        func next(below bound: UInt64) -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = state
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            return (word ^ (word >> 31)) % bound
        }
        let m = 4 + next(below: 57)
        let levels = 2 + next(below: 30)
        var (x, y, z) = ([Double](), [Double](), [Double]())
        for _ in 0..<m {
            let common = next(below: levels)
            z.append(Double(common))
            x.append(Double(common + next(below: levels)))
            y.append(Double(common + next(below: levels)))
        }
        return (x, y, z)
    }
}
