import Tables

extension DistillationCorrelation {
    /// Puts losses from a table of their own beside the errors: rows meet where all columns that both tables have agree.
    ///
    /// The losses stand in one column per objective, or in two columns `objective` and `loss` with a row for each. Rows
    /// of `table` without a loss keep an empty cell.
    ///
    /// - Parameter error: the error column, never a key.
    /// - Returns: the widened table, the names of the objectives, and a sentence about losses that belong to no row.
    public static func joining(
        _ losses: Table, to table: Table, error: String
    ) throws(TableError) -> (table: Table, objectives: [String], problem: String?) {
        let isLong = losses.has("objective") && losses.has("loss")
        let keys = losses.columnNames.filter {
            table.has($0) && $0 != error && !(isLong && ($0 == "objective" || $0 == "loss"))
        }
        guard !keys.isEmpty else {
            throw TableError(
                .malformed(
                    "shares no column with \(table.source ?? "the table"), so its losses belong to no row; add a column"
                        + " such as 'id' or 'subset'"), source: losses.source)
        }
        var places = [[String]: [Int]]()
        for (i, key) in try joinKeys(table, keys).enumerated() { places[key, default: []].append(i) }
        let lossKeys = try joinKeys(losses, keys)
        var names = [String]()
        var columns = [[Double]]()
        var filled = [Set<[String]>]()

        func put(_ name: String, _ value: Double, row: Int) throws(TableError) {
            var c = names.firstIndex(of: name) ?? names.count
            if c == names.count {
                names.append(name)
                columns.append([Double](repeating: .nan, count: table.rowCount))
                filled.append([])
                c = names.count - 1
            }
            guard filled[c].insert(lossKeys[row]).inserted else {
                let key = zip(keys, lossKeys[row]).map { "\($0)=\($1)" }.joined(separator: ", ")
                throw TableError(
                    .malformed("a second '\(name)' for \(key)"), source: losses.source, line: losses.line(ofRow: row))
            }
            for i in places[lossKeys[row]] ?? [] { columns[c][i] = value }
        }

        if isLong {
            let (objectives, values) = (try losses.texts("objective"), try losses.numbers("loss"))
            for row in 0..<losses.rowCount { try put(objectives[row], values[row], row: row) }
        } else {
            for column in losses.columns where !keys.contains(column.name) && column.name != error {
                if case .texts = column.values { continue }
                let values = try losses.numbers(column.name)
                for row in 0..<losses.rowCount { try put(column.name, values[row], row: row) }
            }
        }
        guard !names.isEmpty else {
            throw TableError(.malformed("no column of losses: a number column per objective"), source: losses.source)
        }
        var widened = table
        widened.columns.removeAll { names.contains($0.name) }
        widened.columns += zip(names, columns).map { Column($0, $1) }
        return (widened, names, Self.strangers(lossKeys.indices.filter { places[lossKeys[$0]] == nil }, losses, keys))
    }

    private static func strangers(_ rows: [Int], _ losses: Table, _ keys: [String]) -> String? {
        guard let first = rows.first else { return nil }
        let name = keys.map { key in "\(key)=\((try? losses.texts(key)[first]) ?? "")" }.joined(separator: ", ")
        let belongs = rows.count == 1 ? "row belongs" : "rows belong"
        return "\(losses.source ?? "losses"): \(rows.count) \(belongs) to nothing in the table (line "
            + "\(losses.line(ofRow: first)): \(name))"
    }

    private static func joinKeys(_ table: Table, _ names: [String]) throws(TableError) -> [[String]] {
        var columns = [[String]]()
        for name in names { columns.append(try table.texts(name)) }
        return (0..<table.rowCount).map { row in columns.map { $0[row] } }
    }
}
