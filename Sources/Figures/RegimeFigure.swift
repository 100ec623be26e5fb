import Analysis
import Tables

extension Figure {
    /// Errors of all methods as labels soften (paper 1, figure 1(c)): one panel per group and size, one line per method, random
    /// images dark, the whole data set dashed; bars are t-intervals of the mean where deviations are known.
    public static func regimes(_ comparison: RegimeComparison) -> Figure {
        let drawing = RegimeDrawing(comparison)
        return Figure(
            panels: drawing.places.map(drawing.panel), columns: min(3, max(1, drawing.places.count)),
            legend: drawing.legend, notes: drawing.notes, sharesY: true)
    }
}

private struct RegimeDrawing {
    typealias Cell = RegimeComparison.Cell

    /// What one panel shows.
    struct Place: Hashable, Comparable {
        let group: [String]
        let ipc: Double?

        static func < (a: Place, b: Place) -> Bool {
            a.group == b.group
                ? (a.ipc ?? .infinity) < (b.ipc ?? .infinity) : a.group.lexicographicallyPrecedes(b.group)
        }
    }

    let comparison: RegimeComparison
    /// Harder labels first.
    let regimes: [String]
    let methods: [String]
    let places: [Place]
    /// Colours of the palette: past it they come again, with other markers and lines.
    private static let colors = 8

    init(_ comparison: RegimeComparison) {
        self.comparison = comparison
        let cells = comparison.cells
        regimes = RegimeComparison.ordered(cells.map(\.regime).distinct(), comparison.options)
        methods = cells.filter { $0.role == .method }.map(\.method).distinct()
        places = Set(cells.filter { $0.role != .full }.map { Place(group: $0.group, ipc: $0.ipc) }).sorted()
    }

    func panel(_ place: Place) -> Panel {
        let here = comparison.cells.filter { $0.group == place.group }
        let others = here.filter { $0.role != .full && $0.ipc == place.ipc }
        // As in the comparison: the one of a regime stands for all sizes, whatever size it states.
        let whole = regimes.flatMap { regime in
            let known = here.filter { $0.role == .full && $0.regime == regime }
            return known.count == 1 ? known : known.filter { $0.ipc == place.ipc || $0.ipc == nil }
        }
        let names = others.map(\.method).distinct()
        var series = whole.map(\.method).distinct().flatMap { name in
            self.series(whole.filter { $0.method == name }, shift: 0)
        }
        for (index, name) in names.enumerated() {
            // Side by side, so that bars stay apart.
            let shift = 0.24 * (Double(index) / Double(max(1, names.count - 1)) - 0.5)
            series += self.series(others.filter { $0.method == name }, shift: shift)
        }
        return Panel(
            title: title(place.group, place.ipc), x: Axis("labels", categories: regimes), y: Axis("test error"),
            series: series)
    }

    private func series(_ cells: [Cell], shift: Double) -> [Series] {
        guard let first = cells.first else { return [] }
        let points = regimes.indices.flatMap { x in
            cells.filter { $0.regime == regimes[x] }.map { point($0.error, at: Double(x) + shift) }
        }
        let lines = Series(first.method, line(first), look(first), points: points)
        return first.role == .full ? [lines] : [lines, Series(first.method, .points, look(first), points: points)]
    }

    private func point(_ error: MeasuredMean, at x: Double) -> Series.Point {
        let interval = error.interval(level: comparison.options.level)
        return Series.Point(x, error.mean, low: interval?.low, high: interval?.high)
    }

    private func look(_ cell: Cell) -> Look {
        guard cell.role == .method, let index = methods.firstIndex(of: cell.method) else {
            return Look(color: nil, marker: methods.count)
        }
        return Look(color: index, marker: index + index / Self.colors)
    }

    private func line(_ cell: Cell) -> Series.Kind {
        switch cell.role {
        case .full: .dashed
        case .random: .thick
        case .method: ((look(cell).color ?? 0) / Self.colors).isMultiple(of: 2) ? .line : .dashdot
        }
    }

    var legend: [LegendEntry] {
        comparison.cells.map(\.method).distinct().compactMap { name in
            comparison.cells.first { $0.method == name }.map { cell in
                LegendEntry(name, look(cell), marker: cell.role != .full, line: line(cell))
            }
        }
    }

    var notes: [String] {
        let sizes = Set(comparison.cells.filter { $0.error.deviation != nil }.map(\.error.n)).sorted()
        var lines: [String] = []
        if !sizes.isEmpty {
            let level = shortest(comparison.options.level * 100)
            let n = sizes.map(String.init).joined(separator: ", ")
            lines.append("Bars: \(level) % t-intervals of the mean, n = \(n) runs.")
        }
        lines += comparison.notes.filter { $0.contains("is assumed") }.map {
            $0.prefix(1).uppercased() + $0.dropFirst() + "."
        }
        for change in comparison.changes where change.from == regimes.first && change.to == regimes.last {
            guard let ratio = change.ratio else { continue }
            let bounds = [ratio.low, ratio.high].compactMap { $0.map { significant($0, digits: 2) } }
            let interval = bounds.count == 2 ? " [\(bounds.joined(separator: ", "))]" : ""
            lines.append(
                "\(title(change.group, change.ipc)): spread of methods from \(change.from) to \(change.to) × "
                    + "\(significant(ratio.ratio, digits: 2))\(interval) (\(change.methods) methods).")
        }
        return lines
    }

    /// `CIFAR-100, IPC 50`: what is the same everywhere is left out.
    private func title(_ group: [String], _ ipc: Double?) -> String {
        let telling = group.indices.filter { index in Set(comparison.cells.map { $0.group[index] }).count > 1 }
        return (telling.map { group[$0] } + (ipc.map { ["IPC \(shortest($0))"] } ?? [])).joined(separator: ", ")
    }
}
