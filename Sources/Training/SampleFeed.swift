internal import CKernels
import Randomness

/// Which samples a step sees, and what of them. Order and augmentation are functions of (run, seed, epoch, sample), so
/// that the number of samples seen is all the state there is.
struct SampleFeed {
    private let job: TrainingJob
    private var epoch = -1
    private var order: [Int] = []

    init(_ job: TrainingJob) { self.job = job }

    /// The samples of the step that starts after `samplesSeen`: indices into the training set.
    mutating func batch(after samplesSeen: Int) -> (epoch: Int, samples: ArraySlice<Int>) {
        let current = samplesSeen / job.sampleCount
        if current != epoch {
            var stream = RandomStream(job.runID, seed: job.seed, purpose: "order", index: current)
            order = stream.permutation(of: job.sampleCount)
            epoch = current
        }
        let start = samplesSeen % job.sampleCount
        let end = min(start + job.batch, job.sampleCount, start + job.totalSamples - samplesSeen)
        return (current, order[start..<end])
    }

    /// Copies a sample's image, augmented.
    func image(_ sample: Int, epoch: Int, of images: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        let shape = job.shape
        let source = images + sample * shape.count
        switch job.recipe.augmentation {
        case .none: target.update(from: source, count: shape.count)
        case .cropFlip(let padding, let flip):
            var stream = RandomStream(
                job.runID, seed: job.seed, purpose: "augmentation", index: epoch * job.sampleCount + sample)
            let down = stream.integer(below: 2 * padding + 1) - padding
            let right = stream.integer(below: 2 * padding + 1) - padding
            let mirrored = flip && stream.integer(below: 2) == 1
            assay_shift_flip(
                source, shape.channels, shape.height, shape.width, down, right, mirrored ? 1 : 0, target)
        }
    }
}
