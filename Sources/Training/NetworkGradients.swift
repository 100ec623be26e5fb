/// A network whose parameters can be set, moved and asked for gradients of the mean cross-entropy: what objectives over
/// gradients and trajectories need of the trainer. Equal calls give equal bits for any number of threads.
public struct NetworkGradients: ~Copyable {
    /// One parameter tensor's place in a vector of parameters.
    public struct Tensor: Sendable, Equatable {
        public var name: String
        /// As in PyTorch: outputs first.
        public var shape: [Int]
        public var offset: Int
        public var count: Int { shape.reduce(1, *) }
    }

    /// Which statistics batch normalisation takes.
    public enum Statistics: Sendable, Equatable {
        /// Those of the batch, and the running ones move: PyTorch's `train()`.
        case batch
        /// The running ones: PyTorch's `eval()`.
        case running
    }

    /// Whether batch normalisation makes the images of a batch depend on each other.
    public var couplesBatch: Bool { network.couplesBatch }
    private let network: Network
    private let program: BatchProgram
    private let buffer: FloatBuffer
    private let shape: ImageShape
    private let batch: Int

    /// - Parameter batch: the most images whose statistics are taken together.
    public init(
        _ spec: NetworkSpec, shape: ImageShape, classes: Int, batch: Int, threads: Int = 1
    ) throws(TrainingError) {
        (network, program) = try Self.make(spec, shape, classes, batch: max(batch, 1), threads: max(threads, 1))
        buffer = FloatBuffer(network.layout.count)
        self.shape = shape
        self.batch = max(batch, 1)
    }

    private static func make(
        _ spec: NetworkSpec, _ shape: ImageShape, _ classes: Int, batch: Int, threads: Int
    ) throws(TrainingError) -> (Network, BatchProgram) {
        if let reason = spec.fault(shape: shape, classes: classes) { throw .invalidJob(run: "", reason: reason) }
        let network = try spec.makeNetwork(shape: shape, classes: classes)
        return (network, try BatchProgram(network, batch: batch, threads: threads))
    }

    /// The tensors that training moves.
    public var tensors: [Tensor] {
        network.layout.parameters.filter(\.isTrained).map {
            Tensor(name: $0.name, shape: $0.shape, offset: $0.offset)
        }
    }

    /// Parameters as training would start them: the same streams for the same identity and seed.
    public func initialise(identity: String, seed: Int) {
        network.layout.initialise(buffer, identity: identity, seed: seed)
    }

    /// Takes up stored weights.
    ///
    /// - Throws: `.badState` where a tensor is missing or has another shape.
    public func load(_ weights: NetworkWeights) throws(TrainingError) { try network.layout.load(weights, into: buffer) }

    public var weights: NetworkWeights { network.layout.tensors(of: buffer) }

    /// All trained parameters, each tensor at its offset; the gaps between them are zero.
    public var parameters: [Float] {
        Array(UnsafeBufferPointer(start: buffer.pointer, count: network.layout.trainedCount))
    }

    /// Moves the parameters by `rate` times `direction`.
    public func move(along direction: [Float], rate: Float) {
        precondition(direction.count == network.layout.trainedCount, "a direction of another network")
        for (index, value) in direction.enumerated() { buffer.pointer[index] += rate * value }
    }

    /// The gradient of the mean cross-entropy of normalised images [n, channels, height, width], laid out as
    /// `parameters`, and that mean. More images than a batch holds are taken batch by batch, which `statistics: .batch`
    /// of a network with batch normalisation does not allow.
    public func gradient(
        of images: [Float], labels: [Int32], statistics: Statistics
    ) throws(TrainingError) -> (gradient: [Float], loss: Double) {
        precondition(images.count == labels.count * shape.count && !labels.isEmpty, "an image for each label")
        precondition(
            labels.count <= batch || statistics == .running || !couplesBatch,
            "\(labels.count) images do not fit into a batch of \(batch)")
        var sum = [Double](repeating: 0, count: network.layout.trainedCount)
        var total = 0.0
        for start in stride(from: 0, to: labels.count, by: batch) {
            let part = start..<min(start + batch, labels.count)
            let (gradient, loss) = try run(part, images, labels, statistics, scale: 1 / Float(part.count))
            if part.count == labels.count {
                let values = UnsafeBufferPointer(start: gradient, count: network.layout.trainedCount)
                return (Array(values), loss / Double(part.count))
            }
            let share = Double(part.count) / Double(labels.count)
            for index in sum.indices { sum[index] += share * Double(gradient[index]) }
            total += loss
        }
        return (sum.map { Float($0) }, total / Double(labels.count))
    }

    /// One step of gradient descent without momentum on a batch; returns the mean cross-entropy before it.
    @discardableResult
    public func descend(_ images: [Float], labels: [Int32], rate: Float) throws(TrainingError) -> Double {
        precondition(labels.count <= batch, "\(labels.count) images do not fit into a batch of \(batch)")
        let all = 0..<labels.count
        let (gradient, loss) = try run(all, images, labels, .batch, scale: 1 / Float(labels.count))
        for index in 0..<network.layout.trainedCount { buffer.pointer[index] -= rate * gradient[index] }
        return loss / Double(labels.count)
    }

    private func run(
        _ part: Range<Int>, _ images: [Float], _ labels: [Int32], _ statistics: Statistics, scale: Float
    ) throws(TrainingError) -> (gradient: UnsafePointer<Float>, loss: Double) {
        for norm in network.batchNorms { norm.isFrozen = statistics == .running }
        let (size, classes) = (shape.count, network.classes)
        return try images.withPointer { images throws(TrainingError) in
            try labels.withPointer { labels throws(TrainingError) in
                try program.gradient(of: part.count, at: buffer.pointer) { rows, input, _ in
                    let start = part.lowerBound + rows.lowerBound
                    input.update(from: images + start * size, count: rows.count * size)
                } loss: { rows, logits, dlogits, _ in
                    crossEntropy(
                        logits, labels + part.lowerBound + rows.lowerBound, rows: rows.count, classes: classes,
                        scale: scale, gradient: dlogits)
                }
            }
        }
    }
}
