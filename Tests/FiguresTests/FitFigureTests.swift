import Analysis
import Foundation
import Tables
import Testing

@testable import Figures

@Suite struct FitFigureTests {
    static let x = [1.0, 2, 4, 8, 16, 32, 64, 128]
    static func y(_ x: Double, _ group: Int) -> Double {
        (0.6 + 0.1 * Double(group)) * pow(x, -0.4) + 0.1 + 0.004 * cos(5 * x + Double(group))
    }

    /// Groups of eight points on noisy power laws.
    static func analysis(
        groups: Int = 1, laws: [String] = ["power-offset"], _ change: (inout ScalingLawOptions) -> Void = { _ in }
    ) throws -> ScalingLawAnalysis {
        var options = ScalingLawOptions()
        change(&options)
        let rows = (0..<groups).flatMap { group in x.map { (group, $0) } }
        let table = Table([
            Column("pool", rows.map { "p\($0.0)" }), Column("samples_seen", rows.map(\.1)),
            Column("test_loss", rows.map { y($0.1, $0.0) }),
        ])
        return try ScalingLawAnalysis(
            of: table, laws: laws.map { try ScalingLaws.law($0, columns: ["samples_seen"]) }, x: ["samples_seen"],
            y: "test_loss", group: groups > 1 ? ["pool"] : [], options: options)
    }

    private func series(_ figure: Figure, _ name: String, panel: Int = 0) throws -> Series {
        let panel = figure.panels[panel]
        return try #require((panel.series + (panel.lower?.series ?? [])).first { $0.name == name })
    }

