import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

private let curve = [(1, 0.95), (2, 0.8), (4, 0.71), (8, 0.64), (16, 0.6), (32, 0.57)]
private func csv(_ header: String = "g,x,y", _ row: (Int, Double) -> String = { "a,\($0),\($1)\n" }) -> String {
    header + "\n" + curve.map { row($0.0, $0.1) }.joined()
}

private func analyse(
    _ csv: String, x: [String] = ["x"], y: String = "y", group: [String] = ["g"], weights: String? = nil,
    cluster: String? = nil, laws: [String] = ["E + A/x^alpha"], _ change: (inout ScalingLawOptions) -> Void = { _ in }
) throws -> ScalingLawAnalysis {
    var options = ScalingLawOptions()
    change(&options)
    return try ScalingLawAnalysis(
        of: .csv(csv, source: "points.csv"), laws: laws.map { try ExpressionLaw($0, columns: ["x"]) }, x: x, y: y,
        group: group, weights: weights, cluster: cluster, options: options)
}

private func message(_ body: () throws -> Any) -> (String, Int32) {
    do {
        _ = try body()
        return ("", 0)
    } catch let error as ScalingLawError {
        return (error.description, error.exitCode)
    } catch let error as TableError {
        return (error.description, error.exitCode)
    } catch {
        return ("\(error)", -1)
    }
}

@Suite struct ScalingLawRowsTests {
    @Test func missingValuesAreRefusedOnRequest() throws {
        let text = csv() + "a,64,\na,,0.5\n"
        #expect(try analyse(text).leftOut.map(\.places) == [["line 8"], ["line 9"]])
        let (problem, code) = message { try analyse(text) { $0.missing = .fail } }
        #expect(problem == "points.csv: y is empty in 1 row (line 8); --missing drop leaves them out" && code == 65)
    }

    @Test func infinitiesAreErrors() {
        for (row, name) in [("a,64,inf", "y"), ("a,-inf,0.5", "x")] {
            let (text, code) = message { try analyse(csv() + row + "\n") }
            #expect(text == "points.csv:8: \(name) is not finite" && code == 65)
        }
    }

