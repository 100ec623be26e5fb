import Statistics

/// Prints `plain partial` of each case, nothing for an undefined one. A case is drawn from integers alone, so that
/// rank_cases.py draws the same.
func printRankCases(seed: Int, count: Int) {
    for index in 0..<count {
        let rows = RankCase(seed: seed, index: index)
        let plain = spearman(rows.x, rows.y).map { "\($0)" } ?? "nan"
        let partial = partialSpearman(rows.x, rows.y, given: [rows.z]).map { "\($0)" } ?? "nan"
        print(plain, partial)
    }
}

/// m of 4…60 rows of three tied columns.
struct RankCase {
    var x: [Double] = []
    var y: [Double] = []
    var z: [Double] = []

    /// SplitMix64 (Steele, Lea & Flood 2014): five lines in any language.
    init(seed: Int, index: Int) {
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
        for _ in 0..<m {
            let common = next(below: levels)
            z.append(Double(common))
            x.append(Double(common + next(below: levels)))
            y.append(Double(common + next(below: levels)))
        }
    }
}
