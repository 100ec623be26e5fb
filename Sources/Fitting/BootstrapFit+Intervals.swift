internal import Statistics

/// How an interval's ends are read off a bootstrap distribution.
public enum BootstrapPercentiles: Sendable, Equatable {
    /// The (1 ∓ level)/2 quantiles.
    case plain
    /// Quantiles further out, as Student's t and the number of units drawn ask for: plain percentiles of few units are
    /// too narrow (Hesterberg 2015, "expanded percentile interval"). The same for many units.
    case expanded
}

/// The interval of one quantity over the resamples.
public struct BootstrapFitInterval: Sendable, Equatable {
    /// nil = not bounded below: this percentile lies on the parameter's bound, or is infinite.
    public let low: Double?
    public let high: Double?
    public let level: Double
    /// The share of the resamples beyond either end.
    public let tail: Double
    /// How many defined resamples it rests on.
    public let resamples: Int

    /// Says so where an end rests on a handful of resamples.
    public var warning: String? {
        let beyond = Double(resamples) * tail
        guard beyond < 5 else { return nil }
        let known = "the interval's ends rest on fewer than 5 of \(resamples) resamples"
        let needed = (5 / tail).rounded(.up)
        // With two or three units the share beyond an end is too small for any number of resamples.
        return needed <= 1e6 ? known + ": draw at least \(Int(needed))" : known + ": too few units are drawn from"
    }
}

extension BootstrapFit {
    /// The interval per parameter, [p]; nil where fewer than half of the resamples are defined.
    public func intervals(
        level: Double = 0.95, percentiles: BootstrapPercentiles = .expanded
    ) -> [BootstrapFitInterval?] {
        intervals(level: level, percentiles: percentiles, bounds: bounds) { $0 }
    }

    /// The intervals of functions of the parameters: derived quantities, other coordinates, the curve at given points
    /// (a confidence band).
    ///
    /// - Parameters:
    ///   - bounds: of the functions' values, where they have any.
    ///   - function: parameters, [p], to any number of values, the same number every time.
    /// - Returns: one per value; nil where fewer than half of the resamples are defined.
    public func intervals(
        level: Double = 0.95, percentiles: BootstrapPercentiles = .expanded, bounds: [Bounds] = [],
        of function: ([Double]) -> [Double]
    ) -> [BootstrapFitInterval?] {
        precondition(level > 0 && level < 1, "a level lies between 0 and 1, not \(level)")
        let rows = (0..<resamples).map(parameters).filter { !$0.contains(where: \.isNaN) }.map(function)
        let tail = tailShare(level, percentiles)
        return (rows.first ?? []).indices.map { k in
            let sorted = rows.map { $0[k] }.filter { !$0.isNaN }.sorted()
            guard sorted.count * 2 >= resamples, tail.isFinite else { return nil }
            return interval(sorted, level: level, tail: tail, bounds: bounds.indices.contains(k) ? bounds[k] : .none)
        }
    }

    /// The method in words, for a report.
    public func description(percentiles: BootstrapPercentiles = .expanded) -> String {
        let (drawn, units): (String, String) =
            switch method {
            case .residual: ("residual bootstrap", "\(degreesOfFreedom) degrees of freedom")
            case .pairs: ("pairs bootstrap", "\(unitCount) points")
            case .clusters: ("cluster bootstrap", "\(unitCount) clusters")
            }
        return "\(drawn), \(resamples) resamples, percentiles"
            + (percentiles == .expanded ? " widened for \(units) (Hesterberg 2015)" : "")
    }

    /// The share of the distribution beyond either end; NaN where nothing is known.
    private func tailShare(_ level: Double, _ percentiles: BootstrapPercentiles) -> Double {
        let plain = (1 - level) / 2
        if unitCount < 2 || method == .residual && degreesOfFreedom == 0 { return .nan }
        guard percentiles == .expanded else { return plain }
        // Residuals are stretched already; units are not: their resamples vary by (U − 1)/U too little.
        if case .residual = method { return normalCDF(tQuantile(plain, degrees: Double(degreesOfFreedom))) }
        let units = Double(unitCount)
        return normalCDF((units / (units - 1)).squareRoot() * tQuantile(plain, degrees: units - 1))
    }

    private func interval(_ sorted: [Double], level: Double, tail: Double, bounds: Bounds) -> BootstrapFitInterval {
        let (low, high) = (quantile(tail, ofSorted: sorted), quantile(1 - tail, ofSorted: sorted))
        let width = high - low
        func end(_ value: Double, _ bound: Double) -> Double? {
            // Mapped from other coordinates, a value on its bound may be off by rounding.
            let slack = 1e-9 * max(abs(bound), width.isFinite ? width : 0)
            return !value.isFinite || bound.isFinite && abs(value - bound) <= slack ? nil : value
        }
        return BootstrapFitInterval(
            low: end(low, bounds.lower), high: end(high, bounds.upper), level: level, tail: tail,
            resamples: sorted.count)
    }
}
