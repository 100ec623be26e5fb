import LinearAlgebra
import Randomness
import Testing

@testable import Selection

@Suite struct CoverageQuadraticsTests {
    /// Σ_j linear_j v_jx + square_j v_jx² with v = cosine / 2, from its definition: a row of zeros counts nothing.
    @Test(arguments: [1, 13, 31, 33, 70]) func sumsAreThoseOfThePairs(_ columns: Int) {
        let count = 530
        var stream = RandomStream("quadratics", seed: 3, purpose: "test")
        var values = (0..<count * columns).map { _ in Float(stream.normal()) }
        for column in 0..<columns { values[7 * columns + column] = 0 }
        let linear = (0..<count).map { _ in Float(stream.normal()) }
        let square = (0..<count).map { _ in Float(stream.normal()) }
        FeatureMatrix(rows: count, columns: columns, values: values).withRows { x in
            var blocks = SimilarityBlocks(cosinesOf: x)
            let sums = blocks.sumsOfQuadratics(linear: linear, square: square)
            blocks.packTall()
            #expect(blocks.sumsOfQuadratics(linear: linear, square: square) == sums)
            #expect(sums.count == count && sums[7] == 0)
            for index in stride(from: 0, to: count, by: 5) {
                var expected = 0.0
                for other in 0..<count {
                    let value = Double(blocks.value(other, index))
                    expected += Double(linear[other]) * value + Double(square[other]) * value * value
                }
                // 530 terms of size 1/2 in single precision.
                #expect(abs(sums[index] - expected) <= 1e-4, "\(index)")
            }
        }
    }

    /// Products of rows packed once have the bits of rows packed for the purpose, wherever a slice begins and ends.
    @Test(arguments: [0..<14, 28..<70, 42..<61, 5..<30, 56..<75]) func packedRowsAreTheSameRows(_ range: Range<Int>) {
        let (count, columns) = (75, 33)
        var stream = RandomStream("packed", seed: 4, purpose: "test")
        let x = FeatureMatrix(
            rows: count, columns: columns, values: (0..<count * columns).map { _ in Float(stream.normal()) })
        let g = FeatureMatrix(rows: count, columns: 5, values: (0..<count * 5).map { _ in Float(stream.normal()) })
        x.withRows { x in
            g.withRows { g in
                for blocks in [SimilarityBlocks(cosinesOf: x), SimilarityBlocks(distancesOf: g, x)] {
                    var packed = blocks
                    packed.packTall()
                    let right = blocks.wide(0..<count)
                    let (own, slice) = (blocks.tall(range), packed.tall(range))
                    #expect(slice.indices == own.indices && slice.padded == own.padded)
                    var scratch: [Float] = []
                    var products = [own, slice].map { _ in [Float](repeating: 0, count: own.padded * right.padded) }
                    products[0].withUnsafeMutableBufferPointer { blocks.fill(own, right, into: $0, scratch: &scratch) }
                    products[1].withUnsafeMutableBufferPointer {
                        packed.fill(slice, right, into: $0, scratch: &scratch)
                    }
                    let used = range.count * right.padded
                    for row in 0..<range.count {
                        let line = row * right.padded..<row * right.padded + count
                        #expect(products[0][line] == products[1][line])
                    }
                    #expect(products[0][..<used].contains { $0 != 0 })
                }
            }
        }
    }
}
