import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

/// Solutions and derivatives by mpmath; Fixtures/make_m4_oracle.py wrote them, by bisection of the equation as printed.
private struct M4Case: CustomTestStringConvertible {
    struct Point { let x, y, above, gap: Double, gradient: [Double] }

    let name: String
    let parameters: [Double]
    let points: [Point]

    var testDescription: String { name }
    var x: LawPoints { LawPoints([points.map(\.x)]) }

    init?(_ json: JSON) {
        func numbers(_ json: JSON?) -> [Double] { (json?.items ?? []).compactMap(\.double) }
        guard let name = json["case"]?.string, let points = json["points"]?.items else { return nil }
        self.name = name
        parameters = numbers(json["parameters"])
        self.points = points.compactMap { p in
            guard let x = p["x"]?.double, let y = p["y"]?.double, let above = p["above"]?.double,
                let gap = p["gap"]?.double
            else { return nil }
            return Point(x: x, y: y, above: above, gap: gap, gradient: numbers(p["gradient"]))
        }
    }

    static let all: [M4Case] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/m4-oracle.json")
        guard let bytes = try? Data(contentsOf: file), let json = try? JSON.parse(Array(bytes)) else { return [] }
        return (json.items ?? []).compactMap(M4Case.init)
    }()
}

private let law = M4Law(isError: false)
private let natural = [
    Bounds(0, .infinity), Bounds(-20, 0), Bounds(0, 100), Bounds(0, 0.1), Bounds(0.9, 90),
]
private let separate = [Bool](repeating: false, count: 5)

@Suite struct M4LawTests {
    @Test func theOracleIsRead() {
        #expect(M4Case.all.count == 10 && M4Case.all.allSatisfy { $0.points.count >= 3 })
    }

    @Test(arguments: M4Case.all) private func solutionsAreFullyPrecise(_ oracle: M4Case) {
        let p = oracle.parameters
        // Powers round to an ulp or two; the gap is the 1/α-th power of something rounded.
        let tolerance = 16 * 0x1p-53 * max(1, p[2], 1 / p[2])
        let values = law.values(p, at: oracle.x)
        for (point, value) in zip(oracle.points, values) {
            let y = M4Curve.divide(p[0] * pow(point.x, p[1]), p[2], floor: p[3], ceiling: p[4])
            #expect(abs(y.above / point.above - 1) < tolerance, "\(y.above), mpmath \(point.above)")
            #expect(abs(y.gap / point.gap - 1) < tolerance, "\(y.gap), mpmath \(point.gap)")
            #expect(abs(value / point.y - 1) < 4 * 0x1p-53)
        }
    }

