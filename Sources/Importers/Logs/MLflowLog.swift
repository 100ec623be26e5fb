import Tables

/// Runs of MLflow: its file store (`mlruns/EXPERIMENT/RUN/metrics/NAME`) and its database.
enum MLflowLog {
    static func read(_ paths: [String], _ options: ImportOptions) throws(ImportError) -> [ImportedRun] {
        var logs: [MetricLog] = []
        for path in paths {
            if try LogFolder.isDirectory(path) {
                logs += try MLflowFolder.logs(LogFolder.trimmed(path))
            } else {
                logs += try MLflowDatabase.logs(path)
            }
        }
        return try MetricLogs.runs(logs, options)
    }
}

/// What MLflow knows of a run, whatever store it is in.
struct MLflowRun: Sendable {
    var id: String
    var name: String?
    var experiment: String?
    var params: [String: String] = [:]
    /// By metric, in the order in which they were logged.
    var metrics: [String: [Point]] = [:]

    struct Point: Sendable {
        /// Milliseconds since 1970.
        var time: Int64
        var value: Double
        var step: Int64
    }

    /// One row per step; of several values of a metric at one step the latest counts.
    func log(path: String, sources: [ImportSource]) -> MetricLog {
        let pieces = [experiment.flatMap { $0 == "Default" ? nil : $0 }, name ?? id].compactMap { $0 }
        var log = MetricLog(name: pieces.map(LogNames.idPiece).joined(separator: "/"), path: path) { "row \($0)" }
        log.attributes = params
        log.sources = sources
        var rows: [Int64: [String: Point]] = [:]
        var replaced = 0
        let system = metrics.keys.filter { $0.hasPrefix("system/") }.count
        // What MLflow measures of the machine has a count of its own for a step.
        for (metric, points) in metrics where !metric.hasPrefix("system/") {
            for point in points {
                if let known = rows[point.step]?[metric] {
                    replaced += 1
                    if known.time > point.time { continue }
                }
                rows[point.step, default: [:]][metric] = point
            }
        }
        let start = rows.values.lazy.flatMap(\.values).map(\.time).min() ?? 0
        for (step, values) in rows.sorted(by: { $0.key < $1.key }) {
            log.addRow()
            log.add("step", Double(step))
            for (metric, point) in values where metric != "step" { log.add(metric, point.value) }
            if let time = values.values.map(\.time).max(), metrics["seconds"] == nil {
                log.add("seconds", Double(time &- start) / 1000)
            }
        }
        if system > 0 { log.notes.append("\(counted(system, "system metric")) left out.") }
        if replaced > 0 {
            log.notes.append("\(counted(replaced, "value")) logged again at one step: the latest counts.")
        }
        return log
    }
}

/// MLflow's file store.
private enum MLflowFolder {
    /// All runs in a folder: an `mlruns`, an experiment, or one run.
    static func logs(_ path: String) throws(ImportError) -> [MetricLog] {
        var runs: [MetricLog] = []
        var deleted = 0
        try collect(path, depth: 0, experiment: nil, into: &runs, &deleted)
        guard !runs.isEmpty else {
            let why =
                deleted > 0 ? "\(counted(deleted, "run")), all deleted" : "no run of MLflow in this folder or below it"
            throw ImportError(path, why, exitCode: 66)
        }
        MetricLogs.note(deleted: deleted, in: &runs)
        return runs
    }

    private static func collect(
        _ path: String, depth: Int, experiment: String?, into runs: inout [MetricLog], _ deleted: inout Int
    ) throws(ImportError) {
        // mlruns / experiment / run
        guard depth < 4 else { return }
        var experiment = experiment
        if LogFolder.exists(path + "/meta.yaml") {
            let (bytes, source) = try LogFile.contents(path + "/meta.yaml")
            let meta = try KeyValueLines.read(bytes, path: source.path).values
            let isDeleted = meta["lifecycle_stage"] == "deleted"
            if let id = meta["run_id"] ?? meta["run_uuid"] {
                if isDeleted {
                    deleted += 1
                } else {
                    // Runs deleted one by one stay where they are; the name of the experiment stands above them.
                    var above = experiment
                    if above == nil { above = try name(ofExperiment: LogFolder.parent(path)) }
                    runs.append(try run(path, id, meta, source, experiment: above))
                }
                return
            }
            experiment = meta["name"]
            if isDeleted { return }
        }
        for name in try LogFolder.entries(path) {
            let child = path + "/" + name
            guard LogFolder.exists(child), try LogFolder.isDirectory(child) else { continue }
            try collect(child, depth: depth + 1, experiment: experiment, into: &runs, &deleted)
        }
    }

    private static func name(ofExperiment path: String) throws(ImportError) -> String? {
        guard LogFolder.exists(path + "/meta.yaml") else { return nil }
        return try KeyValueLines.read(LogFile.contents(path + "/meta.yaml").bytes, path: path + "/meta.yaml").values[
            "name"]
    }

    private static func run(
        _ path: String, _ id: String, _ meta: [String: String], _ source: ImportSource, experiment: String?
    ) throws(ImportError) -> MetricLog {
        var run = MLflowRun(id: id, name: meta["run_name"], experiment: experiment)
        var sources = [source]
        for (name, file) in try files(path + "/metrics") {
            let (bytes, source) = try LogFile.contents(file)
            run.metrics[name] = try points(bytes, path: file)
            sources.append(source)
        }
        for (name, file) in try files(path + "/params") {
            let (bytes, source) = try LogFile.contents(file)
            run.params[name] = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
            sources.append(source)
        }
        return run.log(path: path, sources: sources)
    }

    /// Files below a folder by their names relative to it: `val/loss` is a metric in a folder.
    private static func files(_ folder: String) throws(ImportError) -> [(String, String)] {
        guard LogFolder.exists(folder) else { return [] }
        return try LogFolder.files(folder) { _ in true }.map { (String($0.dropFirst(folder.count + 1)), $0) }
    }

    /// `timestamp value step` and what newer versions add after them; old ones wrote no step.
    private static func points(_ bytes: [UInt8], path: String) throws(ImportError) -> [MLflowRun.Point] {
        var points: [MLflowRun.Point] = []
        for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x0D }).map {
                String(decoding: $0, as: UTF8.self)
            }
            if words.isEmpty { continue }
            guard words.count >= 2, let time = Int64(words[0]), let value = Double(words[1]),
                let step = words.count == 2 ? 0 : Int64(words[2])
            else {
                throw ImportError(path, at: "line \(number + 1)", "expected 'timestamp value step'")
            }
            if value.isInfinite, !words[1].lowercased().contains("inf") {
                throw ImportError(path, at: "line \(number + 1)", "\(words[1]) is too large for a double")
            }
            points.append(MLflowRun.Point(time: time, value: value, step: step))
        }
        return points
    }
}
