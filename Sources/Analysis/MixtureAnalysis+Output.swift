import Tables

extension MixtureAnalysis {
    private var hasErrors: Bool { predictions.contains { $0.standardError != nil } }

    /// The form `assay-mixture`, version 1.
    ///
    /// - Parameter best: so many of each n, as in `table`; nil = all.
    public func json(best: Int? = nil) -> JSON {
        let shown = predictions.filter { ($0.rank ?? 0) <= best ?? .max }
        return [
            "format": "assay-mixture", "version": 1, "n0": .exact(n0), "level": .number(level),
            "interval": .string(hasErrors ? "delta" : "none"), "shared": JSON(shared),
            "pools": .array(pools.map(Self.json)), "mixtures": .array(shown.map(Self.json)),
            "method": JSON(explanation()), "warnings": JSON(warnings),
        ]
    }

    private static func json(_ pool: Pool) -> JSON {
        [
            "name": .string(pool.name), "a": .number(pool.a), "b": .number(pool.b), "tau": .number(pool.tau),
            "d": .number(pool.d), "size": .exact(pool.size),
        ]
    }

    private static func json(_ prediction: Prediction) -> JSON {
        [
            "samples_seen": .exact(prediction.samplesSeen), "rank": JSON(prediction.rank),
            "pools": JSON(prediction.pools), "size": .exact(prediction.size), "epochs": .number(prediction.epochs),
            "y": prediction.y.isNaN ? .null : .number(prediction.y), "standard_error": JSON(prediction.standardError),
            "low": JSON(prediction.low),
            "high": JSON(prediction.high),
        ]
    }

    /// One row per mixture and number of samples seen, the lowest predicted y first.
    ///
    /// - Parameter best: rows for each number of samples seen; nil = all.
    public func table(best: Int? = nil) -> Table {
        let shown = best.map { best in
            samplesSeenInOrder.flatMap { n in predictions.filter { $0.samplesSeen == n }.prefix(max(1, best)) }
        }
        let rows = shown ?? predictions
        var columns = [
            Column("samples_seen", rows.map(\.samplesSeen)),
            Column("rank", rows.map { $0.rank.map(Double.init) ?? .nan }),
            Column("pools", rows.map { $0.pools.joined(separator: " + ") }), Column("size", rows.map(\.size)),
            Column("epochs", rows.map(\.epochs)), Column("y", rows.map(\.y)),
        ]
        if hasErrors {
            columns.append(Column("standard_error", rows.map { $0.standardError ?? .nan }))
            columns.append(Column("low", rows.map { $0.low ?? .nan }))
            columns.append(Column("high", rows.map { $0.high ?? .nan }))
        }
        return Table(columns)
    }

    private var samplesSeenInOrder: [Double] {
        var result: [Double] = []
        for prediction in predictions where result.last != prediction.samplesSeen {
            result.append(prediction.samplesSeen)
        }
        return result
    }

    /// What the numbers are, a sentence per line: for the terminal, below the table.
    public func explanation() -> [String] {
        var lines = [
            "y: predicted from the pools' own fits (Goyal et al. 2024: tau becomes p tau in a mixture of p pools, utilities are "
                + "averaged as they decay); no mixture was trained."
        ]
        if hasErrors {
            let pools =
                shared.isEmpty
                ? "pools independent"
                : "\(shared.joined(separator: " and ")) from one joint fit, pools independent otherwise"
            lines.append(
                "low, high: \(significant(level * 100)) % interval of the curve by the delta method, \(pools); errors of the "
                    + "mixing rule itself are not in it.")
        }
        return lines
    }
}
