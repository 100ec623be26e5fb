internal import CKernels

/// All similarities of a few samples less the offset, [N, N].
struct StoredSimilarities {
    private let count: Int
    private var values: [Float]
    private static let size = 1024

    init(_ blocks: SimilarityBlocks) {
        count = blocks.count
        values = .init(repeating: 0, count: count * count)
        let side = min(Self.size, count) + 32
        var products = [Float](repeating: 0, count: side * side)
        var scratch: [Float] = []
        let parts = stride(from: 0, to: count, by: Self.size).map { $0..<min(blocks.count, $0 + Self.size) }
        for a in parts {
            let left = blocks.tall(a)
            for b in parts where b.lowerBound >= a.lowerBound {
                let right = blocks.wide(b)
                products.withUnsafeMutableBufferPointer { blocks.fill(left, right, into: $0, scratch: &scratch) }
                for (i, row) in a.enumerated() {
                    for (j, column) in b.enumerated() {
                        let value = products[i * right.padded + j]
                        values[row * count + column] = value
                        values[column * count + row] = value
                    }
                }
            }
        }
    }

    /// Σ_j max(0, s(j, x) − covered_j).
    func gain(_ index: Int, over covered: [Float]) -> Double {
        values.withUnsafeBufferPointer { values in
            ck_gain(values.baseAddress.map { $0 + index * count }, covered, count)
        }
    }

    func row(_ index: Int) -> [Float] { Array(values[index * count..<(index + 1) * count]) }
}
