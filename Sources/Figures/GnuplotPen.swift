import Foundation
import Tables

/// gnuplot's words for a figure's parts.
struct GnuplotPen {
    let layout: Layout

    /// Okabe and Ito's palette: colours that colour-blind readers tell apart. Markers and dashes tell them apart in grey.
    static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#000000"]
    static let markers = [7, 5, 9, 13, 11, 6, 4, 8]
    static let grey = "#404040"

    /// Inches as a fraction of the page.
    func x(_ inches: Double) -> String { String(format: "%.4f", inches / layout.width) }
    func y(_ inches: Double) -> String { String(format: "%.4f", inches / layout.height) }

    /// 100 units to the inch in SVG, so that ten units of type are 7.2 points; 300 dots to the inch in PNG.
    func terminal(_ format: String) -> String {
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
            return "set terminal svg size \(size) font \"Helvetica,10\" linewidth 1 background rgb \"white\""
        }
    }

    func axis(_ name: String, _ axis: Axis, range: AxisRange?, hasLabel: Bool = true) -> [String] {
        let offset = name == "x" ? "0,0.4" : "1.2,0"
        var lines = ["set \(name)label \(quoted(hasLabel ? axis.label : "")) offset \(offset) noenhanced"]
        lines.append(axis.isLogarithmic ? "set logscale \(name) 10" : "unset logscale \(name)")
        if let range { lines.append("set \(name)range [\(number(range.low)):\(number(range.high))]") }
        if !axis.categories.isEmpty {
            let words = axis.categories.enumerated().map { "\(quoted($1)) \($0)" }.joined(separator: ", ")
            lines.append("set \(name)tics rotate by 40 right noenhanced (\(words))")
        } else if !axis.ticks.isEmpty {
            let numbers = axis.ticks.map { "\(quoted(shortest($0))) \(shortest($0))" }.joined(separator: ", ")
            lines.append("set \(name)tics norotate (\(numbers))")
        } else {
            lines.append("set \(name)tics autofreq norotate")
            let isDecades = axis.isLogarithmic && (range.map { $0.high / $0.low > 50 } ?? true)
            lines.append("set format \(name) \"\(isDecades ? "10^{%T}" : "%g")\"")
        }
        return lines
    }

    func plots(_ series: Series, source: String) -> [String] {
        let color = "linecolor rgb \"\(color(series.look))\""
        let marker = Self.markers[series.look.marker % Self.markers.count]
        switch series.kind {
        case .points:
            let points = "\(source) using 4:5 with points pointtype \(marker) pointsize 0.5 \(color)"
            guard series.points.contains(where: { $0.low != nil }) else { return [points] }
            // Bars as vectors: gnuplot's own error bars leave a gap around the point.
            return ["\(source) using 4:6:(0):($7-$6) with vectors nohead linewidth 0.9 \(color)", points]
        case .line: return ["\(source) using 4:5 with lines linewidth 1.3 dashtype 1 \(color)"]
        case .dashed: return ["\(source) using 4:5 with lines linewidth 1.3 dashtype 2 \(color)"]
        case .band: return ["\(source) using 4:6:7 with filledcurves \(color)"]
        case .ring: return ["\(source) using 4:5 with points pointtype 6 pointsize 1.1 linewidth 1.2 \(color)"]
        }
    }

    /// An entry of the legend: labels and arrows on the page, outside the axes.
    func legend(_ entry: LegendEntry, at place: (x: Double, y: Double)) -> [String] {
        let color = "linecolor rgb \"\(color(entry.look))\""
        let (left, right) = (x(place.x), x(place.x + Layout.sample))
        let level = y(place.y)
        var lines: [String] = []
        if let line = entry.line, line != .ring {
            let dash = line == .dashed ? 2 : 1
            lines.append(
                "set arrow from screen \(left),screen \(level) to screen \(right),screen \(level) nohead linewidth 1.3 "
                    + "dashtype \(dash) \(color)")
        }
        if entry.hasMarker {
            let isRing = entry.line == .ring
            let type = isRing ? 6 : Self.markers[entry.look.marker % Self.markers.count]
            lines.append(
                "set label \"\" at screen \(x(place.x + Layout.sample / 2)),screen \(level) point pointtype \(type) "
                    + "pointsize \(isRing ? "0.9" : "0.5") \(color)")
        }
        lines.append(
            "set label \(quoted(entry.text)) at screen \(x(place.x + Layout.sample + 0.06)),screen \(level) left noenhanced"
        )
        return lines
    }

    private func color(_ look: Look) -> String { look.color.map { Self.palette[$0 % Self.palette.count] } ?? Self.grey }
    private func number(_ value: Double) -> String { String(format: "%.6g", value) }

    /// Single quotes: nothing in them means anything to gnuplot but the quote itself, which is doubled.
    func quoted(_ text: String) -> String {
        let flat = text.map { $0.isNewline ? " " : String($0) }.joined()
        return "'" + flat.replacingOccurrences(of: "'", with: "''") + "'"
    }
}
