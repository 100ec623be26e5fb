import Randomness

/// Generated data: drawn shapes of ten classes whose difficulty and label noise are known.
///
/// One number per image, its difficulty in 0…1, drives noise, contrast, occlusion and jitter alike. Of the training
/// labels a stated fraction is wrong and flagged; test labels are all right.
///
///     let data = try Glyphs(seed: 1).dataset()
///     data.truth?.train.difficulty[0]    // 0…1
public struct Glyphs: Sendable, Equatable {
    /// Number of training images.
    public var train: Int
    /// Number of test images.
    public var test: Int
    /// Height and width in pixels.
    public var size: Int
    /// Fraction of training labels that are wrong, 0…1.
    public var labelNoise: Double
    public var seed: Int

    public init(train: Int = 12_000, test: Int = 2_000, size: Int = 28, labelNoise: Double = 0.05, seed: Int = 1) {
        self.train = train
        self.test = test
        self.size = size
        self.labelNoise = labelNoise
        self.seed = seed
    }

    /// Draws the images. The same settings give the same bytes.
    /// - Throws: a setting out of its range.
    public func dataset() throws(DatasetError) -> Dataset {
        let shapes = GlyphShape.allCases
        func check(_ holds: Bool, _ text: String) throws(DatasetError) {
            guard holds else { throw DatasetError(dataset: "glyphs", .badSetting(text)) }
        }
        try check(train >= shapes.count, "train is \(train); there must be one image per class, \(shapes.count)")
        try check(test >= shapes.count, "test is \(test); there must be one image per class, \(shapes.count)")
        try check((8...256).contains(size), "size is \(size) pixels; it must lie in 8…256")
        try check((0...1).contains(labelNoise), "labelNoise is \(labelNoise); it must lie in 0…1")

        let training = draw(train, purpose: "train", noise: labelNoise)
        let testing = draw(test, purpose: "test", noise: 0)
        return Dataset(
            name: "glyphs", classNames: shapes.map(\.rawValue), train: training.images, test: testing.images,
            truth: GlyphTruth(train: training.truth, test: testing.truth))
    }

    private func draw(_ count: Int, purpose: String, noise: Double) -> (images: ImageSet, truth: GlyphTruth.Part) {
        let shapes = GlyphShape.allCases
        // Equally many images of each class (to within one) in a random order.
        var order = RandomStream("glyphs", seed: seed, purpose: purpose + " classes")
        let classes = order.permutation(of: count).map { Int32($0 % shapes.count) }

        var pixels: [UInt8] = []
        pixels.reserveCapacity(count * size * size)
        var difficulty: [Float] = []
        for (index, label) in classes.enumerated() {
            var stream = RandomStream("glyphs", seed: seed, purpose: purpose, index: index)
            let d = stream.uniform()
            difficulty.append(Float(d))
            GlyphDrawing(shape: shapes[Int(label)], difficulty: d, using: &stream).render(
                size, using: &stream, into: &pixels)
        }

        var labels = classes
        var isFlipped = [Bool](repeating: false, count: count)
        var flips = RandomStream("glyphs", seed: seed, purpose: purpose + " label noise")
        let wrong = Int((noise * Double(count)).rounded())
        for index in flips.permutation(of: count).prefix(wrong) {
            let step = 1 + flips.integer(below: shapes.count - 1)
            labels[index] = (classes[index] + Int32(step)) % Int32(shapes.count)
            isFlipped[index] = true
        }
        let images = ImageSet(channels: 1, height: size, width: size, pixels: pixels, labels: labels)
        return (images, GlyphTruth.Part(difficulty: difficulty, isFlipped: isFlipped, trueLabels: classes))
    }
}

/// What is known of generated images.
public struct GlyphTruth: Sendable, Equatable {
    public let train: Part
    public let test: Part

    /// Per image, in the order of the images.
    public struct Part: Sendable, Equatable {
        /// 0 (clean) … 1 (hardly visible), [N].
        public let difficulty: [Float]
        /// Whether the label is wrong on purpose, [N].
        public let isFlipped: [Bool]
        /// The class that was drawn, [N].
        public let trueLabels: [Int32]
    }
}
