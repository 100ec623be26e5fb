import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

/// Values and derivatives by mpmath; Fixtures/make_goyal_forms_oracle.py wrote them, epoch by epoch.
private struct GoyalCase: CustomTestStringConvertible {
    let name: String
    let law: GoyalLaw
    let parameters: [Double]
    let points: LawPoints
    let values: [Double]
    /// [n, 4]
    let jacobian: [[Double]]

    var testDescription: String { "\(name), \(law.name)" }

    init?(_ json: JSON) {
        guard let name = json["case"]?.string, let form = json["form"]?.string.flatMap(GoyalLaw.Form.init),
            let s = json["s"]?.double, let n0 = json["n0"]?.double
        else { return nil }
        func numbers(_ json: JSON?) -> [Double] { (json?.items ?? []).compactMap(\.double) }
        self.name = name
        law = GoyalLaw(form, n0: n0)
        parameters = numbers(json["parameters"])
        let n = numbers(json["n"])
        points = LawPoints([n, n.map { _ in s }])
        values = numbers(json["values"])
        jacobian = (json["jacobian"]?.items ?? []).map(numbers)
    }

    static let all: [GoyalCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/goyal-forms-oracle.json")
        guard let bytes = try? Data(contentsOf: file), let json = try? JSON.parse(Array(bytes)) else { return [] }
        return (json.items ?? []).compactMap(GoyalCase.init)
    }()
}

private let natural = [Bounds(0, .infinity), Bounds(-5, 0), Bounds(0.05, 1000), Bounds(0, 1)]
private let separate = [false, false, false, false]
private let truth = [0.6, -0.2, 4.0, 0.1]
private let run = LawPoints([
    (1...30).map { 0.4 * Double($0) * 50_000 }, [Double](repeating: 50_000, count: 30),
])

