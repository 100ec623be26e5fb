/// A named column of one type.
public struct Column: Sendable, Equatable {
    public enum Values: Sendable, Equatable {
        case integers([Int])
        /// NaN marks an empty cell: `emptyCell` in a table that was read, to tell it from one that the table says.
        case numbers([Double])
        case texts([String])
    }

    /// The NaN that stands for an empty cell where a table is read.
    public static let emptyCell = Double(nan: 1954, signaling: false)

    /// Whether a number is `emptyCell`, rather than a NaN that the table says.
    public static func isEmptyCell(_ value: Double) -> Bool { value.bitPattern == emptyCell.bitPattern }

    public var name: String
    public var values: Values

    public init(_ name: String, _ values: Values) {
        self.name = name
        self.values = values
    }

    public init(_ name: String, _ integers: [Int]) { self.init(name, .integers(integers)) }
    public init(_ name: String, _ numbers: [Double]) { self.init(name, .numbers(numbers)) }
    public init(_ name: String, _ texts: [String]) { self.init(name, .texts(texts)) }

    public var count: Int {
        switch values {
        case .integers(let v): v.count
        case .numbers(let v): v.count
        case .texts(let v): v.count
        }
    }

    public static func == (a: Column, b: Column) -> Bool {
        guard a.name == b.name else { return false }
        switch (a.values, b.values) {
        case (.integers(let x), .integers(let y)): return x == y
        case (.texts(let x), .texts(let y)): return x == y
        case (.numbers(let x), .numbers(let y)):  // two empty cells are equal
            return x.count == y.count && zip(x, y).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        default: return false
        }
    }

    func rows(_ indices: [Int]) -> Column {
        switch values {
        case .integers(let v): Column(name, indices.map { v[$0] })
        case .numbers(let v): Column(name, indices.map { v[$0] })
        case .texts(let v): Column(name, indices.map { v[$0] })
        }
    }

    /// Which rows share their text: codes counted from 0 in the order of their first appearance.
    fileprivate func codes() -> (ofRows: [Int], count: Int) {
        switch values {
        case .integers(let v): Table.codes(v)
        case .numbers(let v): Table.codes(v.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern })
        case .texts(let v): Table.codes(v)
        }
    }

    /// One cell as text: integral numbers without a fraction, others in the shortest form that reads back the same,
    /// an empty cell as "".
    func text(_ row: Int) -> String {
        switch values {
        case .integers(let v): String(v[row])
        case .numbers(let v): shortest(v[row])
        case .texts(let v): v[row]
        }
    }

    /// One cell as a JSON value; an empty number is null.
    public func json(_ row: Int) -> JSON {
        switch values {
        case .integers(let v): .integer(v[row])
        case .numbers(let v): v[row].isNaN ? .null : .number(v[row])
        case .texts(let v): .string(v[row])
        }
    }
}

/// The shortest text that reads back as `x`; integral values below 2⁵³ without ".0"; NaN is "".
public func shortest(_ x: Double) -> String {
    if x.isNaN { return "" }
    if x == x.rounded(), abs(x) < 0x1p53 { return x == 0 && x.sign == .minus ? "-0" : String(Int(x)) }
    return "\(x)"
}

/// Columns of equal length, each with a name and a type.
public struct Table: Sendable, Equatable {
    public var columns: [Column]
    /// Where the table was read from, for messages; nil for a table made in memory.
    public var source: String?
    /// Where each row and each text cell stands in the file.
    var origin: Origin?

    /// - Precondition: the columns have equal lengths.
    public init(_ columns: [Column]) {
        precondition(columns.allSatisfy { $0.count == columns[0].count }, "columns of one table have equal lengths")
        self.columns = columns
    }

    /// Tables are equal when their columns are: where they came from does not count.
    public static func == (a: Table, b: Table) -> Bool { a.columns == b.columns }

    public var rowCount: Int { columns.first?.count ?? 0 }
    public var columnNames: [String] { columns.map(\.name) }

    public func has(_ name: String) -> Bool { columns.contains { $0.name == name } }

    /// The column of that name; throws with a "did you mean" where there is none.
    public func column(_ name: String) throws(TableError) -> Column {
        guard let column = columns.first(where: { $0.name == name }) else {
            throw TableError(.unknownColumn(known: columnNames), source: source, name: name)
        }
        return column
    }

