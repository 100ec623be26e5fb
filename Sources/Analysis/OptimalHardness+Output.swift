import Tables

extension OptimalHardness {
    /// The form `assay-hardness`, version 1.
    public func json() -> JSON {
        [
            "format": "assay-hardness", "version": 1, "chosen_on": .string(options.choose),
            "reported_on": .string(options.report), "resamples": .integer(options.resamples),
            "seed": .integer(options.seed), "results": .array(results.map { json($0) }),
        ]
    }

    private func json(_ result: Result) -> JSON {
        [
            "group": .object(result.group.mapValues(JSON.string)),
            "ipc": .exact(result.ipc),
            "best": json(result.best), "best_in_hindsight": json(result.bestInHindsight),
            "optimism": .number(result.optimism), "windows": .array(result.windows.map { json($0) }),
            "warnings": JSON(result.warnings),
        ]
    }

    private func json(_ window: Window) -> JSON {
        [
            "window": .number(window.start), "n": .integer(window.n), "chosen_on": .number(window.chosenOn),
            "chosen_on_std": JSON(window.chosenOnDeviation), "reported": .number(window.reported),
            "reported_std": JSON(window.reportedDeviation), "probability_best": JSON(window.isBestProbability),
        ]
    }

    /// One row per window; `best` marks the choice.
    public func table() -> Table {
        let rows = results.flatMap { result in result.windows.map { (result, $0) } }
        var columns = options.per.map { name in Column(name, rows.map { $0.0.group[name] ?? "" }) }
        columns += [
            Column("ipc", rows.map(\.0.ipc)), Column("window", rows.map(\.1.start)), Column("n", rows.map(\.1.n)),
            Column(options.choose, rows.map(\.1.chosenOn)),
            Column(options.choose + "_std", rows.map { $0.1.chosenOnDeviation ?? .nan }),
        ]
        if options.choose != options.report {
            columns += [
                Column(options.report, rows.map(\.1.reported)),
                Column(options.report + "_std", rows.map { $0.1.reportedDeviation ?? .nan }),
            ]
        }
        columns.append(Column("probability_best", rows.map { $0.1.isBestProbability ?? .nan }))
        columns.append(Column("best", rows.map { $0.0.best == $0.1 ? "best" : "" }))
        return Table(columns)
    }

    /// The answer per group and size, a sentence each: for the terminal, below the table.
    public func explanation() -> [String] {
        var lines = ["window: where the subset starts, a fraction of each class counted from the hardest."]
        for result in results {
            let group = result.group.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let place = (group + ["\(options.ipc)=\(shortest(result.ipc))"]).joined(separator: ", ")
            let best = result.best
            let spread = best.reportedDeviation.map { " ± \(significant($0, digits: 2))" } ?? ""
            let sure =
                best.isBestProbability.map { ", best in \(significant($0 * 100, digits: 3)) % of resampled seeds" }
                ?? ", uncertainty unknown"
            lines.append(
                "\(place): window \(shortest(best.start)), chosen on \(options.choose); \(options.report) "
                    + "\(significant(best.reported, digits: 4))\(spread) (n=\(best.n))\(sure); choosing on "
                    + "\(options.report) would claim \(significant(result.optimism, digits: 2)) less.")
            lines += result.warnings.map { "warning: \(place): \($0)" }
        }
        return lines
    }
}
