/// Tells whether a sidecar belongs to its scores, in whatever order the rows stand: the sum over the rows, modulo 2⁶⁴, of
/// m(id + m(label + m(score))), m SplitMix64's finalizer and the score the bits of its double. It finds a file that has changed,
/// not a forger.
struct ScoreChecksum {
    private var sum: UInt64 = 0

    mutating func add(_ ids: [Int64], _ labels: [Int32], _ scores: [Double]) {
        for (row, score) in scores.enumerated() {
            // Neither the sign of zero nor the kind of NaN survives in every table.
            let bits = score == 0 ? 0 : score.isNaN ? 1 : score.bitPattern
            let labelled = Self.mixed(UInt64(bitPattern: Int64(labels[row])) &+ Self.mixed(bits))
            sum &+= Self.mixed(UInt64(bitPattern: ids[row]) &+ labelled)
        }
    }

    var text: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
