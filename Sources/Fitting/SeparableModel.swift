/// A model that is linear in some of its parameters once the others, θ, are given: f = Σ_k c_k Φ_k(θ).
///
/// Legend: n points, k linear and q nonlinear parameters.
public struct SeparableModel {
    /// Fills the columns Φ, [k, n]; where `derivatives` is given, also ∂Φ_k/∂θ_j, [q, k, n], which arrives zeroed.
    public typealias Evaluate = (
        _ nonlinear: UnsafeBufferPointer<Double>, _ columns: UnsafeMutableBufferPointer<Double>,
        _ derivatives: UnsafeMutableBufferPointer<Double>?
    ) -> Void

    public let pointCount: Int
    public let linear: [Bounds]
    /// Finite bounds: the search draws its starts from them.
    public let nonlinear: [Bounds]
    public let spreads: [Spread]
    public let evaluate: Evaluate

    public init(
        pointCount: Int, linear: [Bounds], nonlinear: [Bounds], spreads: [Spread], evaluate: @escaping Evaluate
    ) {
        precondition(spreads.count == nonlinear.count, "each nonlinear parameter needs a spread for its starts")
        precondition(
            nonlinear.allSatisfy { $0.lower.isFinite && $0.upper.isFinite }, "a global search needs finite bounds")
        self.pointCount = pointCount
        self.linear = linear
        self.nonlinear = nonlinear
        self.spreads = spreads
        self.evaluate = evaluate
    }
}

/// Variable projection (Golub & Pereyra 1973): the residuals of a separable model as a function of θ alone.
///
/// The Jacobian is Kaufman's (1975): P⊥ (∂Φ/∂θ) c, with P⊥ the projector off the free columns. Its gradient Jᵀr is the
/// exact gradient of the reduced problem; the part left out is orthogonal to r.
final class Projection {
    let model: SeparableModel
    let linear: BoundedLinear
    private let y: [Double]
    private let derivatives: UnsafeMutableBufferPointer<Double>  // [q, k, n]
    private(set) var theta: [Double] = []
    private(set) var rss = Double.infinity

    init(_ model: SeparableModel, y: [Double]) {
        precondition(y.count == model.pointCount, "\(model.pointCount) points need as many values, not \(y.count)")
        self.model = model
        self.y = y
        linear = BoundedLinear(n: y.count, bounds: model.linear)
        derivatives = .allocate(capacity: max(1, model.nonlinear.count * model.linear.count * y.count))
        derivatives.initialize(repeating: 0)
    }

    deinit { derivatives.deallocate() }

    /// Solves for the linear parameters at θ; the residuals f − y are then in `linear.residuals`.
    @discardableResult func solve(_ theta: [Double], withDerivatives: Bool = false) -> Double {
        if withDerivatives { derivatives.update(repeating: 0) }
        theta.withUnsafeBufferPointer { model.evaluate($0, linear.columns, withDerivatives ? derivatives : nil) }
        self.theta = theta
        rss = y.withUnsafeBufferPointer { linear.solve($0) }
        if rss.isNaN { rss = .infinity }
        return rss
    }

    /// Column `j` of the Jacobian with respect to θ_j, [n], at the point last solved with derivatives.
    func derivative(_ j: Int, into out: UnsafeMutableBufferPointer<Double>) {
        let (n, k) = (linear.n, linear.k)
        out.update(repeating: 0)
        for column in 0..<k {
            let c = linear.coefficients[column]
            let offset = (j * k + column) * n
            if c != 0 { for i in 0..<n { out[i] += c * derivatives[offset + i] } }
        }
        for slot in 0..<linear.basisCount {
            var dot = 0.0
            for i in 0..<n { dot += linear.basis[slot * n + i] * out[i] }
            for i in 0..<n { out[i] -= dot * linear.basis[slot * n + i] }
        }
    }
}
