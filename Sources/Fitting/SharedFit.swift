/// Fits several groups whose curves have some parameters in common: Σ over groups of the loss, minimised over one value of
/// each shared parameter and each group's own others.
///
/// A group's own parameters are projected out: for given shared values each group is fitted by itself, from where it was,
/// and the shared ones are searched in what remains. The work grows linearly with the number of groups.
///
/// - Parameters:
///   - groups: models with the same parameters in the same order; the shared ones mean the same in each.
///   - shared: places of the shared parameters; their bounds are what all groups allow.
/// - Returns: a solution per group, all with the same shared values and termination.
public func fitShared(
    _ groups: [(model: CurveModel, data: CurveData)], shared: [Int], loss: Loss = .squares,
    options: CurveFitOptions = .init()
) -> [CurveSolution] {
    precondition(!groups.isEmpty && !shared.isEmpty, "a shared fit needs groups and shared parameters")
    let source = SharedResiduals(groups, shared: shared, loss: loss)
    let descent = Descent(residualCount: source.residualCount, variableCount: shared.count)
    var descending = DescentOptions()
    descending.gradientTolerance = 1e-9
    let ends = source.starts(options).map { start -> (theta: [Double], outcome: DescentOutcome) in
        var theta = start
        source.restart(at: theta, options)
        let outcome = theta.withUnsafeMutableBufferPointer {
            descent.run(source, from: $0.baseAddress.unsafelyUnwrapped, options: descending)
        }
        return (theta, outcome)
    }
    let best = ends.indices.min { ends[$0].outcome.cost < ends[$1].outcome.cost } ?? 0
    // The last search left each group where that start led it.
    source.restart(at: ends[best].theta, options)
    _ = source.cost(at: ends[best].theta)
    let limit = ends[best].outcome.cost * (1 + 1e-6) + source.floor
    return source.solutions(
        ends[best].theta, ends[best].outcome, starts: ends.count, reached: ends.count { $0.outcome.cost <= limit })
}

/// The residuals of all groups as a function of the shared parameters, each group's own following.
private final class SharedResiduals: ResidualSource {
    let residualCount: Int
    let bounds: [Bounds]
    var floor: Double { fitters.reduce(0) { $0 + $1.projection.floor } }

    private let groups: [(model: CurveModel, data: CurveData)]
    private let shared: [Int]
    private let loss: Loss
    /// Each group with the shared parameters held.
    private let fitters: [CurveFitter]
    private let sources: [LossResiduals]
    private var parameters: [[Double]]
    private var cosines: [Double]

    init(_ groups: [(model: CurveModel, data: CurveData)], shared: [Int], loss: Loss) {
        self.groups = groups
        self.shared = shared
        self.loss = loss
        residualCount = groups.reduce(0) { $0 + $1.model.pointCount }
        bounds = shared.map { j in
            let each = groups.map { $0.model.parameters[j].bounds }
            let lower = each.map(\.lower).max() ?? -.infinity
            return Bounds(lower, max(lower, each.map(\.upper).min() ?? .infinity))
        }
        fitters = groups.map { CurveFitter($0.model, loss: loss, holding: Set(shared)) }
        sources = zip(groups, fitters).map { group, fitter in
            let source = LossResiduals(group.model, open: shared + fitter.all, loss: loss)
            source.set(group.data.y, weights: group.data.weights)
            return source
        }
        parameters = groups.map { $0.model.parameters.map { $0.bounds.clamp(0) } }
        cosines = groups.map { _ in 1 }
    }

    /// The three best of the candidates: where the shared parameters begin.
    func starts(_ options: CurveFitOptions) -> [[Double]] {
        let candidates = candidates(options)
        let costs = candidates.map { candidate in
            restart(at: candidate, options)
            return cost(at: candidate)
        }
        let order = candidates.indices.sorted { (costs[$0], $0) < (costs[$1], $1) }
        return order.prefix(3).map { candidates[$0] }
    }

