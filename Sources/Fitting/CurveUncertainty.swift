import Foundation

/// A fitted curve's asymptotic uncertainty: of its parameters, of functions of them, and of the curve itself.
///
/// Legend: n points, p parameters, of which k are free: neither held nor on a bound. The others are taken as known: all
/// errors are conditional on them.
public struct CurveUncertainty: Sendable, Equatable {
    /// The free parameters, ascending.
    public let free: [Int]
    /// Over the free parameters, in the loss's coordinates: of ln f under a logarithmic loss.
    public let ofFree: ParameterUncertainty
    private let parameterCount: Int
    private let isLogarithmic: Bool

    public enum Band: String, Sendable, CaseIterable {
        /// Where the curve lies.
        case confidence
        /// Where a new observation of the stated weight lies: + s²/w.
        case prediction
    }

    /// - Parameters:
    ///   - parameters: the optimum, [p].
    ///   - free: parameters neither held nor on a bound; nil = those whose interval has a width.
    ///   - estimatedCount: how many the data had to determine, those on a bound among them: n less these are the
    ///     degrees of freedom. nil = k.
    ///   - clusters: a code per point, [n], where errors hang together: the sandwich (CR1) instead of s² (JᵀJ)⁻¹.
    public init(
        _ model: CurveModel, data: CurveData, loss: Loss = .squares, parameters: [Double], free: [Int]? = nil,
        estimatedCount: Int? = nil, clusters: [Int]? = nil
    ) {
        let free = free ?? model.openParameters
        let points = LossPoints(model, data: data, loss: loss, parameters: parameters)
        let degrees = max(0, points.rows.count - max(free.count, estimatedCount ?? 0))
        let (jacobian, variance) = (points.jacobian(free), degrees > 0 ? points.squares / Double(degrees) : .nan)
        if let clusters {
            ofFree = ParameterUncertainty(
                jacobian: jacobian, parameterCount: free.count,
                residuals: loss.influences(points.residuals, weights: points.weights),
                clusters: points.rows.map { clusters[$0] }, estimatedCount: estimatedCount, variance: variance)
        } else if let delta = loss.delta {
            ofFree = ParameterUncertainty(
                jacobian: jacobian, parameterCount: free.count, residuals: points.residuals, weights: points.weights,
                delta: delta, degreesOfFreedom: degrees)
        } else {
            ofFree = ParameterUncertainty(
                jacobian: jacobian, parameterCount: free.count, variance: variance, degreesOfFreedom: degrees)
        }
        self.free = free
        parameterCount = model.parameters.count
        isLogarithmic = loss.isLogarithmic
    }

    /// nil for a parameter that is not free or not determined, [p].
    public var standardErrors: [Double?] {
        var errors = [Double?](repeating: nil, count: parameterCount)
        for (slot, j) in free.enumerated() where ofFree.standardErrors[slot].isFinite {
            errors[j] = ofFree.standardErrors[slot]
        }
        return errors
    }

    /// Zero where a parameter is not free, NaN where it is not determined, [p, p] row-major.
    public var covariance: [Double] {
        var all = [Double](repeating: 0, count: parameterCount * parameterCount)
        for (s, i) in free.enumerated() {
            for (t, j) in free.enumerated() { all[i * parameterCount + j] = ofFree.covariance(s, t) }
        }
        return all
    }

    /// The standard error of a function of the parameters with this gradient, [p] (delta method); NaN where the data do
    /// not determine it.
    public func standardError(of gradient: [Double]) -> Double {
        precondition(gradient.count == parameterCount, "a gradient has one element per parameter")
        return ofFree.standardError(of: free.map { gradient[$0] })
    }

    /// The ends of a band at one point; nil where they are not determined, or without degrees of freedom.
    ///
    /// - Parameters:
    ///   - value: f there; positive under a logarithmic loss, whose bands are symmetric in ln f.
    ///   - gradient: ∂f/∂p there, [p].
    ///   - weight: w of the new observation.
    public func band(
        _ band: Band, value: Double, gradient: [Double], level: Double, weight: Double = 1
    ) -> (low: Double, high: Double)? {
        let scale = isLogarithmic ? value : 1
        guard scale > 0 else { return nil }
        let error = standardError(of: gradient.map { $0 / scale })
        let variance = error * error + (band == .prediction ? ofFree.variance / weight : 0)
        let half = studentQuantile(level: level, degreesOfFreedom: ofFree.degreesOfFreedom) * variance.squareRoot()
        guard half.isFinite, value.isFinite else { return nil }
        return isLogarithmic ? (value * exp(-half), value * exp(half)) : (value - half, value + half)
    }
}

/// The points that count, as the loss sees them at given parameters.
struct LossPoints {
    /// Points of positive weight, [m].
    let rows: [Int]
    /// r, [m].
    let residuals: [Double]
    /// w, [m].
    let weights: [Double]
    /// f, [n]: at every point.
    let values: [Double]
    private let slopes: [Double]
    private let parameterCount: Int
    private let isLogarithmic: Bool

    init(_ model: CurveModel, data: CurveData, loss: Loss, parameters: [Double]) {
        let isLogarithmic = loss.isLogarithmic
        let rows = data.y.indices.filter { (data.weights?[$0] ?? 1) > 0 }
        let f = model.values(parameters)
        residuals = rows.map { isLogarithmic ? log(f[$0] / data.y[$0]) : f[$0] - data.y[$0] }
        weights = rows.map { data.weights?[$0] ?? 1 }
        slopes = model.jacobian(parameters)
        parameterCount = model.parameters.count
        self.isLogarithmic = isLogarithmic
        self.rows = rows
        values = f
    }

    /// Σ w r².
    var squares: Double { residuals.indices.reduce(0) { $0 + weights[$1] * residuals[$1] * residuals[$1] } }

    /// √w ∂r/∂p over some parameters, [m, count] row-major.
    func jacobian(_ columns: [Int]) -> [Double] {
        var jacobian = [Double](repeating: 0, count: rows.count * columns.count)
        for (slot, i) in rows.enumerated() {
            let factor = weights[slot].squareRoot() / (isLogarithmic ? values[i] : 1)
            for (place, j) in columns.enumerated() {
                jacobian[slot * columns.count + place] = factor * slopes[i * parameterCount + j]
            }
        }
        return jacobian
    }
}

extension Loss {
    /// √w r, or √w ψ(r) / mean ψ′ under a Huber loss: what moves the estimate, [n].
    ///
    /// - Parameters:
    ///   - residuals: r without its weight, [n].
    ///   - weights: w, [n].
    public func influences(_ residuals: [Double], weights: [Double]) -> [Double] {
        let scores = delta.map { HuberScores(residuals, weights: weights, delta: $0) }
        return residuals.indices.map { i in
            weights[i].squareRoot() * (scores.map { $0.values[i] / $0.meanSlope } ?? residuals[i])
        }
    }
}

extension CurveModel {
    /// Parameters whose interval has a width.
    var openParameters: [Int] {
        parameters.indices.filter { parameters[$0].bounds.lower < parameters[$0].bounds.upper }
    }
}
