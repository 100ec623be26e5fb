import Fitting
import Tables

/// Intervals of all parameters of a fit at one level.
struct FitIntervals: Sendable {
    /// nil where there is none, or where the side is open.
    var low: [Double?]
    var high: [Double?]
    /// Parameters that are not bounded below, or above, within the bounds of the search.
    var openBelow: [Int] = []
    var openAbove: [Int] = []
    /// What the intervals rest on.
    var method = ""
    /// What a reader should know about them.
    var notes: [String] = []
    /// Parameters of each bootstrap refit, [resamples, p].
    var resamples: [Double] = []
    /// The share of the refits beyond either end.
    var tail = 0.0

    static func none(_ count: Int) -> FitIntervals {
        let nothing = [Double?](repeating: nil, count: count)
        return FitIntervals(low: nothing, high: nothing)
    }

    private mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }

    /// The estimate ± Student's quantile × its standard error; an end beyond the bounds is open.
    static func asymptotic(
        _ problem: FitProblem, _ estimate: FitEstimate, _ uncertainty: FitUncertainty, level: Double
    ) -> FitIntervals {
        var result = none(estimate.parameters.count)
        var clusters: Int?
        if case .clustered(let count) = uncertainty.kind { clusters = count }
        result.method = clusters.map { "asymptotic, \(counted($0, "cluster"))" } ?? "asymptotic"
        if let clusters, clusters < 5 {
            result.note("only \(counted(clusters, "cluster")): how they differ is hardly known")
        }
        let quantile = studentQuantile(level: level, degreesOfFreedom: uncertainty.quantileDegrees)
        for j in estimate.free {
            guard let error = uncertainty.error(j), quantile.isFinite else { continue }
            let (value, bounds) = (estimate.parameters[j], problem.bounds[j])
            let (low, high) = (value - quantile * error, value + quantile * error)
            if low < bounds.lower { result.openBelow.append(j) } else { result.low[j] = low }
            if high > bounds.upper { result.openAbove.append(j) } else { result.high[j] = high }
        }
        return result
    }

    /// Where the profile likelihood falls by the level; where it finds a better optimum, of that one.
    static func profile(
        _ problem: FitProblem, _ estimate: FitEstimate, level: Double
    ) -> (estimate: FitEstimate, intervals: FitIntervals) {
        let before = estimate.ownSolution
        let found = CurveProfile.intervals(
            estimate.model, data: problem.data, loss: problem.loss, solution: before, level: level)
        var estimate = estimate
        if found.solution.objective < before.objective {
            var solution = found.solution
            solution.parameters = estimate.search.coordinates(solution.parameters)
            estimate = FitEstimate(problem, estimate.search, solution)
        }
        var result = none(estimate.parameters.count)
        result.method = "profile likelihood"
        if problem.points.clusters != nil {
            result.note("profile intervals take all errors as independent: asymptotic and bootstrap use the clusters")
        }
        for j in problem.estimated where !estimate.idle.contains(j) {
            let interval = found.intervals[j]
            if let reason = interval.reason { result.note("intervals: \(reason)") }
            (result.low[j], result.high[j]) = (interval.low, interval.high)
            guard interval.reason == nil else { continue }
            if interval.low == nil && estimate.sides[j] != .lower { result.openBelow.append(j) }
            if interval.high == nil && estimate.sides[j] != .upper { result.openAbove.append(j) }
        }
        return (estimate, result)
    }

    /// Percentiles over refits to resampled data; the same for any number of threads.
    static func bootstrap(
        _ problem: FitProblem, _ estimate: FitEstimate, _ options: ScalingLawOptions, threads: Int
    ) -> FitIntervals {
        let method: BootstrapFit.Method =
            switch (options.resampling, problem.points.clusters) {
            case (.pairs, _): .pairs
            case (.clusters, let codes?), (nil, let codes?): .clusters(codes)
            default: .residual
            }
        let identity = ([problem.law.name] + problem.points.key.map { "\($0.column)=\($0.value)" })
        let found = BootstrapFit(
            estimate.search.model, data: problem.data, loss: problem.loss, estimate: estimate.solution.parameters,
            method: method, resamples: options.resamples, seed: options.seed,
            identity: identity.joined(separator: "|"), threads: threads)
        let intervals = found.intervals(level: options.level, bounds: problem.bounds, of: estimate.search.parameters)
        var result = none(estimate.parameters.count)
        result.method = found.description()
        result.notes = found.warnings
        guard let first = intervals.compactMap(\.self).first else { return result }
        if let warning = first.warning { result.note(warning) }
        result.tail = first.tail
        result.resamples = (0..<found.resamples).flatMap { estimate.search.parameters(found.parameters($0)) }
        for j in problem.estimated where !estimate.idle.contains(j) && intervals.indices.contains(j) {
            guard let interval = intervals[j] else { continue }
            (result.low[j], result.high[j]) = (interval.low, interval.high)
            if interval.low == nil && estimate.sides[j] != .lower { result.openBelow.append(j) }
            if interval.high == nil && estimate.sides[j] != .upper { result.openAbove.append(j) }
        }
        return result
    }
}

extension ScalingLawFit.Derived {
    /// Each with the ends of the only parameter that it depends on, mapped.
    static func all(_ law: any ScalingLaw, _ parameters: [ScalingLawFit.Parameter]) -> [Self] {
        let estimate = parameters.map(\.value)
        let all = law.derived(estimate)
        if all.isEmpty { return [] }
        func values(_ j: Int, _ value: Double) -> [Double] {
            var changed = estimate
            changed[j] = value
            return law.derived(changed).map(\.value)
        }
        let without = estimate.indices.map { values($0, .nan) }
        return all.enumerated().map { index, quantity in
            let needed = estimate.indices.filter { without[$0][index].isNaN }
            guard needed.count == 1, let j = needed.first, quantity.value.isFinite else {
                return Self(name: quantity.name, value: quantity.value, low: nil, high: nil)
            }
            let atLow = parameters[j].low.map { values(j, $0)[index] }
            let atHigh = parameters[j].high.map { values(j, $0)[index] }
            let isRising = (atHigh ?? quantity.value) >= (atLow ?? quantity.value)
            return Self(
                name: quantity.name, value: quantity.value, low: isRising ? atLow : atHigh,
                high: isRising ? atHigh : atLow)
        }
    }
}
