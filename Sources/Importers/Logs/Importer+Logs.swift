import Tables

extension Importer {
    /// Metric logs and per-sample logs as comma- or tab-separated tables.
    public static let csv = Importer("csv", "tables: metrics per checkpoint, or one sample per row and checkpoint") {
        try TableLog.read($0, $1, isJSON: false)
    }

    /// The same, one JSON object per line.
    public static let jsonl = Importer("jsonl", "JSON lines: metrics, one sample per row, or training dynamics") {
        try TableLog.read($0, $1, isJSON: true)
    }

    /// What Lightning's CSVLogger leaves.
    public static let lightning = Importer("lightning", "metrics.csv of Lightning's CSVLogger, or its log folders") {
        try LightningLog.read($0, $1)
    }

    /// What the Trainer of transformers leaves.
    public static let huggingface = Importer("huggingface", "trainer_state.json of the transformers Trainer") {
        try HuggingFaceLog.read($0, $1)
    }

    /// What W&B leaves of a run on the disk, and what its web page exports.
    public static let wandb = Importer("wandb", "W&B's offline run-*.wandb files, or the CSV that its charts export") {
        try WandBLog.read($0, $1)
    }

    /// TensorFlow's event files, whoever wrote them.
    public static let tensorboard = Importer("tensorboard", "scalars of tfevents files, one run per folder") {
        try TensorBoardLog.read($0, $1)
    }

    /// MLflow's file store and its SQLite database.
    public static let mlflow = Importer("mlflow", "an mlruns folder, a run in it, or mlflow.db") {
        try MLflowLog.read($0, $1)
    }

    /// The formats of metric logs and tables.
    public static let logs: [Importer] = [.csv, .jsonl, .lightning, .huggingface, .wandb, .tensorboard, .mlflow]
}

/// What all metric logs of one call have in common.
enum MetricLogs {
    /// The runs of some logs, their ids made distinct and put below `options.id`. A run that broke off before its first
    /// metric does not keep the others from being read.
    static func runs(_ logs: [MetricLog], _ options: ImportOptions) throws(ImportError) -> [ImportedRun] {
        let told = logs.filter { !$0.isEmpty }
        // Where none tells anything, the first says why.
        let read = told.isEmpty ? Array(logs.prefix(1)) : told
        var runs: [ImportedRun] = []
        for (log, id) in zip(read, ids(read.map(\.name), options)) { runs.append(try log.run(id: id, options)) }
        let empty = told.isEmpty ? [] : logs.filter(\.isEmpty)
        if !empty.isEmpty {
            let named = empty.prefix(20).map(\.name).joined(separator: ", ") + (empty.count > 20 ? ", …" : "")
            runs[0].warnings.append("\(counted(empty.count, "run")) without metrics left out: \(named).")
        }
        return runs
    }

    /// Says in the first run that will be there how many others were deleted where they were logged.
    static func note(deleted: Int, in logs: inout [MetricLog]) {
        guard deleted > 0, let first = logs.firstIndex(where: { !$0.isEmpty }) ?? logs.indices.first else { return }
        logs[first].notes.append("\(counted(deleted, "deleted run")) left out.")
    }

    /// One run is called as the user says; of several that is the folder. Equal names get a number.
    static func ids(_ names: [String], _ options: ImportOptions) -> [String] {
        if names.count == 1, let id = options.id { return [id] }
        var seen: [String: Int] = [:]
        var taken = Set(names)
        return names.map { name in
            seen[name, default: 0] += 1
            var id = name
            if var n = seen[name], n > 1 {
                repeat {
                    id = "\(name)-\(n)"
                    n += 1
                } while !taken.insert(id).inserted
            }
            return options.id.map { $0 + "/" + id } ?? id
        }
    }

    /// Files of the wanted name among the paths, or below them. Throws where a path has none.
    static func files(
        _ paths: [String], _ what: String, where isWanted: (String) -> Bool
    ) throws(ImportError) -> [String] {
        var found: [String] = []
        for path in paths {
            let files = try LogFolder.files(path, where: isWanted)
            if files.isEmpty { throw ImportError(path, "no \(what) in this folder or below it", exitCode: 66) }
            found += files.filter { !found.contains($0) }
        }
        return found
    }
}
