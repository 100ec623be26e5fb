#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Spearman's rank correlation with mid-ranks for ties; nil where it is undefined: fewer than two pairs, a constant
/// side, or a NaN.
public func spearman(_ x: [Double], _ y: [Double]) -> Double? {
    RankCorrelation(x, y).estimate
}

/// Spearman's correlation of `x` and `y` with the ranks of the covariates held fixed: the partial correlation of the
/// ranks. Nil where nothing is left to correlate.
public func partialSpearman(_ x: [Double], _ y: [Double], given covariates: [[Double]]) -> Double? {
    RankCorrelation(x, y, adjustment: .partial(covariates)).estimate
}

/// Spearman's correlation of what is left of `x` and `y` after linear regression on the logarithms of the covariates.
/// Nil where nothing is left, or where a covariate is not positive.
public func residualSpearman(_ x: [Double], _ y: [Double], onLogOf covariates: [[Double]]) -> Double? {
    RankCorrelation(x, y, adjustment: .residual(covariates)).estimate
}

/// Correlations within strata, pooled by Fisher's z.
public struct PooledCorrelation: Sendable, Equatable {
    public struct Stratum: Sendable, Equatable {
        /// The stratum's code, as handed in.
        public let code: Int
        public let count: Int
        /// Nil where undefined: a constant side, or too few rows.
        public let rho: Double?
    }

    /// The pooled correlation; nil where no stratum could be used.
    public let rho: Double?
    /// All strata, by code.
    public let strata: [Stratum]

    public var used: [Stratum] { strata.filter { $0.rho != nil } }
    public var tooSmall: [Stratum] { strata.filter { $0.count < Self.smallest } }
    /// Large enough, but one side does not vary.
    public var constant: [Stratum] { strata.filter { $0.rho == nil && $0.count >= Self.smallest } }

    /// Those with ρ = ±1, which enters the mean as ±`limit`.
    public var perfect: [Stratum] { strata.filter { abs($0.rho ?? 0) == 1 } }

    /// The smallest stratum whose z has a variance, 1/(n − 3).
    public static let smallest = 4

    /// What a perfect correlation of n rows, whose z is infinite, counts as: √(1 − 3/(n³ − n)).
    public static func limit(_ count: Int) -> Double {
        let n = Double(count)
        return (1 - 3 / (n * n * n - n)).squareRoot()
    }
}

/// Spearman's correlation within each stratum, pooled as tanh(Σ (n_k − 3) atanh ρ_k / Σ (n_k − 3)).
///
/// Strata below four rows and strata in which a side is constant are left out. A perfect ρ_k, whose z is infinite,
/// counts as √(1 − 3/(n_k³ − n_k)), between 1 and the largest imperfect value √(1 − 6/(n_k³ − n_k)) (one tied pair on
/// one side), so that one small stratum does not decide alone; where all are perfect alike, so is the pooled one.
public func spearmanWithin(_ x: [Double], _ y: [Double], strata: [Int]) -> PooledCorrelation {
    precondition(x.count == y.count && x.count == strata.count, "one value per row")
    var rows = [Int: [Int]]()
    for (row, code) in strata.enumerated() { rows[code, default: []].append(row) }
    let results = rows.keys.sorted().map { code in
        let members = rows[code] ?? []
        let isLarge = members.count >= PooledCorrelation.smallest
        let rho = isLarge ? spearman(members.map { x[$0] }, members.map { y[$0] }) : nil
        return PooledCorrelation.Stratum(code: code, count: members.count, rho: rho)
    }
    var pool = FisherPool()
    for stratum in results { pool.add(stratum.rho ?? .nan, count: stratum.count) }
    return PooledCorrelation(rho: pool.value.isNaN ? nil : pool.value, strata: results)
}

/// The weighted mean of Fisher's z over strata.
struct FisherPool {
    private var sum = 0.0
    private var weights = 0.0
    private var perfect = 0.0
    private var isPerfect = true

    mutating func add(_ rho: Double, count: Int) {
        guard count >= PooledCorrelation.smallest, !rho.isNaN else { return }
        let (n, limit) = (Double(count), PooledCorrelation.limit(count))
        if abs(rho) < 1 { isPerfect = false }
        if perfect == 0 { perfect = rho } else if perfect != rho { isPerfect = false }
        sum += (n - 3) * atanh(min(max(rho, -limit), limit))
        weights += n - 3
    }

    /// NaN where nothing was added.
    var value: Double { weights == 0 ? .nan : isPerfect ? perfect : tanh(sum / weights) }
}
