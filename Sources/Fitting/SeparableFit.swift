public struct SeparableOptions: Sendable, Equatable {
    /// Local searches, from starts chosen among `screened` low-discrepancy points over the bounds.
    public var starts = 4
    public var screened = 64
    /// Values at which a search must begin, one per nonlinear parameter, nil = chosen from the data. With `starts` 1 it
    /// is the only start.
    public var start: [Double?]?
    public var algorithms = Algorithm.allCases

    public init() {}
}

public struct SeparableSolution: Sendable, Equatable {
    public var linear: [Double]
    public var nonlinear: [Double]
    /// Fitted minus given, [n].
    public var residuals: [Double]
    public var rss: Double
    /// The bound on which a parameter ended, where its interval has a width.
    public var linearSides: [Bounds.Side?]
    public var nonlinearSides: [Bounds.Side?]
    public var starts: Int
    /// How many of the starts reached the best residual sum (within 1e-6 of it).
    public var startsAtBest: Int
    public var iterations: Int
    public var termination: Termination
}

/// Finds the best bounded least-squares fit of a separable model: low-discrepancy screening of the nonlinear parameters,
/// local searches from its basins, an active-set step for optima on a bound.
///
/// An interval of zero width fixes its parameter. Deterministic.
public func fit(_ model: SeparableModel, to y: [Double], options: SeparableOptions = .init()) -> SeparableSolution {
    var search = SeparableSearch(model, y, options)
    return search.run()
}

private struct SeparableSearch {
    let model: SeparableModel
    let options: SeparableOptions
    let projection: Projection
    /// Rounding makes residual sums below this indistinguishable from zero.
    let floor: Double
    var iterations = 0

    struct Point {
        var theta: [Double]
        var sides: [Bounds.Side?]
        var rss: Double
        var cosine: Double
    }

    init(_ model: SeparableModel, _ y: [Double], _ options: SeparableOptions) {
        self.model = model
        self.options = options
        projection = Projection(model, y: y)
        floor = 1e-30 * y.reduce(0) { $0 + $1 * $1 }
    }

    mutating func run() -> SeparableSolution {
        let open = model.nonlinear.indices.filter { model.nonlinear[$0].lower < model.nonlinear[$0].upper }
        var best: Point?
        var reached: [Double] = []
        let starts = open.isEmpty ? [model.nonlinear.map(\.lower)] : starts(open)
        for start in starts {
            let point = settle(start, open, tolerance: 1e-5, algorithms: Array(options.algorithms.prefix(1)))
            reached.append(point.rss)
            if best == nil || point.rss < best!.rss { best = point }
        }
        if let flat = best, options.starts > 1, let escaped = escape(flat, open), escaped.rss < flat.rss * (1 - 1e-9) {
            best = escaped
            reached.append(escaped.rss)
        }
        guard var point = best, point.rss.isFinite else {
            return solution(at: starts.first ?? model.nonlinear.map(\.lower), nil, options.screened, 0)
        }
        let polished = settle(point.theta, open, tolerance: 1e-12, algorithms: options.algorithms)
        if polished.rss <= point.rss || polished.cosine < point.cosine && polished.rss <= point.rss * (1 + 1e-12) {
            point = polished
        }
        let limit = point.rss * (1 + 1e-6) + floor
        return solution(at: point.theta, point, reached.count, reached.count { $0 <= limit })
    }

    /// Where a parameter on its bound makes another one idle (an exponent of 0), the idle one may have stopped anywhere,
    /// also where the way back inside looks uphill: searches from beside the bound, with others of its values.
    private mutating func escape(_ point: Point, _ open: [Int]) -> Point? {
        guard let edge = open.first(where: { point.sides[$0] != nil }) else { return nil }
        projection.solve(point.theta, withDerivatives: true)
        let idle = withUnsafeTemporaryAllocation(of: Double.self, capacity: model.pointCount) { column in
            open.filter { $0 != edge && projection.derivative($0, into: column) == 0 }
        }
        var best: Point?
        for j in idle {
            for share in [0.0, 0.25, 0.5, 0.75, 1] {
                var theta = point.theta
                theta[j] = model.spreads[j].value(share, in: model.nonlinear[j])
                let bounds = model.nonlinear[edge]
                let step = 1e-3 * (bounds.upper - bounds.lower)
                theta[edge] += point.sides[edge] == .lower ? step : -step
                let found = settle(
                    inside(theta, open), open, tolerance: 1e-5, algorithms: Array(options.algorithms.prefix(1)))
                if found.rss < best?.rss ?? .infinity { best = found }
            }
        }
        return best
    }

