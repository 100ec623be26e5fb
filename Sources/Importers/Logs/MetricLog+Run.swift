import Records
import Tables

extension MetricLog {
    /// The run that this log tells: its rows brought together into checkpoints, its columns under the store's names.
    ///
    /// Throws `ImportError` where epochs are unknown, where rows of two runs are mixed and where a mapping fails.
    func run(id: String, _ options: ImportOptions) throws(ImportError) -> ImportedRun {
        let axis = try EpochAxis(self, options)
        var description = RunDescription(id: id)
        var notes = notes + axis.notes
        var warnings = warnings + axis.warnings
        notes += try description.set(attributes, options, path: path)

        var metrics = Checkpoints(axis: axis)
        for name in series.keys.sorted() { try metrics.add(name, self) }
        notes += metrics.notes()
        warnings += metrics.warnings()

        var columns = MetricColumns(values: metrics.values, epochs: axis.epochs, path: path)
        let samplesSeen = try columns.samplesSeen(axis, options)
        try columns.rename(options, without: axis.columns)
        notes += columns.notes
        warnings += columns.warnings + MetricColumns.suspectErrors(columns.values)
        if columns.values.isEmpty {
            throw ImportError(path, "no numbers but epochs and steps; there is no metric to import")
        }
        return ImportedRun(
            description: description, epochs: axis.epochs, samplesSeen: samplesSeen, metrics: columns.values,
            sources: sources, notes: notes, warnings: warnings)
    }
}

/// The values of each metric at each checkpoint, while rows are brought together.
private struct Checkpoints {
    let axis: EpochAxis
    /// [E], NaN where a checkpoint lacks a value.
    private(set) var values: [String: [Double]] = [:]
    /// Values that a later one of the same epoch and another step has replaced, and of the same step.
    private var earlier = 0
    private var repeated = 0
    /// NaNs beside which their checkpoint has a number.
    private var gaveWay = 0
    private var infinite: [String: Int] = [:]
    private var notNumbers: [String: Int] = [:]

    init(axis: EpochAxis) { self.axis = axis }

    mutating func add(_ name: String, _ log: MetricLog) throws(ImportError) {
        guard let series = log.series[name] else { return }
        let isAxis = axis.columns.contains(name) || LogNames.axes.contains(name)
        var result = [Double](repeating: .nan, count: axis.epochs.count)
        /// The row that gave the value.
        var rows = [Int](repeating: -1, count: axis.epochs.count)
        for (row, value) in zip(series.rows, series.values) {
            guard let checkpoint = axis.checkpoints[row] else { continue }
            let before = rows[checkpoint]
            if before >= 0, log.nansMayBeEmpty, value.isNaN || result[checkpoint].isNaN {
                if value.isNaN != result[checkpoint].isNaN { gaveWay += 1 }
                if !value.isNaN { (rows[checkpoint], result[checkpoint]) = (row, value) }
                continue
            }
            if before >= 0, !isAxis {
                let (old, new) = (axis.steps[before], axis.steps[row])
                if old == new || (old.isNaN && new.isNaN) {
                    let differs = result[checkpoint] != value && !(value.isNaN && result[checkpoint].isNaN)
                    if differs, log.repeatsAreErrors {
                        throw mixed(name, log, checkpoint, result[checkpoint], value, row)
                    }
                    repeated += 1
                } else {
                    earlier += 1
                    if old > new { continue }
                }
            }
            rows[checkpoint] = row
            result[checkpoint] = value
        }
        guard rows.contains(where: { $0 >= 0 }) else { return }
        let (infinities, nans) = (result.count(where: \.isInfinite), zip(rows, result).count { $0 >= 0 && $1.isNaN })
        if infinities > 0 { infinite[name] = infinities }
        if nans > 0 { notNumbers[name] = nans }
        values[name] = result
    }

    private func mixed(
        _ name: String, _ log: MetricLog, _ checkpoint: Int, _ old: Double, _ new: Double, _ row: Int
    ) -> ImportError {
        ImportError(
            log.path, at: "\(log.place(row)), column '\(name)'",
            "epoch \(shortest: axis.epochs[checkpoint]) has the value \(shortest: new) here and \(shortest: old) "
                + "before; where rows belong to several runs, "
                + "name the column that tells them apart with --map run=COLUMN"
        )
    }

    func notes() -> [String] {
        var notes: [String] = []
        if earlier > 0 {
            notes.append("\(counted(earlier, "value")) within epochs gave way to the last of the same epoch.")
        }
        if gaveWay > 0 { notes.append("\(counted(gaveWay, "NaN")) gave way to a number of the same epoch.") }
        if repeated > 0 { notes.append("\(counted(repeated, "value")) logged again at one step: the later counts.") }
        return notes
    }

    func warnings() -> [String] {
        infinite.sorted { $0.key < $1.key }.map { "'\($0.key)' is infinite at \(counted($0.value, "checkpoint"))." }
            + notNumbers.sorted { $0.key < $1.key }.map { "'\($0.key)' is NaN at \(counted($0.value, "checkpoint"))." }
    }
}
