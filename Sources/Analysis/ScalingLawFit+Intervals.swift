import Fitting
import Foundation
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

    static func none(_ count: Int) -> FitIntervals {
        let nothing = [Double?](repeating: nil, count: count)
        return FitIntervals(low: nothing, high: nothing)
    }

    /// The estimate ± Student's quantile × its standard error.
    static func asymptotic(
        _ problem: FitProblem, _ estimate: FitEstimate, _ uncertainty: FitUncertainty, level: Double
    ) -> FitIntervals {
        var result = none(estimate.parameters.count)
        result.method = "asymptotic"
        let quantile = studentQuantile(level: level, degreesOfFreedom: uncertainty.quantileDegrees)
        for j in estimate.free {
            guard let error = uncertainty.error(j), quantile.isFinite else { continue }
            let value = estimate.parameters[j]
            result.set(j, value - quantile * error, value + quantile * error, within: problem.bounds[j])
        }
        return result
    }

    /// An end beyond the bounds is no end: the side is open.
    mutating func set(_ j: Int, _ low: Double, _ high: Double, within bounds: Bounds) {
        if low < bounds.lower { openBelow.append(j) } else { self.low[j] = low }
        if high > bounds.upper { openAbove.append(j) } else { self.high[j] = high }
    }

    /// Derived quantities with intervals: the ends of the only parameter that one depends on, mapped.
    func derived(_ law: any ScalingLaw, _ parameters: [Double]) -> [ScalingLawFit.Derived] {
        func values(_ j: Int, _ value: Double?) -> [Double] {
            var changed = parameters
            changed[j] = value ?? .nan
            return law.derived(changed).map(\.value)
        }
        let without = parameters.indices.map { values($0, .nan) }
        return law.derived(parameters).enumerated().map { index, quantity in
            let needed = parameters.indices.filter { without[$0][index].isNaN }
            guard needed.count == 1, let j = needed.first, quantity.value.isFinite else {
                return .init(name: quantity.name, value: quantity.value, low: nil, high: nil)
            }
            let atLow = low[j].map { values(j, $0)[index] }
            let atHigh = high[j].map { values(j, $0)[index] }
            let isRising = (atHigh ?? quantity.value) >= (atLow ?? quantity.value)
            return .init(
                name: quantity.name, value: quantity.value, low: isRising ? atLow : atHigh,
                high: isRising ? atHigh : atLow)
        }
    }
}
