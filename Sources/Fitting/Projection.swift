/// Variable projection (Golub & Pereyra 1973): the residuals of a model that is linear in some parameters, as a function
/// of the others, θ, alone.
///
/// The Jacobian is Kaufman's (1975): P⊥ ∂f/∂θ at the solved linear parameters, with P⊥ the projector off their free
/// columns. Its gradient Jᵀr is the exact gradient of the reduced problem; the part left out is orthogonal to r.
final class Projection: ResidualSource {
    let residualCount: Int
    let bounds: [Bounds]
    private(set) var floor = 0.0
    /// All parameters, [p]: held ones as the caller set them, the others where last asked.
    let parameters: UnsafeMutablePointer<Double>

    private let model: CurveModel
    private let open: [Int]
    private let solved: [Int]
    private let linear: BoundedLinear
    private let values: UnsafeMutablePointer<Double>  // f, [n]
    private let columns: UnsafeMutablePointer<Double>  // ∂f/∂p, [p, n]
    private let root: UnsafeMutablePointer<Double>  // √w, [n]
    private let y: UnsafeMutablePointer<Double>  // [n]
    private var hasWeights = false

    /// - Parameters:
    ///   - open: the parameters searched over, in the order of `bounds`.
    ///   - solved: the linear parameters solved for.
    init(_ model: CurveModel, open: [Int], solved: [Int]) {
        self.model = model
        self.open = open
        self.solved = solved
        let (n, p) = (model.pointCount, model.parameters.count)
        residualCount = n
        bounds = open.map { model.parameters[$0].bounds }
        linear = BoundedLinear(n: n, bounds: solved.map { model.parameters[$0].bounds })
        let total = n * p + 3 * n + p
        values = .allocate(capacity: max(1, total))
        values.initialize(repeating: 0, count: max(1, total))
        columns = values + n
        root = columns + n * p
        y = root + n
        parameters = y + n
    }

    deinit { values.deallocate() }

    /// What is fitted from here on; `weights` w enter as √w.
    func set(_ target: [Double], weights: [Double]?) {
        var squares = 0.0
        hasWeights = weights != nil
        for i in 0..<residualCount {
            root[i] = weights.map { $0[i].squareRoot() } ?? 1
            y[i] = target[i]
            squares += root[i] * y[i] * root[i] * y[i]
        }
        floor = 1e-30 * squares
    }

    func residuals(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) -> Double {
        for (slot, j) in open.enumerated() { parameters[j] = theta[slot] }
        // Without its linear parameters f is Φ₀, and its derivatives by them are the Φ_k.
        for j in solved { parameters[j] = 0 }
        let n = residualCount
        evaluate()
        for i in 0..<n { linear.target[i] = y[i] - values[i] }
        for (slot, j) in solved.enumerated() {
            let (from, to) = (columns + j * n, linear.columns + slot * n)
            for i in 0..<n { to[i] = from[i] }
        }
        if hasWeights {
            // A point without weight is no point, whatever the model says there.
            for i in 0..<n { linear.target[i] = root[i] == 0 ? 0 : linear.target[i] * root[i] }
            for column in solved.indices {
                let to = linear.columns + column * n
                for i in 0..<n { to[i] = root[i] == 0 ? 0 : to[i] * root[i] }
            }
        }
        let rss = linear.solve()
        guard rss.isFinite else { return .infinity }
        for (slot, j) in solved.enumerated() { parameters[j] = linear.coefficients[slot] }
        for i in 0..<n { out[i] = linear.residuals[i] }
        return rss
    }

    func jacobian(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) {
        let n = residualCount
        evaluate()
        for (slot, j) in open.enumerated() {
            let (from, to) = (columns + j * n, out + slot * n)
            for i in 0..<n { to[i] = root[i] == 0 ? 0 : from[i] * root[i] }
            let whole = sumOfProducts(to, to, n)
            for free in 0..<linear.basisCount {
                let unit = linear.basis + free * n
                addScaled(-sumOfProducts(unit, to, n), unit, to, n)
            }
            // Where the linear parameters follow all of it but rounding (1e-13 of its length, with a margin of a few
            // hundred), θ_j moves nothing.
            if !(sumOfProducts(to, to, n) > 1e-26 * whole) { for i in 0..<n { to[i] = 0 } }
        }
    }

    private func evaluate() {
        let (n, p) = (residualCount, model.parameters.count)
        model.evaluate(
            UnsafeBufferPointer(start: parameters, count: p), UnsafeMutableBufferPointer(start: values, count: n),
            UnsafeMutableBufferPointer(start: columns, count: n * p))
    }
}
