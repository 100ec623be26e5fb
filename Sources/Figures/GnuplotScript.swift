import Foundation
import Tables

extension Figure {
    /// Exactly what is drawn, one row per point.
    public func data() -> Table {
        let rows = panels.flatMap { panel in panel.series.flatMap { series in series.points.map { (panel, series, $0) } } }
        return Table([
            Column("panel", rows.map(\.0.title)), Column("series", rows.map(\.1.name)),
            Column("kind", rows.map(\.1.kind.rawValue)), Column("x", rows.map(\.2.x)), Column("y", rows.map(\.2.y)),
            Column("low", rows.map { $0.2.low ?? .nan }), Column("high", rows.map { $0.2.high ?? .nan }),
        ])
    }

    /// The formats that gnuplot draws, by the file's ending.
    public static let formats = ["svg", "pdf", "png"]

    /// Okabe and Ito's palette: eight colours that colour-blind readers tell apart.
    static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#000000"]
    static let markers = [7, 5, 9, 13, 11, 6, 4, 8]
    static let grey = "#404040"

    /// A gnuplot script that reads `name.csv` beside it and writes `name.format`.
    public func script(name: String, format: String) -> String {
        let inches = width ?? (panels.count > 1 ? 6.8 : 3.4)
        var lines = [
            "# Run it in its own folder: gnuplot \(name).gp", "set encoding utf8", Self.terminal(format, inches, height),
            "set output \(Self.quoted("\(name).\(format)"))", "set datafile separator comma", "set datafile missing \"\"",
            "set style fill transparent solid 0.18 noborder", "set grid back linewidth 0.5 linecolor rgb \"#DDDDDD\"",
            "set border 3 linewidth 0.8 linecolor rgb \"\(Self.grey)\"", "set tics nomirror scale 0.6",
            "set key outside below center horizontal samplen 1.6 spacing 1.0 noenhanced", "",
        ]
        if panels.count > 1 { lines.append("set multiplot layout 1,\(panels.count)") }
        var row = 0
        for panel in panels {
            lines += Self.axis("x", panel.x) + Self.axis("y", panel.y)
            lines.append("set title \(Self.quoted(panel.title)) noenhanced")
            lines.append("set autoscale")
            if panel.x.isLogarithmic == false, panel.x.categories.isEmpty { lines.append("set offsets graph 0.04, graph 0.04, 0, 0") }
            if !panel.x.categories.isEmpty { lines.append("set xrange [-0.5:\(Double(panel.x.categories.count) - 0.5)]") }
            var plots: [String] = []
            for series in panel.series {
                let rows = row..<row + series.points.count
                row = rows.upperBound
                guard !rows.isEmpty else { continue }
                plots += Self.plots(series, source: "\(Self.quoted(name + ".csv")) skip 1 every ::\(rows.lowerBound)::\(rows.upperBound - 1)")
            }
            lines.append("plot \(plots.isEmpty ? "NaN notitle" : plots.joined(separator: ", \\\n     "))")
            lines.append("")
        }
        if panels.count > 1 { lines.append("unset multiplot") }
        lines.append("unset output")
        return lines.joined(separator: "\n") + "\n"
    }

    /// 100 units to the inch in SVG, so that ten units of type are 7.2 points; 300 dots to the inch in PNG.
    private static func terminal(_ format: String, _ width: Double, _ height: Double) -> String {
        switch format {
        case "pdf": "set terminal pdfcairo size \(width)in,\(height)in font \"Helvetica,7.5\" linewidth 1"
        case "png":
            "set terminal pngcairo size \(Int(width * 300)),\(Int(height * 300)) font \"Helvetica,7.5\" fontscale 3.1 linewidth 3 pointscale 3"
        default: "set terminal svg size \(Int(width * 100)),\(Int(height * 100)) font \"Helvetica,10\" linewidth 1 background rgb \"white\""
        }
    }

    private static func axis(_ name: String, _ axis: Axis) -> [String] {
        var lines = ["set \(name)label \(quoted(axis.label)) noenhanced"]
        lines.append(axis.isLogarithmic ? "set logscale \(name) 10" : "unset logscale \(name)")
        if !axis.categories.isEmpty {
            let words = axis.categories.enumerated().map { "\(quoted($1)) \($0)" }.joined(separator: ", ")
            lines.append("set \(name)tics rotate by -40 left noenhanced (\(words))")
        } else if !axis.ticks.isEmpty {
            let numbers = axis.ticks.map { "\(quoted(shortest($0))) \(shortest($0))" }.joined(separator: ", ")
            lines.append("set \(name)tics norotate (\(numbers))")
        } else if axis.isLogarithmic && name == "x" {
            lines += ["set xtics autofreq norotate", "set format x \"10^{%T}\""]
        } else {
            lines += ["set \(name)tics autofreq norotate", "set format \(name) \"%g\""]
        }
        return lines
    }

    private static func plots(_ series: Series, source: String) -> [String] {
        let color = "linecolor rgb \"\(series.color.map { palette[$0 % palette.count] } ?? grey)\""
        let marker = markers[series.marker % markers.count]
        let title = series.isInLegend ? "title \(quoted(series.name))" : "notitle"
        switch series.kind {
        case .points:
            let points = "\(source) using 4:5 with points pointtype \(marker) pointsize 0.5 \(color) \(title)"
            guard series.points.contains(where: { $0.low != nil }) else { return [points] }
            return [
                "\(source) using 4:5:6:7 with yerrorbars pointtype -1 linewidth 0.8 \(color) notitle", points,
            ]
        case .line: return ["\(source) using 4:5 with lines linewidth 1.3 dashtype 1 \(color) \(title)"]
        case .dashed: return ["\(source) using 4:5 with lines linewidth 1.2 dashtype 2 \(color) \(title)"]
        case .band: return ["\(source) using 4:6:7 with filledcurves \(color) \(title)"]
        case .ring: return ["\(source) using 4:5 with points pointtype 6 pointsize 1.1 linewidth 1.3 \(color) \(title)"]
        }
    }

    /// Single quotes: nothing in them means anything to gnuplot but the quote itself, which is doubled.
    static func quoted(_ text: String) -> String {
        let flat = text.map { $0.isNewline ? " " : String($0) }.joined()
        return "'" + flat.replacingOccurrences(of: "'", with: "''") + "'"
    }
}
