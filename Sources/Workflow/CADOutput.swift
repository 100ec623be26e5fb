import Figures
import RunStore
import Statistics
import Tables

extension CADStudy {
    /// One row per budget: what its windows are made of, or what is missing and its price.
    public func table() -> Table {
        Table([
            Column("budget", entries.map(\.budget)), Column("match", entries.map(\.match.rawValue)),
            Column("runs", entries.map(\.runs.count)), Column("run_budget", entries.map { $0.source ?? .nan }),
            Column("checkpoints", entries.map(\.checkpoints)),
            Column("window_epochs", entries.map { $0.epochs.map(shortest).joined(separator: " ") }),
            Column("price_samples", entries.map { $0.price.map(Double.init) ?? .nan }),
            Column("note", entries.map { $0.refusal ?? "" }),
        ])
    }

    public func json() -> JSON {
        [
            "format": "assay-cad", "version": 1, "subset": .string(options.subset), "span": .integer(options.span),
            "window": .integer(options.window), "variant": .string(options.variant ?? "literal"),
            "ipc": .integer(options.ipc), "seed": .integer(options.seed),
            "budgets": .array(
                entries.map { entry in
                    [
                        "budget": .number(entry.budget), "match": .string(entry.match.rawValue),
                        "run_budget": JSON(entry.source), "checkpoints": .integer(entry.checkpoints),
                        "window_epochs": .array(entry.epochs.map(JSON.number)), "price_samples": JSON(entry.price),
                        "note": JSON(entry.refusal), "runs": JSON(entry.runs.map(\.description.id)),
                    ]
                }),
            "warnings": JSON(warnings),
        ]
    }
}

extension CADComparison {
    private static let shares = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]

    /// One row per scored entry: quantiles of its scores, and of the budget's chosen subset the smallest score and the
    /// share that ties decided.
    public func distribution() -> Table {
        let sorted = scored.map { $0.scores.sorted() }
        var columns = [
            Column("entry", scored.map(\.entry.name)), Column("match", scored.map(\.entry.match.rawValue)),
            Column("n", scored.map(\.scores.count)), Column("mean", scored.map { mean($0.scores) }),
        ]
        for share in Self.shares {
            let name = share == 0 ? "min" : share == 1 ? "max" : "q\(Int((share * 100).rounded()))"
            columns.append(Column(name, sorted.map { quantile(share, ofSorted: $0) }))
        }
        columns.append(
            Column("lowest_kept", scored.map { entry in entry.subset.rows.map { entry.scores[$0] }.min() ?? .nan }))
        columns.append(Column("tie_share", scored.map(\.subset.tieShare)))
        return Table(columns)
    }

    /// One row per pair of entries: single seeds (mean, and the range over the pairs), and the scores averaged over seeds.
    public func overlap() -> Table {
        func single(_ value: (Common) -> Double?, _ combine: ([Double]) -> Double?) -> [Double] {
            overlaps.map { combine($0.singles.compactMap(value)) ?? .nan }
        }
        return Table([
            Column("compared", overlaps.map(\.kind.rawValue)), Column("first", overlaps.map(\.first)),
            Column("second", overlaps.map(\.second)), Column("kept", overlaps.map { _ in kept }),
            Column("n", overlaps.map { _ in sampleCount }), Column("pairs", overlaps.map(\.singles.count)),
            Column("jaccard", single(\.jaccard) { mean($0) }), Column("jaccard_min", single(\.jaccard) { $0.min() }),
            Column("jaccard_max", single(\.jaccard) { $0.max() }), Column("spearman", single(\.rho) { mean($0) }),
            Column("jaccard_averaged", overlaps.map { $0.averaged?.jaccard ?? .nan }),
            Column("spearman_averaged", overlaps.map { $0.averaged?.rho ?? .nan }),
            Column("jaccard_by_chance", overlaps.map { $0.chance ?? .nan }),
        ])
    }

    /// Samples in a subset.
    private var kept: Int { scored.first?.subset.rows.count ?? 0 }

    public func json() -> JSON {
        guard case .object(var members) = study.json() else { return study.json() }
        members["n"] = .integer(sampleCount)
        members["distribution"] = .array(distribution().objects())
        members["overlap"] = .array(overlap().objects())
        return .object(members)
    }

    /// Left the cumulative distribution of each entry's scores; right how much subsets share, pair by pair, with chance
    /// beside it.
    public func figure() -> Figure {
        let curves = scored.enumerated().map { index, entry -> Series in
            let sorted = entry.scores.sorted()
            let points = (0...200).map { step in
                let share = Double(step) / 200
                return Series.Point(quantile(share, ofSorted: sorted), share)
            }
            return Series(
                entry.entry.name, entry.entry.match == .matched ? .line : .dashed, Look(color: index), points: points)
        }
        let labels = overlaps.map { overlap in
            overlap.kind == .seeds ? "\(overlap.first), seeds" : "\(overlap.first) / \(overlap.second)"
        }
        // Colours of their own, behind those of the curves.
        let (jaccard, spearman) = (Look(color: scored.count, marker: 0), Look(color: scored.count + 1, marker: 1))
        func points(_ value: (Overlap) -> [Double]) -> [Series.Point] {
            overlaps.enumerated().compactMap { index, overlap in
                let values = value(overlap)
                guard let low = values.min(), let high = values.max() else { return nil }
                return Series.Point(
                    Double(index), mean(values), low: values.count > 1 ? low : nil, high: values.count > 1 ? high : nil)
            }
        }
        let legend =
            scored.enumerated().map { index, entry in
                LegendEntry(
                    "K = \(entry.entry.name)", Look(color: index), marker: false,
                    line: entry.entry.match == .matched ? .line : .dashed)
            } + [
                LegendEntry("Jaccard", jaccard),
                LegendEntry("Spearman", spearman),
                LegendEntry("Jaccard by chance", Look(color: nil), line: .cross),
            ]
        return Figure(
            panels: [
                Panel(title: "Scores", x: Axis("CAD"), y: Axis("share of samples"), series: curves),
                Panel(
                    title: "Highest \(study.options.ipc) of each class", x: Axis("", categories: labels),
                    y: Axis("in common"),
                    series: [
                        Series("Jaccard", .points, jaccard, points: points { $0.singles.map(\.jaccard) }),
                        Series("Spearman", .points, spearman, points: points { $0.singles.compactMap(\.rho) }),
                        Series(
                            "Jaccard by chance", .cross, Look(color: nil),
                            points: points { [$0.chance].compactMap(\.self) }),
                    ]),
            ], legend: legend,
            notes: [
                "J = \(study.options.span), W = \(study.options.window), n = \(sampleCount) samples. Right: single seeds, mean and "
                    + "range over the pairs."
            ])
    }
}
