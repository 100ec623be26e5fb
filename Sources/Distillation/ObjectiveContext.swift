import Datasets
import Training

// Legend: N images of D, n images of a set, C classes.

/// What objectives compare sets with: the data set D, and networks that were trained on it.
public struct ObjectiveContext: Sendable {
    /// D.
    public var images: ObjectiveImages
    /// [N], 0 ..< classes.
    public var labels: [Int32]
    public var classes: Int
    /// Trained networks.
    public var observers: [TrainedNetwork]
    /// Training runs on D, with weights along the way.
    public var trajectories: [ExpertTrajectory]
    /// Of random networks, batches and views.
    public var seed: Int
    public var threads: Int
    /// Told a stage and the share of it that is done (0…1), from the calling thread.
    public var onProgress: (@Sendable (_ stage: String, _ done: Double) -> Void)?

    public init(
        images: ObjectiveImages, labels: [Int32], classes: Int, observers: [TrainedNetwork] = [],
        trajectories: [ExpertTrajectory] = [], seed: Int = 0, threads: Int = 1,
        onProgress: (@Sendable (_ stage: String, _ done: Double) -> Void)? = nil
    ) {
        precondition(images.count == labels.count, "\(images.count) images for \(labels.count) labels")
        self.images = images
        self.labels = labels
        self.classes = classes
        self.observers = observers
        self.trajectories = trajectories
        self.seed = seed
        self.threads = threads
        self.onProgress = onProgress
    }

    public var shape: ImageShape { images.shape }

    /// The images of a set, normalised, [n, channels, height, width]. Throws where a file of images cannot be read.
    public func pixels(of set: ObjectiveSet) throws -> [Float] {
        switch set.images {
        case .positions(let positions): images.pixels(at: positions)
        case .pixels(let read): try read()
        }
    }
}

/// A set S whose objectives are wanted.
public struct ObjectiveSet: Sendable {
    public enum Images: Sendable {
        /// Positions in D; one that stands twice counts twice.
        case positions([Int])
        /// Images of its own (a distilled set), normalised as D is, [n, channels, height, width], read when they are asked
        /// for: those of all sets together would fill the memory.
        case pixels(@Sendable () throws -> [Float])
    }

    public var name: String
    public var images: Images
    /// [n]: what the set says, which for positions in D need not be what D says.
    public var labels: [Int32]

    public init(name: String, positions: [Int], labels: [Int32]) {
        (self.name, images, self.labels) = (name, .positions(positions), labels)
    }

    public init(name: String, pixels: [Float], labels: [Int32]) {
        self.init(name: name, labels: labels) { pixels }
    }

    public init(name: String, labels: [Int32], pixels: @escaping @Sendable () throws -> [Float]) {
        (self.name, images, self.labels) = (name, .pixels(pixels), labels)
    }

    /// n.
    public var count: Int { labels.count }
}

/// Images of one shape, normalised when they are asked for.
public struct ObjectiveImages: Sendable {
    private enum Source: Sendable {
        case pixels([Float])
        case images(ImageSet, indices: [Int], Normalization)
    }

    /// N.
    public let count: Int
    public let shape: ImageShape
    private let source: Source

    /// Normalised pixels [N, channels, height, width].
    public init(_ pixels: [Float], shape: ImageShape) {
        precondition(pixels.count % shape.count == 0, "\(pixels.count) pixels are no images of \(shape)")
        (count, self.shape, source) = (pixels.count / shape.count, shape, .pixels(pixels))
    }

    /// The images at `indices`: position k of D is `indices[k]`.
    public init(_ images: ImageSet, indices: [Int], _ normalization: Normalization) {
        count = indices.count
        shape = ImageShape(channels: images.channels, height: images.height, width: images.width)
        source = .images(images, indices: indices, normalization)
    }

    /// [positions, channels, height, width]
    public func pixels(at positions: some Sequence<Int>) -> [Float] {
        switch source {
        case .pixels(let pixels): positions.flatMap { pixels[$0 * shape.count..<($0 + 1) * shape.count] }
        case .images(let images, let indices, let normalization):
            images.floats(positions.map { indices[$0] }, normalization)
        }
    }
}

/// A network that was trained on D.
public struct TrainedNetwork: Sendable, Equatable {
    public var name: String
    public var network: NetworkSpec
    /// As `Checkpoint.weights` names them, the running statistics of batch normalisation included.
    public var weights: NetworkWeights

    public init(name: String, network: NetworkSpec, weights: NetworkWeights) {
        (self.name, self.network, self.weights) = (name, network, weights)
    }
}

/// The weights of one training run along its epochs, read when they are asked for.
public struct ExpertTrajectory: Sendable {
    public var name: String
    public var network: NetworkSpec
    /// At which weights are stored, increasing.
    public var epochs: [Double]
    /// The weights at a position in `epochs`.
    public var weights: @Sendable (_ position: Int) throws -> NetworkWeights

    public init(
        name: String, network: NetworkSpec, epochs: [Double],
        weights: @escaping @Sendable (_ position: Int) throws -> NetworkWeights
    ) {
        (self.name, self.network, self.epochs, self.weights) = (name, network, epochs, weights)
    }
}
