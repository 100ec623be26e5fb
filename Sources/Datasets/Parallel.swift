import Dispatch
import Foundation

/// Calls `body` for 0..<count from all cores and throws what the first position, in their order, throws: the same one for
/// any number of threads.
///
/// - Parameter body: must not depend on the order of calls.
func forEachConcurrently(
    _ count: Int, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    _ body: @escaping @Sendable (Int) throws(DatasetError) -> Void
) throws(DatasetError) {
    let lanes = max(1, min(threads, count))
    // Each lane stops at its first error; the first of these is the first of all.
    var failures = [(at: Int, error: DatasetError)?](repeating: nil, count: lanes)
    failures.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let slots = buffer
        let work = { @Sendable (lane: Int) in
            for at in stride(from: lane, to: count, by: lanes) {
                do throws(DatasetError) {
                    try body(at)
                } catch {
                    slots[lane] = (at, error)
                    return
                }
            }
        }
        if lanes == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: lanes, execute: work) }
    }
    if let first = failures.compactMap({ $0 }).min(by: { $0.at < $1.at }) { throw first.error }
}
