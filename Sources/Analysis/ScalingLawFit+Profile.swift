import Fitting
import Foundation

extension ScalingLawFit {
    /// How the fit worsens as one parameter is held at other values and the rest is fitted anew.
    public struct Profile: Sendable, Equatable {
        public struct Point: Sendable, Equatable {
            public let value: Double
            /// √(ΔRSS/s²): 0 at the optimum; on straight lines from it where the curve is linear in the parameter.
            public let root: Double
        }

        public let parameter: String
        public let optimum: Double
        /// By ascending value, the optimum and the interval's ends among them; up to a little beyond the ends.
        public let points: [Point]
        /// Positive values of several magnitudes, spaced by ratio.
        public let isLogarithmic: Bool
        /// The root at the interval's ends: Student's quantile at the level.
        public let threshold: Double
        public let level: Double
        /// nil: none within the bounds of the search.
        public let low: Double?
        public let high: Double?
        /// The bound that the optimum lies on: the interval ends there.
        public let bound: Bounds.Side?

        public var isOpenBelow: Bool { low == nil && bound != .lower }
        public var isOpenAbove: Bool { high == nil && bound != .upper }
    }
}

extension ScalingLawAnalysis {
    /// The profile of one estimated parameter; nil where there is none: a refused fit, a parameter that is fixed, shared
    /// with other groups or not identified, a Huber loss, no degrees of freedom, points that the curve meets exactly, or a
    /// better fit on the way.
    ///
    /// - Parameters:
    ///   - index: the fit's place in `fits`.
    ///   - count: values on either side of the optimum.
    public func profile(ofFit index: Int, parameter name: String, points count: Int = 24) -> ScalingLawFit.Profile? {
        let fit = fits[index]
        guard !fit.isRefused, count > 0, !fit.parameters.contains(where: \.isShared),
            let j = fit.parameters.firstIndex(where: { $0.name == name }),
            !fit.parameters[j].isFixed, fit.parameters[j].value.isFinite
        else { return nil }
        let points = groups[index / laws.count].points(data, options).fitted
        return ProfileCurve(FitProblem(laws[index % laws.count], points, options), fit, parameter: j)?.drawn(count)
    }
}

/// A profile in the law's own parameters and the values at which it is worth drawing.
private struct ProfileCurve {
    private let profile: CurveProfile
    private let interval: ProfileInterval
    private let parameter: ScalingLawFit.Parameter
    private let index: Int
    private let bounds: Bounds
    private var optimum: Double { profile.optimum[index] }
    private var threshold: Double {
        studentQuantile(level: interval.level, degreesOfFreedom: profile.degreesOfFreedom)
    }

    init?(_ problem: FitProblem, _ fit: ScalingLawFit, parameter j: Int) {
        guard problem.refusal == nil else { return nil }
        let model = problem.ownModel
        // What is not identified is held at any value.
        let found = zip(fit.values, problem.bounds).map { $0.isNaN ? $1.clamp(1) : $0 }
        var solution = CurveFitter(model, loss: problem.loss).refit(problem.data, from: found)
        if solution.objective >= fit.objective {
            (solution.parameters, solution.objective) = (found, fit.objective)
            solution.sides = fit.parameters.map(\.bound)
        }
        profile = CurveProfile(model, data: problem.data, loss: problem.loss, solution: solution)
        interval = profile.interval(of: j, level: fit.level)
        (parameter, index, bounds) = (fit.parameters[j], j, problem.bounds[j])
        if interval.reason != nil { return nil }
    }

    /// With so many values on either side of the optimum.
    func drawn(_ count: Int) -> ScalingLawFit.Profile {
        let (below, above) = ends
        let isLogarithmic = below > 0 && above / below > 20
        /// A quarter beyond an end of the interval, and no further than the bounds.
        func values(to end: Double, isEnd: Bool) -> [Double] {
            if end == optimum { return [] }
            func value(_ share: Double) -> Double {
                let value = isLogarithmic ? optimum * pow(end / optimum, share) : optimum + share * (end - optimum)
                return share == 1 ? end : bounds.clamp(value)
            }
            return (1...count).map { value((isEnd ? 1.25 : 1) * Double($0) / Double(count)) }
        }
        let grid = values(to: below, isEnd: interval.low != nil) + values(to: above, isEnd: interval.high != nil)
        let all = Set(grid + [interval.low, interval.high].compactMap(\.self)).sorted()
        let points = profile.points(of: index, over: all.filter { $0 != optimum })
            .map { ScalingLawFit.Profile.Point(value: $0.value, root: abs($0.signedRoot)) }
            .filter(\.root.isFinite)
        let lower = points.filter { $0.value < optimum } + [.init(value: optimum, root: 0)]
        return ScalingLawFit.Profile(
            parameter: parameter.name, optimum: optimum, points: lower + points.filter { $0.value > optimum },
            isLogarithmic: isLogarithmic, threshold: threshold, level: interval.level, low: interval.low,
            high: interval.high, bound: parameter.bound)
    }

    /// The ends of the interval; where a side is open, the bound, or as far as a reader can follow.
    private var ends: (below: Double, above: Double) {
        let known = [interval.low, interval.high].compactMap { $0.map { abs($0 - optimum) } }.max()
        let width = known ?? profile.standardErrors[index].map { threshold * $0 } ?? max(abs(optimum), 1)
        let isPositive = optimum > 0 && bounds.lower >= 0
        let far = isPositive ? max(1000 * optimum, optimum + 10 * width) : optimum + 10 * width
        return (
            interval.low ?? (parameter.bound == .lower ? optimum : bounds.clamp(optimum - 10 * width)),
            interval.high ?? (parameter.bound == .upper ? optimum : bounds.clamp(far))
        )
    }
}
