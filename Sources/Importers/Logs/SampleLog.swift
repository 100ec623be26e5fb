import Records
import Tables

/// Per-sample logs in long form: one row per sample and checkpoint, in any order, in one file or several.
enum SampleLog {
    static func read(_ paths: [String], _ options: ImportOptions, isJSON: Bool) throws(ImportError) -> [ImportedRun] {
        var runs: [(key: String, paths: [String])] = []
        for path in paths {
            let key = SampleFileName(path).run
            if let known = runs.firstIndex(where: { $0.key == key }) {
                runs[known].paths.append(path)
            } else {
                runs.append((key, [path]))
            }
        }
        let ids = MetricLogs.ids(LogNames.distinct(runs.map(\.key)), options)
        var result: [ImportedRun] = []
        for (run, id) in zip(runs, ids) {
            var bytes = 0
            for path in run.paths { bytes += try LogFile(path).size }
            var reader = SampleReader(options: options, fileBytes: bytes, path: run.paths[0])
            for path in run.paths { try reader.read(path, isJSON: isJSON) }
            result += try reader.runs(id: id, path: run.paths[0])
        }
        return result
    }
}

/// Reads the files of one run, or of several that a column tells apart.
private struct SampleReader {
    let options: ImportOptions
    private let fileBytes: Int
    private var spill: SampleLogSpill
    private var tables: [String: SampleLogTable] = [:]
    private var keys: [String] = []
    private var usesNames: Bool?
    private var counts: [EpochCount] = []
    private var countNotes: [String] = []
    private var ignored: Set<String> = []
    private var sources: [ImportSource] = []
    private var origins: [String: String] = [:]
    /// The values of one row, and their bits; reused.
    private var values: [Float] = []
    private var words: [UInt32] = []

    init(options: ImportOptions, fileBytes: Int, path: String) {
        self.options = options
        self.fileBytes = fileBytes
        spill = SampleLogSpill(path: path, folder: options.scratchFolder)
    }

    /// Whether each row brings its place in the files along: where a repeated sample is an error, to be told.
    private var keepsPlaces: Bool { options.duplicates == .fail }

    mutating func read(_ path: String, isJSON: Bool) throws(ImportError) {
        var blocks = try TableBlocks(path, isJSON: isJSON)
        while let block = try blocks.next() {
            let columns = try SampleLogColumns(block.table, options, path: path)
            if !counts.contains(columns.count) {
                counts.append(columns.count)
                if let note = columns.count.note("the steps") { countNotes.append(note) }
            }
            ignored.formUnion(columns.ignored)
            try add(block, columns)
        }
        sources.append(blocks.source)
    }

    private mutating func add(_ block: TableBlock, _ columns: SampleLogColumns) throws(ImportError) {
        let rows = try SampleLogRows(block, columns)
        let runColumns = try TableLog.runColumns(block.table, options, path: block.path)
        let groups: [(key: [(String, String)], rows: [Int])]
        do throws(TableError) { groups = try block.table.groups(by: runColumns) } catch {
            throw ImportError(error, path: block.path)
        }
        ignored.subtract(runColumns)
        for record in columns.records { origins[record.object] = "\(block.path), column '\(record.column)'" }
        if let first = columns.logits.first {
            origins["logits"] = "\(block.path), column '\(first)'" + (columns.logits.count > 1 ? " and following" : "")
        }
        if usesNames == nil { usesNames = rows.integerIDs == nil }
        for group in groups {
            let key = group.key.map { LogNames.idPiece(Double($0.1) == nil ? $0.1 : $0.0 + $0.1) }
                .joined(separator: "/")
            if tables[key] == nil {
                keys.append(key)
                tables[key] = SampleLogTable(objects: rows.objects, fileBytes: fileBytes)
            }
            // Taken out while it changes, so that its arrays are not copied.
            guard var table = tables.updateValue(SampleLogTable(objects: [], fileBytes: 0), forKey: key) else {
                continue
            }
            let known = table.objects
            guard known.count == rows.objects.count, zip(known, rows.objects).allSatisfy({ $0 == $1 }) else {
                throw ImportError(
                    block.path, at: "line \(block.line(0))",
                    "these rows hold \(Self.text(rows.objects)), "
                        + "those before \(Self.text(known))")
            }
            let widths = known.map(\.width) + (keepsPlaces ? [2] : [])
            for row in group.rows {
                try rows.read(row, into: &values)
                try add(row, rows, &table, widths)
            }
            tables[key] = table
        }
    }

    private mutating func add(
        _ row: Int, _ rows: SampleLogRows, _ table: inout SampleLogTable, _ widths: [Int]
    ) throws(ImportError) {
        let label = rows.labels[row]
        let position: Int?
        let known: (sample: String, label: Int32?)
        if usesNames == true {
            let name = rows.idText(row)
            position = table.position(name: name, label: label)
            known = ("'\(name)'", table.label(ofName: name))
        } else if let id = rows.integerIDs?[row] {
            position = table.position(id: id, label: label, name: rows.names?[row])
            known = (String(id), table.label(ofID: id))
        } else {
            throw rows.error(row, rows.columns.id, "'\(rows.idText(row))' is no integer, but the ids before were")
        }
        guard let position else {
            throw rows.error(
                row, rows.columns.label,
                "sample \(known.sample) has the label \(label) here and \(known.label ?? 0) before")
        }
        guard let layer = table.layer(rows.epochs[row], &spill, widths: widths) else {
            throw rows.error(
                row, rows.columns.id,
                "\(table.ids.count) samples and \(table.epochs.count) epochs so far: more than the files have rows for, "
                    + "so that samples are missing at some; is this the column of epochs?")
        }
        words.removeAll(keepingCapacity: true)
        for value in values { words.append(value.bitPattern) }
        if keepsPlaces {
            words.append(UInt32(truncatingIfNeeded: sources.count))
            words.append(UInt32(truncatingIfNeeded: rows.block.line(row)))
        }
        try spill.append(layer: layer, position: position, words)
    }

