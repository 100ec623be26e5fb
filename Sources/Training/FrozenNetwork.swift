import Records

/// A network that is only asked: a trained one (a teacher), or a random one (an embedding).
public struct FrozenNetwork: ~Copyable {
    let team: WorkerTeam
    let parameters: FloatBuffer
    let shape: ImageShape

    /// A network as training would start it: the same streams for the same identity and seed.
    public init(
        _ spec: NetworkSpec, shape: ImageShape, classes: Int, identity: String, seed: Int, threads: Int = 1
    ) throws(TrainingError) {
        (team, parameters) = try Self.make(spec, shape, classes, threads) { layout, buffer in
            layout.initialise(buffer, identity: identity, seed: seed)
        }
        self.shape = shape
    }

    /// A network with given weights, named as `Checkpoint.weights` names them (`conv1/weight`).
    public init(
        _ spec: NetworkSpec, shape: ImageShape, classes: Int, weights: [NamedTensor], threads: Int = 1
    ) throws(TrainingError) {
        (team, parameters) = try Self.make(spec, shape, classes, threads) { layout, buffer throws(TrainingError) in
            try layout.load(weights, into: buffer)
        }
        self.shape = shape
    }

    private static func make(
        _ spec: NetworkSpec, _ shape: ImageShape, _ classes: Int, _ threads: Int,
        fill: (ParameterLayout, FloatBuffer) throws(TrainingError) -> Void
    ) throws(TrainingError) -> (WorkerTeam, FloatBuffer) {
        if let reason = spec.fault(shape: shape, classes: classes) { throw .invalidJob(run: "", reason: reason) }
        let network = try spec.makeNetwork(shape: shape, classes: classes)
        let team = try WorkerTeam(network, threads: max(threads, 1))
        let parameters = FloatBuffer(network.layout.count)
        try fill(network.layout, parameters)
        try network.prepare(parameters.pointer)
        return (team, parameters)
    }

    /// d: penultimate features of one image.
    public var featureCount: Int { team.network.featureCount }

    /// Logits [N, C] of normalised images [N, channels, height, width].
    public func logits(of images: [Float]) throws(TrainingError) -> FloatMatrix {
        try run(images, columns: team.network.classes) { input, count, output throws(TrainingError) in
            try team.logits(input, count: count, into: output)
        }
    }

    /// What the last linear layer would see, [N, d], of normalised images [N, channels, height, width]; flattened as
    /// PyTorch flattens [N, width, h, w].
    public func features(of images: [Float]) throws(TrainingError) -> FloatMatrix {
        try run(images, columns: team.network.featureCount) { input, count, output throws(TrainingError) in
            try team.features(input, count: count, into: output)
        }
    }

    /// Logits [count, C] of images [count, channels, height, width], on the calling thread: of several callers at a time
    /// each says a worker (0 ..< threads) of its own.
    func logits(
        _ images: UnsafePointer<Float>, count: Int, into logits: UnsafeMutablePointer<Float>, worker: Int
    ) throws(TrainingError) {
        try team.logits(images, count: count, into: logits, worker: worker)
    }

    private func run(
        _ images: [Float], columns: Int,
        _ body: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) throws(TrainingError) -> Void
    ) throws(TrainingError) -> FloatMatrix {
        let count = images.count / shape.count
        precondition(images.count == count * shape.count, "\(images.count) pixels are no images of \(shape)")
        guard count > 0 else { return FloatMatrix(rows: 0, columns: columns, values: []) }
        var output = [Float](repeating: 0, count: count * columns)
        try images.withPointer { images throws(TrainingError) in
            try output.withPointer { output throws(TrainingError) in try body(images, count, output) }
        }
        return FloatMatrix(rows: count, columns: columns, values: output)
    }
}
