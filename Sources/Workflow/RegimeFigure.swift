import Analysis
import Figures
import Statistics
import Tables

extension Figure {
    /// Errors of all methods as labels soften (paper 1, figure 1(c)): one panel per group and size, one line per method, random
    /// images dark, the whole data set dashed; bars are t-intervals of the mean where deviations are known.
    public static func regimes(_ comparison: RegimeComparison) -> Figure {
        let options = comparison.options
        let regimes = distinct(comparison.cells.map(\.regime)).sorted {
            (options.order.firstIndex(of: $0) ?? .max, $0) < (options.order.firstIndex(of: $1) ?? .max, $1)
        }
        let methods = distinct(comparison.cells.filter { $0.role == .method }.map(\.method))
        func look(_ cell: RegimeComparison.Cell) -> Look {
            let index = methods.firstIndex(of: cell.method)
            return Look(color: cell.role == .method ? index : nil, marker: index ?? methods.count)
        }
        func series(_ cells: [RegimeComparison.Cell], shift: Double) -> [Series] {
            guard let first = cells.first else { return [] }
            let points = regimes.indices.flatMap { x in
                cells.filter { $0.regime == regimes[x] }.map { point($0.error, at: Double(x) + shift, options.level) }
            }
            if first.role == .full { return [Series(first.method, .dashed, Look(color: nil), points: points)] }
            let kind = first.role == .random ? Series.Kind.thick : .line
            return [Series(first.method, kind, look(first), points: points)]
                + [Series(first.method, .points, look(first), points: points)]
        }
        let places = distinct(comparison.cells.filter { $0.role != .full }.map { Place(group: $0.group, ipc: $0.ipc) })
        let panels = places.sorted().map { place in
            let here = comparison.cells.filter {
                $0.group == place.group && ($0.ipc == place.ipc || $0.role == .full && $0.ipc == nil)
            }
            let names = distinct(here.map(\.method))
            return Panel(
                title: place.title(comparison), x: Axis("labels", categories: regimes), y: Axis("test error"),
                series: names.enumerated().flatMap { index, name in
                    series(
                        here.filter { $0.method == name },
                        shift: 0.24 * (Double(index) / Double(max(1, names.count - 1)) - 0.5))
                })
        }
        var entries: [LegendEntry] = []
        for name in distinct(comparison.cells.map(\.method)) {
            guard let cell = comparison.cells.first(where: { $0.method == name }) else { continue }
            entries.append(
                LegendEntry(
                    name, look(cell), marker: cell.role != .full,
                    line: cell.role == .full ? .dashed : cell.role == .random ? .thick : .line))
        }
        return Figure(
            panels: panels, columns: min(3, max(1, panels.count)), legend: entries,
            notes: notes(comparison, from: regimes.first, to: regimes.last), sharesY: true)
    }

    private static func point(_ error: MeasuredMean, at x: Double, _ level: Double) -> Series.Point {
        guard let deviation = error.deviation, error.n > 1 else { return Series.Point(x, error.mean) }
        let half =
            tQuantile((1 + level) / 2, degrees: Double(error.n - 1)) * deviation / Double(error.n).squareRoot()
        return Series.Point(x, error.mean, low: error.mean - half, high: error.mean + half)
    }

    private static func notes(_ comparison: RegimeComparison, from first: String?, to last: String?) -> [String] {
        let level = shortest(comparison.options.level * 100)
        let sizes = Set(comparison.cells.filter { $0.error.deviation != nil }.map(\.error.n)).sorted()
        var lines: [String] = []
        if !sizes.isEmpty {
            lines.append(
                "Bars: \(level) % t-intervals of the mean, n = \(sizes.map(String.init).joined(separator: ", ")) runs.")
        }
        for change in comparison.changes where change.from == first && change.to == last {
            guard let ratio = change.ratio else { continue }
            let bounds = zip([ratio.low].compactMap(\.self), [ratio.high].compactMap(\.self)).map {
                " [\(significant($0, digits: 2)), \(significant($1, digits: 2))]"
            }
            lines.append(
                "\(Place(group: change.group, ipc: change.ipc).title(comparison)): spread of methods from \(change.from) to "
                    + "\(change.to) × \(significant(ratio.ratio, digits: 2))\(bounds.first ?? "") (\(change.methods) methods)."
            )
        }
        return lines
    }

    private static func distinct<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}

/// What one panel shows.
private struct Place: Hashable, Comparable {
    let group: [String]
    let ipc: Double?

    static func < (a: Place, b: Place) -> Bool {
        a.group == b.group
            ? (a.ipc ?? .infinity) < (b.ipc ?? .infinity) : a.group.lexicographicallyPrecedes(b.group)
    }

    /// `CIFAR-100, IPC 50`: what is the same everywhere is left out.
    func title(_ comparison: RegimeComparison) -> String {
        let telling = group.indices.filter { index in Set(comparison.cells.map { $0.group[index] }).count > 1 }
        return (telling.map { group[$0] } + (ipc.map { ["IPC \(shortest($0))"] } ?? [])).joined(separator: ", ")
    }
}
