import Foundation
import Randomness
import Testing

@testable import Fitting

/// y = c₀ exp(−θ x) + c₁ at x = 0, 0.1 … 2.9.
private func decay(_ rate: Bounds, offset: Bounds = .none, isLinear: Bool = true) -> CurveModel {
    CurveModel(
        pointCount: 30,
        parameters: [
            CurveParameter(isLinear: isLinear, spread: .even(0, 3)),
            CurveParameter(bounds: rate, spread: .even(max(0, rate.lower), min(10, rate.upper))),
            CurveParameter(bounds: offset, isLinear: isLinear, spread: .even(0, 1)),
        ]
    ) { p, values, jacobian in
        for i in 0..<30 {
            let x = 0.1 * Double(i)
            let g = exp(-p[1] * x)
            values[i] = p[0] * g + p[2]
            jacobian?[i] = g
            jacobian?[30 + i] = -p[0] * x * g
            jacobian?[60 + i] = 1
        }
    }
}

private func wave(_ i: Int) -> Double { 0.02 * sin(13 * Double(i) + 1) }
private let y = (0..<30).map { (i: Int) -> Double in 2 * exp(-0.13 * Double(i)) + 0.5 + wave(i) }

private func only(_ start: [Double?]) -> CurveFitOptions {
    var options = CurveFitOptions()
    options.starts = 1
    options.start = start
    return options
}

@Suite struct CurveFitterTests {
    @Test func gradientOfTheProjectionIsExact() {
        for offset in [Bounds.none, Bounds(0.6, 2)] {  // the second holds the offset on its bound
            for weights in [nil, (0..<30).map { 1 + 0.1 * Double($0) }] {
                let projection = Projection(decay(Bounds(0, 10), offset: offset), open: [1], solved: [0, 2])
                projection.set(y, weights: weights)
                var r = [Double](repeating: 0, count: 30)
                var column = r
                for theta in [0.4, 1.1, 3.0] {
                    let h = 1e-6  // truncation h², rounding ε/h ≈ 1e-10 of sums of order 1
                    let (up, down) = (projection.residuals([theta + h], &r), projection.residuals([theta - h], &r))
                    _ = projection.residuals([theta], &r)
                    projection.jacobian([theta], &column)
                    let gradient = zip(column, r).reduce(0) { $0 + 2 * $1.0 * $1.1 }
                    let difference = (up - down) / (2 * h)
                    #expect(abs(gradient - difference) < 2e-8 * max(1, abs(difference)))
                }
            }
        }
    }

