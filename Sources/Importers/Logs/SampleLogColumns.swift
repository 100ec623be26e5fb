import Tables

/// Which columns of a table say what of a sample at a checkpoint.
struct SampleLogColumns: Sendable, Equatable {
    enum Epoch: Sendable, Equatable {
        case column(String)
        case steps(String)
        /// All rows belong to one epoch, told by the name of the file or of the logits' column.
        case fixed(Double)
    }

    var id: String
    var label: String
    var name: String?
    var epoch: Epoch
    var count: EpochCount
    /// The store's name and the column's.
    var records: [Record]
    var logits: [String]
    /// Whether `logits` is one column of JSON arrays.
    var logitsAreArrays: Bool
    /// Columns that are not read.
    var ignored: [String]

    struct Record: Sendable, Equatable {
        var object: String
        var column: String
    }

    /// Whether a file holds a row per sample and checkpoint, judged by its header.
    static func areIn(_ path: String, _ options: ImportOptions, isJSON: Bool) throws(ImportError) -> Bool {
        if LogFolder.ending(path) == "json" { return false }
        if mapped("id", LogNames.sampleID, options) != nil { return true }
        var blocks = try TableBlocks(path, isJSON: isJSON, blockSize: 1 << 16)
        guard let block = try blocks.next() else { return false }
        let names = Set(block.table.columnNames)
        let found = { (target: String, known: [String]) in
            mapped(target, known, options) != nil || known.contains(where: names.contains)
        }
        guard found("id", LogNames.sampleID), found("label", LogNames.label) else { return false }
        if !records(names, options).isEmpty || !logits(names, options).columns.isEmpty { return true }
        try refuseProbabilities(names, path)
        return false
    }

    private static func refuseProbabilities(_ names: Set<String>, _ path: String) throws(ImportError) {
        for prefix in ["prob_", "probs_", "p_", "proba_", "probability_"]
        where names.contains(prefix + "0") && names.contains(prefix + "1") {
            throw ImportError(
                path,
                "probabilities of each class ('\(prefix)0', …) are not read, logits are: columns 'logit_0', …; the logarithms of "
                    + "the probabilities serve as such (of a 0 take that of the smallest positive number), every score being the "
                    + "same of both")
        }
    }

    /// What `--map` names and no log of samples has.
    static func unknownTargets(_ options: ImportOptions) -> [String] {
        let own = ["id", "label", "name", "epoch", "step", "run"]
        let known = Set(
            own + own.map { $0 + "s" } + ["logits"] + LogNames.records + LogNames.sampleID + LogNames.label
                + LogNames.sampleName + LogNames.epoch + LogNames.step)
        return options.map.keys.filter { !known.contains($0) }.sorted()
    }

    /// The column that `--map` names for a target, by its own name, by that of arrays (`ids`) or by any that loggers use.
    private static func mapped(_ target: String, _ known: [String], _ options: ImportOptions) -> String? {
        ([target, target + "s"] + known).lazy.compactMap { options.map[$0] }.first
    }

