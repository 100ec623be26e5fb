extension Table {
    /// Reads comma-separated values (RFC 4180) with a header line.
    ///
    /// A byte order mark, CRLF line ends and empty lines are accepted; a column is integers, numbers (an empty cell,
    /// `nan` and, among numbers, `NA` are NaN) or text, which a number too large for a double makes of it. Unequal field counts, a repeated column name, NUL bytes, a
    /// first line of numbers and a header without rows are errors with line and column.
    public static func csv(_ text: String, source: String? = nil) throws(TableError) -> Table {
        try csv(Array(text.utf8), source: source)
    }

    /// Reads comma-separated values from bytes; `separator` may be a tab.
    public static func csv(
        _ bytes: [UInt8], source: String? = nil, separator: UInt8 = UInt8(ascii: ",")
    ) throws(TableError) -> Table {
        let result: Result<Table, TableError> = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(TableError) in
                var reader = DelimitedReader(ByteWindow(buffer), separator: separator, source: source)
                guard let table = try reader.table() else { preconditionFailure("the window is the whole text") }
                return table
            }
        }
        return try result.get()
    }

    /// Reads a file through a window, which grows where a row is longer than half of it.
    static func csv(path: String, separator: UInt8, texts: Set<String>) throws(TableError) -> Table {
        var size = 1 << 20
        while let window = try ByteWindow(path: path, size: size) {
            if window.isLast, window.bytes.allSatisfy({ $0 <= 0x20 }) { break }
            var reader = DelimitedReader(window, separator: separator, source: path)
            reader.texts = texts
            if let table = try reader.table() { return table }
            size *= 4
        }
        return try read(fileContents(path), source: path)
    }
}

/// One pass over the bytes; a second one when a column of numbers turns out to hold text further down.
private struct DelimitedReader {
    let window: ByteWindow
    var bytes: UnsafeBufferPointer<UInt8>
    /// Columns that are text whatever stands in them.
    var texts: Set<String> = []
    /// Set where a row goes on behind the window.
    var outran = false
    let separator: UInt8
    let source: String?
    var position = 0
    var line = 1
    var lineStart = 0
    /// Holds a quoted field with its doubled marks made single, until the next such field is read.
    let scratch = Scratch()

    init(_ window: ByteWindow, separator: UInt8, source: String?) {
        self.window = window
        bytes = window.bytes
        self.separator = separator
        self.source = source
    }

    enum End { case field, line }

    func error(_ reason: TableError.Reason, at start: Int? = nil, name: String? = nil) -> TableError {
        TableError(reason, source: source, line: line, column: start.map { $0 - lineStart + 1 }, name: name)
    }

    /// Nil where a row is longer than the window.
    mutating func table() throws(TableError) -> Table? {
        var isText: [Bool]?
        while true {
            let hasMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
            (position, line, lineStart) = (hasMark ? 3 : 0, 1, hasMark ? 3 : 0)
            let names = try header()
            if outran { return nil }
            var builders = names.indices.map { ColumnBuilder(isText: isText?[$0] ?? texts.contains(names[$0])) }
            let lines = try rows(into: &builders, names: names)
            if outran { return nil }
            guard let rowCount = builders.first?.count, rowCount > 0 else { throw TableError(.noRows, source: source) }
            if builders.contains(where: \.turnedText) {
                isText = builders.map { $0.isText || $0.turnedText }
                try window.rewind()
                bytes = window.bytes
                continue
            }
            var starts = [String: [Int]]()
            for (name, builder) in zip(names, builders) where builder.isText { starts[name] = builder.starts }
            var table = Table(zip(names, builders).map { Column($0, $1.values) })
            table.source = source
            table.origin = Table.Origin(lines: lines, starts: starts)
            return table
        }
    }

    /// Moves the window where less than half of it is ahead.
    private mutating func slide() throws(TableError) {
        guard !window.isLast, bytes.count - position < bytes.count / 2 else { return }
        try window.advance(by: position)
        bytes = window.bytes
        lineStart -= position
        position = 0
    }

