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
    let queue = OrderedResults<Value>(most: lanes + 2)
    try withoutActuallyEscaping(worker) { worker in
        try withoutActuallyEscaping(compute) { compute in
            try withoutActuallyEscaping(consume) { consume in
                // The closures are called by many threads at once (worker, compute) or in turn (consume), and not after
                // this call.
                nonisolated(unsafe) let (worker, compute, consume) = (worker, compute, consume)
                DispatchQueue.concurrentPerform(iterations: lanes) { _ in
                    var state = Result { try worker() }
                    while let block = queue.next(of: count) {
                        let value = Result<Value, any Error> {
                            var own = try state.get()
                            defer { state = .success(own) }
                            return try compute(&own, block)
                        }
                        queue.add(value, of: block, consume)
                    }
                }
                if let failure = queue.failure { throw failure }
            }
        }
    }
}

/// What is computed and not yet consumed. No thread waits for another's block unless it is far ahead: a block that is slow,
/// as one is that comes from the disk, would stop all of them.
private final class OrderedResults<Value>: @unchecked Sendable {
    private let condition = NSCondition()
    /// Blocks that may be ahead of the one whose turn it is.
    private let most: Int
    private var begun = 0
    private var next = 0
    private var results: [Int: Result<Value, any Error>] = [:]
    private var isConsuming = false
    private(set) var failure: (any Error)?

    init(most: Int) { self.most = most }

    /// The next block to compute, nil after the last. Blocks are given out in order, so that the one whose turn it is belongs
    /// to a thread that is running: there may be fewer threads than were asked for.
    func next(of count: Int) -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while begun < count, begun >= next + most, failure == nil { condition.wait() }
        guard begun < count, failure == nil else { return nil }
        begun += 1
        return begun - 1
    }

    /// Puts a block's result among the others, and hands over those whose turn has come, unless another thread does.
    func add(_ result: Result<Value, any Error>, of block: Int, _ consume: (Int, Value) throws -> Void) {
        condition.lock()
        defer { condition.unlock() }
        results[block] = result
        if isConsuming { return }
        isConsuming = true
        defer { isConsuming = false }
        while failure == nil, let result = results.removeValue(forKey: next) {
            condition.unlock()
            let outcome = Result { try consume(next, result.get()) }
            condition.lock()
            if case .failure(let error) = outcome { failure = error }
            next += 1
            condition.broadcast()
        }
    }
}
