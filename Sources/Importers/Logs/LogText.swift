import Tables

extension DefaultStringInterpolation {
    /// A number in its shortest form, integral ones without a fraction.
    mutating func appendInterpolation(shortest x: Double) {
        appendLiteral(x.isNaN ? "NaN" : Tables.shortest(x))
    }
}

extension ImportError {
    /// What a table says of itself, with its place in the file.
    init(_ error: TableError, path: String, lineOffset: Int = 0) {
        var bare = error
        (bare.source, bare.line, bare.column) = (nil, nil, nil)
        let text = bare.description
        let reason = text.hasPrefix("table: ") ? String(text.dropFirst("table: ".count)) : text
        let line = error.line.map { "line \($0 + lineOffset)" }
        let byte = error.line == nil ? nil : error.column.map { "byte \($0)" }
        let place = [line, byte].compactMap { $0 }.joined(separator: ", ")
        self.init(path, at: place.isEmpty ? nil : place, reason, exitCode: error.exitCode)
    }

    /// Bytes that are not JSON.
    init(_ error: JSONError, path: String) {
        self.init(path, at: "line \(error.line), byte \(error.column)", error.problem)
    }
}
