/// Parameters and one optimiser step: images and labels in, a gradient out, and the parameters moved along it.
final class GradientStep {
    let program: BatchProgram
    let parameters: FloatBuffer
    let optimizer: OptimizerState
    let objective: Objective
    private let job: TrainingJob
    /// One per worker.
    private let scratches: [AugmentationScratch]

    init(_ job: TrainingJob) throws(TrainingError) {
        self.job = job
        let network = try job.network.makeNetwork(shape: job.shape, classes: job.classes)
        program = try BatchProgram(network, batch: job.batch, threads: job.threads)
        parameters = FloatBuffer(network.layout.count)
        optimizer = OptimizerState(job.recipe, layout: network.layout)
        objective = try Objective(job)
        scratches = (0..<job.threads).map { _ in AugmentationScratch(shape: job.shape) }
    }

    var network: Network { program.network }
    var team: WorkerTeam { program.team }

    /// What evaluation sees and what is stored: the moving average where the recipe has one.
    var evaluated: FloatBuffer {
        guard let average = optimizer.average else { return parameters }
        let trained = network.layout.trainedCount
        (average.pointer + trained).update(from: parameters.pointer + trained, count: parameters.count - trained)
        return average
    }

    /// The gradient of the mean loss over the step's samples, in the order of `network.layout`, and the sum of their
    /// losses.
    func gradient(
        of step: TrainingStep, feed: SampleFeed
    ) throws(TrainingError) -> (gradient: UnsafePointer<Float>, loss: Double) {
        let scale = 1 / Float(step.samples.count)
        return try job.images.withPointer { images throws(TrainingError) in
            try program.gradient(of: step.samples.count, at: parameters.pointer) {
                (slots, input, worker) throws(TrainingError) in
                feed.draw(slots, of: step, from: images, into: input, scratch: scratches[worker])
                try objective.prepare(slots, of: step, input: input, worker: worker)
            } loss: { (slots, logits, dlogits, _) throws(TrainingError) in
                objective.loss(slots, of: step, logits: logits, dlogits: dlogits, scale: scale)
            }
        }
    }

    /// Moves the trained parameters along `gradient`; `step` counts the optimiser's own steps from 1.
    func update(_ gradient: UnsafePointer<Float>, rate: Double, step: Int) throws(TrainingError) {
        try team.forEachPiece(of: network.layout.trainedCount) { start, count in
            optimizer.update(parameters, along: gradient, rate: rate, step: step, start: start, count: count)
        }
    }
}

extension Array {
    /// `withUnsafeBufferPointer` for arrays that are known to have elements.
    func withPointer<R>(_ body: (UnsafePointer<Element>) throws(TrainingError) -> R) throws(TrainingError) -> R {
        try withUnsafeBufferPointer { buffer throws(TrainingError) in
            guard let base = buffer.baseAddress else { preconditionFailure("an empty array has no address") }
            return try body(base)
        }
    }

    /// `withUnsafeMutableBufferPointer` for arrays that are known to have elements.
    mutating func withPointer<R>(
        _ body: (UnsafeMutablePointer<Element>) throws(TrainingError) -> R
    ) throws(TrainingError) -> R {
        try withUnsafeMutableBufferPointer { buffer throws(TrainingError) in
            guard let base = buffer.baseAddress else { preconditionFailure("an empty array has no address") }
            return try body(base)
        }
    }
}
