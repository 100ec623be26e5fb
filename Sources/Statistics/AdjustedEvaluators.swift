/// Spearman's correlation of the residuals of x and y regressed on the covariates.
struct ResidualEvaluator: CopyEvaluator, Sendable {
    private let x: [Double]
    private let y: [Double]
    private let covariates: [[Double]]

    init(_ x: [Double], _ y: [Double], _ covariates: [[Double]]) {
        (self.x, self.y, self.covariates) = (x, y, covariates)
    }

    mutating func value(_ copies: UnsafeBufferPointer<Double>) -> Double {
        let rows = copies.indices.flatMap { repeatElement($0, count: Int(copies[$0])) }
        let columns = covariates.map { column in centered(rows.map { column[$0] }) }
        let a = residual(rows.map { x[$0] }, columns)
        let b = residual(rows.map { y[$0] }, columns)
        guard let a, let b else { return .nan }
        return partialCorrelation([centered(midRanks(a)), centered(midRanks(b))])
    }
}

/// What counts as nothing left of a variable's variance after others are swept out: far above the rounding of sums of
/// 10⁵ products, far below any real remainder.
private let negligibleShare = 1e-11

/// The correlation of the first two of the centred `columns` with all others held fixed; NaN where nothing is left.
func partialCorrelation(_ columns: [[Double]]) -> Double {
    let n = columns.count
    var gram = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
        for j in i..<n {
            gram[i * n + j] = dot(columns[i], columns[j])
            gram[j * n + i] = gram[i * n + j]
        }
    }
    return gram.withUnsafeMutableBufferPointer { sweptCorrelation($0, n) }
}

/// The same from the Gram matrix [n, n] of the centred columns, which is overwritten.
func sweptCorrelation(_ gram: UnsafeMutableBufferPointer<Double>, _ n: Int) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: n) { total in
        for k in 0..<n { total.initializeElement(at: k, to: gram[k * n + k]) }
        for k in stride(from: n - 1, through: 2, by: -1) where gram[k * n + k] > negligibleShare * total[k] {
            for i in 0..<k {
                let factor = gram[i * n + k] / gram[k * n + k]
                for j in 0..<k { gram[i * n + j] -= factor * gram[k * n + j] }
            }
        }
        let (left, right) = (gram[0], gram[n + 1])
        guard left > negligibleShare * total[0], right > negligibleShare * total[1] else { return .nan }
        return min(1, max(-1, gram[1] / (left.squareRoot() * right.squareRoot())))
    }
}

func centered(_ values: [Double]) -> [Double] {
    let center = mean(values)
    return values.map { $0 - center }
}

/// What is left of `y` after least squares on the centred columns (modified Gram–Schmidt) and a constant; nil where
/// nothing is.
func residual(_ y: [Double], _ columns: [[Double]]) -> [Double]? {
    var y = centered(y)
    let total = dot(y, y)
    var basis = [[Double]]()
    for column in columns {
        var q = column
        let size = dot(q, q)
        for b in basis { subtract(b, times: dot(b, q) / dot(b, b), from: &q) }
        if dot(q, q) > negligibleShare * size { basis.append(q) }
    }
    for b in basis { subtract(b, times: dot(b, y) / dot(b, b), from: &y) }
    return dot(y, y) > negligibleShare * total ? y : nil
}

private func subtract(_ b: [Double], times factor: Double, from y: inout [Double]) {
    for i in y.indices { y[i] -= factor * b[i] }
}

func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var sum = 0.0
            for i in a.indices { sum += a[i] * b[i] }
            return sum
        }
    }
}
