import Foundation
import Tables

/// A self-contained HTML page: no script, no network, figures inline.
public struct Report: Sendable, Equatable {
    public struct Section: Sendable, Equatable {
        public var title: String
        /// Paragraphs of plain text.
        public var text: [String]
        public var warnings: [String]
        /// Tables with their captions.
        public var tables: [(caption: String, table: Table)]
        /// SVG texts with their captions.
        public var figures: [(caption: String, svg: String)]

        public init(
            title: String, text: [String] = [], warnings: [String] = [], tables: [(caption: String, table: Table)] = [],
            figures: [(caption: String, svg: String)] = []
        ) {
            self.title = title
            self.text = text
            self.warnings = warnings
            self.tables = tables
            self.figures = figures
        }

        public static func == (a: Section, b: Section) -> Bool {
            a.title == b.title && a.text == b.text && a.warnings == b.warnings
                && a.tables.elementsEqual(b.tables) { $0 == $1 } && a.figures.elementsEqual(b.figures) { $0 == $1 }
        }
    }

    public var title: String
    public var question: String
    public var sections: [Section]

    public init(title: String, question: String, sections: [Section]) {
        self.title = title
        self.question = question
        self.sections = sections
    }

    public func html() -> String {
        var body = "<h1>\(Self.escaped(title))</h1>\n<p class=\"question\">\(Self.escaped(question))</p>\n"
        var figureCount = 0
        for section in sections {
            body += "<section>\n<h2>\(Self.escaped(section.title))</h2>\n"
            for paragraph in section.text { body += "<p>\(Self.escaped(paragraph))</p>\n" }
            for figure in section.figures {
                figureCount += 1
                body += "<figure>\n\(Self.inlined(figure.svg, prefix: "f\(figureCount)-"))\n"
                body += "<figcaption>\(Self.escaped(figure.caption))</figcaption>\n</figure>\n"
            }
            if !section.warnings.isEmpty {
                let items = section.warnings.map { "<li>\(Self.escaped($0))</li>" }.joined(separator: "\n")
                body += "<ul class=\"warnings\">\n\(items)\n</ul>\n"
            }
            for item in section.tables { body += Self.table(item.caption, item.table) }
            body += "</section>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Self.escaped(title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private static func table(_ caption: String, _ table: Table) -> String {
        var text = "<div class=\"scroll\"><table>\n<caption>\(escaped(caption))</caption>\n<thead><tr>"
        for name in table.columnNames { text += "<th>\(escaped(name))</th>" }
        text += "</tr></thead>\n<tbody>\n"
        for row in 0..<table.rowCount {
            text += "<tr>"
            for column in table.columns {
                switch column.values {
                case .texts(let values): text += "<td>\(escaped(values[row]))</td>"
                case .integers(let values): text += "<td class=\"n\">\(values[row])</td>"
                case .numbers(let values):
                    text += "<td class=\"n\">\(values[row].isNaN ? "" : significant(values[row], digits: 4))</td>"
                }
            }
            text += "</tr>\n"
        }
        return text + "</tbody>\n</table></div>\n"
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// gnuplot uses the same ids in every picture: two pictures in one page need their own.
    static func inlined(_ svg: String, prefix: String) -> String {
        guard let start = svg.range(of: "<svg") else { return "" }
        return String(svg[start.lowerBound...])
            .replacingOccurrences(of: " id=\"", with: " id=\"\(prefix)")
            .replacingOccurrences(of: " id='", with: " id='\(prefix)")
            .replacingOccurrences(of: "xlink:href='#", with: "xlink:href='#\(prefix)")
            .replacingOccurrences(of: "url(#", with: "url(#\(prefix)")
    }

    private static let style = """

        :root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #ddd; --soft: #666; --warn: #8a4b00; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #161616; --line: #3a3a3a; --soft: #aaa; --warn: #f0b060; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { margin-bottom: 0; } h2 { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 2.5rem; }
        .question { font-size: 1.15rem; color: var(--soft); margin-top: .25rem; }
        figure { margin: 1.5rem 0; } figure svg { width: 100%; height: auto; max-width: 52rem; background: #fff; }
        figcaption, caption { color: var(--soft); font-size: .9rem; text-align: left; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; margin: 1rem 0; font-variant-numeric: tabular-nums; }
        th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
        td.n, th { text-align: right; } th:first-child, td:first-child { text-align: left; }
        .warnings { color: var(--warn); font-size: .85rem; line-height: 1.35; padding-left: 1.2rem; } .warnings li::marker { content: "⚠ "; }
        @media print { body { max-width: none; margin: 0; } section { break-inside: avoid; } }

        """
}
