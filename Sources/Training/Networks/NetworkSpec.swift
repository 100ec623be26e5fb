// Legend: N samples, B batch, C classes.

/// What is trained.
public enum NetworkSpec: Sendable, Equatable {
    /// Linear layers with ReLU between them.
    case mlp(hidden: [Int])
    /// `depth` blocks of convolution 3×3 (padding 1, bias), instance normalisation (affine, ε = 10⁻⁵), ReLU and average
    /// pooling 2×2 (floor), then one linear layer: the ConvNet-D3 of the distillation literature.
    case convnet(depth: Int, width: Int)
}

/// The shape of one image.
public struct ImageShape: Sendable, Equatable, CustomStringConvertible {
    public var channels: Int
    public var height: Int
    public var width: Int

    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Floats in one image.
    public var count: Int { channels * height * width }
    public var description: String { "\(channels)×\(height)×\(width)" }
}

/// Trainable numbers of a network.
public func parameterCount(_ spec: NetworkSpec, shape: ImageShape, classes: Int) -> Int {
    ParameterLayout(spec, shape: shape, classes: classes).parameters.reduce(0) { $0 + $1.count }
}

extension NetworkSpec {
    /// Why the network cannot take such images, or nil.
    func fault(shape: ImageShape, classes: Int) -> String? {
        if shape.channels < 1 || shape.height < 1 || shape.width < 1 { return "images of \(shape) have no pixels" }
        if classes < 2 { return "\(classes) classes leave nothing to tell apart" }
        switch self {
        case .mlp(let hidden):
            if let bad = hidden.first(where: { $0 < 1 }) { return "a hidden layer of \(bad) units" }
        case .convnet(let depth, let width):
            if depth < 1 || width < 1 { return "a ConvNet of depth \(depth) and width \(width)" }
            if depth >= Int.bitWidth - 1 || min(shape.height, shape.width) >> depth < 1 {
                return "\(depth) poolings leave no pixel of \(shape) images"
            }
        }
        return nil
    }

    /// Penultimate features of one image.
    func featureCount(shape: ImageShape) -> Int {
        switch self {
        case .mlp(let hidden): hidden.last ?? shape.count
        case .convnet(let depth, let width): width * (shape.height >> depth) * (shape.width >> depth)
        }
    }
}

/// Where each parameter lies in one flat buffer, in the order and the shapes of PyTorch (output before input).
struct ParameterLayout: Sendable {
    struct Parameter: Sendable {
        let name: String
        let shape: [Int]
        /// The first float; a multiple of 16, so that every tensor starts on a cache line.
        let offset: Int
        let initial: Initial
        var count: Int { shape.reduce(1, *) }
    }

    enum Initial: Sendable {
        case constant(Float)
        /// Uniform in ±1/√fanIn.
        case uniform(fanIn: Int)
    }

    private(set) var parameters: [Parameter] = []
    /// Floats in the buffer, the gaps included.
    private(set) var count = 0
    /// Floats at the start of the buffer that an optimiser moves; behind them lie the statistics of batch normalisation.
    var trainedCount: Int { count }

    init(_ spec: NetworkSpec, shape: ImageShape, classes: Int) {
        switch spec {
        case .mlp(let hidden):
            var inputs = shape.count
            for (index, outputs) in (hidden + [classes]).enumerated() {
                add("linear\(index + 1)", [outputs, inputs])
                inputs = outputs
            }
        case .convnet(let depth, let width):
            for block in 1...depth {
                add("conv\(block)", [width, block == 1 ? shape.channels : width, 3, 3])
                append("norm\(block)/weight", [width], .constant(1))
                append("norm\(block)/bias", [width], .constant(0))
            }
            add("linear", [classes, spec.featureCount(shape: shape)])
        }
    }

    private mutating func add(_ layer: String, _ shape: [Int]) {
        let fanIn = shape.dropFirst().reduce(1, *)
        append("\(layer)/weight", shape, .uniform(fanIn: fanIn))
        append("\(layer)/bias", [shape[0]], .uniform(fanIn: fanIn))
    }

    private mutating func append(_ name: String, _ shape: [Int], _ initial: Initial) {
        parameters.append(Parameter(name: name, shape: shape, offset: count, initial: initial))
        count += (shape.reduce(1, *) + 15) / 16 * 16
    }
}
