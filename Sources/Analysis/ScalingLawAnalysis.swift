import Fitting
import Tables

/// The fits of a law to the groups of a table: what `assay fit` answers.
public struct ScalingLawAnalysis: Sendable, Equatable {
    /// Rows that were left out, and why.
    public struct LeftOut: Sendable, Equatable {
        public let reason: String
        /// `line 9`, or the row's name.
        public let places: [String]
    }

    public let fits: [ScalingLawFit]
    public let leftOut: [LeftOut]
    public let source: String?

    /// Fits `law` to each group of `table`.
    ///
    /// - Parameters:
    ///   - x: the law's x columns, in its order.
    ///   - y: a column or an expression in columns; an error is in 0…1.
    ///   - rowNames: a column that names rows in messages better than their line does, as a run's id.
    ///   - group: the columns whose values tell groups apart; none = all rows are one group.
    /// - Throws: `ScalingLawError` for a wrong question or rows outside the law's domain, `TableError` for columns that
    ///   are missing or hold text. A group that cannot be fitted is refused in its own result.
    public init(
        of table: Table, law: any ScalingLaw, x: [String], y: String, group: [String] = [], unit: Double = 1,
        rowNames: String? = nil, options: ScalingLawOptions = .init()
    ) throws {
        try Self.check(options, law: law)
        guard x.count == law.columns.count else {
            throw ScalingLawError.columnCount(law: law.name, needed: law.columns.map(\.name), given: x.count)
        }
        let expression = try ColumnExpression(y, known: table.columnNames)
        let xs = try x.map { try table.numbers($0) }
        let ys = try expression.values(in: table)
        let source = table.source.map { $0 == "-" ? "standard input" : $0 } ?? "table"
        let names = try rowNames.map { try table.texts($0) }
        func place(_ row: Int) -> String {
            names.map { "\(source)/\($0[row])" } ?? "\(source):\(table.line(ofRow: row))"
        }
        if expression.isColumn && Self.isError(y), let row = ys.firstIndex(where: { $0 > 1 }) {
            throw ScalingLawError.errorAboveOne(column: y, value: ys[row], place: place(row))
        }

        var keep: [Int] = []
        var leftOut: [(reason: String, places: [String])] = []
        func leave(_ row: Int, _ reason: String) {
            let place = names.map { $0[row] } ?? "line \(table.line(ofRow: row))"
            if let index = leftOut.firstIndex(where: { $0.reason == reason }) {
                leftOut[index].places.append(place)
            } else {
                leftOut.append((reason, [place]))
            }
        }
        for row in 0..<table.rowCount {
            if let empty = (x.indices.first { xs[$0][row].isNaN }).map({ x[$0] }) ?? (ys[row].isNaN ? y : nil) {
                leave(row, "\(empty) is empty")
                continue
            }
            guard ys[row].isFinite else {
                throw ScalingLawError.invalidPoint(place: place(row), problem: "\(y) is not finite")
            }
            switch law.check(xs.map { $0[row] }) {
            case .fine: keep.append(row)
            case .leftOut(let reason): leave(row, reason)
            case .invalid(let problem): throw ScalingLawError.invalidPoint(place: place(row), problem: problem)
            }
        }
        guard !keep.isEmpty else {
            throw ScalingLawError.noRows(
                leftOut.map { "\($0.reason) in \($0.places.count) rows" }.joined(separator: ", "))
        }
        let kept = Set(keep)
        self.source = table.source
        self.leftOut = leftOut.map { LeftOut(reason: $0.reason, places: $0.places) }
        fits = try table.groups(by: group).map { key, rows in
            let rows = rows.filter(kept.contains)
            return ScalingLawFit(
                law, x: rows.map { row in xs.map { $0[row] } }, y: rows.map { ys[$0] },
                group: key.map { (column: $0.0, value: $0.1) }, unit: unit, options: options)
        }
    }

    /// A column that is an error by its name: `test_error`, `err`, `top1-err`.
    static func isError(_ column: String) -> Bool {
        let words = column.lowercased().split { !$0.isLetter }
        return column.lowercased().contains("error") || words.contains("err")
    }

    private static func check(_ options: ScalingLawOptions, law: any ScalingLaw) throws(ScalingLawError) {
        let names = law.parameters.map(\.name)
        for (option, given) in [("--start", options.start), ("--fix", options.fixed)] {
            for (name, value) in given.sorted(by: { $0.key < $1.key }) {
                guard let parameter = law.parameters.first(where: { $0.name == name }) else {
                    throw .unknownParameter(name, option: option, known: names)
                }
                guard value.isFinite && parameter.bounds.contains(value) else {
                    throw .outOfBounds(
                        name, value: value, low: parameter.bounds.lower, high: parameter.bounds.upper, option: option)
                }
            }
        }
        if let both = names.first(where: { options.start[$0] != nil && options.fixed[$0] != nil }) {
            throw .option("\(both) is both in --start and in --fix")
        }
        if let starts = options.starts, starts < 1 || starts > 1000 {
            throw .option("--starts takes 1…1000, not \(starts)")
        }
        if !(options.level > 0 && options.level < 1) {
            throw .option("--level lies between 0 and 1, not \(significant(options.level))")
        }
    }

    public var isEveryGroupRefused: Bool { fits.allSatisfy(\.isRefused) }
    public var isEveryFitConverged: Bool { fits.allSatisfy(\.termination.isConverged) }
}
