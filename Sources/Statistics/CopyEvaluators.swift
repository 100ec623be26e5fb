/// Evaluates a correlation on a resample that is given as the number of copies of each row.
///
/// Copies instead of lists of rows: a rank is a running sum over the distinct values, and no row is looked up twice.
protocol CopyEvaluator {
    /// - Parameter copies: [m], whole numbers ≥ 0. NaN where the correlation is undefined.
    mutating func value(_ copies: UnsafeBufferPointer<Double>) -> Double
}

/// Spearman's correlation of the first two variables, the others' ranks held fixed.
///
/// A rank is written as 2·(mid-rank − mean rank), a whole number: sums of products of up to 10⁵ of them are exact, and the
/// order of the rows cannot change a bit.
struct GramEvaluator: CopyEvaluator, Sendable {
    /// [variables][rows]
    private let codes: [[Int32]]
    /// Rows of the resample that it looks at; nil: all.
    private let rows: [Int]?
    private var tables: [[Double]]
    private var ranks: [[Double]]
    private var own: [Double]
    private var gram: [Double]

    /// - Parameter rows: a stratum's rows; the variables have values for these alone.
    init(_ variables: [[Double]], rows: [Int]? = nil) {
        let dense = variables.map(DenseRanks.init)
        codes = dense.map(\.codes)
        self.rows = rows
        tables = dense.map { [Double](repeating: 0, count: $0.distinct) }
        let m = variables[0].count
        ranks = variables.map { _ in [Double](repeating: 0, count: m) }
        own = [Double](repeating: 0, count: rows == nil ? 0 : m)
        gram = [Double](repeating: 0, count: variables.count * variables.count)
    }

    /// Copies among the rows that it looks at.
    private(set) var size = 0.0

    mutating func value(_ copies: UnsafeBufferPointer<Double>) -> Double {
        guard let rows else { return evaluate(copies) }
        for (place, row) in rows.enumerated() { own[place] = copies[row] }
        // Copied out: `evaluate` changes the rest of self meanwhile.
        let mine = own
        return mine.withUnsafeBufferPointer { evaluate($0) }
    }

    private mutating func evaluate(_ copies: UnsafeBufferPointer<Double>) -> Double {
        var total = 0.0
        for count in copies { total += count }
        size = total
        for v in codes.indices { fill(v, copies, total: total) }
        let n = codes.count
        for i in 0..<n {
            for j in i..<n {
                gram[i * n + j] = Self.product(ranks[i], ranks[j], copies)
                gram[j * n + i] = gram[i * n + j]
            }
        }
        if n > 2 { return gram.withUnsafeMutableBufferPointer { sweptCorrelation($0, n) } }
        let scale = gram[0] * gram[3]
        return scale > 0 ? min(1, max(-1, gram[1] / scale.squareRoot())) : .nan
    }

    /// `ranks[v]` of a resample of `total` rows.
    private mutating func fill(_ v: Int, _ copies: UnsafeBufferPointer<Double>, total: Double) {
        codes[v].withUnsafeBufferPointer { codes in
            tables[v].withUnsafeMutableBufferPointer { table in
                for i in table.indices { table[i] = 0 }
                for row in codes.indices { table[Int(codes[row])] += copies[row] }
                var below = 0.0
                for i in table.indices {
                    let count = table[i]
                    table[i] = 2 * below + count - total
                    below += count
                }
                ranks[v].withUnsafeMutableBufferPointer { ranks in
                    for row in codes.indices { ranks[row] = table[Int(codes[row])] }
                }
            }
        }
    }

    /// Σ copies · a · b in four sums: every one is a whole number, so that their order does not matter.
    private static func product(_ a: [Double], _ b: [Double], _ copies: UnsafeBufferPointer<Double>) -> Double {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
                var i = 0
                while i + 4 <= a.count {
                    s0 += copies[i] * a[i] * b[i]
                    s1 += copies[i + 1] * a[i + 1] * b[i + 1]
                    s2 += copies[i + 2] * a[i + 2] * b[i + 2]
                    s3 += copies[i + 3] * a[i + 3] * b[i + 3]
                    i += 4
                }
                while i < a.count {
                    s0 += copies[i] * a[i] * b[i]
                    i += 1
                }
                return (s0 + s1) + (s2 + s3)
            }
        }
    }
}

/// Correlations within strata, pooled by Fisher's z.
struct StrataEvaluator: CopyEvaluator, Sendable {
    private var strata: [GramEvaluator]

    init(_ x: [Double], _ y: [Double], _ codes: [Int]) {
        var rows = [Int: [Int]]()
        for (row, code) in codes.enumerated() { rows[code, default: []].append(row) }
        strata = rows.keys.sorted().map { code in
            let members = rows[code] ?? []
            return GramEvaluator([members.map { x[$0] }, members.map { y[$0] }], rows: members)
        }
    }

    mutating func value(_ copies: UnsafeBufferPointer<Double>) -> Double {
        var pool = FisherPool()
        for k in strata.indices {
            let rho = strata[k].value(copies)
            pool.add(rho, count: Int(strata[k].size))
        }
        return pool.value
    }
}