@Suite struct GoyalLawTests {
    @Test func theOracleIsRead() { #expect(GoyalCase.all.count == 27) }

    @Test(arguments: GoyalCase.all) private func valuesAndDerivativesAreExact(_ oracle: GoyalCase) throws {
        let values = oracle.law.values(oracle.parameters, at: oracle.points)
        let jacobian = oracle.law.jacobian(oracle.parameters, at: oracle.points)
        // Some tens of roundings; δ of a half-life of τ epochs is rounded too, and its first τ powers carry that on.
        let roundings = 100 + oracle.parameters[2]
        for i in oracle.values.indices {
            #expect(
                abs(values[i] - oracle.values[i]) <= roundings * 0x1p-53 * abs(oracle.values[i]),
                "\(values[i]), mpmath \(oracle.values[i])")
            // Derivatives by b cancel where ln(n/N0) does: their scale is that of the whole row.
            let scale = oracle.values[i] + oracle.jacobian[i].map(abs).reduce(0, +)
            for j in 0..<4 {
                let (found, expected) = (jacobian[4 * i + j], oracle.jacobian[i][j])
                let tolerance = roundings * 0x1p-53 * (j == 1 ? scale : abs(expected))
                #expect(
                    abs(found - expected) <= tolerance, "point \(i), parameter \(j): \(found), mpmath \(expected)")
            }
        }
    }

    @Test(arguments: GoyalCase.all) private func theSearchIsTheSameCurve(_ oracle: GoyalCase) {
        let (law, p) = (oracle.law, oracle.parameters)
        if p[1] == 0 && law.form != .printed { return }  // a cannot be told from its power 0
        for isShared in [separate, [true, false, false, false]] {
            let search = law.search(points: oracle.points, y: oracle.values, bounds: natural, isShared: isShared)
            let c = search.coordinates(p)
            let values = search.model.values(c)
            // One rounding more of an exponent up to 5 ln(n/N0), about 100.
            for (found, expected) in zip(values, oracle.values) { #expect(abs(found / expected - 1) < 1e-12) }
            let back = search.parameters(c)
            // 1 − δ of 1000 epochs has lost three digits; ln A / b of b = −1e-6 six, and a is its exponential.
            let tolerance = p[1] > -1e-3 && law.form != .printed ? 1e-8 : 1e-11
            for (found, expected) in zip(back, p) { #expect(abs(found - expected) <= tolerance * abs(expected)) }
        }
    }

    @Test(arguments: GoyalLaw.Form.allCases) func derivativesOfTheSearchAreThoseOfItsCurve(form: GoyalLaw.Form) {
        let law = GoyalLaw(form, n0: 1e5)
        for isShared in [separate, [true, false, false, false]] {
            let search = law.search(points: run, y: [0.5], bounds: natural, isShared: isShared)
            let c = search.coordinates(truth)
            let jacobian = search.model.jacobian(c)
            for j in 0..<4 {
                // Central differences: h² of a third derivative of order 1 to 100, ε/h of the values.
                let h = 1e-5 * max(abs(c[j]), 0.1)
                var (low, high) = (c, c)
                low[j] -= h
                high[j] += h
                let slopes = zip(search.model.values(low), search.model.values(high)).map { ($1 - $0) / (2 * h) }
                for i in 0..<run.count {
                    #expect(abs(jacobian[4 * i + j] - slopes[i]) < 1e-7 * max(1, abs(slopes[i])))
                }
            }
        }
    }

    @Test(arguments: GoyalLaw.Form.allCases) func linearParametersAreLinear(form: GoyalLaw.Form) {
        let search = GoyalLaw(form).search(points: run, y: [0.5], bounds: natural, isShared: separate)
        #expect(search.model.parameters.map(\.isLinear) == [true, false, false, true])
        let one = search.model.values([1, -0.3, 0.8, 0])
        let other = search.model.values([0, -0.3, 0.8, 1])
        let both = search.model.values([0.7, -0.3, 0.8, 0.2])
        // Three roundings.
        for i in 0..<run.count { #expect(abs(both[i] - (0.7 * one[i] + 0.2 * other[i])) < 4e-16) }
    }

    @Test func anAmplitudeWithinThePowerIsNotLinearInItsOwnUnit() {
        let shared = [true, false, false, false]
        for (form, isLinear) in [(GoyalLaw.Form.printed, true), (.released, false), (.effectiveData, false)] {
            let search = GoyalLaw(form).search(points: run, y: [0.5], bounds: natural, isShared: shared)
            #expect(search.model.parameters[0].isLinear == isLinear)
            #expect(search.coordinates(truth)[0] == truth[0] && search.parameters([0.6, -0.2, 0.8, 0.1])[0] == 0.6)
        }
    }

    @Test(arguments: GoyalLaw.Form.allCases) func curvesWithoutNoiseGiveTheirParametersBack(form: GoyalLaw.Form) {
        let law = GoyalLaw(form, n0: 1e5)
        let y = law.values(truth, at: run)
        let bounds = law.parameters.compactMap { $0.bounds(over: y) }
        let search = law.search(points: run, y: y, bounds: bounds, isShared: separate)
        let solution = CurveFitter(search.model).fit(CurveData(y))
        // y holds 16 digits; the valley of (A, d), with a condition of some 1e4, and the search's end cost the rest.
        for (found, expected) in zip(search.parameters(solution.parameters), truth) {
            #expect(abs(found / expected - 1) < 1e-6)
        }
    }

    @Test(arguments: [GoyalLaw.Form.released, .effectiveData]) func aFlatCurveHasFiniteParameters(form: GoyalLaw.Form) {
        let law = GoyalLaw(form)
        let search = law.search(points: run, y: [0.5], bounds: natural, isShared: separate)
        for (amplitude, b, d) in [
            (0.6, 0, 0), (0.6, -1e-9, 0.2), (1.7, 0, 0.1), (1, 0, 0), (0, 0, 0.6), (0, -1e-3, 0.6), (0, -0.2, 0.3),
            (1e-300, -0.5, 0.3),
        ] {
            let p = search.parameters([amplitude, b, 0.8, d])
            #expect(p.allSatisfy(\.isFinite) && p[0] > 0 && p[1] <= 0 && p[3] >= 0)
            let (values, expected) = (law.values(p, at: run), search.model.values([amplitude, b, 0.8, d]))
            // |b| stays below |ln A| / 600, and so does the logarithm of y over this run of ln 30.
            for (y, z) in zip(values, expected) { #expect(abs(y / z - 1) < 0.004, "\(amplitude), \(b): \(y), \(z)") }
        }
        // What is held does not move: 1.7 = a^b needs an exponent, d stays.
        let held = law.search(
            points: run, y: [0.5], bounds: Array(natural.prefix(3)) + [Bounds(0.1, 0.1)], isShared: separate)
        #expect(held.parameters([1.7, -1e-9, 0.8, 0.1])[3] == 0.1)
        #expect(held.parameters([1.7, -1e-9, 0.8, 0.1])[1] < -1e-4)
    }

    @Test(arguments: GoyalLaw.Form.allCases) func tauIsNotAskedForWithinTheFirstEpoch(form: GoyalLaw.Form) {
        let law = GoyalLaw(form)
        let points = LawPoints([[10, 50, 100, 100.00000001, 101], [100, 100, 100, 100, 100]])
        let p = [0.6, -0.2, .nan, 0.1]
        let (y, jacobian) = (law.values(p, at: points), law.jacobian(p, at: points))
        #expect(y[0..<4].allSatisfy(\.isFinite) && y[4].isNaN)
        for i in 0..<4 { #expect(jacobian[4 * i + 2] == 0 && jacobian[4 * i..<4 * i + 4].allSatisfy(\.isFinite)) }
        #expect(law.undetermined(by: points).isEmpty)
        #expect(law.undetermined(by: points.rows([0, 1, 2, 3])).map(\.parameter) == [2])
    }

    /// The sums over epochs are the same ones whatever other points need.
    @Test(arguments: GoyalLaw.Form.allCases) func aPointDoesNotSeeTheOthers(form: GoyalLaw.Form) {
        let law = GoyalLaw(form)
        let points = LawPoints([[90, 150, 420, 420, 990, 77_777], [100, 100, 100, 7, 100, 10]])
        let (y, jacobian) = (law.values(truth, at: points), law.jacobian(truth, at: points))
        for i in 0..<points.count {
            let alone = points.rows([i])
            #expect(law.values(truth, at: alone)[0].bitPattern == y[i].bitPattern)
            #expect(law.jacobian(truth, at: alone) == Array(jacobian[4 * i..<4 * i + 4]))
        }
    }

    @Test(arguments: GoyalLaw.Form.allCases) func theUnitOfSamplesScalesTheAmplitudeAlone(form: GoyalLaw.Form) {
        let (one, other) = (GoyalLaw(form, n0: 1), GoyalLaw(form, n0: 1e9))
        var p = truth
        p[0] *= form == .printed ? pow(1e9, p[1]) : 1e9
        // ln n0 of about 21 is rounded in the exponent.
        for (x, y) in zip(one.values(truth, at: run), other.values(p, at: run)) { #expect(abs(y / x - 1) < 1e-14) }
        #expect(GoyalLaw().n0 == 1 && GoyalLaw(.released).n0 == 1e5 && GoyalLaw(.effectiveData).unit == 1e5)
    }

    @Test func theFloorOfEachFormHasItsOwnBound() {
        let y = [0.9, 0.5, 0.3]
        #expect(GoyalLaw().parameters[3].bounds(over: y) == Bounds(0, 0.3))
        #expect(GoyalLaw(.released).parameters[3].bounds(over: y) == Bounds(0, 0.9))
        #expect(GoyalLaw().parameters[3].bounds(over: [0.4, -0.1]) == nil)
    }
}
