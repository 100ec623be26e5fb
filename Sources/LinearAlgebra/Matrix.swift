internal import CNumerics

/// A dense matrix of `Double`, row-major: element (i, j) is `values[i * columns + j]`.
public struct Matrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public var values: [Double]  // [rows, columns]

    public init(rows: Int, columns: Int, values: [Double]) {
        precondition(rows >= 0 && columns >= 0, "a matrix needs non-negative dimensions, not \(rows)×\(columns)")
        precondition(
            values.count == rows * columns, "\(rows)×\(columns) needs \(rows * columns) values, not \(values.count)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// All elements zero.
    public init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
    }

    public subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    public var transposed: Matrix {
        var result = Matrix(rows: columns, columns: rows)
        for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
        return result
    }

    /// The matrix product, [m, k] · [k, n] → [m, n].
    public static func * (a: Matrix, b: Matrix) -> Matrix {
        precondition(a.columns == b.rows, "\(a.rows)×\(a.columns) times \(b.rows)×\(b.columns) does not fit")
        var result = Matrix(rows: a.rows, columns: b.columns)
        guard a.rows > 0, b.columns > 0, a.columns > 0 else { return result }
        NumericsLibrary.prepare()
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(a.rows), blasint(b.columns), blasint(a.columns), 1,
            a.values, blasint(a.columns), b.values, blasint(b.columns), 0, &result.values, blasint(b.columns))
        return result
    }
}

/// One BLAS thread inside a call: threads make small problems many times slower and their sums depend on the thread
/// count. Parallelism belongs to the callers, over whole fits, runs or blocks.
public enum NumericsLibrary {
    private static let prepared: Void = openblas_set_num_threads(1)

    public static func prepare() { prepared }
}
