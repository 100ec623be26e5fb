/// Partial correlation of ranks: the covariates are swept out of the Gram matrix of the ranks.
struct PartialEvaluator: RankEvaluator {
    private let variables: [DenseRanks]  // x, y, covariates
    private var tables: [RankTable]
    private var codes: [Int32] = []
    private var ranks: [[Double]]

    init(_ x: [Double], _ y: [Double], _ covariates: [[Double]]) {
        variables = ([x, y] + covariates).map(DenseRanks.init)
        tables = variables.map { RankTable(distinct: $0.distinct) }
        ranks = Array(repeating: [], count: variables.count)
    }

    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double {
        for v in variables.indices {
            codes.removeAll(keepingCapacity: true)
            variables[v].codes.withUnsafeBufferPointer { all in
                for row in v == 1 ? yRows : xRows { codes.append(all[Int(row)]) }
            }
            ranks[v].removeAll(keepingCapacity: true)
            codes.withUnsafeBufferPointer { codes in
                _ = tables[v].fill(codes)
                tables[v].ranks.withUnsafeBufferPointer { table in
                    for code in codes { ranks[v].append(table[Int(code)]) }
                }
            }
        }
        return partialCorrelation(ranks)
    }
}

/// Spearman's correlation of the residuals of x and y regressed on the covariates.
struct ResidualEvaluator: RankEvaluator {
    private let x: [Double]
    private let y: [Double]
    private let covariates: [[Double]]

    init(_ x: [Double], _ y: [Double], _ covariates: [[Double]]) {
        (self.x, self.y, self.covariates) = (x, y, covariates)
    }

    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double {
        let columns = covariates.map { column in centered(xRows.map { column[Int($0)] }) }
        let a = residual(xRows.map { x[Int($0)] }, columns)
        let b = residual(yRows.map { y[Int($0)] }, columns)
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
    var gram = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for i in 0..<n {
        for j in i..<n {
            gram[i][j] = dot(columns[i], columns[j])
            gram[j][i] = gram[i][j]
        }
    }
    let total = (0..<n).map { gram[$0][$0] }
    for k in stride(from: n - 1, through: 2, by: -1) where gram[k][k] > negligibleShare * total[k] {
        for i in 0..<k {
            let factor = gram[i][k] / gram[k][k]
            for j in 0..<k { gram[i][j] -= factor * gram[k][j] }
        }
    }
    guard gram[0][0] > negligibleShare * total[0], gram[1][1] > negligibleShare * total[1] else { return .nan }
    return min(1, max(-1, gram[0][1] / (gram[0][0].squareRoot() * gram[1][1].squareRoot())))
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

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var sum = 0.0
            for i in a.indices { sum += a[i] * b[i] }
            return sum
        }
    }
}
