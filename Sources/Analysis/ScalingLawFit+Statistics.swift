import Fitting
import Foundation

/// How well a curve follows its points, in the residuals that the loss sees.
struct FitStatistics: Sendable {
    let rss: Double
    let rmse: Double
    let rSquared: Double
    let aicc: Double
    let bic: Double

    static let undefined = FitStatistics(rss: .nan, rmse: .nan, rSquared: .nan, aicc: .nan, bic: .nan)

    /// - Parameter counted: parameters that were estimated, σ not among them.
    init(_ points: GroupPoints, residuals: [Double], loss: Loss, counted: Int) {
        let n = Double(points.count)
        let target = loss.isLogarithmic ? points.y.map { log($0) } : points.y
        let weights = points.weights ?? [Double](repeating: 1, count: points.count)
        let weight = weights.reduce(0, +)
        let mean = zip(weights, target).reduce(0) { $0 + $1.0 * $1.1 } / weight
        let total = zip(weights, target).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }
        rss = zip(weights, residuals).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
        rmse = (rss / weight).squareRoot()
        rSquared = 1 - rss / total
        (aicc, bic) = loss.isRobust ? (.nan, .nan) : Self.criteria(rss: rss, n: n, counted: Double(counted + 1))
    }

    private init(rss: Double, rmse: Double, rSquared: Double, aicc: Double, bic: Double) {
        (self.rss, self.rmse, self.rSquared, self.aicc, self.bic) = (rss, rmse, rSquared, aicc, bic)
    }

    /// n ln(rss/n) plus the penalties for `counted` parameters, σ among them.
    static func criteria(rss: Double, n: Double, counted: Double) -> (aicc: Double, bic: Double) {
        let fit = n * log(rss / n)
        let room = n - counted - 1
        return (
            room > 0 ? fit + 2 * counted + 2 * counted * (counted + 1) / room : .nan, fit + counted * log(n)
        )
    }
}

extension Loss {
    /// Huber's losses bound the influence of a point; they are no likelihood of normal errors.
    var isRobust: Bool {
        switch self {
        case .huber, .logHuber: true
        case .squares, .logSquares: false
        }
    }

    /// As `--loss` takes it: `squares`, `log-huber:0.001`.
    public var name: String {
        switch self {
        case .squares: "squares"
        case .logSquares: "log-squares"
        case .huber(let delta): "huber:\(delta)"
        case .logHuber(let delta): "log-huber:\(delta)"
        }
    }
}
