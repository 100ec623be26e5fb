import Randomness

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A two-sided permutation test of a rank correlation: how often |ρ| of rearranged data reaches the observed one.
public struct PermutationTest: Sendable, Equatable {
    public enum Scheme: String, Sendable {
        /// y rearranged among all rows.
        case all
        /// y rearranged within each stratum.
        case strata
        /// What regression on the covariates leaves of y rearranged (Freedman and Lane 1983): approximate.
        case residuals
        /// Whole units, which have a row in each of several strata, change places with units that have rows in the same
        /// strata: rows of one unit are never taken apart.
        case units
    }

    public let pValue: Double
    public let scheme: Scheme
    /// Every arrangement was tried; otherwise p = (b + 1)/(arrangements + 1).
    public let isExact: Bool
    public let arrangements: Int
}

/// |ρ| that differ by less count as equal: rounding of a quotient of exact sums.
private let tieTolerance = 1e-12

/// Nine sets have 9! arrangements; up to so many all of them are tried.
private let mostExact = 362_880

/// So many arrangements within strata resolve p down to 0.001; below, residuals are rearranged instead.
private let fewestWithinStrata = 1000

extension RankCorrelation {
    /// The p-value of no association; nil where the correlation is undefined.
    ///
    /// - Parameters:
    ///   - strata: rows among which y is exchangeable; by default those of `.within`. For `.partial` and `.residual`:
    ///     the rows with equal covariates, used where they allow enough arrangements.
    ///   - units: rows of one unit in different strata (nested sets of one rule) depend on each other; where a unit has
    ///     more than one row, whole units are rearranged. A unit has at most one row in a stratum.
    ///   - resamples: random arrangements where not all can be tried.
    public func permutationTest(
        resamples: Int = 10_000, seed: Int, identity: String = "", strata: [Int]? = nil, units: [Int]? = nil,
        threads: Int = 1
    ) -> PermutationTest? {
        permutationTest(
            resamples: resamples, seed: seed, identity: identity, strata: strata, units: units, threads: threads,
            exactUpTo: mostExact)
    }

    /// - Parameter mostExact: up to so many arrangements all of them are tried.
    func permutationTest(
        resamples: Int, seed: Int, identity: String = "", strata: [Int]? = nil, units: [Int]? = nil, threads: Int = 1,
        exactUpTo mostExact: Int
    ) -> PermutationTest? {
        guard let estimate else { return nil }
        let bar = abs(estimate) - tieTolerance
        if let strata, let units, Set(units).count < units.count {
            return unitTest(
                Units(units, strata: strata), bar: bar, resamples: resamples, seed: seed, identity: identity,
                threads: threads, exactUpTo: mostExact)
        }
        var codes = strata
        if case .within(let own) = adjustment { codes = own }
        var (pools, arrangements) = Self.pools(codes ?? [Int](repeating: 0, count: count))
        var scheme: PermutationTest.Scheme = codes == nil ? .all : .strata
        var make: @Sendable () -> any RankEvaluator = { makeEvaluator() }
        switch adjustment {
        case .partial, .residual:
            if codes == nil || arrangements < fewestWithinStrata {
                guard let residuals = residualEvaluator else { return nil }
                make = { residuals }
                (pools, arrangements) = Self.pools([Int](repeating: 0, count: count))
                scheme = .residuals
            }
        case .none, .within: break
        }
        if arrangements <= mostExact {
            let (hits, tried) = countAll(pools, items: count, bar: bar, make()) { $0 }
            return PermutationTest(
                pValue: Double(hits) / Double(tried), scheme: scheme, isExact: true, arrangements: tried)
        }
        let values = permuted(
            pools, items: count, resamples: resamples, seed: seed, identity: identity, threads: threads, make
        ) { $0 }
        let hits = values.count { abs($0) >= bar }
        return PermutationTest(
            pValue: Double(hits + 1) / Double(resamples + 1), scheme: scheme, isExact: false, arrangements: resamples)
    }

    private func unitTest(
        _ units: Units, bar: Double, resamples: Int, seed: Int, identity: String, threads: Int,
        exactUpTo mostExact: Int
    ) -> PermutationTest? {
        var make: @Sendable () -> any RankEvaluator = { makeEvaluator() }
        if let residuals = residualEvaluator {
            make = { residuals }
        } else if adjustment.needsResiduals {
            return nil
        }
        let (pools, arrangements) = Self.pools(units.patterns)
        if arrangements <= mostExact {
            let (hits, tried) = countAll(pools, items: units.rows.count, bar: bar, make(), units.expanded)
            return PermutationTest(
                pValue: Double(hits) / Double(tried), scheme: .units, isExact: true, arrangements: tried)
        }
        let values = permuted(
            pools, items: units.rows.count, resamples: resamples, seed: seed, identity: identity, threads: threads,
            make,
            units.expanded)
        let hits = values.count { abs($0) >= bar }
        return PermutationTest(
            pValue: Double(hits + 1) / Double(resamples + 1), scheme: .units, isExact: false, arrangements: resamples)
    }

