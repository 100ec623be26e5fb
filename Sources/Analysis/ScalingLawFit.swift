import Fitting
import Foundation
import Tables

/// The fit of one law to one group of points.
public struct ScalingLawFit: Sendable {
    public struct Parameter: Sendable, Equatable {
        public let name: String
        /// NaN where no fit to these points can determine it.
        public let value: Double
        /// nil for a parameter that is fixed, on a bound or not determined.
        public let standardError: Double?
        /// nil where there is no interval, or where it is not bounded on this side: then a warning says so.
        public let low: Double?
        public let high: Double?
        public let isFixed: Bool
        /// Common to all groups.
        public let isShared: Bool
        public let bound: Bounds.Side?
    }

    /// What follows from the parameters, with the interval of the only parameter that it depends on.
    public struct Derived: Sendable, Equatable {
        public let name: String
        public let value: Double
        public let low: Double?
        public let high: Double?
    }

    public struct Correlation: Sendable, Equatable {
        public let first: String
        public let second: String
        public let value: Double
    }

    /// Errors of predictions, RMSLE = √mean (ln ŷ − ln y)², each with the number of points predicted.
    public struct PredictionErrors: Sendable, Equatable {
        /// Each point predicted by the fit to the others.
        public var leaveOneOut: LogError?
        /// The fifth of largest first x predicted by the fit to the rest.
        public var future: LogError?
        public var holdout: LogError?
    }

    public let law: String
    /// N0, the unit of samples, in laws that have one.
    public let unit: Double?
    /// Group columns and their values, in the order asked for.
    public let group: [(column: String, value: String)]
    /// Points fitted.
    public let n: Int
    /// Parameters estimated: neither fixed nor undetermined.
    public let estimated: Int
    /// n less the estimated parameters; of all groups together where some are shared.
    public let degreesOfFreedom: Int
    /// Empty for a refused group.
    public let parameters: [Parameter]
    public let conditionNumber: Double
    public let loss: Loss
    public let isWeighted: Bool
    /// Σ w ρ(r), what was minimised.
    public let objective: Double
    /// Σ w r², r = f − y, or ln f − ln y under a logarithmic loss; the rest of the statistics are of these residuals.
    public let rss: Double
    public let rmse: Double
    public let rSquared: Double
    /// n ln(rss/n) and the penalty, σ counted; NaN where there is no likelihood or no room for the correction.
    public internal(set) var aicc: Double
    public internal(set) var bic: Double
    /// Rows of the table, counted from 0.
    public let rows: [Int]
    public let interval: ScalingLawOptions.Interval
    /// What the intervals rest on: `asymptotic`, `bootstrap of 1000 clusters`.
    public let intervalMethod: String
    public let level: Double
    public let starts: Int
    public let startsAtBest: Int
    public let termination: Termination
    public internal(set) var warnings: [String]
    public internal(set) var predictionErrors = PredictionErrors()

    let model: any ScalingLaw
    let data: FitData
    /// With some value for a parameter that the fitted curve does not depend on.
    let curveParameters: [Double]
    /// nil for a refused group.
    let uncertainty: FitUncertainty?
    /// Parameters of each bootstrap refit, [resamples, p], and the share of them beyond either end of an interval.
    let resamples: [Double]
    let resampleTail: Double

    /// s², the residual variance at weight 1.
    var variance: Double { uncertainty?.variance ?? .nan }
    /// Of Student's t.
    var quantileDegrees: Int { uncertainty?.quantileDegrees ?? 0 }

    public var isRefused: Bool { if case .refused = termination { true } else { false } }
    public var values: [Double] { parameters.map(\.value) }
    public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

    /// What follows from the parameters.
    public var derived: [Derived] { isRefused ? [] : Derived.all(model, parameters) }

    /// f − y of each of `rows`, or ln f − ln y under a logarithmic loss; empty for a refused group.
    public var residuals: [Double] {
        if isRefused { return [] }
        let curve = predict(at: LawPoints(data.rows.x.map { column in rows.map { column[$0] } }))
        return zip(curve, rows).map { f, row in loss.isLogarithmic ? log(f / data.rows.y[row]) : f - data.rows.y[row] }
    }

    /// The group for a reader: `subset = easy, ipc = 10`.
    public var title: String {
        group.isEmpty ? "all rows" : group.map { "\($0.column) = \($0.value)" }.joined(separator: ", ")
    }

    /// Of the parameters that are free to move, by pairs in their order.
    public var correlations: [Correlation] {
        let p = parameters.count
        let covariance = uncertainty?.covariance ?? [Double](repeating: 0, count: p * p)
        func variance(_ j: Int) -> Double { covariance[j * p + j] }
        return (0..<p).flatMap { i in
            (i + 1..<max(i + 1, p)).compactMap { j -> Correlation? in
                let r = covariance[i * p + j] / (variance(i).squareRoot() * variance(j).squareRoot())
                guard variance(i) > 0, variance(j) > 0, r.isFinite else { return nil }
                return Correlation(first: parameters[i].name, second: parameters[j].name, value: r)
            }
        }
    }
}

extension ScalingLawFit: Equatable {
    public static func == (a: ScalingLawFit, b: ScalingLawFit) -> Bool {
        a.law == b.law && a.unit == b.unit && a.group.elementsEqual(b.group, by: ==) && a.n == b.n
            && a.parameters == b.parameters && a.objective == b.objective && a.rows == b.rows
            && a.termination == b.termination && a.warnings == b.warnings && a.resamples == b.resamples
    }
}

/// The root mean square of ln ŷ − ln y over points that were not fitted.
public struct LogError: Sendable, Equatable {
    /// NaN where it is not defined: a prediction or a value that is not positive, or no fit.
    public let rmsle: Double
    public let n: Int

    init(predicted: [Double], actual: [Double]) {
        let squares = zip(predicted, actual).map { p, y in
            p > 0 && y > 0 && p.isFinite ? (log(p) - log(y)) * (log(p) - log(y)) : .nan
        }
        n = squares.count
        rmsle = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    }
}
