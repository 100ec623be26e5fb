import Foundation
import Testing

@testable import Fitting

/// Misra1a of NIST's Statistical Reference Datasets (certified to 11 digits): y = b1 (1 − exp(−b2 x)).
private enum Misra {
    static let y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
    static let x = [
        77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0,
    ]
    static let certified = [2.3894212918e+02, 5.5015643181e-04]
    static let errors = [2.7070075241, 7.2668688436e-06]
    static let rss = 1.2455138894e-01

    static var problem: LeastSquaresProblem {
        LeastSquaresProblem(
            residualCount: 14, parameterCount: 2,
            residuals: { p, out in for i in 0..<14 { out[i] = p[0] * (1 - exp(-p[1] * x[i])) - y[i] } },
            jacobian: { p, out in
                for i in 0..<14 {
                    out[2 * i] = 1 - exp(-p[1] * x[i])
                    out[2 * i + 1] = p[0] * x[i] * exp(-p[1] * x[i])
                }
            })
    }
}

@Suite struct LeastSquaresTests {
    @Test(arguments: Algorithm.allCases, [[500, 0.0001], [250, 0.0005]])
    func certifiedValuesFromBothStarts(algorithm: Algorithm, start: [Double]) {
        var options = LeastSquaresOptions()
        options.algorithms = [algorithm]
        let solution = minimize(Misra.problem, from: start, options: options)
        #expect(solution.termination.isConverged, "\(solution.termination)")
        // The certificates have eleven digits; the last may be rounded.
        for (value, certified) in zip(solution.parameters, Misra.certified) {
            #expect(abs(value / certified - 1) < 1e-9)
        }
        #expect(abs(solution.rss / Misra.rss - 1) < 1e-9)
    }

    @Test func certifiedStandardErrors() {
        var jacobian = [Double](repeating: 0, count: 28)
        Misra.certified.withUnsafeBufferPointer { p in
            jacobian.withUnsafeMutableBufferPointer { Misra.problem.jacobian(p, $0) }
        }
        let found = ParameterUncertainty(jacobian: jacobian, parameterCount: 2, variance: Misra.rss / 12)
        for (value, certified) in zip(found.standardErrors, Misra.errors) {
            #expect(abs(value / certified - 1) < 1e-9)
        }
    }

    @Test func aModelThatIsNotFiniteInPlacesIsAvoided() {
        // √(p − 1) does not exist below 1, and the first steps from far away lead there.
        let problem = LeastSquaresProblem(
            residualCount: 2, parameterCount: 1,
            residuals: { p, out in
                out[0] = (p[0] - 1).squareRoot() - 0.1
                out[1] = 0.1 * ((p[0] - 1).squareRoot() - 0.1)
            },
            jacobian: { p, out in
                out[0] = 0.5 / (p[0] - 1).squareRoot()
                out[1] = 0.05 / (p[0] - 1).squareRoot()
            })
        let solution = minimize(problem, from: [400])
        #expect(abs(solution.parameters[0] - 1.01) < 1e-8)
    }

    @Test func aStuckSearchSaysSo() {
        // A Jacobian of the wrong sign: no step helps, and the gradient is not zero.
        let problem = LeastSquaresProblem(
            residualCount: 2, parameterCount: 1,
            residuals: { p, out in
                out[0] = p[0] - 1
                out[1] = p[0] - 2
            },
            jacobian: { _, out in
                out[0] = -1
                out[1] = -1
            })
        let solution = minimize(problem, from: [10])
        #expect(!solution.termination.isConverged)
        #expect(solution.termination.description.hasPrefix("NOT CONVERGED: "))
        #expect(solution.termination.word == "not converged")
    }

    @Test func directionsWithoutInfluenceAreUndetermined() {
        // Columns 0 and 1 are multiples of each other, column 2 stands alone, column 3 is zero.
        let rows: [[Double]] = [[1, 2, 1, 0], [2, 4, -1, 0], [3, 6, 0, 0], [4, 8, 2, 0], [5, 10, 1, 0]]
        let found = ParameterUncertainty(jacobian: rows.flatMap { $0 }, parameterCount: 4, variance: 1)
        #expect(found.undetermined == [true, true, false, true])
        #expect(found.standardErrors[0].isNaN && found.standardErrors[2].isFinite)
        #expect(found.conditionNumber == .infinity)
    }

    @Test func studentQuantilesAreKnown() {
        // SciPy: t.ppf(0.975, 4) and t.ppf(0.95, 30); GSL's own accuracy is better than 1e-10.
        #expect(abs(studentQuantile(level: 0.95, degreesOfFreedom: 4) - 2.7764451051977987) < 1e-9)
        #expect(abs(studentQuantile(level: 0.9, degreesOfFreedom: 30) - 1.6972608865939574) < 1e-9)
        #expect(studentQuantile(level: 0.95, degreesOfFreedom: 0).isNaN)
    }
}
