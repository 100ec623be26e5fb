import Foundation

/// Where things stand on the page, in inches from its lower left corner. Computed here rather than left to gnuplot, so that
/// no label meets another and panels are equally wide.
struct Layout {
    /// The rectangle of a plot's axes.
    struct Frame: Equatable {
        var left: Double
        var right: Double
        var bottom: Double
        var top: Double
    }

    /// A panel's axes, those of its lower plot, and its title in lines.
    struct Place: Equatable {
        var upper: Frame
        var lower: Frame?
        var title: [String]
        /// The first of its row, or with other y axes than its neighbour on the left.
        var hasLabel: Bool
    }

    let width: Double
    let height: Double
    let panels: [Place]
    /// Legend entries: the sample's left end and the height of its line.
    let entries: [(x: Double, y: Double)]
    /// Lines of the notes.
    let notes: [(text: String, x: Double, y: Double)]

    /// Of a character of the text's size, and the distance of two lines.
    private static let character = 0.062
    private static let line = 0.165
    /// Of a title's lines, as gnuplot sets them.
    private static let titleLine = 0.15
    static let sample = 0.26
    /// Between a panel's two plots.
    private static let seam = 0.08

    init(_ figure: Figure) {
        let columns = max(1, min(figure.columns ?? figure.panels.count, figure.panels.count))
        let width = figure.width ?? (columns > 1 ? 6.8 : 3.4)
        let words = figure.notes.flatMap { Self.lines($0, width: width - 0.2) }
        let noted = words.isEmpty ? 0 : Double(words.count) * Self.line + 0.06
        notes = words.enumerated().map { ($1, 0.1, noted - Self.line * (Double($0) + 0.5)) }
        let legend = Self.legend(figure.legend, width: width)
        entries = legend.entries.map { ($0.x, $0.y + noted) }
        self.width = width
        (panels, height) = Self.places(figure, columns, width: width, above: noted + legend.height)
    }

    /// The panels' places, row by row, and the height of the page.
    private static func places(
        _ figure: Figure, _ columns: Int, width: Double, above level: Double
    ) -> (places: [Place], height: Double) {
        let isLabelledInside = figure.panels.indices.contains { $0 % columns > 0 && hasLabel($0, in: figure.panels) }
        let gap = figure.panels.contains { $0.lower != nil } ? 0.48 : 0.40
        let sides = sides(columns, width: width, gap: gap + (isLabelledInside ? 0.14 : 0))
        let categories = figure.panels.flatMap(\.x.categories).map(\.count).max() ?? 0
        let axis = categories > 0 ? 0.28 + 0.6 * Double(categories) * character : 0.46
        var level = level
        var places: [Place] = []
        // From the page's lower end upwards.
        for start in stride(from: 0, to: figure.panels.count, by: columns).reversed() {
            let row = Array(figure.panels[start..<min(start + columns, figure.panels.count)])
            let bottom = level + axis
            let share = row.compactMap { $0.lower?.share }.max()
            let seam = share.map { bottom + $0 * figure.plotHeight }
            let top = (seam.map { $0 + Self.seam } ?? bottom) + figure.plotHeight
            let line = zip(row, sides).enumerated().map { index, place in
                let (panel, (left, right)) = place
                let lowerTop = panel.lower == nil ? nil : seam
                return Place(
                    upper: Frame(left: left, right: right, bottom: lowerTop.map { $0 + Self.seam } ?? bottom, top: top),
                    lower: lowerTop.map { Frame(left: left, right: right, bottom: bottom, top: $0) },
                    title: lines(panel.title, width: right - left + 0.2),
                    hasLabel: index == 0 || hasLabel(start + index, in: figure.panels))
            }
            places = line + places
            let titled = line.map(\.title.count).max() ?? 0
            level = top + (titled > 0 ? 0.27 + Double(titled - 1) * titleLine : 0.10)
        }
        return (places, level)
    }

    /// Whether a panel's y axes are others than those of the panel before it.
    private static func hasLabel(_ index: Int, in panels: [Panel]) -> Bool {
        let (own, left) = (panels[index], panels[index - 1])
        guard own != .blank else { return false }
        return own.y.label != left.y.label || own.lower.map { $0.y.label != left.lower?.y.label } ?? false
    }

    /// The left and right edge of each column of panels.
    private static func sides(_ columns: Int, width: Double, gap: Double) -> [(left: Double, right: Double)] {
        let left = 0.56
        let each = (width - left - 0.14 - gap * Double(columns - 1)) / Double(columns)
        return (0..<columns).map { column in
            let start = left + Double(column) * (each + gap)
            return (start, start + each)
        }
    }

    /// Entries in columns as wide as the longest word, and the height that they take.
    private static func legend(
        _ entries: [LegendEntry], width: Double
    ) -> (entries: [(x: Double, y: Double)], height: Double) {
        if entries.isEmpty { return ([], 0) }
        let longest = entries.map(\.text.count).max() ?? 0
        let column = sample + 0.14 + Double(longest) * character
        let most = max(1, min(entries.count, Int((width - 0.2) / column)))
        let rows = (entries.count + most - 1) / most
        let columns = (entries.count + rows - 1) / rows
        let height = Double(rows) * line + 0.08
        let start = max(0.1, (width - Double(columns) * column) / 2)
        let places = entries.indices.map { index in
            (start + Double(index % columns) * column, height - line * (Double(index / columns) + 0.5))
        }
        return (places, height)
    }

    /// A text in lines that fit a width: broken between words, and within words that are too long.
    static func lines(_ text: String, width: Double) -> [String] {
        let most = max(8, Int(width / character))
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            var rest = word
            if !line.isEmpty && line.count + 1 + rest.count > most {
                lines.append(line)
                line = ""
            }
            while rest.count > most {
                lines.append(String(rest.prefix(most)))
                rest = rest.dropFirst(most)
            }
            line += (line.isEmpty ? "" : " ") + rest
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
