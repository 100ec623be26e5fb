import Foundation
import Randomness
import Testing

@testable import Fitting

@Suite struct ProfileTests {
    @Test func theOracleIsThere() {
        #expect(Oracle.curves.count == 6)
    }

    @Test(arguments: Oracle.curves) func intervalsAreThoseOfSciPy(curve: OracleCurve) {
        let solution = curve.fit()
        // The objective is stationary: its error is the square of the parameters'.
        #expect(abs(solution.objective / curve.json.number("rss") - 1) < 1e-10)
        let profile = CurveProfile(curve.model, data: curve.data, loss: curve.loss, solution: solution)
        let expected = curve.json["intervals"]?.items ?? []
        #expect(expected.count == curve.optimum.count)
        for (j, ends) in expected.enumerated() {
            let interval = profile.interval(of: j, level: curve.json.number("level"))
            #expect(interval.betterFound == nil && interval.reason == nil)
            #expect(interval.refits <= 2 * 24, "\(interval.refits) refits for parameter \(j)")
            for (found, place) in [(interval.low, 0), (interval.high, 1)] {
                let end = ends[place]?.double
                #expect((found == nil) == (end == nil), "parameter \(j): \(String(describing: found))")
                guard let found, let end else { continue }
                // The root search stops at 1e-6 of the distance from the optimum.
                #expect(
                    abs(found - end) < 3e-6 * abs(end - solution.parameters[j]),
                    "parameter \(j): \(found) is not \(end)")
            }
        }
    }

    @Test(arguments: Oracle.curves.filter { $0.json["grid"] != nil }) func pointsAreThoseOfSciPy(curve: OracleCurve) {
        let profile = CurveProfile(curve.model, data: curve.data, loss: curve.loss, solution: curve.fit())
        let (j, grid) = (curve.json["grid_of"]?.int ?? 0, curve.json.numbers("grid"))
        let points = profile.points(of: j, over: grid)
        #expect(points.map(\.value) == grid)
        for (point, rss) in zip(points, curve.json.numbers("profile")) {
            // Both are minima found to about 1e-8 in the parameters.
            #expect(abs(point.objective / rss - 1) < 1e-9, "at \(point.value)")
            #expect(point.parameters[j] == point.value && point.isConverged)
            let squared = (rss - profile.minimum) / (profile.minimum / Double(profile.degreesOfFreedom))
            #expect(abs(point.signedRoot * point.signedRoot - squared) < 1e-6 * max(1, squared))
            #expect((point.signedRoot < 0) == (point.value < profile.optimum[j]))
        }
        // A grid's order does not matter, nor what lies outside the bounds.
        let outside = profile.points(of: 0, over: [profile.optimum[0], .nan])
        #expect(outside.count == 1 && outside[0].signedRoot == 0)
    }

    /// In a linear model profile and asymptotic intervals are the same.
    @Test(arguments: [nil, (0..<9).map { 1 + Double($0 % 3) }], [0.5, 0.95, 0.999])
    func linearProfilesAreAsymptotic(weights: [Double]?, level: Double) {
        let model = Laws.line((0..<9).map(Double.init))
        let data = CurveData((0..<9).map { 3 + 0.5 * Double($0) + sin(7 * Double($0)) }, weights: weights)
        let solution = CurveFitter(model).fit(data)
        let profile = CurveProfile(model, data: data, solution: solution)
        let t = studentQuantile(level: level, degreesOfFreedom: 7)
        for j in 0..<2 {
            let interval = profile.interval(of: j, level: level)
            let half = t * (profile.standardErrors[j] ?? .nan)
            #expect(abs((interval.low ?? .nan) - (solution.parameters[j] - half)) < 1e-6 * half)
            #expect(abs((interval.high ?? .nan) - (solution.parameters[j] + half)) < 1e-6 * half)
            // The asymptotic end is the first guess, and it is right.
            #expect(interval.refits <= 12)
        }
    }

    @Test func anUnboundedParameterIsNotBounded() {
        // Saturated: y does not depend on the rate once it is large, and no bound ends the search.
        let x = (1...8).map { Double($0) }
        let model = CurveModel(
            pointCount: 8,
            parameters: [
                CurveParameter(isLinear: true, spread: .even(0, 2)),
                CurveParameter(bounds: Bounds(0, .infinity), spread: .even(0.1, 10)),
            ]
        ) { p, values, jacobian in
            for i in 0..<8 {
                let g = exp(-p[1] * x[i])
                values[i] = p[0] * (1 - g)
                jacobian?[i] = 1 - g
                jacobian?[8 + i] = p[0] * x[i] * g
            }
        }
        let data = CurveData(x.map { 1 - exp(-3 * $0) + 0.05 * sin(20 * $0) })
        let interval = CurveProfile(model, data: data, solution: CurveFitter(model).fit(data)).interval(of: 1)
        #expect(interval.low ?? 0 > 0.5)
        #expect(interval.high == nil && interval.reason == nil)
        #expect(interval.refits < 60)
    }

    @Test func aBetterFitOnTheWayIsReported() {
        // Two basins in the rate; the search is told the worse one.
        let x = (0..<40).map { 0.1 * Double($0) }
        let model = CurveModel(
            pointCount: 40, parameters: [CurveParameter(bounds: Bounds(0.1, 9), spread: .even(0.1, 9))]
        ) { p, values, jacobian in
            for i in 0..<40 {
                values[i] = sin(p[0] * x[i])
                jacobian?[i] = x[i] * cos(p[0] * x[i])
            }
        }
        let data = CurveData(x.map { sin(4 * $0) + 0.1 * cos(31 * $0) })
        let local = CurveFitter(model).refit(data, from: [5.9])
        let profile = CurveProfile(model, data: data, solution: local)
        #expect(local.objective > 5)
        // Only an interval wide enough to cross the ridge between them meets the other basin.
        #expect(profile.interval(of: 0).betterFound == nil)
        let better = profile.interval(of: 0, level: 0.99999999).betterFound
        #expect(better.map { abs($0[0] - 4) < 0.05 } == true, "\(String(describing: better))")
        let (solution, intervals) = CurveProfile.intervals(model, data: data, solution: local, level: 0.99999999)
        #expect(abs(solution.parameters[0] - 4) < 0.05)
        #expect(intervals.count == 1 && intervals[0].betterFound == nil && intervals[0].low ?? 0 > 3.9)
    }

    @Test func whatHasNoLikelihoodHasNoInterval() {
        let curve = Oracle.curve("exponential")
        let solution = curve.fit()
        let huber = CurveProfile(curve.model, data: curve.data, loss: .huber(0.1), solution: solution)
        #expect(huber.interval(of: 0).reason?.contains("Huber") == true)
        let line = Laws.line([1, 2])
        let two = CurveData([1, 3])
        let full = CurveProfile(line, data: two, solution: CurveFitter(line).fit(two)).interval(of: 0)
        #expect(full.low == nil && full.reason?.contains("as many parameters") == true)
        // A held parameter, by a zero-width interval.
        var parameters = curve.model.parameters
        parameters[1].bounds = Bounds(3, 3)
        let held = CurveModel(pointCount: 25, parameters: parameters, evaluate: curve.model.evaluate)
        let profile = CurveProfile(held, data: curve.data, solution: CurveFitter(held).fit(curve.data))
        #expect(profile.interval(of: 1).reason == "the parameter is held")
        #expect(profile.degreesOfFreedom == 23)
    }

    @Test func anExactFitHasAnIntervalOfNoWidth() {
        let model = Laws.line((0..<6).map(Double.init))
        let data = CurveData((0..<6).map { 1 + 2 * Double($0) })
        let interval = CurveProfile(model, data: data, solution: CurveFitter(model).fit(data)).interval(of: 1)
        #expect(abs((interval.low ?? .nan) - 2) < 1e-13 && abs((interval.high ?? .nan) - 2) < 1e-13)
        #expect(interval.reason?.contains("asymptotic") == true)
    }

    @Test func pointsWithoutWeightDoNotCount() {
        let curve = Oracle.curve("exponential")
        let extended = CurveModel(
            pointCount: 27, parameters: curve.model.parameters,
            evaluate: Laws.exponential(curve.json.numbers("x") + [1, 2]))
        let data = CurveData(curve.data.y + [9, 9], weights: [Double](repeating: 1, count: 25) + [0, 0])
        let solution = CurveFitter(extended).refit(data, from: curve.optimum)
        let interval = CurveProfile(extended, data: data, solution: solution).interval(of: 1)
        let ends = curve.json["intervals"]?[1]
        let low = ends?[0]?.double ?? .nan
        #expect(abs((interval.low ?? .nan) - low) < 3e-6 * abs(low - curve.optimum[1]))
    }
}

