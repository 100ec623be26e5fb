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
    private let x: FloatRows
    private let g: FloatRows?
    /// √½ / ‖x‖ for cosines, [N].
    private let scales: [Float]
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

    /// Rows side by side in memory.
    struct Block {
        let indices: [Int]
        fileprivate let x: FeatureMatrix
        fileprivate let g: FeatureMatrix?
    }

    func block(_ indices: [Int]) -> Block {
        Block(indices: indices, x: gathered(x, indices, scaled: kind == .cosine), g: g.map { gathered($0, indices) })
    }

    private func gathered(_ rows: FloatRows, _ indices: [Int], scaled: Bool = false) -> FeatureMatrix {
        let columns = rows.columns
        let values = [Float](unsafeUninitializedCapacity: indices.count * columns) { buffer, count in
            count = indices.count * columns
            guard let base = rows.base, let target = buffer.baseAddress else { return }
            for (place, index) in indices.enumerated() {
                let (from, to) = (base + index * columns, target + place * columns)
                let scale = scaled ? scales[index] : 1
                for column in 0..<columns { to[column] = scale * from[column] }
            }
        }
        return FeatureMatrix(rows: indices.count, columns: columns, values: values)
    }

    /// Similarities less the offset, [a.count, b.count].
    func fill(_ a: Block, _ b: Block, into result: UnsafeMutableBufferPointer<Float>, scratch: inout [Float]) {
        let (rows, columns) = (a.indices.count, b.indices.count)
        multiply(a.x, b.x, into: result)
        guard let ag = a.g, let bg = b.g else { return }
        scratch.withUnsafeMutableBufferPointer { scratch in
            multiply(ag, bg, into: scratch)
            for i in 0..<rows {
                let own = squares[a.indices[i]]
                for j in 0..<columns {
                    let product = scratch[i * columns + j] * (1 + result[i * columns + j])
                    let square = a.indices[i] == b.indices[j] ? 0 : own + squares[b.indices[j]] - 2 * product
                    result[i * columns + j] = -max(0, square).squareRoot()
                }
            }
        }
    }

    private func multiply(_ a: FeatureMatrix, _ b: FeatureMatrix, into result: UnsafeMutableBufferPointer<Float>) {
        a.withRows { a in b.withRows { b in a.products(0..<a.count, b, 0..<b.count, into: result) } }
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
