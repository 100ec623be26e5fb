import Statistics
import Tables

extension OptimalHardness {
    /// What CAD-Prune saves against the sliding window: it trains one subset and the run that scores the images, the
    /// window trains a subset per window.
    public struct Saving: Sendable, Equatable {
        /// The subset's name in the table, and its runs.
        public var subset: String
        public var n: Int
        /// Samples seen by one seed of all windows together.
        public var search: Double
        public var windows: Int
        /// Samples seen by one run of the subset.
        public var training: Double
        /// Samples seen by one run on the whole data set, from which the images were scored; nil where the table has none,
        /// and then it is not counted. The window's own scores are not counted either: it needs a run like this as well.
        public var scoring: Double?
        /// `search` less what CAD-Prune needs; negative where it needs more.
        public var saved: Double { search - training - (scoring ?? 0) }
        /// `Options.report` of the subset, mean over its runs.
        public var reported: Double
        public var deviation: Double?
    }

    /// What makes two runs of one window no seeds of each other.
    private static let conditions = ["dataset", "model", "regime", "budget"]

    /// Those that differ among the windows, for `Options.per`. Throws for text in the column of windows.
    public static func differingConditions(_ table: Table, window: String) throws(TableError) -> [String] {
        guard table.has(window) else { return [] }
        let starts = try table.numbers(window)
        var found: [String] = []
        for name in conditions where table.has(name) {
            let values = try table.texts(name)
            if Set(starts.indices.filter { !starts[$0].isNaN }.map { values[$0] }).count > 1 { found.append(name) }
        }
        return found
    }

    /// The rows that were trained as the windows were: on the same data, with the same network, labels and budget.
    private static func rows(_ rows: [Int], like windows: [Int], of table: Table) throws(TableError) -> [Int] {
        var alike = rows
        for name in Self.conditions where table.has(name) {
            let texts = try table.texts(name)
            let known = Set(windows.map { texts[$0] })
            alike = alike.filter { known.contains(texts[$0]) }
        }
        return alike
    }

    /// The savings of one group and size: one per CAD subset. Empty without a column of samples seen.
    static func savings(
        _ table: Table, rows: [Int], windows: [Int], options: Options
    ) throws(TableError) -> [Saving] {
        guard table.has(options.samplesSeen), table.has(options.subset), !windows.isEmpty else { return [] }
        let seen = try table.numbers(options.samplesSeen)
        let names = try table.texts(options.subset)
        let starts = try table.numbers(options.window)
        let sizes = try table.numbers(options.ipc)
        let reported = try table.numbers(options.report)
        let ipc = sizes[windows[0]]
        let places = Set(windows.map { starts[$0] })
        // One seed of each window.
        let search = places.sorted().reduce(0) { total, start in
            total + mean(windows.filter { starts[$0] == start }.map { seen[$0] })
        }
        let rows = try Self.rows(rows, like: windows, of: table)
        let full = rows.filter { names[$0].lowercased().hasPrefix("full") && !seen[$0].isNaN }
        let matching = rows.filter { row in
            names[row].lowercased().hasPrefix(options.cad) && sizes[row] == ipc && starts[row].isNaN
                && !seen[row].isNaN && !reported[row].isNaN
        }
        if search.isNaN { return [] }
        return matching.map { names[$0] }.distinct().map { subset in
            let runs = matching.filter { names[$0] == subset }
            return Saving(
                subset: subset, n: runs.count, search: search, windows: places.count,
                training: mean(runs.map { seen[$0] }), scoring: full.isEmpty ? nil : mean(full.map { seen[$0] }),
                reported: mean(runs.map { reported[$0] }),
                deviation: standardDeviation(runs.map { reported[$0] }))
        }
    }
}