    @Test func exactRepeatsAreReported() throws {
        let fit = try analyse(csv() + "a,4,0.71\na,4,0.71\na,4,0.72\n").fits[0]
        #expect(fit.n == 9)
        #expect(
            fit.warnings.contains(
                "2 rows repeat the x and y of another (first: line 8): each counts as a point of its own"))
    }

    @Test func groupsThatMixSettingsAreNamed() throws {
        let mixed = csv("g,x,y,ipc,regime") { "a,\($0),\($1),\($0 < 8 ? 10 : 50),HL\n" }
        let warning = "the group mixes 2 values of ipc (10, 50): add --group ipc to tell them apart"
        let fit = try analyse(mixed).fits[0]
        #expect(fit.warnings.contains(warning) && !fit.warnings.contains { $0.contains("regime") })
        #expect(try !analyse(mixed, group: ["g", "ipc"]).fits[0].warnings.contains { $0.contains("mixes") })
        let regimes = csv("g,x,y,regime") { "a,\($0),\($1),\($0 < 8 ? "SL" : "HL")\n" }
        #expect(try analyse(regimes).fits[0].warnings.contains { $0.contains("2 values of regime (HL, SL)") })
    }

    @Test func weightsAreNotNegativeAndZeroIsLeftOut() throws {
        let zero = csv("g,x,y,w") { "a,\($0),\($1),\($0 == 4 ? 0 : 2)\n" }
        let analysis = try analyse(zero, weights: "w")
        #expect(analysis.leftOut == [.init(reason: "w is 0", places: ["line 4"])] && analysis.fits[0].n == 5)
        let negative = csv("g,x,y,w") { "a,\($0),\($1),\($0 == 4 ? -1 : 2)\n" }
        let (text, code) = message { try analyse(negative, weights: "w") }
        #expect(text == "points.csv:4: the weight w must not be negative, but is -1" && code == 65)
    }

    @Test func weightsOfOneChangeNothing() throws {
        let ones = csv("g,x,y,w") { "a,\($0),\($1),1\n" }
        let (plain, weighted) = (try analyse(ones).fits[0], try analyse(ones, weights: "w").fits[0])
        #expect(plain.values == weighted.values && plain.rss == weighted.rss && plain.rmse == weighted.rmse)
    }

    @Test func aLogarithmicLossRefusesTheGroupAndNamesTheLine() throws {
        let text = csv() + curve.map { "b,\($0.0),\($0.1 - 0.6)\n" }.joined()
        let fits = try analyse(text) { $0.loss = .logSquares }.fits
        #expect(fits[0].termination.isConverged)
        #expect(fits[1].warnings == ["y is 0 at line 12: a logarithmic loss needs y > 0"])
    }

    @Test func aLawWithoutAValueAtTheStartIsNamed() {
        let (text, code) = message {
            try analyse(csv(), laws: ["E + A*log(x - alpha)"]) { $0.start = ["E": 1, "A": 1, "alpha": 3] }
        }
        #expect(
            text == "--start: E + A*log(x - alpha) has no finite value at points.csv:2 for E = 1, A = 1, alpha = 3")
        #expect(code == 64)
    }

    @Test func theOrderOfRowsDoesNotMatterToABit() throws {
        let rows = (0..<4).flatMap { run in
            curve.map { "a,\($0.0),\($0.1 + 0.01 * sin(Double(7 * run + $0.0))),r\(run)" }
        }
        func fits(_ rows: [String]) throws -> [ScalingLawFit] {
            let laws = ["E + A/x^alpha", "A/x^alpha"]
            return try analyse("g,x,y,run\n" + rows.joined(separator: "\n") + "\n", cluster: "run", laws: laws) {
                $0.interval = .bootstrap
                $0.resamples = 50
            }.fits
        }
        for (a, b) in zip(try fits(rows), try fits(rows.reversed())) {
            #expect(a.parameters == b.parameters && a.resamples == b.resamples && a.rss == b.rss)
            #expect(a.predictionErrors == b.predictionErrors)
            #expect(zip(a.rows, a.residuals).allSatisfy { b.residuals[23 - $0] == $1 })
        }
    }

    @Test func threadsDoNotMatterToABit() throws {
        let text = csv() + ["b", "c", "d"].map { g in curve.map { "\(g),\($0.0),\($0.1 * 0.9)\n" }.joined() }.joined()
        func json(_ threads: Int) throws -> JSON {
            try analyse(text) {
                $0.interval = .bootstrap
                $0.resamples = 40
                $0.threads = threads
            }.json(residuals: true)
        }
        let one = try json(1)
        #expect(try json(2) == one)
        #expect(try json(5) == one)
    }

    @Test func severalLawsShareTheirRowsAndTheFirstColumns() throws {
        let text = "x,s,y\n" + curve.map { "\($0.0),4,\($0.1)\n" }.joined() + "0,4,1\n"
        let laws: [any ScalingLaw] = [GoyalLaw(), try ExpressionLaw("A/x^alpha", columns: ["x"])]
        let table = try Table.csv(text, source: "points.csv")
        let analysis = try ScalingLawAnalysis(of: table, laws: laws, x: ["x", "s"], y: "y")
        #expect(analysis.fits.map(\.law) == ["goyal", "A/x^alpha"] && analysis.fits.map(\.n) == [6, 6])
        #expect(analysis.leftOut == [.init(reason: "no sample seen yet", places: ["line 8"])])
        let (problem, code) = message { try ScalingLawAnalysis(of: table, laws: [laws[1]], x: ["x", "s"], y: "y") }
        #expect(problem == "law A/x^alpha takes 1 x columns (x), not 2" && code == 64)
    }

    @Test func tooFewPointsAreRefusedWhileOthersGoOn() throws {
        let fits = try analyse(csv() + "b,1,0.9\nb,2,0.8\nc,1,0.9\nc,1,0.8\nc,1,0.7\nc,2,0.7\n").fits
        #expect(fits.map(\.termination.word) == ["converged", "refused", "refused"])
        #expect(fits[1].warnings == ["2 points cannot determine 3 parameters"])
        #expect(fits[2].warnings == ["2 different points cannot determine 3 parameters"])
    }
}

@Suite struct ScalingLawOptionsTests {
    @Test(arguments: [
        ("start", "--start: the law has no parameter 'alpah' (did you mean 'alpha'?)"),
        ("fix", "--fix: the law has no parameter 'alpah' (did you mean 'alpha'?)"),
        ("bound", "--bound: the law has no parameter 'alpah' (did you mean 'alpha'?)"),
        ("share", "--share: the law has no parameter 'alpah' (did you mean 'alpha'?)"),
    ]) func misspeltParametersAreNamed(option: String, expected: String) {
        let (text, code) = message {
            try analyse(csv()) {
                switch option {
                case "start": $0.start = ["alpah": 1]
                case "fix": $0.fixed = ["alpah": 1]
                case "bound": $0.bounds = ["alpah": Bounds(0, 1)]
                default: $0.shared = ["alpah"]
                }
            }
        }
        #expect(text == expected && code == 64)
    }

