import Fitting
import Synchronization
import Tables

/// The names of the columns that a fit reads.
struct FitColumns: Sendable, Equatable {
    var x: [String]
    /// A column or an expression in columns.
    var y: String
    var group: [String]
    var weights: String?
    var cluster: String?
    /// Names rows in messages better than their line does, as a run's id.
    var rowNames: String?
}

/// What all fits of an analysis have in common.
final class FitData: Sendable {
    let rows: FitRows
    let sentences = SentencePool()

    init(_ rows: FitRows) { self.rows = rows }
}

/// One copy of each sentence, which thousands of fits repeat.
final class SentencePool: Sendable {
    private let known = Mutex<Set<String>>([])

    func pooled(_ sentence: String) -> String {
        known.withLock { known in
            if let place = known.firstIndex(of: sentence) { return known[place] }
            // Sentences with numbers of their own would only fill the pool.
            if known.count < 1000 { known.insert(sentence) }
            return sentence
        }
    }
}

extension Termination {
    func pooled(_ pool: SentencePool) -> Termination {
        switch self {
        case .converged(let sentence): .converged(pool.pooled(sentence))
        case .notConverged(let sentence): .notConverged(pool.pooled(sentence))
        case .refused(let sentence): .refused(pool.pooled(sentence))
        }
    }
}

/// The numbers of a table that a fit reads, and which of its rows are fitted.
struct FitRows: Sendable {
    let columns: FitColumns
    /// One array per x column.
    let x: [[Double]]
    let y: [Double]
    let weights: [Double]?
    let clusters: [String]?
    /// Columns whose values should not be mixed in one group: `model`, `ipc`, `regime`, `recipe`.
    let settings: [(name: String, values: [String])]
    private let table: Table
    private let names: [String]?
    /// False for rows that are left out.
    private(set) var isKept: [Bool]
    /// True for kept rows that a `Holdout.condition` sets aside.
    private(set) var isHeldOut: [Bool]?
    private(set) var leftOut: [ScalingLawAnalysis.LeftOut] = []

    init(
        of table: Table, columns: FitColumns, laws: [any ScalingLaw], options: ScalingLawOptions
    ) throws {
        self.table = table
        self.columns = columns
        let expression = try ColumnExpression(columns.y, known: table.columnNames)
        x = try columns.x.map { try table.numbers($0) }
        y = try expression.values(in: table)
        weights = try columns.weights.map { try table.numbers($0) }
        clusters = try columns.cluster.map { try table.texts($0) }
        names = try columns.rowNames.map { try table.texts($0) }
        settings = try ["model", "ipc", "regime", "recipe"].filter {
            table.has($0) && !columns.group.contains($0) && !columns.x.contains($0) && columns.y != $0
        }.map { ($0, try table.texts($0)) }
        isKept = [Bool](repeating: true, count: table.rowCount)
        if expression.isColumn && ScalingLawAnalysis.isError(columns.y), let row = y.firstIndex(where: { $0 > 1 }) {
            throw ScalingLawError.errorAboveOne(column: columns.y, value: y[row], place: place(row))
        }
        try leaveOutEmptyCells(options)
        try leaveOutWeightless()
        try checkDomains(laws)
        if case .condition(let column, let relation, let value) = options.holdout {
            let numbers = try table.numbers(column)
            isHeldOut = numbers.map { relation.holds($0, value) }
            if isHeldOut?.contains(true) == false {
                let ends = "\(significant(numbers.min() ?? .nan)) to \(significant(numbers.max() ?? .nan))"
                throw ScalingLawError.option(
                    "--holdout: no row has \(options.holdout?.description ?? ""); \(column) goes from \(ends)")
            }
        }
        guard isKept.contains(true) else {
            let why = leftOut.map { "\($0.reason) in \(counted($0.places.count, "row"))" }.joined(separator: ", ")
            throw ScalingLawError.noRows(why.isEmpty ? "there is none" : why, source: source)
        }
    }

    private var source: String { table.source.map { $0 == "-" ? "standard input" : $0 } ?? "table" }

    /// `points.csv:9`, or the row's name.
    func place(_ row: Int) -> String {
        names.map { "\(source)/\($0[row])" } ?? "\(source):\(table.line(ofRow: row))"
    }

    /// `line 9`, or the row's name.
    func shortPlace(_ row: Int) -> String { names.map { $0[row] } ?? "line \(table.line(ofRow: row))" }

    private mutating func leave(_ rows: [Int], _ reason: String) {
        if rows.isEmpty { return }
        for row in rows { isKept[row] = false }
        leftOut.append(.init(reason: reason, places: rows.map(shortPlace)))
    }

    /// Rows are counted once, under the first column in which they are empty.
    private mutating func leaveOutEmptyCells(_ options: ScalingLawOptions) throws {
        let missing = options.missing
        var numbers = [(columns.y, y)] + zip(columns.x, x).map { ($0, $1) }
        if let name = columns.weights, let weights { numbers.append((name, weights)) }
        // A row of which nobody knows whether it is held out is neither.
        if case .condition(let name, _, _) = options.holdout { numbers.append((name, try table.numbers(name))) }
        for (name, values) in numbers {
            try leaveOutEmpty(name, values.indices.filter { values[$0].isNaN && isKept[$0] }, missing)
        }
        if let name = columns.cluster, let clusters {
            try leaveOutEmpty(name, clusters.indices.filter { clusters[$0].isEmpty && isKept[$0] }, missing)
        }
    }

    private mutating func leaveOutEmpty(
        _ column: String, _ rows: [Int], _ missing: ScalingLawOptions.Missing
    ) throws(ScalingLawError) {
        if missing == .fail && !rows.isEmpty {
            throw .missing(column: column, places: rows.map(shortPlace), source: source)
        }
        leave(rows, "\(column) is empty")
    }

    private mutating func leaveOutWeightless() throws(ScalingLawError) {
        guard let weights, let name = columns.weights else { return }
        if let row = weights.indices.first(where: { isKept[$0] && !(weights[$0] >= 0 && weights[$0].isFinite) }) {
            throw .invalidPoint(
                place: place(row),
                problem: "the weight \(name) must not be negative, but is \(significant(weights[row]))")
        }
        leave(weights.indices.filter { isKept[$0] && weights[$0] == 0 }, "\(name) is 0")
    }

    /// A row that one law leaves out is left out for all: laws are compared on the same points.
    private mutating func checkDomains(_ laws: [any ScalingLaw]) throws(ScalingLawError) {
        var reasons: [(reason: String, rows: [Int])] = []
        var rowsOfLaws = laws.map { [Double](repeating: 0, count: $0.columns.count) }
        for row in y.indices where isKept[row] {
            try checkFinite(row)
            for l in laws.indices {
                for c in rowsOfLaws[l].indices { rowsOfLaws[l][c] = x[c][row] }
                switch laws[l].check(rowsOfLaws[l]) {
                case .fine: continue
                case .invalid(let problem): throw .invalidPoint(place: place(row), problem: problem)
                case .leftOut(let reason):
                    if let known = reasons.firstIndex(where: { $0.reason == reason }) {
                        reasons[known].rows.append(row)
                    } else {
                        reasons.append((reason, [row]))
                    }
                }
                break
            }
        }
        for (reason, rows) in reasons { leave(rows, reason) }
    }

    private func checkFinite(_ row: Int) throws(ScalingLawError) {
        if !y[row].isFinite { throw .invalidPoint(place: place(row), problem: "\(columns.y) is not finite") }
        for c in x.indices where !x[c][row].isFinite {
            throw .invalidPoint(place: place(row), problem: "\(columns.x[c]) is not finite")
        }
    }
}
