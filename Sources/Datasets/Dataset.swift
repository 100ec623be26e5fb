// Images and labels as plain values, whatever file they came from.
//
// Legend: N samples, C channels, H height, W width.

/// Images of one size with one label each.
public struct ImageSet: Sendable, Equatable {
    public let channels: Int
    public let height: Int
    public let width: Int
    /// Grey or colour values 0…255, [N, C, H, W].
    public let pixels: [UInt8]
    /// Class of each image, [N].
    public let labels: [Int32]

    public init(channels: Int, height: Int, width: Int, pixels: [UInt8], labels: [Int32]) {
        precondition(
            pixels.count == labels.count * channels * height * width,
            "\(pixels.count) pixels for \(labels.count) images of [\(channels), \(height), \(width)]")
        self.channels = channels
        self.height = height
        self.width = width
        self.pixels = pixels
        self.labels = labels
    }

    /// N.
    public var count: Int { labels.count }

    /// Values of one image, C · H · W.
    public var valuesPerImage: Int { channels * height * width }

    /// How many images each class has, [classes].
    public func classCounts(classes: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[Int(label)] += 1 }
        return counts
    }
}

/// A data set with its own division into training and test images.
public struct Dataset: Sendable, Equatable {
    /// `fashion-mnist`, `cifar10`, …
    public let name: String
    public let classNames: [String]
    public let train: ImageSet
    public let test: ImageSet
    /// What is known of each image, for generated data only.
    public let truth: GlyphTruth?

    public init(name: String, classNames: [String], train: ImageSet, test: ImageSet, truth: GlyphTruth? = nil) {
        self.name = name
        self.classNames = classNames
        self.train = train
        self.test = test
        self.truth = truth
    }

    public var classes: Int { classNames.count }

    /// The bytes that identify the data, block by block, for a digest: the class names (UTF-8, each ended by a zero byte);
    /// then of the training and of the test images N, C, H, W (int64), the labels (int32) and the pixels, all
    /// little-endian. The name of the data set and where it lies do not count.
    public func forEachDigestBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        var names: [UInt8] = []
        for name in classNames { names += Array(name.utf8) + [0] }
        try names.withUnsafeBytes(body)
        for set in [train, test] {
            let shape = [set.count, set.channels, set.height, set.width].map { Int64($0).littleEndian }
            try shape.withUnsafeBytes(body)
            try set.labels.map(\.littleEndian).withUnsafeBytes(body)
            try set.pixels.withUnsafeBytes(body)
        }
    }
}
