import Foundation
import Tables

extension Figure {
    /// Exactly what is drawn, one row per point.
    public func data() -> Table {
        let rows = panels.flatMap { panel in
            panel.plots.flatMap { plot in plot.series.flatMap { series in series.points.map { (plot, series, $0) } } }
        }
        // gnuplot counts lines, and takes the first of two quotes for the end of a cell.
        func flat(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 == "\"" ? "'" : $0 }) }
        return Table([
            Column("panel", rows.map { flat($0.0.name) }), Column("series", rows.map { flat($0.1.name) }),
            Column("kind", rows.map(\.1.kind.rawValue)), Column("x", rows.map(\.2.x)), Column("y", rows.map(\.2.y)),
            Column("low", rows.map { $0.2.low ?? .nan }), Column("high", rows.map { $0.2.high ?? .nan }),
        ])
    }

    /// The formats that gnuplot draws, by the file's ending.
    public static let formats = ["svg", "pdf", "png"]

    /// A gnuplot script that reads `name.csv` beside it and writes `name.format`.
    public func script(name: String, format: String) -> String {
        let layout = Layout(self)
        let pen = GnuplotPen(layout: layout)
        var lines = Self.preamble(pen, name: name, format: format)
        for (entry, place) in zip(legend, layout.entries) { lines += pen.legend(entry, at: place) }
        for note in layout.notes { lines.append(pen.text(note.text, at: (note.x, note.y))) }
        lines += ["set multiplot", ""]
        var row = 0
        for (index, (panel, place)) in zip(panels, layout.panels).enumerated() where panel != .blank {
            let x = xRange(panel)
            lines += pen.margins(place.upper)
            let room = place.upper.right - place.upper.left
            lines += pen.axis("x", panel.upperX, range: x, room: room, hasNumbers: panel.lower == nil)
            lines += pen.axis("y", panel.y, range: yRange(panel), hasLabel: place.hasLabel)
            lines += [pen.title(place.title), pen.plot(panel.series, of: name, from: &row)]
            // The legend is drawn once, with the first panel.
            if index == 0 { lines += ["unset label", "unset arrow", "unset object"] }
            lines.append("")
            guard let lower = panel.lower, let frame = place.lower else { continue }
            let y = lowerRange(lower)
            var axis = lower.y
            axis.ticks = y?.symmetricTicks ?? []
            lines += pen.margins(frame)
            lines += pen.axis("x", panel.x, range: x, room: room)
            lines += pen.axis("y", axis, range: y, hasLabel: place.hasLabel)
            lines += [pen.title([]), pen.plot(lower.series, of: name, from: &row), ""]
        }
        return (lines + ["unset multiplot", "unset output"]).joined(separator: "\n") + "\n"
    }

    private static func preamble(_ pen: GnuplotPen, name: String, format: String) -> [String] {
        [
            "# Run it in its own folder: gnuplot \(name).gp", "set encoding utf8", pen.terminal(format, name: name),
            "set output \(pen.quoted("\(name).\(format)"))", "set datafile separator comma",
            "set datafile missing \"\"",
            "set style fill transparent solid 0.18 noborder",
            "set grid back linewidth 0.5 linecolor rgb \"#DDDDDD\"",
            "set border 3 linewidth 0.8 linecolor rgb \"\(GnuplotPen.grey)\"", "set tics nomirror scale 0.6",
            "unset key", "",
        ]
    }

    private func xRange(_ panel: Panel) -> AxisRange? {
        if !panel.x.categories.isEmpty { return AxisRange(categories: panel.x.categories.count) }
        return AxisRange(
            panel.plots.flatMap(\.series).flatMap { $0.points.map(\.x) }, logarithmic: panel.x.isLogarithmic,
            margin: 0.05)
    }

    private func yRange(_ panel: Panel) -> AxisRange? {
        let series = (sharesY ? panels : [panel]).flatMap(\.series)
        func heights(_ series: [Series]) -> [Double] {
            series.flatMap(\.points).flatMap { [$0.y, $0.low ?? $0.y, $0.high ?? $0.y] }
        }
        return AxisRange(
            heights(series.filter { !$0.mayLeaveAxes }), further: heights(series.filter(\.mayLeaveAxes)),
            logarithmic: panel.y.isLogarithmic, margin: 0.06, stopsAtZero: true)
    }

    private func lowerRange(_ lower: LowerPlot) -> AxisRange? {
        let series = sharesY ? panels.compactMap(\.lower).flatMap(\.series) : lower.series
        return AxisRange(symmetric: series.flatMap(\.points).map(\.y), margin: 0.12)
    }
}

extension Panel {
    /// Its own series and those below, with the names under which they stand in the data.
    fileprivate var plots: [(name: String, series: [Series])] {
        [(title, series)] + (lower.map { [(title.isEmpty ? $0.name : "\(title), \($0.name)", $0.series)] } ?? [])
    }

    /// The x axis below its own plot; the label belongs to the lowest.
    fileprivate var upperX: Axis {
        var axis = x
        if lower != nil { axis.label = "" }
        return axis
    }
}
