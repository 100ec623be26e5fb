import Records

/// Makes a run of what files of arrays hold.
struct ArrayImport {
    let files: [ForeignFile]
    let options: ImportOptions
    let found: [ArrayFinding]
    let roles: ArrayRoles
    var notes: [String] = []
    var warnings: [String] = []
    /// Samples seen, told by steps.
    var seen: [Int64]?
    var path: String { files[0].path }

    /// Reads what is small of the files, and all of them once for their digests. Throws `ImportError`.
    static func run(_ files: [ForeignFile], _ options: ImportOptions) throws -> ImportedRun {
        var notes: [String] = []
        let found = try ArrayFindings.all(in: files, stepsPerEpoch: options.stepsPerEpoch, notes: &notes)
        var maker = ArrayImport(
            files: files, options: options, found: found,
            roles: try ArrayRoles(found, map: options.map, path: files[0].path))
        maker.notes = notes
        return try maker.make()
    }

    private init(files: [ForeignFile], options: ImportOptions, found: [ArrayFinding], roles: ArrayRoles) {
        self.files = files
        self.options = options
        self.found = found
        self.roles = roles
    }

    mutating func make() throws -> ImportedRun {
        notes += roles.notes
        let series = try checkpointSeries()
        let count = try checkpointCount(series)
        let epochs = try epochs(count, series)
        let rows = try series.first.map { try rowOrder($0.series, count, epochs) }
        let samples = try rows.map { try self.samples($0, count, epochs) }
        var arrays: [ImportedArray] = []
        if let rows, let samples {
            for (object, one) in series { arrays.append(try array(object, one, rows, samples, count, epochs)) }
            arrays += try fixedArrays(rows)
        }
        try checkClasses(arrays, samples)
        arrays += try testArrays()
        let (metrics, used) = try self.metrics(count, samples: samples?.count)
        // Numbers alone, without epochs and unasked for, are weights rather than a run.
        let isAsked = roles.chosen[.epochs] != nil || !Set(metrics.keys).isDisjoint(with: options.map.keys)
        if arrays.isEmpty, metrics.isEmpty || !isAsked { throw nothing() }
        noteTheRest(except: used)
        var run = ImportedRun(
            description: try description(arrays), epochs: epochs, samplesSeen: try samplesSeen(count), metrics: metrics,
            samples: samples, arrays: arrays, sources: [])
        for file in files { run.sources.append(try file.source()) }
        (run.notes, run.warnings) = (notes, warnings)
        return run
    }

    func nothing() -> ImportError {
        for finding in found { if case .refused(let error) = finding.content { return error } }
        return ImportError(
            path,
            "neither logits [E, N, C] nor a per-checkpoint record [E, N] was found; "
                + ArrayRoles.listing(found) + "; say what is what: --map logits=NAME,labels=NAME")
    }

    // MARK: Checkpoints

    /// What has an axis of checkpoints, by its place in the store: logits first.
    func checkpointSeries() throws(ImportError) -> [(object: String, series: RowSeries)] {
        var all: [(object: String, series: RowSeries)] = []
        if let logits = roles.chosen[.logits] {
            all.append(("/logits", try RowSeries(logits, role: .logits, rowRank: 1, isFixed: false, path: path)))
        }
        for (role, finding) in roles.chosen.sorted(by: { $0.key.text < $1.key.text }) {
            switch role {
            case .score(let name):
                all.append(
                    ("/scores/" + name, try RowSeries(finding, role: role, rowRank: 0, isFixed: false, path: path)))
            case .named(let name) where isScore(finding):
                all.append(
                    ("/scores/" + name, try RowSeries(finding, role: role, rowRank: 0, isFixed: false, path: path)))
            default: break
            }
        }
        return all
    }

    /// Whether what the user named has a value per sample rather than per checkpoint.
    func isScore(_ finding: ArrayFinding) -> Bool {
        switch finding.content {
        case .array(let array):
            array.rank >= 2 || array.shape[0] == labelCount
        case .checkpoints: true
        default: false
        }
    }

    var labelCount: Int? {
        switch roles.chosen[.labels]?.content {
        case .array(let array): array.shape.last
        case .checkpoints(let list, _): list.first?.reduce(0) { $0 + $1.rows }
        default: nil
        }
    }

    func checkpointCount(_ series: [(object: String, series: RowSeries)]) throws(ImportError) -> Int {
        guard let first = series.first else {
            for finding in metricFindings() {
                switch finding.content {
                case .array(let array): return array.shape[0]
                case .numbers(let numbers, _): return numbers.count
                default: continue
                }
            }
            throw nothing()
        }
        for (object, other) in series.dropFirst() where other.checkpoints.count != first.series.checkpoints.count {
            throw ImportError(
                other.path, at: "'\(other.name)'",
                "\(other.checkpoints.count) checkpoints for \(object), but \(first.object) has "
                    + "\(first.series.checkpoints.count)")
        }
        return first.series.checkpoints.count
    }

    mutating func epochs(
        _ count: Int, _ series: [(object: String, series: RowSeries)]
    ) throws(ImportError) -> [Double] {
        var epochs: [Double]
        var isStated = false
        if let finding = roles.chosen[.epochs], let values = try numbers(finding) {
            epochs = values
            // A list of epochs is meant as it stands; the counter of a training loop begins at 0.
            if case .array = finding.content { isStated = true }
        } else if let told = series.lazy.compactMap(\.series.epochs).first
            ?? found.lazy.compactMap(\.epochs).first(where: { $0.count == count })
        {
            epochs = told
            if let steps = options.stepsPerEpoch {
                epochs = epochs.map { $0 / steps }
                isStated = true
                notes.append("The numbers of the files are steps, \(epochText(steps)) to an epoch.")
                if let batch = options.batchSize {
                    let counts = told.compactMap { Int64(exactly: ($0 * Double(batch)).rounded()) }
                    guard counts.count == told.count else {
                        throw ImportError(path, "its steps × \(batch) are no counts")
                    }
                    seen = counts
                    notes.append("Samples seen are steps × \(batch).")
                }
            }
        } else {
            epochs = (0..<count).map { Double($0 + (options.epochBase ?? 1)) }
            if options.epochBase == nil {
                notes.append("The files number no epochs: checkpoints are taken as the ends of epochs 1 to \(count).")
            }
        }
        guard epochs.count == count else {
            throw ImportError(path, at: "epochs", "\(epochs.count) epochs for \(count) checkpoints")
        }
        if options.epochBase == 0 {
            epochs = epochs.map { $0 + 1 }
            notes.append("Epochs count from 0 in the files and from 1 in the run: 0 would mean before training.")
        } else if options.epochBase == nil, epochs.first == 0 {
            if isStated {
                warnings.append(
                    "Epoch 0 is taken as before training; --epoch-base 0 if it is the end of the first epoch.")
            } else {
                epochs = epochs.map { $0 + 1 }
                warnings.append(
                    "The files number their epochs from 0: 0 is taken as the end of the first epoch, and each number is raised "
                        + "by 1; --epoch-base 1 if 0 means before training.")
            }
        }
        for (index, epoch) in epochs.enumerated() {
            guard epoch.isFinite, epoch >= 0, index == 0 || epoch > epochs[index - 1] else {
                throw ImportError(
                    path, at: "epochs, checkpoint \(index)",
                    index == 0
                        ? "the epoch \(epochText(epoch)) is not 0 or more"
                        : "epoch \(epochText(epoch)) follows \(epochText(epochs[index - 1])); checkpoints must increase"
                )
            }
        }
        return epochs
    }
}
