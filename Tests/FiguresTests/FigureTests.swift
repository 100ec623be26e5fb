import Foundation
import Tables
import Testing

@testable import Figures

/// A folder of its own, removed with the test.
struct Scratch: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("assay-figures-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) }
}

@Suite struct FigureTests {
    static let figure = Figure(
        panels: [
            Panel(
                title: "it's test_error", x: Axis("samples", logarithmic: true), y: Axis("100 % of {x}^2"),
                series: [
                    Series("fit", .line, Look(color: 0), points: [.init(1, 0.5), .init(100, 0.25)]),
                    Series("a_b", .points, Look(color: 1, marker: 2), points: [.init(10, 0.3, low: 0.2, high: 0.4)]),
                    Series("none", .points, Look(color: 2), points: []),
                ])
        ], legend: [LegendEntry("a_b", Look(color: 1, marker: 2))])

    @Test func theDataAreExactlyWhatIsDrawn() {
        #expect(
            Self.figure.data().formatted(.csv) == """
                panel,series,kind,x,y,low,high
                it's test_error,fit,line,1,0.5,,
                it's test_error,fit,line,100,0.25,,
                it's test_error,a_b,points,10,0.3,0.2,0.4

                """)
    }

    /// The part of the script that depends on the figure.
    @Test func theScriptSaysWhatIsDrawn() {
        let script = Self.figure.script(name: "f", format: "svg")
        #expect(script.hasPrefix("# Run it in its own folder: gnuplot f.gp\n"))
        #expect(script.contains("set terminal svg size 340,"))
        #expect(script.contains("set title 'it''s test_error' offset 0,-0.6 noenhanced\n"))
        #expect(script.contains("set ylabel '100 % of {x}^2' offset 1.2,0 noenhanced\n"))
        #expect(script.contains("set logscale x 10\n"))
        #expect(
            script.contains(
                """
                plot 'f.csv' skip 1 every ::0::1 using 4:5 with lines linewidth 1.3 dashtype 1 linecolor rgb "#0072B2" title 'fit' noenhanced, \\
                     'f.csv' skip 1 every ::2::2 using 4:6:(0):($7-$6) with vectors nohead linewidth 0.9 linecolor rgb "#D55E00" title 'a_b' noenhanced, \\
                     'f.csv' skip 1 every ::2::2 using 4:5 with points pointtype 9 pointsize 0.5 linecolor rgb "#D55E00" title 'a_b' noenhanced

                """))
        #expect(!script.contains("none"))
    }

    @Test(arguments: [("svg", "<?xml"), ("pdf", "%PDF"), ("png", "\u{FFFD}PNG")])
    func gnuplotDrawsEveryFormatAndTheSameBytesTwice(format: String, magic: String) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/deep/f.\(format)"
        #expect(try Self.figure.draw(to: path) == .drawn)
        let first = try scratch.bytes("deep/f.\(format)")
        #expect(String(decoding: first.prefix(4), as: UTF8.self).hasPrefix(String(magic.prefix(4))))
        #expect(try Self.figure.draw(to: path) == .drawn)
        #expect(try scratch.bytes("deep/f.\(format)") == first)
        // The second of the clock need not have changed in between.
        #expect(format != "pdf" || first.range(of: Data("/CreationDate (D:19700101000000".utf8)) != nil)
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/deep")) == [
                "f.csv", "f.gp", "f.\(format)",
            ])
    }

    @Test func anSVGIsXMLAndHoldsTheTextAsWritten() throws {
        let scratch = try Scratch()
        _ = try Self.figure.draw(to: scratch.path + "/f.svg")
        let svg = try scratch.text("f.svg")
        for text in ["it's test_error", "100 % of {x}^2", "a_b"] {
            #expect(svg.contains(text.replacingOccurrences(of: "'", with: "&apos;")) || svg.contains(text), "\(text)")
        }
        let lint = Process()
        lint.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        lint.arguments = [
            "python3", "-c", "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])", scratch.path + "/f.svg",
        ]
        try lint.run()
        lint.waitUntilExit()
        #expect(lint.terminationStatus == 0)
    }

    @Test func withoutGnuplotTheDataAndTheScriptAreThere() throws {
        let scratch = try Scratch()
        guard case .notDrawn(let why) = try Self.figure.draw(to: scratch.path + "/f.pdf", searchPath: scratch.path)
        else {
            Issue.record("there is no gnuplot in an empty folder")
            return
        }
        #expect(why.contains("apt-get install gnuplot-nox"))
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: scratch.path)) == ["f.csv", "f.gp"])
    }

    @Test func otherEndingsAndPlacesAreRefused() throws {
        let scratch = try Scratch()
        #expect(throws: FigureError.self) { try Self.figure.draw(to: scratch.path + "/f.gif") }
        try Data().write(to: URL(fileURLWithPath: scratch.path + "/file"))
        let error = #expect(throws: FigureError.self) { try Self.figure.draw(to: scratch.path + "/file/f.svg") }
        #expect(error?.description.contains("/file/f.svg: cannot be written") == true)
    }

    @Test func emptyAndUndefinedPointsAreDrawn() throws {
        let scratch = try Scratch()
        let panel = Panel(
            title: "", x: Axis("x"), y: Axis("y", logarithmic: true),
            series: [Series("s", .points, Look(color: 0), points: [.init(1, .nan), .init(2, 3)])])
        #expect(
            try Figure(panels: [panel, Panel(title: "", x: Axis(""), y: Axis(""), series: [])], legend: []).draw(
                to: scratch.path + "/f.svg") == .drawn)
    }

    @Test func rangesHoldTheDataWithAMargin() throws {
        let linear = try #require(AxisRange([0.1, 0.2, .nan], logarithmic: false, margin: 0.1))
        #expect(abs(linear.low - 0.09) < 1e-12 && abs(linear.high - 0.21) < 1e-12)
        #expect(AxisRange([0.01, 1], logarithmic: false, margin: 0.1, stopsAtZero: true)?.low == 0)
        let log = try #require(AxisRange([0, 10, 1000], logarithmic: true, margin: 0.5))
        #expect(abs(log.low - 1) < 1e-9 && abs(log.high - 10_000) < 1e-6)
        #expect(AxisRange([.nan], logarithmic: false, margin: 0.1) == nil)
    }

    /// Every entry of a legend lies on the page, and no two on one place.
    @Test(arguments: [1, 3, 8, 17])
    func legendsStayOnThePage(count: Int) {
        let entries = (0..<count).map { LegendEntry("a longer entry \($0)", Look(color: $0)) }
        let layout = Layout(Figure(panels: [Self.figure.panels[0]], legend: entries))
        for (index, place) in layout.entries.enumerated() {
            #expect(
                place.x >= 0.05 && place.x < layout.width && place.y > 0
                    && place.y < layout.panels[0].upper.bottom - 0.4)
            #expect(!layout.entries[..<index].contains { $0.x == place.x && $0.y == place.y })
        }
    }
}

