#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Correlates x with rearrangements of y.
protocol PermutationEvaluator {
    /// ρ of x with y at `order`, [m]; NaN where it is undefined.
    mutating func value(_ order: [Int32]) -> Double
}

/// The correlation of two columns of which the second is rearranged: their sums of squares stay as they are.
private struct PermutedRanks: PermutationEvaluator, Sendable {
    private let x: [Double]
    private let y: [Double]
    private let scale: Double

    /// - Parameter x, y: centred ranks, or residuals.
    init(_ x: [Double], _ y: [Double]) {
        (self.x, self.y) = (x, y)
        scale = (dot(x, x) * dot(y, y)).squareRoot()
    }

    func value(_ order: [Int32]) -> Double {
        scale > 0 ? min(1, max(-1, dot(x, y, at: order) / scale)) : .nan
    }
}

/// The same within strata, pooled by Fisher's z.
private struct PermutedStrata: PermutationEvaluator, Sendable {
    private struct Stratum {
        let rows: [Int]
        let x: [Double]
        let scale: Double
    }

    private let strata: [Stratum]
    /// By row: y's rank in its stratum, centred.
    private let y: [Double]

    init(_ x: [Double], _ y: [Double], _ codes: [Int]) {
        var rows = [Int: [Int]]()
        for (row, code) in codes.enumerated() { rows[code, default: []].append(row) }
        var ranks = [Double](repeating: 0, count: y.count)
        strata = rows.keys.sorted().map { code in
            let members = rows[code] ?? []
            let (rx, ry) = (centered(midRanks(members.map { x[$0] })), centered(midRanks(members.map { y[$0] })))
            for (row, rank) in zip(members, ry) { ranks[row] = rank }
            return Stratum(rows: members, x: rx, scale: (dot(rx, rx) * dot(ry, ry)).squareRoot())
        }
        self.y = ranks
    }

    func value(_ order: [Int32]) -> Double {
        var pool = FisherPool()
        for stratum in strata where stratum.scale > 0 {
            var sum = 0.0
            for (i, row) in stratum.rows.enumerated() { sum += stratum.x[i] * y[Int(order[row])] }
            pool.add(min(1, max(-1, sum / stratum.scale)), count: stratum.rows.count)
        }
        return pool.value
    }
}

/// The partial correlation with what regression on the covariates leaves of y rearranged (Freedman & Lane 1983).
private struct PermutedPartial: PermutationEvaluator, Sendable {
    private let x: [Double]
    private let y: [Double]
    private let covariates: [[Double]]
    /// Of all columns, x, y, covariates; y's products are those of its first order.
    private let gram: [Double]
    private var work: [Double]

    init(_ x: [Double], _ y: [Double], _ covariates: [[Double]]) {
        (self.x, self.y, self.covariates) = (x, y, covariates)
        let columns = [x, y] + covariates
        gram = columns.flatMap { a in columns.map { b in dot(a, b) } }
        work = gram
    }

    mutating func value(_ order: [Int32]) -> Double {
        let n = covariates.count + 2
        work.replaceSubrange(0..<work.count, with: gram)
        for (column, other) in ([0] + Array(2..<n)).enumerated() {
            let product = dot(column == 0 ? x : covariates[column - 1], y, at: order)
            work[n + other] = product
            work[other * n + 1] = product
        }
        return work.withUnsafeMutableBufferPointer { sweptCorrelation($0, n) }
    }
}

extension RankCorrelation {
    /// nil where nothing is left of x or y to rearrange. The value at the identity is the estimate.
    func makePermutationEvaluator() -> (any PermutationEvaluator & Sendable)? {
        switch adjustment {
        case .none: return PermutedRanks(centered(midRanks(x)), centered(midRanks(y)))
        case .within(let codes): return PermutedStrata(x, y, codes)
        case .partial(let columns):
            let ranked = columns.map { centered(midRanks($0)) }
            guard let left = residual(midRanks(y), ranked) else { return nil }
            return PermutedPartial(centered(midRanks(x)), left, ranked)
        case .residual(let columns):
            // Among rows with equal covariates the residuals of a rearranged y are the rearranged residuals.
            let logs = columns.map { centered($0.map { log($0) }) }
            guard let a = residual(x, logs), let b = residual(y, logs) else { return nil }
            return PermutedRanks(centered(midRanks(a)), centered(midRanks(b)))
        }
    }
}

private func dot(_ a: [Double], _ b: [Double], at order: [Int32]) -> Double {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            order.withUnsafeBufferPointer { order in
                var (even, odd) = (0.0, 0.0)
                var i = 0
                while i + 1 < a.count {
                    even += a[i] * b[Int(order[i])]
                    odd += a[i + 1] * b[Int(order[i + 1])]
                    i += 2
                }
                if i < a.count { even += a[i] * b[Int(order[i])] }
                return even + odd
            }
        }
    }
}
