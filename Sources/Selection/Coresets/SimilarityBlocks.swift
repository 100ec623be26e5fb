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
    /// All rows for the left side of products, where many products ask for them.
    private var panels: Block?

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

    /// Rows packed for one side of a product; zeros fill the last panel, or, in a slice of packed rows, those that follow.
    struct Block {
        let indices: [UInt32]
        /// Rows with the zeros.
        let padded: Int
        let panels: Int
        /// Panels of others may stand before its own, which begin at row `start`.
        fileprivate let x: [Float]
        fileprivate let g: [Float]?
        fileprivate var start = 0
    }

    /// Packs all rows for the left side of products once, for as much memory as the features take: worth it where the whole
    /// of them meets few columns at a time.
    mutating func packTall() { panels = tall(0..<count) }

    /// The left side of a product.
    func tall(_ indices: [UInt32]) -> Block { block(indices, panel: Int(CK_TALL)) }
    /// The right side.
    func wide(_ indices: [UInt32]) -> Block { block(indices, panel: Int(CK_WIDE)) }
    func tall(_ indices: Range<Int>) -> Block {
        guard let panels, indices.lowerBound % Int(CK_TALL) == 0 else { return tall(indices.map { UInt32($0) }) }
        let count = (indices.count + Int(CK_TALL) - 1) / Int(CK_TALL)
        return Block(
            indices: Array(panels.indices[indices]), padded: count * Int(CK_TALL), panels: count, x: panels.x,
            g: panels.g, start: indices.lowerBound)
    }
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
        multiply(a.x, a, b.x, b, x.columns, result.baseAddress)
        guard let g, let ag = a.g, let bg = b.g else { return }
        if scratch.count < a.padded * b.padded { scratch = .init(repeating: 0, count: a.padded * b.padded) }
        scratch.withUnsafeMutableBufferPointer { scratch in
            multiply(ag, a, bg, b, g.columns, scratch.baseAddress)
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

    private func multiply(
        _ left: [Float], _ a: Block, _ right: [Float], _ b: Block, _ columns: Int,
        _ result: UnsafeMutablePointer<Float>?
    ) {
        left.withUnsafeBufferPointer { left in
            ck_products(
                left.baseAddress.map { $0 + a.start * columns }, a.panels, right, b.panels, columns, result)
        }
    }

    /// Lends the scaled features of a block, panel after panel.
    func withPanels<Result>(_ block: Block, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
        block.x.withUnsafeBufferPointer { body($0.baseAddress.map { $0 + block.start * x.columns }) }
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
