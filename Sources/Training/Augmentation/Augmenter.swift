import Randomness

/// Draws views and mixtures of one run. A view is a function of (run, seed, epoch, sample), and what a batch shares (its
/// mixture, the transform that DSA chose) of (run, seed, epoch, batch), so that the order in which they are asked for,
/// or by how many threads, changes nothing.
///
///     let view = augmenter.view(epoch: 3, batch: 0, sample: 17)
///     augmenter.draw(view, of: image, into: target, scratch: scratch)
public struct Augmenter: Sendable {
    public let augmentation: Augmentation
    public let shape: ImageShape
    private let run: String
    private let seed: Int
    private let samples: Int

    /// - Parameter samples: N, the images of an epoch.
    public init(_ augmentation: Augmentation, shape: ImageShape, run: String, seed: Int, samples: Int) {
        self.augmentation = augmentation
        self.shape = shape
        self.run = run
        self.seed = seed
        self.samples = samples
    }

    /// What `sample` looks like in `epoch`; `batch` counts the steps of the epoch from 0.
    public func view(epoch: Int, batch: Int, sample: Int) -> View {
        var view = View()
        redraw(&view, epoch: epoch, batch: batch, sample: sample)
        return view
    }

    /// `view(epoch:batch:sample:)` in the memory of an earlier view.
    public func redraw(_ view: inout View, epoch: Int, batch: Int, sample: Int) {
        view.steps.removeAll(keepingCapacity: true)
        guard !augmentation.operations.isEmpty else { return }
        var own = RandomStream(run, seed: seed, purpose: "augmentation", index: epoch * samples + sample)
        var shared = RandomStream(run, seed: seed, purpose: "augmentation of a batch", index: epoch * samples + batch)
        var draw = ViewDraw(shape: shape)
        for operation in augmentation.operations { draw.add(operation, to: &view, own: &own, shared: &shared) }
        draw.finish(&view)
    }

    /// How the `count` images of a batch are mixed; nil where they are not.
    public func mix(epoch: Int, batch: Int, count: Int) -> BatchMix? {
        guard let mix = augmentation.mix else { return nil }
        var stream = RandomStream(run, seed: seed, purpose: "mix", index: epoch * samples + batch)
        return mix.draw(count: count, shape: shape, from: &stream)
    }
}
