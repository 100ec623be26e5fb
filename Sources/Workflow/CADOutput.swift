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

    /// One row per pair.
    public func overlap() -> Table {
        Table([
            Column("compared", overlaps.map(\.kind.rawValue)), Column("first", overlaps.map(\.first)),
            Column("second", overlaps.map(\.second)), Column("pairs", overlaps.map(\.pairs)),
            Column("kept", overlaps.map(\.subsets.first)), Column("n", overlaps.map(\.subsets.population)),
            Column("jaccard", overlaps.map { $0.jaccard ?? .nan }),
            Column("jaccard_by_chance", overlaps.map { $0.subsets.expectedJaccard ?? .nan }),
            Column("spearman", overlaps.map { $0.rho ?? .nan }),
        ])
    }

    public func json() -> JSON {
        [
            "format": "assay-cad", "version": 1, "subset": .string(study.options.subset),
            "span": .integer(study.options.span), "window": .integer(study.options.window),
            "variant": .string(study.options.variant ?? "literal"), "ipc": .integer(study.options.ipc),
            "seed": .integer(study.options.seed), "n": .integer(sampleCount),
            "budgets": .array(
                study.entries.map { entry in
                    [
                        "budget": .number(entry.budget), "match": .string(entry.match.rawValue),
                        "run_budget": JSON(entry.source), "checkpoints": .integer(entry.checkpoints),
                        "window_epochs": .array(entry.epochs.map(JSON.number)), "price_samples": JSON(entry.price),
                        "note": JSON(entry.refusal), "runs": JSON(entry.runs.map(\.description.id)),
                    ]
                }),
            "distribution": .array(distribution().objects()), "overlap": .array(overlap().objects()),
            "warnings": JSON(study.warnings),
        ]
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
        func series(_ name: String, _ kind: Series.Kind, _ look: Look, _ value: (Overlap) -> Double?) -> Series {
            Series(
                name, kind, look,
                points: overlaps.enumerated().compactMap { index, overlap in
                    value(overlap).map { Series.Point(Double(index), $0) }
                })
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
                        series("Jaccard", .points, jaccard) { $0.jaccard },
                        series("Spearman", .points, spearman) { $0.rho },
                        series("Jaccard by chance", .cross, Look(color: nil)) { $0.subsets.expectedJaccard },
                    ]),
            ], legend: legend,
            notes: ["J = \(study.options.span), W = \(study.options.window), n = \(sampleCount) samples."])
    }
}
