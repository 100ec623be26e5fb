internal import COneDNN
import Dispatch

/// Threads with a workspace each. Work is cut into tasks whose number and size do not depend on the number of threads,
/// each task runs oneDNN on one thread, and results are put together in the order of the tasks: so the bits are the
/// same for any number of threads.
final class WorkerTeam {
    let network: any Network
    let workspaces: [any Workspace]
    /// Largest number of images that a workspace takes at a time.
    let capacity: Int

    init(_ network: any Network, capacity: Int, threads: Int) throws(TrainingError) {
        omp_set_num_threads(1)
        self.network = network
        self.capacity = max(capacity, network.evaluationBlock)
        var workspaces: [any Workspace] = []
        for _ in 0..<threads { workspaces.append(try network.makeWorkspace(capacity: self.capacity)) }
        self.workspaces = workspaces
    }

    /// Calls `body(worker, task)` for every task; a worker runs on one thread at a time. Throws the error of the first
    /// worker that failed.
    func forEach(
        _ tasks: Int, _ body: (_ worker: Int, _ task: Int) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let workers = min(workspaces.count, tasks)
        omp_set_num_threads(1)
        guard workers > 1 else {
            for task in 0..<tasks { try body(0, task) }
            return
        }
        var failures = [TrainingError?](repeating: nil, count: workers)
        withoutActuallyEscaping(body) { body in
            failures.withUnsafeMutableBufferPointer { failures in
                // Each worker has its own workspace, its own tasks and its own element.
                nonisolated(unsafe) let (failures, body) = (failures, body)
                DispatchQueue.concurrentPerform(iterations: workers) { worker in
                    omp_set_num_threads(1)  // oneDNN's bits depend on its number of threads
                    do throws(TrainingError) {
                        for task in stride(from: worker, to: tasks, by: workers) { try body(worker, task) }
                    } catch {
                        failures[worker] = error
                    }
                }
            }
        }
        for case let failure? in failures { throw failure }
    }

    /// Calls `body(start, count)` for pieces of `0..<count`, for work whose pieces do not affect each other.
    func forEachPiece(of count: Int, _ body: (_ start: Int, _ count: Int) -> Void) throws(TrainingError) {
        let pieces = workspaces.count
        let size = (count / pieces + 63) / 64 * 64
        try forEach(pieces) { _, piece in
            let start = min(piece * size, count)
            let end = piece == pieces - 1 ? count : min(start + size, count)
            if end > start { body(start, end - start) }
        }
    }

    /// Logits [count, C] of images [count, inputCount].
    func logits(_ images: UnsafePointer<Float>, count: Int, into logits: UnsafeMutablePointer<Float>)
        throws(TrainingError)
    {
        try forEachBlock(images, count: count) { workspace, start, size throws(TrainingError) in
            try workspace.forward(size)
            let classes = network.classes
            (logits + start * classes).update(from: workspace.logits, count: size * classes)
        }
    }

    /// Penultimate features [count, featureCount] of images [count, inputCount].
    func features(_ images: UnsafePointer<Float>, count: Int, into features: UnsafeMutablePointer<Float>)
        throws(TrainingError)
    {
        try forEachBlock(images, count: count) { workspace, start, size throws(TrainingError) in
            try workspace.embed(size)
            let width = network.featureCount
            (features + start * width).update(from: workspace.features, count: size * width)
        }
    }

    /// Logits [count, C] of images [count, inputCount] on the thread of `worker`, which must be the caller's.
    func logits(
        _ images: UnsafePointer<Float>, count: Int, into logits: UnsafeMutablePointer<Float>, worker: Int
    ) throws(TrainingError) {
        let (block, classes, workspace) = (network.evaluationBlock, network.classes, workspaces[worker])
        for start in stride(from: 0, to: count, by: block) {
            let size = min(block, count - start)
            workspace.input.update(from: images + start * network.inputCount, count: size * network.inputCount)
            try workspace.forward(size)
            (logits + start * classes).update(from: workspace.logits, count: size * classes)
        }
    }

    private func forEachBlock(
        _ images: UnsafePointer<Float>, count: Int,
        _ body: (_ workspace: any Workspace, _ start: Int, _ count: Int) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let block = network.evaluationBlock
        for workspace in workspaces {
            if count >= block { try workspace.reserve(block) }
            if count % block > 0 { try workspace.reserve(count % block) }
        }
        try forEach((count + block - 1) / block) { worker, task throws(TrainingError) in
            let start = task * block
            let size = min(block, count - start)
            let workspace = workspaces[worker]
            workspace.input.update(from: images + start * network.inputCount, count: size * network.inputCount)
            try body(workspace, start, size)
        }
    }
}
