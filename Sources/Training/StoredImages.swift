/// Images that are only looked at, [n, channels, height, width].
public enum StoredImages: Sendable, Equatable {
    /// Normalised.
    case floats([Float])
    /// As files have them, a quarter of the memory; channel c of a pixel p is `table[256 c + p]` to the network.
    case bytes([UInt8], table: [Float])

    /// Pixels of all channels of all images.
    public var count: Int {
        switch self {
        case .floats(let values): values.count
        case .bytes(let bytes, _): bytes.count
        }
    }

    /// Why such images cannot be of this shape, or nil.
    func fault(shape: ImageShape) -> String? {
        guard case .bytes(_, let table) = self, table.count != 256 * shape.channels else { return nil }
        return "a table of \(table.count) values for \(shape.channels) channels of 256"
    }

    /// Hands images out in blocks of at most `images`, normalised; the block is valid during the call.
    func forEachBlock(
        of images: Int, shape: ImageShape,
        _ body: (_ first: Int, _ count: Int, UnsafePointer<Float>) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let total = count / shape.count
        guard total > 0 else { return }
        switch self {
        case .floats(let values):
            try values.withPointer { values throws(TrainingError) in try body(0, total, values) }
        case .bytes(let bytes, let table):
            let block = FloatBuffer(min(images, total) * shape.count)
            for first in stride(from: 0, to: total, by: images) {
                let count = min(images, total - first)
                Self.normalise(bytes, from: first * shape.count, count: count, shape, table, into: block.pointer)
                try body(first, count, UnsafePointer(block.pointer))
            }
        }
    }

    private static func normalise(
        _ bytes: [UInt8], from start: Int, count: Int, _ shape: ImageShape, _ table: [Float],
        into target: UnsafeMutablePointer<Float>
    ) {
        let plane = shape.height * shape.width
        bytes.withUnsafeBufferPointer { bytes in
            table.withUnsafeBufferPointer { table in
                for row in 0..<count * shape.channels {
                    let base = 256 * (row % shape.channels)
                    for at in row * plane..<(row + 1) * plane { target[at] = table[base + Int(bytes[start + at])] }
                }
            }
        }
    }
}