    /// Variable projection, the search over all parameters and GSL's own algorithms must agree.
    @Test func everyWayEndsInTheSameMinimum() {
        let projected = CurveFitter(decay(Bounds(0, 10))).fit(CurveData(y))
        let whole = CurveFitter(decay(Bounds(0, 10), isLinear: false)).fit(CurveData(y))
        #expect(projected.termination.isConverged && whole.termination.isConverged)
        let fitter = CurveFitter(decay(Bounds(0, 10)))
        _ = fitter.fit(CurveData(y))
        for algorithm in Algorithm.allCases {
            let other = fitter.descendByGSL(from: [1, 1, 0], algorithms: [algorithm])
            // The objective is stationary: its error is the square of the parameters'.
            #expect(abs(other.cost / projected.objective - 1) < 1e-12)
            for (a, b) in zip(other.parameters, projected.parameters) { #expect(abs(a - b) < 1e-8) }
        }
        #expect(abs(whole.objective / projected.objective - 1) < 1e-12)
        for (a, b) in zip(whole.parameters, projected.parameters) { #expect(abs(a - b) < 1e-8) }
    }

    @Test func anOptimumBeyondABoundEndsOnIt() {
        for (bounds, side, value) in [(Bounds(0, 1), Bounds.Side.upper, 1.0), (Bounds(2, 10), .lower, 2)] {
            for isLinear in [true, false] {
                let solution = CurveFitter(decay(bounds, isLinear: isLinear)).fit(CurveData(y))
                #expect(solution.termination.isConverged, "\(solution.termination)")
                #expect(solution.sides == [nil, side, nil])
                #expect(solution.parameters[1] == value)
            }
        }
        let offset = CurveFitter(decay(Bounds(0, 10), offset: Bounds(0.6, 2))).fit(CurveData(y))
        #expect(offset.sides == [nil, nil, .lower] && offset.parameters[2] == 0.6)
    }

    @Test func aHeldParameterStays() {
        let solution = CurveFitter(decay(Bounds(0, 10), offset: Bounds(0.4, 0.4))).fit(CurveData(y))
        #expect(solution.parameters[2] == 0.4 && solution.sides == [nil, nil, nil])
        let all = CurveFitter(decay(Bounds(1.5, 1.5))).fit(CurveData(y))
        #expect(all.parameters[1] == 1.5 && all.termination.isConverged)
        let held = CurveFitter(decay(Bounds(0, 10)), holding: [1]).refit(CurveData(y), from: [1, 1.5, 0])
        #expect(held.parameters == all.parameters)
    }

    @Test(arguments: [1e-10, 1e-5, 1, 1e5, 1e10])
    func amplitudesTenOrdersOffAreNoMatter(factor: Double) {
        let expected = CurveFitter(decay(Bounds(0, 10))).fit(CurveData(y)).parameters
        for isLinear in [true, false] {
            let solution = CurveFitter(decay(Bounds(0, 10), offset: Bounds(0, .infinity), isLinear: isLinear)).fit(
                CurveData(y), options: only([2 * factor, 1, 0.5 * factor]))
            #expect(solution.termination.isConverged)
            for (found, value) in zip(solution.parameters, expected) { #expect(abs(found / value - 1) < 1e-7) }
        }
    }

    @Test func weightsCountAsRepeats() {
        // The first ten points twice, by weight and by copy.
        let weights = (0..<30).map { $0 < 10 ? 2.0 : $0 < 25 ? 1 : 0 }
        let weighted = CurveFitter(decay(Bounds(0, 10))).fit(CurveData(y, weights: weights))
        let order = Array(0..<10) + Array(0..<25)
        let base = decay(Bounds(0, 10))
        let copied = CurveModel(pointCount: 35, parameters: base.parameters) { p, values, jacobian in
            for (to, i) in order.enumerated() {
                let x = 0.1 * Double(i)
                let g = exp(-p[1] * x)
                values[to] = p[0] * g + p[2]
                jacobian?[to] = g
                jacobian?[35 + to] = -p[0] * x * g
                jacobian?[70 + to] = 1
            }
        }
        let repeated = CurveFitter(copied).fit(CurveData(order.map { y[$0] }))
        #expect(abs(weighted.objective / repeated.objective - 1) < 1e-12)
        for (a, b) in zip(weighted.parameters, repeated.parameters) { #expect(abs(a / b - 1) < 1e-8) }
    }

    @Test(arguments: [Loss.squares, .logSquares, .huber(0.01), .logHuber(0.005)])
    func noNearbyPointIsBetter(loss: Loss) {
        var outlying = y
        outlying[7] += 1
        outlying[19] += 0.5
        let model = decay(Bounds(0, 10))
        let fit = CurveFitter(model, loss: loss).fit(CurveData(outlying))
        #expect(fit.termination.isConverged, "\(loss) \(fit.termination)")
        var stream = RandomStream(seed: 4, purpose: "nearby")
        for _ in 0..<2000 {
            let step = exp(-12 * stream.uniform())
            let near = fit.parameters.map { $0 * (1 + step * (2 * stream.uniform() - 1)) }
            let residuals = zip(model.values(near), outlying).map {
                loss.isLogarithmic ? Loss.logRatio($0, $1) : $0 - $1
            }
            // 1e-12: the rounding of a sum of thirty terms, with a margin.
            #expect(loss.objective(residuals, weights: nil) >= fit.objective * (1 - 1e-12))
        }
    }

    @Test func theObjectiveIsTheLossAsDefined() {
        #expect(Loss.huber(0.5).objective([0.3, -2], weights: nil) == 0.045 + 0.5 * 1.75)
        #expect(Loss.squares.objective([0.3, -2], weights: [1, 0.5]) == 0.09 + 2)
    }

    @Test func aRefitOfTheSameDataStays() {
        let fitter = CurveFitter(decay(Bounds(0, 10)))
        let best = fitter.fit(CurveData(y))
        let again = fitter.refit(CurveData(y), from: best.parameters)
        for (a, b) in zip(best.parameters, again.parameters) { #expect(abs(a - b) < 1e-9) }
        // And other data in between leave nothing behind.
        _ = fitter.refit(CurveData(y.map { 3 * $0 }), from: best.parameters)
        #expect(fitter.fit(CurveData(y)) == best)
    }

    @Test func aModelWithoutFiniteValuesSaysSo() {
        let model = CurveModel(pointCount: 3, parameters: [CurveParameter(spread: .signed(1, 10))]) { p, values, _ in
            for i in 0..<3 { values[i] = (-abs(p[0]) - 1).squareRoot() }
        }
        let fit = CurveFitter(model).fit(CurveData([1, 2, 3]))
        #expect(!fit.termination.isConverged && fit.termination.description.contains("finite at none"))
    }
}
