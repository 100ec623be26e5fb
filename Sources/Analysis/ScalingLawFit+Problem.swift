import Fitting
import Foundation
import Tables

/// One law and one group's points: what is held and what is searched, or why there is nothing to fit.
struct FitProblem: Sendable {
    let law: any ScalingLaw
    let points: GroupPoints
    /// The law's x columns: the first ones of those given.
    let x: LawPoints
    let loss: Loss
    /// Of the law's parameters on these points; zero width where one is held. Empty where the group is refused.
    let bounds: [Bounds]
    let isFixed: [Bool]
    let isShared: [Bool]
    /// Parameters that these points cannot determine, and why.
    let unknown: [(parameter: Int, reason: String)]
    /// Parameters that are neither fixed nor unknown.
    let estimated: [Int]
    let refusal: String?

    /// - Parameter place: names a row in a message.
    init(
        _ law: any ScalingLaw, _ points: GroupPoints, _ options: ScalingLawOptions,
        place: (_ row: Int) -> String = { "row \($0)" }
    ) {
        self.law = law
        self.points = points
        x = LawPoints(points.x.columns.prefix(law.columns.count).map(\.self))
        loss = options.loss
        let parameters = law.parameters
        // By the user, or by the law itself.
        let isFixed = parameters.map { parameter in
            options.held(parameter.name) != nil
                || options.bounds[parameter.name] == nil && parameter.bounds.lower == parameter.bounds.upper
        }
        let isShared = parameters.map { options.shared.contains($0.name) }
        // What these points cannot determine other groups may.
        let unknown = law.undetermined(by: x).filter { !isFixed[$0.parameter] && !isShared[$0.parameter] }
        estimated = parameters.indices.filter { j in !isFixed[j] && !unknown.contains { $0.parameter == j } }
        (self.isFixed, self.isShared, self.unknown) = (isFixed, isShared, unknown)
        let own = estimated.count { !isShared[$0] }
        refusal = Self.refusal(parameters, own, points, x.columns.count, options, place)
        bounds =
            refusal != nil
            ? []
            : parameters.indices.map { j in
                if let value = options.held(parameters[j].name) { return Bounds(value, value) }
                let own = Self.bounds(parameters[j], points.y, options) ?? parameters[j].bounds
                if !unknown.contains(where: { $0.parameter == j }) { return own }
                // Any value does: the points do not depend on it.
                let middle = own.clamp(1)
                return Bounds(middle, middle)
            }
    }

    /// The law's own bounds where none are asked for; nil where no value lies between them.
    private static func bounds(_ parameter: LawParameter, _ y: [Double], _ options: ScalingLawOptions) -> Bounds? {
        options.bounds[parameter.name] ?? parameter.bounds(over: y)
    }

    private static func refusal(
        _ parameters: [LawParameter], _ estimated: Int, _ points: GroupPoints, _ columns: Int,
        _ options: ScalingLawOptions, _ place: (Int) -> String
    ) -> String? {
        let (n, y) = (points.count, points.y)
        guard let lowest = y.min(), let highest = y.max() else { return "no row of this group is left to fit" }
        if n < estimated { return "\(counted(n, "point")) cannot determine \(counted(estimated, "parameter"))" }
        let distinct = points.distinctCount(columns: columns)
        if distinct < estimated {
            return "\(counted(distinct, "different point")) cannot determine \(counted(estimated, "parameter"))"
        }
        if options.loss.isLogarithmic,
            let i = y.indices.filter({ y[$0] <= 0 }).min(by: { points.rows[$0] < points.rows[$1] })
        {
            return "y is \(significant(y[i])) at \(place(points.rows[i])): a logarithmic loss needs y > 0"
        }
        if lowest == highest && n > 1 {
            return "y is \(significant(lowest)) at all \(n) points: there is no curve to fit"
        }
        let empty = parameters.first {
            options.held($0.name) == nil && Self.bounds($0, y, options) == nil
        }
        return empty.map {
            "y lies in \(significant(lowest))…\(significant(highest)), which leaves no value for \($0.name) within its bounds "
                + "\(ScalingLawError.interval($0.bounds))"
        }
    }