    @Test func thePartsOfAFitAreSeriesOfTheirOwn() throws {
        let figure = Figure.fit(try Self.analysis { $0.holdout = .condition(column: "samples_seen", .above, 100) })
        let panel = figure.panels[0]
        #expect(panel.title == "n = 7, 1 held out")
        #expect(panel.x == Axis("samples seen", logarithmic: true) && panel.y == Axis("test loss"))
        #expect(
            panel.series.map { "\($0.name): \($0.kind) \($0.points.count)" } == [
                "power-offset, 95 % confidence band: band 241", "fitted: points 7", "held out: hollow 1",
                "power-offset, extrapolated: dashed 121", "power-offset: line 121",
            ])
        #expect(
            panel.lower?.series.map { "\($0.name): \($0.kind) \($0.points.count)" } == [
                "zero: rule 2", "power-offset, fitted: points 7", "power-offset, held out: hollow 1",
            ])
        #expect(
            figure.legend.map(\.text) == [
                "fitted", "held out", "power-offset", "extrapolated", "95 % confidence band (asymptotic)",
            ])
        #expect(figure.notes == ["Residuals: fit − data."])
    }

    @Test func residualsAreThoseOfTheFit() throws {
        let analysis = try Self.analysis { $0.holdout = .condition(column: "samples_seen", .above, 100) }
        let figure = Figure.fit(analysis)
        let fit = analysis.fits[0]
        let fitted = try series(figure, "power-offset, fitted").points
        #expect(fitted.map(\.x) == Array(Self.x.dropLast()) && fitted.map(\.y) == fit.residuals)
        let heldOut = try series(figure, "power-offset, held out").points
        #expect(heldOut == [.init(128, fit.predict([128]) - Self.y(128, 0))])
    }

    /// Under a logarithmic loss they are differences of logarithms, for points held out as well.
    @Test func residualsOfALogarithmicLossAreLogarithms() throws {
        let analysis = try Self.analysis {
            $0.holdout = .condition(column: "samples_seen", .above, 100)
            $0.loss = .logSquares
        }
        let figure = Figure.fit(analysis)
        let heldOut = try series(figure, "power-offset, held out").points
        #expect(abs(heldOut[0].y - log(analysis.fits[0].predict([128]) / Self.y(128, 0))) < 1e-12)
        #expect(figure.notes == ["Residuals: ln fit − ln data."])
    }

    @Test func theExtrapolatedPartContinuesTheCurve() throws {
        let analysis = try Self.analysis()
        let figure = Figure.fit(analysis)
        let inside = try series(figure, "power-offset").points
        let beyond = try series(figure, "power-offset, extrapolated").points
        #expect(inside.first?.x == 1 && inside.last?.x == 128)
        #expect(beyond.first == inside.last)
        #expect(abs(try #require(beyond.last).x - 1280) < 1e-9)
        for point in inside + beyond { #expect(point.y == analysis.fits[0].predict([point.x])) }
        let steps = zip(inside, inside.dropFirst()).map { log($1.x / $0.x) }
        #expect(steps.allSatisfy { abs($0 - steps[0]) < 1e-9 })
    }

    @Test func pointsHeldOutBelowTheFittedAreReachedByADashedPartToo() throws {
        let figure = Figure.fit(try Self.analysis { $0.holdout = .condition(column: "samples_seen", .below, 3) })
        let parts = figure.panels[0].series.filter { $0.kind == .dashed }.map(\.points)
        #expect(parts.map { $0.first?.x } == [1, 128])
        #expect(parts.map { $0.last?.x } == [4, 1280])
        #expect(parts[0].last == (try series(figure, "power-offset").points.first))
    }

    @Test(arguments: [1, 0.5, .nan, -.infinity, .infinity])
    func withoutAFactorCurvesEndAtThePoints(factor: Double) throws {
        var options = FitFigureOptions()
        options.extrapolation = factor
        let figure = Figure.fit(try Self.analysis(), options: options)
        #expect(!figure.panels[0].series.contains { $0.kind == .dashed })
        #expect(!figure.legend.contains { $0.text == "extrapolated" })
    }

    @Test func predictionsSetTheEnd() throws {
        let analysis = try Self.analysis()
        let table = Table([Column("samples_seen", [200.0, 500])])
        let figure = Figure.fit(analysis, predictions: try ScalingLawPredictions(analysis, for: table))
        #expect(try series(figure, "power-offset, extrapolated").points.last?.x == 500)
    }

    @Test func bandsHoldTheCurveAndThePredictionBandHoldsTheConfidenceBand() throws {
        var options = FitFigureOptions()
        options.showsPredictionBand = true
        let analysis = try Self.analysis()
        let figure = Figure.fit(analysis, options: options)
        let band = try series(figure, "power-offset, 95 % confidence band").points
        let edges = try series(figure, "power-offset, 95 % prediction band").points
        #expect(band.count == 241 && edges.count == 241)
        for (inner, outer) in zip(band, edges) {
            let ends = try #require(analysis.fits[0].band(at: [inner.x]))
            #expect(inner.low == ends.low && inner.high == ends.high)
            #expect(ends.low < inner.y && inner.y < ends.high)
            let (low, high) = try (#require(outer.low), #require(outer.high))
            #expect(low < ends.low && ends.high < high)
        }
        #expect(figure.legend.last?.text == "95 % prediction band" && figure.legend.last?.line == .edges)
        let without = Figure.fit(try Self.analysis { $0.interval = .none })
        #expect(!without.panels[0].series.contains { $0.kind == .band })
    }

    @Test func aBandFromRefitsSaysSo() throws {
        let analysis = try Self.analysis {
            $0.interval = .bootstrap
            $0.resamples = 40
        }
        let band = try series(Figure.fit(analysis), "power-offset, 95 % confidence band").points
        #expect(band.allSatisfy { $0.low ?? .nan <= $0.y && $0.y <= $0.high ?? .nan })
        #expect(Figure.fit(analysis).legend.last?.text == "95 % confidence band (residual bootstrap)")
    }

    @Test func aLogarithmicAxisCutsBandsAboveZero() throws {
        var options = FitFigureOptions()
        options.isYLogarithmic = true
        options.showsPredictionBand = true
        // Three points for two parameters: bands reach below zero.
        let table = Table([Column("x", [1.0, 2, 4]), Column("y", [1.0, 0.4, 0.3])])
        let analysis = try ScalingLawAnalysis(
            of: table, law: ScalingLaws.law("power", columns: ["x"]), x: ["x"], y: "y")
        let figure = Figure.fit(analysis, options: options)
        let bands = figure.panels[0].series.filter(\.mayLeaveAxes).flatMap(\.points)
        #expect(analysis.fits[0].band(at: [4]).map { $0.low < 0 } == true)
        #expect(bands.allSatisfy { $0.y > 0 && $0.low ?? 1 > 0 && $0.high ?? 1 > 0 })
    }

    @Test func eachLawHasItsColourAndLine() throws {
        let analysis = try Self.analysis(groups: 2, laws: ["power-offset", "power"])
        let figure = Figure.fit(analysis)
        #expect(figure.panels.map(\.title) == ["pool = p0 (n = 8)", "pool = p1 (n = 8)"])
        for panel in figure.panels {
            let curves = panel.series.filter { $0.name == "power-offset" || $0.name == "power" }
            #expect(curves.map(\.kind) == [.line, .dashdot])
            #expect(curves.map(\.look.color) == [0, 1])
        }
        #expect(figure.legend.map(\.text).prefix(3) == ["fitted", "power-offset", "power"])
        let residuals = try #require(figure.panels[1].lower).series.filter { $0.name.hasSuffix("fitted") }
        #expect(residuals.map { $0.points.map(\.y) } == analysis.fits[2...3].map(\.residuals))
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (6, 3)])
    func upToSixGroupsHaveAPanelEach(groups: Int, columns: Int) throws {
        let figure = Figure.fit(try Self.analysis(groups: groups))
        #expect(figure.panels.count == groups && figure.columns == columns)
    }

    @Test func moreGroupsShareOnePanelByColour() throws {
        let analysis = try Self.analysis(groups: 9)
        let figure = Figure.fit(analysis)
        #expect(figure.panels.map(\.title) == ["9 groups (n = 8 each)"])
        let panel = figure.panels[0]
        #expect(!panel.series.contains { $0.kind == .band || $0.kind == .edges })
        let curves = panel.series.filter { $0.kind == .line }
        #expect(curves.map(\.name) == (0..<9).map { "pool = p\($0)" })
        #expect(
            Set(panel.series.filter { $0.kind == .points }.map { [$0.look.color ?? -1, $0.look.marker] }).count == 9)
        #expect(panel.lower?.series.count == 10)
        #expect(figure.legend.map(\.text).prefix(2) == ["pool = p0 (n = 8)", "pool = p1 (n = 8)"])
    }

    @Test func veryManyGroupsAreCutAndCounted() throws {
        let figure = Figure.fit(try Self.analysis(groups: 70))
        #expect(figure.panels[0].title == "64 of 70 groups (n = 8 each)")
        #expect(figure.legend.map(\.text) == ["power-offset", "extrapolated"])
        #expect(figure.notes.contains("Only the first 64 of 70 groups are drawn."))
    }

    @Test func aRefusedGroupShowsItsPointsAndWhy() throws {
        let table = Table([Column("x", [1.0, 2]), Column("y", [1.0, 0.5])])
        let analysis = try ScalingLawAnalysis(
            of: table, law: ScalingLaws.law("power-offset", columns: ["x"]), x: ["x"], y: "y")
        let figure = Figure.fit(analysis)
        #expect(figure.panels[0].title == "n = 2: not fitted")
        #expect(figure.panels[0].series.map(\.name) == ["fitted"])
        #expect(figure.notes.last == "not fitted: 2 points cannot determine 3 parameters.")
    }
}

