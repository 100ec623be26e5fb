import Tables

/// Losses of sets by name: one column of values per objective, and what was wrong with them.
struct SetLosses: Sendable, Equatable {
    struct Objective: Sendable, Equatable {
        var name: String
        /// By set.
        var values: [String: Double]
        /// Seconds per set, where they are known.
        var seconds: Double?
    }

    var objectives: [Objective] = []
    /// Sentences that name what is missing, doubled or no number; the others go on.
    var problems: [String] = []

    init(objectives: [Objective] = [], problems: [String] = []) {
        self.objectives = objectives
        self.problems = problems
    }

    /// Reads a table with a column `set` and one column per objective, or with the columns `objective` and `loss`.
    ///
    /// - Parameters:
    ///   - sets: the sets of the look-up table.
    ///   - needed: those among them that are scored: one without a loss is named.
    /// - Throws: where no column is a loss.
    init(_ table: Table, sets: [String], needed: [String]) throws {
        let names = try table.texts("set")
        let source = table.source ?? "losses"
        var columns: [(name: String, cells: [(set: String, text: String, line: Int)])] = []
        if table.has("objective") && table.has("loss") {
            let (objectives, losses) = (try table.texts("objective"), try table.texts("loss"))
            for row in names.indices {
                let at = columns.firstIndex { $0.name == objectives[row] } ?? columns.count
                if at == columns.count { columns.append((objectives[row], [])) }
                columns[at].cells.append((names[row], losses[row], table.line(ofRow: row)))
            }
        } else {
            for column in table.columns where column.name != "set" {
                let texts = try table.texts(column.name)
                // A column of words is a remark, not a loss.
                guard texts.contains(where: { Double($0) != nil }) else { continue }
                columns.append(
                    (column.name, names.indices.map { (names[$0], texts[$0], table.line(ofRow: $0)) }))
            }
        }
        guard !columns.isEmpty else {
            throw WorkflowError.badData("\(source): no column of losses: 'set' and a number column per objective")
        }
        let known = Set(sets)
        for (name, cells) in columns { read(name, cells, known: known, needed: needed, source: source) }
        var seen = known
        for stranger in names where seen.insert(stranger).inserted {
            let near = closest(to: stranger, in: sets).map { " (did you mean '\($0)'?)" } ?? ""
            problems.append("\(source): set '\(stranger)' is not in the table\(near)")
        }
    }

    private mutating func read(
        _ name: String, _ cells: [(set: String, text: String, line: Int)], known: Set<String>, needed: [String],
        source: String
    ) {
        var values: [String: Double] = [:]
        for (set, group) in Dictionary(grouping: cells, by: \.set).sorted(by: { $0.key < $1.key })
        where known.contains(set) {
            if group.count > 1 {
                let lines = group.map { String($0.line) }.joined(separator: ", ")
                problems.append(
                    "\(source): set '\(set)' stands \(group.count) times (lines \(lines)); '\(name)' leaves it out")
                continue
            }
            let text = group[0].text
            if text.isEmpty { continue }
            guard let value = Double(text), value.isFinite else {
                problems.append("\(source):\(group[0].line): '\(text)' in column '\(name)' is no finite number")
                continue
            }
            values[set] = value
        }
        let doubled = Set(Dictionary(grouping: cells, by: \.set).filter { $0.value.count > 1 }.keys)
        let missing = needed.filter { values[$0] == nil && !doubled.contains($0) }
        if !missing.isEmpty {
            let shown = missing.prefix(8).joined(separator: ", ") + (missing.count > 8 ? ", …" : "")
            problems.append("\(source): '\(name)' has no loss for \(missing.count) of the sets: \(shown)")
        }
        objectives.append(Objective(name: name, values: values))
    }

    /// The table of sets with a column per objective, NaN where a set has no loss.
    func joined(to table: Table) throws(TableError) -> Table {
        let sets = try table.texts("set")
        var joined = table
        joined.columns.removeAll { column in objectives.contains { $0.name == column.name } }
        joined.columns += objectives.map { objective in
            Column(objective.name, sets.map { objective.values[$0] ?? .nan })
        }
        return joined
    }
}
