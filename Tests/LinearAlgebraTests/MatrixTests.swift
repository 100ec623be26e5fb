import LinearAlgebra
import Randomness
import Testing

private func random(_ rows: Int, _ columns: Int, seed: Int) -> Matrix {
    var stream = RandomStream(seed: seed, purpose: "matrix")
    return Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in 2 * stream.uniform() - 1 })
}

private func distance(_ a: Matrix, _ b: Matrix) -> Double {
    zip(a.values, b.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// Elements of order 1 and sums of at most 40 of them: rounding stays below 40 × 2⁻⁵² ≈ 1e-14, with a margin of ten.
private let rounding = 1e-13

@Suite struct MatrixTests {
    @Test func productIsRowTimesColumn() {
        let a = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
        let b = Matrix(rows: 3, columns: 2, values: [7, 8, 9, 10, 11, 12])
        #expect((a * b).values == [58, 64, 139, 154])
    }

    @Test func emptyProductsAreZero() {
        let product = Matrix(rows: 2, columns: 0) * Matrix(rows: 0, columns: 3)
        #expect(product == Matrix(rows: 2, columns: 3))
    }

    @Test(arguments: [(6, 6), (40, 4), (3, 1)]) func qrGivesTheMatrixBack(rows: Int, columns: Int) throws {
        let a = random(rows, columns, seed: rows)
        let (q, r) = try a.qr()
        #expect(distance(q * r, a) < rounding)
        let identity = q.transposed * q
        for i in 0..<columns { for j in 0..<columns { #expect(abs(identity[i, j] - (i == j ? 1 : 0)) < rounding) } }
        for i in 0..<columns { for j in 0..<i { #expect(r[i, j] == 0) } }
    }

    @Test(arguments: [(6, 6), (40, 4), (3, 8)]) func svdGivesTheMatrixBack(rows: Int, columns: Int) throws {
        let a = random(rows, columns, seed: 10 + rows)
        let svd = try a.svd()
        var scaled = svd.u
        for i in 0..<rows { for k in svd.singularValues.indices { scaled[i, k] *= svd.singularValues[k] } }
        #expect(distance(scaled * svd.vt, a) < rounding)
        #expect(svd.singularValues == svd.singularValues.sorted(by: >))
    }

    @Test func valuesThatAreNotFiniteAreAnError() {
        let bad = Matrix(rows: 2, columns: 2, values: [1, .nan, 0, 1])
        #expect(throws: FactorizationError.self) { try bad.svd() }
        #expect(throws: FactorizationError.self) { try bad.qr() }
    }
}
