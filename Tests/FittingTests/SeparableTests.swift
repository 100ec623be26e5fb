import Foundation
import Testing

@testable import Fitting

/// y = c₀ exp(−θ x) + c₁ at x = 0, 0.1 … 2.9.
private func decay(_ nonlinear: Bounds, offset: Bounds = .none) -> SeparableModel {
    SeparableModel(
        pointCount: 30, linear: [.none, offset], nonlinear: [nonlinear], spreads: [.even]
    ) { theta, columns, derivatives in
        for i in 0..<30 {
            let x = 0.1 * Double(i)
            columns[i] = exp(-theta[0] * x)
            columns[30 + i] = 1
            derivatives?[i] = -x * exp(-theta[0] * x)
        }
    }
}

private func wave(_ i: Int) -> Double { 0.02 * sin(13 * Double(i) + 1) }

@Suite struct SeparableTests {
    private let y = (0..<30).map { (i: Int) -> Double in 2 * exp(-0.13 * Double(i)) + 0.5 + wave(i) }

    @Test func gradientOfTheProjectionIsExact() {
        for offset in [Bounds.none, Bounds(0.6, 2)] {  // the second holds the offset on its bound
            let projection = Projection(decay(Bounds(0, 10), offset: offset), y: y)
            let column = UnsafeMutableBufferPointer<Double>.allocate(capacity: 30)
            defer { column.deallocate() }
            for theta in [0.4, 1.1, 3.0] {
                let h = 1e-6  // truncation h², rounding ε/h ≈ 1e-10 of sums of order 1
                let difference = (projection.solve([theta + h]) - projection.solve([theta - h])) / (2 * h)
                projection.solve([theta], withDerivatives: true)
                projection.derivative(0, into: column)
                let gradient = (0..<30).reduce(0) { $0 + 2 * column[$1] * projection.linear.residuals[$1] }
                #expect(abs(gradient - difference) < 1e-8 * max(1, abs(difference)))
            }
        }
    }

    @Test func theEliminatedProblemHasTheFullProblemsMinimum() {
        let separable = fit(decay(Bounds(0, 10)), to: y)
        let full = minimize(
            LeastSquaresProblem(
                residualCount: 30, parameterCount: 3,
                residuals: { [y] p, out in
                    for i in 0..<30 { out[i] = p[0] * exp(-p[2] * 0.1 * Double(i)) + p[1] - y[i] }
                },
                jacobian: { p, out in
                    for i in 0..<30 {
                        let x = 0.1 * Double(i)
                        out[3 * i] = exp(-p[2] * x)
                        out[3 * i + 1] = 1
                        out[3 * i + 2] = -p[0] * x * exp(-p[2] * x)
                    }
                }), from: [1, 0, 1])
        #expect(separable.termination.isConverged && full.termination.isConverged)
        // The residual sum is stationary: its error is the square of the parameters'.
        #expect(abs(separable.rss / full.rss - 1) < 1e-12)
        for (a, b) in zip(separable.linear + separable.nonlinear, full.parameters) { #expect(abs(a - b) < 1e-8) }
    }

    @Test func anOptimumBeyondABoundEndsOnIt() {
        for (bounds, side, value) in [(Bounds(0, 1), Bounds.Side.upper, 1.0), (Bounds(2, 10), .lower, 2)] {
            let solution = fit(decay(bounds), to: y)
            #expect(solution.termination.isConverged, "\(solution.termination)")
            #expect(solution.nonlinearSides == [side])
            #expect(solution.nonlinear == [value])
        }
    }

    @Test func aFixedParameterStays() {
        let solution = fit(decay(Bounds(0, 10), offset: Bounds(0.4, 0.4)), to: y)
        #expect(solution.linear[1] == 0.4)
        #expect(solution.linearSides == [nil, nil])
        let all = fit(decay(Bounds(1.5, 1.5)), to: y)
        #expect(all.nonlinear == [1.5] && all.termination.isConverged)
    }

    @Test func oneStartIsExactlyTheOneGiven() {
        var options = SeparableOptions()
        options.starts = 1
        options.start = [7]
        let solution = fit(decay(Bounds(0, 10)), to: y, options: options)
        #expect(solution.starts == 1)
        #expect(abs(solution.nonlinear[0] - fit(decay(Bounds(0, 10)), to: y).nonlinear[0]) < 1e-8)
    }

    @Test func theGlobalMinimumOfManyIsFound() {
        // A sine's frequency has a local minimum at every side lobe.
        let model = SeparableModel(
            pointCount: 40, linear: [.none], nonlinear: [Bounds(0.1, 20)], spreads: [.even]
        ) { theta, columns, derivatives in
            for i in 0..<40 {
                let x = 0.1 * Double(i)
                columns[i] = sin(theta[0] * x)
                derivatives?[i] = x * cos(theta[0] * x)
            }
        }
        for truth in [1.7, 6.1, 14.9] {
            let y = (0..<40).map { (i: Int) -> Double in 1.2 * sin(truth * 0.1 * Double(i)) + wave(i) }
            let solution = fit(model, to: y)
            // The wave moves the frequency by at most Σ 0.02 |x cos θx| / Σ 1.2 (x cos θx)² = 0.008; side lobes are 1 away.
            #expect(abs(solution.nonlinear[0] - truth) < 0.01, "found \(solution.nonlinear[0]) for \(truth)")
            #expect((1...solution.starts).contains(solution.startsAtBest))
        }
    }

    @Test func exactDataAreRecovered() {
        let y = (0..<30).map { (i: Int) -> Double in 2 * exp(-0.13 * Double(i)) + 0.5 }
        let solution = fit(decay(Bounds(0, 10)), to: y)
        #expect(solution.termination.isConverged, "\(solution.termination)")
        #expect(abs(solution.nonlinear[0] - 1.3) < 1e-10)
    }

    @Test func aModelThatIsNowhereFiniteIsNotConverged() {
        let model = SeparableModel(
            pointCount: 3, linear: [.none], nonlinear: [Bounds(0, 1)], spreads: [.even]
        ) { _, columns, _ in for i in 0..<3 { columns[i] = .nan } }
        #expect(!fit(model, to: [1, 2, 3]).termination.isConverged)
    }
}

@Suite struct LowDiscrepancyTests {
    @Test func haltonBeginsAsPublished() {
        let points = LowDiscrepancy.points(4, dimension: 2)
        let third = 1.0 / 3
        let expected: [[Double]] = [[0.5, third], [0.25, 2 * third], [0.75, third / 3], [0.125, 4 * third / 3]]
        for (point, known) in zip(points, expected) {
            for (a, b) in zip(point, known) { #expect(abs(a - b) < 1e-15) }
        }
    }

    @Test func oneStartPerBasinThenTheBestOfTheRest() {
        let points = [[0.1], [0.15], [0.8], [0.85], [0.5]]
        let costs = [1.0, 1.1, 2.0, 1.9, .infinity]
        #expect(LowDiscrepancy.starts(points, costs: costs, count: 2, radius: 0.2) == [0, 3])
        #expect(LowDiscrepancy.starts(points, costs: costs, count: 5, radius: 0.2) == [0, 3, 1, 2])
    }
}
