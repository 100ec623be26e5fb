import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

private func analyse(
    _ csv: String, y: String = "test_error", group: [String] = ["subset"], law: any ScalingLaw = GoyalLaw(),
    _ change: (inout ScalingLawOptions) -> Void = { _ in }
) throws -> ScalingLawAnalysis {
    var options = ScalingLawOptions()
    change(&options)
    return try ScalingLawAnalysis(
        of: .csv(csv, source: "points.csv"), law: law, x: ["n", "s"], y: y, group: group, options: options)
}

private func message(_ body: () throws -> ScalingLawAnalysis) -> (String, Int32) {
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

private let goodPoints = [
    (200, 0.8), (400, 0.7), (800, 0.62), (1500, 0.57), (3000, 0.53), (6000, 0.5), (9000, 0.49),
]
private let good = goodPoints.map { "good,\($0),1000,\($1)\n" }.joined()
private let header = "subset,n,s,test_error\n"

/// A law that is finite nowhere.
private struct BrokenLaw: ScalingLaw {
    let name = "broken"
    let formula = "c Φ(t)"
    let source = "none"
    let columns = [LawColumn(name: "n", meaning: ""), LawColumn(name: "s", meaning: "")]
    let parameters = [
        LawParameter(name: "c", meaning: ""), LawParameter(name: "t", meaning: "", bounds: Bounds(0, 1)),
    ]
    func check(_ x: [Double]) -> LawPointCheck { .fine }
    func curve(at points: LawPoints) -> CurveModel.Evaluate {
        { _, values, jacobian in
            values.update(repeating: .nan)
            jacobian?.update(repeating: .nan)
        }
    }
}

@Suite struct ScalingLawAnalysisTests {
    @Test func oneBrokenGroupDoesNotStopTheOthers() throws {
        let analysis = try analyse(header + good + "few,100,1000,0.8\nfew,200,1000,0.7\n" + constant)
        #expect(analysis.fits.map(\.termination.word) == ["converged", "refused", "refused"])
        #expect(analysis.fits[1].warnings == ["2 points cannot determine 3 parameters"])
        #expect(analysis.fits[2].warnings == ["y is 0.5 at all 6 points: there is no curve to fit"])
        #expect(!analysis.isEveryGroupRefused && !analysis.isEveryFitConverged)
        #expect(analysis.json()["fits"]?[1]?["termination"] == "refused")
        #expect(analysis.table().rowCount == 4 + 1 + 1)
        #expect(analysis.text().contains("REFUSED: 2 points"))
    }

    private let constant = (1...6).map { "flat,\($0 * 500),1000,0.5\n" }.joined()

    @Test func repeatedPointsAreNotMorePoints() throws {
        let analysis = try analyse(
            header + (0..<8).map { "one,\(1000 + 1000 * ($0 % 2)),1000,0.\(4 + $0 % 3)\n" }.joined())
        #expect(analysis.fits[0].warnings == ["2 different points cannot determine 4 parameters"])
    }

    @Test func emptyCellsAreLeftOutAndCounted() throws {
        let analysis = try analyse(header + good + "good,500,1000,\ngood,,1000,0.6\ngood,0,1000,0.9\n")
        #expect(analysis.fits[0].n == 7)
        #expect(
            analysis.leftOut == [
                .init(reason: "test_error is empty", places: ["line 9"]),
                .init(reason: "n is empty", places: ["line 10"]),
                .init(reason: "no sample seen yet", places: ["line 11"]),
            ])
    }

    @Test func percentagesAreRefusedWithTheRemedy() throws {
        let percent = header + goodPoints.map { "good,\($0),1000,\(($1 * 100).rounded())\n" }.joined()
        let (text, code) = message { try analyse(percent) }
        #expect(code == 65 && text.hasPrefix("points.csv:2: test_error is 80,") && text.contains("test_error/100"))
        let fit = try analyse(percent, y: "test_error/100").fits[0]
        #expect(fit.termination.isConverged)
        // A loss may well exceed 1.
        let loss = percent.replacingOccurrences(of: "test_error", with: "val_loss")
        #expect(try analyse(loss, y: "val_loss").fits[0].termination.isConverged)
    }

    @Test(arguments: [
        ("test_error", true), ("err", true), ("top1_err", true), ("interruption", false), ("val_loss", false),
        ("terr", false),
    ]) func errorsAreKnownByName(column: String, isError: Bool) {
        #expect(ScalingLawAnalysis.isError(column) == isError)
    }

    @Test func wrongQuestionsAreAnsweredWithAHint() {
        let csv = header + good
        var (text, code) = message { try analyse(csv) { $0.fixed = ["tua": 3] } }
        #expect(text == "--fix: the law has no parameter 'tua' (did you mean 'tau'?)" && code == 64)
        (text, code) = message { try analyse(csv) { $0.start = ["b": 0.3] } }
        #expect(text == "--start: b = 0.3 is outside its bounds -5…0" && code == 64)
        (text, code) = message { try analyse(csv, y: "test_eror") }
        #expect(text.contains("did you mean 'test_error'?") && code == 64)
        (text, code) = message { try analyse(csv) { $0.level = 95 } }
        #expect(text.contains("--level") && code == 64)
        (text, code) = message { try analyse(csv) { $0.starts = 0 } }
        #expect(text.contains("--starts") && code == 64)
        #expect(throws: ScalingLawError.unknownLaw("goyel")) { try ScalingLaws.named("goyel") }
        #expect(ScalingLawError.unknownLaw("goyel").description == "unknown law 'goyel' (did you mean 'goyal'?)")
    }

    @Test func rowsOutsideTheDomainAreNamed() {
        var (text, code) = message { try analyse(header + good + "good,-5,1000,0.5\n") }
        #expect(text == "points.csv:9: samples seen must not be negative, not -5.0" && code == 65)
        (text, code) = message { try analyse(header + good + "good,5,0,0.5\n") }
        #expect(text.hasPrefix("points.csv:9: samples per epoch") && code == 65)
        (text, code) = message { try analyse(header + "good,,1000,0.5\n") }
        #expect(text == "points.csv: no row is left to fit: n is empty in 1 row" && code == 65)
    }

    @Test func jsonHasTheFixedForm() throws {
        let json = try analyse(header + good).json()
        #expect(json["format"] == "assay-fit" && json["version"] == 1)
        let fit = try #require(json["fits"]?[0])
        for key in [
            "law", "group", "n", "degrees_of_freedom", "parameters", "derived", "rss", "rmse", "r_squared", "aicc",
            "bic",
            "interval", "level", "n0", "termination", "warnings",
        ] { #expect(fit[key] != nil, "\(key)") }
        #expect(fit["group"]?["subset"] == "good" && fit["n"] == 7 && fit["n0"] == 1)
        for name in ["a", "b", "tau", "d"] {
            for key in ["value", "standard_error", "low", "high"] { #expect(fit["parameters"]?[name]?[key] != nil) }
        }
        #expect(try analyse(header + good).json().text() == json.text())
    }

    @Test func aBadFitPrintsNotConverged() throws {
        let analysis = try analyse(header + good, law: BrokenLaw())
        #expect(analysis.fits[0].termination.word == "not converged")
        #expect(analysis.text().contains("NOT CONVERGED"))
        #expect(analysis.json()["fits"]?[0]?["termination"] == "not converged")
        #expect(!analysis.isEveryFitConverged && !analysis.isEveryGroupRefused)
    }

    @Test func withoutGroupsAllRowsAreOne() throws {
        let analysis = try analyse(header + good, group: [])
        #expect(analysis.fits.count == 1 && analysis.fits[0].group.isEmpty)
        #expect(analysis.text().hasPrefix("[all rows]"))
    }
}
