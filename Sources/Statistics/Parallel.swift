import Dispatch

/// Rows for 0..<count, `width` values each, filled by blocks of fixed size; which thread fills a block does not change
/// its values.
///
/// - Parameters:
///   - worker: makes what a thread needs for itself, once per thread.
///   - fill: gets the block's first index and its rows, [rows, width]; must not depend on what the worker did before.
/// - Returns: [count, width] row-major.
public func parallelRows<Worker>(
    _ count: Int, width: Int = 1, block: Int = 256, threads: Int, worker: @escaping @Sendable () -> Worker,
    fill:
        @escaping @Sendable (_ worker: inout Worker, _ first: Int, _ rows: UnsafeMutableBufferPointer<Double>) -> Void
) -> [Double] {
    precondition(count >= 0 && width > 0 && block > 0, "rows and blocks have a size")
    let blocks = (count + block - 1) / block
    return [Double](unsafeUninitializedCapacity: count * width) { buffer, initialized in
        buffer.initialize(repeating: .nan)
        nonisolated(unsafe) let values = buffer
        let work = { @Sendable (lane: Int, lanes: Int) in
            var state = worker()
            for b in stride(from: lane, to: blocks, by: lanes) {
                let rows = b * block..<min(count, (b + 1) * block)
                let range = rows.lowerBound * width..<rows.upperBound * width
                fill(&state, rows.lowerBound, UnsafeMutableBufferPointer(rebasing: values[range]))
            }
        }
        let lanes = max(1, min(threads, blocks))
        if lanes == 1 {
            work(0, 1)
        } else {
            DispatchQueue.concurrentPerform(iterations: lanes) { work($0, lanes) }
        }
        initialized = count * width
    }
}

/// Values for 0..<count; `fill` gets a block's first index and its part of the result.
func parallelValues(
    _ count: Int, threads: Int,
    fill: @escaping @Sendable (_ first: Int, _ block: UnsafeMutableBufferPointer<Double>) -> Void
) -> [Double] {
    parallelRows(count, threads: threads, worker: {}) { _, first, block in fill(first, block) }
}
