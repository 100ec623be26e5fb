import Foundation
import Randomness
import Testing

@testable import Fitting

@Suite struct CurveUncertaintyTests {
    static let curve = Oracle.curve("exponential")

    /// Largest difference of two covariances, in units of the standard errors.
    private func distance(_ a: [Double], _ b: [Double]) -> Double {
        let p = Int(Double(b.count).squareRoot())
        guard a.count == b.count else { return .infinity }
        return a.indices.reduce(0) { worst, k in
            max(worst, abs(a[k] - b[k]) / (b[k / p * p + k / p] * b[k % p * p + k % p]).squareRoot())
        }
    }

    @Test(arguments: Oracle.curves.filter { $0.json["pcov"] != nil })
    func covariancesAreThoseOfCurveFit(curve: OracleCurve) {
        let found = CurveUncertainty(curve.model, data: curve.data, loss: curve.loss, parameters: curve.optimum)
        // Both at the same parameters; condition numbers up to 300 cost some digits twice in JᵀJ's inverse.
        #expect(distance(found.covariance, curve.json.numbers("pcov")) < 1e-8)
        #expect(found.standardErrors.allSatisfy { $0 != nil })
    }

    @Test func clustersAreThoseOfThePlainFormula() {
        let expected = Oracle.root["clusters"] ?? .null
        let codes = expected.integers("codes")
        let found = CurveUncertainty(
            Self.curve.model, data: Self.curve.data, parameters: Self.curve.optimum, clusters: codes)
        #expect(distance(found.covariance, expected.numbers("covariance")) < 1e-10)
        #expect(found.ofFree.kind == .clustered(7) && found.ofFree.degreesOfFreedom == 6)
        // Codes are names: any others do.
        let renamed = CurveUncertainty(
            Self.curve.model, data: Self.curve.data, parameters: Self.curve.optimum,
            clusters: codes.map { 100 - 3 * $0 })
        #expect(distance(renamed.covariance, found.covariance) < 1e-13)
    }

    /// Clusters of one point each, in a linear model: White's HC1, by its definition.
    @Test func clustersOfOneAreHeteroscedastic() {
        let x = (0..<12).map { 0.3 * Double($0) }
        let data = CurveData(x.map { 1 + $0 + sin(9 * $0) * $0 })
        let model = Laws.line(x)
        let solution = CurveFitter(model).fit(data)
        let found = CurveUncertainty(model, data: data, parameters: solution.parameters, clusters: Array(0..<12))
        let middle = x.reduce(0, +) / 12
        let spread = x.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
        let meat = x.indices.reduce(0) {
            $0 + (x[$1] - middle) * (x[$1] - middle) * solution.residuals[$1] * solution.residuals[$1]
        }
        // C/(C − 1) · (n − 1)/(n − p) with C = n.
        let expected = (12.0 / 10 * meat).squareRoot() / spread
        #expect(abs((found.standardErrors[1] ?? .nan) / expected - 1) < 1e-12)
    }

    @Test func oneClusterTellsNothing() {
        let found = CurveUncertainty(
            Self.curve.model, data: Self.curve.data, parameters: Self.curve.optimum,
            clusters: [Int](repeating: 4, count: 25))
        #expect(found.standardErrors == [nil, nil, nil])
        #expect(found.band(.confidence, value: 1, gradient: [1, 0, 0], level: 0.9) == nil)
    }

    @Test func huberIsTheMEstimators() {
        let expected = Oracle.root["huber"] ?? .null
        let data = CurveData(Self.curve.data.y, weights: expected.numbers("weights"))
        let found = CurveUncertainty(
            Self.curve.model, data: data, loss: .huber(expected.number("delta")),
            parameters: expected.numbers("parameters"))
        #expect(distance(found.covariance, expected.numbers("covariance")) < 1e-10)
        #expect(abs(found.ofFree.variance / expected.number("variance") - 1) < 1e-12)
        #expect(expected.numbers("gradient").allSatisfy { abs($0) < 1e-12 })
        // A wide δ makes it least squares.
        let wide = CurveUncertainty(
            Self.curve.model, data: data, loss: .huber(1e9), parameters: Self.curve.optimum)
        let squares = CurveUncertainty(Self.curve.model, data: data, parameters: Self.curve.optimum)
        #expect(distance(wide.covariance, squares.covariance) < 1e-13)
        // With δ below every residual no curvature is left.
        let narrow = CurveUncertainty(
            Self.curve.model, data: data, loss: .huber(1e-12), parameters: Self.curve.optimum)
        #expect(narrow.standardErrors == [nil, nil, nil])
    }

