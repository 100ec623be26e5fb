/// A profile-likelihood interval: all values of one parameter for which (RSS(θ) − RSS_min)/s² ≤ F₁,ₙ₋ₚ(level), the
/// other parameters fitted anew at each (Bates & Watts 1988, section 6.1).
public struct ProfileInterval: Sendable, Equatable {
    /// nil = not bounded below: the data allow the parameter's lower bound, or any value however low.
    public let low: Double?
    public let high: Double?
    public let level: Double
    /// Parameters of a lower objective that turned up on the way: the optimum was not global, the ends are void, and
    /// the caller fits again from here.
    public let betterFound: [Double]?
    /// Local searches made.
    public let refits: Int
    /// Why there is no interval, or what it is instead.
    public let reason: String?
}

extension CurveProfile {
    /// The interval of one parameter at `level`, each end to 1e-6 of its distance from the optimum.
    ///
    /// An end is nil where the threshold is not crossed before the parameter's bound or, where it has none, before the
    /// parameter has moved by 10⁶ times its size and the objective no longer rises. An optimum on a bound is searched
    /// on the other side only.
    public func interval(of parameter: Int, level: Double = 0.95) -> ProfileInterval {
        let bounds = model.parameters[parameter].bounds
        func without(_ reason: String) -> ProfileInterval {
            ProfileInterval(low: nil, high: nil, level: level, betterFound: nil, refits: 0, reason: reason)
        }
        if bounds.lower == bounds.upper { return without("the parameter is held") }
        if !minimum.isFinite { return without("the fit is not finite") }
        if loss.delta != nil {
            return without("a Huber loss is no likelihood: its profile has no level; take asymptotic or bootstrap")
        }
        if degreesOfFreedom == 0 { return without("as many parameters as points: nothing is known about the errors") }
        let threshold = studentQuantile(level: level, degreesOfFreedom: degreesOfFreedom)
        if isExact { return exactInterval(of: parameter, level: level, threshold: threshold) }

        var search = ProfileSearch(self, parameter: parameter)
        let low = end(-1, of: parameter, threshold: threshold, &search)
        let high = search.better == nil ? end(1, of: parameter, threshold: threshold, &search) : nil
        if let better = search.better {
            let polished = CurveFitter(model, loss: loss).refit(data, from: better)
            return ProfileInterval(
                low: nil, high: nil, level: level,
                betterFound: polished.objective < minimum ? polished.parameters : better, refits: search.refits + 1,
                reason: "a better fit was found on the way")
        }
        return ProfileInterval(
            low: low, high: high, level: level, betterFound: nil, refits: search.refits, reason: nil)
    }

    /// The intervals of all parameters; where a better fit turns up on the way, of that one.
    public static func intervals(
        _ model: CurveModel, data: CurveData, loss: Loss = .squares, solution: CurveSolution, level: Double = 0.95
    ) -> (solution: CurveSolution, intervals: [ProfileInterval]) {
        var solution = solution
        var intervals: [ProfileInterval] = []
        for attempt in 0..<4 {
            let profile = CurveProfile(model, data: data, loss: loss, solution: solution)
            intervals = []
            for j in model.parameters.indices where intervals.last?.betterFound == nil {
                intervals.append(profile.interval(of: j, level: level))
            }
            guard attempt < 3, let better = intervals.last?.betterFound else { break }
            let (starts, fitter) = (solution.starts, CurveFitter(model, loss: loss))
            solution = fitter.refit(data, from: better)
            (solution.starts, solution.startsAtBest) = (starts + 1, 1)
        }
        let missing = model.parameters.count - intervals.count
        return (solution, intervals + (0..<missing).compactMap { _ in intervals.last })
    }

    /// Residuals that consist of rounding alone: their profile would be noise.
    private var isExact: Bool {
        let size = loss.isLogarithmic ? 1 : data.y.reduce(0) { max($0, abs($1)) }
        let weight = data.weights?.max() ?? 1
        let rounding = 4 * size * Double.ulpOfOne
        return minimum <= Double(data.y.count) * weight * rounding * rounding
    }

    private func exactInterval(of parameter: Int, level: Double, threshold: Double) -> ProfileInterval {
        let half = standardErrors[parameter].map { threshold * $0 }
        return ProfileInterval(
            low: half.map { optimum[parameter] - $0 }, high: half.map { optimum[parameter] + $0 }, level: level,
            betterFound: nil, refits: 0, reason: "the curve meets every point: the interval is asymptotic")
    }

    /// Where the profile first crosses `threshold` below (−1) or above (1) the optimum.
    private func end(
        _ side: Double, of parameter: Int, threshold: Double, _ search: inout ProfileSearch
    ) -> Double? {
        let center = optimum[parameter]
        let bound = side < 0 ? model.parameters[parameter].bounds.lower : model.parameters[parameter].bounds.upper
        guard center != bound else { return nil }
        var crossing = ProfileCrossing(
            threshold: threshold, reach: abs(bound - center), firstStep: firstStep(parameter, threshold),
            size: max(abs(center), standardErrors[parameter] ?? 0))
        while let distance = crossing.next {
            let value = distance == abs(bound - center) ? bound : center + side * distance
            crossing.record(abs(search.point(at: value).signedRoot), at: distance)
            if search.better != nil { return nil }
        }
        return crossing.distance.map { center + side * $0 }
    }

    /// The end of the asymptotic interval; without a standard error, that of the parameter alone, the others held.
    private func firstStep(_ parameter: Int, _ threshold: Double) -> Double {
        let size = max(abs(optimum[parameter]), 1e-3)
        if let error = standardErrors[parameter], error > 0 { return threshold * error }
        let points = LossPoints(model, data: data, loss: loss, parameters: optimum)
        let length = points.jacobian([parameter]).reduce(0) { $0 + $1 * $1 }.squareRoot()
        let alone = threshold * variance.squareRoot() / length
        return alone.isFinite && alone > 0 ? alone : 0.1 * size
    }
}