@Suite struct ProfileCrossingTests {
    /// Distances asked until the crossing of a root function is known, and the crossing.
    private func search(
        threshold: Double = 2, reach: Double = .infinity, first: Double, size: Double = 1, _ root: (Double) -> Double
    ) -> (distance: Double?, asked: Int) {
        var crossing = ProfileCrossing(threshold: threshold, reach: reach, firstStep: first, size: size)
        var asked = 0
        while let distance = crossing.next {
            crossing.record(root(distance), at: distance)
            asked += 1
        }
        return (crossing.distance, asked)
    }

    @Test(arguments: [1e-6, 1e-3, 1, 1e3, 1e9]) func crossingsAreFoundFromAnyStep(first: Double) {
        let cases: [(root: @Sendable (Double) -> Double, expected: Double)] = [
            ({ $0 }, 2), ({ $0 * $0 }, 1.4142135623730951), ({ $0.squareRoot() }, 4),
            ({ log1p($0) }, 6.38905609893065), ({ $0 < 3 ? 0.1 * $0 : .infinity }, 3),
            ({ 3 * tanh($0) }, 0.8047189562170503),
        ]
        for (root, expected) in cases {
            let found = search(first: first, root)
            // Asked for 1e-6 of itself.
            #expect(abs((found.distance ?? .nan) / expected - 1) < 2e-6)
            #expect(found.asked < 40, "\(found.asked) from \(first)")
        }
    }

    @Test func aGoodFirstStepNeedsFewMore() {
        #expect(search(first: 2.1) { $0 }.asked <= 4)
        #expect(search(first: 2.1) { $0 * (1 + 0.1 * $0) }.asked <= 6)
    }

    @Test func boundsAndPlateausEndTheSearch() {
        #expect(search(reach: 1.5, first: 1) { $0 }.distance == nil)
        #expect(search(first: 1) { 1.9 * tanh($0) }.distance == nil)
        #expect(search(first: 1) { 1.9 * tanh($0) }.asked < 12)
        // Rises without end, but slowly.
        #expect(search(threshold: 20, first: 1) { log1p($0) }.distance != nil)
        // The curve does not exist at its bound, and is allowed up to it.
        #expect(search(reach: 5, first: 1) { $0 < 5 ? 1 : .infinity }.distance == nil)
        #expect(search(reach: 5, first: 1) { $0 < 4 ? 1 : .infinity }.distance.map { abs($0 - 4) < 1e-5 } == true)
    }
}
