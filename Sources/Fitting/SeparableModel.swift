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
    private var hasDerivatives = false
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
        if theta == self.theta && (hasDerivatives || !withDerivatives) { return rss }
        hasDerivatives = withDerivatives
        if withDerivatives { derivatives.update(repeating: 0) }
        theta.withUnsafeBufferPointer { model.evaluate($0, linear.columns, withDerivatives ? derivatives : nil) }
        // Element by element: a shared buffer would be copied at the caller's next change.
        if self.theta.count == theta.count {
            for j in theta.indices { self.theta[j] = theta[j] }
        } else {
            self.theta = theta.map(\.self)
        }
        rss = y.withUnsafeBufferPointer { linear.solve($0) }
        if rss.isNaN { rss = .infinity }
        return rss
    }

    /// Column `j` of the Jacobian with respect to θ_j, [n], at the point last solved with derivatives.
    ///
    /// - Returns: the share of (∂Φ/∂θ_j) c that the linear parameters cannot follow. Where they follow all of it but
    ///   rounding, θ_j moves nothing: the column is then zero.
    @discardableResult func derivative(_ j: Int, into out: UnsafeMutableBufferPointer<Double>) -> Double {
        let (n, k) = (linear.n, linear.k)
        out.update(repeating: 0)
        for column in 0..<k where linear.coefficients[column] != 0 {
            addMultiple(linear.coefficients[column], of: derivatives.slice(j * k + column, n), to: out)
        }
        let whole = dot(out, out)
        for slot in 0..<linear.basisCount {
            let q = linear.basis.slice(slot, n)
            addMultiple(-dot(q, out), of: q, to: out)
        }
        let own = dot(out, out)
        // 1e-13 of the length: rounding, with a margin of a few hundred.
        guard whole > 0, own > 1e-26 * whole else {
            out.update(repeating: 0)
            return 0
        }
        return (own / whole).squareRoot()
    }
}
