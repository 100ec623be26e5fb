/// A parameter held at a value and the others fitted anew.
public struct ProfilePoint: Sendable, Equatable {
    public let value: Double
    /// Σ w ρ(r) at the best of the other parameters; infinite where no curve exists.
    public let objective: Double
    /// ±√((objective − minimum)/s²), the profile t of Bates & Watts 1988, section 6.1: straight with slope 1/SE where
    /// the curve is linear in the parameter. NaN under a Huber loss.
    public let signedRoot: Double
    /// [p]
    public let parameters: [Double]
    public let isConverged: Bool
}

/// The objective about its minimum, one parameter held at a time, in the curve's own coordinates.
///
/// Legend: n points of positive weight, p parameters.
public struct CurveProfile: Sendable {
    let model: CurveModel
    let data: CurveData
    let loss: Loss
    /// The parameters at the minimum, [p].
    public let optimum: [Double]
    /// Σ w ρ(r) there.
    public let minimum: Double
    public let degreesOfFreedom: Int
    /// Of parameters neither held nor on a bound, where determined, [p].
    public let standardErrors: [Double?]

    /// s², minimum / (n − p): the variance of a residual of weight 1.
    var variance: Double { minimum / Double(degreesOfFreedom) }

    public init(_ model: CurveModel, data: CurveData, loss: Loss = .squares, solution: CurveSolution) {
        let open = model.openParameters
        let free = open.filter { solution.sides[$0] == nil }
        let counted = data.weights.map { weights in weights.count { $0 > 0 } } ?? data.y.count
        self.model = model
        self.data = data
        self.loss = loss
        optimum = solution.parameters
        minimum = solution.objective
        degreesOfFreedom = max(0, counted - open.count)
        standardErrors =
            CurveUncertainty(
                model, data: data, loss: loss, parameters: solution.parameters, free: free, estimatedCount: open.count
            ).standardErrors
    }

    /// The profile at each value of the grid within the parameter's bounds, in the grid's order.
    ///
    /// The values are visited from the optimum outwards on either side, each fit starting at its neighbour's.
    public func points(of parameter: Int, over grid: [Double]) -> [ProfilePoint] {
        let center = optimum[parameter]
        let bounds = model.parameters[parameter].bounds
        let inside = grid.indices.filter { bounds.contains(grid[$0]) }
        var found: [Int: ProfilePoint] = [:]
        for side in [-1.0, 1.0] {
            var search = ProfileSearch(self, parameter: parameter)
            let ordered = inside.filter { side < 0 ? grid[$0] < center : grid[$0] >= center }
            for i in ordered.sorted(by: { side * grid[$0] < side * grid[$1] }) { found[i] = search.point(at: grid[i]) }
        }
        return inside.compactMap { found[$0] }
    }
}

/// Fits along one parameter's profile, each warm from those before.
struct ProfileSearch {
    let profile: CurveProfile
    let parameter: Int
    private let fit: HeldFit
    /// Fits so far, by ascending value, with the optimum among them.
    private var known: [(value: Double, parameters: [Double])]
    private(set) var refits = 0
    /// Parameters of a lower objective than the minimum, if one turned up: the minimum was not global.
    private(set) var better: [Double]?
    private var lowest: Double

    init(_ profile: CurveProfile, parameter: Int) {
        self.profile = profile
        self.parameter = parameter
        fit = HeldFit(profile, parameter: parameter)
        known = [(profile.optimum[parameter], profile.optimum)]
        // Less than this below the minimum is the solver's tolerance, not another minimum.
        lowest = profile.minimum * (1 - 1e-6 / Double(max(1, profile.degreesOfFreedom)))
    }

    /// The better of a fit that starts at the known profile's continuation and one that starts at the optimum; where
    /// these end in different places, a third starts at the nearest known fit.
    mutating func point(at value: Double) -> ProfilePoint {
        var starts = [continuation(to: value)]
        if fit.isSearched && known.count > 1 { starts += [profile.optimum, nearest(to: value)] }
        var best = fit.solve(at: value, from: starts[0])
        for (place, start) in starts.enumerated().dropFirst() {
            let other = fit.solve(at: value, from: start)
            refits += 1
            let agree = abs(other.objective - best.objective) <= 1e-6 * profile.variance
            if other.objective < best.objective || !best.objective.isFinite { best = other }
            if place == 1 && agree { break }
        }
        refits += fit.isSearched ? 1 : 0
        if best.objective.isFinite {
            let place = known.firstIndex { $0.value >= value } ?? known.count
            if place == known.count || known[place].value != value { known.insert((value, best.parameters), at: place) }
            if best.objective < lowest { (lowest, better) = (best.objective, best.parameters) }
        }
        let objective = best.objective.isFinite ? best.objective : .infinity
        return ProfilePoint(
            value: value, objective: objective, signedRoot: signedRoot(objective, at: value),
            parameters: best.parameters, isConverged: best.isConverged)
    }

    private func signedRoot(_ objective: Double, at value: Double) -> Double {
        guard profile.loss.delta == nil, profile.degreesOfFreedom > 0 else { return .nan }
        let root = (max(0, objective - profile.minimum) / profile.variance).squareRoot()
        return value < profile.optimum[parameter] ? -root : root
    }

    private func nearest(to value: Double) -> [Double] {
        known.min { abs($0.value - value) < abs($1.value - value) }?.parameters ?? profile.optimum
    }

    /// The other parameters on the line through the two nearest fits.
    private func continuation(to value: Double) -> [Double] {
        guard known.count > 1 else { return known[0].parameters }
        let above = min(max(known.firstIndex { $0.value >= value } ?? known.count - 1, 1), known.count - 1)
        let (a, b) = (known[above - 1], known[above])
        let share = (value - a.value) / (b.value - a.value)
        // Far beyond the known fits their line means nothing.
        let reach = min(max(share, -2), 3)
        return profile.model.parameters.indices.map { j in
            let step = b.parameters[j] - a.parameters[j]
            return profile.model.parameters[j].bounds.clamp(a.parameters[j] + reach * step)
        }
    }
}

/// The curve with one parameter held; serves every value of it.
private struct HeldFit {
    private let profile: CurveProfile
    private let parameter: Int
    private let fitter: CurveFitter?

    /// Whether any other parameter is left to fit.
    var isSearched: Bool { fitter != nil }

    init(_ profile: CurveProfile, parameter: Int) {
        self.profile = profile
        self.parameter = parameter
        let isAlone = profile.model.openParameters.allSatisfy { $0 == parameter }
        fitter = isAlone ? nil : CurveFitter(profile.model, loss: profile.loss, holding: [parameter])
    }

    func solve(at value: Double, from start: [Double]) -> (parameters: [Double], objective: Double, isConverged: Bool) {
        var start = start
        start[parameter] = value
        guard let fitter else {
            let points = LossPoints(profile.model, data: profile.data, loss: profile.loss, parameters: start)
            return (start, profile.loss.objective(points.residuals, weights: points.weights), true)
        }
        let solution = fitter.refit(profile.data, from: start)
        return (solution.parameters, solution.objective, solution.termination.isConverged)
    }
}
