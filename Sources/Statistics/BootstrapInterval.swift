import Randomness

/// An interval from a bootstrap distribution.
public struct BootstrapInterval: Sendable, Equatable {
    public enum Method: String, Sendable { case percentile, bca }

    public let low: Double
    public let high: Double
    public let level: Double
    public let method: Method
    /// Resamples drawn, and those among them in which the statistic was undefined (left out).
    public let resamples: Int
    public let undefined: Int

    /// The percentile interval: the (1 ∓ level)/2 quantiles of the defined resamples; nil where fewer than half are.
    public init?(percentilesOf distribution: [Double], level: Double) {
        self.init(distribution, level: level, method: .percentile) { $0 }
    }

    /// Where a corrected end has fewer resamples than this beyond it, it is the resamples' noise: BCa is then out of reach.
    public static let fewestBeyond = 10.0

    /// The bias-corrected and accelerated interval (Efron 1987); nil where fewer than half of the resamples are defined,
    /// where `bcaShares` are not, and where one of them is out of the resamples' reach.
    ///
    /// - Parameter jackknife: the statistic with each unit left out in turn, NaN where undefined.
    public init?(bcaOf distribution: [Double], estimate: Double, jackknife: [Double], level: Double) {
        guard let shares = Self.bcaShares(of: distribution, estimate: estimate, jackknife: jackknife, level: level),
            Double(distribution.count { !$0.isNaN }) * min(shares.low, 1 - shares.high) >= Self.fewestBeyond
        else { return nil }
        self.init(distribution, level: level, method: .bca) { $0 < 0.5 ? shares.low : shares.high }
    }

    /// The shares of the resamples at which BCa's ends lie: (1 ∓ level)/2 after the corrections of bias and acceleration;
    /// nil where one of these, or at a very skewed end the corrected share, is undefined.
    static func bcaShares(
        of distribution: [Double], estimate: Double, jackknife: [Double], level: Double
    ) -> (low: Double, high: Double)? {
        let defined = distribution.filter { !$0.isNaN }
        let below = defined.count { $0 < estimate }
        let equal = defined.count { $0 == estimate }
        let bias = normalQuantile((Double(below) + Double(equal) / 2) / Double(defined.count))
        let left = jackknife.filter { !$0.isNaN }
        let center = mean(left)
        let squares = left.reduce(0) { $0 + (center - $1) * (center - $1) }
        let cubes = left.reduce(0) { $0 + (center - $1) * (center - $1) * (center - $1) }
        guard bias.isFinite, squares > 0 else { return nil }
        let acceleration = cubes / (6 * squares * squares.squareRoot())
        func corrected(_ share: Double) -> Double {
            let z = bias + normalQuantile(share)
            // At 1 − a·z = 0 the corrected share has its pole; beyond it, it would run backwards.
            let scale = 1 - acceleration * z
            return scale > 0 ? normalCDF(bias + z / scale) : .nan
        }
        let (low, high) = (corrected((1 - level) / 2), corrected((1 + level) / 2))
        return low.isFinite && high.isFinite ? (low, high) : nil
    }

    private init?(_ distribution: [Double], level: Double, method: Method, share: (Double) -> Double) {
        precondition(level > 0 && level < 1, "a level lies between 0 and 1")
        let defined = distribution.filter { !$0.isNaN }.sorted()
        guard defined.count * 2 >= distribution.count, !defined.isEmpty else { return nil }
        let (a, b) = (share((1 - level) / 2), share((1 + level) / 2))
        guard a.isFinite, b.isFinite else { return nil }
        low = quantile(a, ofSorted: defined)
        high = quantile(b, ofSorted: defined)
        self.level = level
        self.method = method
        resamples = distribution.count
        undefined = distribution.count - defined.count
    }
}

extension RankCorrelation {
    /// Below this many independent units the interval is BCa where it is within reach, from it on percentile: BCa's
    /// correction matters while ρ's distribution is skewed.
    public static let bcaBelow = 50

    /// A bootstrap interval of the correlation; nil where the correlation, or half of the resamples, are undefined.
    ///
    /// Where a BCa interval is undefined or out of reach the percentile interval is given, and says so.
    public func bootstrap(
        resamples: Int = 10_000, level: Double = 0.95, seed: Int, identity: String = "", clusters: [Int]? = nil,
        method: BootstrapInterval.Method? = nil, threads: Int = 1
    ) -> BootstrapInterval? {
        bootstrapDistribution(
            resamples: resamples, seed: seed, identity: identity, clusters: clusters, threads: threads
        )?.interval(method, level: level)
    }