@Suite struct KindTests {
    @Test func aScalingFigureHasAPanelPerFacetAndAColourPerName() {
        let curves = [("random", "HL"), ("easy", "HL"), ("random", "SL")].map { name, facet in
            ScalingCurve(name: name, facet: facet, points: [.init(1, 1)], fit: [.init(1, 1)], band: [])
        }
        let figure = Figure.scaling(curves, x: Axis("n"), y: Axis("error"))
        #expect(figure.panels.map(\.title) == ["HL", "SL"])
        #expect(figure.legend.map(\.text) == ["random", "easy"])
        #expect(figure.panels[1].series.allSatisfy { $0.look.color == 0 })
        #expect(figure.sharesY)
    }

    @Test func aScatterTellsSizesByColourAndFamiliesByMarker() {
        let points = [("a", 10), ("b", 10), ("a", 50)].map { family, ipc in
            ScatterPoint(facet: "HL", family: family, ipc: ipc, point: .init(1, 1))
        }
        let figure = Figure.scatter(points, titles: ["HL": "HL: ρ"], x: Axis("loss"), y: Axis("error"))
        #expect(figure.panels[0].title == "HL: ρ")
        #expect(figure.legend.map(\.text) == ["IPC 10", "IPC 50", "a", "b"])
        #expect(
            figure.panels[0].series.filter { !$0.points.isEmpty }.map(\.look) == [
                Look(color: 0, marker: 0), Look(color: 1, marker: 0), Look(color: 0, marker: 1),
            ])
    }

    @Test func whatIsLeftOutOfTheCorrelationIsACross() {
        let points = [(1.0, false), (2, true), (3, false)].map {
            ScatterPoint(facet: "", family: "a", ipc: 10, point: .init($0, $0), isLeftOut: $1)
        }
        let figure = Figure.scatter(points, titles: [:], x: Axis("loss"), y: Axis("error"))
        let crosses = figure.panels[0].series.filter { $0.kind == .cross }
        #expect(crosses.map { $0.points.map(\.x) } == [[2]] && figure.legend.last?.text == "left out")
        #expect(figure.panels[0].series.filter { $0.kind == .points }.flatMap { $0.points.map(\.x) } == [1, 3])
    }

    @Test func categoriesKeepTheirOrderAndStandSideBySide() {
        let points = [("x", "HL", 0.5), ("y", "HL", 0.4), ("x", "SL", 0.3)].map {
            CategoryPoint(category: $0, series: $1, y: $2)
        }
        let figure = Figure.categories(points, y: Axis("error"))
        #expect(figure.panels[0].x.categories == ["x", "y"])
        #expect(figure.panels[0].series.map { $0.points.map(\.x) } == [[-0.08, 0.92], [0.08]])
    }
}
