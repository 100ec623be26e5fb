import Training

/// The networks under which two sets are compared.
public enum ObjectiveNetworks: Sendable, Equatable {
    /// So many, initialised as training initialises them.
    case random(Int, NetworkSpec)
    /// The context's trained ones.
    case observers

    /// Five ConvNet-D3 of width 32 with instance normalisation.
    public static let standard = ObjectiveNetworks.random(5, .convnet(depth: 3, width: 32))

    var needs: ObjectiveNeeds { self == .observers ? .observers : [] }

    /// For definitions.
    var words: String {
        switch self {
        case .random(let count, let network): "\(count) random \(network.words)"
        case .observers: "the observers"
        }
    }
}

extension ObjectiveContext {
    /// - Throws: `.noObserver`.
    func networkCount(_ networks: ObjectiveNetworks, objective: String) throws(ObjectiveError) -> Int {
        switch networks {
        case .random(let count, _): return count
        case .observers:
            if observers.isEmpty { throw .noObserver(objective: objective) }
            return observers.count
        }
    }

    func spec(_ networks: ObjectiveNetworks, _ index: Int) -> NetworkSpec {
        switch networks {
        case .random(_, let network): network
        case .observers: observers[index].network
        }
    }

    /// A network in evaluation mode; random ones differ by objective.
    func network(
        _ networks: ObjectiveNetworks, _ index: Int, objective: String
    ) throws(TrainingError) -> FrozenNetwork {
        switch networks {
        case .random(_, let network):
            try FrozenNetwork(
                network, shape: shape, classes: classes, identity: "\(objective)/network\(index)", seed: seed,
                threads: threads)
        case .observers:
            try FrozenNetwork(
                observers[index].network, shape: shape, classes: classes, weights: observers[index].weights,
                threads: threads)
        }
    }
}

extension NetworkSpec {
    /// Whether images of a batch are normalised together.
    public var hasBatchNorm: Bool {
        switch self {
        case .mlp: false
        case .convnet(_, _, let norm): norm == .batch
        case .resnet, .mobilenetV2: true
        }
    }

    /// For definitions.
    var words: String {
        switch self {
        case .mlp(let hidden): "MLP of \(hidden.map(String.init).joined(separator: ", ")) hidden units"
        case .convnet(let depth, let width, let norm): "ConvNet-D\(depth) of width \(width), \(norm.rawValue) norm"
        case .resnet(let layers, let stem): "ResNet-\(layers) (\(stem.rawValue))"
        case .mobilenetV2(let width, let stem): "MobileNet-V2 of width \(width) (\(stem.rawValue))"
        }
    }
}