    /// Shared values as in the first groups' own fits, and the middle of them.
    private func candidates(_ options: CurveFitOptions) -> [[Double]] {
        let given = shared.map { options.start?[$0] }
        if options.starts == 1, given.allSatisfy({ $0 != nil }) {
            return [zip(bounds, given).map { $0.clamp($1 ?? 0) }]
        }
        // A few groups show where the shared values lie; all of a thousand would only cost time.
        let fits = groups.prefix(8).map { CurveFitter($0.model, loss: loss).fit($0.data, options: options).parameters }
        let own = fits.map { fit in zip(shared, bounds).map { $1.clamp(fit[$0]) } }
        let middle = shared.indices.map { slot -> Double in
            let sorted = own.map { $0[slot] }.sorted()
            return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        return [middle] + own
    }

    /// Fits each group anew with the shared parameters at `theta`.
    func restart(at theta: [Double], _ options: CurveFitOptions) {
        for (g, fitter) in fitters.enumerated() {
            var search = options
            search.start = options.start ?? groups[g].model.parameters.map { _ in nil }
            for (slot, j) in shared.enumerated() { search.start?[j] = theta[slot] }
            parameters[g] = fitter.fit(groups[g].data, options: search).parameters
        }
    }

    func cost(at theta: [Double]) -> Double {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: residualCount) { out in
            theta.withUnsafeBufferPointer {
                residuals($0.baseAddress.unsafelyUnwrapped, out.baseAddress.unsafelyUnwrapped)
            }
        }
    }

    func residuals(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) -> Double {
        var total = 0.0
        var offset = 0
        for (g, fitter) in fitters.enumerated() {
            var start = parameters[g]
            for (slot, j) in shared.enumerated() { start[j] = theta[slot] }
            let found = fitter.refit(groups[g].data, from: start)
            guard found.objective.isFinite else { return .infinity }
            parameters[g] = found.parameters
            cosines[g] = found.termination.isConverged ? 0 : 1
            total += fill(g, out + offset)
            offset += groups[g].model.pointCount
        }
        return total
    }

    /// The group's residuals at its present parameters.
    private func fill(_ g: Int, _ out: UnsafeMutablePointer<Double>) -> Double {
        for j in parameters[g].indices { sources[g].parameters[j] = parameters[g][j] }
        let variables = (shared + fitters[g].all).map { parameters[g][$0] }
        return variables.withUnsafeBufferPointer { sources[g].residuals($0.baseAddress.unsafelyUnwrapped, out) }
    }

    func jacobian(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) {
        var offset = 0
        for g in groups.indices {
            let (n, own) = (groups[g].model.pointCount, fitters[g].all)
            let q = shared.count + own.count
            withUnsafeTemporaryAllocation(of: Double.self, capacity: n * (q + own.count) + n) { room in
                let columns = room.baseAddress.unsafelyUnwrapped
                _ = fill(g, columns + n * q)
                sources[g].jacobian(theta, columns)
                // What the group's own free parameters can follow leaves the shared columns.
                let basis = columns + n * (q + 1)
                var count = 0
                for (slot, j) in own.enumerated() {
                    if groups[g].model.parameters[j].bounds.side(of: parameters[g][j], within: 0) != nil { continue }
                    let unit = basis + count * n
                    for i in 0..<n { unit[i] = columns[(shared.count + slot) * n + i] }
                    if gramSchmidt(unit, n, against: basis, count, share: 1e-26) != nil { count += 1 }
                }
                for slot in shared.indices {
                    let column = columns + slot * n
                    for row in 0..<count {
                        let unit = basis + row * n
                        addScaled(-sumOfProducts(unit, column, n), unit, column, n)
                    }
                    for i in 0..<n { out[slot * residualCount + offset + i] = column[i] }
                }
            }
            offset += n
        }
    }

    func solutions(_ theta: [Double], _ outcome: DescentOutcome, starts: Int, reached: Int) -> [CurveSolution] {
        let isConverged = outcome.cosine <= 1e-6 && cosines.allSatisfy { $0 == 0 }
        let names = "\(groups.count) groups with \(shared.count) shared parameters"
        let termination: Termination =
            isConverged
            ? .converged("\(names) end in a joint minimum within the bounds")
            : .notConverged("\(names): the gradient is not zero where the search stopped (cosine \(outcome.cosine))")
        return groups.indices.map { g in
            var solution = fitters[g].solution(
                CurveFitter.Candidate(parameters: parameters[g], cost: 0, cosine: 0), starts: starts, reached: reached)
            for (slot, j) in shared.enumerated() where bounds[slot].lower < bounds[slot].upper {
                solution.sides[j] = bounds[slot].side(of: theta[slot], within: 0)
            }
            solution.termination = termination
            solution.iterations = outcome.iterations
            return solution
        }
    }
}
