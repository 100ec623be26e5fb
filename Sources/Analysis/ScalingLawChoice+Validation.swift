import Fitting
import Foundation

extension GroupPoints {
    /// The points of largest first x, a `share` of all and at least one, and the rest. Points that share their x are not
    /// parted.
    func splitByX(last share: Double) -> (first: [Int], last: [Int]) {
        let x = self.x.columns[0]
        let wanted = max(1, Int((share * Double(count)).rounded(.up)))
        guard wanted <= count else { return ([], Array(x.indices)) }
        let boundary = x[count - wanted]  // points are sorted by x
        let cut = x.firstIndex { $0 >= boundary } ?? 0
        return (Array(0..<cut), Array(cut..<count))
    }
}

extension FitProblem {
    /// The share of points, those of largest x, that `futureError` predicts.
    static let futureShare = 0.2
    /// Above this n leave-one-out costs more than it tells.
    static let leaveOneOutLimit = 1000

    /// The error of a fit to these points at others.
    func error(at others: GroupPoints, parameters: [Double]) -> LogError {
        let x = LawPoints(Array(others.x.columns.prefix(law.columns.count)))
        return LogError(predicted: law.values(parameters, at: x), actual: others.y)
    }

    /// Fits to all points but the fifth of largest first x (at least one), and predicts those; nil where there are too
    /// few left to fit.
    func futureError(_ options: ScalingLawOptions) -> LogError? {
        let (past, future) = points.splitByX(last: Self.futureShare)
        let training = FitProblem(law, points.subset(past), options)
        guard training.refusal == nil else { return nil }
        return error(at: points.subset(future), parameters: training.solve(options).parameters)
    }

    /// Predicts each point from a refit to the others that starts at the estimate; nil where one fewer is too few.
    func leaveOneOutError(_ estimate: FitEstimate, _ options: ScalingLawOptions) -> LogError? {
        let n = points.count
        guard n > estimated.count, n <= Self.leaveOneOutLimit else { return nil }
        let fitter = CurveFitter(estimate.search.model, loss: loss)
        let all = points.weights ?? [Double](repeating: 1, count: n)
        var predicted: [Double] = []
        for i in 0..<n {
            if movesBounds(without: i) {
                guard let value = predictWithNewBounds(i, estimate, options) else { return nil }
                predicted.append(value)
                continue
            }
            var weights = all
            weights[i] = 0
            let refit = fitter.refit(CurveData(points.y, weights: weights), from: estimate.solution.parameters)
            predicted.append(law.values(estimate.search.parameters(refit.parameters), at: x.rows([i]))[0])
        }
        return LogError(predicted: predicted, actual: points.y)
    }

    /// Whether the bounds of an asymptote rest on this point.
    private func movesBounds(without i: Int) -> Bool {
        guard points.y[i] == points.y.min() || points.y[i] == points.y.max() else { return false }
        let others = points.y.indices.filter { $0 != i }.map { points.y[$0] }
        return law.parameters.contains { $0.bounds(over: others) != $0.bounds(over: points.y) }
    }

    private func predictWithNewBounds(_ i: Int, _ estimate: FitEstimate, _ options: ScalingLawOptions) -> Double? {
        let others = points.y.indices.filter { $0 != i }
        let problem = FitProblem(law, points.subset(others), options)
        guard problem.refusal == nil else { return nil }
        let search = problem.search
        let refit = CurveFitter(search.model, loss: loss)
            .refit(problem.data, from: search.coordinates(estimate.parameters))
        return law.values(search.parameters(refit.parameters), at: x.rows([i]))[0]
    }
}
