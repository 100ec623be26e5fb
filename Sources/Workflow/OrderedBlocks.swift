import Foundation

/// Computes blocks on several threads and hands them over one after the other, in order; the first error in that order
/// is thrown. What is computed does not depend on the number of threads.
///
/// - Parameters:
///   - worker: makes what a thread needs for itself, once per thread.
///   - compute: a block's result; must not depend on what the worker did before.
///   - consume: gets the results of blocks 0, 1, 2, …, never two at a time.
func orderedBlocks<Worker, Value>(
    _ count: Int, threads: Int, worker: () throws -> Worker,
    compute: (inout Worker, Int) throws -> Value, consume: (Int, Value) throws -> Void
) throws {
    guard threads > 1, count > 1 else {
        var worker = try worker()
        for block in 0..<count { try consume(block, compute(&worker, block)) }
        return
    }
    let lanes = min(threads, count)
    let turn = Turn()
    try withoutActuallyEscaping(worker) { worker in
        try withoutActuallyEscaping(compute) { compute in
            try withoutActuallyEscaping(consume) { consume in
                // The closures are called by many threads at once (worker, compute) or in turn (consume), and not after
                // this call.
                nonisolated(unsafe) let (worker, compute, consume) = (worker, compute, consume)
                DispatchQueue.concurrentPerform(iterations: lanes) { _ in
                    var state = Result { try worker() }
                    while let block = turn.next(of: count) {
                        let value = Result<Value, any Error> {
                            var own = try state.get()
                            defer { state = .success(own) }
                            return try compute(&own, block)
                        }
                        guard turn.take(block, { try consume(block, value.get()) }) else { return }
                    }
                }
                if let failure = turn.failure { throw failure }
            }
        }
    }
}

/// Whose turn it is.
private final class Turn: @unchecked Sendable {
    private let condition = NSCondition()
    private var begun = 0
    private var next = 0
    private(set) var failure: (any Error)?

    /// The next block to compute, nil after the last. Blocks are given out in order, so that the one whose turn it is belongs
    /// to a thread that is running: there may be fewer threads than were asked for.
    func next(of count: Int) -> Int? {
        condition.lock()
        defer { condition.unlock() }
        guard begun < count, failure == nil else { return nil }
        begun += 1
        return begun - 1
    }

    /// Waits for the block's turn and runs the body; false when this or an earlier block failed.
    func take(_ block: Int, _ body: () throws -> Void) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while next != block, failure == nil { condition.wait() }
        guard failure == nil else { return false }
        do { try body() } catch { failure = error }
        next += 1
        condition.broadcast()
        return failure == nil
    }
}
