public struct CurveFitOptions: Sendable, Equatable {
    /// Local searches, from starts chosen among screened low-discrepancy points; nil = as many as the number of
    /// nonlinear parameters asks for.
    public var starts: Int?
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
///
/// Squares are fitted by variable projection: linear parameters are solved for, the others searched. Other losses
/// search all parameters, from where weighted squares end. Deterministic.
public final class CurveFitter {
    let model: CurveModel
    let loss: Loss
    /// Parameters searched over when the linear ones are solved for.
    let open: [Int]
    let solved: [Int]
    /// Both.
    let all: [Int]
    let projection: Projection
    private lazy var fullStorage = LossResiduals(model, open: all, loss: loss)
    private lazy var smoothStorage = LossResiduals(model, open: all, loss: loss.smooth)
    private var isFullSet = false
    private lazy var projectedDescent = Descent(residualCount: model.pointCount, variableCount: open.count)
    private lazy var fullDescent = Descent(residualCount: model.pointCount, variableCount: all.count)
    var data = CurveData([])
    var iterations = 0

    struct Candidate {
        var parameters: [Double]
        /// Σ s², in which the loss is written.
        var cost: Double
        var cosine: Double
    }

    /// - Parameter holding: parameters that stay where the start has them.
    public init(_ model: CurveModel, loss: Loss = .squares, holding: Set<Int> = []) {
        self.model = model
        self.loss = loss
        let moving = model.parameters.indices.filter {
            !holding.contains($0) && model.parameters[$0].bounds.lower < model.parameters[$0].bounds.upper
        }
        var solved: [Int] = []
        var bounded = 0
        for j in moving where model.parameters[j].isLinear {
            if model.parameters[j].bounds != .none { bounded += 1 }
            if model.parameters[j].bounds == .none || bounded <= BoundedLinear.largestBounded { solved.append(j) }
        }
        self.solved = solved
        open = moving.filter { !solved.contains($0) }
        all = moving
        projection = Projection(model, open: open, solved: solved)
    }

    /// The global search: screening, local searches, polish, and GSL's algorithms where that did not converge.
    public func fit(_ data: CurveData, options: CurveFitOptions = .init()) -> CurveSolution {
        take(data)
        return GlobalSearch(fitter: self, options: options).run()
    }

    /// One local search from `start`, for data close to those that gave it: bootstrap, profiles.
    public func refit(_ data: CurveData, from start: [Double]) -> CurveSolution {
        take(data)
        var options = DescentOptions()
        options.gradientTolerance = 1e-8
        let found = descend(from: start, options)
        return solution(found, starts: 1, reached: 1)
    }

    func take(_ data: CurveData) {
        precondition(
            data.y.count == model.pointCount && data.weights.map { $0.count == model.pointCount } != false,
            "\(model.pointCount) points need as many values, not \(data.y.count)")
        self.data = data
        iterations = 0
        if loss.isLogarithmic {
            // Residuals of ln y are residuals of y over y, where they are small.
            let weights = data.y.indices.map { (data.weights?[$0] ?? 1) / (data.y[$0] * data.y[$0]) }
            projection.set(data.y, weights: weights)
        } else {
            projection.set(data.y, weights: data.weights)
        }
        isFullSet = false
    }

    /// The loss, and its squares, of all parameters. Most fits of squares never ask.
    var full: LossResiduals {
        setFull()
        return fullStorage
    }

    private var smooth: LossResiduals {
        setFull()
        return smoothStorage
    }

    private func setFull() {
        if isFullSet { return }
        fullStorage.set(data.y, weights: data.weights)
        smoothStorage.set(data.y, weights: data.weights)
        isFullSet = true
    }

    /// The local search that suits the loss.
    func descend(from start: [Double], _ options: DescentOptions) -> Candidate {
        loss == .squares ? descendProjected(from: start, options) : descendFull(from: start, options)
    }

