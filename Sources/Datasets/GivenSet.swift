/// Images and labels of one's own, a distilled set for instance, as NumPy arrays: `images` and `labels` in a `.npz`, or as
/// `.npy` files of a directory.
///
/// Images are [N, H, W], [N, H, W, C] or [N, C, H, W] of 1 or 3 channels, uint8 or floats; labels whole numbers [N] or [N, 1].
public struct GivenSet: Sendable, Equatable {
    public enum Pixels: Sendable, Equatable {
        /// 0…255
        case bytes([UInt8])
        /// In whatever unit the file has; all of them finite.
        case numbers([Float])
    }

    public let channels: Int
    public let height: Int
    public let width: Int
    /// [N, C, H, W]
    public let pixels: Pixels
    /// [N]
    public let labels: [Int32]

    /// Throws `DatasetError`.
    public init(_ path: String) throws(DatasetError) {
        let files = try NumPyFiles(path)
        func array(_ names: [String]) throws(DatasetError) -> NumPyArray {
            if let found = try files.array(names) { return found }
            throw files.error(names[0], "it is not there; the arrays must be called 'images' and 'labels'")
        }
        let images = try array(["images", "x"])
        labels = try NumPyDataset.labels(array(["labels", "y"]), of: images, files)
        let shape: [Int]
        switch images.type {
        case "u1":
            let (found, values) = try NumPyDataset.planes(images, images.bytes, files)
            (shape, pixels) = (found, .bytes(values))
        case "f4", "f8":
            let (found, values) = try NumPyDataset.planes(images, images.floats, files)
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw files.error(
                    images.name, "image \(index / (values.count / images.shape[0])) has a pixel of \(values[index])")
            }
            (shape, pixels) = (found, .numbers(values))
        default: throw files.error(images.name, "its type is \(images.type), and images are uint8 or floats")
        }
        (channels, height, width) = (shape[0], shape[1], shape[2])
    }

    /// The bytes that identify the set, block by block: N, C, H, W (int64), labels (int32), pixels, all little-endian.
    public func forEachDigestBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try [labels.count, channels, height, width].map { Int64($0).littleEndian }.withUnsafeBytes(body)
        try labels.map(\.littleEndian).withUnsafeBytes(body)
        switch pixels {
        case .bytes(let values): try values.withUnsafeBytes(body)
        case .numbers(let values): try values.withUnsafeBytes(body)
        }
    }

    /// [N, C, H, W] as training takes them: bytes and fractions 0…1 normalised, other numbers as they are.
    public func floats(_ normalization: Normalization, areNormalised: Bool) -> [Float] {
        switch pixels {
        case .bytes(let bytes):
            ImageSet(channels: channels, height: height, width: width, pixels: bytes, labels: labels)
                .floats(Array(labels.indices), normalization)
        case .numbers(let numbers) where areNormalised: numbers
        case .numbers(let numbers):
            numbers.indices.map { at in
                let channel = at / (height * width) % channels
                return (numbers[at] - normalization.mean[channel]) / normalization.std[channel]
            }
        }
    }
}
