import Records
import Tables

/// Makes a run of what files of arrays hold.
struct ArrayImport {
    let files: [ForeignFile]
    let options: ImportOptions
    let found: [ArrayFinding]
    var roles: ArrayRoles
    var notes: [String] = []
    var warnings: [String] = []
    /// Samples seen, told by steps.
    var seen: [Int64]?
    /// The numbers by which the files count the checkpoints, where they are told beside what they count.
    var told: [Double]?
    /// What counts the checkpoints by optimiser steps, where something does.
    var stepAxis: String?
    var path: String { files[0].path }

    /// Reads what is small of the files, and all of them once for their digests. Throws `ImportError`.
    static func run(_ files: [ForeignFile], _ options: ImportOptions) throws -> ImportedRun {
        var notes = files.flatMap(\.notes)
        let named = Set(options.map.values.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 })
        let found = try ArrayFindings.all(
            in: files, stepsPerEpoch: options.stepsPerEpoch, named: named, notes: &notes)
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
        let series = try whole(checkpointSeries())
        if !series.isEmpty { _ = try labelFinding() }
        let count = try checkpointCount(series)
        let epochs = try epochs(count, series)
        let rows = try series.first.map { try rowOrder($0.series, count, epochs) }
        let samples = try rows.map { try self.samples(series[0].series, $0, count, epochs) }
        var arrays: [ImportedArray] = []
        if let rows, let samples {
            for (object, one) in series {
                arrays.append(try array(object, one, like: series[0].series, rows, samples, count, epochs))
            }
            arrays += try fixedArrays(rows)
        }
        try checkClasses(arrays, samples)
        if let samples, let logits = arrays.first(where: { $0.object == "/logits" }), series[0].series.isQuickToSeek,
            let doubt = try LabelAgreement.warning(logits, samples.labels)
        {
            warnings.append(doubt)
        }
        arrays += try testArrays()
        let (metrics, used) = try self.metrics(count, samples: samples?.count)
        // Numbers alone, without epochs and unasked for, are weights rather than a run.
        let isAsked = roles.chosen[.epochs] != nil || !Set(metrics.keys).isDisjoint(with: options.map.keys)
        if arrays.isEmpty, metrics.isEmpty || !isAsked { throw nothing() }
        warnings += MetricColumns.suspectErrors(metrics)
        let computed = Set(roles.expressions.map(\.name))
        for (target, source) in options.map.sorted(by: { $0.key < $1.key })
        where metrics[target] != nil && !computed.contains(target) {
            warnings += MetricColumns.accuracyAsError(target, source)
        }
        warnings += MetricColumns.nearMisses(Set(metrics.keys).intersection(options.map.keys))
        for (name, values) in metrics.sorted(by: { $0.key < $1.key }) {
            let missing = values.count(where: \.isNaN)
            if missing > 0 { warnings.append("'\(name)' is NaN at \(counted(missing, "checkpoint")).") }
        }
        warnUnread(series.map(\.object))
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
        if let ambiguity = roles.ambiguity { return ambiguity }
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

