internal import COneDNN

/// Threads with kernels of their own. Work is cut into tasks whose number and size do not depend on the number of threads,
/// each task runs oneDNN on one thread, and results are put together in the order of the tasks: so the bits are the
/// same for any number of threads.
final class WorkerTeam {
    let network: Network
    let workers: [Worker]
    /// Each worker's tensors for evaluation.
    private let activations: [Activations]

    init(_ network: Network, threads: Int) throws(TrainingError) {
        omp_set_num_threads(1)
        self.network = network
        var workers: [Worker] = []
        for _ in 0..<threads { workers.append(try Worker(network.engine)) }
        self.workers = workers
        activations = workers.map { _ in
            Activations(network, capacity: network.evaluationBlock, isTraining: false)
        }
    }

    /// Calls `body(worker, task)` for every task; a worker runs on one thread at a time. Throws the error of the first
    /// worker that failed.
    func forEach(
        _ tasks: Int, _ body: (_ worker: Int, _ task: Int) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let workers = min(workers.count, tasks)
        omp_set_num_threads(1)
        guard workers > 1 else {
            for task in 0..<tasks { try body(0, task) }
            return
        }
        var failures = [TrainingError?](repeating: nil, count: workers)
        failures.withUnsafeMutableBufferPointer { failures in
            inParallel(workers) { worker in
                omp_set_num_threads(1)  // oneDNN's bits depend on its number of threads
                // Each worker has its own kernels, its own tasks and its own element.
                do throws(TrainingError) {
                    for task in stride(from: worker, to: tasks, by: workers) { try body(worker, task) }
                } catch {
                    failures[worker] = error
                }
            }
        }
        for case let failure? in failures { throw failure }
    }

    /// Calls `body(start, count)` for pieces of `0..<count`, for work whose pieces do not affect each other.
    func forEachPiece(of count: Int, _ body: (_ start: Int, _ count: Int) -> Void) throws(TrainingError) {
        let pieces = workers.count
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
        try forEachBlock(of: count) { worker, rows throws(TrainingError) in
            try evaluate(images, rows, worker: worker, tensor: network.places.count - 1, into: logits)
        }
    }

    /// Penultimate features [count, featureCount] of images [count, inputCount].
    func features(_ images: UnsafePointer<Float>, count: Int, into features: UnsafeMutablePointer<Float>)
        throws(TrainingError)
    {
        try forEachBlock(of: count) { worker, rows throws(TrainingError) in
            try evaluate(images, rows, worker: worker, tensor: network.description.features, into: features)
        }
    }

    /// Logits [count, C] of images [count, inputCount] on the thread of `worker`, which must be the caller's.
    func logits(
        _ images: UnsafePointer<Float>, count: Int, into logits: UnsafeMutablePointer<Float>, worker: Int
    ) throws(TrainingError) {
        let block = network.evaluationBlock
        for start in stride(from: 0, to: count, by: block) {
            try evaluate(
                images, start..<min(start + block, count), worker: worker, tensor: network.places.count - 1,
                into: logits)
        }
    }

    /// Every block through the network in evaluation; `read` sees its tensors before they are used again. The last block
    /// is filled up with its own last image, so that the bits of an image do not depend on how many there are.
    func observe(
        _ images: UnsafePointer<Float>, count: Int, keepsMoments: Bool,
        read: (_ rows: Range<Int>, _ pass: Pass) -> Void
    ) throws(TrainingError) {
        let (block, input) = (network.evaluationBlock, network.inputCount)
        try forEachBlock(of: count) { worker, rows throws(TrainingError) in
            let pass = Pass(
                worker: workers[worker], activations: activations[worker], isTraining: false,
                keepsMoments: keepsMoments)
            for slot in 0..<block {
                let row = min(rows.lowerBound + slot, rows.upperBound - 1)
                network.places[0].pointer(pass, slot..<slot + 1).update(from: images + row * input, count: input)
            }
            for stage in network.stages { try network.forward(stage, pass, 0..<block) }
            read(rows, pass)
        }
    }

    /// One block through the network; rows of `tensor` are put at theirs in `output`.
    private func evaluate(
        _ images: UnsafePointer<Float>, _ rows: Range<Int>, worker: Int, tensor: Int,
        into output: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        let pass = Pass(worker: workers[worker], activations: activations[worker], isTraining: false)
        let block = 0..<rows.count
        let (input, width) = (network.inputCount, network.places[tensor].count)
        network.places[0].pointer(pass, block).update(
            from: images + rows.lowerBound * input, count: rows.count * input)
        for stage in network.stages { try network.forward(stage, pass, block) }
        (output + rows.lowerBound * width).update(
            from: network.places[tensor].pointer(pass, block), count: rows.count * width)
    }

    private func forEachBlock(
        of count: Int, _ body: (_ worker: Int, _ rows: Range<Int>) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let block = network.evaluationBlock
        try forEach((count + block - 1) / block) { worker, task throws(TrainingError) in
            try body(worker, task * block..<min((task + 1) * block, count))
        }
    }
}

/// Calls `body(worker)` for every worker at the same time, on OpenMP's threads: between the regions of a step, which are
/// tens of microseconds apart, they wait awake, where those of Dispatch go to sleep.
private func inParallel(_ workers: Int, _ body: (_ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        var region = (workers: workers, body: body)
        withUnsafeMutablePointer(to: &region) { region in
            GOMP_parallel(
                { context in
                    guard let context else { return }
                    let region = context.assumingMemoryBound(to: (workers: Int, body: (Int) -> Void).self).pointee
                    // There may be fewer threads than workers: OMP_THREAD_LIMIT.
                    let (first, threads) = (Int(omp_get_thread_num()), Int(omp_get_num_threads()))
                    for worker in stride(from: first, to: region.workers, by: threads) { region.body(worker) }
                }, region, UInt32(workers), 0)
        }
    }
}
