/// What is wrong with a table, and where: the file, its line, the character in the line, the column's name.
public struct TableError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        case missingFile
        case unreadable(String)
        case unwritable(String)
        case empty
        case noRows
        case noHeader(first: String)
        case separator(String)
        case duplicateColumn
        case fieldCount(Int, expected: Int)
        case nulByte
        case notUTF8
        case openQuote
        case textAfterQuote
        case malformed(String)
        case notANumber(String)
        case tooLarge(String)
        case unknownColumn(known: [String])
    }

    public var reason: Reason
    /// The path as it was given; nil for a table made in memory.
    public var source: String?
    /// Counted from 1; a header is line 1.
    public var line: Int?
    /// The first byte of the offending field within its line, counted from 1.
    public var column: Int?
    /// The name of the column that was asked for or read.
    public var name: String?

    public init(_ reason: Reason, source: String?, line: Int? = nil, column: Int? = nil, name: String? = nil) {
        self.reason = reason
        self.source = source
        self.line = line
        self.column = column
        self.name = name
    }

    /// 66 for a file that is not there, 74 where reading or writing failed, 64 for a column name that is not there,
    /// 65 for everything that is wrong with the data.
    public var exitCode: Int32 {
        switch reason {
        case .missingFile: 66
        case .unreadable, .unwritable: 74
        case .unknownColumn: 64
        default: 65
        }
    }

    public var description: String {
        var place = source.map { $0 == "-" ? "standard input" : $0 } ?? "table"
        if let line { place += ":\(line)" }
        if line != nil, let column { place += ":\(column)" }
        return place + ": " + sentence
    }

    private var sentence: String {
        let name = name ?? ""
        return switch reason {
        case .missingFile: "no such file"
        case .unreadable(let why): "cannot be read: \(why)"
        case .unwritable(let why): "cannot be written: \(why)"
        case .empty: "the file is empty; a table needs a header line and rows"
        case .noRows: "a header but no rows"
        case .noHeader(let first):
            "the first line is data (it starts with \(first)); add a header line that names the columns"
        case .separator(let mark): "the columns are separated by '\(mark)'; use commas or tabs"
        case .duplicateColumn: "two columns are called '\(name)'; rename one"
        case .fieldCount(let found, let expected):
            "\(found) field\(found == 1 ? "" : "s"), but the header names \(expected) column\(expected == 1 ? "" : "s")"
        case .nulByte: "a NUL byte; this is not a text file in UTF-8 (save it as UTF-8 CSV)"
        case .notUTF8: "bytes that are not UTF-8; save the file as UTF-8"
        case .openQuote: "the quotation mark opened here is never closed"
        case .textAfterQuote: "text after a closing quotation mark; write a mark within a quoted field twice"
        case .malformed(let what): what
        case .notANumber(let text): "'\(text)' in column '\(name)' is not a number"
        case .tooLarge(let text): "\(text.prefix(40)) in column '\(name)' is too large for a double"
        case .unknownColumn(let known): Self.unknown(name, known: known)
        }
    }

    private static func unknown(_ name: String, known: [String]) -> String {
        if let near = closest(to: name, in: known) { return "no column '\(name)' (did you mean '\(near)'?)" }
        let shown = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
        return "no column '\(name)'; the columns are \(shown)"
    }
}
