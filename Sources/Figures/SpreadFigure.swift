import Analysis
import Tables

extension Figure {
    /// Distributions of scores (paper 1, figure 2(b)): in their own unit, and by their means, where widths compare. Scores that are
    /// all the same have no line.
    public static func spreads(_ spreads: [ScoreSpread]) -> Figure {
        func panel(_ title: String, _ label: String, by unit: (ScoreSpread) -> Double) -> Panel {
            let series = spreads.enumerated().compactMap { index, spread -> Series? in
                guard unit(spread) > 0, spread.quantiles[0] < spread.quantiles[6] else { return nil }
                return Series(
                    spread.name, kind(index), Look(color: index), points: steps(spread, unit: unit(spread)))
            }
            return Panel(title: title, x: Axis(label), y: Axis("density"), series: series)
        }
        let legend = spreads.enumerated().map { index, spread in
            LegendEntry(
                "\(spread.name) (n = \(spread.n))", Look(color: index), marker: false, line: kind(index))
        }
        let bins = Set(spreads.map(\.shares.count)).sorted().map(String.init).joined(separator: ", ")
        let widths = spreads.map { spread in
            "\(spread.name) \(spread.variation.map { significant($0, digits: 2) } ?? "undefined")"
        }
        return Figure(
            panels: [
                panel("Scores", "score", by: { _ in 1 }), panel("Free of their scale", "score / its mean", by: \.mean),
            ], legend: legend,
            notes: [
                "\(bins) bins of equal width from each distribution's least score to its greatest; the area under a line is 1.",
                "Standard deviation / mean: \(widths.joined(separator: "; ")).",
            ])
    }

    private static func kind(_ index: Int) -> Series.Kind { [.line, .dashed, .dashdot, .dotted][index % 4] }

    private static func steps(_ spread: ScoreSpread, unit: Double) -> [Series.Point] {
        let least = spread.quantiles[0]
        let width = (spread.quantiles[6] - least) / Double(spread.shares.count)
        return spread.shares.indices.flatMap { bin in
            [bin, bin + 1].map { Series.Point((least + Double($0) * width) / unit, spread.shares[bin] * unit / width) }
        }
    }
}
