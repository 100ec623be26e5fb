import Statistics
import Tables

extension DistillationLeaderboard {
    private var hasGroups: Bool { entries.contains { !$0.group.isEmpty } }
    private var hasErrors: Bool { Set(entries.map(\.error)).count > 1 }

    /// The fixed form `assay-dcs`, version 1; with several groups or errors each objective says its own.
    public func json() -> JSON {
        var members = entries.first?.result.head ?? [:]
        members["error"] = .string(entries.map(\.error).distinct().joined(separator: ","))
        members["tried"] = JSON(tried)
        members["objectives"] = .array(
            entries.flatMap { entry in entry.result.objectives.map { json($0, of: entry) } })
        if hasGroups || hasErrors {
            members["groups"] = .array(
                entries.map { entry in
                    [
                        "group": entry.groupJSON, "against": .string(entry.error),
                        "objectives": .array(entry.result.objectives.map { json($0, of: entry) }),
                    ]
                })
        }
        members["differences"] = .array(
            entries.flatMap { entry in entry.differences.map { json($0, of: entry) } })
        members["repeats"] = .array(
            repeats.map { check in
                [
                    "set": .string(check.set), "of": .string(check.of), "objective": .string(check.objective),
                    "loss": .number(check.loss), "loss_of_original": .number(check.lossOfOriginal),
                ]
            })
        return .object(members)
    }

    private func json(_ objective: DistillationCorrelation.Objective, of entry: Entry) -> JSON {
        var members = entry.result.json(objective).members ?? [:]
        members["group"] = entry.groupJSON
        members["p_tried"] = JSON(pTried(objective))
        members["seconds_per_set"] = JSON(seconds[objective.objective])
        return .object(members)
    }

    private func json(_ difference: DistillationCorrelation.Difference, of entry: Entry) -> JSON {
        [
            "group": entry.groupJSON, "error": .string(entry.error), "first": .string(difference.first),
            "second": .string(difference.second), "m": .integer(difference.m), "difference": JSON(difference.value),
            "low": JSON(difference.interval?.low), "high": JSON(difference.interval?.high),
            "p_value": JSON(difference.pValue), "p_holm": JSON(difference.pHolm),
        ]
    }

    /// A row per objective, the best first within its group and error.
    public func table() -> Table {
        var tables = [Table]()
        for entry in entries {
            let sorted = entry.result.objectives.enumerated().sorted {
                let (a, b) = ($0.element.rho ?? -2, $1.element.rho ?? -2)
                return a == b ? $0.offset < $1.offset : a > b
            }.map(\.element)
            var table = entry.result.table(sorted)
            if tried != nil { table.columns.append(Column("p_tried", sorted.map { pTried($0) ?? .nan })) }
            if !seconds.isEmpty {
                table.columns.append(Column("seconds_per_set", sorted.map { seconds[$0.objective] ?? .nan }))
            }
            if hasErrors || hasGroups {
                table.columns.insert(Column("against", sorted.map { _ in entry.error }), at: 0)
            }
            if hasGroups {
                let keys = entry.group.map { key in Column(key.column, sorted.map { _ in key.value }) }
                table.columns.insert(contentsOf: keys, at: 0)
            }
            tables.append(table)
        }
        return Self.joined(tables)
    }

    /// A row per pair.
    public func differenceTable() -> Table {
        let rows = entries.flatMap { entry in entry.differences.map { (entry, $0) } }
        let columns = entries.first?.group.map(\.column) ?? []
        return Table(
            columns.enumerated().map { at, name in Column(name, rows.map { $0.0.group[at].value }) } + [
                Column("against", rows.map(\.0.error)), Column("first", rows.map(\.1.first)),
                Column("second", rows.map(\.1.second)), Column("m", rows.map(\.1.m)),
                Column("difference", rows.map { $0.1.value ?? .nan }),
                Column("low", rows.map { $0.1.interval?.low ?? .nan }),
                Column("high", rows.map { $0.1.interval?.high ?? .nan }),
                Column("p_value", rows.map { $0.1.pValue ?? .nan }),
                Column("p_holm", rows.map { $0.1.pHolm ?? .nan }),
            ])
    }

