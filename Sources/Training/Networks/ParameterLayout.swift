/// Where each parameter lies in one flat buffer, in the order of the layers and the shapes of PyTorch (output before
/// input); behind what is trained lie the running statistics of batch normalisation.
struct ParameterLayout: Sendable {
    struct Parameter: Sendable {
        let name: String
        let shape: [Int]
        /// The first float; a multiple of 16, so that every tensor starts on a cache line.
        let offset: Int
        let initial: Initial
        /// False for running statistics.
        let isTrained: Bool
        var count: Int { shape.reduce(1, *) }
    }

    enum Initial: Sendable {
        case constant(Float)
        /// Uniform in ±1/√fanIn.
        case uniform(fanIn: Int)
        case normal(std: Double)
    }

    private(set) var parameters: [Parameter] = []
    /// Floats in the buffer, the gaps included.
    private(set) var count = 0
    /// Floats at the start of the buffer that an optimiser moves.
    private(set) var trainedCount = 0

    init(_ spec: NetworkSpec, shape: ImageShape, classes: Int) {
        self.init(spec.description(shape: shape, classes: classes))
    }

    init(_ network: NetworkDescription) {
        for layer in network.layers { addTrained(layer, of: network) }
        trainedCount = count
        for layer in network.layers {
            guard case .norm(let norm) = layer.operation, norm.kind == .batch else { continue }
            let channels = network.tensors[layer.from].channels
            append("\(norm.name)/running_mean", [channels], .constant(0), isTrained: false)
            append("\(norm.name)/running_var", [channels], .constant(1), isTrained: false)
        }
    }

    /// The parameter called `name`, which one of the layers has.
    subscript(name: String) -> Parameter {
        guard let found = parameters.first(where: { $0.name == name }) else {
            preconditionFailure("no parameter '\(name)'")
        }
        return found
    }

    private mutating func addTrained(_ layer: NetworkDescription.Layer, of network: NetworkDescription) {
        let (inputs, outputs) = (network.tensors[layer.from].channels, network.tensors[layer.to].channels)
        switch layer.operation {
        case .convolution(let convolution):
            let shape = [outputs, inputs / convolution.groups, convolution.kernel, convolution.kernel]
            let fanIn = shape.dropFirst().reduce(1, *)
            let fanOut = outputs * convolution.kernel * convolution.kernel
            let standard = network.initialisation == .standard
            append(
                "\(convolution.name)/weight", shape,
                standard ? .uniform(fanIn: fanIn) : .normal(std: (2 / Double(fanOut)).squareRoot()))
            if convolution.hasBias {
                append("\(convolution.name)/bias", [outputs], standard ? .uniform(fanIn: fanIn) : .constant(0))
            }
        case .norm(let norm) where norm.kind != .none:
            append("\(norm.name)/weight", [inputs], .constant(1))
            append("\(norm.name)/bias", [inputs], .constant(0))
        case .linear(let name, _):
            let mobile = network.initialisation == .mobile
            append("\(name)/weight", [outputs, inputs], mobile ? .normal(std: 0.01) : .uniform(fanIn: inputs))
            append("\(name)/bias", [outputs], mobile ? .constant(0) : .uniform(fanIn: inputs))
        default: break
        }
    }

    private mutating func append(_ name: String, _ shape: [Int], _ initial: Initial, isTrained: Bool = true) {
        parameters.append(
            Parameter(name: name, shape: shape, offset: count, initial: initial, isTrained: isTrained))
        count += (shape.reduce(1, *) + 15) / 16 * 16
    }
}
