import Analysis
import Figures
import Tables
import Testing

@testable import Workflow

@Suite struct ResultFigureTests {
    static let results = Table([
        Column("method", ["random", "easy", "random", "easy", "full"]),
        Column("ipc", [10.0, 10, 10, 10, .nan]), Column("regime", ["SL", "SL", "HL", "HL", "HL"]),
        Column("test_error", [0.5, 0.4, 0.8, 0.6, 0.1]), Column("std", [0.01, 0.02, 0.03, 0.04, .nan]),
    ])

    @Test func errorsStandByRegimeWithTheirIntervals() throws {
        var options = RegimeComparison.Options()
        options.deviation = "std"
        let figure = Figure.regimes(try RegimeComparison(Self.results, options: options))
        #expect(figure.panels.map(\.title) == ["IPC 10"])
        let panel = try #require(figure.panels.first)
        #expect(panel.x.categories == ["HL", "SL"])
        let easy = try #require(panel.series.first { $0.name == "easy" && $0.kind == .points })
        #expect(easy.points.map(\.y) == [0.6, 0.4] && easy.points.map { Int($0.x.rounded()) } == [0, 1])
        // scipy.stats.t.ppf(0.975, 2) / sqrt(3) = 2.484137722…
        for (point, deviation) in zip(easy.points, [0.04, 0.02]) {
            #expect(abs(try #require(point.high) - point.y - 2.4841377 * deviation) < 1e-8)
            #expect(abs(point.y - (try #require(point.low)) - 2.4841377 * deviation) < 1e-8)
        }
        let full = try #require(panel.series.first { $0.name == "full" })
        #expect(full.points.map(\.y) == [0.1] && full.points[0].low == nil)
        #expect(figure.legend.map(\.text).sorted() == ["easy", "full", "random"])
        #expect(figure.notes.first == "Bars: 95 % t-intervals of the mean, n = 3 runs.")
    }

    /// Regimes of other names as they come; the whole data set at every size, whatever size it states.
    @Test func foreignNamesKeepTheirOrder() throws {
        let table = Table([
            Column("method", ["random", "random", "random", "full", "full"]), Column("ipc", [10.0, 10, 50, 500, 500]),
            Column("regime", ["one-hot", "kd", "kd", "one-hot", "kd"]),
            Column("test_error", [0.5, 0.4, 0.3, 0.1, 0.2]),
        ])
        let panels = Figure.regimes(try RegimeComparison(table)).panels
        #expect(panels.map(\.title) == ["IPC 10", "IPC 50"])
        for panel in panels {
            #expect(panel.x.categories == ["one-hot", "kd"])
            #expect(panel.series.first { $0.name == "full" }?.points.map(\.y) == [0.1, 0.2])
        }
    }

    @Test func distributionsStandInTheirUnitAndByTheirMeans() throws {
        let scores = (0..<100).map { Double($0) + 1 }
        let spreads = try [scores, scores.map { 4 * $0 }].enumerated().map {
            try #require(ScoreSpread("s\($0)", $1, bins: 10))
        }
        let panels = Figure.spreads(spreads).panels
        let (own, free) = (panels[0].series.map(\.points), panels[1].series.map(\.points))
        #expect(zip(own[0], own[1]).allSatisfy { 4 * $0.x == $1.x && abs($0.y - 4 * $1.y) < 1e-12 })
        #expect(zip(free[0], free[1]).allSatisfy { abs($0.x - $1.x) < 1e-12 && abs($0.y - $1.y) < 1e-12 })
        for line in own + free {
            let area = stride(from: 0, to: line.count, by: 2).map { line[$0].y * (line[$0 + 1].x - line[$0].x) }
            #expect(line.count == 20 && abs(area.reduce(0, +) - 1) < 1e-12)
        }
    }
}