    /// A row per repeated set and objective.
    public func repeatTable() -> Table {
        Table([
            Column("set", repeats.map(\.set)), Column("of", repeats.map(\.of)),
            Column("objective", repeats.map(\.objective)), Column("loss", repeats.map(\.loss)),
            Column("loss_of_original", repeats.map(\.lossOfOriginal)),
        ])
    }

    /// What the numbers are, a sentence per line.
    public func explanation() -> [String] {
        guard entries.count > 1 else { return (entries.first?.result.explanation() ?? []) + remarks() }
        var lines = [String]()
        let isWarning = { (line: String) in line.hasPrefix("warning: ") }
        for entry in entries {
            let place = [entry.title, hasErrors ? "against \(entry.error)" : ""].filter { !$0.isEmpty }
            let said = entry.result.explanation().filter { !$0.hasPrefix("p_family") }
            for line in said where !isWarning(line) && !lines.contains(line) && !entry.result.details().contains(line) {
                lines.append(line)
            }
            for line in entry.result.details() { lines.append("\(place.joined(separator: " ")): \(line)") }
            for line in said where isWarning(line) {
                lines.append("warning: \(place.joined(separator: " ")): \(line.dropFirst("warning: ".count))")
            }
        }
        let all = entries.flatMap(\.result.objectives)
        if let method = all.first(where: { $0.pFamily != nil })?.pFamilyMethod {
            lines.append("p_family: \(method), over all \(all.count) tests of the table.")
        }
        return lines.filter { !isWarning($0) } + remarks() + lines.filter(isWarning)
    }

    private func remarks() -> [String] {
        var lines = [String]()
        for entry in entries {
            for d in entry.differences {
                guard let value = d.value else { continue }
                let ends = d.interval.map { " [\(significant($0.low, digits: 2)), \(significant($0.high, digits: 2))]" }
                let place = entries.count > 1 ? "\(entry.title) against \(entry.error): " : ""
                lines.append(
                    "\(place)rho of \(d.first) minus \(d.second): \(significant(value, digits: 2))\(ends ?? ""), p "
                        + "\(significant(d.pHolm ?? .nan, digits: 2)) (paired bootstrap, percentiles; Holm over the pairs), m = \(d.m)."
                )
            }
        }
        if let tried {
            lines.append(
                "\(tried) different loss\(tried == 1 ? " was" : "es were") evaluated on this table so far; p_tried multiplies "
                    + "p_value by them."
            )
        }
        for check in repeats {
            let verdict =
                check.loss == check.lossOfOriginal
                ? "does not see it" : check.loss > check.lossOfOriginal ? "rises" : "falls"
            lines.append(
                "\(check.set) repeats \(check.of): \(check.objective) \(verdict) "
                    + "(\(significant(check.lossOfOriginal)) → \(significant(check.loss))); no point of rho.")
        }
        return lines
    }

    /// Tables of the same columns, one below the other.
    private static func joined(_ tables: [Table]) -> Table {
        guard var first = tables.first else { return Table([]) }
        for table in tables.dropFirst() {
            for (at, column) in table.columns.enumerated() {
                switch (first.columns[at].values, column.values) {
                case (.texts(let a), .texts(let b)): first.columns[at].values = .texts(a + b)
                case (.integers(let a), .integers(let b)): first.columns[at].values = .integers(a + b)
                case (.numbers(let a), .numbers(let b)): first.columns[at].values = .numbers(a + b)
                default: preconditionFailure("one builder makes all tables of a leaderboard")
                }
            }
        }
        return first
    }
}

extension DistillationLeaderboard.Entry {
    var groupJSON: JSON {
        .object(Dictionary(group.map { ($0.column, .string($0.value)) }, uniquingKeysWith: { a, _ in a }))
    }
}
