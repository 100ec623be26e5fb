import Analysis
import Foundation
import Tables
import Testing

@testable import Figures

@Suite struct FitDrawingTests {
    /// What gnuplot says while it draws a figure's script.
    private func complaints(of name: String, in folder: String) throws -> String {
        let gnuplot = Process()
        gnuplot.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gnuplot.arguments = ["gnuplot", name + ".gp"]
        gnuplot.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        gnuplot.standardError = pipe
        try gnuplot.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        gnuplot.waitUntilExit()
        return said
    }

    private func titles(_ svg: String) -> [String] {
        svg.components(separatedBy: "<title>").dropFirst().compactMap { $0.components(separatedBy: "</title>").first }
    }

    static let figures: [(name: String, make: @Sendable () throws -> Figure)] = [
        ("one", { .fit(try FitFigureTests.analysis()) }),
        (
            "laws",
            {
                var options = FitFigureOptions()
                options.isYLogarithmic = true
                options.showsPredictionBand = true
                let holdout = Holdout.condition(column: "samples_seen", .above, 40)
                return .fit(
                    try FitFigureTests.analysis(groups: 5, laws: ["power", "power-offset"]) { $0.holdout = holdout },
                    options: options)
            }
        ),
        ("many", { .fit(try FitFigureTests.analysis(groups: 30)) }),
        ("points", { .fit(try FitFigureColumnTests.analysis([1, 2, 1, 2, 1])) }),
        ("profiles", { .profiles(try FitFigureTests.analysis(groups: 2)) }),
        ("open", { .profiles(try ProfileFigureTests.open()) }),
    ]

    @Test(arguments: figures.indices, ["svg", "pdf", "png"])
    func gnuplotDrawsWithoutAWord(index: Int, format: String) throws {
        let scratch = try Scratch()
        let (name, make) = Self.figures[index]
        let figure = try make()
        #expect(try figure.draw(to: "\(scratch.path)/\(name).\(format)") == .drawn)
        let said = try complaints(of: name, in: scratch.path)
        #expect(said == "")
        #expect(try scratch.bytes("\(name).\(format)").count > 5000)
        #expect(try scratch.text(name + ".csv") == figure.data().formatted(.csv))
    }

    /// Browsers show titles under the pointer.
    @Test(arguments: figures.indices)
    func titlesInAnSVGAreTheSeriesNames(index: Int) throws {
        let scratch = try Scratch()
        let (name, make) = Self.figures[index]
        let figure = try make()
        _ = try figure.draw(to: "\(scratch.path)/\(name).svg")
        let names = figure.panels.flatMap { $0.series + ($0.lower?.series ?? []) }.map(\.name)
        #expect(Set(titles(try scratch.text(name + ".svg"))) == Set(names + [name]))
    }

    /// A group's name is anybody's text: none of it is a command, markup or a line of its own.
    @Test func anyGroupNameIsDrawnAsItIs() throws {
        let names = ["a\"b", "it's, `touch hacked`", "x_{2}\\n%s $1", "<b>&", "two\nlines"]
        let rows = names.flatMap { name in FitFigureTests.x.map { (name, $0) } }
        let table = Table([
            Column("pool", rows.map(\.0)), Column("x", rows.map(\.1)),
            Column("y", rows.map { FitFigureTests.y($0.1, 0) }),
        ])
        let analysis = try ScalingLawAnalysis(
            of: table, law: ScalingLaws.law("power-offset", columns: ["x"]), x: ["x"], y: "y", group: ["pool"])
        let scratch = try Scratch()
        for (name, figure) in [("fit", Figure.fit(analysis)), ("profiles", Figure.profiles(analysis))] {
            #expect(try figure.draw(to: "\(scratch.path)/\(name).svg") == .drawn)
            let said = try complaints(of: name, in: scratch.path)
            #expect(said == "", "\(name)")
            let lines = try scratch.text(name + ".csv").split(separator: "\n").count
            #expect(lines == figure.data().rowCount + 1)
        }
        let svg = try scratch.text("fit.svg")
        #expect(svg.contains("a\"b") && svg.contains("`touch hacked`") && svg.contains("x_{2}\\n%s $1"))
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(!files.contains("hacked"))
    }
}