    /// The starts: the user's, or the basins of a screening over the open parameters.
    private func starts(_ open: [Int]) -> [[Double]] {
        let given = options.start ?? [Double?](repeating: nil, count: model.nonlinear.count)
        let isComplete = open.allSatisfy { given[$0] != nil }
        if options.starts == 1 && isComplete {
            return [inside(zip(given, model.nonlinear).map { $0 ?? $1.lower }, open)]
        }
        let points = LowDiscrepancy.points(options.screened, dimension: open.count)
        var thetas: [[Double]] = []
        for point in points {
            var theta = model.nonlinear.map(\.lower)
            for (axis, j) in open.enumerated() {
                theta[j] = model.spreads[j].value(point[axis], in: model.nonlinear[j])
                if options.starts == 1, let value = given[j] { theta[j] = value }
            }
            thetas.append(theta)
        }
        let costs = thetas.map { projection.solve($0) }
        // The critical distance of multi-level single linkage for a sample of this size, about a tenth of the cube.
        let radius = 1.2 / Double(options.screened).squareRoot()
        let chosen = LowDiscrepancy.starts(points, costs: costs, count: options.starts, radius: radius)
        var result = chosen.map { inside(thetas[$0], open) }
        if options.starts > 1, let first = result.first, given.contains(where: { $0 != nil }) {
            var theta = first
            for j in open { theta[j] = given[j] ?? theta[j] }
            result.insert(inside(theta, open), at: 0)
            if result.count > options.starts { result.removeLast() }
        }
        return result
    }

    /// A start a little inside its bounds: on a bound the search coordinate has no slope.
    private func inside(_ theta: [Double], _ open: [Int]) -> [Double] {
        var result = theta
        for j in open {
            let bounds = model.nonlinear[j]
            let margin = 1e-6 * (bounds.upper - bounds.lower)
            result[j] = min(max(theta[j], bounds.lower + margin), bounds.upper - margin)
        }
        return result
    }

    /// Descends from `start` to a point that satisfies the optimality conditions of the bounded problem: a parameter
    /// that drifts to its bound is held there, and released again where the gradient points back inside.
    private mutating func settle(
        _ start: [Double], _ open: [Int], tolerance: Double, algorithms: [Algorithm]
    ) -> Point {
        var held: [Bounds.Side?] = model.nonlinear.map { _ in nil }
        var theta = start
        var released: Set<Int> = []
        for j in open {
            held[j] = model.nonlinear[j].side(of: theta[j], within: 0)
        }
        while true {
            let free = open.filter { held[$0] == nil }
            if !free.isEmpty {
                descend(&theta, free, tolerance, algorithms, stopsAtBounds: !free.allSatisfy(released.contains))
            }
            // A parameter at its bound (within 1e-3 of the width) is tried on it, and kept there where that is no worse.
            var changed = false
            for j in free where !released.contains(j) {
                guard let side = model.nonlinear[j].side(of: theta[j], within: 1e-3) else { continue }
                let before = projection.solve(theta)
                var onBound = theta
                onBound[j] = model.nonlinear[j][side]
                if projection.solve(onBound) <= before && !pointsInside(onBound, j, side) {
                    theta = onBound
                    held[j] = side
                    changed = true
                } else {
                    released.insert(j)
                    changed = true
                }
            }
            for j in open where held[j] != nil && !changed {
                if let side = held[j], pointsInside(theta, j, side), released.insert(j).inserted {
                    held[j] = nil
                    theta = inside(theta, [j])
                    changed = true
                }
            }
            if !changed { break }
        }
        let rss = projection.solve(theta, withDerivatives: true)
        let cosine = open.filter { held[$0] == nil }.map { abs(slope($0)) }.max() ?? 0
        return Point(theta: theta, sides: held, rss: rss, cosine: rss <= floor ? 0 : cosine)
    }

