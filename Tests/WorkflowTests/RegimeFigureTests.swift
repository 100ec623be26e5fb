import Analysis
import Figures
import Tables
import Testing

@testable import Workflow

@Suite struct RegimeFigureTests {
    @Test func errorsStandByRegimeAndSize() throws {
        let table = try Table.csv(
            """
            method,ipc,regime,error,std
            random,50,SL,0.4,0.01
            random,50,HL,0.5,0.02
            cad,50,HL,0.45,0.01
            random,10,HL,0.6,0.01
            cad,10,HL,0.55,
            full,,HL,0.2,0.01

            """)
        var options = RegimeComparison.Options()
        (options.value, options.deviation) = (.error("error"), "std")
        let figure = try RegimeComparison(table, options: options).figure()
        #expect(figure.panels.map(\.title) == ["IPC 10", "IPC 50"] && figure.sharesY)
        #expect(figure.panels.allSatisfy { $0.x.categories == ["HL", "SL"] })
        #expect(Set(figure.legend.map(\.text)) == ["random", "cad"])
        let random = try #require(figure.panels[1].series.first { $0.name == "random" && $0.kind == .points })
        #expect(random.points.map(\.x) == [0, 1] && random.points.map(\.y) == [0.5, 0.4] && random.look.color == nil)
        #expect(abs((random.points[0].low ?? 0) - 0.48) < 1e-12)
        let cad = try #require(figure.panels[0].series.first { $0.name == "cad" && $0.kind == .points })
        #expect(cad.points == [Series.Point(0, 0.55)])
    }

    /// Areas are one whatever the unit, so that curves compare.
    @Test func distributionsAreDrawnFreeOfTheirScale() throws {
        let scores = (0..<200).map { 1 + Double(($0 * 37) % 100) / 50 }
        let a = try #require(ScoreSpread("a", scores, bins: 10))
        let b = try #require(ScoreSpread("b", scores.map { $0 * 64 }, bins: 10))
        let figure = ScoreSpread.figure([a, b])
        let (first, second) = (figure.panels[0].series[0].points, figure.panels[0].series[1].points)
        #expect(first.count == 10 && first == second)
        let width = first[1].x - first[0].x
        #expect(abs(first.reduce(0) { $0 + $1.y * width } - 1) < 1e-12)
        #expect(figure.legend[0].text.hasPrefix("a (n = 200, cv "))
    }
}
