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
    private var seen: [Int64]?
    private var path: String { files[0].path }

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

    private mutating func make() throws -> ImportedRun {
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
        if arrays.isEmpty, metrics.isEmpty { throw nothing() }
        noteTheRest(except: used)
        var run = ImportedRun(
            description: try description(arrays), epochs: epochs, samplesSeen: try samplesSeen(count), metrics: metrics,
            samples: samples, arrays: arrays, sources: [])
        for file in files { run.sources.append(try file.source()) }
        (run.notes, run.warnings) = (notes, warnings)
        return run
    }

    private func nothing() -> ImportError {
        ImportError(
            path,
            "neither logits [E, N, C] nor a per-checkpoint record [E, N] was found; "
                + ArrayRoles.listing(found) + "; say what is what: --map logits=NAME,labels=NAME")
    }

    // MARK: Checkpoints

    /// What has an axis of checkpoints, by its place in the store: logits first.
    private func checkpointSeries() throws(ImportError) -> [(object: String, series: RowSeries)] {
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
    private func isScore(_ finding: ArrayFinding) -> Bool {
        switch finding.content {
        case .array(let array):
            array.rank >= 2 || array.shape[0] == labelCount
        case .checkpoints: true
        default: false
        }
    }

    private var labelCount: Int? {
        switch roles.chosen[.labels]?.content {
        case .array(let array): array.shape.last
        case .checkpoints(let list, _): list.first?.reduce(0) { $0 + $1.rows }
        default: nil
        }
    }

    private func checkpointCount(_ series: [(object: String, series: RowSeries)]) throws(ImportError) -> Int {
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

    private mutating func epochs(
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
                    seen = told.map { Int64(($0 * Double(batch)).rounded()) }
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
                notes.append("Epoch 0 is taken as before training; --epoch-base 0 if it is the end of the first epoch.")
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

    // MARK: Samples

    private mutating func rowOrder(_ main: RowSeries, _ count: Int, _ epochs: [Double]) throws(ImportError) -> RowOrder
    {
        guard let finding = roles.chosen[.ids] else {
            let rows = main.rows(0)
            notes.append("The files give no sample ids: rows are numbered from 0.")
            return RowOrder(count: rows)
        }
        let series = try RowSeries(finding, role: .ids, rowRank: 0, isFixed: true, path: path)
        guard series.isFixed || series.checkpoints.count == count else {
            throw ImportError(
                series.path, at: "'\(series.name)'",
                "ids of \(series.checkpoints.count) checkpoints for \(count) checkpoints")
        }
        for checkpoint in 0..<count where series.rows(checkpoint) != main.rows(checkpoint) {
            throw ImportError(
                main.path, at: "'\(main.name)', checkpoint \(checkpoint)",
                "\(main.rows(checkpoint)) rows, but \(series.rows(checkpoint)) ids; N must be the same")
        }
        let order = try RowOrder(series, checkpoints: count, epochs: epochs, duplicates: options.duplicates)
        if order.scatter != nil { notes.append("Rows are put into the order of ascending sample id.") }
        if order.repeats > 0 {
            let meaning = options.duplicates == .mean ? "their mean counts" : "the first of them counts"
            notes.append("\(order.repeats) rows repeat a sample id within their checkpoint: \(meaning).")
        }
        return order
    }

    private mutating func samples(_ rows: RowOrder, _ count: Int, _ epochs: [Double]) throws(ImportError) -> Samples {
        guard let finding = roles.chosen[.labels] else {
            throw ImportError(
                path,
                "the labels [N] are missing; " + ArrayRoles.listing(found)
                    + "; map them (--map labels=NAME) or give a file of them as well (labels.npy)")
        }
        let series = try RowSeries(finding, role: .labels, rowRank: 0, isFixed: true, path: path)
        let labels = try SampleColumns.labels(series, rows, checkpoints: count, epochs: epochs)
        let limit = Int64(Int32.max)
        if let wrong = labels.firstIndex(where: { $0 < 0 || $0 > limit }) {
            throw ImportError(
                series.path, at: "'\(series.name)', sample \(wrong) (id \(rows.ids[wrong]))",
                "the label is \(labels[wrong]); labels are classes 0, 1, 2, …")
        }
        var names: [String]?
        if let finding = roles.chosen[.names] {
            guard case .texts(let texts) = finding.content else {
                throw ImportError(path, at: "'\(finding.name)'", "names must be strings [N]; it is \(finding.summary)")
            }
            let positions = try SampleColumns.positions(texts.count, rows, path: texts.path, name: finding.name)
            let all = try texts.strings()
            names = positions.map { $0.map { all[$0] } } ?? all
        }
        return Samples(ids: rows.ids, labels: labels.map { Int32($0) }, names: names)
    }

    // MARK: Arrays

    private mutating func array(
        _ object: String, _ series: RowSeries, _ rows: RowOrder, _ samples: Samples, _ count: Int, _ epochs: [Double]
    ) throws(ImportError) -> ImportedArray {
        for checkpoint in 0..<count {
            let expected = try rows.scatter?.table(checkpoint).order.count ?? samples.count
            guard series.rows(checkpoint) == expected else {
                throw ImportError(
                    series.path,
                    at: "'\(series.name)', checkpoint \(checkpoint) (epoch \(epochText(epochs[checkpoint])))",
                    "\(series.rows(checkpoint)) rows, but \(expected) samples; N must be the same everywhere"
                        + (series.rows(0) == count ? " (are the axes of checkpoints and samples swapped?)" : ""))
            }
        }
        if object == "/logits" { try LogitsLook.check(series, &notes) }
        if series.type == .double { notes.append("'\(series.name)' is float64 and is stored as float32.") }
        return ImportedArray(
            object: object, shape: [count, samples.count] + series.rowShape, precision: series.type.precision,
            origin: series.origin
        ) { checkpoint, range in try rows.floats(series, checkpoint, range) }
    }

    private func fixedArrays(_ rows: RowOrder) throws(ImportError) -> [ImportedArray] {
        var all: [ImportedArray] = []
        for (role, object) in [(ArrayRole.targets, "/targets"), (.features, "/features")] {
            guard let finding = roles.chosen[role] else { continue }
            let series = try RowSeries(finding, role: role, rowRank: 1, isFixed: true, path: path)
            guard series.checkpoints.count == 1 else {
                throw ImportError(
                    series.path, at: "'\(series.name)'",
                    "\(object) has no axis of checkpoints: [N, columns] is needed, "
                        + "of the last one")
            }
            let positions = try SampleColumns.positions(series.rows(0), rows, path: series.path, name: series.name)
            all.append(
                ImportedArray(
                    object: object, shape: [rows.ids.count] + series.rowShape,
                    precision: role == .targets ? series.type.precision : .single, origin: series.origin
                ) { _, range in
                    guard let positions else { return try series.floats(0, range) }
                    return try series.floats(0, at: Array(positions[range]))
                })
        }
        return all
    }

    private func testArrays() throws(ImportError) -> [ImportedArray] {
        guard let logits = roles.chosen[.testLogits] else { return [] }
        guard let labels = roles.chosen[.testLabels] else {
            throw ImportError(path, "test logits without test labels; map both (--map test/label=NAME)")
        }
        let matrix = try RowSeries(logits, role: .testLogits, rowRank: 1, isFixed: true, path: path)
        let column = try RowSeries(labels, role: .testLabels, rowRank: 0, isFixed: true, path: path)
        // Of several checkpoints the last one is kept.
        let last = matrix.checkpoints.count - 1
        guard matrix.rows(last) == column.rows(0), !column.type.isFloat else {
            throw ImportError(
                column.path, at: "'\(column.name)'",
                "integers [M] are needed as labels of \(matrix.rows(last)) test samples; it is \(labels.summary)")
        }
        return [
            ImportedArray(
                object: "/test/logits", shape: [matrix.rows(last)] + matrix.rowShape, precision: matrix.type.precision,
                origin: matrix.origin
            ) { _, range in try matrix.floats(last, range) },
            ImportedArray(
                object: "/test/label", shape: [column.rows(0)], precision: .single, origin: column.origin
            ) { _, range in try column.floats(0, range) },
        ]
    }

    private func checkClasses(_ arrays: [ImportedArray], _ samples: Samples?) throws(ImportError) {
        let wide = arrays.filter { $0.object == "/logits" || $0.object == "/targets" }
        for array in wide.dropFirst() where array.shape.last != wide.first?.shape.last {
            throw ImportError(
                path,
                "\(wide[0].object) \(wide[0].shape) and \(array.object) \(array.shape) do not have the same classes")
        }
        guard let samples, let classes = wide.first?.shape.last else { return }
        guard classes > 1 else {
            throw ImportError(path, at: wide[0].object, "\(wide[0].shape) has 1 class; logits of 2 or more are needed")
        }
        if let wrong = samples.labels.firstIndex(where: { $0 >= classes }) {
            throw ImportError(
                path, at: "labels, sample \(wrong) (id \(samples.ids[wrong]))",
                "the label is \(samples.labels[wrong]), but the logits have \(classes) classes, 0…\(classes - 1)")
        }
    }
}

// MARK: Numbers

extension ArrayImport {
    /// What can be one number per checkpoint.
    private func metricFindings() -> [ArrayFinding] {
        let mapped = roles.chosen.filter {
            switch $0.key {
            case .metric: true
            case .named: !isScore($0.value)
            default: false
            }
        }
        return mapped.sorted { $0.key.text < $1.key.text }.map(\.value)
            + roles.rest.filter {
                switch $0.content {
                case .array(let array): array.rank == 1
                case .numbers: true
                default: false
                }
            }
    }

    /// The values of something that is one number per checkpoint; nil when it is something else.
    private func numbers(_ finding: ArrayFinding) throws(ImportError) -> [Double]? {
        switch finding.content {
        case .array(let array) where array.rank == 1: try array.whole.doubles()
        case .numbers(let numbers, _): numbers
        case .number(let number): [number]
        default: nil
        }
    }

    private func metrics(
        _ count: Int, samples: Int?
    ) throws -> (metrics: [String: [Double]], used: Set<String>) {
        var metrics: [String: [Double]] = [:]
        var used: Set<String> = []
        var columns: [String: [Double]] = [:]
        for finding in roles.rest {
            if case .array(let array) = finding.content, array.shape != [count] || count == samples { continue }
            guard let values = try numbers(finding), values.count == count else { continue }
            if case .number = finding.content { continue }
            columns[finding.word] = values
            if finding.word == "iteration" { continue }
            metrics[finding.name.split(separator: "/").joined(separator: "_")] = values
            used.insert(finding.name)
        }
        for (role, finding) in roles.chosen {
            let name: String
            switch role {
            case .metric(let own): name = own
            case .named(let own) where !isScore(finding): name = own
            default: continue
            }
            guard let values = try numbers(finding), values.count == count else {
                throw ImportError(
                    files[0].path, at: "'\(finding.name)'",
                    "\(role.text) needs one number per checkpoint [\(count)]; it is "
                        + finding.summary)
            }
            metrics[name] = values
            columns[finding.word] = values
        }
        for (name, expression) in roles.expressions { metrics[name] = try options.evaluate(expression, columns) }
        return (metrics, used)
    }

    private func samplesSeen(_ count: Int) throws(ImportError) -> [Int64]? {
        guard let finding = roles.chosen[.samplesSeen], let values = try numbers(finding) else { return seen }
        guard values.count == count, values.allSatisfy({ Int64(exactly: $0) != nil }) else {
            throw ImportError(files[0].path, at: "'\(finding.name)'", "samples seen must be \(count) whole numbers")
        }
        return values.map { Int64($0) }
    }

    private mutating func noteTheRest(except used: Set<String>) {
        let rest = roles.rest.filter { !used.contains($0.name) }
        guard !rest.isEmpty else { return }
        let shown = rest.prefix(20).map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")
        notes.append("Not imported: \(shown)\(rest.count > 20 ? " and \(rest.count - 20) more" : "").")
    }

    private func description(_ arrays: [ImportedArray]) throws(ImportError) -> RunDescription {
        var run = RunDescription(id: try RunNaming.id(options, files: files.map(\.path)))
        try RunNaming.apply(options.attributes, to: &run, path: files[0].path)
        if let classes = arrays.first(where: { $0.object == "/logits" || $0.object == "/targets" })?.shape.last {
            if let stated = run.classes, stated != classes {
                throw ImportError(
                    files[0].path, "classes=\(stated) was given, but the logits have \(classes) classes")
            }
            run.classes = classes
        }
        return run
    }
}
