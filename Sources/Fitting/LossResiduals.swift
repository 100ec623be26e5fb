import Foundation

/// The residuals of all open parameters under any loss, as numbers whose squares sum to the loss:
/// s = sign(r) √ρ̃(r), with ρ̃ = r² for squares and 2ρ for Huber's loss, so that the gradient is exact.
final class LossResiduals: ResidualSource {
    let residualCount: Int
    let bounds: [Bounds]
    private(set) var floor = 0.0
    /// All parameters, [p]: held ones as the caller set them, the others where last asked.
    let parameters: UnsafeMutablePointer<Double>
    /// f − y or ln f − ln y where last asked, [n].
    let raw: UnsafeMutablePointer<Double>

    private let model: CurveModel
    private let open: [Int]
    private let isLogarithmic: Bool
    private let delta: Double?
    private let values: UnsafeMutablePointer<Double>  // f, [n]
    private let columns: UnsafeMutablePointer<Double>  // ∂f/∂p, [p, n]
    private let root: UnsafeMutablePointer<Double>  // √w, [n]
    private let y: UnsafeMutablePointer<Double>  // [n]

    init(_ model: CurveModel, open: [Int], loss: Loss) {
        self.model = model
        self.open = open
        isLogarithmic = loss.isLogarithmic
        delta = loss.delta
        let (n, p) = (model.pointCount, model.parameters.count)
        residualCount = n
        bounds = open.map { model.parameters[$0].bounds }
        let total = n * p + 4 * n + p
        values = .allocate(capacity: max(1, total))
        values.initialize(repeating: 0, count: max(1, total))
        raw = values + n
        root = raw + n
        y = root + n
        columns = y + n
        parameters = columns + n * p
    }

    deinit { values.deallocate() }

    func set(_ target: [Double], weights: [Double]?) {
        var squares = 0.0
        for i in 0..<residualCount {
            root[i] = weights.map { $0[i].squareRoot() } ?? 1
            y[i] = target[i]
            // In logarithms residuals are relative already, whatever y's size.
            squares += root[i] * root[i] * (isLogarithmic ? 1 : y[i] * y[i])
        }
        floor = 1e-30 * squares
    }

    func residuals(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) -> Double {
        for (slot, j) in open.enumerated() { parameters[j] = theta[slot] }
        let (n, p) = (residualCount, model.parameters.count)
        model.evaluate(
            UnsafeBufferPointer(start: parameters, count: p), UnsafeMutableBufferPointer(start: values, count: n), nil)
        for i in 0..<n {
            raw[i] = isLogarithmic ? log(values[i] / y[i]) : values[i] - y[i]
            var s = raw[i]
            if let delta, abs(s) > delta {
                s = (s < 0 ? -1 : 1) * (delta * (2 * abs(s) - delta)).squareRoot()
            }
            // A point without weight is no point, whatever the model says there.
            out[i] = root[i] == 0 ? 0 : root[i] * s
        }
        let sum = sumOfProducts(out, out, n)
        return sum.isFinite ? sum : .infinity
    }

    func jacobian(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) {
        let (n, p) = (residualCount, model.parameters.count)
        model.evaluate(
            UnsafeBufferPointer(start: parameters, count: p), UnsafeMutableBufferPointer(start: values, count: n),
            UnsafeMutableBufferPointer(start: columns, count: n * p))
        for i in 0..<n {
            // ds/df
            var slope = root[i]
            if let delta, abs(raw[i]) > delta { slope *= delta / (delta * (2 * abs(raw[i]) - delta)).squareRoot() }
            if isLogarithmic { slope /= values[i] }
            for (slot, j) in open.enumerated() {
                let derivative = slope * columns[j * n + i]
                out[slot * n + i] = derivative.isFinite && root[i] != 0 ? derivative : 0
            }
        }
    }
}

extension Loss {
    /// δ, where Huber's loss turns from a square into a line; nil for squares.
    var delta: Double? {
        switch self {
        case .huber(let delta), .logHuber(let delta): delta
        case .squares, .logSquares: nil
        }
    }

    /// The same residuals, squared.
    var smooth: Loss { isLogarithmic ? .logSquares : .squares }

    /// ln f − ln y, −∞ or NaN where f is not positive.
    static func logRatio(_ f: Double, _ y: Double) -> Double { log(f / y) }

    /// Σ w ρ(r).
    func objective(_ residuals: [Double], weights: [Double]?) -> Double {
        var sum = 0.0
        for i in residuals.indices {
            let (r, w) = (abs(residuals[i]), weights?[i] ?? 1)
            if w == 0 { continue }
            if let delta { sum += w * (r <= delta ? r * r / 2 : delta * (r - delta / 2)) } else { sum += w * r * r }
        }
        return sum
    }
}
