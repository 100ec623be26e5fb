/// `{ mlp: { hidden: [128] } }`, `{ convnet: { depth: 3, width: 128, norm: batch } }`,
/// `{ resnet: { layers: 18, stem: cifar } }`, `{ mobilenet-v2: { width: 1, stem: cifar } }`.
public enum ModelChoice: Sendable, Equatable {
    /// How a ConvNet brings activations to one scale.
    public enum Norm: String, Sendable, Equatable, CaseIterable { case none, instance, group, batch }
    /// The form for small images, or the published one.
    public enum Stem: String, Sendable, Equatable, CaseIterable { case cifar, imagenet }

    case mlp(hidden: [Int])
    case convnet(depth: Int, width: Int, norm: Norm = .instance)
    case resnet(layers: Int, stem: Stem)
    case mobilenetV2(width: Double, stem: Stem)
}

extension ModelChoice {
    /// Kinds of networks, and how the options of each are written.
    private static let kinds: [(name: String, example: String)] = [
        ("mlp", "{ hidden: [128] }"), ("convnet", "{ depth: 3, width: 32 }"),
        ("resnet", "{ layers: 18, stem: cifar }"), ("mobilenet-v2", "{ stem: cifar }"),
    ]

    init?(_ place: Place) {
        guard let (kind, options) = place.kinded("model", among: Self.kinds.map(\.name)) else { return nil }
        guard let options else {
            let example = Self.kinds.first { $0.name == kind }?.example ?? ""
            place.problem("\(kind) needs its size: { \(kind): \(example) }")
            return nil
        }
        let model: ModelChoice? = options.mapping { reader in
            switch kind {
            case "mlp":
                return reader.required("hidden").map { .mlp(hidden: $0.list().compactMap { $0.integer(1...65536) }) }
            case "convnet": return Self.convnet(reader)
            case "resnet": return Self.resnet(reader)
            default: return Self.mobilenet(reader)
            }
        }
        guard let model else { return nil }
        self = model
    }

    private static func convnet(_ reader: MappingReader) -> ModelChoice? {
        let depth = reader.required("depth")?.integer(1...5)
        let width = reader.required("width")?.integer(1...4096)
        let norm = reader.optional("norm").map { $0.word("normalisation", among: Norm.allCases.map(\.rawValue)) }
        guard let depth, let width, let norm = Norm(rawValue: (norm ?? Norm.instance.rawValue) ?? "") else {
            return nil
        }
        if norm == .group && width % 4 != 0 {
            reader.place.problem("group normalisation has 4 groups of channels: \(width) is no multiple of 4")
        }
        return .convnet(depth: depth, width: width, norm: norm)
    }

    private static func resnet(_ reader: MappingReader) -> ModelChoice? {
        let known = [18, 34, 50, 101, 152]
        let layers: Place?
        if let depth = reader.optional("depth") {
            depth.problem(
                "a ResNet's depth is its number of layers: { resnet: { layers: 18, stem: cifar } } (did you mean 'layers'?)"
            )
            layers = reader.optional("layers")
        } else {
            layers = reader.required("layers")
        }
        let stem = stem(reader)
        guard let layers, let count = layers.integer(1...1000) else { return nil }
        guard known.contains(count) else {
            layers.problem("there is no ResNet-\(count): layers are \(known.map(String.init).joined(separator: ", "))")
            return nil
        }
        return stem.map { .resnet(layers: count, stem: $0) }
    }

    private static func mobilenet(_ reader: MappingReader) -> ModelChoice? {
        let width = reader.optional("width").map { $0.number("above 0, at most 8") { $0 > 0 && $0 <= 8 } } ?? 1
        let stem = stem(reader)
        guard let width, let stem else { return nil }
        return .mobilenetV2(width: width, stem: stem)
    }

    private static func stem(_ reader: MappingReader) -> Stem? {
        reader.required("stem")?.word("stem", among: Stem.allCases.map(\.rawValue)).flatMap(Stem.init(rawValue:))
    }
}
