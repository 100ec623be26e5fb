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
    ///   - resamples: random arrangements where not all can be tried.
    public func permutationTest(
        resamples: Int = 10_000, seed: Int, identity: String = "", strata: [Int]? = nil, threads: Int = 1
    ) -> PermutationTest? {
        guard let estimate else { return nil }
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
        let bar = abs(estimate) - tieTolerance
        if arrangements <= mostExact {
            let (hits, tried) = countAll(pools, bar: bar, make())
            return PermutationTest(
                pValue: Double(hits) / Double(tried), scheme: scheme, isExact: true, arrangements: tried)
        }
        let values = permuted(pools, resamples: resamples, seed: seed, identity: identity, threads: threads, make)
        let hits = values.count { abs($0) >= bar }
        return PermutationTest(
            pValue: Double(hits + 1) / Double(resamples + 1), scheme: scheme, isExact: false, arrangements: resamples)
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

    private func permuted(
        _ pools: [[Int32]], resamples: Int, seed: Int, identity: String, threads: Int,
        _ makeEvaluator: @escaping @Sendable () -> any RankEvaluator
    ) -> [Double] {
        parallelValues(resamples, threads: threads) { first, block in
            var evaluator = makeEvaluator()
            let all = (0..<Int32(count)).map { $0 }
            var order = all
            for i in block.indices {
                var stream = IndexStream(
                    RandomStream(identity, seed: seed, purpose: "permutation", index: first + i))
                for pool in pools where pool.count > 1 {
                    for row in pool { order[Int(row)] = row }
                    for k in stride(from: pool.count - 1, through: 1, by: -1) {
                        order.swapAt(Int(pool[k]), Int(pool[stream.below(k + 1)]))
                    }
                }
                block[i] = evaluator.value(all, order)
            }
        }
    }

    /// Tries every arrangement: an odometer over the strata, each stepping through its permutations (Heap's order).
    private func countAll(
        _ pools: [[Int32]], bar: Double, _ evaluator: any RankEvaluator
    ) -> (hits: Int, tried: Int) {
        var evaluator = evaluator
        let all = (0..<Int32(count)).map { $0 }
        var order = all
        var (hits, tried) = (0, 0)
        func step(_ p: Int, _ k: Int) {
            guard p < pools.count else {
                tried += 1
                if abs(evaluator.value(all, order)) >= bar { hits += 1 }
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

/// The partial correlation with y's residuals rearranged.
private struct FreedmanLaneEvaluator: RankEvaluator, Sendable {
    let x: [Double]
    let y: [Double]
    let covariates: [[Double]]

    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double {
        partialCorrelation([x, yRows.map { y[Int($0)] }] + covariates)
    }
}
