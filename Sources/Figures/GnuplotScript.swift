import Foundation
import Tables

extension Figure {
    /// Exactly what is drawn, one row per point.
    public func data() -> Table {
        let rows = panels.flatMap { panel in
            panel.series.flatMap { series in series.points.map { (panel, series, $0) } }
        }
        return Table([
            Column("panel", rows.map(\.0.title)), Column("series", rows.map(\.1.name)),
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
        var lines = [
            "# Run it in its own folder: gnuplot \(name).gp", "set encoding utf8", pen.terminal(format),
            "set output \(pen.quoted("\(name).\(format)"))", "set datafile separator comma",
            "set datafile missing \"\"",
            "set style fill transparent solid 0.18 noborder",
            "set grid back linewidth 0.5 linecolor rgb \"#DDDDDD\"",
            "set border 3 linewidth 0.8 linecolor rgb \"\(GnuplotPen.grey)\"", "set tics nomirror scale 0.6",
            "unset key", "",
        ]
        for (entry, place) in zip(legend, layout.entries) { lines += pen.legend(entry, at: place) }
        lines += ["set multiplot", ""]
        var row = 0
        for (index, panel) in panels.enumerated() {
            let edges = layout.panels[index]
            lines += [
                "set lmargin at screen \(pen.x(edges.left))", "set rmargin at screen \(pen.x(edges.right))",
                "set bmargin at screen \(pen.y(layout.bottom))", "set tmargin at screen \(pen.y(layout.top))",
            ]
            lines += pen.axis("x", panel.x, range: xRange(panel))
            lines += pen.axis("y", panel.y, range: yRange(panel), hasLabel: index == 0)
            lines.append("set title \(pen.quoted(panel.title)) offset 0,-0.6 noenhanced")
            var plots: [String] = []
            for series in panel.series where !series.points.isEmpty {
                let rows = "skip 1 every ::\(row)::\(row + series.points.count - 1)"
                row += series.points.count
                plots += pen.plots(series, source: "\(pen.quoted(name + ".csv")) \(rows)")
            }
            lines.append("plot \(plots.isEmpty ? "NaN" : plots.joined(separator: ", \\\n     "))")
            // The legend is drawn once, with the first panel.
            if index == 0 { lines += ["unset label", "unset arrow"] }
            lines.append("")
        }
        return (lines + ["unset multiplot", "unset output"]).joined(separator: "\n") + "\n"
    }

    private func xRange(_ panel: Panel) -> AxisRange? {
        if !panel.x.categories.isEmpty { return AxisRange(categories: panel.x.categories.count) }
        return AxisRange(
            panel.series.flatMap { $0.points.map(\.x) }, logarithmic: panel.x.isLogarithmic, margin: 0.05)
    }

    private func yRange(_ panel: Panel) -> AxisRange? {
        let points = (sharesY ? panels : [panel]).flatMap(\.series).flatMap(\.points)
        return AxisRange(
            points.flatMap { [$0.y, $0.low ?? $0.y, $0.high ?? $0.y] }, logarithmic: panel.y.isLogarithmic,
            margin: 0.06,
            stopsAtZero: true)
    }
}

extension AxisRange {
    /// Words at 0 … count − 1, with room on both sides.
    init(categories count: Int) {
        low = -0.6
        high = Double(count) - 0.4
    }
}
