/// Numbers of one run in the order in which they were logged, before anything is said about checkpoints.
///
/// A row is what its logger wrote at once: a line, a history entry, a step of a tag. Rows are sparse, since loggers
/// write training and validation values of one epoch on different ones.
struct MetricLog: Sendable {
    /// The run's id where the user gives none.
    var name: String
    /// The file or folder, for messages.
    var path: String
    /// By the names of the file, the columns of epochs, steps and times among them.
    private(set) var series: [String: LogSeries] = [:]
    private(set) var rowCount = 0
    /// What a row is in the file: `line 12`.
    var place: @Sendable (Int) -> String
    /// Settings of the run, constant over it.
    var attributes: [String: String] = [:]
    var sources: [ImportSource] = []
    var notes: [String] = []
    var warnings: [String] = []
    /// Whether Lightning's trainer counted: the first epoch is 0, and a test after the last one has its own epoch.
    var isLightnings = false
    /// Whether one metric logged twice at the same epoch and step means that rows of two runs are mixed. Otherwise the
    /// later one counts.
    var repeatsAreErrors = false
    /// Whether a NaN may stand for an empty cell, as sparse tables are sometimes written: it gives way to any number of its
    /// checkpoint.
    var nansMayBeEmpty = false
    /// Files that count optimiser steps but call each a checkpoint's number.
    var stepHint = "give --steps-per-epoch N (1 where each step is an epoch)"

    init(name: String, path: String, place: @escaping @Sendable (Int) -> String) {
        self.name = name
        self.path = path
        self.place = place
    }

    /// Whether nothing but epochs, steps and times was logged.
    var isEmpty: Bool { series.keys.allSatisfy(LogNames.axes.contains) }

    /// Begins the next row.
    mutating func addRow() { rowCount += 1 }

    /// Adds a number to the row begun last; of two under one name the later counts.
    mutating func add(_ name: String, _ value: Double) {
        series[name, default: LogSeries()].add(rowCount - 1, value)
    }

    mutating func remove(_ name: String) { series[name] = nil }

    /// A column with NaN where a row has no value, [rows].
    func dense(_ name: String) -> [Double]? {
        guard let series = series[name] else { return nil }
        var values = [Double](repeating: .nan, count: rowCount)
        for (row, value) in zip(series.rows, series.values) { values[row] = value }
        return values
    }

    /// The first of some names that is a column.
    func first(of names: [String]) -> String? { names.first { series[$0] != nil } }
}

/// One column of a sparse table.
struct LogSeries: Sendable {
    /// Increasing.
    private(set) var rows: [Int] = []
    private(set) var values: [Double] = []

    fileprivate mutating func add(_ row: Int, _ value: Double) {
        if rows.last == row {
            values[values.count - 1] = value
        } else {
            rows.append(row)
            values.append(value)
        }
    }
}

extension ImportOptions {
    /// Evaluates the right side of a mapping over columns, which may be named as in the file or as in the store.
    func value(
        of target: String, _ expression: String, over columns: [String: [Double]], count: Int, path: String
    ) throws(ImportError) -> [Double] {
        if let column = columns[expression] { return column }
        var named = columns
        for (name, values) in columns where named[LogNames.safe(name)] == nil { named[LogNames.safe(name)] = values }
        let place = "--map \(target)=\(expression)"
        let values: [Double]
        do { values = try evaluate(expression, named) } catch { throw ImportError(path, at: place, "\(error)") }
        guard values.count == count else {
            throw ImportError(path, at: place, "\(values.count) values for \(count) rows")
        }
        return values
    }
}
