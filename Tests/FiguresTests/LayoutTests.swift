import Analysis
import Foundation
import Testing

@testable import Figures

@Suite struct LayoutTests {
    static func panel(lower: Bool = true, title: String = "title") -> Panel {
        let residuals = LowerPlot(
            name: "residuals", y: Axis("residual"),
            series: [Series("r", .points, Look(color: 0), points: [.init(1, 1)])])
        return Panel(
            title: title, x: Axis("x"), y: Axis("y"),
            series: [Series("s", .points, Look(color: 0), points: [.init(1, 2)])], lower: lower ? residuals : nil)
    }

    /// What a frame takes with its numbers, label and title, in inches.
    private func extent(_ frame: Layout.Frame, isUpper: Bool, hasLower: Bool) -> Layout.Frame {
        var extent = frame
        extent.bottom -= hasLower && isUpper ? 0.01 : 0.4
        extent.top += isUpper ? 0.25 : 0.01
        extent.left -= 0.35
        return extent
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (6, 3), (8, 4)], [true, false])
    func nothingOverlapsAndAllIsOnThePage(grid: (count: Int, columns: Int), lower: Bool) {
        let figure = Figure(
            panels: (0..<grid.count).map { _ in Self.panel(lower: lower) }, columns: grid.columns,
            legend: [LegendEntry("a", Look(color: 0)), LegendEntry("b", Look(color: 1))],
            notes: [
                "A sentence that is long enough to need more lines than one, whatever the figure's width may be, "
                    + "since it does not end before it has said all that there is to say about its panels."
            ])
        let layout = Layout(figure)
        var frames: [Layout.Frame] = []
        for place in layout.panels {
            frames.append(extent(place.upper, isUpper: true, hasLower: place.lower != nil))
            if let lower = place.lower { frames.append(extent(lower, isUpper: false, hasLower: true)) }
        }
        for (index, a) in frames.enumerated() {
            #expect(a.left >= 0 && a.right <= layout.width && a.bottom >= 0 && a.top <= layout.height + 1e-9)
            for b in frames[..<index] {
                let isApart = a.right <= b.left || b.right <= a.left || a.top <= b.bottom || b.top <= a.bottom
                #expect(isApart)
            }
        }
        let lowest = frames.map(\.bottom).min() ?? 0
        for entry in layout.entries { #expect(entry.y > layout.notes[0].y + 0.1 && entry.y < lowest) }
        #expect(layout.notes.count > 1)
        for note in layout.notes { #expect(note.y > 0.05 && Double(note.text.count) * 0.062 < layout.width) }
    }

    @Test func theLowerPlotSharesTheSidesAndIsAboutAThirdAsHigh() throws {
        let place = Layout(Figure(panels: [Self.panel()], legend: [])).panels[0]
        let lower = try #require(place.lower)
        #expect(lower.left == place.upper.left && lower.right == place.upper.right)
        #expect(lower.top < place.upper.bottom)
        let share = (lower.top - lower.bottom) / (place.upper.top - place.upper.bottom)
        #expect(abs(share - 0.36) < 1e-12)
    }

    @Test func rowsFillFromTheTopAndColumnsAreEquallyWide() {
        let places = Layout(Figure(panels: (0..<5).map { _ in Self.panel() }, columns: 3, legend: [])).panels
        #expect(places.map(\.hasLabel) == [true, false, false, true, false])
        var other = Self.panel()
        other.y.label = "another"
        let mixed = Layout(Figure(panels: [Self.panel(), Self.panel(), other, .blank], legend: [])).panels
        #expect(mixed.map(\.hasLabel) == [true, false, true, false])
        #expect(places[0].upper.bottom > places[3].upper.top)
        #expect(places[3].upper.left == places[0].upper.left && places[4].upper.left == places[1].upper.left)
        let widths = places.map { $0.upper.right - $0.upper.left }
        #expect(widths.allSatisfy { abs($0 - widths[0]) < 1e-12 })
    }

    @Test func aLongTitleIsBrokenAndMakesRoom() {
        let title = "subset = hardest, regime = SL+KD, images per class = 100 (n = 50)"
        let short = Layout(Figure(panels: (0..<3).map { _ in Self.panel() }, legend: []))
        let long = Layout(Figure(panels: (0..<3).map { _ in Self.panel(title: title) }, legend: []))
        #expect(long.panels[0].title.joined(separator: " ") == title)
        #expect(long.panels[0].title.count > 1)
        #expect(abs(long.height - short.height - 0.15 * Double(long.panels[0].title.count - 1)) < 1e-12)
    }

    @Test(arguments: [
        ("", [String]()), ("one", ["one"]), ("two words", ["two", "words"]), ("  a\nb  ", ["a b"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]), ("xy abcdefghijkl z", ["xy", "abcdefgh", "ijkl z"]),
    ])
    func linesBreakBetweenWords(text: String, lines: [String]) {
        // Room for eight characters.
        #expect(Layout.lines(text, width: 0.5) == lines)
    }
}

@Suite struct AxisRangeTests {
    @Test func whatMayLeaveWidensByHalfAtMost() throws {
        let linear = try #require(AxisRange([1, 3], further: [-10, 3.5], logarithmic: false, margin: 0))
        #expect(linear.low == 0 && linear.high == 3.5)
        let log = try #require(AxisRange([1, 100], further: [1e-9, 1e9], logarithmic: true, margin: 0))
        #expect(abs(log.low - 0.1) < 1e-12 && abs(log.high - 1000) < 1e-9)
        #expect(AxisRange([], further: [1, 2], logarithmic: false, margin: 0)?.high == 2)
    }

    @Test func residualsHaveZeroInTheMiddle() throws {
        let range = try #require(AxisRange(symmetric: [-0.003, 0.001, .nan], margin: 0))
        #expect(range.low == -0.003 && range.high == 0.003)
        #expect(range.symmetricTicks == [-0.002, 0, 0.002])
        #expect(AxisRange(symmetric: [0, 0], margin: 0)?.high == 1)
        #expect(AxisRange(symmetric: [], margin: 0) == nil)
    }

    @Test(arguments: [
        (1.0, 40.0, [1.0, 3, 10, 30]), (0.21, 0.46, [0.3, 0.4]), (2.1, 2.9, [2.2, 2.4, 2.6, 2.8]),
        (0.15, 1.3, [0.2, 0.5, 1]), (300, 2000, [300, 1000]),
    ])
    func aShortLogarithmicAxisHasTicks(low: Double, high: Double, ticks: [Double]) throws {
        let range = try #require(AxisRange([low, high], logarithmic: true, margin: 0))
        let found = range.logarithmicTicks
        #expect(found.count >= 3 && found.count <= 9)
        #expect(found.allSatisfy { $0 >= range.low && $0 <= range.high })
        for tick in ticks { #expect(found.contains { abs($0 / tick - 1) < 1e-12 }, "\(found)") }
    }

    @Test func aShortAxisHasFewTicks() throws {
        let range = try #require(AxisRange([-0.9, -0.1], logarithmic: false, margin: 0))
        #expect(range.step(room: 2.7) == nil && range.step(room: nil) == nil)
        #expect(range.step(room: 1.2) == 0.5)
        #expect(range.step(room: 2.0) == 0.2)
        #expect(AxisRange([0, 9e9], logarithmic: false, margin: 0)?.step(room: 1.2) == 5e9)
    }

    @Test(arguments: [(0.0, "0"), (0.02, "0.02"), (-0.0002, "-2e-4"), (5e-11, "5e-11"), (50, "50"), (-0.001, "-0.001")])
    func ticksAreShort(value: Double, text: String) { #expect(GnuplotPen.compact(value) == text) }
}
