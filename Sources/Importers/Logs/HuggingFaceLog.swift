import Tables

/// `trainer_state.json` of the transformers Trainer: a list of entries, those of training and of evaluation at one step
/// apart; epochs are fractions completed.
enum HuggingFaceLog {
    static func read(_ paths: [String], _ options: ImportOptions) throws(ImportError) -> [ImportedRun] {
        var files: [String] = []
        var skipped: [String: Int] = [:]
        for path in paths {
            let found = try MetricLogs.files([path], "trainer_state.json") { $0 == "trainer_state.json" }
            for (file, others) in try newest(found) where !files.contains(file) {
                files.append(file)
                skipped[file] = others
            }
        }
        let folders = files.map { LogFolder.stem($0) == "trainer_state" ? runFolder($0) : TableLog.withoutEnding($0) }
        var logs: [MetricLog] = []
        for (path, name) in zip(files, LogNames.distinct(folders)) {
            var log = try log(path, name: name)
            if let others = skipped[path], others > 0 {
                log.notes.append(
                    "\(counted(others, "earlier checkpoint's state")) left out: the newest holds the whole history.")
            }
            logs.append(log)
        }
        return try MetricLogs.runs(logs, options)
    }

    /// `run/checkpoint-500/trainer_state.json` belongs to `run`.
    private static func runFolder(_ path: String) -> String {
        let folder = LogFolder.parent(path)
        return checkpointNumber(path) == nil ? folder : LogFolder.parent(folder)
    }

    private static func checkpointNumber(_ path: String) -> Int? {
        let name = LogFolder.name(LogFolder.parent(path))
        return name.hasPrefix("checkpoint-") ? Int(name.dropFirst("checkpoint-".count)) : nil
    }

    /// Of the states of one run the last, with the number of the others: each holds the history so far.
    private static func newest(_ files: [String]) throws(ImportError) -> [(String, Int)] {
        var groups: [(folder: String, files: [String])] = []
        for file in files {
            let folder = runFolder(file)
            if let known = groups.firstIndex(where: { $0.folder == folder }) {
                groups[known].files.append(file)
            } else {
                groups.append((folder, [file]))
            }
        }
        return groups.compactMap { group in
            // The run's own folder holds the state at its end.
            let best = group.files.max { (checkpointNumber($0) ?? .max) < (checkpointNumber($1) ?? .max) }
            return best.map { ($0, group.files.count - 1) }
        }
    }

    private static func log(_ path: String, name: String) throws(ImportError) -> MetricLog {
        let (bytes, source) = try LogFile.contents(path)
        let state: JSON
        do throws(JSONError) { state = try JSON.parse(bytes) } catch { throw ImportError(error, path: path) }
        guard let history = state["log_history"]?.items else {
            throw ImportError(path, "no list 'log_history'; a trainer_state.json is expected")
        }
        var log = MetricLog(name: name, path: path) { "log_history[\($0)]" }
        log.sources = [source]
        var summaries = 0
        var others: Set<String> = []
        for (index, entry) in history.enumerated() {
            guard let members = entry.members else {
                throw ImportError(path, at: "log_history[\(index)]", "an object is expected")
            }
            log.addRow()
            // The entry at the end speaks of the whole run: its `train_loss` is the mean over all steps.
            let isSummary = members["train_runtime"] != nil
            if isSummary { summaries += 1 }
            for (name, value) in members where !isSummary || name == "epoch" || name == "step" {
                if let number = value.double { log.add(name, number) } else if value != .null { others.insert(name) }
            }
        }
        if summaries > 0 { log.notes.append("\(counted(summaries, "summary entry")) of the whole run left out.") }
        if !others.isEmpty {
            log.notes.append("Not numbers, and left out: \(others.sorted().joined(separator: ", ")).")
        }
        if let planned = state["num_train_epochs"]?.double { log.attributes["planned_epochs"] = "\(shortest: planned)" }
        return log
    }
}
