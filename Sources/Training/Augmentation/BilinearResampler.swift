/// Enlarges regions of an image to its full size, as PyTorch's `interpolate(mode="bilinear", align_corners=False)` does
/// with the cropped region: pixels are squares, and beyond the region's outermost centres its edge repeats.
final class BilinearResampler {
    private let shape: ImageShape
    /// For each target column the source column at its left, the one at its right, and the right one's weight.
    private let lefts: UnsafeMutablePointer<Int32>
    private let rights: UnsafeMutablePointer<Int32>
    private let weights: FloatBuffer
    /// Two source rows, enlarged horizontally, [2, width].
    private let rows: FloatBuffer

    init(_ shape: ImageShape) {
        self.shape = shape
        lefts = .allocate(capacity: shape.width)
        rights = .allocate(capacity: shape.width)
        lefts.initialize(repeating: 0, count: shape.width)
        rights.initialize(repeating: 0, count: shape.width)
        weights = FloatBuffer(shape.width)
        rows = FloatBuffer(2 * shape.width)
    }

    deinit {
        lefts.deallocate()
        rights.deallocate()
    }

    func enlarge(
        _ image: UnsafePointer<Float>, _ region: ImageRegion, mirrored: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (shape.height, shape.width)
        for column in 0..<width {
            let (first, second, weight) = Self.place(column, of: width, from: region.width)
            let out = mirrored ? width - 1 - column : column
            lefts[out] = Int32(region.left + first)
            rights[out] = Int32(region.left + second)
            weights.pointer[out] = weight
        }
        for channel in 0..<shape.channels {
            let source = image + channel * height * width
            // The source rows that lie enlarged in `upper` and `lower`.
            var (upperRow, lowerRow) = (-1, -1)
            var (upper, lower) = (rows.pointer, rows.pointer + width)
            for row in 0..<height {
                let (first, second, weight) = Self.place(row, of: height, from: region.height)
                if upperRow != first, lowerRow == first {
                    swap(&upper, &lower)
                    swap(&upperRow, &lowerRow)
                }
                if upperRow != first {
                    widen(source + (region.top + first) * width, into: upper)
                    upperRow = first
                }
                if lowerRow != second {
                    widen(source + (region.top + second) * width, into: lower)
                    lowerRow = second
                }
                let out = target + (channel * height + row) * width
                for column in 0..<width { out[column] = (1 - weight) * upper[column] + weight * lower[column] }
            }
        }
    }

    private func widen(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        let weights = weights.pointer
        for column in 0..<shape.width {
            let right = weights[column]
            target[column] = (1 - right) * source[Int(lefts[column])] + right * source[Int(rights[column])]
        }
    }

    /// The two source pixels of a target pixel's centre, and the weight of the second.
    private static func place(_ index: Int, of count: Int, from sources: Int) -> (Int, Int, Float) {
        let centre = (Float(index) + 0.5) * (Float(sources) / Float(count)) - 0.5
        guard centre > 0 else { return (0, min(1, sources - 1), 0) }
        let first = Int(centre)
        return (first, min(first + 1, sources - 1), centre - Float(first))
    }
}
