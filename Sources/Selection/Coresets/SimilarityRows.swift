import LinearAlgebra

/// Similarities of one sample to all, a few samples at a time: those that may be asked for next come with the first.
struct SimilarityRows {
    let blocks: SimilarityBlocks
    private var known: [Int: [Float]] = [:]
    private static let height = 112
    /// As many as one product makes at no cost.
    static let abreast = 32

    init(_ blocks: SimilarityBlocks) { self.blocks = blocks }

    /// Similarities less the offset, [N].
    mutating func row(_ index: Int, alongside others: () -> [Int]) -> [Float] {
        if let row = known[index] { return row }
        let wanted = [index] + others().filter { $0 != index }.prefix(Self.abreast - 1)
        let right = blocks.wide(wanted.map { UInt32($0) })
        var rows = wanted.map { _ in [Float](repeating: 0, count: blocks.count) }
        var products = [Float](repeating: 0, count: Self.height * right.padded)
        var scratch: [Float] = []
        for top in stride(from: 0, to: blocks.count, by: Self.height) {
            let part = top..<min(blocks.count, top + Self.height)
            products.withUnsafeMutableBufferPointer { products in
                blocks.fill(blocks.tall(part), right, into: products, scratch: &scratch)
                for place in rows.indices {
                    rows[place].withUnsafeMutableBufferPointer { row in
                        for i in part { row[i] = products[(i - top) * right.padded + place] }
                    }
                }
            }
        }
        known = .init(uniqueKeysWithValues: zip(wanted, rows))
        return rows[0]
    }
}
