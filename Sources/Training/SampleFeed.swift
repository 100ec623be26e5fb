import Randomness

/// One optimiser step: which samples it sees, and how they are mixed.
struct TrainingStep {
    var epoch: Int
    /// Counts the steps of the epoch, from 0.
    var batch: Int
    /// The batch, indices into the training set: slot k is `samples[samples.startIndex + k]`.
    var samples: ArraySlice<Int>
    /// nil where the images stay apart.
    var mix: BatchMix?

    /// The slot's sample as an index into the training set.
    func sample(_ slot: Int) -> Int { samples[samples.startIndex + slot] }

    /// The slot's partner as an index into the training set, the slot's own sample where nothing is mixed.
    func partner(_ slot: Int) -> Int { samples[samples.startIndex + (mix?.partners[slot] ?? slot)] }
}

/// Which samples a step sees, and what of them. Order and augmentation are functions of (run, seed, epoch, sample), so
/// that the number of samples seen is all the state there is.
struct SampleFeed {
    private let job: TrainingJob
    private let augmenter: Augmenter
    private var epoch = -1
    private var order: [Int] = []

    init(_ job: TrainingJob) {
        self.job = job
        augmenter = Augmenter(
            job.recipe.augmentation, shape: job.shape, run: job.identity, seed: job.seed, samples: job.sampleCount)
    }

    /// The step that starts after `samplesSeen`.
    mutating func step(after samplesSeen: Int) -> TrainingStep {
        var current = samplesSeen / job.sampleCount
        if case .views(_, _, let perImage?) = job.labels { current %= perImage }
        if current != epoch {
            var stream = RandomStream(job.identity, seed: job.seed, purpose: "order", index: current)
            order = stream.permutation(of: job.sampleCount)
            epoch = current
        }
        let start = samplesSeen % job.sampleCount
        let end = min(start + job.batch, job.sampleCount, start + job.totalSamples - samplesSeen)
        let batch = start / job.batch
        return TrainingStep(
            epoch: current, batch: batch, samples: order[start..<end],
            mix: augmenter.mix(epoch: current, batch: batch, count: end - start))
    }

    /// Draws the augmented images of some slots of a step into consecutive rows of `target`.
    func draw(
        _ slots: Range<Int>, of step: TrainingStep, from images: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>, scratch: AugmentationScratch
    ) {
        for (row, slot) in slots.enumerated() {
            augmenter.draw(
                slot: slot, of: step.samples, epoch: step.epoch, batch: step.batch, mix: step.mix, images: images,
                into: target + row * job.shape.count, scratch: scratch)
        }
    }
}
