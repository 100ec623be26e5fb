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
            var reader = SampleReader(options: options, fileBytes: bytes)
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
    private var tables: [String: SampleLogTable] = [:]
    private var keys: [String] = []
    private var usesNames: Bool?
    private var counts: [EpochCount] = []
    private var countNotes: [String] = []
    private var ignored: Set<String> = []
    private var sources: [ImportSource] = []
    private var origins: [String: String] = [:]
    /// The values of one row, reused.
    private var values: [Float] = []

    init(options: ImportOptions, fileBytes: Int) {
        self.options = options
        self.fileBytes = fileBytes
    }

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
                tables[key] = SampleLogTable(
                    objects: rows.objects, duplicates: options.duplicates, fileBytes: fileBytes)
            }
            // Taken out while it changes, so that its arrays are not copied.
            guard
                var table = tables.updateValue(
                    SampleLogTable(objects: [], duplicates: .first, fileBytes: 0), forKey: key)
            else {
                continue
            }
            let known = table.objects
            guard known.count == rows.objects.count, zip(known, rows.objects).allSatisfy({ $0 == $1 }) else {
                throw ImportError(
                    block.path, at: "line \(block.line(0))",
                    "these rows hold \(Self.text(rows.objects)), "
                        + "those before \(Self.text(known))")
            }
            for row in group.rows {
                try rows.read(row, into: &values)
                try add(row, rows, &table)
            }
            tables[key] = table
        }
    }

    private func add(_ row: Int, _ rows: SampleLogRows, _ table: inout SampleLogTable) throws(ImportError) {
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
        let epoch = rows.epochs[row]
        switch table.add(epoch: epoch, position: position, values) {
        case .done: break
        case .repeated:
            throw rows.error(
                row, rows.columns.id,
                "sample \(known.sample) occurs again in epoch \(shortest: epoch); --duplicates first or mean would "
                    + "accept it"
            )
        case .tooManyEpochs:
            throw rows.error(
                row, rows.columns.id,
                "\(table.ids.count) samples and \(table.epochs.count) epochs so far: more than the files have rows for, "
                    + "so that samples are missing at some; is this the column of epochs?")
        }
    }

    private static func text(_ objects: [(name: String, width: Int)]) -> String {
        objects.map { $0.width == 1 ? $0.name : "\($0.name) of \($0.width) classes" }.joined(separator: ", ")
    }

    func runs(id: String, path: String) throws(ImportError) -> [ImportedRun] {
        var result: [ImportedRun] = []
        for key in keys {
            guard let table = tables[key] else { continue }
            result.append(try run(table, id: key.isEmpty ? id : id + "/" + key, path: path))
        }
        if result.isEmpty { throw ImportError(path, "a header but no rows") }
        return result
    }

    private func run(_ table: SampleLogTable, id: String, path: String) throws(ImportError) -> ImportedRun {
        if let missing = table.firstMissing() {
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
        if table.repeats > 0 {
            notes.append(
                "\(counted(table.repeats, "row")) repeated a sample within a checkpoint: "
                    + (options.duplicates == .mean ? "their mean counts." : "the first counts."))
        }
        if !ignored.isEmpty { notes.append("Columns left out: \(ignored.sorted().joined(separator: ", ")).") }
        let warnings = epochs.first == 0 && options.epochBase == nil ? counts.prefix(1).map(\.warning) : []
        return ImportedRun(
            description: description, epochs: epochs, samples: samples,
            arrays: table.arrays(layers: layers, order: order, origins: origins), sources: sources, notes: notes,
            warnings: warnings)
    }
}

extension SampleLogTable {
    /// Each record and the logits as an array in the order of the samples.
    func arrays(layers: [Int], order: [Int32], origins: [String: String]) -> [ImportedArray] {
        let (held, stride) = (self.layers, stride)
        return objects.indices.map { index in
            let (name, width) = objects[index]
            let offset = objects[..<index].reduce(0) { $0 + $1.width }
            let isLogits = name == "logits"
            let shape = [layers.count, order.count] + (isLogits ? [width] : [])
            return ImportedArray(
                object: isLogits ? "/logits" : "/scores/\(name)", shape: shape, precision: .single,
                origin: (origins[name] ?? name) + ", text"
            ) { checkpoint, rows in
                let layer = held[layers[checkpoint]]
                var block: [Float] = []
                block.reserveCapacity(rows.count * width)
                for position in order[rows] {
                    // More than one only where the mean counts, and then the values are sums.
                    let count = Float(layer.counts[Int(position)])
                    let start = Int(position) * stride + offset
                    for value in layer.values[start..<start + width] { block.append(value / count) }
                }
                return block
            }
        }
    }
}
