internal import Crypto
import Datasets
import Records

/// What tells two copies of a data set apart, lower-case hex of SHA-256.
public struct DataDigests: Sendable, Equatable {
    /// Over class names, labels and pixels in their order.
    public var data: String
    /// Over class names and labels in their order.
    public var classOrder: String
    /// Over the sorted digests of every image with its class name: the same for any order of classes and images.
    public var images: String

    public init(data: String, classOrder: String = "", images: String = "") {
        self.data = data
        self.classOrder = classOrder
        self.images = images
    }

    init(_ dataset: Dataset) {
        var data = SHA256()
        dataset.forEachDigestBlock { (block: UnsafeRawBufferPointer) in data.update(bufferPointer: block) }
        var classOrder = SHA256()
        dataset.forEachClassOrderBlock { (block: UnsafeRawBufferPointer) in classOrder.update(bufferPointer: block) }
        var each: [[UInt8]] = []
        each.reserveCapacity(dataset.train.count + dataset.test.count)
        dataset.forEachImage { (about: UnsafeRawBufferPointer, pixels: UnsafeRawBufferPointer) in
            var image = SHA256()
            image.update(bufferPointer: about)
            image.update(bufferPointer: pixels)
            each.append(Array(image.finalize()))
        }
        each.sort { $0.lexicographicallyPrecedes($1) }
        var images = SHA256()
        for digest in each { images.update(data: digest) }
        self.init(
            data: data.finalize().hexadecimal, classOrder: classOrder.finalize().hexadecimal,
            images: images.finalize().hexadecimal)
    }
}

extension RunDescription {
    mutating func setDigests(_ digests: DataDigests) {
        datasetDigest = digests.data
        classOrderDigest = digests.classOrder
        imagesDigest = digests.images
    }

    /// How the data set of this run differs from another's, as far as both say: the field's most frequent cause of
    /// numbers that cannot be reproduced is the order of classes. Nil: not known to differ.
    func dataDifference(from other: RunDescription) -> String? {
        guard let mine = datasetDigest, let theirs = other.datasetDigest, mine != theirs else { return nil }
        let digests = "the digests differ (\(mine.prefix(12))… and \(theirs.prefix(12))…)"
        let hasSameOrder = classOrderDigest.flatMap { mine in other.classOrderDigest.map { mine == $0 } }
        let hasSameImages = imagesDigest.flatMap { mine in other.imagesDigest.map { mine == $0 } }
        switch (hasSameImages, hasSameOrder) {
        case (true?, false?): return "same images, other class order: \(digests)"
        case (true?, true?): return "same images and class order, but the images stand in another order: \(digests)"
        case (false?, true?): return "same classes and labels, other images: \(digests)"
        default: return "\(digests), so that labels or their order may differ"
        }
    }
}
