import Analysis
import Figures
import Tables

extension RegimeComparison {
    /// Figure 1(c) of paper 1: the errors of methods from regime to softer regime, one panel per group and size.
    public func figure() -> Figure {
        let shown = cells.filter { $0.ipc != nil }
        let softening = options.order ?? Options.standardOrder
        let regimes = distinct(softening.filter(shown.map(\.regime).contains) + shown.map(\.regime))
        let methods = distinct(shown.filter { $0.role != .full }.map(\.method))
        // Random images are the measure of the others, the whole data set their end.
        let looks = Dictionary(
            uniqueKeysWithValues: methods.enumerated().map { index, method in
                let isRandom = shown.contains { $0.method == method && $0.role == .random }
                return (method, Look(color: isRandom ? nil : index, marker: index))
            })
        let telling = options.per.indices.filter { i in Set(shown.map { $0.group[i] }).count > 1 }
        let places = distinct(shown.map { [shortest($0.ipc ?? .nan)] + $0.group })
        let panels = places.map { place -> Panel in
            let here = shown.filter { [shortest($0.ipc ?? .nan)] + $0.group == place }
            let series = methods.flatMap { method -> [Series] in
                let points = regimes.enumerated().compactMap { x, regime -> Series.Point? in
                    here.first { $0.method == method && $0.regime == regime }.map { cell in
                        let bar = cell.error.deviation
                        return Series.Point(
                            Double(x), cell.error.mean, low: bar.map { cell.error.mean - $0 },
                            high: bar.map { cell.error.mean + $0 })
                    }
                }
                let look = looks[method] ?? Look(color: nil)
                return [Series(method, .line, look, points: points), Series(method, .points, look, points: points)]
            }
            let title = ["IPC \(place[0])"] + telling.map { "\(options.per[$0]) \(place[$0 + 1])" }
            return Panel(
                title: title.joined(separator: ", "), x: Axis("", categories: regimes), y: Axis("error"), series: series
            )
        }
        let legend = methods.map { LegendEntry($0, looks[$0] ?? Look(color: nil), line: .line) }
        return Figure(
            panels: panels, columns: min(3, panels.count), legend: legend,
            notes: ["Bars: one standard deviation over runs."], sharesY: true, width: 6.8)
    }
}

extension ScoreSpread {
    /// Figure 2(b) of paper 1: how scores are distributed, in units of their mean; the area under each line is one.
    public static func figure(_ spreads: [ScoreSpread]) -> Figure {
        let series = spreads.enumerated().map { index, spread -> Series in
            let least = spread.quantiles[0]
            let width = (spread.quantiles[spread.quantiles.count - 1] - least) / Double(spread.shares.count)
            let points = spread.shares.enumerated().compactMap { bin, share -> Series.Point? in
                guard spread.mean > 0, width > 0 else { return nil }
                return Series.Point((least + (Double(bin) + 0.5) * width) / spread.mean, share * spread.mean / width)
            }
            return Series(spread.name, index.isMultiple(of: 2) ? .line : .dashed, Look(color: index), points: points)
        }
        let legend = zip(spreads, series).map { spread, line in
            let cv = spread.variation.map { ", cv \(significant($0, digits: 2))" } ?? ""
            return LegendEntry("\(spread.name) (n = \(spread.n)\(cv))", line.look, marker: false, line: line.kind)
        }
        return Figure(
            panels: [Panel(title: "", x: Axis("score / mean score"), y: Axis("density"), series: series)],
            legend: legend)
    }
}