    private static func text(_ objects: [(name: String, width: Int)]) -> String {
        objects.map { $0.width == 1 ? $0.name : "\($0.name) of \($0.width) classes" }.joined(separator: ", ")
    }

    mutating func runs(id: String, path: String) throws(ImportError) -> [ImportedRun] {
        let cells = try spill.cells(means: options.duplicates == .mean)
        var result: [ImportedRun] = []
        for key in keys {
            guard let table = tables[key] else { continue }
            result.append(try run(table, cells, id: key.isEmpty ? id : id + "/" + key, path: path))
        }
        if result.isEmpty { throw ImportError(path, "a header but no rows") }
        return result
    }

    private func run(
        _ table: SampleLogTable, _ cells: SampleLogCells, id: String, path: String
    ) throws(ImportError) -> ImportedRun {
        let tally = try table.tally(cells)
        let repeats = tally.repeats.reduce(0, +)
        if repeats > 0, options.duplicates == .fail { throw try repeated(table, tally, cells) }
        if let missing = tally.missing {
            throw ImportError(
                path,
                "sample \(missing.sample) is missing in epoch \(shortest: missing.epoch), "
                    + "though epoch \(shortest: missing.present) has it")
        }
        let layers = table.epochs.indices.sorted { table.epochs[$0] < table.epochs[$1] }
        let epochs = layers.map { table.epochs[$0] }
        var notes = countNotes
        let (samples, order) = table.samples()
        var description = RunDescription(id: id)
        description.classes = table.objects.first { $0.name == "logits" }?.width
        notes += try description.set([:], options, path: path)
        if let classes = description.classes, let wrong = samples.labels.firstIndex(where: { $0 >= classes }) {
            throw ImportError(
                path, "sample \(samples.ids[wrong]) has the label \(samples.labels[wrong]), expected 0…\(classes - 1)")
        }
        notes.append(
            "\(counted(samples.count, "sample")) at \(counted(epochs.count, "checkpoint")), in the order of "
                + (usesNames == true ? "their names; the place in that order is the id." : "their ids."))
        if repeats > 0 {
            notes.append(
                "\(counted(repeats, "row")) repeated a sample within a checkpoint: "
                    + (options.duplicates == .mean ? "their mean counts." : "the first counts."))
        }
        if !ignored.isEmpty { notes.append("Columns left out: \(ignored.sorted().joined(separator: ", ")).") }
        let count = counts.first
        let unused = SampleLogColumns.unknownTargets(options).map { target in
            let known = ["id", "label", "name", "epoch", "logits"] + LogNames.records
            let near = closest(to: target, in: known).map { " (did you mean '\($0)'?)" } ?? ""
            return "--map \(target)=\(options.map[target] ?? "") is not used: rows are samples, and of those "
                + "\(known.joined(separator: ", ")) are read\(near)."
        }
        let warnings =
            (options.epochBase == nil
                ? epochs.first == 0 ? [count?.warning] : [] : [count?.doubt(first: epochs.first)]) + unused
        return ImportedRun(
            description: description, epochs: epochs, samples: samples,
            arrays: table.arrays(
                cells, layers: layers, order: order, origins: origins),
            sources: sources, notes: notes,
            warnings: warnings.compactMap(\.self))
    }

    /// The error of the first row, in the order of the files, that repeats a sample in a checkpoint.
    private func repeated(
        _ table: SampleLogTable, _ tally: SampleLogTable.Tally, _ cells: SampleLogCells
    ) throws(ImportError) -> ImportError {
        var first: (file: UInt32, line: UInt32, position: Int, epoch: Double)?
        for (index, count) in tally.repeats.enumerated() where count > 0 {
            let found = try cells.firstRepeat(
                layer: table.layers[index], object: table.objects.count, samples: table.ids.count)
            guard let found else { continue }
            let (file, line) = (found.words[0], found.words[1])
            if let first, (first.file, first.line) <= (file, line) { continue }
            first = (file, line, found.position, table.epochs[index])
        }
        guard let first else { preconditionFailure("a repeat that was counted is found") }
        return ImportError(
            sources[Int(first.file)].path, at: "line \(first.line)",
            "sample \(table.idText(first.position)) occurs again in epoch \(shortest: first.epoch); --duplicates first or "
                + "mean would accept it")
    }
}

extension SampleLogTable {
    /// Each record and the logits as an array in the order of the samples.
    func arrays(
        _ cells: SampleLogCells, layers: [Int], order: [Int32], origins: [String: String]
    ) -> [ImportedArray] {
        let numbers = layers.map { self.layers[$0] }
        return objects.indices.map { index in
            let (name, width) = objects[index]
            let isLogits = name == "logits"
            let shape = [layers.count, order.count] + (isLogits ? [width] : [])
            return ImportedArray(
                object: isLogits ? "/logits" : "/scores/\(name)", shape: shape, precision: .single,
                origin: (origins[name] ?? name) + ", text"
            ) { checkpoint, rows in
                try cells.values(
                    layer: numbers[checkpoint], object: index, positions: order[rows], samples: order.count)
            }
        }
    }
}
