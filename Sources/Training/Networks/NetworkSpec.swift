// Legend: N samples, B batch, C classes.

import Records

/// What is trained.
public enum NetworkSpec: Sendable, Equatable {
    /// Linear layers with ReLU between them.
    case mlp(hidden: [Int])
    /// `depth` blocks of convolution 3×3, normalisation, ReLU and average pooling 2×2, then one linear layer: the
    /// ConvNet-D3 of the distillation literature.
    case convnet(depth: Int, width: Int, norm: Normalisation = .instance)
    /// ResNet-18, 34 (basic blocks), 50, 101 or 152 (bottlenecks).
    case resnet(layers: Int, stem: Stem)
    /// MobileNet-V2 of the given multiple of the published width, without the classifier's dropout.
    case mobilenetV2(width: Double = 1, stem: Stem)

    /// How the activations of one layer are brought to one scale.
    public enum Normalisation: String, Sendable, Equatable, CaseIterable {
        case none
        /// Each channel of each image.
        case instance
        /// Four groups of channels of each image.
        case group
        /// Each channel of the batch; running statistics in evaluation.
        case batch
    }

    /// How images enter a network that was made for ImageNet.
    public enum Stem: String, Sendable, Equatable, CaseIterable {
        /// For small images: a 3×3 convolution of stride 1, no pooling.
        case cifar
        /// As published: a 7×7 convolution of stride 2 and a maximum over 3×3 of stride 2 (MobileNet-V2: 3×3, stride 2).
        case imagenet
    }
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
    ParameterLayout(spec, shape: shape, classes: classes).parameters.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) }
}

extension NetworkSpec {
    /// Why the network cannot take such images, or nil.
    public func fault(shape: ImageShape, classes: Int) -> String? {
        if shape.channels < 1 || shape.height < 1 || shape.width < 1 { return "images of \(shape) have no pixels" }
        if classes < 2 { return "\(classes) classes leave nothing to tell apart" }
        switch self {
        case .mlp(let hidden):
            if let bad = hidden.first(where: { $0 < 1 }) { return "a hidden layer of \(bad) units" }
        case .convnet(let depth, let width, let norm):
            if depth < 1 || width < 1 { return "a ConvNet of depth \(depth) and width \(width)" }
            if depth >= Int.bitWidth - 1 || min(shape.height, shape.width) >> depth < 1 {
                return "\(depth) poolings leave no pixel of \(shape) images"
            }
            if norm == .group && width % groupsOfChannels != 0 {
                return "group normalisation in \(groupsOfChannels) groups of a ConvNet of width \(width)"
            }
        case .resnet(let layers, _):
            if residualBlocks[layers] == nil {
                let known = residualBlocks.keys.sorted().map(String.init).joined(separator: ", ")
                return "a ResNet of \(layers) layers (there are \(known))"
            }
        case .mobilenetV2(let width, _):
            if !(width > 0 && width <= 8) { return "a MobileNet-V2 of width \(width)" }
        }
        return nil
    }

    /// Why stored weights are not of this network, or nil.
    public func fault(weights: [NamedTensor], shape: ImageShape, classes: Int) -> String? {
        ParameterLayout(self, shape: shape, classes: classes).fault(of: weights)
    }

    /// The layers of the network for such images; `fault` has nothing to say about them.
    func description(shape: ImageShape, classes: Int) -> NetworkDescription {
        switch self {
        case .mlp(let hidden): .mlp(hidden: hidden, shape: shape, classes: classes)
        case .convnet(let depth, let width, let norm):
            .convnet(depth: depth, width: width, norm: norm, shape: shape, classes: classes)
        case .resnet(let layers, let stem): .resnet(layers: layers, stem: stem, shape: shape, classes: classes)
        case .mobilenetV2(let width, let stem): .mobilenetV2(width: width, stem: stem, shape: shape, classes: classes)
        }
    }

    func makeNetwork(shape: ImageShape, classes: Int) throws(TrainingError) -> Network {
        try Network(description(shape: shape, classes: classes))
    }
}
