/// A network as a value: layers that read a tensor and make a tensor, in the order in which they run. Parameters, their
/// initial values, both passes and the names of stored weights all follow from it.
struct NetworkDescription: Sendable {
    /// The shape of one image's tensor; `flat` ones are rows of `channels` numbers.
    struct Tensor: Sendable {
        var channels: Int
        var height: Int
        var width: Int
        var isFlat = false
        var count: Int { channels * height * width }
    }

    enum Activation: Sendable { case linear, relu, relu6 }

    /// k×k with padding on all sides; `groups` equal groups of channels that do not see each other.
    struct Convolution: Sendable {
        let name: String
        let kernel: Int
        let stride: Int
        let padding: Int
        let groups: Int
        let hasBias: Bool
    }

    /// activation(norm(x) + residual), then the mean over 2×2 pixels (floor) if `pool`.
    struct Norm: Sendable {
        let name: String
        let kind: NetworkSpec.Normalisation
        let activation: Activation
        let residual: Int?
        let pool: Bool
    }

    enum Operation: Sendable {
        case convolution(Convolution)
        case norm(Norm)
        /// The greatest of k×k.
        case maximum(kernel: Int, stride: Int, padding: Int)
        /// A row of numbers, as PyTorch flattens [N, C, H, W].
        case flatten
        /// The mean over all pixels.
        case average
        /// activation(x Wᵀ + b), of rows.
        case linear(name: String, activation: Activation)
    }

    struct Layer: Sendable {
        let operation: Operation
        let from: Int
        let to: Int
    }

    /// How weights start; normalisation starts at one and zero.
    enum Initialisation: Sendable {
        /// PyTorch's layers: uniform in ±1/√fanIn.
        case standard
        /// torchvision's ResNet: convolutions normal with variance 2/fanOut, the linear layer `standard`.
        case residual
        /// torchvision's MobileNet-V2: as `residual`, the linear layer normal with σ = 0.01 and bias 0.
        case mobile
    }

    /// Tensor 0 is the image, the last one the logits.
    private(set) var tensors: [Tensor]
    private(set) var layers: [Layer] = []
    let initialisation: Initialisation
    let input = 0

    init(_ shape: ImageShape, initialisation: Initialisation = .standard) {
        tensors = [Tensor(channels: shape.channels, height: shape.height, width: shape.width)]
        self.initialisation = initialisation
    }

    /// A network that reads images as rows of numbers.
    init(rows shape: ImageShape) {
        tensors = [Tensor(channels: shape.count, height: 1, width: 1, isFlat: true)]
        initialisation = .standard
    }

    /// Whether images are rows of numbers, so that there is nothing but linear layers.
    var isFlat: Bool { tensors[0].isFlat }

    /// Whether a tensor comes from a linear layer's ReLU.
    func hasReLU(_ tensor: Int) -> Bool {
        layers.contains {
            if case .linear(_, .relu) = $0.operation { $0.to == tensor } else { false }
        }
    }

    /// Whether a tensor is read, and by linear layers alone: they take the gradient of the ReLU before them.
    func isReadByLinears(_ tensor: Int) -> Bool {
        let readers = layers.filter { $0.from == tensor }
        return !readers.isEmpty
            && readers.allSatisfy { if case .linear = $0.operation { true } else { false } }
    }

    /// Tensors in, tensor out: what the networks' files are written in.
    mutating func convolution(
        _ name: String, _ from: Int, outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1, bias: Bool = false
    ) -> Int {
        let (source, padding) = (tensors[from], kernel / 2)
        func size(_ pixels: Int) -> Int { (pixels + 2 * padding - kernel) / stride + 1 }
        return append(
            .convolution(
                Convolution(
                    name: name, kernel: kernel, stride: stride, padding: padding, groups: groups, hasBias: bias)),
            from, Tensor(channels: outputs, height: size(source.height), width: size(source.width)))
    }

    mutating func norm(
        _ name: String, _ from: Int, _ kind: NetworkSpec.Normalisation, _ activation: Activation = .linear,
        plus residual: Int? = nil, pool: Bool = false
    ) -> Int {
        var tensor = tensors[from]
        if pool { (tensor.height, tensor.width) = (tensor.height / 2, tensor.width / 2) }
        return append(
            .norm(Norm(name: name, kind: kind, activation: activation, residual: residual, pool: pool)), from, tensor)
    }

    mutating func maximum(_ from: Int, kernel: Int, stride: Int) -> Int {
        var tensor = tensors[from]
        let padding = kernel / 2
        tensor.height = (tensor.height + 2 * padding - kernel) / stride + 1
        tensor.width = (tensor.width + 2 * padding - kernel) / stride + 1
        return append(.maximum(kernel: kernel, stride: stride, padding: padding), from, tensor)
    }

    mutating func flatten(_ from: Int) -> Int {
        append(.flatten, from, Tensor(channels: tensors[from].count, height: 1, width: 1, isFlat: true))
    }

    mutating func average(_ from: Int) -> Int {
        append(.average, from, Tensor(channels: tensors[from].channels, height: 1, width: 1, isFlat: true))
    }

    @discardableResult
    mutating func linear(_ name: String, _ from: Int, outputs: Int, _ activation: Activation = .linear) -> Int {
        append(
            .linear(name: name, activation: activation), from,
            Tensor(channels: outputs, height: 1, width: 1, isFlat: true))
    }

    private mutating func append(_ operation: Operation, _ from: Int, _ tensor: Tensor) -> Int {
        tensors.append(tensor)
        layers.append(Layer(operation: operation, from: from, to: tensors.count - 1))
        return tensors.count - 1
    }
}

extension NetworkDescription {
    /// Penultimate features of one image: what the last layer reads.
    var features: Int { layers[layers.count - 1].from }
    /// Whether a step needs the whole batch at once.
    var couplesBatch: Bool {
        layers.contains { layer in
            if case .norm(let norm) = layer.operation { norm.kind == .batch } else { false }
        }
    }
}