    /// Without the records that some checkpoints lack, as the first has no divergence from the one before; what is mapped
    /// stays, and is an error then.
    private mutating func whole(
        _ series: [(object: String, series: RowSeries)]
    ) -> [(object: String, series: RowSeries)] {
        let all = series.compactMap(\.series.epochs)
        guard let epochs = all.max(by: { $0.count < $1.count }) else { return series }
        func isMapped(_ name: String) -> Bool {
            options.map.values.contains { $0 == name || $0 == "/" + name || name.hasSuffix("/" + $0) }
        }
        return series.filter { object, one in
            guard let own = one.epochs, own.count < epochs.count, Set(own).isSubset(of: epochs), object != "/logits",
                !isMapped(one.name)
            else { return true }
            warnings.append(
                "'\(one.name)' is left out: it comes at \(own.count) of \(epochs.count) checkpoints, and \(object) needs all."
            )
            return false
        }
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
                case .array(let array): return try checked(array.shape[0], finding)
                case .numbers(let numbers, _): return try checked(numbers.count, finding)
                default: continue
                }
            }
            throw nothing()
        }
        for (object, other) in series.dropFirst() where other.checkpoints.count != first.series.checkpoints.count {
            if other.checkpoints.count == 1, other.rows(0) == first.series.checkpoints.count {
                throw ImportError(
                    other.path, at: "'\(other.name)'",
                    "a number for each of the \(other.rows(0)) checkpoints is a metric, and \(object) has one for each "
                        + "sample: name the metric, --map train_loss=\(other.name)")
            }
            let (own, all) = (other.checkpoints.count, first.series.checkpoints.count)
            if own == 1, other.rowShape.isEmpty, other.rows(0) != first.series.rows(0) {
                throw ImportError(
                    other.path, at: "'\(other.name)'",
                    "[\(other.rows(0))] is neither a value per checkpoint [\(all)] nor one per checkpoint and sample "
                        + "[\(all), \(first.series.rows(0))]; a record of another thing is named, --map NAME=\(other.name)"
                )
            }
            throw ImportError(
                other.path, at: "'\(other.name)'",
                "\(counted(own, "checkpoint")) for \(object), but \(first.object) has \(all)")
        }
        for (_, other) in series.dropFirst() { try requireSameEpochs(other, first.series) }
        return first.series.checkpoints.count
    }

    /// Throws where numbers are too many to be one per checkpoint.
    private func checked(_ count: Int, _ finding: ArrayFinding) throws(ImportError) -> Int {
        if count <= RowSeries.mostCheckpoints { return count }
        throw ImportError(
            finding.path, at: "'\(finding.name)'",
            "\(count) numbers are too many to be one per checkpoint; "
                + "records of samples need an axis of checkpoints, [E, N]")
    }

    /// Throws where two things are numbered by different epochs.
    func requireSameEpochs(_ other: RowSeries, _ main: RowSeries) throws(ImportError) {
        guard !other.isFixed, let epochs = other.epochs, let expected = main.epochs, epochs != expected else { return }
        let at = zip(epochs, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        throw other.error(
            ", checkpoint \(at)", min(at, epochs.count - 1),
            "its epochs are \(epochs.map(shortest).joined(separator: ", ")), but those of '\(main.name)' are "
                + expected.map(shortest).joined(separator: ", "))
    }

    /// The optimiser steps of the checkpoints, as the files tell them.
    func stepFinding() -> ArrayFinding? {
        roles.rest.first { ["step", "steps", "global_step", "iteration", "iter"].contains($0.word) && !$0.isNumber }
    }

    /// Samples seen, where files count steps and the size of a batch is known.
    private mutating func countSamples(_ numbers: [Double], _ count: EpochCount) throws(ImportError) {
        guard count.stepsPerEpoch != nil, let batch = options.batchSize else { return }
        let counts = numbers.compactMap { Int64(exactly: (($0 + count.shift) * Double(batch)).rounded()) }
        guard counts.count == numbers.count else { throw ImportError(path, "its steps × \(batch) are no counts") }
        seen = counts
        notes.append("Samples seen are steps × \(batch).")
    }

    mutating func epochs(
        _ checkpoints: Int, _ series: [(object: String, series: RowSeries)]
    ) throws(ImportError) -> [Double] {
        var numbers: [Double]
        var count = EpochCount(base: options.epochBase ?? 1)
        // A list of epochs is meant as it stands; the counter of a training loop begins at 0.
        var isCounter = false
        var source = path
        if let finding = roles.chosen[.epochs], finding.isNumber, checkpoints > 1 {
            notes.append("'\(finding.name)' is one number for \(checkpoints) checkpoints, and is left out.")
            roles.chosen[.epochs] = nil
        }
        if let finding = roles.chosen[.epochs], let values = try self.numbers(finding) {
            numbers = values
            source = finding.path
            if case .array = finding.content {} else { isCounter = true }
        } else if options.stepsPerEpoch != nil, let steps = stepFinding(), let values = try self.numbers(steps),
            values.count == checkpoints, !values.contains(where: \.isNaN)
        {
            (numbers, source, count.stepsPerEpoch) = (values, steps.path, options.stepsPerEpoch)
            stepAxis = steps.name
        } else if let told = series.lazy.compactMap(\.series.epochs).first {
            numbers = told
            (self.told, count.stepsPerEpoch) = (told, options.stepsPerEpoch)
            isCounter = options.stepsPerEpoch == nil
        } else if let (name, told) = found.lazy.compactMap({ one in one.epochs.map { (one.name, $0) } })
            .first(where: { $0.1.count == checkpoints })
        {
            numbers = told
            self.told = told
            notes.append("Epochs are those of '\(name)': \(told.map(shortest).joined(separator: ", ")).")
            count.stepsPerEpoch = options.stepsPerEpoch
            isCounter = options.stepsPerEpoch == nil
        } else {
            numbers = (0..<checkpoints).map { Double($0 + count.base) }
            notes.append(
                "The files number no epochs: checkpoints are taken as the ends of epochs 1 to \(checkpoints)."
                    + (stepFinding().map { " --steps-per-epoch says what '\($0.name)' is in epochs." } ?? ""))
        }
        guard numbers.count == checkpoints else {
            throw ImportError(source, at: "epochs", "\(numbers.count) epochs for \(checkpoints) checkpoints")
        }
        let beginsAtZero = options.epochBase == nil && numbers.first == 0
        if beginsAtZero, isCounter {
            count.base = 0
            warnings.append(
                "The files number their epochs from 0: 0 is taken as the end of the first epoch, and each number is "
                    + "raised by 1; --epoch-base 1 if 0 means before training.")
        } else {
            if beginsAtZero { warnings.append(count.warning) }
            if let note = count.note("the numbers of the files") { notes.append(note) }
        }
        let epochs = numbers.map(count.epochs)
        if options.epochBase != nil, let doubt = count.doubt(first: epochs.first) { warnings.append(doubt) }
        try countSamples(numbers, count)
        for (index, epoch) in epochs.enumerated() {
            guard epoch.isFinite, epoch >= 0, index == 0 || epoch > epochs[index - 1] else {
                throw ImportError(
                    source, at: "epochs, checkpoint \(index)",
                    index == 0
                        ? "the epoch \(shortest: epoch) is not 0 or more"
                        : "epoch \(shortest: epoch) follows \(shortest: epochs[index - 1]); checkpoints must increase"
                )
            }
        }
        return epochs
    }
}