    /// A column as numbers, NaN where a cell is empty. Throws for an unknown column and for a cell that is text,
    /// naming the file, the line and the text.
    public func numbers(_ name: String) throws(TableError) -> [Double] {
        switch try column(name).values {
        case .integers(let v): return v.map(Double.init)
        case .numbers(let v): return v
        case .texts(let v):
            var result = [Double]()
            result.reserveCapacity(v.count)
            for (row, text) in v.enumerated() {
                guard let x = number(text) else {
                    throw notANumber(text, row, name)
                }
                result.append(x)
            }
            return result
        }
    }

    private func notANumber(_ text: String, _ row: Int, _ name: String) -> TableError {
        TableError(
            isTooLarge(text) ? .tooLarge(text) : .notANumber(text), source: source, line: line(ofRow: row),
            column: origin?.starts[name]?[row], name: name)
    }

    /// Throws where a column holds nothing but numbers, and one of them is too large for a double: it would be taken for
    /// text. A column in which every cell may be a commit's hash (`12e4567`) is text.
    public func refuseTooLarge() throws(TableError) {
        for column in columns {
            guard case .texts(let texts) = column.values,
                texts.allSatisfy({ number($0) != nil || isTooLarge($0) }),
                !texts.allSatisfy(mayBeHash), let row = texts.firstIndex(where: isTooLarge)
            else { continue }
            throw notANumber(texts[row], row, column.name)
        }
    }

    /// A column as text, whatever its type: integers without ".0", other numbers in their shortest form.
    public func texts(_ name: String) throws(TableError) -> [String] {
        let column = try column(name)
        if case .texts(let v) = column.values { return v }
        return (0..<column.count).map(column.text)
    }

    /// The rows at `indices`, in that order.
    public func rows(_ indices: [Int]) -> Table {
        var table = Table(columns.map { $0.rows(indices) })
        table.source = source
        table.origin = Origin(
            lines: indices.map(line(ofRow:)), starts: origin?.starts.mapValues { s in indices.map { s[$0] } } ?? [:])
        return table
    }

    /// The line of the file on which a row starts; line 1 is the header.
    public func line(ofRow row: Int) -> Int { origin?.lines?[row] ?? row + 2 }

    /// The rows that share their values in the columns `names`, groups and rows in the order of their first appearance.
    /// No names: one group of all rows.
    public func groups(by names: [String]) throws(TableError) -> [(key: [(String, String)], rows: [Int])] {
        var keys = [Column]()
        for name in names { keys.append(try column(name)) }
        guard let first = keys.first else { return [(key: [], rows: Array(0..<rowCount))] }
        var codes = first.codes()
        for key in keys.dropFirst() {
            let next = key.codes()
            let pairs = zip(codes.ofRows, next.ofRows).map { $0 * next.count + $1 }
            codes = Self.codes(pairs)
        }
        var sizes = [Int](repeating: 0, count: codes.count)
        for code in codes.ofRows { sizes[code] += 1 }
        var rows = sizes.map { size in
            var rows = [Int]()
            rows.reserveCapacity(size)
            return rows
        }
        for (row, code) in codes.ofRows.enumerated() { rows[code].append(row) }
        return rows.map { rows in (key: keys.map { ($0.name, $0.text(rows[0])) }, rows: rows) }
    }

    /// Equal values get equal codes, counted from 0 in the order of their first appearance.
    fileprivate static func codes<Value: Hashable>(_ values: [Value]) -> (ofRows: [Int], count: Int) {
        var known = [Value: Int]()
        let codes = values.map { value in
            if let code = known[value] { return code }
            known[value] = known.count
            return known.count - 1
        }
        return (codes, known.count)
    }

    /// The rows in which none of the columns `names` is empty (or says `nan`, `NA` or `null`), and the rows that are left
    /// out because one is.
    public func complete(in names: [String]) throws(TableError) -> (rows: [Int], dropped: [Int]) {
        var isEmpty = [Bool](repeating: false, count: rowCount)
        for name in names {
            switch try column(name).values {
            case .integers: break
            case .numbers(let v): for (row, x) in v.enumerated() where x.isNaN { isEmpty[row] = true }
            case .texts(let v):
                for (row, text) in v.enumerated() where number(text)?.isNaN == true { isEmpty[row] = true }
            }
        }
        let all = 0..<rowCount
        return (rows: all.filter { !isEmpty[$0] }, dropped: all.filter { isEmpty[$0] })
    }

    struct Origin: Sendable {
        /// Line of each row; nil where row i stands on line i + 2.
        var lines: [Int]?
        /// For each text column, the byte within the line at which each cell starts, from 1.
        var starts: [String: [Int]]
    }
}
