import Dispatch

/// Values for 0..<count, filled by blocks of fixed size; which thread fills a block does not change its values.
///
/// - Parameter fill: gets the first index and the block's part of the result.
func parallelValues(
    _ count: Int, threads: Int,
    fill: @escaping @Sendable (_ first: Int, _ block: UnsafeMutableBufferPointer<Double>) -> Void
) -> [Double] {
    let block = 256
    let blocks = (count + block - 1) / block
    return [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
        nonisolated(unsafe) let values = buffer
        let work = { @Sendable (lane: Int, lanes: Int) in
            for b in stride(from: lane, to: blocks, by: lanes) {
                let range = b * block..<min(count, (b + 1) * block)
                fill(range.lowerBound, UnsafeMutableBufferPointer(rebasing: values[range]))
            }
        }
        let lanes = max(1, min(threads, blocks))
        if lanes == 1 {
            work(0, 1)
        } else {
            DispatchQueue.concurrentPerform(iterations: lanes) { work($0, lanes) }
        }
        initialized = count
    }
}
