import Tables

/// Losses of sets: one column of values per objective, and what was wrong with them.
struct SetLosses: Sendable, Equatable {
    /// A name may stand for other images under another condition: other seeds, other data.
    struct Key: Hashable, Comparable {
        var set: String
        /// The digest of the images in the look-up table; empty where it has none.
        var images: String

        static func < (a: Key, b: Key) -> Bool { (a.set, a.images) < (b.set, b.images) }

        static func all(of table: Table) throws(TableError) -> [Key] {
            let images =
                table.has("images") ? try table.texts("images") : [String](repeating: "", count: table.rowCount)
            return zip(try table.texts("set"), images).map { Key(set: $0, images: $1) }
        }
    }

    struct Objective: Sendable, Equatable {
        var name: String
        var values: [Key: Double]
        /// Seconds per set, where they are known.
        var seconds: Double?
    }

    var objectives: [Objective] = []
    /// Sentences that name what is missing, doubled or no number; the others go on.
    var problems: [String] = []
    /// What a reader must know of values that are there.
    var notes: [String] = []

    init(objectives: [Objective] = [], problems: [String] = []) {
        self.objectives = objectives
        self.problems = problems
    }

    /// Reads a table with a column `set` and one column per objective, or with the columns `objective` and `loss`; a column
    /// `images` tells sets of one name apart.
    ///
    /// - Parameters:
    ///   - known: the sets of the look-up table.
    ///   - needed: those among them that are scored: one without a loss is named.
    ///   - asked: the objectives that are asked; nil: all.
    /// - Throws: where no column is a loss, and where one that is asked is not there.
    init(_ table: Table, known: [Key], needed: [Key], asked: [String]? = nil) throws {
        let (keys, source) = (try Key.all(of: table), table.source ?? "losses")
        var columns: [(name: String, cells: [Cell])] = []
        if table.has("objective") && table.has("loss") {
            let (objectives, losses) = (try table.texts("objective"), try table.texts("loss"))
            for row in keys.indices {
                let at = columns.firstIndex { $0.name == objectives[row] } ?? columns.count
                if at == columns.count { columns.append((objectives[row], [])) }
                columns[at].cells.append(Cell(key: keys[row], text: losses[row], line: table.line(ofRow: row)))
            }
        } else {
            for column in table.columns where column.name != "set" && column.name != "images" {
                let texts = try table.texts(column.name)
                // A column of words is a remark, not a loss.
                guard texts.contains(where: { decimal($0) != nil }) else { continue }
                columns.append(
                    (
                        column.name,
                        keys.indices.map { .init(key: keys[$0], text: texts[$0], line: table.line(ofRow: $0)) }
                    )
                )
            }
        }
        guard !columns.isEmpty else {
            throw WorkflowError.badData("\(source): no column of losses: 'set' and a number column per objective")
        }
        let names = columns.map(\.name)
        if let stranger = asked?.first(where: { !names.contains($0) }) {
            throw TableError(.unknownColumn(known: names), source: source, name: stranger)
        }
        for (name, cells) in columns where asked?.contains(name) ?? true {
            read(name, cells, known: known, needed: needed, source: source)
        }
        let sets = Set(known.map(\.set))
        var seen = Set(known.flatMap { [$0, Key(set: $0.set, images: "")] })
        for stranger in keys where seen.insert(stranger).inserted {
            let close = sets.contains(stranger.set) ? nil : closest(to: stranger.set, in: sets.sorted())
            let near = close.map { " (did you mean '\($0)'?)" } ?? ""
            let images = stranger.images.isEmpty ? "" : " of images \(stranger.images)"
            problems.append("\(source): set '\(stranger.set)'\(images) is not in the table\(near)")
        }
        let several = Dictionary(grouping: Set(needed), by: \.set).filter { $0.value.count > 1 }.keys.sorted()
        if !several.isEmpty, !table.has("images") {
            notes.append(
                "\(source): one loss stands for different images under one name (other seeds, or other data under another "
                    + "condition): \(listed(several)); the table's column 'images' tells them apart")
        }
    }

    private struct Cell {
        var key: Key
        var text: String
        var line: Int
    }

    private mutating func read(_ name: String, _ cells: [Cell], known: [Key], needed: [Key], source: String) {
        var stated: [Key: Double] = [:]
        var doubled: Set<Key> = []
        let names = Set(known.map(\.set))
        for (key, group) in Dictionary(grouping: cells, by: \.key).sorted(by: { $0.key < $1.key })
        where names.contains(key.set) {
            if group.count > 1 {
                let lines = group.map { String($0.line) }.joined(separator: ", ")
                problems.append(
                    "\(source): set '\(key.set)' stands \(group.count) times (lines \(lines)); '\(name)' leaves it out")
                doubled.insert(key)
                continue
            }
            if group[0].text.isEmpty { continue }
            guard let value = decimal(group[0].text) else {
                problems.append(
                    "\(source):\(group[0].line): '\(group[0].text)' in column '\(name)' is no finite number")
                continue
            }
            stated[key] = value
        }
        var values: [Key: Double] = [:]
        for key in known { values[key] = stated[key] ?? stated[Key(set: key.set, images: "")] }
        let missing = needed.filter {
            values[$0] == nil && !doubled.contains($0) && !doubled.contains(Key(set: $0.set, images: ""))
        }
        if !missing.isEmpty {
            let sets = missing.map(\.set).distinct()
            problems.append("\(source): '\(name)' has no loss for \(sets.count) of the sets: \(listed(sets))")
        }
        objectives.append(Objective(name: name, values: values))
    }

    /// The table of sets with a column per objective, NaN where a set has no loss.
    func joined(to table: Table) throws(TableError) -> Table {
        let keys = try Key.all(of: table)
        var joined = table
        joined.columns.removeAll { column in objectives.contains { $0.name == column.name } }
        joined.columns += objectives.map { objective in
            Column(objective.name, keys.map { objective.values[$0] ?? .nan })
        }
        return joined
    }
}

/// A finite decimal number, as tables have them: neither `0x10` nor `inf`.
func decimal(_ text: String) -> Double? {
    guard !text.lowercased().contains("x"), let value = Double(text), value.isFinite else { return nil }
    return value
}

/// `a, b, c`; of more than twelve the first ten and how many more there are.
func listed(_ names: [String]) -> String {
    let shown = names.count > 12 ? names.prefix(10) : names[...]
    return shown.joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 10) more" : "")
}