    @Test func contradictionsAreNamed() {
        func problem(_ group: [String] = ["g"], _ change: (inout ScalingLawOptions) -> Void) -> String {
            let (text, code) = message { try analyse(csv(), group: group, change) }
            #expect(code == 64)
            return text
        }
        #expect(
            problem {
                $0.bounds = ["alpha": Bounds(0, 1)]
                $0.start = ["alpha": 2]
            } == "--start: alpha = 2 is outside the bounds 0…1 of --bound")
        #expect(
            problem {
                $0.bounds = ["alpha": Bounds(0, .infinity)]
                $0.fixed = ["alpha": -2]
            } == "--fix: alpha = -2 is outside the bounds 0…∞ of --bound")
        #expect(
            problem {
                $0.start = ["E": 1]
                $0.fixed = ["E": 1]
            } == "E is both in --start and in --fix")
        #expect(
            problem {
                $0.shared = ["E"]
                $0.fixed = ["E": 1]
            } == "E is both in --share and held by --fix")
        #expect(problem { $0.shared = ["E", "E"] } == "--share: E stands twice")
        #expect(problem([]) { $0.shared = ["E"] } == "--share E: all rows are one group; name the groups with --group")
        #expect(
            problem {
                $0.shared = ["E"]
                $0.interval = .profile
            } == "--interval profile fits groups one by one; with --share take asymptotic")
        #expect(
            problem {
                $0.loss = .huber(1)
                $0.interval = .profile
            }.hasPrefix("--interval profile: a Huber loss is no likelihood"))
        #expect(problem { $0.loss = .logHuber(0) }.hasPrefix("--loss: the delta of a Huber loss"))
        #expect(problem { $0.resamples = 3 } == "--resamples takes 20…1000000, not 3")
        #expect(problem { $0.threads = 0 }.hasPrefix("--threads"))
    }

    @Test func amongSeveralLawsANameBelongsToOne() throws {
        let laws = ["E + A/x^alpha", "A/x^beta"]
        let fits = try analyse(csv(), laws: laws) { $0.fixed = ["beta": 0.2] }.fits
        #expect(fits[1]["beta"]?.isFixed == true && fits[0].estimated == 3 && fits[1].estimated == 1)
        let (text, _) = message { try analyse(csv(), laws: laws) { $0.fixed = ["gamma": 1] } }
        #expect(text == "--fix: the law has no parameter 'gamma' (known: E, A, alpha, beta)")
    }

    @Test func boundsReplaceThoseOfTheLaw() throws {
        let free = try analyse(csv()).fits[0]
        let held = try analyse(csv()) { $0.bounds = ["alpha": Bounds(0, 0.5)] }.fits[0]
        #expect((free["alpha"]?.value ?? 0) > 0.5 && held["alpha"]?.value == 0.5 && held["alpha"]?.bound == .upper)
        #expect(held["alpha"]?.standardError == nil && held.rss > free.rss)
        let point = try analyse(csv()) { $0.bounds = ["alpha": Bounds(0.5, 0.5)] }.fits[0]
        #expect(point["alpha"]?.isFixed == true && agree(point.rss, held.rss, 1e-9) && point.degreesOfFreedom == 4)
    }

    @Test(arguments: [
        ("x>1e8", Holdout.condition(column: "x", .above, 1e8)), ("n <= -3", .condition(column: "n", .notAbove, -3)),
        ("a b>=2", .condition(column: "a b", .notBelow, 2)), ("x<.5", .condition(column: "x", .below, 0.5)),
        (" 0.2 ", .largest(0.2)),
    ]) func holdOutsAreRead(text: String, expected: Holdout) throws { #expect(try Holdout(text) == expected) }

    @Test(arguments: ["", "1", "0", "-0.2", "x", "x=3", ">3", "x>", "x>big", "x>>3", "x>nan", "2<x"])
    func badHoldOutsAreRefused(text: String) { #expect(throws: ScalingLawError.self) { try Holdout(text) } }
}
