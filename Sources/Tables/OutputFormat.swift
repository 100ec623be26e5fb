/// How a table is written.
public enum OutputFormat: String, CaseIterable, Sendable {
    /// Aligned text for a terminal.
    case table
    case json
    case csv
    /// A Markdown table.
    case md
    /// A LaTeX `tabular` with booktabs rules.
    case tex
}

extension Table {
    /// The table as text that ends with a newline. `csv` and `json` hold every digit; the forms for readers show five
    /// significant ones, and a dash for an empty number.
    public func formatted(_ format: OutputFormat) -> String {
        switch format {
        case .table: aligned()
        case .json: jsonRows()
        case .csv: csv(withHeader: true)
        case .md: markdown()
        case .tex: latex()
        }
    }

    private func aligned() -> String {
        var lines = [String](repeating: "", count: rowCount + 2)
        for (c, column) in columns.enumerated() {
            let cells = column.display()
            let all = [column.name] + cells
            let width = all.reduce(0) { max($0, $1.count) }
            let isLast = c == columns.count - 1
            // Texts at the end may be long; the rule above them need not be.
            let rule = String(repeating: "─", count: isLast && column.isText ? min(width, 80) : width)
            for (i, cell) in ([all[0], rule] + cells).enumerated() {
                let space = String(repeating: " ", count: width - cell.count)
                lines[i] += column.isText ? (isLast ? cell : cell + space) : space + cell
                if !isLast { lines[i] += "  " }
            }
        }
        return lines.map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// Comma-separated values; without the header a table is written piece by piece.
    public func csv(withHeader: Bool) -> String {
        var out = withHeader ? columns.map { csvField($0.name) }.joined(separator: ",") + "\n" : ""
        for row in 0..<rowCount {
            for (c, column) in columns.enumerated() {
                if c > 0 { out += "," }
                if case .texts(let v) = column.values { out += csvField(v[row]) } else { out += column.text(row) }
            }
            out += "\n"
        }
        return out
    }

    private func jsonRows() -> String {
        let rows = (0..<rowCount).map { row in
            let members = columns.map { ($0.name, $0.json(row)) }
            return "  " + JSON.object(Dictionary(members, uniquingKeysWith: { first, _ in first })).text(pretty: false)
        }
        return rows.isEmpty ? "[]\n" : "[\n" + rows.joined(separator: ",\n") + "\n]\n"
    }

    private func markdown() -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        let columnCells = columns.map { $0.display() }
        var out = line(columns.map { Self.escaped($0.name, Self.markdownEscapes) })
        out += line(columns.map { $0.isText ? "---" : "---:" })
        for row in 0..<rowCount { out += line(columnCells.map { Self.escaped($0[row], Self.markdownEscapes) }) }
        return out
    }

    private func latex() -> String {
        func line(_ cells: [String]) -> String { "  " + cells.joined(separator: " & ") + " \\\\\n" }
        let columnCells = columns.map { $0.display() }
        var out = "\\begin{tabular}{" + columns.map { $0.isText ? "l" : "r" }.joined() + "}\n  \\toprule\n"
        out += line(columns.map { Self.escaped($0.name, Self.latexEscapes) }) + "  \\midrule\n"
        for row in 0..<rowCount { out += line(columnCells.map { Self.escaped($0[row], Self.latexEscapes) }) }
        return out + "  \\bottomrule\n\\end{tabular}\n"
    }

    private static let markdownEscapes: [Character: String] = ["|": "\\|", "\n": " ", "\r\n": " "]
    private static let latexEscapes: [Character: String] = [
        "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}",
        "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "\\": "\\textbackslash{}", "–": "--", "\n": " ",
    ]

    private static func escaped(_ text: String, _ escapes: [Character: String]) -> String {
        text.contains { escapes[$0] != nil } ? text.map { escapes[$0] ?? String($0) }.joined() : text
    }
}

extension Column {
    var isText: Bool { if case .texts = values { true } else { false } }

    /// The cells as a reader sees them.
    func display() -> [String] {
        switch values {
        case .integers(let v): v.map(String.init)
        case .numbers(let v): v.map { $0.isNaN ? "–" : significant($0) }
        case .texts(let v): v
        }
    }
}
