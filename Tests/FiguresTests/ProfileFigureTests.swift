import Analysis
import Foundation
import Tables
import Testing

@testable import Figures

@Suite struct ProfileFigureTests {
    @Test func aProfileCrossesItsThresholdAtTheIntervalsEnds() throws {
        let analysis = try FitFigureTests.analysis(laws: ["power"])
        let figure = Figure.profiles(analysis)
        #expect(figure.panels.count == 2 && figure.columns == 2)
        for (panel, name) in zip(figure.panels, ["beta", "c"]) {
            let profile = try #require(analysis.profile(ofFit: 0, parameter: name))
            let (low, high) = try (#require(profile.low), #require(profile.high))
            #expect(panel.x.label.hasPrefix("\(name): "))
            let curve = try #require(panel.series.first { $0.name == "profile of \(name)" }).points
            for end in [low, high] {
                let point = try #require(curve.first { $0.x == end })
                // An end is known to 1e-6 of its distance.
                #expect(abs(point.y - profile.threshold) < 1e-5)
            }
            let interval = try #require(panel.series.first { $0.name == "interval" }).points
            #expect(interval == [.init(low, profile.threshold), .init(high, profile.threshold)])
            let optimum = try #require(panel.series.first { $0.name == "optimum" }).points
            #expect(optimum == [.init(profile.optimum, 0)])
            #expect(panel.series.filter { $0.name == "end of the interval" }.map { $0.points[0].x } == [low, high])
            #expect(!panel.series.contains { $0.kind == .arrow })
        }
    }

    /// A third of a second epoch says little about the half-life τ.
    static func open() throws -> ScalingLawAnalysis {
        let law = GoyalLaw()
        let n = (1...12).map { 100 * Double($0) }
        let points = LawPoints([n, n.map { _ in 900 }])
        let y = zip(law.values([1, -0.3, 4, 0.1], at: points), 0...).map { $0 + 0.002 * cos(7 * Double($1)) }
        return try ScalingLawAnalysis(
            of: Table([Column("n", n), Column("s", points.columns[1]), Column("y", y)]), law: law, x: ["n", "s"],
            y: "y")
    }

    @Test func anOpenSideEndsInAnArrowAtTheEdge() throws {
        let figure = Figure.profiles(try Self.open())
        let panel = try #require(figure.panels.first { $0.x.label.hasPrefix("tau: ") })
        #expect(panel.x.isLogarithmic && panel.x.label.hasSuffix(", –]"))
        let arrow = try #require(panel.series.first { $0.name == "open above" })
        #expect(arrow.kind == .arrow && arrow.points.last?.x == 1000)
        #expect(figure.notes.contains("Arrow: not bounded on this side at level 0.95."))
    }

    @Test func rowsStayInLineAndWhatIsMissingIsNamed() throws {
        let analysis = try FitFigureTests.analysis(groups: 2, laws: ["power", "power-offset"]) {
            $0.fixed = ["beta": 0.7]
        }
        let figure = Figure.profiles(analysis)
        #expect(figure.columns == 2)
        #expect(figure.panels.map { $0 == .blank } == [false, true, false, false, false, true, false, false])
        #expect(figure.panels[0].title == "power, pool = p0 (n = 8)")
        let huber = Figure.profiles(try FitFigureTests.analysis(laws: ["power"]) { $0.loss = .huber(0.01) })
        #expect(huber.panels.isEmpty && huber.notes.contains("(n = 8): no profile of beta, c."))
    }
}
