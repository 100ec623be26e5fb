internal import CNumerics

/// A dense matrix of `Float`, row-major: features of samples, a row each.
public struct FeatureMatrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public var values: [Float]  // [rows, columns]

    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns >= 0, "a matrix needs non-negative dimensions, not \(rows)×\(columns)")
        precondition(
            values.count == rows * columns, "\(rows)×\(columns) needs \(rows * columns) values, not \(values.count)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    public subscript(row: Int, column: Int) -> Float { values[row * columns + column] }

    /// The first element that is NaN or infinite.
    public var firstNonFinite: (row: Int, column: Int)? {
        let bad = values.withUnsafeBufferPointer { values -> Int? in
            var count = 0  // counting needs no branch, and so runs over many values at once
            for value in values { count &+= value.isFinite ? 0 : 1 }
            return count == 0 ? nil : values.firstIndex { !$0.isFinite }
        }
        return bad.map { ($0 / columns, $0 % columns) }
    }

    /// Chosen rows, in this order.
    public func gathered(_ chosen: [Int]) -> FeatureMatrix {
        var result: [Float] = []
        result.reserveCapacity(chosen.count * columns)
        for row in chosen { result += values[row * columns..<(row + 1) * columns] }
        return FeatureMatrix(rows: chosen.count, columns: columns, values: result)
    }

    /// Calls `body` with the rows in memory, for products without copies.
    public func withRows<Result>(_ body: (FloatRows) -> Result) -> Result {
        NumericsLibrary.prepare()
        return values.withUnsafeBufferPointer { body(FloatRows($0, columns: columns)) }
    }
}

/// Rows of floats in memory that somebody else owns, and their products; valid inside the call that hands it out.
///
/// One BLAS thread: no result depends on the number of threads.
public struct FloatRows {
    public let base: UnsafePointer<Float>?
    public let count: Int
    public let columns: Int

    /// - Parameter values: [count, columns].
    public init(_ values: UnsafeBufferPointer<Float>, columns: Int) {
        precondition(columns == 0 ? values.isEmpty : values.count % columns == 0)
        base = values.baseAddress
        count = columns == 0 ? 0 : values.count / columns
        self.columns = columns
    }

    @inline(__always)
    private func row(_ row: Int) -> UnsafePointer<Float>? { base.map { $0 + row * columns } }

    /// The inner product of two rows; its bits depend on nothing but their values.
    @inline(__always)
    public func dot(_ a: Int, _ b: Int) -> Float { cblas_sdot(blasint(columns), row(a), 1, row(b), 1) }

    /// The inner product of a row with a vector, [columns].
    @inline(__always)
    public func dot(_ row: Int, _ vector: UnsafePointer<Float>) -> Float {
        cblas_sdot(blasint(columns), self.row(row), 1, vector, 1)
    }

    /// A · Bᵀ of a range of rows and a range of another matrix's rows, [a.count, b.count].
    public func products(
        _ a: Range<Int>, _ other: FloatRows, _ b: Range<Int>, into result: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(columns == other.columns && result.count >= a.count * b.count)
        guard !a.isEmpty, !b.isEmpty, columns > 0 else { return result.initialize(repeating: 0) }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(a.count), blasint(b.count), blasint(columns), 1,
            row(a.lowerBound), blasint(columns), other.row(b.lowerBound), blasint(columns), 0, result.baseAddress,
            blasint(b.count))
    }

    /// Adds Aᵀ · B over all rows of two matrices with equally many rows to `result`, [columns, other.columns].
    public func addTransposedProduct(_ other: FloatRows, to result: UnsafeMutableBufferPointer<Float>) {
        precondition(count == other.count && result.count >= columns * other.columns)
        guard count > 0, columns > 0, other.columns > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, blasint(columns), blasint(other.columns), blasint(count), 1, base,
            blasint(columns), other.base, blasint(other.columns), 1, result.baseAddress, blasint(other.columns))
    }
}