    @Test(arguments: M4Case.all) private func derivativesAreExact(_ oracle: M4Case) {
        let p = oracle.parameters
        let jacobian = law.jacobian(p, at: oracle.x)
        let tolerance = 32 * 0x1p-53 * max(1, p[2], 1 / p[2])
        for (i, point) in oracle.points.enumerated() {
            for (j, expected) in point.gradient.enumerated() {
                // ∂y/∂α has the factor ln(err_0 − y), which loses digits where that is close to 1.
                let scale = j == 2 ? max(abs(expected), abs(point.gradient[0]) * p[0]) : abs(expected)
                let found = jacobian[5 * i + j]
                #expect(
                    abs(found - expected) <= tolerance * scale, "x \(point.x), \(j): \(found), mpmath \(expected)")
            }
        }
    }

    @Test(arguments: [1e-12, 1e-3, 0.5, 0.999, 1, 1.001, 3, 1e3, 1e9]) func theRootIsOne(alpha: Double) {
        for step in -60...60 {
            let q = 0.01 * Double(step) * pow(Double(abs(step)), 1.5)
            let t = M4Curve.root(q, alpha)
            let (value, slope, _, _, _) = M4Curve.h(t, alpha)
            // An ulp of t or of a term of h.
            let rounding = 4 * 0x1p-53 * (abs(q) + slope * abs(t) + alpha * max(t, 0) + 1)
            #expect(abs(value - q) <= rounding, "q \(q): t \(t) gives \(value)")
        }
    }

    @Test func withoutAlphaItIsThePowerLawWithAnOffset() {
        let x = LawPoints([[1e-3, 0.1, 1, 10, 1e3]])
        let p = [0.5, -0.4, 0, 0.1, 1]
        let (y, jacobian) = (law.values(p, at: x), law.jacobian(p, at: x))
        for (i, x) in x.columns[0].enumerated() {
            let power = pow(x, -0.4)
            if 0.1 + 0.5 * power < 1 {
                #expect(abs(y[i] - (0.1 + 0.5 * power)) < 2e-16)
                let expected = [power, 0.5 * power * log(x), 0.5 * power * log(0.9 - 0.5 * power), 1, 0]
                for j in 0..<5 { #expect(abs(jacobian[5 * i + j] - expected[j]) < 1e-14) }
            } else {
                // The limit α → 0: err_0 is never passed.
                #expect(y[i] == 1 && Array(jacobian[5 * i..<5 * i + 5]) == [0, 0, 0, 0, 1])
            }
        }
        #expect(y[0] == 1 && y[4] < 0.2)
    }

    @Test func extremesStayBetweenTheLevels() {
        let x = LawPoints([[1e-300, 1e-9, 1, 1e9, 1e300]])
        for p in [
            [1e308, -4, 2, 0.1, 1], [1e-308, -4, 0.3, 0.1, 1], [0, -1, 0.7, 0.1, 1], [1, -1e6, 1e-300, 0.1, 1],
            [1, -1, 1e12, 0.1, 1], [3, 0, 1, 0.1, 1],
        ] {
            #expect(law.values(p, at: x).allSatisfy { $0 >= 0.1 && $0 <= 1 }, "\(p)")
            #expect(law.jacobian(p, at: x).allSatisfy { !$0.isNaN }, "\(p)")
        }
        // At β = 0 the slope is that of the power law: x^c (err_0 − err_inf)^α.
        #expect(abs(law.jacobian([0, -1, 2, 0.1, 1], at: LawPoints([[4]]))[0] - 0.25 * 0.81) < 1e-15)
    }

    @Test(arguments: M4Case.all) private func theSearchIsTheSameCurve(_ oracle: M4Case) {
        let p = oracle.parameters
        let y = oracle.points.map(\.y)
        let search = law.search(points: oracle.x, y: y, bounds: natural, isShared: separate)
        let c = search.coordinates(p)
        // t, up to 100 here, is rounded; 1/α of that reaches y.
        for (found, expected) in zip(search.model.values(c), y) { #expect(abs(found / expected - 1) < 1e-13) }
        for (found, expected) in zip(search.parameters(c), p) {
            // ln β is a sum of terms of up to some hundreds, with α of them in t.
            #expect(abs(found - expected) <= 1e-12 * max(1, p[2]) * abs(expected))
        }
        #expect(search.model.parameters.map(\.isLinear) == [false, false, false, true, true])
        let unit = [[1.0, 0], [0, 1]].map { search.model.values([c[0], c[1], c[2]] + $0) }
        for (i, value) in search.model.values(c).enumerated() {
            #expect(abs(p[3] * unit[0][i] + p[4] * unit[1][i] - value) < 4e-16 * value)
        }
    }

    @Test(arguments: [[0.3, -0.4, 0.7, 0.1, 1], [-3, -0.2, 0.05, 0, 1], [4, -1.5, 3, 0.2, 2]])
    func derivativesOfTheSearchAreThoseOfItsCurve(c: [Double]) {
        let x = LawPoints([[0.01, 0.3, 2, 50, 1e4]])
        let search = law.search(points: x, y: [0.5], bounds: natural, isShared: separate)
        let jacobian = search.model.jacobian(c)
        for j in 0..<5 {
            // Central differences: h² of a third derivative of order 100, ε/h of the values.
            let h = 1e-5
            var (low, high) = (c, c)
            low[j] -= h
            high[j] += h
            for (i, pair) in zip(search.model.values(low), search.model.values(high)).enumerated() {
                #expect(abs(jacobian[5 * i + j] - (pair.1 - pair.0) / (2 * h)) < 1e-8)
            }
        }
    }

    @Test func aScaleThatIsHeldOrSharedStaysItself() {
        let x = LawPoints([[0.01, 0.3, 2, 50, 1e4]])
        let p = [0.3, -0.4, 0.7, 0.1, 1]
        var held = natural
        held[0] = Bounds(0.3, 0.3)
        let shared = [true, false, false, false, false]
        for search in [
            law.search(points: x, y: [0.5], bounds: held, isShared: separate),
            law.search(points: x, y: [0.5], bounds: natural, isShared: shared),
        ] {
            #expect(search.coordinates(p) == p && search.parameters(p) == p)
            #expect(search.model.values(p) == law.values(p, at: x))
        }
    }

    @Test func theLevelsAreBoundedByTheData() throws {
        let y = [0.3, 0.8, 0.5]
        #expect(law.parameters.map { $0.bounds(over: y) }.suffix(2) == [Bounds(0, 0.3), Bounds(0.8, 80)])
        #expect(M4Law(isError: true).parameters[4].bounds(over: y) == Bounds(1, 1))
        #expect(law.check([0]) == .invalid("x must be positive, not 0.0") && law.check([1e-9]) == .fine)
    }

    @Test(arguments: [true, false]) func curvesWithoutNoiseGiveTheirParametersBack(isError: Bool) {
        let law = M4Law(isError: isError)
        let x = LawPoints([(0..<24).map { exp2(0.6 * Double($0)) }])
        let truth = [3, -0.5, 0.7, 0.08, 1]
        let y = law.values(truth, at: x)
        let bounds = law.parameters.compactMap { $0.bounds(over: y) }
        let search = law.search(points: x, y: y, bounds: bounds, isShared: separate)
        let solution = CurveFitter(search.model).fit(CurveData(y))
        // y holds 16 digits; with a free err_0 the condition of the scaled Jacobian costs four, the search's end the rest.
        for (found, expected) in zip(search.parameters(solution.parameters), truth) {
            #expect(abs(found / expected - 1) < 1e-6)
        }
    }
}