    /// Descends over the open parameters, the linear ones solved for at each step.
    func descendProjected(from start: [Double], _ options: DescentOptions) -> Candidate {
        var start = start
        for j in start.indices { projection.parameters[j] = start[j] }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, open.count)) { theta in
            for (slot, j) in open.enumerated() { theta[slot] = start[j] }
            let pointer = theta.baseAddress.unsafelyUnwrapped
            let outcome = projectedDescent.run(projection, from: pointer, options: options)
            iterations += outcome.iterations
            // The last point asked may have been a step that was not taken.
            evaluateProjection(pointer)
            for j in start.indices { start[j] = projection.parameters[j] }
            return Candidate(parameters: start, cost: outcome.cost, cosine: outcome.cosine)
        }
    }

    /// Descends over all parameters.
    func descendFull(from start: [Double], _ options: DescentOptions, smoothly: Bool = false) -> Candidate {
        let source = smoothly ? smooth : full
        var result = start
        for j in start.indices { source.parameters[j] = start[j] }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, all.count)) { theta in
            for (slot, j) in all.enumerated() { theta[slot] = start[j] }
            let outcome = fullDescent.run(source, from: theta.baseAddress.unsafelyUnwrapped, options: options)
            iterations += outcome.iterations
            for (slot, j) in all.enumerated() { result[j] = theta[slot] }
            return Candidate(parameters: result, cost: outcome.cost, cosine: outcome.cosine)
        }
    }

    /// Σ s² at `start` once its linear parameters have been solved for, and those parameters.
    func solveLinear(at start: inout [Double]) -> Double {
        for j in start.indices { projection.parameters[j] = start[j] }
        let cost = withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, open.count)) { theta in
            for (slot, j) in open.enumerated() { theta[slot] = start[j] }
            return evaluateProjection(theta.baseAddress.unsafelyUnwrapped)
        }
        for j in solved { start[j] = projection.parameters[j] }
        return cost
    }

    @discardableResult private func evaluateProjection(_ theta: UnsafePointer<Double>) -> Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, model.pointCount)) {
            projection.residuals(theta, $0.baseAddress.unsafelyUnwrapped)
        }
    }

    /// The loss at given parameters, as Σ s².
    func cost(at parameters: [Double]) -> Double {
        let source = full
        for j in parameters.indices { source.parameters[j] = parameters[j] }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, model.pointCount + all.count)) { room in
            let theta = room.baseAddress.unsafelyUnwrapped
            for (slot, j) in all.enumerated() { theta[slot] = parameters[j] }
            return source.residuals(theta, theta + all.count)
        }
    }

    func solution(_ found: Candidate, starts: Int, reached: Int) -> CurveSolution {
        let values = model.values(found.parameters)
        let residuals = values.indices.map {
            loss.isLogarithmic ? Loss.logRatio(values[$0], data.y[$0]) : values[$0] - data.y[$0]
        }
        let sides = model.parameters.indices.map { j -> Bounds.Side? in
            all.contains(j) ? model.parameters[j].bounds.side(of: found.parameters[j], within: 0) : nil
        }
        let floor = projection.floor
        // Rounding of the model's values, about 1e-15 of them, sets how small the cosine can become.
        let limit = 1e-6 + 10 * (floor / max(found.cost, .leastNormalMagnitude)).squareRoot()
        let termination: Termination
        if !found.cost.isFinite {
            termination = .notConverged("the model is finite at none of \(max(1, starts)) starts")
        } else if found.cosine <= limit {
            termination = .converged(
                starts == 1
                    ? "the only start ended in a minimum within the bounds"
                    : "the best of \(starts) starts is a minimum within the bounds")
        } else {
            termination = .notConverged(
                "the gradient is not zero where the search stopped (cosine \(found.cosine), \(iterations) iterations)")
        }
        return CurveSolution(
            parameters: found.parameters, sides: sides, objective: loss.objective(residuals, weights: data.weights),
            residuals: residuals, starts: starts, startsAtBest: reached, iterations: iterations,
            termination: termination)
    }
}
