extension Table {
    /// Reads a table from `.csv`, `.tsv`, `.jsonl` or `.json`; a file of another ending, and standard input ("-"), are
    /// told by their first character.
    ///
    /// - Parameter texts: columns that are text whatever stands in them: of a CSV, `0002` keeps its zeros.
    public static func read(_ path: String, texts: Set<String> = []) throws(TableError) -> Table {
        switch ending(path) {
        case "csv": try csv(path: path, separator: UInt8(ascii: ","), texts: texts)
        case "tsv": try csv(path: path, separator: UInt8(ascii: "\t"), texts: texts)
        default: try read(fileContents(path), source: path)
        }
    }

    private static func ending(_ path: String) -> String {
        path.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() } ?? ""
    }

    /// Reads a table from the contents of `source`.
    public static func read(_ content: [UInt8], source path: String) throws(TableError) -> Table {
        let mark = content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let first = content[mark...].first(where: { $0 > 0x20 }) else {
            throw TableError(content.contains(0) ? .nulByte : .empty, source: path)
        }
        let isArray = first == UInt8(ascii: "[")
        switch ending(path) {
        case "csv": return try csv(content, source: path)
        case "tsv": return try csv(content, source: path, separator: UInt8(ascii: "\t"))
        case "jsonl", "ndjson": return try jsonLines(content, source: path)
        case "json" where isArray: return try json(content, source: path)
        case "json": return try jsonLines(content, source: path)
        default: break
        }
        if isArray { return try json(content, source: path) }
        if first == UInt8(ascii: "{") { return try jsonLines(content, source: path) }
        let header = content.prefix { $0 != 0x0A && $0 != 0x0D }
        let usesTabs = header.contains(UInt8(ascii: "\t")) && !header.contains(UInt8(ascii: ","))
        return try csv(content, source: path, separator: UInt8(ascii: usesTabs ? "\t" : ","))
    }

    /// Writes the table as CSV; the file is replaced as a whole or not at all.
    public func write(csv path: String) throws(TableError) { try Tables.write(formatted(.csv), to: path) }
}