/// Laws of two x columns.
@Suite struct FitFigureColumnTests {
    static func analysis(_ sizes: [Double]) throws -> ScalingLawAnalysis {
        let x = [1.0, 2, 3, 4, 5]
        // Every parameter is held: nothing but the formula decides the numbers.
        var options = ScalingLawOptions()
        options.fixed = ["c": 2, "d": 1]
        let law = try ScalingLaws.law("c*n + d*s", columns: ["n", "s"])
        let table = Table([Column("n", x), Column("s", sizes), Column("y", [3.5, 5, 7, 9, 10.5])])
        return try ScalingLawAnalysis(of: table, law: law, x: ["n", "s"], y: "y", options: options)
    }

    @Test func aConstantColumnIsHeld() throws {
        let figure = Figure.fit(try Self.analysis([1, 1, 1, 1, 1]))
        let curve = try #require(figure.panels[0].series.first { $0.name == "c*n + d*s" })
        #expect(curve.kind == .line && curve.points.count == 121)
        for point in curve.points { #expect(abs(point.y - (2 * point.x + 1)) < 1e-12) }
        #expect(figure.notes.contains("c*n + d*s: curves are drawn at each group's own s."))
    }

    /// The whole of the data, where nothing is interpolated.
    @Test func aVaryingColumnLeavesThePointsAlone() throws {
        let figure = Figure.fit(try Self.analysis([1, 2, 1, 2, 1]))
        #expect(
            figure.data().formatted(.csv) == """
                panel,series,kind,x,y,low,high
                n = 5,fitted,points,1,3.5,,
                n = 5,fitted,points,2,5,,
                n = 5,fitted,points,3,7,,
                n = 5,fitted,points,4,9,,
                n = 5,fitted,points,5,10.5,,
                n = 5,"c*n + d*s, at the points",cross,1,3,,
                n = 5,"c*n + d*s, at the points",cross,2,6,,
                n = 5,"c*n + d*s, at the points",cross,3,7,,
                n = 5,"c*n + d*s, at the points",cross,4,10,,
                n = 5,"c*n + d*s, at the points",cross,5,11,,
                "n = 5, residuals",zero,rule,1,0,,
                "n = 5, residuals",zero,rule,5,0,,
                "n = 5, residuals","c*n + d*s, fitted",points,1,-0.5,,
                "n = 5, residuals","c*n + d*s, fitted",points,2,1,,
                "n = 5, residuals","c*n + d*s, fitted",points,3,0,,
                "n = 5, residuals","c*n + d*s, fitted",points,4,1,,
                "n = 5, residuals","c*n + d*s, fitted",points,5,0.5,,

                """)
        #expect(figure.legend.map(\.line) == [nil, .cross])
        #expect(
            figure.notes.last == "c*n + d*s: s varies within a group, so the fit is shown at the points alone.")
    }

    /// The whole of the script, from the legend on.
    @Test func theScriptDrawsThePanelAndTheResidualsBelow() throws {
        let script = Figure.fit(try Self.analysis([1, 2, 1, 2, 1])).script(name: "f", format: "svg")
        let body = try #require(script.range(of: "unset key\n\n")).upperBound
        #expect(
            script[body...] == """
                set label "" at screen 0.2565,screen 0.1711 point pointtype 7 pointsize 0.5 linecolor rgb "#404040"
                set label 'fitted' at screen 0.3124,screen 0.1711 left noenhanced
                set label "" at screen 0.5382,screen 0.1711 point pointtype 2 pointsize 0.4 linecolor rgb "#0072B2"
                set label 'c*n + d*s' at screen 0.5941,screen 0.1711 left noenhanced
                set label 'Residuals: fit − data.' at screen 0.0294,screen 0.1127 left noenhanced
                set label 'c*n + d*s: s varies within a group, so the fit is' at screen 0.0294,screen 0.0733 left noenhanced
                set label 'shown at the points alone.' at screen 0.0294,screen 0.0340 left noenhanced
                set multiplot

                set lmargin at screen 0.1647
                set rmargin at screen 0.9588
                set bmargin at screen 0.4826
                set tmargin at screen 0.9356
                set xlabel '' offset 0,0.4 noenhanced
                unset logscale x
                set xrange [0.922681:5.41899]
                set logscale x 10
                set xtics norotate ('' 1, '' 2, '' 5)
                set ylabel 'y' offset 1.2,0 noenhanced
                unset logscale y
                set yrange [2.52:11.48]
                set ytics autofreq norotate
                set format y "%g"
                set title 'n = 5' offset 0,-0.6 noenhanced
                plot 'f.csv' skip 1 every ::0::4 using 4:5 with points pointtype 7 pointsize 0.5 linecolor rgb "#404040" title 'fitted' noenhanced, \\
                     'f.csv' skip 1 every ::5::9 using 4:5 with points pointtype 2 pointsize 0.4 linewidth 1.0 linecolor rgb "#0072B2" title 'c*n + d*s, at the points' noenhanced
                unset label
                unset arrow
                unset object

                set lmargin at screen 0.1647
                set rmargin at screen 0.9588
                set bmargin at screen 0.3004
                set tmargin at screen 0.4635
                set xlabel 'n' offset 0,0.4 noenhanced
                unset logscale x
                set xrange [0.922681:5.41899]
                set logscale x 10
                set xtics norotate ('1' 1, '2' 2, '5' 5)
                set ylabel 'residual' offset 1.2,0 noenhanced
                unset logscale y
                set yrange [-1.12:1.12]
                set ytics norotate ('-0.5' -0.5, '0' 0, '0.5' 0.5)
                set title '' offset 0,-0.6 noenhanced
                plot 'f.csv' skip 1 every ::10::11 using 4:5 with lines linewidth 0.7 dashtype 1 linecolor rgb "#404040" title 'zero' noenhanced, \\
                     'f.csv' skip 1 every ::12::16 using 4:5 with points pointtype 7 pointsize 0.5 linecolor rgb "#0072B2" title 'c*n + d*s, fitted' noenhanced

                unset multiplot
                unset output

                """)
    }
}
