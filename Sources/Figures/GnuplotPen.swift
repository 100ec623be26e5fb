import Foundation
import Tables

/// gnuplot's words for a figure's parts.
struct GnuplotPen {
    let layout: Layout

    /// Okabe and Ito's palette: colours that colour-blind readers tell apart. Markers and dashes tell them apart in grey.
    static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#000000"]
    static let markers = [7, 5, 9, 13, 11, 6, 4, 8, 12, 10, 2, 3]
    /// The same without their filling.
    static let outlines = [6, 4, 8, 12, 10, 6, 4, 8, 12, 10, 2, 3]
    static let grey = "#404040"

    /// Inches as a fraction of the page.
    func x(_ inches: Double) -> String { String(format: "%.4f", inches / layout.width) }
    func y(_ inches: Double) -> String { String(format: "%.4f", inches / layout.height) }

    /// 100 units to the inch in SVG, so that ten units of type are 7.2 points; 300 dots to the inch in PNG.
    func terminal(_ format: String, name: String) -> String {
        let (width, height) = (layout.width, layout.height)
        switch format {
        case "pdf":
            let size = String(format: "%.2fin,%.2fin", width, height)
            return
                "set terminal pdfcairo size \(size) font \"Helvetica,7.5\" fontscale 0.72 linewidth 1 pointscale 0.75"
        case "png":
            let size = "\(Int(width * 300)),\(Int(height * 300))"
            return
                "set terminal pngcairo size \(size) font \"Helvetica,7.5\" fontscale 2.95 linewidth 3.2 pointscale 2.8"
        default:
            let size = "\(Int(width * 100)),\(Int(height * 100))"
            // The picture's title to a browser; gnuplot takes a word.
            let word = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
            return "set terminal svg size \(size) font \"Helvetica,10\" linewidth 1 background rgb \"white\" "
                + "name \"\(String(word))\""
        }
    }

    func margins(_ frame: Layout.Frame) -> [String] {
        [
            "set lmargin at screen \(x(frame.left))", "set rmargin at screen \(x(frame.right))",
            "set bmargin at screen \(y(frame.bottom))", "set tmargin at screen \(y(frame.top))",
        ]
    }

    /// The plot command of series that stand in the data from `row` on, which moves to the row after them.
    func plot(_ series: [Series], of name: String, from row: inout Int) -> String {
        var commands: [String] = []
        for series in series where !series.points.isEmpty {
            let rows = "skip 1 every ::\(row)::\(row + series.points.count - 1)"
            row += series.points.count
            commands += plots(series, source: "\(quoted(name + ".csv")) \(rows)")
        }
        return "plot \(commands.isEmpty ? "NaN notitle" : commands.joined(separator: ", \\\n     "))"
    }

    /// - Parameters:
    ///   - room: the axis's length in inches, where its numbers stand side by side.
    ///   - hasNumbers: false for an axis whose numbers stand below another plot.
    func axis(
        _ name: String, _ axis: Axis, range: AxisRange?, room: Double? = nil, hasLabel: Bool = true,
        hasNumbers: Bool = true
    ) -> [String] {
        let offset = name == "x" ? "0,0.4" : "1.2,0"
        var lines = ["set \(name)label \(quoted(hasLabel ? axis.label : "")) offset \(offset) noenhanced"]
        // In this order: the last plot's range may not suit a logarithmic axis. One without data still needs a range.
        let (low, high) = range.map { (number($0.low), number($0.high)) } ?? ("1", "2")
        lines += ["unset logscale \(name)", "set \(name)range [\(low):\(high)]"]
        if axis.isLogarithmic { lines.append("set logscale \(name) 10") }
        let isDecades = axis.isLogarithmic && (range.map { $0.high / $0.low > 50 } ?? true)
        if !axis.categories.isEmpty {
            let words = axis.categories.enumerated().map { "\(quoted($1)) \($0)" }.joined(separator: ", ")
            lines.append("set \(name)tics rotate by 40 right noenhanced (\(words))")
        } else if !axis.ticks.isEmpty {
            lines.append(ticks(name, axis.ticks, hasNumbers))
        } else if let range, axis.isLogarithmic, !isDecades {
            lines.append(ticks(name, range.logarithmicTicks, hasNumbers))
        } else {
            let step = range.flatMap { axis.isLogarithmic ? nil : $0.step(room: room) }
            lines.append("set \(name)tics \(step.map(shortest) ?? "autofreq") norotate")
            lines.append("set format \(name) \"\(hasNumbers ? isDecades ? "10^{%T}" : "%g" : "")\"")
        }
        return lines
    }

    private func ticks(_ name: String, _ values: [Double], _ hasNumbers: Bool) -> String {
        let words = values.map { "\(quoted(hasNumbers ? Self.compact($0) : "")) \(shortest($0))" }
        return "set \(name)tics norotate (\(words.joined(separator: ", ")))"
    }

    /// A tick's number: `0.02`, `-2e-4`.
    static func compact(_ x: Double) -> String {
        guard x != 0 && abs(x) < 0.001 else { return significant(x, digits: 6) }
        let power = Int(log10(abs(x)).rounded(.down))
        return "\(significant(x * pow(10, Double(-power)), digits: 3))e\(power)"
    }

    func title(_ lines: [String]) -> String {
        let text = lines.isEmpty ? "''" : lines.map(quoted).joined(separator: ".\"\\n\".")
        return "set title \(text) offset 0,-0.6 noenhanced"
    }

