internal import CKernels

/// Parameters, momenta and one optimiser step: the batch is cut into slices, each slice gives a loss and a gradient, and
/// the slices are added pairwise in a fixed tree.
final class GradientStep {
    let network: any Network
    let team: WorkerTeam
    let parameters: FloatBuffer
    let momenta: FloatBuffer
    private let job: TrainingJob
    private let slice: Int
    /// One gradient per slice.
    private let gradients: FloatBuffer
    private let labels: [SliceLabels]
    /// One per worker.
    private let scratches: [AugmentationScratch]
    private var losses: [Double]

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

    /// Never more slices than this: each has a gradient of its own in memory.
    private static let mostSlices = 16

    init(_ job: TrainingJob) throws(TrainingError) {
        self.job = job
        network = try job.network.makeNetwork(shape: job.shape, classes: job.classes)
        let wanted = (job.batch + network.preferredSlice - 1) / network.preferredSlice
        let slices = min(wanted, Self.mostSlices)
        slice = (job.batch + slices - 1) / slices
        team = try WorkerTeam(network, capacity: slice, threads: job.threads)
        parameters = FloatBuffer(network.layout.count)
        momenta = FloatBuffer(network.layout.count)
        gradients = FloatBuffer(network.gradientCount * slices)
        let soft = job.labels == .hard ? 0 : slice * job.classes
        let size = slice
        labels = (0..<job.threads).map { _ in SliceLabels(size, soft: soft) }
        scratches = (0..<job.threads).map { _ in AugmentationScratch(shape: job.shape) }
        losses = Array(repeating: 0, count: slices)
    }

    /// The gradient of the mean loss over the step's samples, in the order of `network.layout`, and the sum of their losses.
    func gradient(
        of step: TrainingStep, feed: SampleFeed
    ) throws(TrainingError) -> (gradient: UnsafePointer<Float>, loss: Double) {
        try network.prepare(parameters.pointer)
        let samples = step.samples
        let slices = (samples.count + slice - 1) / slice
        for workspace in team.workspaces {
            try workspace.reserve(min(slice, samples.count))
            try workspace.reserve(samples.count - (slices - 1) * slice)
        }
        try withSources { images, targets throws(TrainingError) in
            try losses.withPointer { losses throws(TrainingError) in
                try team.forEach(slices) { worker, task throws(TrainingError) in
                    let start = task * slice
                    losses[task] = try run(
                        start..<min(start + slice, samples.count), of: step, feed: feed, images: images,
                        targets: targets, worker: worker,
                        scale: 1 / Float(samples.count), gradient: gradients.pointer + task * network.gradientCount)
                }
            }
        }
        let total = losses[..<slices].reduce(0, +)
        let (first, stride) = (gradients.pointer, network.gradientCount)
        if slices > 1 {
            try team.forEachPiece(of: stride) { start, count in
                assay_tree_sum(first + start, stride, slices, count)
            }
        }
        return (try network.collect(first), total)
    }

    /// Moves the parameters along `gradient`.
    func update(_ gradient: UnsafePointer<Float>, rate: Double) throws(TrainingError) {
        guard case .sgd(_, let momentum, let nesterov, let decay) = job.recipe.optimizer else { return }
        let (w, v) = (parameters.pointer, momenta.pointer)
        try team.forEachPiece(of: parameters.count) { start, count in
            assay_sgd(
                w + start, v + start, gradient + start, count, Float(rate), Float(momentum), Float(decay),
                nesterov ? 1 : 0)
        }
    }

    /// One slice: images and labels in, loss and gradient out.
    private func run(
        _ slots: Range<Int>, of step: TrainingStep, feed: SampleFeed, images: UnsafePointer<Float>,
        targets: UnsafePointer<Float>?, worker: Int, scale: Float, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) -> Double {
        let workspace = team.workspaces[worker]
        let count = slots.count
        let samples = step.samples[
            step.samples.startIndex + slots.lowerBound..<step.samples.startIndex + slots.upperBound]
        let labels = labels[worker]
        feed.draw(slots, of: step, from: images, into: workspace.input, scratch: scratches[worker])
        for (row, sample) in samples.enumerated() { labels.hard[row] = job.hardLabels[sample] }
        try workspace.forward(count)
        let loss: Double
        if case .soft(_, let temperature) = job.labels, let targets {
            for (row, sample) in samples.enumerated() {
                (labels.soft.pointer + row * job.classes).update(
                    from: targets + sample * job.classes, count: job.classes)
            }
            loss = divergence(
                workspace.logits, labels.soft.pointer, rows: count, classes: job.classes, temperature: temperature,
                scale: scale, gradient: workspace.dlogits)
        } else {
            loss = crossEntropy(
                workspace.logits, labels.hard, rows: count, classes: job.classes, scale: scale,
                gradient: workspace.dlogits)
        }
        try workspace.backward(count, gradient: gradient)
        return loss
    }

    private func withSources(
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>?) throws(TrainingError) -> Void
    ) throws(TrainingError) {
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
