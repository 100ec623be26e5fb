import Tables

/// A text table of any size, read in blocks of whole lines, each parsed as a table of its own.
struct TableBlocks: ~Copyable {
    enum Format: Sendable, Equatable {
        case separated(UInt8)
        case jsonLines
    }

    private var file: LogFile
    private let isJSON: Bool
    private let blockSize: Int
    private var format: Format?
    /// Bytes that belong to a line whose end has not been read.
    private var rest: [UInt8] = []
    private var isAtEnd = false
    /// The header with its line end; set once the first block of a separated table has been read.
    private var header: [UInt8] = []
    private var headerLines = 0
    private var isPastHeader = false
    /// Lines that the header and earlier blocks have used up.
    private var linesBefore = 0

    init(_ path: String, isJSON: Bool, blockSize: Int = 1 << 22) throws(ImportError) {
        file = try LogFile(path)
        self.isJSON = isJSON
        self.blockSize = blockSize
    }

    var path: String { file.path }
    /// What was read: to be asked at the end.
    var source: ImportSource { file.source }

    /// The next block; nil at the end. Throws for what `Table` does not read, and for numbers that no double holds.
    mutating func next() throws(ImportError) -> TableBlock? {
        while true {
            guard let lines = try nextLines() else { return nil }
            let isBlank = lines.allSatisfy { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 || $0 == 0x09 }
            // The first block may be blank only if the file is, and that is the table's error to tell.
            if isBlank, isPastHeader || !isAtEnd {
                linesBefore += lines.count { $0 == 0x0A }
                continue
            }
            if isJSON || isPastHeader { return try block(of: header + lines) }
            // The first block brings the header along, unless it is too small for more.
            let isAlone = keepHeader(lines) == lines.count
            if isAlone, !isAtEnd {
                isPastHeader = true
                linesBefore += headerLines
                continue
            }
            linesBefore += headerLines
            defer { isPastHeader = true }
            return try block(of: lines)
        }
    }

    /// A block of the header and the lines after `linesBefore`.
    private mutating func block(of bytes: [UInt8]) throws(ImportError) -> TableBlock {
        let format = format ?? Self.format(of: bytes, isJSON: isJSON)
        self.format = format
        let offset = linesBefore - headerLines
        let table: Table
        do throws(TableError) {
            switch format {
            case .separated(let separator): table = try Table.csv(bytes, source: path, separator: separator)
            case .jsonLines: table = try Table.jsonLines(bytes, source: path)
            }
            try table.refuseTooLarge()
        } catch { throw ImportError(error, path: path, lineOffset: offset) }
        let block = TableBlock(table: table, path: path, lineOffset: offset)
        try block.refuseOverflow(bytes)
        linesBefore += bytes.count { $0 == 0x0A } - headerLines
        return block
    }

    /// Whole lines: at least one, about `blockSize` bytes of them. A line end within quotation marks is none.
    private mutating func nextLines() throws(ImportError) -> [UInt8]? {
        var lines = rest
        rest = []
        var quotes = Quotes(isJSON: isJSON)
        var end: Int?
        var scanned = 0
        while !isAtEnd {
            let piece = try file.next(blockSize)
            if piece.isEmpty { isAtEnd = true }
            lines += piece
            if let found = quotes.lastLineEnd(in: lines, from: scanned) { end = found + 1 }
            scanned = lines.count
            if end != nil { break }
            if lines.count > 1 << 30 { throw ImportError(path, "a line of more than 1 GiB") }
        }
        if isAtEnd { return lines.isEmpty ? nil : lines }
        if let end {
            rest = Array(lines[end...])
            lines.removeSubrange(end...)
        }
        return lines
    }

    /// Keeps the bytes up to the end of the header's line, and tells how many they are.
    private mutating func keepHeader(_ lines: [UInt8]) -> Int {
        var quotes = Quotes(isJSON: false)
        let start = lines.firstIndex { $0 != 0x0A && $0 != 0x0D } ?? 0
        let end = quotes.firstLineEnd(in: lines, from: start).map { $0 + 1 } ?? lines.count
        header = Array(lines[..<end])
        headerLines = header.count { $0 == 0x0A }
        return end
    }

    private static func format(of lines: [UInt8], isJSON: Bool) -> Format {
        if isJSON { return .jsonLines }
        let header = lines.drop { $0 == 0x0A || $0 == 0x0D }.prefix { $0 != 0x0A && $0 != 0x0D }
        let usesTabs = header.contains(UInt8(ascii: "\t")) && !header.contains(UInt8(ascii: ","))
        return .separated(UInt8(ascii: usesTabs ? "\t" : ","))
    }
}

/// Whether a byte stands within quotation marks; a doubled mark opens and closes at once.
private struct Quotes {
    let isJSON: Bool
    private var isOpen = false

    init(isJSON: Bool) { self.isJSON = isJSON }

    mutating func lastLineEnd(in bytes: [UInt8], from start: Int) -> Int? {
        // A JSON string holds no line end.
        if isJSON { return bytes[start...].lastIndex(of: 0x0A) }
        var last: Int?
        for i in start..<bytes.count {
            if bytes[i] == UInt8(ascii: "\"") { isOpen.toggle() } else if bytes[i] == 0x0A, !isOpen { last = i }
        }
        return last
    }

    mutating func firstLineEnd(in bytes: [UInt8], from start: Int) -> Int? {
        for i in start..<bytes.count {
            if bytes[i] == UInt8(ascii: "\"") { isOpen.toggle() } else if bytes[i] == 0x0A, !isOpen { return i }
        }
        return nil
    }
}

/// Some rows of a table, with their places in the file.
struct TableBlock: Sendable {
    let table: Table
    let path: String
    let lineOffset: Int

    func line(_ row: Int) -> Int { table.line(ofRow: row) + lineOffset }

    func error(_ row: Int, _ column: String, _ reason: String) -> ImportError {
        ImportError(path, at: "line \(line(row)), column '\(column)'", reason)
    }

    /// A column as numbers. Throws for text.
    func numbers(_ name: String) throws(ImportError) -> [Double] {
        do throws(TableError) { return try table.numbers(name) } catch {
            throw ImportError(error, path: path, lineOffset: lineOffset)
        }
    }

    func texts(_ name: String) throws(ImportError) -> [String] {
        do throws(TableError) { return try table.texts(name) } catch {
            throw ImportError(error, path: path, lineOffset: lineOffset)
        }
    }
}
