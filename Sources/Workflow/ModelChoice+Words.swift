import Studies
import Tables
import Training

extension ModelChoice {
    /// Part of a run's digest: what has a default appears only where it differs.
    var json: JSON {
        switch self {
        case .mlp(let hidden): ["mlp": ["hidden": .array(hidden.map(JSON.integer))]]
        case .convnet(let depth, let width, .instance):
            ["convnet": ["depth": .integer(depth), "width": .integer(width)]]
        case .convnet(let depth, let width, let norm):
            ["convnet": ["depth": .integer(depth), "width": .integer(width), "norm": .string(norm.rawValue)]]
        case .resnet(let layers, let stem):
            ["resnet": ["layers": .integer(layers), "stem": .string(stem.rawValue)]]
        case .mobilenetV2(let width, let stem):
            ["mobilenet-v2": ["width": .number(width), "stem": .string(stem.rawValue)]]
        }
    }

    /// From what a resolved run says of its network; nil where this version knows no such, or none of that size.
    init?(_ json: JSON) {
        if let mlp = json["mlp"], let hidden = mlp["hidden"]?.items?.compactMap(\.int) {
            guard hidden.count <= 64, hidden.allSatisfy((1...65536).contains) else { return nil }
            self = .mlp(hidden: hidden)
        } else if let convnet = json["convnet"], let depth = convnet["depth"]?.int, (1...5).contains(depth),
            let width = convnet["width"]?.int, (1...4096).contains(width)
        {
            guard let norm = Norm(rawValue: convnet["norm"]?.string ?? Norm.instance.rawValue) else { return nil }
            self = .convnet(depth: depth, width: width, norm: norm)
        } else if let resnet = json["resnet"], let layers = resnet["layers"]?.int,
            let stem = resnet["stem"]?.string.flatMap(Stem.init(rawValue:))
        {
            self = .resnet(layers: layers, stem: stem)
        } else if let mobilenet = json["mobilenet-v2"], let width = mobilenet["width"]?.double, width > 0, width <= 8,
            let stem = mobilenet["stem"]?.string.flatMap(Stem.init(rawValue:))
        {
            self = .mobilenetV2(width: width, stem: stem)
        } else {
            return nil
        }
    }

    /// Whether it has batch normalisations, which take statistics of the images of a batch.
    var couplesBatch: Bool {
        switch self {
        case .mlp: false
        case .convnet(_, _, let norm): norm == .batch
        case .resnet, .mobilenetV2: true
        }
    }

    /// The same in the trainer's words.
    var network: NetworkSpec {
        switch self {
        case .mlp(let hidden): .mlp(hidden: hidden)
        case .convnet(let depth, let width, let norm): .convnet(depth: depth, width: width, norm: norm.trained)
        case .resnet(let layers, let stem): .resnet(layers: layers, stem: stem.trained)
        case .mobilenetV2(let width, let stem): .mobilenetV2(width: width, stem: stem.trained)
        }
    }
}

extension ModelChoice.Norm {
    fileprivate var trained: NetworkSpec.Normalisation {
        switch self {
        case .none: .none
        case .instance: .instance
        case .group: .group
        case .batch: .batch
        }
    }
}

extension ModelChoice.Stem {
    fileprivate var trained: NetworkSpec.Stem {
        switch self {
        case .cifar: .cifar
        case .imagenet: .imagenet
        }
    }
}

extension Plan {
    /// The study's networks and their trained parameters for its images, in one line: `convnet: 320010 parameters`.
    public func networks() -> String {
        guard data.shape.count == 3 else { return "" }
        let shape = ImageShape(channels: data.shape[0], height: data.shape[1], width: data.shape[2])
        return study.models.map { model in
            let spec = model.value.network
            if let fault = spec.fault(shape: shape, classes: data.classes) { return "\(model.name): \(fault)" }
            return "\(model.name): \(parameterCount(spec, shape: shape, classes: data.classes)) parameters"
        }.joined(separator: "; ")
    }
}
