import LinearAlgebra
import Testing

/// Small whole numbers: every product is exact in single precision.
private func matrix(_ rows: Int, _ columns: Int, _ step: Int) -> FeatureMatrix {
    FeatureMatrix(rows: rows, columns: columns, values: (0..<rows * columns).map { Float($0 * step % 7 - 3) })
}

@Suite struct FeatureMatrixTests {
    @Test(arguments: [1, 3, 31, 32, 33, 100]) func productsAreSums(_ columns: Int) {
        let (a, b) = (matrix(5, columns, 3), matrix(4, columns, 5))
        func sum(_ i: Int, _ j: Int) -> Float {
            (0..<columns).reduce(0) { $0 + a[i, $1] * b[j, $1] }
        }
        a.withRows { x in
            b.withRows { y in
                var block = [Float](repeating: .nan, count: 6)
                block.withUnsafeMutableBufferPointer { x.products(1..<4, y, 2..<4, into: $0) }
                #expect(block == (1..<4).flatMap { i in (2..<4).map { sum(i, $0) } })
            }
            #expect(x.dot(1, 4) == (0..<columns).reduce(0) { $0 + a[1, $1] * a[4, $1] })
            #expect(x.dot(2, Array(b.values[columns..<2 * columns])) == sum(2, 1))
        }
    }

    @Test func transposedProductsAreAdded() {
        let (a, b) = (matrix(6, 2, 3), matrix(6, 3, 5))
        var result = [Float](repeating: 1, count: 6)
        a.withRows { x in
            b.withRows { y in result.withUnsafeMutableBufferPointer { x.addTransposedProduct(y, to: $0) } }
        }
        let expected = (0..<2).flatMap { i in
            (0..<3).map { j in (0..<6).reduce(Float(1)) { $0 + a[$1, i] * b[$1, j] } }
        }
        #expect(result == expected)
    }

    @Test func rowsAreGatheredAndBadOnesFound() {
        var a = matrix(4, 3, 2)
        #expect(
            a.gathered([3, 0, 3]).values == Array(a.values[9..<12]) + Array(a.values[0..<3]) + Array(a.values[9..<12]))
        #expect(a.firstNonFinite == nil)
        a.values[7] = -.infinity
        a.values[10] = .nan
        #expect(a.firstNonFinite?.row == 2 && a.firstNonFinite?.column == 1)
    }

    @Test func emptyMatricesHaveNoProducts() {
        let none = FeatureMatrix(rows: 2, columns: 0, values: [])
        #expect(none.firstNonFinite == nil)
        var block = [Float](repeating: 5, count: 4)
        none.withRows { x in block.withUnsafeMutableBufferPointer { x.products(0..<2, x, 0..<2, into: $0) } }
        #expect(block == [0, 0, 0, 0])
    }
}
