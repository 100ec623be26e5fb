/// A counter-based random stream: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
///
/// The stream's key comes from words that say what it is for, so adding a run, a thread or a purpose never moves
/// another stream's numbers:
///
///     var stream = RandomStream("HL/random-ipc10/mid/seed1", seed: 1, purpose: "order", index: epoch)
///     let order = (0..<n).shuffled(using: &stream)
public struct RandomStream: RandomNumberGenerator, Sendable, Equatable {
    private let key: (UInt32, UInt32)
    private let lane: UInt64
    private var block: UInt64 = 0
    private var buffered: UInt64 = 0
    private var hasBuffered = false

    /// - Parameters:
    ///   - identity: what the numbers belong to, a run's id for instance.
    ///   - seed: the user's seed.
    ///   - purpose: what the numbers are for (`"order"`, `"initialisation"`).
    ///   - index: the position within the purpose: an epoch, a sample, a refit. Streams of different indices share a
    ///     key and never overlap: the index is half of Philox's counter.
    public init(_ identity: String = "", seed: Int, purpose: String, index: Int = 0) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in identity.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0xff) &* 0x100_0000_01b3  // 0xff never occurs in UTF-8: "ab" + "c" is not "a" + "bc"
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let mixed = Self.mixed(hash ^ Self.mixed(UInt64(bitPattern: Int64(seed)) &+ 0x9e37_79b9_7f4a_7c15))
        key = (UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
        lane = UInt64(bitPattern: Int64(index))
    }

    public static func == (a: RandomStream, b: RandomStream) -> Bool {
        a.key == b.key && a.lane == b.lane && a.block == b.block && a.hasBuffered == b.hasBuffered
    }

    public mutating func next() -> UInt64 {
        if hasBuffered {
            hasBuffered = false
            return buffered
        }
        let words = Self.philox(counter: block, lane, key: key)
        block += 1
        buffered = words.1
        hasBuffered = true
        return words.0
    }

    /// Uniform in [0, 1), 53 bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in 0..<bound, without modulo bias (Lemire's multiplication with rejection).
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "integer(below:) needs a positive bound")
        let n = UInt64(bound)
        var product = next().multipliedFullWidth(by: n)
        if product.low < n {
            let threshold = (0 &- n) % n
            while product.low < threshold { product = next().multipliedFullWidth(by: n) }
        }
        return Int(product.high)
    }

    /// A permutation of 0..<count (Fisher–Yates). Stable across Swift releases, which `shuffled(using:)` does not promise.
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        guard count > 1 else { return order }
        for i in stride(from: count - 1, through: 1, by: -1) { order.swapAt(i, integer(below: i + 1)) }
        return order
    }

    private static func mixed(_ word: UInt64) -> UInt64 {  // the finaliser of SplitMix64
        var z = word
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Ten rounds of Philox 4×32 over the counter (low, high): two 64-bit words.
    static func philox(counter low: UInt64, _ high: UInt64, key: (UInt32, UInt32)) -> (UInt64, UInt64) {
        var c0 = UInt32(truncatingIfNeeded: low)
        var c1 = UInt32(truncatingIfNeeded: low >> 32)
        var c2 = UInt32(truncatingIfNeeded: high)
        var c3 = UInt32(truncatingIfNeeded: high >> 32)
        var (k0, k1) = key
        for _ in 0..<10 {
            let p0 = UInt64(c0) &* 0xD251_1F53
            let p1 = UInt64(c2) &* 0xCD9E_8D57
            let n0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
            let n2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
            c1 = UInt32(truncatingIfNeeded: p1)
            c3 = UInt32(truncatingIfNeeded: p0)
            c0 = n0
            c2 = n2
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return (UInt64(c1) << 32 | UInt64(c0), UInt64(c3) << 32 | UInt64(c2))
    }
}
