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
            "\(list.count) checkpoints of \(list.first?.first.map { "\($0.array.type.rawValue) \($0.shape)" } ?? "nothing")"
                + (list.first.map { $0.count > 1 ? " in \($0.count) pieces" : "" } ?? "")
        case .numbers(let numbers, _): "\(numbers.count) numbers"
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
                        : "\(files.count) files with the numbers \(range) in their names are taken as checkpoints of one run."
                )
            }
        }
        return found
    }

    /// The name with its counting number, and all digits behind it, left out.
    private static func pattern(of file: ForeignFile) -> String {
        let name = FileName(file.path)
        guard let number = name.number else { return file.path }
        let after = number.after.map { $0.isNumber ? "#" : String($0) }.joined()
        return number.before + "\u{0}" + after
    }

    private static func isOneCheckpoint(_ value: ForeignValue) -> Bool {
        switch value {
        case .array(let array): array.rank <= 2
        case .dict(let members):
            !members.contains { if case .array(let array) = $0.value { array.rank > 2 } else { false } }
        default: false
        }
    }

    /// One file per checkpoint (or several: those of the ranks of a distributed run).
    private static func series(
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
    private static func word(_ text: String) -> String {
        var text = text.lowercased()
        while let last = text.last, !last.isLetter, !last.isNumber { text.removeLast() }
        return text
    }

    // MARK: One file

    static func flatten(_ value: ForeignValue, _ name: String, path: String) throws(ImportError) -> [ArrayFinding] {
        switch value {
        case .array(let array): return [ArrayFinding(name: name, content: .array(array))]
        case .texts(let texts): return [ArrayFinding(name: name, content: .texts(texts))]
        case .number(let number): return [ArrayFinding(name: name, content: .number(number))]
        case .text: return [ArrayFinding(name: name, content: .other("text"))]
        case .other(let what): return [ArrayFinding(name: name, content: .other(what))]
        case .list(let items):
            if !items.isEmpty, items.allSatisfy(isDict) {
                return try records(try numbered(items, path: path, name: name), prefix: name)
            }
            let pieces = items.compactMap(views)
            if !items.isEmpty, pieces.count == items.count {
                return [ArrayFinding(name: name, content: .checkpoints(pieces, epochs: nil))]
            }
            return [ArrayFinding(name: name, content: .other("a list of \(items.count) values of several kinds"))]
        case .dict(let members): return try flatten(members, name, path: path)
        }
    }

    private static func flatten(
        _ members: [(key: ForeignKey, value: ForeignValue)], _ name: String, path: String
    ) throws(ImportError) -> [ArrayFinding] {
        let members = lastOfEach(members)
        if let epochs = epochs(of: members) {
            let order = epochs.indices.sorted { epochs[$0] < epochs[$1] }
            if members.allSatisfy({ isDict($0.value) }) {
                var list: [Record] = []
                for index in order {
                    guard case .dict(let inner) = members[index].value else { continue }
                    list.append(
                        Record(
                            place: "\(path): \(members[index].key.text)", epoch: epochs[index],
                            members: try leaves(inner)))
                }
                return try records(list, prefix: name)
            }
            let pieces = order.compactMap { views(members[$0].value) }
            if pieces.count == members.count {
                return [
                    ArrayFinding(name: name, content: .checkpoints(pieces, epochs: order.map { epochs[$0] }))
                ]
            }
        }
        var found: [ArrayFinding] = []
        // The file's own name says nothing about what stands in it by name.
        let prefix = name.isEmpty || name == FileName(path).stem ? "" : name + "/"
        for (key, value) in members { found += try flatten(value, prefix + key.text, path: path) }
        return found
    }

    /// As in Python, the last value of a repeated key counts.
    private static func lastOfEach(
        _ members: [(key: ForeignKey, value: ForeignValue)]
    ) -> [(key: ForeignKey, value: ForeignValue)] {
        var place: [String: Int] = [:]
        var all: [(key: ForeignKey, value: ForeignValue)] = []
        for member in members {
            if let index = place[member.key.text] {
                all[index] = member
            } else {
                place[member.key.text] = all.count
                all.append(member)
            }
        }
        return all
    }

    /// The numbers of a dictionary's keys when they count epochs: `0, 1, 2` or `epoch_0, epoch_1`.
    private static func epochs(of members: [(key: ForeignKey, value: ForeignValue)]) -> [Double]? {
        if members.isEmpty { return nil }
        var epochs: [Double] = []
        for (key, _) in members {
            switch key {
            case .number(let number): epochs.append(number)
            case .text(let text):
                if let number = Double(text), number.isFinite {
                    epochs.append(number)
                } else {
                    let name = FileName(text + ".")
                    guard let number = name.number, number.after.isEmpty,
                        ["epoch", "ep", "checkpoint", "ckpt"].contains(word(number.before))
                    else { return nil }
                    epochs.append(number.value)
                }
            }
        }
        return epochs
    }

    private static func isDict(_ value: ForeignValue) -> Bool { if case .dict = value { true } else { false } }

    /// An array, or a list of them, as the pieces of one checkpoint.
    private static func views(_ value: ForeignValue) -> [ForeignArrayView]? {
        switch value {
        case .array(let array): return [array.whole]
        case .list(let items):
            let pieces = items.compactMap { item -> ForeignArrayView? in
                if case .array(let array) = item { array.whole } else { nil }
            }
            return !items.isEmpty && pieces.count == items.count ? pieces : nil
        default: return nil
        }
    }

    // MARK: Records

    /// What was logged at once: an epoch or a step of one.
    private struct Record {
        var place: String
        var epoch: Double?
        var members: [(String, ForeignValue)]
    }

    private static func numbered(
        _ items: [ForeignValue], path: String, name: String
    ) throws(ImportError) -> [Record] {
        var list: [Record] = []
        for (index, item) in items.enumerated() {
            guard case .dict(let inner) = item else { continue }
            let members = try leaves(inner)
            var epoch: Double?
            for (key, value) in members where key.lowercased() == "epoch" {
                if case .number(let number) = value { epoch = number }
            }
            list.append(Record(place: "\(path): \(name)[\(index)]", epoch: epoch, members: members))
        }
        return list
    }

    /// What stands in a dictionary, those within it included, by path.
    private static func leaves(
        _ members: [(key: ForeignKey, value: ForeignValue)], prefix: String = ""
    ) throws(ImportError) -> [(String, ForeignValue)] {
        var all: [(String, ForeignValue)] = []
        for (key, value) in lastOfEach(members) {
            if case .dict(let inner) = value {
                all += try leaves(inner, prefix: prefix + key.text + "/")
            } else {
                all.append((prefix + key.text, value))
            }
        }
        return all
    }

    /// Puts records of one epoch together; without epochs each record is a checkpoint.
    private static func records(_ list: [Record], prefix: String) throws(ImportError) -> [ArrayFinding] {
        let hasEpochs = list.allSatisfy { $0.epoch != nil }
        var groups: [(epoch: Double, records: [Record])] = []
        var place: [Double: Int] = [:]
        for (index, record) in list.enumerated() {
            let epoch = hasEpochs ? record.epoch ?? 0 : Double(index)
            if let group = place[epoch] {
                groups[group].records.append(record)
            } else {
                place[epoch] = groups.count
                groups.append((epoch, [record]))
            }
        }
        groups.sort { $0.epoch < $1.epoch }
        let epochs = hasEpochs ? groups.map(\.epoch) : nil
        let tables = groups.map { $0.records.map { Dictionary($0.members, uniquingKeysWith: { $1 }) } }
        var found: [ArrayFinding] = []
        for (key, _) in list.first?.members ?? [] {
            let name = prefix.isEmpty ? key : prefix + "/" + key
            var pieces: [[ForeignArrayView]] = []
            var numbers: [Double] = []
            for (group, table) in zip(groups, tables) {
                var own: [ForeignArrayView] = []
                for (record, members) in zip(group.records, table) {
                    guard let value = members[key] else {
                        throw ImportError(record.place, "it lacks '\(key)', which \(list[0].place) has")
                    }
                    if let views = views(value) { own += views }
                    if case .number(let number) = value, group.records.count == 1 { numbers.append(number) }
                }
                if own.count >= group.records.count { pieces.append(own) }
            }
            if pieces.count == groups.count {
                found.append(ArrayFinding(name: name, content: .checkpoints(pieces, epochs: epochs)))
            } else if numbers.count == groups.count {
                found.append(ArrayFinding(name: name, content: .numbers(numbers, epochs: epochs)))
            } else if case .texts(let texts)? = tables.first?.first?[key] {
                found.append(ArrayFinding(name: name, content: .texts(texts)))
            } else {
                found.append(ArrayFinding(name: name, content: .other("not the same in every checkpoint")))
            }
        }
        return found
    }
}
