import Foundation
import Tables

extension ScalingLaws {
    /// `assay laws`: one row per entry.
    public static func table() -> Table {
        let laws = all.map(\.law)
        return Table([
            Column("law", all.map(\.name)),
            Column("formula", laws.map(\.formula)),
            Column("x columns", laws.map { $0.columns.map(\.name).joined(separator: ", ") }),
            Column("parameters", all.map { parameters(of: $0) + ($0.family == nil ? "" : ", …") }),
            Column("source", laws.map(\.source)),
        ])
    }

    /// The table for a terminal: a paragraph per law.
    public static func text() -> String {
        let rows = table()
        let columns = rows.columnNames.dropFirst().compactMap { name in try? (name, rows.texts(name)) }
        return all.indices.map { row in
            let lines = columns.filter { !$1[row].isEmpty }.map { name, cells in
                "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + cells[row]
            }
            return ([all[row].name] + lines).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private static func parameters(of entry: Entry) -> String {
        let ofErrors = entry.make(entry.family?.lowerBound ?? 0, Setting(isError: true)).parameters
        return zip(entry.law.parameters, ofErrors).map { parameter, ofError in
            let isHeld = ofError.bounds.lower == ofError.bounds.upper
            return text(of: parameter) + (isHeld ? " (\(significant(ofError.bounds.lower)) where y is an error)" : "")
        }.joined(separator: ", ")
    }

    /// `b -5…0`.
    private static func text(of parameter: LawParameter) -> String {
        let (name, bounds) = (parameter.name, parameter.bounds)
        var upper = bounds.upper.isFinite ? significant(bounds.upper) : nil
        if parameter.staysBelowData { upper = "min y" }
        if parameter.staysBelowHighest { upper = "max y" }
        if parameter.staysAboveData { return "\(name) ≥ max y" }
        return switch (bounds.lower.isFinite, upper) {
        case (true, let upper?): "\(name) \(significant(bounds.lower))…\(upper)"
        case (true, nil): "\(name) ≥ \(significant(bounds.lower))"
        case (false, let upper?): "\(name) ≤ \(upper)"
        case (false, nil): name
        }
    }

    /// docs/laws.md.
    public static func markdown() -> String {
        """
        # Laws

        <!-- Made from Sources/Analysis/ScalingLaws.swift; a test compares the two. -->

        `assay fit --law NAME` takes a name from this table, `assay fit --law "EXPRESSION"` any formula. The columns of
        `--x` come in the order given here, whatever they are called. *min y* and *max y* are those of a group; `--bound` replaces
        a bound, `--n0` is the unit N0 of samples.

        \(quoted(table(), columns: ["law", "formula", "parameters"]))
        ## Letters

        \(quoted(meanings(), columns: ["law", "letter"]))
        ## Expressions

        `+ - * / ^`, parentheses, numbers, `pi`, \(Expression.functions.map { "`\($0.name)`" }.joined(separator: ", ")).
        `^` is right-associative and binds closer than a sign: −x^2 is −(x^2). `min` and `max` take two or more arguments;
        `log` is the natural logarithm. Every name that is not an x column is a parameter, in the order of first
        appearance, without bounds until `--bound` gives some. Derivatives are exact (dual numbers); the parameters in
        which a formula is linear are recognised and solved for.

        """
    }

    /// A Markdown table in which formulas are code: `*` would be emphasis.
    private static func quoted(_ table: Table, columns: Set<String>) -> String {
        Table(
            table.columns.map { column in
                guard columns.contains(column.name), case .texts(let cells) = column.values else { return column }
                return Column(column.name, cells.map { "`\($0)`" })
            }
        ).formatted(.md)
    }

    private static func meanings() -> Table {
        let rows = all.flatMap { entry -> [(String, String, String)] in
            let law = entry.law
            return law.columns.map { (entry.name, $0.name, $0.meaning + " (x)") }
                + law.parameters.map { (entry.name, $0.name, $0.meaning) }
        }
        return Table([
            Column("law", rows.map(\.0)), Column("letter", rows.map(\.1)), Column("meaning", rows.map(\.2)),
        ])
    }
}
