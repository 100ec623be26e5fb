import Tables

/// Tables as `csv` and `jsonl` read them: metric logs with a row per checkpoint, or per-sample logs with a row per
/// sample and checkpoint.
enum TableLog {
    static func read(_ paths: [String], _ options: ImportOptions, isJSON: Bool) throws(ImportError) -> [ImportedRun] {
        let endings: Set<String> = isJSON ? ["jsonl", "ndjson", "json"] : ["csv", "tsv", "txt"]
        let files = try MetricLogs.files(paths, isJSON ? "*.jsonl" : "*.csv") { endings.contains(LogFolder.ending($0)) }
        var kinds: [(path: String, isSamples: Bool)] = []
        for path in files { kinds.append((path, try SampleLogColumns.areIn(path, options, isJSON: isJSON))) }
        guard let first = kinds.first else { throw ImportError(paths.first ?? "", "nothing to read", exitCode: 66) }
        if let other = kinds.first(where: { $0.isSamples != first.isSamples }) {
            let (samples, metrics) = first.isSamples ? (first.path, other.path) : (other.path, first.path)
            throw ImportError(metrics, "a metric log, but \(samples) holds samples; import them one by one")
        }
        if first.isSamples { return try SampleLog.read(files, options, isJSON: isJSON) }
        var logs: [MetricLog] = []
        for (path, name) in zip(files, LogNames.distinct(files.map(withoutEnding))) {
            logs += try metricLogs(path, name: name, options, isJSON: isJSON)
        }
        return try MetricLogs.runs(logs, options)
    }

    static func withoutEnding(_ path: String) -> String {
        LogFolder.parent(path) + "/" + LogFolder.stem(path)
    }

    /// The logs of one table, one per run in it.
    static func metricLogs(
        _ path: String, name: String, _ options: ImportOptions, isJSON: Bool
    ) throws(ImportError) -> [MetricLog] {
        let (bytes, source) = try LogFile.contents(path)
        let table: Table
        do throws(TableError) {
            if isJSON {
                table = try Table.read(bytes, source: path + (LogFolder.ending(path) == "json" ? "" : ".jsonl"))
            } else {
                table = try Table.read(bytes, source: LogFolder.ending(path) == "tsv" ? path : path + ".txt")
            }
        } catch { throw ImportError(error, path: path) }
        let block = TableBlock(table: table, path: path, lineOffset: 0)
        try block.refuseOverflow(bytes)
        let keys = try runColumns(table, options, path: path)
        let groups: [(key: [(String, String)], rows: [Int])]
        do throws(TableError) { groups = try table.groups(by: keys) } catch { throw ImportError(error, path: path) }
        let axes = LogNames.axes.union(["epoch", "step", "samples_seen"].compactMap { options.map[$0] })
        return groups.map { group in
            let own = group.key.isEmpty ? name : group.key.map(piece).joined(separator: "/")
            var log = metricLog(block, rows: group.rows, name: own, without: Set(keys), axes: axes)
            for (key, value) in group.key where log.attributes[key] == nil { log.attributes[key] = value }
            log.sources = [source]
            return log
        }
    }

    /// `seed` and 3 is `seed3`; a word stands for itself.
    private static func piece(_ key: (String, String)) -> String {
        LogNames.idPiece(Double(key.1) == nil ? key.1 : key.0 + key.1)
    }

    /// The columns that tell runs apart: those named by the user, or one that is called so.
    static func runColumns(_ table: Table, _ options: ImportOptions, path: String) throws(ImportError) -> [String] {
        let named = options.runColumns + (options.map["run"]?.split(separator: ",").map(String.init) ?? [])
        guard named.isEmpty else {
            for name in named where !table.has(name) {
                do throws(TableError) { _ = try table.column(name) } catch { throw ImportError(error, path: path) }
            }
            return named
        }
        return LogNames.run.first(where: table.has).map { [$0] } ?? []
    }

    /// The rows of one run: numbers as columns, words as attributes where they are constant.
    private static func metricLog(
        _ block: TableBlock, rows: [Int], name: String, without keys: Set<String>, axes: Set<String>
    ) -> MetricLog {
        var log = MetricLog(name: name, path: block.path) { "line \(block.line(rows[$0]))" }
        log.repeatsAreErrors = true
        log.nansMayBeEmpty = true
        var ignored: [String] = []
        var numbers: [(name: String, values: [Double])] = []
        for column in block.table.columns where !keys.contains(column.name) {
            switch column.values {
            case .texts(let texts):
                let own = Set(rows.map { texts[$0] })
                if own.count == 1, let text = own.first {
                    log.attributes[column.name] = text
                } else {
                    ignored.append(column.name)
                }
            case .integers(let values): numbers.append((column.name, rows.map { Double(values[$0]) }))
            case .numbers(let values): numbers.append((column.name, rows.map { values[$0] }))
            }
        }
        for row in rows.indices {
            log.addRow()
            for column in numbers {
                let value = column.values[row]
                if value.isNaN, Column.isEmptyCell(value) || axes.contains(column.name) { continue }
                log.add(column.name, value)
            }
        }
        log.adoptConstants()
        if !ignored.isEmpty { log.notes.append("Not numbers, and left out: \(ignored.joined(separator: ", ")).") }
        return log
    }
}

extension MetricLog {
    /// A numeric column that is called like an attribute and is constant says something of the run, not of its epochs.
    mutating func adoptConstants() {
        for (name, column) in series where ["ipc", "seed", "classes", "budget", "planned_epochs"].contains(name) {
            let known = column.values.filter { !$0.isNaN }
            guard let first = known.first, known.allSatisfy({ $0 == first }) else { continue }
            attributes[name] = "\(shortest: first)"
            remove(name)
        }
    }
}
