/// What happens to a training image before each use: operations in their order, then at most one mixture per batch.
///
///     augment: none
///     augment: { crop-flip: { padding: 4, flip: true } }
///     augment: dsa
///     augment: [ { random-resized-crop: { scale: [0.08, 1] } }, flip, { cutmix: { alpha: 1 } } ]
public struct AugmentationChoice: Sendable, Equatable {
    public enum Operation: Sendable, Equatable {
        case crop(padding: Int)
        case flip
        /// `scale` and `ratio`: low and high.
        case randomResizedCrop(scale: [Double], ratio: [Double])
        case cutout(size: Int, probability: Double)
        case batchCutout(ratio: Double, probability: Double)
        case patchShuffle(grid: Int)
        case patchExtract(grid: Int)
        case dsa(strategy: [Transform], siamese: Bool, mode: Mode)
    }

    /// The transforms of DSA.
    public enum Transform: String, Sendable, Equatable, CaseIterable { case color, crop, cutout, flip, scale, rotate }
    /// One transform of DSA's strategy per batch, or all in turn.
    public enum Mode: String, Sendable, Equatable, CaseIterable { case single, multiple }

    public struct Mix: Sendable, Equatable {
        public enum Kind: String, Sendable, Equatable, CaseIterable { case cutmix, mixup }
        public enum Labels: String, Sendable, Equatable, CaseIterable { case mixed, kept }

        public var kind: Kind
        public var alpha: Double
        public var probability: Double
        public var labels: Labels

        public init(kind: Kind, alpha: Double = 1, probability: Double = 1, labels: Labels = .mixed) {
            self.kind = kind
            self.alpha = alpha
            self.probability = probability
            self.labels = labels
        }
    }

    public var operations: [Operation]
    public var mix: Mix?

    public init(_ operations: [Operation] = [], mix: Mix? = nil) {
        self.operations = operations
        self.mix = mix
    }

    public static let none = AugmentationChoice()

    public static func cropFlip(padding: Int, flip: Bool) -> AugmentationChoice {
        AugmentationChoice(flip ? [.crop(padding: padding), .flip] : [.crop(padding: padding)])
    }

    /// The words of `augment:`.
    public static let words = [
        "none", "crop-flip", "crop", "flip", "random-resized-crop", "cutout", "batch-cutout", "patch-shuffle",
        "patch-extract", "dsa", "cutmix", "mixup",
    ]
}

extension AugmentationChoice {
    init?(_ place: Place) {
        self.init()
        for element in place.list() {
            guard let (kind, options) = element.kinded("augmentation", among: Self.words) else { return nil }
            if mix != nil {
                element.problem("a mixture of the batch comes last, and there is only one")
            } else if kind == "none" {
                if place.isList { element.problem("'none' stands alone (augment: none)") }
                options.read { _ in }
            } else if let mixing = Mix.Kind(rawValue: kind) {
                mix = Mix(mixing, options)
            } else {
                operations += Self.operations(kind, options, of: element)
            }
        }
    }

    private static func operations(_ kind: String, _ options: Place?, of element: Place) -> [Operation] {
        switch kind {
        case "crop-flip", "crop":
            var (padding, flip) = (4, kind == "crop-flip")
            options.read { reader in
                padding = reader.optional("padding")?.integer(0...64) ?? padding
                if kind == "crop-flip" { flip = reader.optional("flip")?.flag() ?? flip }
            }
            return cropFlip(padding: padding, flip: flip).operations
        case "random-resized-crop":
            var (scale, ratio) = ([0.08, 1], [3.0 / 4, 4.0 / 3])
            options.read { reader in
                scale = reader.optional("scale")?.interval("a share of the area, 0…1") { $0 > 0 && $0 <= 1 } ?? scale
                ratio = reader.optional("ratio")?.interval("a ratio width / height above 0") { $0 > 0 } ?? ratio
            }
            return [.randomResizedCrop(scale: scale, ratio: ratio)]
        case "cutout":
            if options == nil { element.problem("cutout needs its size in pixels: { cutout: { size: 16 } }") }
            var (size, probability) = (1, 1.0)
            options.read { reader in
                size = reader.required("size")?.integer(1...8192) ?? size
                probability = reader.optional("probability")?.probability() ?? probability
            }
            return [.cutout(size: size, probability: probability)]
        case "batch-cutout":
            var (ratio, probability) = (0.5, 1.0)
            options.read { reader in
                ratio = reader.optional("ratio")?.number("in 0…1 (0 excluded)") { $0 > 0 && $0 <= 1 } ?? ratio
                probability = reader.optional("probability")?.probability() ?? probability
            }
            return [.batchCutout(ratio: ratio, probability: probability)]
        case "dsa": return [dsa(options)]
        case "flip":
            options.read { _ in }
            return [.flip]
        default:
            var grid = 2
            options.read { grid = $0.optional("grid")?.integer(1...16) ?? grid }
            return [kind == "patch-shuffle" ? .patchShuffle(grid: grid) : .patchExtract(grid: grid)]
        }
    }

    private static func dsa(_ options: Place?) -> Operation {
        var (strategy, siamese, mode) = (Transform.allCases, false, Mode.single)
        options.read { reader in
            if let place = reader.optional("strategy"), let text = place.string() {
                let known = Transform.allCases.map(\.rawValue)
                strategy = text.split(separator: "_", omittingEmptySubsequences: false).compactMap { word in
                    let transform = Transform(rawValue: String(word))
                    if transform == nil {
                        place.problem(
                            "unknown transform '\(word)'\(place.findings.vocabulary.hint(String(word), known))")
                    }
                    return transform
                }
            }
            siamese = reader.optional("siamese")?.flag() ?? siamese
            mode = reader.optional("mode")?.word("mode") ?? mode
        }
        return .dsa(strategy: strategy, siamese: siamese, mode: mode)
    }
}

extension AugmentationChoice.Mix {
    fileprivate init(_ kind: Kind, _ options: Place?) {
        self.init(kind: kind)
        options.read { reader in
            alpha = reader.optional("alpha")?.number("above 0") { $0 > 0 } ?? alpha
            probability = reader.optional("probability")?.probability() ?? probability
            labels = reader.optional("labels")?.word("treatment of labels") ?? labels
        }
    }
}

extension Place? {
    /// Reads the options, where there are any; a key that is not asked for is a problem.
    fileprivate func read(_ body: (MappingReader) -> Void) {
        _ = self?.mapping { reader -> Bool? in
            body(reader)
            return true
        }
    }
}

extension Place {
    fileprivate var isList: Bool { if case .sequence = node { true } else { false } }

    /// A word that names a case.
    fileprivate func word<Value: RawRepresentable & CaseIterable>(_ noun: String) -> Value?
    where Value.RawValue == String {
        word(noun, among: Value.allCases.map(\.rawValue)).flatMap { Value(rawValue: $0) }
    }

    fileprivate func probability() -> Double? { number("in 0…1 (0 excluded)") { $0 > 0 && $0 <= 1 } }

    /// `[low, high]`, or one number that is both.
    fileprivate func interval(_ must: String, _ accepts: (Double) -> Bool) -> [Double]? {
        let places = list()
        let values = places.compactMap { $0.number(must, accepts) }
        guard values.count == places.count, let low = values.first, let high = values.last else { return nil }
        guard values.count <= 2, low <= high else {
            problem(
                "expected [low, high], found \(places.count == 2 ? "them the other way round" : "\(places.count) numbers")"
            )
            return nil
        }
        return [low, high]
    }
}