    private mutating func header() throws(TableError) -> [String] {
        skipEmptyLines()
        guard position < bytes.count else { throw TableError(.empty, source: source) }
        let (headerLine, headerStart) = (line, lineStart)
        var names = [String]()
        var numeric = 0
        var end = End.field
        while end == .field {
            let (start, field, next) = try self.field()
            if outran { return names }
            let column = start - headerStart + 1
            guard let name = String(validating: field, as: UTF8.self) else {
                throw TableError(.notUTF8, source: source, line: headerLine, column: column)
            }
            if name.isEmpty {
                names.append("column \(names.count + 1)")  // what pandas and R write over their row names
            } else if names.contains(name) {
                throw TableError(.duplicateColumn, source: source, line: headerLine, column: column, name: name)
            } else {
                names.append(name)
                if case .text = readCell(field) {} else { numeric += 1 }
            }
            end = next
        }
        if numeric == names.count {
            throw TableError(.noHeader(first: names[0]), source: source, line: headerLine)
        }
        if names.count == 1 {
            for mark in [";", "\t", "|"] where names[0].contains(mark) {
                throw TableError(.separator(mark == "\t" ? "tab" : mark), source: source, line: headerLine)
            }
        }
        return names
    }

    private mutating func rows(into builders: inout [ColumnBuilder], names: [String]) throws(TableError) -> [Int]? {
        var lines: [Int]?  // kept only where a row does not stand on the line that its number says
        var row = 0
        while true {
            try slide()
            skipEmptyLines()
            guard position < bytes.count else {
                if window.isLast { return lines }
                continue
            }
            if row == 0 {
                // A hint only: a file may claim any size.
                let cells = min(1 << 24, window.total / max(1, bytes.count) &* rowsAhead())
                for c in builders.indices { builders[c].reserve(max(0, cells)) }
            }
            let (rowLine, rowStart) = (line, lineStart)
            if lines == nil, rowLine != row + 2 { lines = (0..<row).map { $0 + 2 } }
            lines?.append(rowLine)
            var c = 0
            var end = End.field
            while end == .field {
                let (start, field, next) = try self.field()
                if outran { return nil }
                if c < builders.count, !builders[c].append(field, start: start - rowStart + 1) {
                    throw TableError(.notUTF8, source: source, line: rowLine, column: start - rowStart + 1)
                }
                c += 1
                end = next
            }
            if c != builders.count {
                throw TableError(.fieldCount(c, expected: builders.count), source: source, line: rowLine)
            }
            row += 1
        }
    }

    private mutating func skipEmptyLines() {
        while position < bytes.count, bytes[position] == 0x0A || bytes[position] == 0x0D { endLine() }
    }

    /// Lines in the window.
    private func rowsAhead() -> Int { bytes.count(where: { $0 == 0x0A || $0 == 0x0D }) + 1 }

    /// Steps over LF, CRLF or CR.
    private mutating func endLine() {
        if bytes[position] == 0x0D {
            if position + 1 < bytes.count {
                if bytes[position + 1] == 0x0A { position += 1 }
            } else {
                outran = !window.isLast
            }
        }
        position += 1
        line += 1
        lineStart = position
    }

