extension Table {
    /// Reads one JSON object per line; a key is a column, a missing key an empty cell, a nested object's keys are
    /// joined by dots, an array is its JSON text.
    public static func jsonLines(_ text: String, source: String? = nil) throws(TableError) -> Table {
        try jsonLines(Array(text.utf8), source: source)
    }

    public static func jsonLines(_ bytes: [UInt8], source: String? = nil) throws(TableError) -> Table {
        var rows = RowCollector(source: source)
        var line = 1
        for slice in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            defer { line += 1 }
            var parser = JSONParser(Array(slice), line: line)
            parser.skipSpace()
            guard let next = parser.next else { continue }
            guard next == UInt8(ascii: "{") else {
                throw TableError(
                    .malformed("expected one JSON object per line"), source: source, line: line,
                    column: parser.position + 1)
            }
            do throws(JSONError) {
                rows.add(try parser.members(), line: line)
                try parser.end()
            } catch { throw TableError(error, source: source) }
        }
        return try rows.table()
    }

    /// Reads a JSON array of objects, one per row.
    static func json(_ bytes: [UInt8], source: String?) throws(TableError) -> Table {
        var parser = JSONParser(bytes)
        parser.skipSpace()
        var rows = RowCollector(source: source)
        do throws(JSONError) {
            try parser.open("[")
            while try !parser.closes("]", isFirst: rows.count == 0) {
                parser.skipSpace()
                let line = parser.line
                rows.add(try parser.members(), line: line)
            }
            try parser.end()
        } catch { throw TableError(error, source: source) }
        return try rows.table()
    }
}

extension TableError {
    init(_ error: JSONError, source: String?) {
        self.init(.malformed(error.problem), source: source, line: error.line, column: error.column)
    }
}

/// Gathers rows of named values into columns.
private struct RowCollector {
    let source: String?
    private var names = [String]()
    private var cells = [[JSON]]()
    private var places = [String: Int]()
    private var lines = [Int]()

    init(source: String?) { self.source = source }

    var count: Int { lines.count }

    mutating func add(_ members: [(String, JSON)], line: Int) {
        for (name, value) in members { put(name, value) }
        lines.append(line)
        for c in cells.indices where cells[c].count < lines.count { cells[c].append(.null) }
    }

    private mutating func put(_ name: String, _ value: JSON) {
        if case .object(let members) = value {
            for (key, value) in members.sorted(by: { $0.key < $1.key }) { put(name + "." + key, value) }
            return
        }
        if let place = places[name] {
            if cells[place].count == lines.count { cells[place].append(value) }
        } else {
            places[name] = names.count
            names.append(name)
            cells.append([JSON](repeating: .null, count: lines.count) + [value])
        }
    }

    func table() throws(TableError) -> Table {
        guard !lines.isEmpty, !names.isEmpty else { throw TableError(.noRows, source: source) }
        var table = Table(zip(names, cells).map { Column($0, Self.values($1)) })
        table.source = source
        table.origin = Table.Origin(lines: lines, starts: [:])
        return table
    }

    private static func values(_ cells: [JSON]) -> Column.Values {
        let integers = cells.compactMap(\.int)
        if integers.count == cells.count { return .integers(integers) }
        let numbers = cells.compactMap { $0 == .null ? Column.emptyCell : $0.double }
        if numbers.count == cells.count { return .numbers(numbers) }
        return .texts(
            cells.map { cell in
                switch cell {
                case .null: ""
                case .string(let s): s
                case .number(let x): shortest(x)
                default: cell.text(pretty: false)
                }
            })
    }
}
