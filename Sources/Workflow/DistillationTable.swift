import Foundation
import RunStore
import Statistics
import Tables

/// The look-up table of the Distillation Correlation Score: the sets of images that a store's runs were trained on, with the
/// errors of those runs. It is enough by itself to score a new loss, and new runs extend it.
///
/// A row is a set under one condition (variant, model, regime, budget), averaged over seeds:
///
/// | column | meaning |
/// |---|---|
/// | `set` | subset and IPC: `easiest-ipc50` |
/// | `subset`, `family` | the rule, and the subset's name in the study |
/// | `parent` | what the set was cut from: a random pool, or the ranking of a score; a set of its own otherwise |
/// | `ipc` | *distinct* images per class |
/// | `repeats` | images over distinct images: above 1 elements repeat |
/// | `same_as` | the set whose images these are, where it is one: no point of a correlation |
/// | `variant` | what stands before the regime in the runs' ids: another model or recipe |
/// | `model`, `regime`, `budget` | |
/// | `split` | `public` or `held-out` |
/// | `test_loss`, `test_error`, `ood_error`, … with `…_std` | means and deviations (n − 1) over seeds |
/// | `n` | seeds; `…_n` those that have the figure, where some lack it |
/// | `images` | digest of the images and labels of all seeds |
public struct DistillationTable: Sendable, Equatable {
    public var table: Table

    /// What tells conditions apart, besides the set.
    public static let conditions = ["variant", "model", "regime", "budget"]
    /// Figures of merit, as runs call them.
    static let metrics = ["test_loss", "test_error", "ood_error", "ood_loss", "validation_error"]
    /// Columns that a table must have to be one.
    static let required = ["set", "subset", "family", "parent", "ipc", "repeats", "same_as", "split", "n"]

    public static func isOne(_ table: Table) -> Bool { required.allSatisfy(table.has) }

    public init(_ table: Table) { self.table = table }

    /// Sets are told apart by name, one row each and condition.
    public var setNames: [String] {
        ((try? table.texts("set")) ?? []).distinct()
    }

    /// The conditions that differ between rows: their correlations are separate questions.
    public var differingConditions: [String] {
        Self.conditions.filter { name in table.has(name) && Set((try? table.texts(name)) ?? []).count > 1 }
    }

    /// What each row's set was trained under.
    static func conditions(of table: Table) throws(TableError) -> [[String]] {
        var rows = [[String]](repeating: [], count: table.rowCount)
        for name in conditions where table.has(name) {
            for (row, text) in try table.texts(name).enumerated() { rows[row].append(text) }
        }
        return rows
    }

    /// The rows that may be points of a correlation, and those that repeat another set.
    ///
    /// - Parameter heldOut: whether held-out sets are points too.
    public func points(heldOut: Bool) throws(TableError) -> (points: Table, repeats: Table) {
        let (same, split, factor) = (
            try table.texts("same_as"), try table.texts("split"), try table.numbers("repeats")
        )
        let shown = split.indices.filter { heldOut || split[$0] != "held-out" }
        return (
            table.rows(shown.filter { same[$0].isEmpty && !(factor[$0] > 1) }),
            table.rows(shown.filter { !same[$0].isEmpty || factor[$0] > 1 })
        )
    }

    /// The table of sealed runs, joined with rows that an older table has and the store no longer explains.
    ///
    /// - Parameter heldOut: names of sets, subsets or families that become held-out; rows of `older` keep their split.
    init(_ runs: [StoredSet], older: Table?, heldOut: Set<String>) throws(TableError) {
        let rows = StoredSet.rows(runs)
        let members = rows.joined().map { SetContent.Named(set: $0.set, condition: $0.condition, content: $0.content) }
        let twins = Dictionary(
            zip(members.map { $0.condition + [$0.set] }, SetContent.twins(members)), uniquingKeysWith: { a, _ in a })
        var table = Self.table(rows.map { Row($0, sameAs: (twins[$0[0].key] ?? nil) ?? "") })
        if let older { table = try Self.extended(table, by: older) }
        if !heldOut.isEmpty { try Self.holdOut(heldOut, in: &table) }
        self.table = try Self.sorted(table)
    }

    private static func holdOut(_ names: Set<String>, in table: inout Table) throws(TableError) {
        var matched = [[String]]()
        for column in ["set", "subset", "family"] { matched.append(try table.texts(column)) }
        for name in names where !matched.joined().contains(name) {
            throw TableError(
                .malformed("no set, subset or family '\(name)' to hold out"), source: table.source)
        }
        let split = try table.texts("split").enumerated().map { row, word in
            matched.contains { names.contains($0[row]) } ? "held-out" : word
        }
        table.columns.removeAll { $0.name == "split" }
        table.columns.append(Column("split", split))
        table = ordered(table)
    }