    private mutating func field() throws(TableError) -> (start: Int, UnsafeBufferPointer<UInt8>, End) {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return try quotedField() }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == separator || byte == 0x0A || byte == 0x0D { break }
            if byte == 0 { throw error(.nulByte, at: position) }
            position += 1
        }
        return (start, UnsafeBufferPointer(rebasing: bytes[start..<position]), endField())
    }

    private mutating func endField() -> End {
        guard position < bytes.count else {
            outran = !window.isLast
            line += 1
            return .line
        }
        if bytes[position] == separator {
            position += 1
            return .field
        }
        endLine()
        return .line
    }

    private mutating func quotedField() throws(TableError) -> (start: Int, UnsafeBufferPointer<UInt8>, End) {
        let start = position
        let opening = error(.openQuote, at: start)
        let mark = UInt8(ascii: "\"")
        var doubled = 0
        position += 1
        while true {
            guard position < bytes.count else {
                guard !window.isLast else { throw opening }
                outran = true
                return (start, UnsafeBufferPointer(rebasing: bytes[start..<start]), .line)
            }
            let byte = bytes[position]
            if byte == 0 { throw error(.nulByte, at: position) }
            if byte == mark {
                guard position + 1 < bytes.count, bytes[position + 1] == mark else { break }
                doubled += 1
                position += 1
            }
            position += 1
            if byte == 0x0A {
                line += 1
                lineStart = position
            }
        }
        let content = UnsafeBufferPointer(rebasing: bytes[start + 1..<position])
        position += 1
        if position < bytes.count, bytes[position] != separator, bytes[position] != 0x0A, bytes[position] != 0x0D {
            throw error(.textAfterQuote, at: position)
        }
        return (start, doubled == 0 ? content : scratch.undoubled(content, mark), endField())
    }
}

/// Memory for one unescaped field.
private final class Scratch {
    private var memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)

    deinit { memory.deallocate() }

    func undoubled(_ field: UnsafeBufferPointer<UInt8>, _ mark: UInt8) -> UnsafeBufferPointer<UInt8> {
        if memory.count < field.count {
            memory.deallocate()
            memory = .allocate(capacity: field.count * 2)
        }
        var (from, to) = (0, 0)
        while from < field.count {
            memory[to] = field[from]
            to += 1
            from += field[from] == mark ? 2 : 1
        }
        return UnsafeBufferPointer(rebasing: memory[..<to])
    }
}

/// A column while it is read: integers until a fraction or an empty cell comes, numbers until text comes.
struct ColumnBuilder {
    private(set) var isText: Bool
    /// Text came after numbers, or nothing but words for "missing": the cells have to be read again as text.
    var turnedText: Bool { foundText || (hasMissing && !hasNumber) }
    private var foundText = false
    private var isInteger = true
    private var hasNumber = false
    private var hasMissing = false
    private var integers = [Int]()
    private var numbers = [Double]()
    private var texts = [String]()
    private var room = 0
    private(set) var starts = [Int]()
    private(set) var count = 0

    init(isText: Bool) { self.isText = isText }

    var values: Column.Values {
        if isText { return .texts(texts) }
        return isInteger ? .integers(integers) : .numbers(numbers)
    }

    /// Takes room for so many cells at once.
    mutating func reserve(_ cells: Int) {
        if isText { texts.reserveCapacity(cells) } else { integers.reserveCapacity(cells) }
        room = cells
    }

    /// False where the field is not UTF-8.
    mutating func append(_ field: UnsafeBufferPointer<UInt8>, start: Int) -> Bool {
        count += 1
        if isText { return appendText(field, start: start) }
        if foundText { return true }
        switch readCell(field) {
        case .integer(let n):
            hasNumber = true
            if isInteger { integers.append(n) } else { numbers.append(Double(n)) }
        case .number(let x):
            hasNumber = true
            turnReal()
            numbers.append(x)
        case .empty:
            turnReal()
            numbers.append(Column.emptyCell)
        case .tooLarge, .text:
            if isMissing(field) {
                hasMissing = true
                turnReal()
                numbers.append(Column.emptyCell)
            } else if count == 1 {
                isText = true
                return appendText(field, start: start)
            } else {
                foundText = true
            }
        }
        return true
    }

    private mutating func turnReal() {
        guard isInteger else { return }
        isInteger = false
        numbers.reserveCapacity(max(room, integers.count))
        numbers.append(contentsOf: integers.lazy.map(Double.init))
        integers = []
    }

    private mutating func appendText(_ field: UnsafeBufferPointer<UInt8>, start: Int) -> Bool {
        guard let text = String(validating: field, as: UTF8.self) else { return false }
        texts.append(text)
        starts.append(start)
        return true
    }
}
