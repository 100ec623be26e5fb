import Fitting
import Foundation
import Statistics

extension ScalingLawFit {
    /// What a fit predicts at one point.
    public struct Prediction: Sendable, Equatable {
        public let value: Double
        /// The confidence interval of the curve; nil without intervals, and where it is not known.
        public let low: Double?
        public let high: Double?
        /// The interval of one new observation of weight 1: the curve's uncertainty and the scatter around it.
        public let predictionLow: Double?
        public let predictionHigh: Double?
    }

    /// The fitted law at one point's x columns; NaN where it needs a parameter that is not determined.
    public func predict(_ x: [Double]) -> Double { predict(at: LawPoints(x.map { [$0] }))[0] }

    /// The fitted law at many points; of more x columns than the law takes, the first count.
    public func predict(at points: LawPoints) -> [Double] {
        if isRefused { return [Double](repeating: .nan, count: points.count) }
        return model.values(curveParameters, at: ownColumns(points))
    }

    func ownColumns(_ points: LawPoints) -> LawPoints {
        let needed = model.columns.count
        return points.columns.count == needed ? points : LawPoints(Array(points.columns.prefix(needed)))
    }

    /// The confidence band of the fitted curve at `x`; nil without intervals.
    public func band(at x: [Double]) -> (low: Double, high: Double)? {
        let prediction = predictions(at: LawPoints(x.map { [$0] }))[0]
        guard let low = prediction.low, let high = prediction.high else { return nil }
        return (low, high)
    }

    /// Predictions with their intervals: percentiles of the bootstrap's refits where there are some, otherwise by the
    /// delta method; of ln f under a logarithmic loss, and then none where f is not positive.
    public func predictions(at points: LawPoints) -> [Prediction] {
        let values = predict(at: points)
        guard interval != .none, !isRefused else {
            return values.map { Prediction(value: $0, low: nil, high: nil, predictionLow: nil, predictionHigh: nil) }
        }
        let draws = resampledParameters.map { model.values($0, at: ownColumns(points)) }
        let errors = draws.isEmpty ? standardErrors(at: points) : Self.deviations(draws, loss)
        let quantile = studentQuantile(level: level, degreesOfFreedom: quantileDegrees)
        return values.indices.map { i in
            let scatter = variance.isNaN ? nil : (errors[i] * errors[i] + variance).squareRoot()
            let curve =
                draws.isEmpty
                ? ends(values[i], quantile * errors[i])
                : hasInterval(values[i]) ? percentiles(draws.map { $0[i] }) : nil
            let observation = scatter.flatMap { ends(values[i], quantile * $0) }
            return Prediction(
                value: values[i], low: curve?.low, high: curve?.high, predictionLow: observation?.low,
                predictionHigh: observation?.high)
        }
    }

    /// Parameters of the bootstrap's refits that are defined.
    var resampledParameters: [[Double]] {
        let p = parameters.count
        let needed = parameters.indices.filter { !curveParameters[$0].isNaN }
        return stride(from: 0, to: resamples.count, by: max(1, p)).compactMap { first in
            needed.contains { resamples[first + $0].isNaN } ? nil : Array(resamples[first..<first + p])
        }
    }

    /// The ends of a bootstrap distribution at the level.
    private func percentiles(_ values: [Double]) -> (low: Double, high: Double)? {
        let sorted = values.filter(\.isFinite).sorted()
        guard sorted.count * 2 > values.count else { return nil }
        return (quantile(resampleTail, ofSorted: sorted), quantile(1 - resampleTail, ofSorted: sorted))
    }

    /// The standard deviation of the curve over refits, point by point; of ln f under a logarithmic loss.
    private static func deviations(_ draws: [[Double]], _ loss: Loss) -> [Double] {
        (draws.first ?? []).indices.map { i in
            let values = draws.map { loss.isLogarithmic ? log($0[i]) : $0[i] }.filter(\.isFinite)
            return standardDeviation(values) ?? .nan
        }
    }

    /// ln f exists.
    private func hasInterval(_ value: Double) -> Bool { !loss.isLogarithmic || value > 0 }

    private func ends(_ centre: Double, _ half: Double) -> (low: Double, high: Double)? {
        guard half.isFinite && centre.isFinite && hasInterval(centre) else { return nil }
        return loss.isLogarithmic ? (centre * exp(-half), centre * exp(half)) : (centre - half, centre + half)
    }

    /// Of f, or of ln f under a logarithmic loss (delta method).
    private func standardErrors(at points: LawPoints) -> [Double] {
        let points = ownColumns(points)
        let gradients = model.jacobian(curveParameters, at: points)
        let p = parameters.count
        let scale = loss.isLogarithmic ? model.values(curveParameters, at: points).map { 1 / abs($0) } : nil
        return (0..<points.count).map { i in
            let gradient = Array(gradients[i * p..<(i + 1) * p])
            return standardError(of: gradient) * (scale?[i] ?? 1)
        }
    }

    /// Of a quantity with these derivatives by the parameters; NaN where the data do not determine it.
    func standardError(of gradient: [Double]) -> Double { uncertainty?.standardError(of: gradient) ?? .nan }
}
