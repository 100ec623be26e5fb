/// A statistic in resamples of its data.
public struct BootstrapDistribution: Sendable, Equatable {
    public let estimate: Double
    /// One per resample, NaN where the statistic is undefined.
    public let values: [Double]
    /// What is drawn: pairs, or clusters.
    public let units: Int
    /// The statistic with each unit left out in turn; empty beyond `mostUnits`.
    public let jackknife: [Double]

    /// A jackknife takes units × rows steps, and BCa's correction is negligible long before so many.
    static let mostUnits = 5000

    /// The `(1 ∓ level)/2` quantiles of the defined resamples.
    public func percentile(level: Double) -> BootstrapInterval? {
        BootstrapInterval(percentilesOf: values, level: level)
    }

    /// Efron's bias-corrected and accelerated interval.
    public func bca(level: Double) -> BootstrapInterval? {
        guard !jackknife.isEmpty else { return nil }
        return BootstrapInterval(bcaOf: values, estimate: estimate, jackknife: jackknife, level: level)
    }

    /// How many resamples BCa's ends need to be within reach; nil where its corrections are undefined.
    public func resamplesForBCa(level: Double) -> Double? {
        guard !jackknife.isEmpty,
            let shares = BootstrapInterval.bcaShares(
                of: values, estimate: estimate, jackknife: jackknife, level: level)
        else { return nil }
        return BootstrapInterval.fewestBeyond / min(shares.low, 1 - shares.high)
    }

    /// - Parameter method: nil: BCa below `RankCorrelation.bcaBelow` units, percentile from there on.
    public func interval(_ method: BootstrapInterval.Method?, level: Double) -> BootstrapInterval? {
        if method ?? (units < RankCorrelation.bcaBelow ? .bca : .percentile) == .bca, let interval = bca(level: level) {
            return interval
        }
        return percentile(level: level)
    }

    /// The difference of two statistics of the same resamples: pairs of values that the same draw gave.
    ///
    /// - Precondition: both come from the same units, resamples, seed and identity.
    public func minus(_ other: BootstrapDistribution) -> BootstrapDistribution {
        precondition(values.count == other.values.count && units == other.units, "the same resamples of the same units")
        return BootstrapDistribution(
            estimate: estimate - other.estimate, values: zip(values, other.values).map { $0 - $1 }, units: units,
            jackknife: zip(jackknife, other.jackknife).map { $0 - $1 })
    }

    /// The two-sided p-value of a statistic of zero, 2 (b + 1)/(B + 1) with b the resamples on the rarer side of zero
    /// (Davison & Hinkley 1997, section 4.2: the level at which the percentile interval just reaches zero); nil where
    /// fewer than half of the resamples are defined.
    public var pValueOfZero: Double? {
        let defined = values.filter { !$0.isNaN }
        guard defined.count * 2 >= values.count, !defined.isEmpty else { return nil }
        let rarer = min(defined.count { $0 <= 0 }, defined.count { $0 >= 0 })
        return min(1, 2 * Double(rarer + 1) / Double(defined.count + 1))
    }
}
