import Foundation

/// Where things stand on the page, in inches. Computed here rather than left to gnuplot, so that no label meets another
/// and panels are equally wide.
struct Layout {
    let width: Double
    let height: Double
    /// Left and right edge of each panel's axes.
    let panels: [(left: Double, right: Double)]
    let bottom: Double
    let top: Double
    /// Legend entries: the sample's left end and the height of its line.
    let entries: [(x: Double, y: Double)]

    /// Of a character of the text's size, and the distance of two lines.
    private static let character = 0.062
    private static let line = 0.165
    static let sample = 0.26

    init(_ figure: Figure) {
        width = figure.width ?? (figure.panels.count > 1 ? 6.8 : 3.4)
        let gap = 0.40
        let left = 0.56
        let count = Double(max(1, figure.panels.count))
        let each = (width - left - 0.14 - gap * (count - 1)) / count
        panels = figure.panels.indices.map { index in
            let start = left + Double(index) * (each + gap)
            return (start, start + each)
        }

        // The legend's columns are as wide as its longest word.
        let longest = figure.legend.map(\.text.count).max() ?? 0
        let column = Self.sample + 0.14 + Double(longest) * Self.character
        let most = max(1, min(figure.legend.count, Int((width - 0.2) / column)))
        let rows = (figure.legend.count + most - 1) / most
        let columns = rows > 0 ? (figure.legend.count + rows - 1) / rows : 1
        let legend = figure.legend.isEmpty ? 0 : Double(rows) * Self.line + 0.08
        let start = max(0.1, (width - Double(columns) * column) / 2)
        entries = figure.legend.indices.map { index in
            (start + Double(index % columns) * column, legend - Self.line * (Double(index / columns) + 0.5))
        }
        let categories = figure.panels.flatMap(\.x.categories).map(\.count).max() ?? 0
        let axis = categories > 0 ? 0.28 + 0.6 * Double(categories) * Self.character : 0.46
        bottom = legend + axis
        top = bottom + figure.plotHeight
        height = top + (figure.panels.contains { !$0.title.isEmpty } ? 0.27 : 0.10)
    }
}

/// The range of an axis: the data and a margin on both sides.
struct AxisRange: Equatable {
    let low: Double
    let high: Double

    /// - Parameter stopsAtZero: numbers that are not negative get no margin below 0.
    init?(_ values: [Double], logarithmic: Bool, margin: Double, stopsAtZero: Bool = false) {
        let usable = values.filter { $0.isFinite && (!logarithmic || $0 > 0) }
        guard let least = usable.min(), let greatest = usable.max() else { return nil }
        if logarithmic {
            let span = max(log(greatest / least), 0.7)
            low = exp(log(least) - margin * span)
            high = exp(log(greatest) + margin * span)
        } else {
            let span = greatest > least ? greatest - least : max(abs(greatest), 1)
            let down = least - margin * span
            low = stopsAtZero && least >= 0 ? max(0, down) : down
            high = greatest + margin * span
        }
    }
}
