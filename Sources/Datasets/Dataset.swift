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
    /// File of each image below the folder of its split, [N], where images are files.
    public let names: [String]?

    public init(
        channels: Int, height: Int, width: Int, pixels: [UInt8], labels: [Int32], names: [String]? = nil
    ) {
        precondition(
            pixels.count == labels.count * channels * height * width,
            "\(pixels.count) pixels for \(labels.count) images of [\(channels), \(height), \(width)]")
        precondition(names.map { $0.count == labels.count } ?? true, "a name for each image")
        self.channels = channels
        self.height = height
        self.width = width
        self.pixels = pixels
        self.labels = labels
        self.names = names
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

    /// The bytes that say which class is which and which image is of it, block by block: the class names (UTF-8, each
    /// ended by a zero byte); then of the training and of the test images N (int64) and the labels (int32), little-endian.
    public func forEachClassOrderBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        var names: [UInt8] = []
        for name in classNames { names += Array(name.utf8) + [0] }
        try names.withUnsafeBytes(body)
        for set in [train, test] {
            try [Int64(set.count).littleEndian].withUnsafeBytes(body)
            try set.labels.map(\.littleEndian).withUnsafeBytes(body)
        }
    }

    /// The bytes of each image with its class by name, for digests that know no order: `train` or `test` and the class
    /// name (UTF-8, each ended by a zero byte); C, H, W (int64, little-endian); the pixels.
    public func forEachImage(_ body: (_ about: UnsafeRawBufferPointer, _ pixels: UnsafeRawBufferPointer) throws -> Void)
        rethrows
    {
        for (split, set) in [("train", train), ("test", test)] {
            let shape = [set.channels, set.height, set.width].map { Int64($0).littleEndian }
            let about = classNames.map { name in
                Array(split.utf8) + [0] + Array(name.utf8) + [0] + shape.withUnsafeBytes { Array($0) }
            }
            let size = set.valuesPerImage
            try set.pixels.withUnsafeBytes { pixels in
                for (index, label) in set.labels.enumerated() {
                    let image = UnsafeRawBufferPointer(rebasing: pixels[index * size..<(index + 1) * size])
                    try about[Int(label)].withUnsafeBytes { try body($0, image) }
                }
            }
        }
    }
}
