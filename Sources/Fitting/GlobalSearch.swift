/// The way from nothing to the best minimum: low-discrepancy screening of the nonlinear parameters, local searches from
/// its basins, a look beside bounds that make other parameters idle, a last descent to full precision.
struct GlobalSearch {
    let fitter: CurveFitter
    let options: CurveFitOptions

    typealias Candidate = CurveFitter.Candidate

    private var open: [Int] { fitter.open }
    private var parameters: [CurveParameter] { fitter.model.parameters }
    /// Values given by the user, by parameter.
    private var given: [Double?] { options.start ?? [Double?](repeating: nil, count: parameters.count) }

    init(fitter: CurveFitter, options: CurveFitOptions) {
        self.fitter = fitter
        self.options = options
    }

    func run() -> CurveSolution {
        var found = search(Self.effort(open.count))
        if options.starts == nil && found.best.cosine > 1e-6 && found.best.cost.isFinite {
            // No minimum was reached, perhaps at a kink where a linear parameter meets its bound: more patience.
            let again = search((1024, 24))
            if again.best.cost < found.best.cost { found = again }
        }
        return fitter.solution(found.best, starts: found.starts, reached: found.reached)
    }

    private func search(_ effort: (screened: Int, starts: Int)) -> (best: Candidate, starts: Int, reached: Int) {
        let starts = starts(effort)
        var found: [Candidate] = []
        let isOnly = options.starts == 1
        for start in starts { found.append(contentsOf: isOnly ? everyWay(from: start) : [search(from: start)]) }
        // The first of equals, so that the order of starts decides and nothing else.
        guard var best = found.min(by: { $0.cost < $1.cost }), best.cost.isFinite else {
            let start = starts.first ?? parameters.map { $0.bounds.clamp(0) }
            return (Candidate(parameters: start, cost: .infinity, cosine: 1), starts.count, 0)
        }
        if !isOnly, let escaped = escape(best), escaped.cost < best.cost * (1 - 1e-9) {
            best = escaped
            found.append(escaped)
        }
        let unpolished = best.cost
        best = polish(best)
        let limit = max(best.cost, unpolished) * (1 + 1e-6) + fitter.projection.floor
        return isOnly ? (best, 1, 1) : (best, found.count, found.count { $0.cost <= limit })
    }

    // MARK: Starts

    /// How many points are screened before the local searches, and how many of those there are.
    static func effort(_ nonlinear: Int) -> (screened: Int, starts: Int) {
        switch nonlinear {
        case 0: (1, 1)
        case 1: (32, 3)
        case 2: (LowDiscrepancy.planeCount, 4)
        case 3: (256, 8)
        case 4: (512, 12)
        default: (1024, 20)
        }
    }

    /// The user's start, or the basins of a screening over the open parameters.
    private func starts(_ effort: (screened: Int, starts: Int)) -> [[Double]] {
        let held = parameters.indices.map { given[$0] ?? parameters[$0].bounds.clamp(1) }
        if open.allSatisfy({ given[$0] != nil }) && (options.starts == 1 || open.isEmpty) { return [inside(held)] }
        let count = options.starts ?? effort.starts
        let screened = max(effort.screened, count)
        let points = LowDiscrepancy.points(screened, dimension: open.count)
        var thetas: [[Double]] = []
        var costs: [Double] = []
        thetas.reserveCapacity(screened)
        for index in 0..<screened {
            var theta = held
            for (axis, j) in open.enumerated() where options.starts != 1 || given[j] == nil {
                let value = parameters[j].spread.value(points[index * open.count + axis])
                theta[j] = parameters[j].bounds.clamp(value)
            }
            let squares = fitter.solveLinear(at: &theta)
            costs.append(fitter.loss == .squares || !squares.isFinite ? squares : fitter.cost(at: theta))
            thetas.append(theta)
        }
        // The critical distance of multi-level single linkage for a sample of this size.
        let radius = 1.2 / Double(screened).squareRoot()
        let chosen = LowDiscrepancy.starts(points, dimension: open.count, costs: costs, count: count, radius: radius)
        var result = chosen.map { inside(thetas[$0]) }
        if options.starts != 1, given.contains(where: { $0 != nil }) {
            var theta = result.first ?? held
            for j in fitter.all { theta[j] = given[j] ?? theta[j] }
            result.insert(inside(theta), at: 0)
            if result.count > count { result.removeLast() }
        }
        return result
    }