    /// The correlation in resamples of its units; nil where it is undefined.
    ///
    /// Units are pairs, or whole clusters where `clusters` gives a code per row. With strata, units are drawn within
    /// their stratum (unless a cluster crosses strata). Resample i reads the stream of index i: the distribution does not
    /// depend on `threads`, and correlations of the same rows, strata and clusters see the same resamples.
    public func bootstrapDistribution(
        resamples: Int = 10_000, seed: Int, identity: String = "", clusters: [Int]? = nil, threads: Int = 1
    ) -> BootstrapDistribution? {
        guard let estimate, resamples > 0 else { return nil }
        return bootstrapDistribution(
            of: estimate, unitPools(clusters), resamples: resamples, seed: seed, identity: identity, threads: threads,
            makeCopyEvaluator)
    }

    /// The same with twenty times as many resamples, where BCa's ends would rest on a few of those drawn and that helps;
    /// nil where it is not needed, or no help.
    public func extended(
        _ distribution: BootstrapDistribution, level: Double = 0.95, seed: Int, identity: String = "",
        clusters: [Int]? = nil, threads: Int = 1
    ) -> BootstrapDistribution? {
        let (drawn, factor) = (Double(distribution.values.count), 20)
        // An end with five times the least number beyond it is settled to some hundredths.
        guard let needed = distribution.resamplesForBCa(level: level), drawn < 5 * needed,
            needed <= drawn * Double(factor)
        else { return nil }
        return bootstrapDistribution(
            resamples: distribution.values.count * factor, seed: seed, identity: identity, clusters: clusters,
            threads: threads)
    }

    func bootstrapDistribution(
        of estimate: Double, _ pools: [[[Int32]]], resamples: Int, seed: Int, identity: String, threads: Int,
        _ makeEvaluator: @escaping @Sendable () -> any CopyEvaluator
    ) -> BootstrapDistribution {
        let isPlain = pools.joined().allSatisfy { $0.count == 1 }
        let single = isPlain ? pools.map { $0.map { $0[0] } } : []
        let m = count
        let values = parallelValues(resamples, threads: threads) { first, block in
            var evaluator = makeEvaluator()
            var copies = [Double](repeating: 0, count: m)
            for i in block.indices {
                var stream = IndexStream(
                    RandomStream(identity, seed: seed, purpose: "bootstrap", index: first + i))
                copies.withUnsafeMutableBufferPointer { copies in
                    copies.update(repeating: 0)
                    for pool in single {
                        for _ in pool { copies[Int(pool[stream.below(pool.count)])] += 1 }
                    }
                    guard !isPlain else { return }
                    for pool in pools {
                        for _ in pool { for row in pool[stream.below(pool.count)] { copies[Int(row)] += 1 } }
                    }
                }
                block[i] = copies.withUnsafeBufferPointer { evaluator.value($0) }
            }
        }
        return BootstrapDistribution(
            estimate: estimate, values: values, units: pools.reduce(0) { $0 + $1.count },
            jackknife: jackknife(pools, makeEvaluator()))
    }

    /// The statistic with each unit left out in turn.
    private func jackknife(_ pools: [[[Int32]]], _ evaluator: any CopyEvaluator) -> [Double] {
        let units = pools.reduce(0) { $0 + $1.count }
        guard units <= BootstrapDistribution.mostUnits else { return [] }
        var evaluator = evaluator
        return pools.joined().map { unit in
            var copies = [Double](repeating: 1, count: count)
            for row in unit { copies[Int(row)] = 0 }
            return copies.withUnsafeBufferPointer { evaluator.value($0) }
        }
    }

    /// What is drawn with replacement: pools of units of rows.
    func unitPools(_ clusters: [Int]?) -> [[[Int32]]] {
        var strata = [Int](repeating: 0, count: count)
        if case .within(let codes) = adjustment { strata = codes }
        var units = [(stratum: Int, rows: [Int32])]()
        var places = [Int: Int]()
        var crosses = false
        for row in 0..<count {
            if let cluster = clusters?[row] {
                if let place = places[cluster] {
                    units[place].rows.append(Int32(row))
                    if units[place].stratum != strata[row] { crosses = true }
                    continue
                }
                places[cluster] = units.count
            }
            units.append((strata[row], [Int32(row)]))
        }
        if crosses { return [units.map(\.rows)] }
        let pools = Dictionary(grouping: units, by: \.stratum)
        return pools.keys.sorted().map { (pools[$0] ?? []).map(\.rows) }
    }
}
