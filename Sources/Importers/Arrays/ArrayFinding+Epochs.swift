extension ArrayFindings {
    /// Puts arrays together, and numbers, whose names differ in the number of their epoch alone: `logits_epoch_1` and
    /// `logits_epoch_2` are checkpoints of `logits`, as `epoch_1/logits` and `epoch_2/logits` are; those of `epoch_1` and
    /// `epoch_2` are called `epoch_#`.
    ///
    /// Things that have no axis of checkpoints in a run stay as they are, and so does what the user names.
    static func byEpoch(_ found: [ArrayFinding], except named: Set<String>) -> [ArrayFinding] {
        var places: [String: Int] = [:]
        var groups: [(name: String, members: [(epoch: Double, index: Int)])] = []
        for (index, finding) in found.enumerated() {
            guard let (name, epoch) = epoch(in: finding.name) else { continue }
            if let place = places[name] {
                groups[place].members.append((epoch, index))
            } else {
                places[name] = groups.count
                groups.append((name, [(epoch, index)]))
            }
        }
        var series: [Int: ArrayFinding] = [:]
        var joined: Set<Int> = []
        for (name, members) in groups where members.count > 1 {
            let members = members.sorted { $0.epoch < $1.epoch }
            let isNamed = members.contains { member in
                let own = found[member.index].name
                return named.contains { own == $0 || own.hasSuffix("/" + $0) }
            }
            guard !isNamed, Set(members.map(\.epoch)).count == members.count,
                let content = content(members.map { (found[$0.index], $0.epoch) })
            else { continue }
            var finding = found[members[0].index]
            (finding.name, finding.content) = (name, content)
            switch ArrayRole(of: finding) {
            case .names, .testLogits, .testLabels: continue
            // One list for all checkpoints is meant rather than those of some.
            case .features where found.contains(where: { $0.name == name }): continue
            case .targets where found.contains(where: { $0.name == name }): continue
            default: break
            }
            series[members[0].index] = finding
            joined.formUnion(members.map(\.index))
        }
        return ofOneEpoch(found, groups, joined, series, except: named)
    }

    /// What stands alone among things of an epoch follows that epoch's ids; lists that no user names, and nothing else is
    /// called so, are called without the epoch.
    private static func ofOneEpoch(
        _ found: [ArrayFinding], _ groups: [(name: String, members: [(epoch: Double, index: Int)])], _ joined: Set<Int>,
        _ series: [Int: ArrayFinding], except named: Set<String>
    ) -> [ArrayFinding] {
        var found = found
        let names = Set(
            series.values.map(\.name) + found.indices.filter { !joined.contains($0) }.map { found[$0].name })
        for (name, members) in groups where !series.isEmpty {
            for (epoch, index) in members where !joined.contains(index) {
                found[index].epoch = epoch
                var short = found[index]
                short.name = name
                let isNamed = named.contains { found[index].name == $0 || found[index].name.hasSuffix("/" + $0) }
                guard members.count == 1, !names.contains(name), !isNamed else { continue }
                switch ArrayRole(of: short) {
                case .labels, .features, .targets, .names: found[index] = short
                default: continue
                }
            }
        }
        return found.indices.compactMap { series[$0] ?? (joined.contains($0) ? nil : found[$0]) }
    }

    /// nil where they are not all arrays, nor all numbers.
    private static func content(_ members: [(finding: ArrayFinding, epoch: Double)]) -> ArrayFinding.Content? {
        let epochs = members.map(\.epoch)
        let arrays = members.compactMap {
            if case .array(let array) = $0.finding.content { [array.whole] } else { nil }
        }
        if arrays.count == members.count { return .checkpoints(arrays, epochs: epochs) }
        let numbers = members.compactMap { if case .number(let number) = $0.finding.content { number } else { nil } }
        return numbers.count == members.count ? .numbers(numbers, epochs: epochs) : nil
    }

    /// The name without the part of it that counts epochs, and the epoch; nil where no number follows the word.
    static func epoch(in name: String) -> (name: String, epoch: Double)? {
        let parts = name.split(separator: "/").map(String.init)
        for (place, part) in parts.enumerated() {
            let own = FileName(part + ".")
            guard own.numbersEpochs, let number = own.number else { continue }
            let before = trimmed(number.before)
            let word = ["epochs", "epoch", "ep"].first { before.lowercased().hasSuffix($0) } ?? ""
            let rest = [trimmed(before.dropLast(word.count)), trimmed(number.after)].filter { !$0.isEmpty }
            let all = parts[..<place] + (rest.isEmpty ? [] : [rest.joined(separator: "_")]) + parts[(place + 1)...]
            return (all.isEmpty ? "epoch_#" : all.joined(separator: "/"), number.value)
        }
        return nil
    }

    /// Without the marks at both ends.
    private static func trimmed(_ text: some StringProtocol) -> String {
        func isMark(_ character: Character) -> Bool { !character.isLetter && !character.isNumber }
        return String(text.drop(while: isMark).reversed().drop(while: isMark).reversed())
    }
}