    /// The rows of each stratum, and the number of arrangements within them (saturating).
    private static func pools(_ codes: [Int]) -> (pools: [[Int32]], arrangements: Int) {
        var rows = [Int: [Int32]]()
        for (row, code) in codes.enumerated() { rows[code, default: []].append(Int32(row)) }
        var product = 1
        for members in rows.values {
            for factor in 1...members.count {
                let (next, overflow) = product.multipliedReportingOverflow(by: factor)
                product = overflow ? .max : next
            }
        }
        return (rows.keys.sorted().map { rows[$0] ?? [] }, product)
    }

    /// - Parameter expanded: turns an order of items (rows, or units) into an order of rows.
    private func permuted(
        _ pools: [[Int32]], items: Int, resamples: Int, seed: Int, identity: String, threads: Int,
        _ makeEvaluator: @escaping @Sendable () -> any RankEvaluator,
        _ expanded: @escaping @Sendable ([Int32]) -> [Int32]
    ) -> [Double] {
        parallelValues(resamples, threads: threads) { first, block in
            var evaluator = makeEvaluator()
            let all = (0..<Int32(count)).map { $0 }
            var order = (0..<Int32(items)).map { $0 }
            for i in block.indices {
                var stream = IndexStream(
                    RandomStream(identity, seed: seed, purpose: "permutation", index: first + i))
                for pool in pools where pool.count > 1 {
                    for row in pool { order[Int(row)] = row }
                    for k in stride(from: pool.count - 1, through: 1, by: -1) {
                        order.swapAt(Int(pool[k]), Int(pool[stream.below(k + 1)]))
                    }
                }
                block[i] = evaluator.value(all, expanded(order))
            }
        }
    }

    /// Tries every arrangement: an odometer over the strata, each stepping through its permutations (Heap's order).
    private func countAll(
        _ pools: [[Int32]], items: Int, bar: Double, _ evaluator: any RankEvaluator, _ expanded: ([Int32]) -> [Int32]
    ) -> (hits: Int, tried: Int) {
        var evaluator = evaluator
        let all = (0..<Int32(count)).map { $0 }
        var order = (0..<Int32(items)).map { $0 }
        var (hits, tried) = (0, 0)
        func step(_ p: Int, _ k: Int) {
            guard p < pools.count else {
                tried += 1
                if abs(evaluator.value(all, expanded(order))) >= bar { hits += 1 }
                return
            }
            let pool = pools[p]
            guard k < pool.count - 1 else { return step(p + 1, 0) }
            for j in k..<pool.count {
                order.swapAt(Int(pool[k]), Int(pool[j]))
                step(p, k + 1)
                order.swapAt(Int(pool[k]), Int(pool[j]))
            }
        }
        step(0, 0)
        return (hits, tried)
    }

    /// Correlates x with rearrangements of what the covariates leave of y; equals the estimate for the identity.
    private var residualEvaluator: (any RankEvaluator & Sendable)? {
        switch adjustment {
        case .none, .within: return nil
        case .partial(let columns):
            let ranked = columns.map { centered(midRanks($0)) }
            guard let left = residual(midRanks(y), ranked) else { return nil }
            return FreedmanLaneEvaluator(x: centered(midRanks(x)), y: left, covariates: ranked)
        case .residual(let columns):
            let logs = columns.map { centered($0.map { log($0) }) }
            guard let a = residual(x, logs), let b = residual(y, logs) else { return nil }
            return PlainEvaluator(a, b)
        }
    }
}

/// Units with their rows, one in each of their strata.
private struct Units: Sendable {
    /// By unit: its rows in the order of their strata.
    let rows: [[Int32]]
    /// By unit: units of one pattern have rows in the same strata, and only they change places.
    let patterns: [Int]

    init(_ units: [Int], strata: [Int]) {
        let members = Dictionary(grouping: units.indices) { units[$0] }
        let sorted = members.keys.sorted().map { (members[$0] ?? []).sorted { strata[$0] < strata[$1] } }
        rows = sorted.map { $0.map { Int32($0) } }
        var codes: [[Int]: Int] = [:]
        patterns = sorted.map { rows in
            let pattern = rows.map { strata[$0] }
            let code = codes[pattern] ?? codes.count
            codes[pattern] = code
            return code
        }
    }

    /// The order of rows when unit i takes the place of unit `order[i]`.
    func expanded(_ order: [Int32]) -> [Int32] {
        var all = [Int32](repeating: 0, count: rows.map(\.count).reduce(0, +))
        for (unit, other) in order.enumerated() {
            for (row, source) in zip(rows[unit], rows[Int(other)]) { all[Int(row)] = source }
        }
        return all
    }
}

extension RankCorrelation.Adjustment {
    fileprivate var needsResiduals: Bool {
        switch self {
        case .partial, .residual: true
        case .none, .within: false
        }
    }
}

/// The partial correlation with y's residuals rearranged.
private struct FreedmanLaneEvaluator: RankEvaluator, Sendable {
    let x: [Double]
    let y: [Double]
    let covariates: [[Double]]

    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double {
        partialCorrelation([x, yRows.map { y[Int($0)] }] + covariates)
    }
}
