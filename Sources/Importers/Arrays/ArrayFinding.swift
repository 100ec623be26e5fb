/// One thing that the files hold, under its name, with the axis of checkpoints told apart where the files tell it.
struct ArrayFinding: Sendable {
    enum Content: Sendable {
        case array(ForeignArray)
        case texts(ForeignTexts)
        case number(Double)
        /// Of each checkpoint the pieces that lie one after another; `epochs` where the files number them.
        case checkpoints([[ForeignArrayView]], epochs: [Double]?)
        /// One number per checkpoint.
        case numbers([Double], epochs: [Double]?)
        /// Why it cannot be read.
        case refused(ImportError)
        case other(String)
    }

    /// `training_dynamics/output`; of a bare array the name of its file without the number.
    var name: String
    /// Whether the name is that of a file and not one that the writer gave.
    var isFileName = false
    var content: Content

    /// The last part of the name, in lower case.
    var word: String { (name.split(separator: "/").last.map(String.init) ?? name).lowercased() }

    var summary: String {
        switch content {
        case .array(let array): "\(array.type.rawValue) \(array.shape)"
        case .texts(let texts): "strings [\(texts.count)]"
        case .number(let number): "number \(number)"
        case .checkpoints(let list, _):
            "\(list.count) checkpoints of "
                + (list.first?.first.map { "\($0.array.type.rawValue) \($0.shape)" } ?? "nothing")
                + (list.first.map { $0.count > 1 ? " in \($0.count) pieces" : "" } ?? "")
        case .numbers(let numbers, _): "\(numbers.count) numbers"
        case .refused: "not an array of numbers"
        case .other(let what): what
        }
    }

    var epochs: [Double]? {
        switch content {
        case .checkpoints(_, let epochs), .numbers(_, let epochs): epochs
        default: nil
        }
    }
}

/// Finds what the files hold.
enum ArrayFindings {
    /// Words before a number that counts something else than checkpoints.
    private static let otherNumbers = ["seed", "run", "fold", "trial", "rep"]

    /// - Parameter stepsPerEpoch: what turns the numbers of files that count steps into epochs.
    static func all(
        in files: [ForeignFile], stepsPerEpoch: Double?, notes: inout [String]
    ) throws(ImportError) -> [ArrayFinding] {
        var groups: [(pattern: String, files: [ForeignFile])] = []
        for file in files {
            let pattern = pattern(of: file)
            if let index = groups.firstIndex(where: { $0.pattern == pattern }) {
                groups[index].files.append(file)
            } else {
                groups.append((pattern, [file]))
            }
        }
        var found: [ArrayFinding] = []
        for (_, files) in groups {
            let name = FileName(files[0].path)
            if files.count == 1, !(name.numbersEpochs && isOneCheckpoint(files[0].contents)) {
                found += try flatten(files[0].contents, name.stem, path: files[0].path).map { finding in
                    var finding = finding
                    finding.isFileName = finding.name == name.stem
                    return finding
                }
            } else {
                found += try series(files, stepsPerEpoch: stepsPerEpoch)
                let numbers = files.compactMap { FileName($0.path).number?.value }
                let range = "\(epochText(numbers.min() ?? 0)) to \(epochText(numbers.max() ?? 0))"
                notes.append(
                    files.count == 1
                        ? "The number in the file's name is taken as its epoch."
                        : "\(files.count) files with the numbers \(range) in their names are taken as checkpoints of "
                            + "one run."
                )
            }
        }
        return found
    }

    /// The name with its counting number, and all digits behind it, left out.
    static func pattern(of file: ForeignFile) -> String {
        let name = FileName(file.path)
        guard let number = name.number else { return file.path }
        // rank9 and rank10 are of one pattern.
        var after = ""
        for character in number.after where !(character.isNumber && after.hasSuffix("#")) {
            after += character.isNumber ? "#" : String(character)
        }
        return number.before + "\u{0}" + after
    }

    static func isOneCheckpoint(_ value: ForeignValue) -> Bool {
        switch value {
        case .array(let array): array.rank <= 2
        case .dict(let members):
            !members.contains { if case .array(let array) = $0.value { array.rank > 2 } else { false } }
        default: false
        }
    }

    /// One file per checkpoint (or several: those of the ranks of a distributed run).
    static func series(
        _ files: [ForeignFile], stepsPerEpoch: Double?
    ) throws(ImportError) -> [ArrayFinding] {
        let before = FileName(files[0].path).number?.before ?? ""
        let trimmed = word(before)
        if let counted = otherNumbers.first(where: { trimmed.hasSuffix($0) }) {
            throw ImportError(
                files[0].path,
                "the files are numbered by '\(counted)', so that each is a run of its own: import them one at a "
                    + "time, with --id")
        }
        if stepsPerEpoch == nil, ["step", "steps", "iter", "iteration"].contains(where: { trimmed.hasSuffix($0) }) {
            throw ImportError(
                files[0].path, "the files are numbered by steps; --steps-per-epoch says what that is in epochs")
        }
        var name = trimmed
        for ending in ["epoch", "ep", "checkpoint", "ckpt", "steps", "step", "iteration", "iter"]
        where name.hasSuffix(ending) {
            name = word(String(name.dropLast(ending.count)))
            break
        }
        if name.isEmpty { name = "array" }
        var records: [Record] = []
        for file in files {
            let number = FileName(file.path).number?.value ?? 0
            if case .dict(let members) = file.contents {
                records.append(Record(place: file.path, epoch: number, members: try leaves(members)))
            } else {
                records.append(Record(place: file.path, epoch: number, members: [(name, file.contents)]))
            }
        }
        let found = try Self.records(records, prefix: "")
        return found.map { finding in
            var finding = finding
            finding.isFileName = finding.name == name
            return finding
        }
    }

    /// Without the signs at its end, in lower case.
    static func word(_ text: String) -> String {
        var text = text.lowercased()
        while let last = text.last, !last.isLetter, !last.isNumber { text.removeLast() }
        return text
    }
}
