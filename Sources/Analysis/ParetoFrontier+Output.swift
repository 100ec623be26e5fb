import Tables

extension ParetoFrontier {
    /// The fixed form `assay-pareto`, version 1.
    public func json() -> JSON {
        var options: [String: JSON] = [
            "minimize": JSON(self.options.minimize), "maximize": JSON(self.options.maximize),
            "epsilon": .number(self.options.epsilon), "envelope_chosen_on": .string(envelopeChosenOn),
        ]
        switch self.options.noise {
        case .standardDeviation(let name): options["noise"] = .string("normal, standard error in \(name)")
        case .seeds(let name): options["noise"] = .string(noise(ofSeeds: name))
        case nil: options["noise"] = .null
        }
        if self.options.noise != nil {
            options["draws"] = .integer(self.options.draws)
            options["seed"] = .integer(self.options.seed)
        }
        options["format"] = "assay-pareto"
        options["version"] = 1
        options["frontiers"] = .array(
            frontiers.map { frontier in
                [
                    "group": .object(frontier.group.mapValues(JSON.string)), "n": .integer(frontier.n),
                    "rows": .array(frontier.rows.map(JSON.integer)), "points": .array(frontier.points.map { json($0) }),
                    "contenders": .array(frontier.contenders.map { json($0) }),
                    "envelope": .array(frontier.envelope.map { json($0) }),
                    "pooled_standard_deviation": JSON(frontier.pooledDeviation),
                ]
            })
        return .object(options)
    }

    /// Groups with few replicates have pooled normal noise, the others resample theirs.
    private func noise(ofSeeds name: String) -> String {
        let pooled = "normal, standard deviation over \(name) pooled over points"
        let count = frontiers.count { $0.pooledDeviation != nil }
        if count == 0 { return "resampled \(name)" }
        return count == frontiers.count
            ? pooled : "\(pooled) in groups with a pooled_standard_deviation, resampled \(name) in the others"
    }

    private func json(_ point: Point) -> JSON {
        var members = point.labels.mapValues(JSON.string)
        for (name, value) in zip(options.objectives, point.values) {
            members[name] = .exact(value)
        }
        members["rows"] = .array(point.rows.map(JSON.integer))
        if options.noise != nil {
            members["membership"] = JSON(point.membership)
            members["standard_error"] = JSON(point.standardError)
            members["n"] = .integer(point.rows.count)
        }
        return .object(members)
    }

    /// One row per point on a frontier, near one or on an envelope; `set` says which: `frontier`, `contender`,
    /// `envelope`, or `frontier+envelope`.
    public func table() -> Table {
        var rows = [(group: [String: String], point: Point, set: String)]()
        for frontier in frontiers {
            let best = Set(frontier.envelope.map(\.rows))
            let on = Set(frontier.points.map(\.rows))
            rows += frontier.points.map {
                (frontier.group, $0, best.contains($0.rows) ? "frontier+envelope" : "frontier")
            }
            rows += frontier.contenders.map {
                (frontier.group, $0, best.contains($0.rows) ? "contender+envelope" : "contender")
            }
            let near = Set(frontier.contenders.map(\.rows))
            rows += frontier.envelope.filter { !on.contains($0.rows) && !near.contains($0.rows) }
                .map { (frontier.group, $0, "envelope") }
        }
        var columns = options.per.map { name in Column(name, rows.map { $0.group[name] ?? "" }) }
        let labels = Set(rows.flatMap { $0.point.labels.keys }).sorted()
        for name in labels { columns.append(Column(name, rows.map { $0.point.labels[name] ?? "" })) }
        for (i, name) in options.objectives.enumerated() {
            columns.append(Column(name, rows.map(\.point.values[i])))
        }
        if options.noise != nil {
            columns.append(Column("standard_error", rows.map { $0.point.standardError ?? .nan }))
            if case .seeds = options.noise { columns.append(Column("n", rows.map(\.point.rows.count))) }
            columns.append(Column("membership", rows.map { $0.point.membership ?? .nan }))
        }
        columns.append(Column("set", rows.map(\.set)))
        columns.append(Column("rows", rows.map { $0.point.rows.map(String.init).joined(separator: " ") }))
        return Table(columns)
    }

    /// What the numbers are, a sentence per line: for the terminal, below the table.
    public func explanation() -> [String] {
        let better = (options.minimize.map { "less \($0)" } + options.maximize.map { "more \($0)" })
        var lines = ["frontier: no other point is at least as good in all of \(better.joined(separator: ", "))."]
        if options.epsilon > 0 {
            lines.append("Differences up to \(shortest(options.epsilon)) do not count as better.")
        }
        if options.objectives.count == 2 {
            lines.append("envelope: the best point per \(options.objectives[0]), chosen on \(envelopeChosenOn).")
        }
        let counts = frontiers.map { String($0.n) }.joined(separator: ", ")
        lines.append("Points compared per group: \(counts).")
        if frontiers.contains(where: { $0.n == 1 }) {
            lines.append("warning: a group has one point, which is its frontier whatever its values are.")
        }
        let noisy = options.objectives[options.objectives.count - 1]
        switch options.noise {
        case .standardDeviation(let name):
            lines.append(
                "membership: share of \(options.draws) draws of normal noise of \(noisy), standard error from \(name).")
        case .seeds(let name):
            let pooled = frontiers.compactMap(\.pooledDeviation)
            lines.append(
                pooled.isEmpty
                    ? "membership: share of \(options.draws) resamples of \(name) of \(noisy); values are means."
                    : "membership: share of \(options.draws) draws of normal noise of \(noisy), standard deviation pooled over "
                        + "the points (\(pooled.map { significant($0, digits: 2) }.joined(separator: ", "))), because a point "
                        + "has fewer than five of \(name); values are means.")
        case nil: lines.append("No noise was given: how sure each point's place is, is unknown.")
        }
        return lines
    }
}
