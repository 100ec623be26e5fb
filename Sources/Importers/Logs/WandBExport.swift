import Tables

/// The wide CSV that a chart of W&B's page exports: a column of steps or epochs, and for each run `NAME - METRIC`, with
/// siblings `…__MIN` and `…__MAX`. Several files hold several charts of the same runs.
enum WandBExport {
    static func logs(_ paths: [String], _ options: ImportOptions) throws(ImportError) -> [MetricLog] {
        var logs: [MetricLog] = []
        for path in paths { try add(path, to: &logs) }
        return logs
    }

    private static func add(_ path: String, to logs: inout [MetricLog]) throws(ImportError) {
        let (bytes, source) = try LogFile.contents(path)
        let table: Table
        do throws(TableError) { table = try Table.read(bytes, source: path) } catch {
            throw ImportError(error, path: path)
        }
        let block = TableBlock(table: table, path: path, lineOffset: 0)
        try block.refuseOverflow(bytes)
        guard let axis = table.columnNames.first, split(axis) == nil else {
            throw ImportError(path, at: "line 1", "the first column of a chart's export is Step or another axis")
        }
        let positions = try block.numbers(axis)
        var siblings = 0
        var runs: [(name: String, columns: [(metric: String, values: [Double])])] = []
        for name in table.columnNames.dropFirst() {
            if name.hasSuffix("__MIN") || name.hasSuffix("__MAX") {
                siblings += 1
                continue
            }
            guard let (run, metric) = split(name) else {
                throw ImportError(path, at: "line 1, column '\(name)'", "expected 'RUN - METRIC'")
            }
            let column = (metric, try block.numbers(name))
            if let known = runs.firstIndex(where: { $0.name == run }) {
                runs[known].columns.append(column)
            } else {
                runs.append((run, [column]))
            }
        }
        for run in runs {
            let id = LogNames.idPiece(run.name)
            let place = logs.firstIndex { $0.name == id } ?? logs.count
            if place == logs.count { logs.append(MetricLog(name: id, path: path) { "row \($0)" }) }
            for row in positions.indices where run.columns.contains(where: { !$0.values[row].isNaN }) {
                logs[place].addRow()
                logs[place].add(axis, positions[row])
                for column in run.columns where column.metric != axis && !column.values[row].isNaN {
                    logs[place].add(column.metric, column.values[row])
                }
            }
            logs[place].sources.append(source)
            if siblings > 0 {
                logs[place].notes.append(
                    "\(counted(siblings, "column")) __MIN and __MAX of \(LogFolder.name(path)) left out.")
            }
        }
    }

    /// `sunny-sky-1 - val/loss` is a run and a metric; names of runs may hold the mark, those of metrics do not.
    private static func split(_ name: String) -> (run: String, metric: String)? {
        let mark = Array(" - ".utf8)
        let bytes = Array(name.utf8)
        guard bytes.count > mark.count,
            let at = (1..<bytes.count - mark.count).last(where: { bytes[$0..<$0 + mark.count].elementsEqual(mark) })
        else { return nil }
        return (String(decoding: bytes[..<at], as: UTF8.self), String(decoding: bytes[(at + 3)...], as: UTF8.self))
    }
}
