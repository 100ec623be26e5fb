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
            "optimism": .number(result.optimism), "interpolation": json(result.interpolation),
            "savings": .array(result.savings.map { json($0) }), "windows": .array(result.windows.map { json($0) }),
            "warnings": JSON(result.warnings),
        ]
    }

    private func json(_ interpolation: Interpolation?) -> JSON {
        guard let interpolation else { return .null }
        return [
            "position": .number(interpolation.position), "low": JSON(interpolation.low),
            "high": JSON(interpolation.high),
            "error": .number(interpolation.error), "p_flat": JSON(interpolation.pFlat),
            "p_fit": JSON(interpolation.pFit),
            "verdict": .string(interpolation.verdict.rawValue),
        ]
    }

    private func json(_ saving: Saving) -> JSON {
        [
            "subset": .string(saving.subset), "n": .integer(saving.n), "windows": .integer(saving.windows),
            "search_samples_seen": .number(saving.search), "training_samples_seen": .number(saving.training),
            "scoring_samples_seen": JSON(saving.scoring), "saved_samples_seen": .number(saving.saved),
            "reported": .number(saving.reported), "reported_std": JSON(saving.deviation),
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
                "\(place): window \(significant(best.start, digits: 3)), chosen on \(options.choose); \(options.report) "
                    + "\(significant(best.reported, digits: 4))\(spread) (n=\(best.n))\(sure); choosing on "
                    + "\(options.report) would claim \(significant(result.optimism, digits: 2)) less.")
            if let interpolation = result.interpolation { lines.append("\(place): \(sentence(interpolation)).") }
            lines += result.savings.map { "\(place): \(sentence($0, beside: best))." }
            lines += result.warnings.map { "warning: \(place): \($0)" }
        }
        return lines
    }

    private func sentence(_ interpolation: Interpolation) -> String {
        let interval =
            interpolation.low.flatMap { low in
                interpolation.high.map { " [\(significant(low, digits: 3)), \(significant($0, digits: 3))]" }
            } ?? ""
        let flat =
            interpolation.pFlat.map { ", p of equal errors \(significant($0, digits: 2))" } ?? ", one run per window"
        let fit = interpolation.pFit.map { ", of the parabola \(significant($0, digits: 2))" } ?? ""
        return "interpolated optimum at \(significant(interpolation.position, digits: 3))\(interval): "
            + "\(interpolation.verdict.rawValue)\(interpolation.isMisfit ? ", a parabola does not fit" : "")\(flat)\(fit)"
    }

    private func sentence(_ saving: Saving, beside best: Window) -> String {
        func spread(_ deviation: Double?) -> String { deviation.map { " ± \(significant($0, digits: 2))" } ?? "" }
        let scoring =
            saving.scoring.map { " and \(shortest($0)) of the run that scores" }
            ?? " (the run that scores is not in the table)"
        let share = significant(100 * saving.saved / saving.search, digits: 3)
        let worse = MeanContrast(
            MeasuredMean(mean: saving.reported, deviation: saving.deviation, n: saving.n),
            MeasuredMean(mean: best.reported, deviation: best.reportedDeviation, n: best.n), margin: 0.01, level: 0.95)
        let interval =
            worse.low.flatMap { low in
                worse.high.map { " [\(significant(low, digits: 2)), \(significant($0, digits: 2))]" }
            } ?? ""
        return "\(saving.subset) saves \(shortest(saving.saved)) samples seen (\(share) % of the search): "
            + "\(saving.windows) windows need \(shortest(saving.search)), it needs \(shortest(saving.training))\(scoring); "
            + "\(options.report) \(significant(saving.reported, digits: 4))\(spread(saving.deviation)) (n=\(saving.n)), "
            + "best window \(significant(best.reported, digits: 4))\(spread(best.reportedDeviation)) (n=\(best.n)): "
            + "\(significant(abs(worse.difference), digits: 2)) \(worse.difference < 0 ? "lower" : "higher")\(interval)"
    }
}