    /// A start a little inside its finite bounds: on a bound a parameter may make others idle.
    private func inside(_ start: [Double]) -> [Double] {
        var result = start
        for j in fitter.all {
            let bounds = parameters[j].bounds
            result[j] = bounds.clamp(result[j])
            guard open.contains(j), bounds.lower.isFinite, bounds.upper.isFinite else { continue }
            let margin = 1e-6 * (bounds.upper - bounds.lower)
            result[j] = min(max(result[j], bounds.lower + margin), bounds.upper - margin)
        }
        return result
    }

    // MARK: Local searches

    /// To a precision that tells minima apart.
    private static let coarse: DescentOptions = {
        var options = DescentOptions()
        options.gradientTolerance = 3e-4
        return options
    }()

    /// One start's search.
    private func search(from start: [Double], _ options: DescentOptions = coarse) -> Candidate {
        if fitter.loss == .squares { return fitter.descendProjected(from: start, options) }
        return fitter.descendFull(from: smoothed(start, options), options)
    }

    /// Where weighted squares with solved linear parameters, then the loss's own squares, lead from `start`.
    private func smoothed(_ start: [Double], _ options: DescentOptions) -> [Double] {
        let weighted = fitter.descendProjected(from: start, options)
        guard weighted.cost.isFinite, fitter.cost(at: weighted.parameters).isFinite else { return start }
        if fitter.loss.delta == nil { return weighted.parameters }
        return fitter.descendFull(from: weighted.parameters, options, smoothly: true).parameters
    }

    /// A start that the user insists on is searched from in every way there is: algorithms fail on different problems.
    private func everyWay(from start: [Double]) -> [Candidate] {
        var options = DescentOptions()
        options.iterations = 2000
        var found = [search(from: start, options)]
        let isComplete = fitter.all.allSatisfy { given[$0] != nil }
        guard isComplete else { return found }
        found.append(fitter.descendFull(from: start, options))
        if fitter.loss.delta != nil {
            let smooth = fitter.descendFull(from: start, options, smoothly: true)
            found.append(fitter.descendFull(from: smooth.parameters, options))
        }
        for algorithm in Algorithm.allCases {
            found.append(fitter.descendByGSL(from: start, algorithms: [algorithm]))
        }
        return found
    }

    /// Where a parameter on its bound makes another one idle (an exponent of 0), the idle one may have stopped anywhere,
    /// also where the way back inside looks uphill: searches from beside the bound, with others of its values.
    private func escape(_ point: Candidate) -> Candidate? {
        let isOnBound = { (j: Int) in parameters[j].bounds.side(of: point.parameters[j], within: 0) }
        guard fitter.loss == .squares, let edge = open.first(where: { isOnBound($0) != nil }) else { return nil }
        let idle = fitter.idle(at: point.parameters).filter { $0 != edge }
        var best: Candidate?
        for j in idle {
            for share in [0.0, 0.25, 0.5, 0.75, 1] {
                var theta = point.parameters
                theta[j] = parameters[j].spread.value(share)
                let bounds = parameters[edge].bounds
                let width = bounds.upper - bounds.lower
                let step = 1e-3 * (width.isFinite ? width : max(1, abs(theta[edge])))
                theta[edge] += isOnBound(edge) == .lower ? step : -step
                let found = search(from: inside(theta))
                if found.cost < best?.cost ?? .infinity { best = found }
            }
        }
        return best
    }

    /// The last digits; and where the gradient does not vanish, other algorithms and more patience.
    private func polish(_ point: Candidate) -> Candidate {
        var options = DescentOptions()
        options.gradientTolerance = 1e-13
        var best = point
        func consider(_ next: Candidate) {
            let noise = 1e-12 + 2 * (fitter.projection.floor / max(best.cost, .leastNormalMagnitude)).squareRoot()
            if next.cost < best.cost * (1 - noise) || next.cost <= best.cost * (1 + noise) && next.cosine < best.cosine
            {
                best = next
            }
        }
        consider(fitter.descend(from: best.parameters, options))
        if best.cosine <= 1e-6 || best.cost <= fitter.projection.floor { return best }
        options.iterations = 5000
        consider(fitter.descend(from: best.parameters, options))
        if best.cosine > 1e-6 { consider(fitter.descendByGSL(from: best.parameters, algorithms: Algorithm.allCases)) }
        if best.cosine > 1e-6 { consider(fitter.descend(from: best.parameters, options)) }
        return best
    }
}
