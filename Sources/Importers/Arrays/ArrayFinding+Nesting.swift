extension ArrayFindings {
    static func flatten(
        _ value: ForeignValue, _ name: String, path: String, except named: Set<String>
    ) throws(ImportError) -> [ArrayFinding] {
        switch value {
        case .array(let array): return [ArrayFinding(name: name, content: .array(array))]
        case .texts(let texts): return [ArrayFinding(name: name, content: .texts(texts))]
        case .number(let number): return [ArrayFinding(name: name, content: .number(number))]
        case .refused(let error): return [ArrayFinding(name: name, content: .refused(error))]
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
        case .dict(let members): return try flatten(members, name, path: path, except: named)
        }
    }

    static func flatten(
        _ members: [(key: ForeignKey, value: ForeignValue)], _ name: String, path: String, except named: Set<String>
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
        // The file's own name says nothing about what stands in it by name.
        let prefix = name.isEmpty || name == FileName(path).stem ? "" : name + "/"
        if let (counted, others) = apart(members, prefix, except: named) {
            return try flatten(counted, name, path: path, except: named)
                + flatten(others, name, path: path, except: named)
        }
        var found: [ArrayFinding] = []
        for (key, value) in members { found += try flatten(value, prefix + key.text, path: path, except: named) }
        return found
    }

    /// As in Python, the last value of a repeated key counts.
    static func lastOfEach(
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
    static func epochs(of members: [(key: ForeignKey, value: ForeignValue)]) -> [Double]? {
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

    /// The checkpoints of a dictionary whose numbers as keys count them, and what stands beside them under names:
    /// `{1: logits, 2: logits, "labels": labels}`. Nil where nothing does, where what is numbered is no checkpoints, and where
    /// the user names one of them.
    private static func apart(
        _ members: [(key: ForeignKey, value: ForeignValue)], _ prefix: String, except named: Set<String>
    ) -> (counted: [(key: ForeignKey, value: ForeignValue)], others: [(key: ForeignKey, value: ForeignValue)])? {
        func isNumber(_ key: ForeignKey) -> Bool {
            if case .number = key { true } else { Double(key.text)?.isFinite ?? false }
        }
        let (counted, others) = (members.filter { isNumber($0.key) }, members.filter { !isNumber($0.key) })
        guard counted.count > 1, !others.isEmpty else { return nil }
        let isNamed = counted.contains { member in
            let own = prefix + member.key.text
            return named.contains { $0 == own || $0.hasPrefix(own + "/") || own.hasSuffix("/" + $0) }
        }
        // Records have arrays under one name at least.
        let arrays = counted.map { member in
            if case .dict(let inner) = member.value {
                Set(inner.filter { views($0.value) != nil }.map(\.key.text))
            } else {
                Set<String>()
            }
        }
        let areRecords = !arrays.dropFirst().reduce(arrays[0]) { $0.intersection($1) }.isEmpty
        let areArrays = counted.allSatisfy { views($0.value)?.allSatisfy { $0.shape.count <= 2 } ?? false }
        return !isNamed && (areRecords || areArrays) ? (counted, others) : nil
    }

    static func isDict(_ value: ForeignValue) -> Bool { if case .dict = value { true } else { false } }

    /// An array, or a list of them, as the pieces of one checkpoint.
    static func views(_ value: ForeignValue) -> [ForeignArrayView]? {
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
    struct Record {
        var place: String
        var epoch: Double?
        var members: [(String, ForeignValue)]
    }

    static func numbered(
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
    static func leaves(
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

    /// What counts checkpoints, and says nothing where some lack it.
    private static let axes: Set<String> = [
        "epoch", "epochs", "samples_seen", "step", "steps", "global_step", "iteration", "iter",
    ]

    /// The strings of each checkpoint; nil where one has none.
    private static func texts(_ key: String, _ checkpoints: [[[String: ForeignValue]]]) -> [ForeignTexts]? {
        let all = checkpoints.compactMap { texts(key, $0) }
        return all.count == checkpoints.count ? all : nil
    }

    /// The strings of a checkpoint, in its pieces.
    private static func texts(_ key: String, _ tables: [[String: ForeignValue]]) -> ForeignTexts? {
        let pieces = tables.compactMap { if case .texts(let texts)? = $0[key] { texts } else { nil } }
        guard pieces.count == tables.count, var all = pieces.first else { return nil }
        if pieces.count > 1 {
            (all.count, all.storage) = (pieces.reduce(0) { $0 + $1.count }, .joined(pieces))
        }
        return all
    }

    /// The names in any of the records, in the order in which they come.
    private static func keys(_ list: [Record]) -> [String] {
        var seen: Set<String> = []
        return list.flatMap { $0.members.map(\.0) }.filter { seen.insert($0).inserted }
    }

    /// Puts records of one epoch together; without epochs each record is a checkpoint.
    static func records(_ list: [Record], prefix: String) throws(ImportError) -> [ArrayFinding] {
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
        let tables = groups.map { $0.records.map { Dictionary($0.members, uniquingKeysWith: { $1 }) } }
        var found: [ArrayFinding] = []
        for key in keys(list) {
            let name = prefix.isEmpty ? key : prefix + "/" + key
            // Some checkpoints may lack a thing (features of the last one alone), and then no piece of them has it.
            let holders = groups.indices.filter { group in tables[group].contains { $0[key] != nil } }
            var pieces: [[ForeignArrayView]] = []
            var numbers: [Double] = []
            var lacks: String?
            for group in holders {
                var own: [[ForeignArrayView]] = []
                for (record, members) in zip(groups[group].records, tables[group]) {
                    guard let value = members[key] else {
                        lacks = record.place
                        continue
                    }
                    if let views = views(value) { own.append(views) }
                    if case .number(let number) = value, groups[group].records.count == 1 { numbers.append(number) }
                }
                if own.count == groups[group].records.count { pieces.append(own.flatMap { $0 }) }
            }
            if let lacks {
                let piece = tables[holders[0]].lazy.compactMap { $0[key] }.first.flatMap(views)?.first
                let role = piece.flatMap { ArrayRole(of: ArrayFinding(name: name, content: .array($0.array))) }
                if role != nil { throw ImportError(lacks, "it lacks '\(key)', which others of its epoch have") }
                found.append(ArrayFinding(name: name, content: .other("not in every record of an epoch")))
                continue
            }
            let epochs = hasEpochs ? holders.map { groups[$0].epoch } : nil
            let isEverywhere = holders.count == groups.count
            if pieces.count == holders.count, isEverywhere || hasEpochs {
                found.append(ArrayFinding(name: name, content: .checkpoints(pieces, epochs: epochs)))
            } else if numbers.count == holders.count,
                isEverywhere || !axes.contains(ArrayFinding(name: key, content: .number(0)).word)
            {
                var all = [Double](repeating: .nan, count: groups.count)
                for (group, number) in zip(holders, numbers) { all[group] = number }
                let epochs = hasEpochs ? groups.map(\.epoch) : nil
                found.append(ArrayFinding(name: name, content: .numbers(all, epochs: epochs)))
            } else if case .refused(let error)? = tables[holders[0]].first?[key] {
                found.append(ArrayFinding(name: name, content: .refused(error)))
            } else if case let texts = holders.compactMap({ Self.texts(key, tables[$0]) }), texts.count == holders.count
            {
                let own = holders.map {
                    hasEpochs ? RowList.Of.epoch(groups[$0].epoch) : .checkpoint($0, of: groups.count)
                }
                found.append(
                    ArrayFinding(
                        name: name, textsOf: own, laterTexts: Array(texts.dropFirst()), content: .texts(texts[0])))
            } else {
                let what =
                    isEverywhere
                    ? "not the same in every checkpoint" : "in \(holders.count) of \(groups.count) checkpoints"
                found.append(ArrayFinding(name: name, content: .other(what)))
            }
        }
        return found
    }
}
