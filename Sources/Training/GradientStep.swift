internal import CKernels

/// Parameters, momenta and one optimiser step: images and labels in, a gradient out, and the parameters moved along it.
final class GradientStep {
    let program: BatchProgram
    let parameters: FloatBuffer
    let momenta: FloatBuffer
    private let job: TrainingJob
    private let labels: [SliceLabels]

    /// One worker's labels.
    private final class SliceLabels {
        let hard: UnsafeMutablePointer<Int32>
        let soft: FloatBuffer

        init(_ count: Int, soft: Int) {
            hard = .allocate(capacity: count)
            hard.initialize(repeating: 0, count: count)
            self.soft = FloatBuffer(soft)
        }

        deinit { hard.deallocate() }
    }

    init(_ job: TrainingJob) throws(TrainingError) {
        self.job = job
        let network = try job.network.makeNetwork(shape: job.shape, classes: job.classes)
        let program = try BatchProgram(network, batch: job.batch, threads: job.threads)
        self.program = program
        parameters = FloatBuffer(network.layout.count)
        momenta = FloatBuffer(network.layout.count)
        let soft = job.labels == .hard ? 0 : program.slice * job.classes
        labels = (0..<job.threads).map { _ in SliceLabels(program.slice, soft: soft) }
    }

    var network: Network { program.network }
    var team: WorkerTeam { program.team }

    /// The gradient of the mean loss over `samples`, in the order of `network.layout`, and the sum of their losses.
    func gradient(
        of samples: ArraySlice<Int>, epoch: Int, feed: SampleFeed
    ) throws(TrainingError) -> (gradient: UnsafePointer<Float>, loss: Double) {
        let first = samples.startIndex
        let scale = 1 / Float(samples.count)
        return try withSources { images, targets throws(TrainingError) in
            try program.gradient(of: samples.count, at: parameters.pointer) {
                (rows, input, _) throws(TrainingError) in
                for (place, row) in rows.enumerated() {
                    feed.image(
                        samples[first + row], epoch: epoch, of: images, into: input + place * network.inputCount)
                }
            } loss: { (rows, logits, dlogits, worker) throws(TrainingError) in
                loss(
                    of: samples[first + rows.lowerBound..<first + rows.upperBound], targets: targets, scale: scale,
                    logits: logits, dlogits: dlogits, labels: labels[worker])
            }
        }
    }

    /// Moves the trained parameters along `gradient`.
    func update(_ gradient: UnsafePointer<Float>, rate: Double) throws(TrainingError) {
        guard case .sgd(_, let momentum, let nesterov, let decay) = job.recipe.optimizer else { return }
        let (w, v) = (parameters.pointer, momenta.pointer)
        try team.forEachPiece(of: network.layout.trainedCount) { start, count in
            assay_sgd(
                w + start, v + start, gradient + start, count, Float(rate), Float(momentum), Float(decay),
                nesterov ? 1 : 0)
        }
    }

    /// The sum of the losses of one slice, and ∂loss/∂logits.
    private func loss(
        of samples: ArraySlice<Int>, targets: UnsafePointer<Float>?, scale: Float, logits: UnsafePointer<Float>,
        dlogits: UnsafeMutablePointer<Float>, labels: SliceLabels
    ) -> Double {
        if case .soft(_, let temperature) = job.labels, let targets {
            for (row, sample) in samples.enumerated() {
                (labels.soft.pointer + row * job.classes).update(
                    from: targets + sample * job.classes, count: job.classes)
            }
            return divergence(
                logits, labels.soft.pointer, rows: samples.count, classes: job.classes, temperature: temperature,
                scale: scale, gradient: dlogits)
        }
        for (row, sample) in samples.enumerated() { labels.hard[row] = job.hardLabels[sample] }
        return crossEntropy(
            logits, labels.hard, rows: samples.count, classes: job.classes, scale: scale, gradient: dlogits)
    }

    private func withSources<R>(
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>?) throws(TrainingError) -> R
    ) throws(TrainingError) -> R {
        try job.images.withPointer { images throws(TrainingError) in
            if case .soft(let targets, _) = job.labels {
                try targets.withPointer { targets throws(TrainingError) in try body(images, targets) }
            } else {
                try body(images, nil)
            }
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
