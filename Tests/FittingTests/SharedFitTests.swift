import Foundation
import Testing

@testable import Fitting

/// y = a exp(−b x) + d at 20 points; a and d may be shared.
private func model(_ bounds: [Bounds] = [.none, Bounds(0, 10), .none]) -> CurveModel {
    CurveModel(
        pointCount: 20,
        parameters: [
            CurveParameter(bounds: bounds[0], isLinear: true, spread: .even(0, 3)),
            CurveParameter(bounds: bounds[1], spread: .logarithmic(0.05, 10)),
            CurveParameter(bounds: bounds[2], isLinear: true, spread: .even(0, 1)),
        ]
    ) { p, values, jacobian in
        for i in 0..<20 {
            let x = 0.2 * Double(i)
            let g = exp(-p[1] * x)
            values[i] = p[0] * g + p[2]
            jacobian?[i] = g
            jacobian?[20 + i] = -p[0] * x * g
            jacobian?[40 + i] = 1
        }
    }
}

private func data(_ rate: Double, _ phase: Double) -> CurveData {
    CurveData((0..<20).map { 1.5 * exp(-0.2 * rate * Double($0)) + 0.4 + 0.03 * sin(11 * Double($0) + phase) })
}

private let groups = [0.4, 1.0, 2.5].enumerated().map { (model: model(), data: data($1, Double($0))) }

/// All groups as one dense problem: a, d, and a rate per group.
private func dense(_ loss: Loss) -> CurveSolution {
    let all = CurveModel(
        pointCount: 60,
        parameters: [
            CurveParameter(spread: .even(0, 3)), CurveParameter(spread: .even(0, 1)),
            CurveParameter(bounds: Bounds(0, 10), spread: .even(0.2, 3)),
            CurveParameter(bounds: Bounds(0, 10), spread: .even(0.2, 3)),
            CurveParameter(bounds: Bounds(0, 10), spread: .even(0.2, 3)),
        ]
    ) { p, values, jacobian in
        for i in 0..<60 {
            let (x, rate) = (0.2 * Double(i % 20), 2 + i / 20)
            let g = exp(-p[rate] * x)
            values[i] = p[0] * g + p[1]
            jacobian?[i] = g
            jacobian?[60 + i] = 1
            for k in 2..<5 { jacobian?[60 * k + i] = k == rate ? -p[0] * x * g : 0 }
        }
    }
    return CurveFitter(all, loss: loss).fit(CurveData(groups.flatMap { $0.data.y }))
}

@Suite struct SharedFitTests {
    @Test(arguments: [Loss.squares, .logSquares])
    func theJointFitIsTheDenseProblems(loss: Loss) {
        let joint = fitShared(groups, shared: [0, 2], loss: loss)
        let expected = dense(loss)
        #expect(joint.allSatisfy { $0.termination.isConverged }, "\(joint[0].termination)")
        #expect(expected.termination.isConverged)
        let total = joint.reduce(0) { $0 + $1.objective }
        // Stationary: the objective's error is the square of the parameters'.
        #expect(abs(total / expected.objective - 1) < 1e-10)
        let found = [joint[0].parameters[0], joint[0].parameters[2]] + joint.map { $0.parameters[1] }
        for (a, b) in zip(found, expected.parameters) { #expect(abs(a - b) < 1e-6, "\(found) \(expected.parameters)") }
        for solution in joint {
            #expect(solution.parameters[0] == joint[0].parameters[0])
            #expect(solution.parameters[2] == joint[0].parameters[2])
        }
    }

    @Test func groupsThatAreOneGroupFitAsOne() {
        let one = CurveFitter(model()).fit(groups[0].data)
        let joint = fitShared([groups[0], groups[0]], shared: [0, 1, 2])
        for (a, b) in zip(one.parameters, joint[1].parameters) { #expect(abs(a - b) < 1e-7) }
    }

    @Test func theOrderOfGroupsDoesNotMatter() {
        let joint = fitShared(groups, shared: [0, 2])
        let turned = fitShared(groups.reversed(), shared: [0, 2])
        for (a, b) in zip(joint[0].parameters, turned[2].parameters) { #expect(abs(a - b) < 1e-7) }
    }

    @Test func aSharedParameterEndsOnTheNarrowestBound() {
        let narrow = [
            (model: model([.none, Bounds(0, 10), Bounds(0, 0.2)]), data: groups[0].data),
            (model: model([.none, Bounds(0, 10), Bounds(0, 0.3)]), data: groups[1].data),
        ]
        let joint = fitShared(narrow, shared: [2])
        #expect(joint.allSatisfy { $0.parameters[2] == 0.2 && $0.sides[2] == .upper })
    }
}