    /// The cosine between the residuals and the Jacobian's column j at the point last solved, less what rounding may
    /// make of it; its sign is that of the derivative of the residual sum.
    private func slope(_ j: Int) -> Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: model.pointCount) { column in
            let share = projection.derivative(j, into: column)
            let residuals = UnsafeMutableBufferPointer(rebasing: projection.linear.residuals[..<model.pointCount])
            let (product, rss) = (dot(column, residuals), dot(residuals, residuals))
            let scale = (dot(column, column) * rss).squareRoot()
            // A slope that moves the residual sum by less than a millionth over the parameter's whole interval is none.
            let width = model.nonlinear[j].upper - model.nonlinear[j].lower
            guard scale > 0, 2 * abs(product) * width > 1e-6 * rss else { return 0 }
            let cosine = product / scale
            let noise = 1e-14 / (share * projection.linear.independence)
            return abs(cosine) <= noise ? 0 : cosine - (cosine > 0 ? noise : -noise)
        }
    }

    private func pointsInside(_ theta: [Double], _ j: Int, _ side: Bounds.Side) -> Bool {
        projection.solve(theta, withDerivatives: true)
        if projection.rss <= floor { return false }
        let slope = slope(j)
        return side == .lower ? slope < -1e-9 : slope > 1e-9
    }

    private mutating func descend(
        _ theta: inout [Double], _ free: [Int], _ tolerance: Double, _ algorithms: [Algorithm], stopsAtBounds: Bool
    ) {
        let (model, projection, n) = (model, projection, model.pointCount)
        var current = theta
        func place(_ t: UnsafeBufferPointer<Double>) {
            for (slot, j) in free.enumerated() { current[j] = model.nonlinear[j].parameter(at: t[slot]).value }
        }
        let scratch = UnsafeMutableBufferPointer<Double>.allocate(capacity: n)
        defer { scratch.deallocate() }
        let problem = LeastSquaresProblem(
            residualCount: n, parameterCount: free.count,
            residuals: { t, out in
                place(t)
                projection.solve(current, withDerivatives: true)  // where the step is taken, the Jacobian is there
                if projection.rss.isFinite {
                    for i in 0..<n { out[i] = projection.linear.residuals[i] }
                } else {
                    out.update(repeating: .infinity)
                }
            },
            jacobian: { t, out in
                place(t)
                projection.solve(current, withDerivatives: true)
                for (slot, j) in free.enumerated() {
                    projection.derivative(j, into: scratch)
                    let slope = model.nonlinear[j].parameter(at: t[slot]).slope
                    for i in 0..<n { out[i * free.count + slot] = scratch[i] * slope }
                }
            })
        var options = LeastSquaresOptions()
        options.gradientTolerance = tolerance
        options.algorithms = algorithms
        options.stepTolerance = tolerance * 0.01
        let start = free.map { model.nonlinear[$0].coordinate(of: theta[$0]) }
        let floor = floor
        let solution = minimize(problem, from: start, options: options) { t in
            if projection.rss <= floor { return true }
            guard stopsAtBounds else { return false }
            return free.indices.contains { slot in
                let bounds = model.nonlinear[free[slot]]
                return bounds.side(of: bounds.parameter(at: t[slot]).value, within: 1e-5) != nil
            }
        }
        iterations += solution.iterations
        for (slot, j) in free.enumerated() {
            theta[j] = model.nonlinear[j].parameter(at: solution.parameters[slot]).value
        }
    }

    private func solution(at theta: [Double], _ point: Point?, _ starts: Int, _ reached: Int) -> SeparableSolution {
        let rss = projection.solve(theta)
        let scale = (floor / max(rss, .leastNormalMagnitude)).squareRoot()
        // Rounding of the model's values, about 1e-15 of them, sets how small the cosine can become.
        let limit = 1e-6 + 10 * scale
        let termination: Termination
        if let point, point.cosine <= limit {
            termination = .converged(
                starts == 1
                    ? "the only start ended in a minimum within the bounds"
                    : "the best of \(starts) starts is a minimum within the bounds")
        } else if let point {
            termination = .notConverged(
                "the gradient is not zero where the search stopped (cosine \(point.cosine), \(iterations) iterations)")
        } else {
            termination = .notConverged("the model is finite at none of \(starts) points tried")
        }
        let linear = projection.linear
        return SeparableSolution(
            linear: linear.coefficients, nonlinear: theta, residuals: Array(linear.residuals.prefix(model.pointCount)),
            rss: rss,
            linearSides: linear.sides.enumerated().map { j, side in
                model.linear[j].lower < model.linear[j].upper ? side : nil
            },
            nonlinearSides: point?.sides ?? theta.map { _ in nil },
            starts: starts, startsAtBest: reached, iterations: iterations, termination: termination)
    }
}
