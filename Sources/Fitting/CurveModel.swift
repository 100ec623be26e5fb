/// A curve of p parameters at n points, with exact derivatives: what a fit needs to know of a law.
///
/// Legend: n points, p parameters.
public struct CurveModel: Sendable {
    /// Fills f, [n], and where `jacobian` is given ∂f/∂p, [p, n]: one contiguous column per parameter.
    ///
    /// Called from several threads at once. A value that is not finite marks parameters that a search avoids.
    public typealias Evaluate =
        @Sendable (
            _ parameters: UnsafeBufferPointer<Double>, _ values: UnsafeMutableBufferPointer<Double>,
            _ jacobian: UnsafeMutableBufferPointer<Double>?
        ) -> Void

    public let pointCount: Int
    public let parameters: [CurveParameter]
    public let evaluate: Evaluate

    public init(pointCount: Int, parameters: [CurveParameter], evaluate: @escaping Evaluate) {
        self.pointCount = pointCount
        self.parameters = parameters
        self.evaluate = evaluate
    }

    public func values(_ parameters: [Double]) -> [Double] {
        var values = [Double](repeating: 0, count: pointCount)
        parameters.withUnsafeBufferPointer { p in
            values.withUnsafeMutableBufferPointer { evaluate(p, $0, nil) }
        }
        return values
    }

    /// ∂f/∂p, [n, p] row-major.
    public func jacobian(_ parameters: [Double]) -> [Double] {
        let (n, p) = (pointCount, self.parameters.count)
        var values = [Double](repeating: 0, count: n)
        var columns = [Double](repeating: 0, count: n * p)
        parameters.withUnsafeBufferPointer { parameters in
            values.withUnsafeMutableBufferPointer { values in
                columns.withUnsafeMutableBufferPointer { evaluate(parameters, values, $0) }
            }
        }
        var rows = [Double](repeating: 0, count: n * p)
        for j in 0..<p { for i in 0..<n { rows[i * p + j] = columns[j * n + i] } }
        return rows
    }
}

public struct CurveParameter: Sendable, Equatable {
    /// An interval of zero width holds the parameter.
    public var bounds: Bounds
    /// f = Φ₀ + Σ c_k Φ_k, with c_k the linear parameters and Φ functions of the others: they are solved for exactly.
    public var isLinear: Bool
    /// Where starts of a nonlinear parameter lie.
    public var spread: Spread

    public init(bounds: Bounds = .none, isLinear: Bool = false, spread: Spread) {
        self.bounds = bounds
        self.isLinear = isLinear
        self.spread = spread
    }
}

/// What a curve is fitted to.
public struct CurveData: Sendable, Equatable {
    /// [n]
    public var y: [Double]
    /// w in Σ w ρ(r), [n]; nil = 1. A point of weight 0 does not count.
    public var weights: [Double]?

    public init(_ y: [Double], weights: [Double]? = nil) {
        self.y = y
        self.weights = weights
    }
}

/// ρ, what is summed over the points, of the residual r = f − y, or of r = ln f − ln y.
public enum Loss: Sendable, Equatable {
    /// r²
    case squares
    /// (ln f − ln y)²
    case logSquares
    /// Huber 1964: r²/2 up to |r| = δ, δ (|r| − δ/2) beyond.
    case huber(Double)
    case logHuber(Double)

    public var isLogarithmic: Bool {
        switch self {
        case .logSquares, .logHuber: true
        case .squares, .huber: false
        }
    }
}
