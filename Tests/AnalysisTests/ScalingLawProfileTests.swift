import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

@Suite struct ScalingLawProfileTests {
    static let x = [0.5, 1, 2, 3, 5, 8]
    static let noise = [0.02, -0.03, 0.01, 0.04, -0.02, -0.01]

    static func analysis(
        _ law: String, _ f: (Double) -> Double, _ change: (inout ScalingLawOptions) -> Void = { _ in }
    ) throws -> ScalingLawAnalysis {
        var options = ScalingLawOptions()
        change(&options)
        let y = zip(x, noise).map { f($0) + $1 }
        return try ScalingLawAnalysis(
            of: Table([Column("x", x), Column("y", y)]), law: ScalingLaws.law(law, columns: ["x"]), x: ["x"], y: "y",
            options: options)
    }

    /// A curve that is linear in its parameters has a straight profile: |θ − θ̂|/SE, with the textbook's SE of a slope.
    @Test func aLinearParameterHasAStraightProfile() throws {
        let analysis = try Self.analysis("a + b*x") { 1 + 0.3 * $0 }
        let profile = try #require(analysis.profile(ofFit: 0, parameter: "b"))
        let mean = Self.x.reduce(0, +) / 6
        let spread = Self.x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (analysis.fits[0].rss / 4 / spread).squareRoot()
        for point in profile.points {
            // The root of a difference of sums of squares keeps half of their digits.
            #expect(abs(point.root - abs(point.value - profile.optimum) / error) < 1e-6)
        }
        let half = 2.7764451051977987 * error  // Student's t, 4 degrees of freedom, SciPy's t.ppf(0.975, 4)
        #expect(abs(profile.threshold - 2.7764451051977987) < 1e-9)
        #expect(abs(try #require(profile.low) - (profile.optimum - half)) < 1e-6 * half)
        #expect(abs(try #require(profile.high) - (profile.optimum + half)) < 1e-6 * half)
    }

    /// In y = a exp(−b x) the best a at a given b is Σ y e / Σ e², e = exp(−b x): the profile in closed form.
    @Test func aCurvedProfileIsTheClosedForm() throws {
        let analysis = try Self.analysis("a*exp(-b*x)") { 2 * exp(-0.4 * $0) }
        let profile = try #require(analysis.profile(ofFit: 0, parameter: "b"))
        let y = zip(Self.x, Self.noise).map { 2 * exp(-0.4 * $0) + $1 }
        func rss(_ b: Double) -> Double {
            let e = Self.x.map { exp(-b * $0) }
            let a = zip(y, e).reduce(0) { $0 + $1.0 * $1.1 } / e.reduce(0) { $0 + $1 * $1 }
            return zip(y, e).reduce(0) { $0 + ($1.0 - a * $1.1) * ($1.0 - a * $1.1) }
        }
        let least = rss(profile.optimum)
        #expect(profile.points.count > 40)
        for point in profile.points {
            let expected = max(0, (rss(point.value) - least) / (least / 4)).squareRoot()
            #expect(abs(point.root - expected) < 1e-6)
        }
    }

    @Test func valuesAscendAndHoldTheOptimumAndTheEnds() throws {
        let analysis = try Self.analysis("a*exp(-b*x)") { 2 * exp(-0.4 * $0) }
        let profile = try #require(analysis.profile(ofFit: 0, parameter: "b", points: 10))
        #expect(zip(profile.points, profile.points.dropFirst()).allSatisfy { $0.value < $1.value })
        let (low, high) = try (#require(profile.low), #require(profile.high))
        for (value, root) in [(low, profile.threshold), (profile.optimum, 0), (high, profile.threshold)] {
            let point = try #require(profile.points.first { $0.value == value })
            // An end is known to 1e-6 of its distance.
            #expect(abs(point.root - root) < 1e-5)
        }
        // Ten on either side, some of which may be ends, and the optimum.
        #expect((21...23).contains(profile.points.count))
        let values = profile.points.map(\.value)
        #expect(try #require(values.min()) < low)
        #expect(try #require(values.max()) > high)
    }

    /// After a third of a second epoch the half-life τ has no upper bound; its profile runs to the bound of the search.
    @Test func anOpenSideRunsToTheBound() throws {
        let law = GoyalLaw()
        let n = (1...12).map { 100 * Double($0) }
        let points = LawPoints([n, n.map { _ in 900 }])
        let y = zip(law.values([1, -0.3, 4, 0.1], at: points), 0...).map { $0 + 0.002 * cos(7 * Double($1)) }
        let analysis = try ScalingLawAnalysis(
            of: Table([Column("n", n), Column("s", points.columns[1]), Column("y", y)]), law: law, x: ["n", "s"],
            y: "y")
        let profile = try #require(analysis.profile(ofFit: 0, parameter: "tau"))
        #expect(profile.high == nil && profile.isOpenAbove)
        #expect(profile.points.last?.value == 1000)
        #expect(profile.isLogarithmic)
        let above = profile.points.map(\.value).filter { $0 >= profile.optimum }
        for (a, b) in zip(above, above.dropFirst()) { #expect(abs(log(b / a) - log(above[1] / above[0])) < 1e-9) }
        #expect(profile.points.filter { $0.value > profile.optimum }.allSatisfy { $0.root < profile.threshold })
    }

    @Test func whatIsNotEstimatedHasNone() throws {
        let fixed = try Self.analysis("a + b*x", { 1 + 0.3 * $0 }) { $0.fixed = ["a": 1] }
        #expect(fixed.profile(ofFit: 0, parameter: "a") == nil)
        #expect(fixed.profile(ofFit: 0, parameter: "b") != nil)
        #expect(fixed.profile(ofFit: 0, parameter: "c") == nil)
        let huber = try Self.analysis("a + b*x", { 1 + 0.3 * $0 }) { $0.loss = .huber(0.01) }
        #expect(huber.profile(ofFit: 0, parameter: "b") == nil)
    }

    @Test func pointsOfAGroupStandInTheOrderOfItsResiduals() throws {
        var options = ScalingLawOptions()
        options.holdout = .condition(column: "x", .above, 4)
        let rows = [5.0, 1, 3, 2, 4, 6]
        let analysis = try ScalingLawAnalysis(
            of: Table([Column("x", rows), Column("y", rows.map { 2 * $0 + 0.1 * cos($0) })]),
            law: ScalingLaws.law("a + b*x", columns: ["x"]), x: ["x"], y: "y", options: options)
        let (fitted, heldOut) = analysis.points(ofGroup: 0)
        #expect(fitted.rows == [1, 2, 3, 4] && fitted.x.columns == [[1, 3, 2, 4]])
        #expect(heldOut.rows == [0, 5] && heldOut.x.columns == [[5, 6]])
        let fit = analysis.fits[0]
        #expect(fit.rows == fitted.rows)
        let expected = zip(fit.predict(at: fitted.x), fitted.y).map { $0 - $1 }
        for (residual, value) in zip(fit.residuals, expected) { #expect(abs(residual - value) < 1e-12) }
        #expect(analysis.xColumns == ["x"] && analysis.yColumn == "y" && analysis.groupCount == 1)
    }
}