    /// Throws where the columns of ids, labels or epochs are not there, and where nothing is recorded of the samples.
    init(_ table: Table, _ options: ImportOptions, path: String) throws(ImportError) {
        let names = Set(table.columnNames)
        func column(_ target: String, _ known: [String]) throws(ImportError) -> String? {
            guard let mapped = Self.mapped(target, known, options) else { return known.first(where: names.contains) }
            do throws(TableError) { return try table.column(mapped).name } catch {
                throw ImportError(error, path: path)
            }
        }
        guard let id = try column("id", LogNames.sampleID) else {
            throw ImportError(path, "no column of sample ids; name it with --map id=COLUMN")
        }
        guard let label = try column("label", LogNames.label) else {
            throw ImportError(path, "no column of labels; name it with --map label=COLUMN")
        }
        (self.id, self.label) = (id, label)
        name = try column("name", LogNames.sampleName).flatMap { $0 == id || $0 == label ? nil : $0 }
        records = Self.records(names, options)
        let found = Self.logits(names, options)
        (logits, logitsAreArrays) = (found.columns, found.areArrays)
        // dataset-cartography counts its epochs from 0.
        count = EpochCount(base: options.epochBase ?? (found.epoch == nil ? 1 : 0))

        if let column = try column("epoch", LogNames.epoch) {
            epoch = .column(column)
        } else if let column = try column("step", LogNames.step), let perEpoch = options.stepsPerEpoch {
            epoch = .steps(column)
            count.stepsPerEpoch = perEpoch
        } else if let number = found.epoch ?? SampleFileName(path).epoch {
            epoch = .fixed(number)
        } else {
            throw ImportError(
                path,
                "no column of epochs, and no number after 'epoch' in the file's name; "
                    + "name a column with --map epoch=COLUMN, or give --steps-per-epoch")
        }
        if records.isEmpty, logits.isEmpty {
            try Self.refuseProbabilities(names, path)
            let known = LogNames.records.joined(separator: ", ")
            throw ImportError(path, "nothing is recorded of the samples: neither logits nor any of \(known)")
        }
        for (place, column) in logits.enumerated() where !logitsAreArrays && !names.contains(column) {
            throw ImportError(path, "there are \(logits.count) columns of logits, but no '\(logits[place])'")
        }
        var used = Set(logits + records.map(\.column) + [id, label])
        if let name { used.insert(name) }
        switch epoch {
        case .column(let column), .steps(let column): used.insert(column)
        case .fixed: break
        }
        ignored = table.columnNames.filter { !used.contains($0) }
    }

    private static func records(_ names: Set<String>, _ options: ImportOptions) -> [Record] {
        LogNames.records.compactMap { record in
            if let column = options.map[record] { return Record(object: record, column: column) }
            return names.contains(record) ? Record(object: record, column: record) : nil
        }
    }

    /// `logit_0…`, a column `logits` of arrays, or cartography's `logits_epoch_7`.
    private static func logits(
        _ names: Set<String>, _ options: ImportOptions
    ) -> (columns: [String], areArrays: Bool, epoch: Double?) {
        if let column = options.map["logits"] ?? (names.contains("logits") ? "logits" : nil) {
            return ([column], true, nil)
        }
        for prefix in ["logit_", "logits_"] {
            let numbered = names.filter { $0.hasPrefix(prefix) && Int($0.dropFirst(prefix.count)) != nil }
            if !numbered.isEmpty { return ((0..<numbered.count).map { prefix + String($0) }, false, nil) }
        }
        let prefix = "logits_epoch_"
        let epochs = names.filter { $0.hasPrefix(prefix) && Int($0.dropFirst(prefix.count)) != nil }
        if epochs.count == 1, let column = epochs.first {
            return ([column], true, Double(column.dropFirst(prefix.count)))
        }
        return ([], false, nil)
    }
}

/// What the name of a per-sample log says: `dynamics_epoch_3.jsonl`, `seed1-rank0.csv`.
struct SampleFileName: Sendable {
    /// The number after `epoch`.
    private(set) var epoch: Double?
    /// Files of one run agree in this: their folder, and their name without the numbers of epochs, ranks and parts.
    let run: String

    private static let numbered = ["epoch", "rank", "worker", "part", "shard"]

    init(_ path: String) {
        var stem = LogFolder.stem(path)
        for word in Self.numbered {
            guard let (range, number) = Self.find(word, in: stem) else { continue }
            if word == "epoch" { epoch = number }
            stem.removeSubrange(range)
        }
        stem = String(stem.drop(while: Self.isMark).reversed().drop(while: Self.isMark).reversed())
        run = LogFolder.parent(path) + (stem.isEmpty ? "" : "/" + stem)
    }

    private static func isMark(_ character: Character) -> Bool {
        character == "_" || character == "-" || character == "."
    }

    /// The last `word`, a mark and the digits after it.
    private static func find(_ word: String, in text: String) -> (Range<String.Index>, Double)? {
        var end = text.endIndex
        while end > text.startIndex {
            guard let start = text[..<end].indices.last(where: { text[$0..<end].hasPrefix(word) }) else { return nil }
            var digits = text.index(start, offsetBy: word.count)
            if digits < text.endIndex, isMark(text[digits]) || text[digits] == "=" {
                digits = text.index(after: digits)
            }
            let number = text[digits...].prefix { $0.isASCII && $0.isNumber }
            if let value = Double(number) { return (start..<number.endIndex, value) }
            end = start
        }
        return nil
    }
}
