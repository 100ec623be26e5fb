import Foundation

public struct CurveFitOptions: Sendable, Equatable {
    /// Local searches, from starts chosen among screened low-discrepancy points.
    public var starts = 4
    /// Values at which a search must begin, one per parameter, nil = chosen from the data. With `starts` 1 it is the only
    /// start.
    public var start: [Double?]?

    public init() {}
}

public struct CurveSolution: Sendable, Equatable {
    /// [p]
    public var parameters: [Double]
    /// The bound on which a parameter ended, where its interval has a width.
    public var sides: [Bounds.Side?]
    /// Σ w ρ(r): what was minimised.
    public var objective: Double
    /// r, [n]: f − y, or ln f − ln y under a logarithmic loss.
    public var residuals: [Double]
    public var starts: Int
    /// How many of the starts reached the best objective (within 1e-6 of it).
    public var startsAtBest: Int
    public var iterations: Int
    public var termination: Termination

    /// Σ w r².
    public func rss(weights: [Double]?) -> Double {
        residuals.indices.reduce(0) { $0 + (weights?[$1] ?? 1) * residuals[$1] * residuals[$1] }
    }
}

/// Fits one curve to any number of data sets; workspaces are made once. One per thread.
public final class CurveFitter {
    private let model: CurveModel
    private let loss: Loss

    public init(_ model: CurveModel, loss: Loss = .squares) {
        self.model = model
        self.loss = loss
    }

    /// The global search: screening, local searches, polish.
    public func fit(_ data: CurveData, options: CurveFitOptions = .init()) -> CurveSolution {
        let open = openParameters
        var best: CurveSolution?
        for point in LowDiscrepancy.points(options.starts, dimension: max(1, open.count)) {
            var start = model.parameters.map { $0.bounds.clamp($0.spread.value(0.5)) }
            for (axis, j) in open.enumerated() {
                start[j] = model.parameters[j].bounds.clamp(model.parameters[j].spread.value(point[axis]))
            }
            if let given = options.start { for j in open { start[j] = given[j] ?? start[j] } }
            let found = refit(data, from: start)
            if found.objective < best?.objective ?? .infinity { best = found }
        }
        return best ?? refit(data, from: model.parameters.map(\.bounds.lower))
    }

    private var openParameters: [Int] {
        model.parameters.indices.filter { model.parameters[$0].bounds.lower < model.parameters[$0].bounds.upper }
    }

    /// One local search from `start`, for data close to those that gave it: bootstrap, profiles.
    public func refit(_ data: CurveData, from start: [Double]) -> CurveSolution {
        let (model, n, open, isLog) = (model, model.pointCount, openParameters, loss.isLogarithmic)
        var current = start
        func place(_ t: UnsafeBufferPointer<Double>) {
            for (slot, j) in open.enumerated() { current[j] = model.parameters[j].bounds.parameter(at: t[slot]).value }
        }
        func residuals(_ f: [Double]) -> [Double] {
            (0..<n).map { isLog ? log(f[$0] / data.y[$0]) : f[$0] - data.y[$0] }
        }
        let problem = LeastSquaresProblem(
            residualCount: n, parameterCount: open.count,
            residuals: { t, out in
                place(t)
                let r = residuals(model.values(current))
                for i in 0..<n { out[i] = r[i] * (data.weights?[i] ?? 1).squareRoot() }
            },
            jacobian: { t, out in
                place(t)
                let (f, j) = (model.values(current), model.jacobian(current))
                for i in 0..<n {
                    let factor = (data.weights?[i] ?? 1).squareRoot() / (isLog ? f[i] : 1)
                    for (slot, k) in open.enumerated() {
                        let slope = model.parameters[k].bounds.parameter(at: t[slot]).slope
                        out[i * open.count + slot] = factor * j[i * model.parameters.count + k] * slope
                    }
                }
            })
        let solution = minimize(problem, from: open.map { model.parameters[$0].bounds.coordinate(of: start[$0]) })
        solution.parameters.withUnsafeBufferPointer(place)
        return CurveSolution(
            parameters: current,
            sides: model.parameters.indices.map { j in
                open.contains(j) ? model.parameters[j].bounds.side(of: current[j], within: 1e-9) : nil
            },
            objective: solution.rss, residuals: residuals(model.values(current)), starts: 1, startsAtBest: 1,
            iterations: solution.iterations, termination: solution.termination)
    }
}
