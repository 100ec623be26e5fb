import Tables

/// Finds what the files hold.
enum ArrayFindings {
    /// Words before a number that counts something else than checkpoints.
    private static let otherNumbers = [
        "seed", "run", "fold", "trial", "rep", "exp", "experiment", "job", "version",
    ]
    private static let checkpointWords = ["epoch", "ep", "checkpoint", "ckpt"]
    private static let stepWords = ["steps", "step", "iteration", "iter"]

    /// - Parameters:
    ///   - stepsPerEpoch: what turns the numbers of files that count steps into epochs.
    ///   - named: what the user maps, which is left under its own name.
    static func all(
        in files: [ForeignFile], stepsPerEpoch: Double?, named: Set<String>, notes: inout [String]
    ) throws(ImportError) -> [ArrayFinding] {
        var groups: [(pattern: String, files: [(name: FileName, file: ForeignFile)])] = []
        for file in files {
            let name = FileName(file.path)
            let pattern = name.pattern
            if let index = groups.firstIndex(where: { $0.pattern == pattern }) {
                groups[index].files.append((name, file))
            } else {
                groups.append((pattern, [(name, file)]))
            }
        }
        var found: [ArrayFinding] = []
        for (_, files) in groups {
            let (name, file) = files[0]
            var own: [ArrayFinding]
            if files.count == 1, !(name.numbersEpochs && isOneCheckpoint(file.contents)) {
                own = try flatten(file.contents, name.stem, path: file.path, except: named).map { finding in
                    var finding = finding
                    finding.isFileName = finding.name == name.stem
                    return finding
                }
                own = byEpoch(own, except: named)
            } else {
                own = try series(files, stepsPerEpoch: stepsPerEpoch, notes: &notes)
            }
            for index in own.indices { own[index].path = file.path }
            found += own
        }
        return found
    }

    static func isOneCheckpoint(_ value: ForeignValue) -> Bool {
        switch value {
        case .array(let array): array.rank <= 2
        case .texts: true
        case .dict(let members):
            // Epochs in the names of two and more say that the number in the file's name counts something else.
            !members.contains { if case .array(let array) = $0.value { array.rank > 2 } else { false } }
                && members.count { epoch(in: $0.key.text) != nil } < 2
        default: false
        }
    }

    /// One file per checkpoint, or several: those of the ranks of a distributed run.
    private static func series(
        _ files: [(name: FileName, file: ForeignFile)], stepsPerEpoch: Double?, notes: inout [String]
    ) throws(ImportError) -> [ArrayFinding] {
        let path = files[0].file.path
        let before = files[0].name.number?.before
        let trimmed = word(before ?? files[0].name.withoutRanks)
        if before != nil, let counted = otherNumbers.first(where: { trimmed.hasSuffix($0) }) {
            throw ImportError(
                path,
                "the files are numbered by '\(counted)', so that each is a run of its own: import them one at a "
                    + "time, with --id")
        }
        if stepsPerEpoch == nil, before != nil, stepWords.contains(where: { trimmed.hasSuffix($0) }) {
            throw ImportError(
                path, "the files are numbered by steps; --steps-per-epoch says what that is in epochs")
        }
        let ordered = try order(files)
        let name = word(trimmed, without: before == nil ? FileName.pieces.sorted() : stepWords + checkpointWords)
        var records: [Record] = []
        for (own, file) in ordered {
            let members: [(String, ForeignValue)] =
                if case .dict(let inner) = file.contents { try leaves(inner) } else { [(name, file.contents)] }
            records.append(Record(place: file.path, epoch: own.number?.value ?? 0, members: members))
        }
        if before != nil { try refuseRuns(records) }
        notes.append(note(ordered.map(\.name)))
        return try Self.records(records, prefix: "").map { finding in
            var finding = finding
            finding.isFileName = finding.name == name
            if before == nil { finding.forgetEpochs() }
            return finding
        }
    }

