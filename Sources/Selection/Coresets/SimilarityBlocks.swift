internal import CKernels
import LinearAlgebra

/// Blocks of a similarity matrix [N, N] that is never formed.
///
/// A similarity is `offset` plus the number in the block: what all of them share need not be added to each.
struct SimilarityBlocks {
    enum Kind: Equatable {
        /// (1 + cosine) / 2 of the features; 1/2 for a row of zeros.
        case cosine
        /// `offset` − ‖u − u'‖ with u = g ⊗ [x; 1], by ⟨u, u'⟩ = ⟨g, g'⟩ (1 + ⟨x, x'⟩).
        case gradientDistance
    }

    let kind: Kind
    let offset: Double
    let x: FloatRows
    private let g: FloatRows?
    /// √½ / ‖x‖ for cosines, [N].
    let scales: [Float]
    /// ‖u‖² for distances, [N].
    private let squares: [Float]

    init(cosinesOf x: FloatRows) {
        kind = .cosine
        offset = 0.5
        self.x = x
        g = nil
        scales = CosineSums(x).inverse.map { Float($0 * 0.5.squareRoot()) }
        squares = []
    }

    /// No distance exceeds the offset, twice the largest ‖u‖: similarities are not negative.
    init(distancesOf g: FloatRows, _ x: FloatRows) {
        kind = .gradientDistance
        self.x = x
        self.g = g
        scales = []
        squares = (0..<x.count).map { g.dot($0, $0) * (1 + x.dot($0, $0)) }
        offset = 2 * Double(squares.max() ?? 0).squareRoot()
    }

    var count: Int { x.count }

    /// Rows packed for one side of a product; zeros fill the last panel.
    struct Block {
        let indices: [UInt32]
        /// Rows with the zeros.
        let padded: Int
        let panels: Int
        let x: [Float]
        fileprivate let g: [Float]?
    }

    /// The left side of a product.
    func tall(_ indices: [UInt32]) -> Block { block(indices, panel: Int(CK_TALL)) }
    /// The right side.
    func wide(_ indices: [UInt32]) -> Block { block(indices, panel: Int(CK_WIDE)) }
    func tall(_ indices: Range<Int>) -> Block { tall(indices.map { UInt32($0) }) }
    func wide(_ indices: Range<Int>) -> Block { wide(indices.map { UInt32($0) }) }

    private func block(_ indices: [UInt32], panel: Int) -> Block {
        let panels = (indices.count + panel - 1) / panel
        func packed(_ rows: FloatRows, scales: [Float]?) -> [Float] {
            let size = panels * panel * rows.columns
            return [Float](unsafeUninitializedCapacity: size) { buffer, count in
                count = size
                guard size > 0 else { return }
                ck_pack(rows.base, rows.columns, indices, indices.count, scales, panel, buffer.baseAddress)
            }
        }
        return Block(
            indices: indices, padded: panels * panel, panels: panels,
            x: packed(x, scales: kind == .cosine ? scales : nil),
            g: g.map { packed($0, scales: nil) })
    }

    /// Similarities less the offset, [a.padded, b.padded]; those of padding are anything.
    ///
    /// Their bits depend on the two samples alone.
    func fill(_ a: Block, _ b: Block, into result: UnsafeMutableBufferPointer<Float>, scratch: inout [Float]) {
        precondition(result.count >= a.padded * b.padded)
        guard a.panels > 0, b.panels > 0 else { return }
        ck_products(a.x, a.panels, b.x, b.panels, x.columns, result.baseAddress)
        guard let g, let ag = a.g, let bg = b.g else { return }
        if scratch.count < a.padded * b.padded { scratch = .init(repeating: 0, count: a.padded * b.padded) }
        scratch.withUnsafeMutableBufferPointer { scratch in
            ck_products(ag, a.panels, bg, b.panels, g.columns, scratch.baseAddress)
            let others = b.indices.map { squares[Int($0)] }
            for (i, row) in a.indices.enumerated() {
                let (own, line) = (squares[Int(row)], i * b.padded)
                for j in others.indices {
                    let product = scratch[line + j] * (1 + result[line + j])
                    result[line + j] = -max(0, own + others[j] - 2 * product).squareRoot()
                }
                for j in others.indices where b.indices[j] == row { result[line + j] = 0 }
            }
        }
    }

    /// One similarity less the offset.
    @inline(__always)
    func value(_ a: Int, _ b: Int) -> Float {
        guard let g else { return x.dot(a, b) * scales[a] * scales[b] }
        if a == b { return 0 }
        return -max(0, squares[a] + squares[b] - 2 * g.dot(a, b) * (1 + x.dot(a, b))).squareRoot()
    }

    /// Σ_j s(j, x) for all x where that is linear in x.
    func linearSums() -> [Double]? {
        guard kind == .cosine else { return nil }
        let cosines = CosineSums(x)
        let total = cosines.sum(of: 0..<count)
        return (0..<count).map { 0.5 * (Double(count) + cosines.product($0, total)) }
    }
}
