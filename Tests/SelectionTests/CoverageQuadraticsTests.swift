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
            let blocks = SimilarityBlocks(cosinesOf: x)
            let sums = blocks.sumsOfQuadratics(linear: linear, square: square)
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
}
