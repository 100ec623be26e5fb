import Tables

/// `metrics.csv` of Lightning's CSVLogger: training and validation values of one epoch stand on different rows, epochs
/// and steps are counted from 0.
enum LightningLog {
    static func read(_ paths: [String], _ options: ImportOptions) throws(ImportError) -> [ImportedRun] {
        let files = try MetricLogs.files(paths, "metrics.csv") { $0 == "metrics.csv" }
        // The folder (`version_0`) tells runs apart, the file's name does not.
        let names = LogNames.distinct(files.map { LogFolder.stem($0) == "metrics" ? LogFolder.parent($0) : $0 })
        var logs: [MetricLog] = []
        for (path, name) in zip(files, names) {
            for var log in try TableLog.metricLogs(path, name: name, options, isJSON: false) {
                log.isLightnings = true
                // What a callback logs twice within one step is the same run's.
                log.repeatsAreErrors = false
                try addSettings(beside: path, to: &log)
                logs.append(log)
            }
        }
        return try MetricLogs.runs(logs, options)
    }

    private static func addSettings(beside path: String, to log: inout MetricLog) throws(ImportError) {
        let settings = LogFolder.parent(path) + "/hparams.yaml"
        guard LogFolder.exists(settings) else { return }
        let (bytes, source) = try LogFile.contents(settings)
        let (values, skipped) = try KeyValueLines.read(bytes, path: settings)
        log.attributes.merge(values) { _, new in new }
        log.sources.append(source)
        if skipped > 0 { log.notes.append("\(counted(skipped, "line")) of hparams.yaml are no plain 'key: value'.") }
    }
}

/// The lines `key: value` of a YAML file: all that loggers' settings need.
enum KeyValueLines {
    /// Plain values by key, and how many lines are something else (lists, nested maps).
    static func read(_ bytes: [UInt8], path: String) throws(ImportError) -> (values: [String: String], skipped: Int) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ImportError(path, "bytes that are not UTF-8")
        }
        var values: [String: String] = [:]
        var skipped = 0
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("#") || line.hasPrefix("---") || line.allSatisfy({ $0 == " " }) || line == "{}" {
                continue
            }
            guard let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "-" else {
                skipped += 1
                continue
            }
            let value = trimmed(line[line.index(after: colon)...])
            if value.isEmpty || "[{&*!|>".contains(value.first ?? " ") {
                skipped += 1
            } else if value != "null" && value != "~" {
                values[unquoted(trimmed(line[..<colon]))] = unquoted(value)
            }
        }
        return (values, skipped)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " }
        return start.lastIndex { $0 != " " }.map { start[...$0] } ?? ""
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let mark = text.first, mark == "'" || mark == "\"", text.last == mark else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }
}
