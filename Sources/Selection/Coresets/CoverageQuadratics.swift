internal import CKernels
import LinearAlgebra

/// Least squares of y by a quadratic in x.
struct Moments {
    private var x = [Double](repeating: 0, count: 5)
    private var y = [Double](repeating: 0, count: 3)

    mutating func add(_ value: Double, _ result: Double) {
        var power = 1.0
        for exponent in 0..<5 {
            x[exponent] += power
            if exponent < 3 { y[exponent] += power * result }
            power *= value
        }
    }

    /// Zero where the values do not tell.
    var quadratic: (linear: Double, square: Double) {
        guard x[0] > 0 else { return (0, 0) }
        let mean = x[1] / x[0]
        let (m2, m3, m4) = (x[2] / x[0], x[3] / x[0], x[4] / x[0])
        // Covariances of x and x² with each other and with y.
        let (a, b, c) = (m2 - mean * mean, m3 - mean * m2, m4 - m2 * m2)
        let (p, q) = (y[1] / x[0] - mean * y[0] / x[0], y[2] / x[0] - m2 * y[0] / x[0])
        let determinant = a * c - b * b
        guard determinant > 1e-9 * a * c, a * c > 0 else { return (0, 0) }
        return ((c * p - b * q) / determinant, (a * q - b * p) / determinant)
    }
}

extension SimilarityBlocks {
    /// Σ_j linear_j v_jx + square_j v_jx² for all x, v being cosine / 2: one d × d matrix serves all.
    func sumsOfQuadratics(linear: [Float], square: [Float]) -> [Double] {
        let (columns, tall, height) = (x.columns, Int(CK_TALL), 512)
        var triangle = [Float](repeating: 0, count: Int(ck_triangle(columns)))
        var line = [Float](repeating: 0, count: columns)
        var scratch = [Float](repeating: 0, count: (columns + tall + Int(CK_WIDE)) * height + tall * Int(CK_WIDE))
        for top in stride(from: 0, to: count, by: height) {
            let rows = top..<min(count, top + height)
            guard let base = x.base else { continue }
            ck_add_moments(
                base + top * columns, rows.count, columns, Array(scales[rows]), Array(linear[rows]),
                Array(square[rows]), &scratch, &triangle, &line)
        }
        var sums = [Double](repeating: 0, count: (count + tall - 1) / tall * tall)
        for top in stride(from: 0, to: count, by: tall) {
            let left = self.tall(top..<min(count, top + tall))
            sums.withUnsafeMutableBufferPointer { sums in
                withPanels(left) {
                    ck_forms($0, columns, triangle, line, &scratch, sums.baseAddress.map { $0 + top })
                }
            }
        }
        return Array(sums[..<count])
    }
}
