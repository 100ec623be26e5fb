import Foundation
import Tables
import Testing

@testable import Analysis

/// Fits by SciPy of the curves in Fixtures/goyal.csv; Fixtures/make_goyal_oracle.py wrote both.
private struct GoyalOracle {
    let table: Table
    let fits: JSON

    init() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        table = try .read(fixtures.appending(path: "goyal.csv").path)
        fits = try .parse(Array(Data(contentsOf: fixtures.appending(path: "goyal-oracle.json"))))
    }

    func numbers(_ curve: String, _ key: String) -> [Double?] {
        (fits[curve]?[key]?.items ?? []).map { $0 == .null ? nil : $0.double }
    }
}

@Suite struct ScalingLawOracleTests {
    private let oracle: GoyalOracle
    private let analysis: ScalingLawAnalysis

    init() throws {
        oracle = try GoyalOracle()
        analysis = try ScalingLawAnalysis(
            of: oracle.table, law: GoyalLaw(n0: 1e5), x: ["n", "s"], y: "y", group: ["curve"])
    }

    static let curves = [
        "plain", "steep", "shallow", "long-lived", "few", "no-floor", "worn-out", "two-pools",
    ]

    @Test(arguments: curves) func theGlobalBoundedOptimumOfSciPyIsReached(curve: String) throws {
        let fit = try #require(analysis.fits.first { $0.group[0].value == curve })
        #expect(fit.termination.isConverged, "\(fit.termination)")
        let rss = try #require(oracle.fits[curve]?["rss"]?.double)
        // SciPy stops where a step changes the sum by less than 1e-15 of it or gains nothing; 1e-9 is far above that
        // and far below the distance to any other minimum.
        #expect(abs(fit.rss / rss - 1) < 1e-9, "rss \(fit.rss), SciPy \(rss)")
        let expected = oracle.numbers(curve, "parameters")
        let errors = oracle.numbers(curve, "standard_errors")
        for (j, parameter) in fit.parameters.enumerated() {
            let value = try #require(expected[j])
            if let error = errors[j] {
                // Along the valley of (b, d) a sum equal to 1e-9 leaves parameters apart by about 1e-4 of their errors.
                #expect(
                    abs(parameter.value - value) < 2e-4 * error, "\(parameter.name) \(parameter.value), SciPy \(value)")
                let found = try #require(parameter.standardError)
                // The errors follow the parameters along the valley: a few times 1e-4 × the relative standard error.
                #expect(abs(found / error - 1) < 1e-3, "error of \(parameter.name): \(found), SciPy \(error)")
            } else {
                #expect(parameter.bound != nil && parameter.standardError == nil)
                #expect(abs(parameter.value - value) < 1e-7)
            }
        }
    }

    @Test(arguments: curves) func bandsAreThoseOfSciPy(curve: String) throws {
        let fit = try #require(analysis.fits.first { $0.group[0].value == curve })
        let s = 50_000.0
        for (epochs, expected) in zip([0.5, 20], oracle.numbers(curve, "band_half_widths")) {
            let band = try #require(fit.band(at: [epochs * s, s]))
            let half = try #require(expected)
            #expect(abs((band.high - band.low) / 2 / half - 1) < 1e-3)
            #expect(abs((band.high + band.low) / 2 - fit.predict([epochs * s, s])) < 1e-12)
        }
    }

    @Test func valuesAndDerivativesAreExact() throws {
        let law = GoyalLaw(n0: 1e5)
        let p = oracle.numbers("derivatives", "parameters").compactMap(\.self)
        let (n, s) = (oracle.numbers("derivatives", "n"), oracle.numbers("derivatives", "s"))
        let values = oracle.numbers("derivatives", "value")
        let jacobian = try #require(oracle.fits["derivatives"]?["jacobian"]?.items)
        for i in n.indices {
            let x = [try #require(n[i]), try #require(s[i])]
            // A product over up to 15 epochs against its closed form: some tens of roundings.
            #expect(abs(law.value(p, at: x) - (try #require(values[i]))) < 1e-14)
            for (found, expected) in zip(law.gradient(p, at: x), jacobian[i].items ?? []) {
                #expect(abs(found - (expected.double ?? .nan)) < 1e-13)
            }
        }
    }
}
