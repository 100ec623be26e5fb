import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

@Suite struct ScalingLawFitOracleTests {
    private let oracle: AnswerOracle

    init() throws { oracle = try AnswerOracle() }

    private func expect(_ fit: ScalingLawFit, equals kind: String) {
        let group = fit.group[0].value
        #expect(fit.termination.isConverged, "\(fit.termination)")
        for (parameter, expected) in zip(fit.parameters, oracle.numbers(group, kind, "parameters")) {
            #expect(
                agree(parameter.value, expected), "\(group) \(parameter.name) \(parameter.value), SciPy \(expected)")
        }
        for (parameter, expected) in zip(fit.parameters, oracle.numbers(group, kind, "standard_errors")) {
            #expect(agree(parameter.standardError, expected), "\(group) ± \(parameter.name)")
        }
        for (found, key) in [(fit.rss, "rss"), (fit.aicc, "aicc"), (fit.bic, "bic")] {
            #expect(agree(found, oracle.number(group, kind, key)), "\(group) \(key) \(found)")
        }
    }

    @Test func squaresEqualSciPy() throws {
        for fit in try oracle.analyse().fits { expect(fit, equals: "squares") }
    }

    @Test func weightedSquaresEqualSciPy() throws {
        let fits = try oracle.analyse(weights: "w").fits
        for fit in fits { expect(fit, equals: "weighted") }
        #expect(fits.allSatisfy { $0.isWeighted })
    }

    @Test func logSquaresEqualSciPy() throws {
        for fit in try oracle.analyse({ $0.loss = .logSquares }).fits { expect(fit, equals: "log") }
    }

    @Test func huberReachesTheObjectiveOfSciPyAndHasNoCriteria() throws {
        for fit in try oracle.analyse({ $0.loss = .huber(0.003) }).fits {
            let group = fit.group[0].value
            // SciPy's trust region stops earlier here: never below our objective by more than rounding.
            #expect(fit.objective <= oracle.number(group, "huber", "objective") * (1 + 1e-9))
            for (value, expected) in zip(fit.values, oracle.numbers(group, "huber", "parameters")) {
                #expect(agree(value, expected, 1e-3))
            }
            #expect(fit.aicc.isNaN && fit.bic.isNaN)
            #expect(fit.warnings.contains { $0.hasPrefix("no AICc and BIC") })
            #expect(fit.json()["aicc"] == .null && fit.json()["loss"] == "huber:0.003")
        }
    }

    @Test func clusteredErrorsEqualTheSandwich() throws {
        for fit in try oracle.analyse(cluster: "run").fits {
            for (parameter, expected) in zip(fit.parameters, oracle.numbers(fit.group[0].value, "clustered_errors")) {
                #expect(agree(parameter.standardError, expected))
                // Student's t of 5 − 1 degrees of freedom.
                let half = studentQuantile(level: 0.95, degreesOfFreedom: 4) * expected
                #expect(agree(parameter.high, parameter.value + half))
            }
            #expect(fit.intervalMethod == "asymptotic, 5 clusters")
        }
    }

    @Test func bandsEqualSciPy() throws {
        let points = LawPoints([[2, 40, 1000]])
        for fit in try oracle.analyse().fits {
            let group = fit.group[0].value
            for (i, prediction) in fit.predictions(at: points).enumerated() {
                let value = oracle.numbers(group, "values")[i]
                #expect(agree(prediction.value, value))
                #expect(agree(prediction.high, value + oracle.numbers(group, "band")[i]))
                #expect(agree(prediction.predictionLow, value - oracle.numbers(group, "prediction")[i]))
            }
        }
    }

    @Test func errorsOfPredictionEqualSciPy() throws {
        let fits = try oracle.analyse { $0.crossValidates = true }.fits
        for fit in fits {
            let errors = fit.predictionErrors
            // A leave-one-out refit is one warm search: equal to a few parts in 1e6 of its error.
            #expect(agree(errors.leaveOneOut?.rmsle, oracle.number(fit.group[0].value, "loo"), 1e-5))
            #expect(agree(errors.future?.rmsle, oracle.number(fit.group[0].value, "future")))
            #expect(errors.leaveOneOut?.n == 20 && errors.future?.n == 4 && errors.holdout == nil)
        }
        for fit in try oracle.analyse({ $0.holdout = try? Holdout("x > 30") }).fits {
            let group = fit.group[0].value
            #expect(agree(fit.predictionErrors.holdout?.rmsle, oracle.number(group, "holdout")))
            #expect(fit.predictionErrors.holdout?.n == Int(oracle.number(group, "holdout_n")))
            #expect(fit.n + (fit.predictionErrors.holdout?.n ?? 0) == 20)
        }
    }

    @Test(arguments: [("alpha", "shared alpha"), ("E", "shared E")])
    func sharedParametersEqualTheDenseProblem(name: String, key: String) throws {
        let fits = try oracle.analyse { $0.shared = [name] }.fits
        let expected = try #require(oracle.root[key])
        for (g, fit) in fits.enumerated() {
            #expect(fit.termination.isConverged, "\(fit.termination)")
            #expect(fit[name]?.isShared == true && fit[name]?.value == fits[0][name]?.value)
            #expect(fit.degreesOfFreedom == expected["degrees"]?.int)
            for (j, parameter) in fit.parameters.enumerated() {
                #expect(agree(parameter.value, expected["parameters"]?[g]?[j]?.double ?? .nan))
                #expect(agree(parameter.standardError, expected["standard_errors"]?[g]?[j]?.double ?? .nan))
            }
            #expect(agree(fit.aicc, expected["aicc"]?.double ?? .nan))
            #expect(agree(fit.bic, expected["bic"]?.double ?? .nan))
        }
        #expect(agree(fits.map(\.rss).reduce(0, +), expected["rss"]?.double ?? .nan))
    }

    /// Runs of one name are one cluster, whichever group they are in.
    @Test(arguments: [("alpha", "shared alpha"), ("E", "shared E")])
    func clusteredErrorsOfSharedParametersEqualTheDenseSandwich(name: String, key: String) throws {
        let analysis = try oracle.analyse(cluster: "run") { $0.shared = [name] }
        let expected = try #require(oracle.root[key])
        for (g, fit) in analysis.fits.enumerated() {
            for (j, parameter) in fit.parameters.enumerated() {
                let error = expected["clustered_errors"]?[g]?[j]?.double ?? .nan
                #expect(agree(parameter.standardError, error))
                let half = studentQuantile(level: 0.95, degreesOfFreedom: 4) * error
                #expect(agree(parameter.high, parameter.value + half))
            }
            #expect(fit.intervalMethod == "asymptotic, 5 clusters")
        }
        var options = ScalingLawComparison.Options()
        options.at = [9]
        let found = try ScalingLawComparison(analysis, options: options).pairs.first?.differences.first
        #expect(agree(found?.standardError, oracle.number(key, "clustered_difference_error")))
    }

    @Test(arguments: [("alpha", "shared alpha, huber"), ("E", "shared E, huber")])
    func huberErrorsOfSharedParametersEqualTheDenseMEstimator(name: String, key: String) throws {
        let expected = try #require(oracle.root[key])
        for (cluster, errors) in [(nil, "standard_errors"), ("run", "clustered_errors")] {
            let fits = try oracle.analyse(cluster: cluster) {
                $0.shared = [name]
                $0.loss = .huber(0.003)
            }.fits
            for (g, fit) in fits.enumerated() {
                for (j, parameter) in fit.parameters.enumerated() {
                    // SciPy's trust region stops earlier under this loss.
                    #expect(agree(parameter.value, expected["parameters"]?[g]?[j]?.double ?? .nan, 1e-3))
                    #expect(agree(parameter.standardError, expected[errors]?[g]?[j]?.double ?? .nan, 3e-3))
                }
            }
        }
    }

    @Test func sharedParametersMakeDifferencesDependent() throws {
        for (name, key) in [("alpha", "shared alpha"), ("E", "shared E")] {
            var options = ScalingLawComparison.Options()
            options.at = [9]
            let comparison = try ScalingLawComparison(oracle.analyse({ $0.shared = [name] }), options: options)
            let found = try #require(comparison.pairs.first?.differences.first)
            #expect(agree(found.standardError, oracle.number(key, "difference_error")))
        }
    }
}