    var data: CurveData { CurveData(points.y, weights: points.weights) }
    var search: LawSearch { law.search(points: x, y: points.y, bounds: bounds, isShared: isShared) }

    /// The search's coordinates of what is asked of the start; nil where nothing is.
    func start(_ options: ScalingLawOptions, _ search: LawSearch) -> [Double?]? {
        guard law.parameters.contains(where: { options.start[$0.name] != nil }) else { return nil }
        let given = law.parameters.map { options.held($0.name) ?? options.start[$0.name] ?? .nan }
        return search.coordinates(given).map { $0.isNaN ? nil : $0 }
    }

    /// The global search on its own, without regard to other groups.
    func solve(_ options: ScalingLawOptions) -> FitEstimate {
        let search = search
        var searching = CurveFitOptions()
        searching.starts = options.starts
        searching.start = start(options, search)
        return FitEstimate(self, search, CurveFitter(search.model, loss: loss).fit(data, options: searching))
    }

    /// The first point at which the law has no value under a start that names every parameter.
    func pointWithoutValue(_ options: ScalingLawOptions) -> Int? {
        let given = law.parameters.compactMap { options.held($0.name) ?? options.start[$0.name] }
        guard refusal == nil, given.count == law.parameters.count else { return nil }
        return law.values(given, at: x).firstIndex { !$0.isFinite }
    }
}

/// Where a search ended, in the law's own parameters.
struct FitEstimate: Sendable {
    let search: LawSearch
    let solution: CurveSolution
    let parameters: [Double]
    /// The law at these points in its own parameters.
    let model: CurveModel
    /// The bound that a parameter ended on; nil for one that is held.
    let sides: [Bounds.Side?]
    /// Parameters that the fitted curve does not depend on, as at b = 0 or a = 0, where it is flat.
    let idle: [Int]
    /// Parameters that are estimated and free to move both ways.
    let free: [Int]

    init(_ problem: FitProblem, _ search: LawSearch, _ solution: CurveSolution) {
        self.search = search
        self.solution = solution
        let parameters = search.parameters(solution.parameters)
        let model = problem.ownModel
        (self.parameters, self.model) = (parameters, model)
        let p = parameters.count
        let slopes = model.jacobian(parameters)
        idle = problem.estimated.filter { j in
            !problem.isShared[j] && stride(from: j, to: slopes.count, by: p).allSatisfy { slopes[$0] == 0 }
        }
        var sides = [Bounds.Side?](repeating: nil, count: p)
        for j in problem.estimated where !idle.contains(j) {
            let bounds = problem.bounds[j]
            if bounds.lower == bounds.upper {
                sides[j] = .lower  // d, where the lowest y is 0
            } else if let side = solution.sides[j] {
                // A coordinate may run against its parameter.
                sides[j] = bounds.side(of: parameters[j], within: 1e-9) ?? side
            }
        }
        self.sides = sides
        let idle = idle
        free = problem.estimated.filter { sides[$0] == nil && !idle.contains($0) }
    }

    /// The solution in the law's own parameters.
    var ownSolution: CurveSolution {
        var own = solution
        (own.parameters, own.sides) = (parameters, sides)
        return own
    }
}

extension FitProblem {
    /// The law at these points in its own parameters, within their bounds here.
    var ownModel: CurveModel {
        CurveModel(
            pointCount: points.count,
            parameters: zip(law.parameters, bounds).map { parameter, bounds in
                CurveParameter(
                    bounds: bounds, isLinear: parameter.isLinear,
                    spread: parameter.spread.values(x, points.y, bounds))
            }, evaluate: law.curve(at: x))
    }
}