    /// What draws a series; its name is what a browser shows under the pointer.
    func plots(_ series: Series, source: String) -> [String] {
        let color = "linecolor rgb \"\(color(series.look))\" title \(quoted(series.name)) noenhanced"
        func lines(_ columns: String, width: Double, dash: Int) -> String {
            "\(source) using \(columns) with lines linewidth \(width) dashtype \(dash) \(color)"
        }
        func points(type: Int, size: Double, width: Double? = nil) -> String {
            let line = width.map { " linewidth \($0)" } ?? ""
            return "\(source) using 4:5 with points pointtype \(type) pointsize \(size)\(line) \(color)"
        }
        // Bars as vectors: gnuplot's own error bars leave a gap around the point.
        let bars =
            series.points.contains { $0.low != nil }
            ? ["\(source) using 4:6:(0):($7-$6) with vectors nohead linewidth 0.9 \(color)"] : []
        switch series.kind {
        case .points: return bars + [points(type: marker(series.look), size: 0.5)]
        case .hollow: return bars + [points(type: outline(series.look), size: 0.5, width: 0.9)]
        case .cross: return bars + [points(type: 2, size: 0.4, width: 1)]
        case .ring: return [points(type: 6, size: 1.1, width: 1.2)]
        case .line, .dashed, .dashdot, .dotted: return [lines("4:5", width: 1.3, dash: Self.dash(series.kind))]
        case .rule: return [lines("4:5", width: 0.7, dash: 1)]
        case .thick: return [lines("4:5", width: 2.6, dash: 1)]
        case .band: return ["\(source) using 4:6:7 with filledcurves \(color)"]
        case .edges: return [lines("4:6", width: 0.7, dash: 1), lines("4:7", width: 0.7, dash: 1)]
        case .arrow:
            // Each row but the first is the tip of a vector from the row before.
            let (x, y) = ("(x0=x1, x1=$4, x0)", "(y0=y1, y1=$5, y0)")
            return [
                "x1=NaN, y1=NaN, \(source) using \(x):\(y):(x1-x0):(y1-y0) with vectors filled head "
                    + "size screen \(self.x(0.09)),18 linewidth 2.6 \(color)"
            ]
        }
    }

    private static func dash(_ kind: Series.Kind) -> Int {
        switch kind {
        case .dashed: 2
        case .dotted: 3
        case .dashdot: 4
        default: 1
        }
    }

    private func marker(_ look: Look) -> Int { Self.markers[look.marker % Self.markers.count] }
    private func outline(_ look: Look) -> Int { Self.outlines[look.marker % Self.outlines.count] }

    /// An entry of the legend: labels, arrows and boxes on the page, outside the axes.
    func legend(_ entry: LegendEntry, at place: (x: Double, y: Double)) -> [String] {
        var lines = sample(entry, at: place)
        if let mark = mark(entry) {
            lines.append(
                "set label \"\" at screen \(x(place.x + Layout.sample / 2)),screen \(y(place.y)) point "
                    + "pointtype \(mark.type) pointsize \(mark.size) linecolor rgb \"\(color(entry.look))\"")
        }
        return lines + [text(entry.text, at: (place.x + Layout.sample + 0.06, place.y))]
    }

    /// The line or the box of an entry.
    private func sample(_ entry: LegendEntry, at place: (x: Double, y: Double)) -> [String] {
        let (left, right) = (x(place.x), x(place.x + Layout.sample))
        let color = "rgb \"\(color(entry.look))\""
        func line(at level: Double, width: Double, dash: Int, head: String = "nohead") -> String {
            "set arrow from screen \(left),screen \(y(level)) to screen \(right),screen \(y(level)) \(head) "
                + "linewidth \(width) dashtype \(dash) linecolor \(color)"
        }
        switch entry.line {
        case nil, .points, .hollow, .cross, .ring: return []
        case .line, .dashed, .dashdot, .dotted:
            return [line(at: place.y, width: 1.3, dash: entry.line.map(Self.dash) ?? 1)]
        case .rule: return [line(at: place.y, width: 0.7, dash: 1)]
        case .thick: return [line(at: place.y, width: 2.6, dash: 1)]
        case .arrow:
            return [line(at: place.y, width: 2.6, dash: 1, head: "head filled size screen \(x(0.09)),18")]
        case .edges: return [-0.04, 0.04].map { line(at: place.y + $0, width: 0.7, dash: 1) }
        case .band:
            return [
                "set object rectangle from screen \(left),screen \(y(place.y - 0.05)) to screen \(right),"
                    + "screen \(y(place.y + 0.05)) fillcolor \(color) fillstyle transparent solid 0.18 noborder"
            ]
        }
    }

    private func mark(_ entry: LegendEntry) -> (type: Int, size: Double)? {
        guard entry.hasMarker else { return nil }
        switch entry.line {
        case .ring: return (6, 0.9)
        case .hollow: return (outline(entry.look), 0.5)
        case .cross: return (2, 0.4)
        default: return (marker(entry.look), 0.5)
        }
    }

    func text(_ text: String, at place: (x: Double, y: Double)) -> String {
        "set label \(quoted(text)) at screen \(x(place.x)),screen \(y(place.y)) left noenhanced"
    }

    private func color(_ look: Look) -> String { look.color.map { Self.palette[$0 % Self.palette.count] } ?? Self.grey }
    private func number(_ value: Double) -> String { String(format: "%.6g", value) }

    /// Single quotes: nothing in them means anything to gnuplot but the quote itself, which is doubled.
    func quoted(_ text: String) -> String {
        let flat = text.map { $0.isNewline ? " " : String($0) }.joined()
        return "'" + flat.replacingOccurrences(of: "'", with: "''") + "'"
    }
}
