import Randomness

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
        permutations(
            resamples: resamples, seed: seed, identity: identity, strata: strata, units: units, threads: threads)?.test
    }

    /// The test with ρ in every arrangement: correlations of the same rows, strata and units see the same arrangements.
    public func permutations(
        resamples: Int = 10_000, seed: Int, identity: String = "", strata: [Int]? = nil, units: [Int]? = nil,
        threads: Int = 1
    ) -> PermutationDistribution? {
        permutations(
            resamples: resamples, seed: seed, identity: identity, strata: strata, units: units, threads: threads,
            exactUpTo: mostExact)
    }

    /// - Parameter mostExact: up to so many arrangements all of them are tried.
    func permutations(
        resamples: Int, seed: Int, identity: String = "", strata: [Int]? = nil, units: [Int]? = nil, threads: Int = 1,
        exactUpTo mostExact: Int
    ) -> PermutationDistribution? {
        guard let estimate, let evaluator = makePermutationEvaluator() else { return nil }
        var (pools, arrangements) = ([[Int32]](), 0)
        var scheme: PermutationTest.Scheme
        var expanded: Units?
        if let strata, let units, Set(units).count < units.count {
            let whole = Units(units, strata: strata)
            (pools, arrangements) = Self.pools(whole.patterns)
            (scheme, expanded) = (.units, whole)
        } else {
            var codes = strata
            if case .within(let own) = adjustment { codes = own }
            (pools, arrangements) = Self.pools(codes ?? [Int](repeating: 0, count: count))
            scheme = codes == nil ? .all : .strata
            // With a covariate of many values there is nothing to rearrange within a stratum.
            if adjustment.needsResiduals, codes == nil || arrangements < fewestWithinStrata {
                (pools, arrangements) = Self.pools([Int](repeating: 0, count: count))
                scheme = .residuals
            }
        }
        let isExact = arrangements <= mostExact
        let values =
            isExact
            ? allValues(pools, evaluator, expanded)
            : randomValues(
                pools, resamples: resamples, seed: seed, identity: identity, threads: threads, evaluator, expanded)
        return PermutationDistribution(estimate: estimate, values: values, scheme: scheme, isExact: isExact)
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

    /// ρ in random arrangements, NaN where it is undefined.
    private func randomValues(
        _ pools: [[Int32]], resamples: Int, seed: Int, identity: String, threads: Int,
        _ evaluator: any PermutationEvaluator & Sendable, _ units: Units?
    ) -> [Double] {
        let items = units?.rows.count ?? count
        return parallelValues(resamples, threads: threads) { first, block in
            var evaluator = evaluator
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
                block[i] = evaluator.value(units?.expanded(order) ?? order)
            }
        }
    }

    /// ρ in every arrangement: each pool steps through its permutations for each arrangement of the pools before it.
    private func allValues(
        _ pools: [[Int32]], _ evaluator: any PermutationEvaluator, _ units: Units?
    ) -> [Double] {
        var evaluator = evaluator
        var order = (0..<Int32(units?.rows.count ?? count)).map { $0 }
        var values = [Double]()
        func step(_ p: Int, _ k: Int) {
            guard p < pools.count else {
                values.append(evaluator.value(units?.expanded(order) ?? order))
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
        return values
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
