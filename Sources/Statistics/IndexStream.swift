import Randomness

/// Uniform indices from a random stream, two of every 64-bit word: resampling draws little else.
struct IndexStream {
    private var stream: RandomStream
    private var half: UInt32?

    init(_ stream: RandomStream) { self.stream = stream }

    /// Uniform in 0..<bound, without bias (Lemire's multiplication with rejection, on 32 bits).
    mutating func below(_ bound: Int) -> Int {
        let n = UInt64(UInt32(bound))
        var product = UInt64(next()) * n
        if UInt32(truncatingIfNeeded: product) < UInt32(bound) {
            let threshold = (0 &- UInt32(bound)) % UInt32(bound)
            while UInt32(truncatingIfNeeded: product) < threshold { product = UInt64(next()) * n }
        }
        return Int(product >> 32)
    }

    @inline(__always)
    private mutating func next() -> UInt32 {
        if let kept = half {
            half = nil
            return kept
        }
        let word = stream.next()
        half = UInt32(truncatingIfNeeded: word >> 32)
        return UInt32(truncatingIfNeeded: word)
    }
}