    /// Rows of the older table that are not in the new one stay; the split of those that are is kept.
    private static func extended(_ table: Table, by older: Table) throws(TableError) -> Table {
        let keys = ["set"] + conditions
        func names(_ table: Table) throws(TableError) -> [[String]] {
            var columns = [[String]]()
            for key in keys { columns.append(try table.texts(key)) }
            return (0..<table.rowCount).map { row in columns.map { $0[row] } }
        }
        let (mine, theirs) = (try names(table), try names(older))
        let present = Set(mine)
        let splits = Dictionary(zip(theirs, try older.texts("split")), uniquingKeysWith: { a, _ in a })
        var fresh = table
        fresh.columns.removeAll { $0.name == "split" }
        fresh.columns.append(Column("split", mine.map { splits[$0] ?? "public" }))
        var kept = older.rows(theirs.indices.filter { !present.contains(theirs[$0]) })
        guard kept.rowCount > 0 else { return ordered(fresh) }
        try markTwins(of: fresh, in: &kept)
        for name in kept.columnNames where !fresh.has(name) {
            fresh.columns.append(Column(name, [Double](repeating: .nan, count: fresh.rowCount)))
        }
        var joined = kept
        for name in fresh.columnNames where !joined.has(name) {
            joined.columns.append(Column(name, [Double](repeating: .nan, count: joined.rowCount)))
        }
        let columns = try fresh.columnNames.map { name throws(TableError) in try joined.column(name) }
        return ordered(try Table.stacked([fresh, Table(columns)]))
    }

    /// A kept row whose images a set of the same condition has under a new name is no second point.
    private static func markTwins(of fresh: Table, in kept: inout Table) throws(TableError) {
        guard fresh.has("images"), kept.has("images") else { return }
        func places(_ table: Table) throws(TableError) -> [[String]] {
            let images = try table.texts("images")
            return zip(try conditions(of: table), images).map { $0 + [$1] }
        }
        let names = Dictionary(zip(try places(fresh), try fresh.texts("set")), uniquingKeysWith: { a, _ in a })
        let (known, same) = (try places(kept), try kept.texts("same_as"))
        kept.columns.removeAll { $0.name == "same_as" }
        kept.columns.append(Column("same_as", same.indices.map { names[known[$0]] ?? same[$0] }))
    }

    /// By condition, then family, size and name.
    private static func sorted(_ table: Table) throws(TableError) -> Table {
        var keys = [[String]](repeating: [], count: table.rowCount)
        for name in conditions + ["family"] {
            for (row, text) in try table.texts(name).enumerated() { keys[row].append(text) }
        }
        let (sizes, names) = (try table.numbers("ipc"), try table.texts("set"))
        let order = keys.indices.sorted { a, b in
            if keys[a] != keys[b] { return keys[a].lexicographicallyPrecedes(keys[b]) }
            return (sizes[a], names[a]) < (sizes[b], names[b])
        }
        return Table(table.rows(order).columns)
    }

    /// The columns in the order in which they are written.
    private static func ordered(_ table: Table) -> Table {
        let first =
            ["set", "subset", "family", "parent", "ipc", "repeats", "same_as"] + conditions + ["split"]
            + metrics.flatMap { [$0, $0 + "_std", $0 + "_n"] } + ["n", "images"]
        let known = first.filter(table.has)
        let rest = table.columnNames.filter { !first.contains($0) }
        return Table((known + rest).compactMap { name in table.columns.first { $0.name == name } })
    }

    private static func table(_ rows: [Row]) -> Table {
        func texts(_ name: String, _ value: (Row) -> String) -> Column { Column(name, rows.map(value)) }
        func numbers(_ name: String, _ value: (Row) -> Double) -> Column {
            let values = rows.map(value)
            let areWhole = values.allSatisfy { $0 == $0.rounded() && abs($0) < 0x1p53 }
            return areWhole ? Column(name, values.map { Int($0) }) : Column(name, values)
        }
        var columns = [
            texts("set", \.first.set), texts("subset", \.first.subset), texts("family", \.first.origin.family),
            texts("parent", \.first.origin.parent), numbers("ipc", \.first.distinctPerClass),
            numbers("repeats", \.first.content.repeats), texts("same_as", \.sameAs), texts("variant", \.first.variant),
            texts("model", \.first.model), texts("regime", \.first.regime), texts("budget", \.first.budget),
            texts("split") { _ in "public" },
        ]
        for metric in metrics where rows.contains(where: { $0.values[metric] != nil }) {
            columns += overSeeds(metric, rows.map { $0.values[metric] ?? [] }, seeds: rows.map(\.count))
        }
        columns += [Column("n", rows.map(\.count)), texts("images", \.images)]
        return Table(columns)
    }

    /// A set under one condition.
    private struct Row {
        let first: StoredSet
        let sameAs: String
        /// By metric, one per seed that has it.
        let values: [String: [Double]]
        let count: Int
        let images: String

        init(_ members: [StoredSet], sameAs: String) {
            first = members[0]
            self.sameAs = sameAs
            count = members.count
            var values: [String: [Double]] = [:]
            for metric in metrics {
                let found = members.compactMap { $0.metrics[metric] }
                if !found.isEmpty { values[metric] = found }
            }
            self.values = values
            images = StoredSet.images(members)
        }
    }
}

/// Mean and deviation over the seeds that have a figure, and how many those are where a seed lacks it.
///
/// - Parameters:
///   - values: of each row, by seed; NaN where a seed has none.
///   - seeds: of each row.
func overSeeds(_ name: String, _ values: [[Double]], seeds: [Int]) -> [Column] {
    let known = values.map { $0.filter { !$0.isNaN } }
    var columns = [
        Column(name, known.map { mean($0) }), Column(name + "_std", known.map { standardDeviation($0) ?? .nan }),
    ]
    if known.map(\.count) != seeds { columns.append(Column(name + "_n", known.map(\.count))) }
    return columns
}