    /// By epoch, then by rank. Throws where two files can be of different runs, and where an epoch lacks a rank.
    private static func order(
        _ files: [(name: FileName, file: ForeignFile)]
    ) throws(ImportError) -> [(name: FileName, file: ForeignFile)] {
        func key(_ name: FileName) -> [Double] { [name.number?.value ?? 0] + name.ranks }
        let (first, file) = files[0]
        if let (_, other) = files.first(where: { $0.name.folder != first.folder }) {
            throw twoRuns(file.path, other.path, "lie in two folders")
        }
        let order = files.sorted { key($0.name).lexicographicallyPrecedes(key($1.name)) }
        for (one, next) in zip(order, order.dropFirst()) where key(one.name) == key(next.name) {
            let epoch = one.name.number.map { " of epoch \(shortest($0.value))" } ?? ""
            throw twoRuns(one.file.path, next.file.path, "are both\(epoch)")
        }
        let epochs = Dictionary(grouping: order) { $0.name.number?.value ?? 0 }.sorted { $0.key < $1.key }.map(\.value)
        let most = epochs.max { $0.count < $1.count } ?? []
        for files in epochs where files.map(\.name.ranks) != most.map(\.name.ranks) {
            throw ImportError(
                files[0].file.path,
                "there are \(files.count) files of this epoch, but \(most.count) of that of \(most[0].file.path): every epoch "
                    + "needs a file of every rank")
        }
        return order
    }

    static func twoRuns(_ one: String, _ other: String, _ why: String) -> ImportError {
        ImportError(
            one,
            "it and \(other) \(why): they are taken for two runs, which are imported by one command each, with --id (of one "
                + "run, the files of an epoch are told apart by their ranks: epoch_1_rank0, epoch_1_rank1)")
    }

    /// Throws where each of several files holds all checkpoints of a run.
    private static func refuseRuns(_ records: [Record]) throws(ImportError) {
        guard records.count > 1 else { return }
        for (name, value) in records[0].members {
            guard case .array(let array) = value, array.type.isFloat else { continue }
            switch ArrayRole(of: ArrayFinding(name: name, isFileName: true, content: .array(array))) {
            case .logits where array.rank > 2, .score where array.rank > 1,
                nil where array.rank > 2 && records[0].members.count == 1:
                throw twoRuns(
                    records[0].place, records[1].place, "hold several checkpoints each ('\(name)' is \(array.shape))")
            default: continue
            }
        }
    }

    /// The name of a bare array, that of what its file counts left out.
    private static func word(_ text: String, without endings: [String]) -> String {
        let text = word(text)
        let name = endings.first { text.hasSuffix($0) }.map { word(String(text.dropLast($0.count))) } ?? text
        return name.isEmpty ? "array" : name
    }

    private static func note(_ names: [FileName]) -> String {
        let ranks = Set(names.map(\.ranks)).count
        let joined = "joined in the order of the numbers after 'rank', 'part' or their like"
        let numbers = names.compactMap { $0.number?.value }
        guard let first = numbers.min(), let last = numbers.max() else {
            return "\(names.count) files without numbers of epochs are \(joined)."
        }
        if names.count == 1 { return "The number in the file's name is taken as its epoch." }
        return
            "\(names.count) files with the numbers \(shortest(first)) to \(shortest(last)) in their names are taken as "
            + "checkpoints of one run" + (ranks > 1 ? "; the \(ranks) of each are \(joined)." : ".")
    }

    /// Without the signs at its end, in lower case.
    static func word(_ text: String) -> String {
        var text = text.lowercased()
        while let last = text.last, !last.isLetter, !last.isNumber { text.removeLast() }
        return text
    }
}

extension ArrayFinding {
    /// Files that number no epochs but the pieces of one: what they hold is no checkpoint by itself.
    fileprivate mutating func forgetEpochs() {
        switch content {
        case .checkpoints(let list, _): content = .checkpoints(list, epochs: nil)
        case .numbers(let numbers, _): content = .numbers(numbers, epochs: nil)
        case .texts: textsOf = []
        default: return
        }
    }
}