    @Test func bandsAreTheDeltaMethods() throws {
        let expected = Oracle.root["band"] ?? .null
        let found = CurveUncertainty(Self.curve.model, data: Self.curve.data, parameters: Self.curve.optimum)
        for kind in CurveUncertainty.Band.allCases {
            let band = try #require(
                found.band(
                    kind, value: expected.number("value"), gradient: expected.numbers("gradient"), level: 0.95,
                    weight: 2))
            let ends = expected.numbers(kind.rawValue)
            #expect(abs(band.low - ends[0]) < 1e-8 && abs(band.high - ends[1]) < 1e-8)
        }
    }

    @Test func logarithmicBandsAreRatios() throws {
        let curve = Oracle.curve("power-offset, log")
        let found = CurveUncertainty(curve.model, data: curve.data, loss: curve.loss, parameters: curve.optimum)
        let value = curve.model.values(curve.optimum)[3]
        let gradient = Array(curve.model.jacobian(curve.optimum)[9..<12])
        let band = try #require(found.band(.confidence, value: value, gradient: gradient, level: 0.9))
        #expect(abs(band.low * band.high / (value * value) - 1) < 1e-14)
        let half = studentQuantile(level: 0.9, degreesOfFreedom: 9) * found.standardError(of: gradient) / value
        #expect(abs(log(band.high / value) - half) < 1e-12)
        #expect(found.band(.confidence, value: -1, gradient: gradient, level: 0.9) == nil)
    }

    /// Two parameters that only act through their sum: it is determined, they are not.
    @Test func aCombinationMayBeDeterminedThoughItsPartsAreNot() {
        let rows: [Double] = (0..<6).flatMap { [1.0, 1.0, Double($0), 0] }
        let found = ParameterUncertainty(jacobian: rows, parameterCount: 4, variance: 0.5)
        #expect(found.undeterminedGroups == [[0, 1], [3]])
        #expect(found.standardErrors[0].isNaN && found.standardErrors[2].isFinite)
        #expect(found.standardError(of: [1, 0, 0, 0]).isNaN)
        #expect(found.standardError(of: [0, 0, 0, 1]).isNaN)
        // Σ over 0…5: s² (1/6 + 2.5²/17.5) for the intercept.
        let intercept = (0.5 * (1.0 / 6 + 2.5 * 2.5 / 17.5)).squareRoot()
        #expect(abs(found.standardError(of: [1, 1, 0, 0]) / intercept - 1) < 1e-12)
        #expect(abs(found.standardError(of: [0, 0, 1, 0]) / found.standardErrors[2] - 1) < 1e-12)
    }

    @Test func scalingAColumnScalesItsError() {
        var stream = RandomStream(seed: 3, purpose: "columns")
        let rows = (0..<30).map { _ in stream.uniform() - 0.5 }
        let plain = ParameterUncertainty(jacobian: rows, parameterCount: 3, variance: 2)
        for scale in [1e-150, 1e-9, 1e12, 1e150] {
            let scaled = ParameterUncertainty(
                jacobian: rows.enumerated().map { $0.offset % 3 == 1 ? $0.element * scale : $0.element },
                parameterCount: 3, variance: 2)
            #expect(abs(scaled.standardErrors[1] * scale / plain.standardErrors[1] - 1) < 1e-12)
            #expect(abs(scaled.standardErrors[0] / plain.standardErrors[0] - 1) < 1e-12)
            #expect(abs(scaled.conditionNumber / plain.conditionNumber - 1) < 1e-10)
        }
    }

    @Test func parametersOnABoundAreTakenAsKnown() {
        let curve = Oracle.curve("power-offset, on a bound")
        let solution = curve.fit()
        #expect(solution.sides == [nil, nil, .lower])
        let found = CurveUncertainty(
            curve.model, data: curve.data, loss: curve.loss, parameters: solution.parameters, free: [0, 1],
            estimatedCount: 3)
        #expect(found.standardErrors[2] == nil && found.standardErrors[0] != nil)
        #expect(found.ofFree.degreesOfFreedom == 9)
        #expect(found.covariance[2] == 0 && found.covariance[8] == 0)
    }

    @Test func quantilesAreThoseOfSciPy() {
        let cases = Oracle.root["student"]?.items ?? []
        #expect(cases.count == 20)
        for item in cases {
            let t = studentQuantile(level: item.number("level"), degreesOfFreedom: item["degrees"]?.int ?? 0)
            // GSL's inverse is good to about 1e-10.
            #expect(abs(t / item.number("t") - 1) < 1e-9)
            #expect(abs(t / item.number("root_f") - 1) < 1e-9)
        }
    }
}
