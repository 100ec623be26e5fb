#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the noise of the measured y takes from a correlation, and the correlation without it (Spearman 1904):
/// ρ/√r with r = 1 − (mean noise variance)/(variance of y), the reliability of y.
///
/// The variance of y is that within strata, or of the residuals on the covariates, as the correlation is adjusted. Ranks
/// stand in for values: an approximation, the better the smaller the noise.
public struct Attenuation: Sendable, Equatable {
    /// r, in 0…1.
    public let reliability: Double
    /// ρ/√r, cut at ±1.
    public let rho: Double
    /// From the same resamples as the correlation's, r estimated anew in each.
    public let interval: BootstrapInterval?
}

extension RankCorrelation {
    /// - Parameters:
    ///   - noise: the variance of each y as a measured mean, std²/n, [m], ≥ 0; NaN where it is unknown.
    /// - Returns: nil where ρ is undefined, the noise of a row that ρ rests on is unknown, or the noise is at least as large
    ///   as the variance of y.
    public func attenuation(
        noise: [Double], resamples: Int = 10_000, level: Double = 0.95, seed: Int, identity: String = "",
        clusters: [Int]? = nil, method: BootstrapInterval.Method? = nil, threads: Int = 1
    ) -> Attenuation? {
        precondition(noise.count == count, "one noise per y")
        precondition(!noise.contains { $0 < 0 }, "a variance is not negative")
        // An unknown noise of a row that ρ rests on makes the corrected ρ NaN, below.
        guard estimate != nil else { return nil }
        var evaluator = AttenuationEvaluator(self, noise: noise)
        let all = [Double](repeating: 1, count: count)
        let corrected = all.withUnsafeBufferPointer { evaluator.value($0) }
        let reliability = all.withUnsafeBufferPointer { evaluator.reliability($0) }
        guard !corrected.isNaN else { return nil }
        let make: @Sendable () -> any CopyEvaluator = { AttenuationEvaluator(self, noise: noise) }
        let distribution = bootstrapDistribution(
            of: corrected, unitPools(clusters), resamples: resamples, seed: seed, identity: identity, threads: threads,
            make)
        return Attenuation(
            reliability: reliability, rho: corrected, interval: distribution.interval(method, level: level))
    }
}

/// ρ/√r of a resample; NaN where r ≤ 0.
private struct AttenuationEvaluator: CopyEvaluator {
    private var correlation: any CopyEvaluator
    private let x: [Double]
    private let y: [Double]
    private let noise: [Double]
    private let strata: [[Int]]
    private let areStrata: Bool
    /// As y is regressed on them.
    private let covariates: [[Double]]

    init(_ correlation: RankCorrelation, noise: [Double]) {
        self.correlation = correlation.makeCopyEvaluator()
        (x, y) = (correlation.x, correlation.y)
        self.noise = noise
        var rows = [Int: [Int]]()
        switch correlation.adjustment {
        case .within(let codes): for (row, code) in codes.enumerated() { rows[code, default: []].append(row) }
        case .none, .partial, .residual: rows[0] = Array(y.indices)
        }
        strata = rows.keys.sorted().map { rows[$0] ?? [] }
        if case .within = correlation.adjustment { areStrata = true } else { areStrata = false }
        covariates =
            switch correlation.adjustment {
            case .none, .within: []
            case .partial(let columns): columns.map(midRanks)
            case .residual(let columns): columns.map { $0.map { log($0) } }
            }
    }

    mutating func value(_ copies: UnsafeBufferPointer<Double>) -> Double {
        let rho = correlation.value(copies)
        let share = reliability(copies)
        return share > 0 ? min(1, max(-1, rho / share.squareRoot())) : .nan
    }

    /// 1 − mean noise/variance over the strata that the correlation uses.
    func reliability(_ copies: UnsafeBufferPointer<Double>) -> Double {
        var (squares, degrees, noises, total) = (0.0, 0.0, 0.0, 0.0)
        for rows in strata {
            let drawn = rows.flatMap { row in repeatElement(row, count: Int(copies[row])) }
            guard drawn.count > 1, !areStrata || isUsed(drawn) else { continue }
            let columns = covariates.map { column in centered(drawn.map { column[$0] }) }
            let left = residual(drawn.map { y[$0] }, columns) ?? drawn.map { _ in 0 }
            squares += left.reduce(0) { $0 + $1 * $1 }
            degrees += Double(drawn.count - 1 - columns.count)
            noises += drawn.reduce(0) { $0 + noise[$1] }
            total += Double(drawn.count)
        }
        guard squares > 0, degrees > 0 else { return .nan }
        return 1 - (noises / total) / (squares / degrees)
    }

    /// Whether the pooled correlation has a part from these rows of a stratum.
    private func isUsed(_ rows: [Int]) -> Bool {
        rows.count >= PooledCorrelation.smallest && rows.contains { x[$0] != x[rows[0]] }
            && rows.contains { y[$0] != y[rows[0]] }
    }
}
