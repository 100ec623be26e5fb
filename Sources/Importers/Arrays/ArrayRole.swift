import Tables

/// What a thing in the files becomes in the run.
enum ArrayRole: Hashable, Sendable {
    case logits, labels, ids, names, epochs, samplesSeen, features, targets, testLogits, testLabels
    /// `/scores/<name>`
    case score(String)
    /// `/checkpoints/<name>`
    case metric(String)
    /// Named by the user, and told apart by its shape: a score or a metric.
    case named(String)

    /// The per-checkpoint records of the store.
    static let records = [
        "target_probability", "logit_margin", "probability_margin", "correct", "loss", "entropy", "el2n", "el1",
        "top_probability", "top_margin", "divergence",
    ]

    /// What users call things, beside the store's own names.
    static let aliases: [(ArrayRole, [String])] = [
        (.logits, ["logits", "logit", "outputs", "output", "log_softmax", "log_probs", "logprobs"]),
        (.labels, ["labels", "label", "y", "gold", "targets", "target"]),
        (.ids, ["ids", "id", "sample_ids", "sample_id", "indices", "index", "indexes", "idx"]),
        (.names, ["names", "name", "filenames", "filename", "files", "paths"]),
        (.epochs, ["epochs", "epoch"]),
        (.samplesSeen, ["samples_seen"]),
        (.features, ["features", "feature", "embeddings"]),
        (.targets, ["soft_labels", "soft_targets", "teacher_probabilities", "targets"]),
        (.testLogits, ["test_logits"]),
        (.testLabels, ["test_labels", "test_label"]),
    ]

    /// The role of a name on the left of `--map`: the store's path of it, or its last part.
    init(mapped name: String) {
        let path = name.hasPrefix("/") ? String(name.dropFirst()) : name
        switch path {
        case "samples/id": self = .ids
        case "samples/label": self = .labels
        case "samples/name": self = .names
        case "checkpoints/epoch": self = .epochs
        case "checkpoints/samples_seen": self = .samplesSeen
        case "test/logits": self = .testLogits
        case "test/label", "test/labels": self = .testLabels
        case "targets": self = .targets
        case "features": self = .features
        case _ where path.hasPrefix("scores/"): self = .score(String(path.dropFirst("scores/".count)))
        case _ where path.hasPrefix("checkpoints/"): self = .metric(String(path.dropFirst("checkpoints/".count)))
        default:
            if let (role, _) = Self.aliases.first(where: { $0.1.contains(path) }) {
                self = role
            } else {
                self = Self.records.contains(path) ? .score(path) : .named(path)
            }
        }
    }

    /// The role that a thing's own name gives it; nil when it has none.
    init?(of finding: ArrayFinding) {
        var words = [finding.word]
        if finding.name.lowercased().split(separator: "/").dropLast().contains(where: { Self.isHeldOut($0) }) {
            guard let role = Self.heldOut(finding) else { return nil }
            self = role
            return
        }
        if finding.isFileName {
            let parts = finding.word.split { !$0.isLetter && !$0.isNumber }
            if !parts.contains(where: { Self.isHeldOut($0) }) { words += parts.map(String.init) }
        }
        let isMatrix =
            switch finding.content {
            case .array(let array): array.rank > 1 && array.type.isFloat
            case .checkpoints(let list, _): (list.first?.first?.shape.count ?? 0) > 1
            default: false
            }
        for word in words {
            if word == "targets" || word == "target" {
                self = isMatrix ? .targets : .labels
                return
            }
            if let (role, _) = Self.aliases.first(where: { $0.1.contains(word) }) {
                self = role
                return
            }
            if Self.records.contains(word), finding.hasRows {
                self = .score(word)
                return
            }
        }
        return nil
    }

    fileprivate static func isHeldOut(_ part: Substring) -> Bool {
        ["test", "val", "valid", "validation"].contains(part)
    }

    /// `test/logits` and `test/labels`; nothing of a validation set is taken by itself.
    private static func heldOut(_ finding: ArrayFinding) -> ArrayRole? {
        let parts = finding.name.lowercased().split(separator: "/")
        guard parts.count > 1, parts[parts.count - 2] == "test" else { return nil }
        switch finding.word {
        case "logits", "logit", "outputs": return .testLogits
        case "labels", "label": return .testLabels
        default: return nil
        }
    }

    var text: String {
        switch self {
        case .logits: "logits"
        case .labels: "labels"
        case .ids: "ids"
        case .names: "names"
        case .epochs: "epochs"
        case .samplesSeen: "samples_seen"
        case .features: "features"
        case .targets: "targets"
        case .testLogits: "test/logits"
        case .testLabels: "test/label"
        case .score(let name): "scores/" + name
        case .metric(let name): "checkpoints/" + name
        case .named(let name): name
        }
    }
}

/// Which thing of the files plays which role.
struct ArrayRoles: Sendable {
    var chosen: [ArrayRole: ArrayFinding] = [:]
    /// What plays none.
    var rest: [ArrayFinding] = []
    /// Metrics that are computed from what the files hold: name to expression.
    var expressions: [(name: String, expression: String)] = []
    var notes: [String] = []
    /// Two things that look like logits, where nothing says which of them are.
    private(set) var ambiguity: ImportError?

    /// `map` first, then the things' own names, then the only array that can be logits.
    init(_ found: [ArrayFinding], map: [String: String], path: String) throws(ImportError) {
        var free = Array(found.indices)
        for (target, source) in map.sorted(by: { $0.key < $1.key }) {
            let role = ArrayRole(mapped: target)
            if let index = try Self.find(source, in: found, path: path) {
                chosen[role] = found[index]
                free.removeAll { $0 == index }
                notes.append("\(role.text) is '\(found[index].name)' (\(found[index].summary)), as mapped.")
            } else {
                guard case .named(let name) = role, source.contains(where: { "+-*/(".contains($0) }) else {
                    throw Self.missing(source, for: role, found, path)
                }
                expressions.append((name, source))
            }
        }
        let epochs = Self.epochs(found, free)
        for index in free {
            guard let role = ArrayRole(of: found[index]), !Self.isEmpty(found[index]) else { continue }
            if role == .epochs, !epochs.contains(index) { continue }
            if let other = chosen[role] {
                // What was mapped wins over a name.
                if map.contains(where: { ArrayRole(mapped: $0.key) == role }) { continue }
                throw Self.both(other, found[index], role.text)
            }
            chosen[role] = found[index]
        }
        for finding in chosen.values { if case .refused(let error) = finding.content { throw error } }
        let taken = Set(chosen.values.map(\.name))
        rest = free.map { found[$0] }.filter { !taken.contains($0.name) }
        if chosen[.logits] == nil, !chosen.keys.contains(where: { if case .score = $0 { true } else { false } }) {
            let candidates = rest.indices.filter { Self.canBeLogits(rest[$0]) }
            if candidates.count > 1 { ambiguity = Self.both(rest[candidates[0]], rest[candidates[1]], "logits") }
            if candidates.count == 1 {
                let finding = rest.remove(at: candidates[0])
                chosen[.logits] = finding
                notes.append("'\(finding.name)' (\(finding.summary)) is taken as the logits: nothing else can be them.")
            }
        }
    }

    /// What can be the run's epochs: lists, and a single number where there is none, since beside a list it is that of the last
    /// epoch or of a setting.
    private static func epochs(_ found: [ArrayFinding], _ free: [Int]) -> [Int] {
        let all = free.filter { ArrayRole(of: found[$0]) == .epochs }
        let lists = all.filter { !found[$0].isNumber }
        return lists.isEmpty ? all : lists
    }

    private static func isEmpty(_ finding: ArrayFinding) -> Bool {
        if case .other = finding.content { true } else { false }
    }

    private static func canBeLogits(_ finding: ArrayFinding) -> Bool {
        let parts = finding.word.split { !$0.isLetter && !$0.isNumber }
        if !finding.isFileName, parts.contains(where: ArrayRole.isHeldOut) { return false }
        return switch finding.content {
        case .array(let array): array.rank == 3 && array.type.isFloat
        case .checkpoints(let list, _): list.first?.first.map { $0.shape.count == 2 && $0.array.type.isFloat } ?? false
        default: false
        }
    }

    /// Two things that can be one: of one file, or of two runs.
    private static func both(_ one: ArrayFinding, _ other: ArrayFinding, _ role: String) -> ImportError {
        let advice = "--map \(role.hasPrefix("'") ? "logits" : role)=\(one.name)"
        if one.path == other.path {
            return ImportError(
                one.path, "both '\(one.name)' and '\(other.name)' can be the run's \(role); say which: \(advice)")
        }
        return ImportError(
            one.path,
            "its '\(one.name)' and '\(other.name)' of \(other.path) can both be the run's \(role): two runs are "
                + "imported by one "
                + "command each, with --id" + (one.name == other.name ? "" : "; of one run, say which it is: \(advice)")
        )
    }

    private static func find(_ source: String, in found: [ArrayFinding], path: String) throws(ImportError) -> Int? {
        let name = source.hasPrefix("/") ? String(source.dropFirst()) : source
        let exact = found.indices.filter { found[$0].name == name }
        if exact.count > 1 { throw both(found[exact[0]], found[exact[1]], "'\(source)'") }
        if let exact = exact.first { return exact }
        let ends = found.indices.filter { found[$0].name.hasSuffix("/" + name) }
        if ends.count > 1 {
            throw ImportError(
                path,
                "'\(source)' can be " + ends.map { "'\(found[$0].name)'" }.joined(separator: " or ")
                    + "; name it in full")
        }
        return ends.first
    }

    static func missing(_ name: String, for role: ArrayRole, _ found: [ArrayFinding], _ path: String) -> ImportError {
        let near = closest(to: name, in: found.map(\.name)).map { " (did you mean '\($0)'?)" } ?? ""
        return ImportError(path, "no '\(name)' for \(role.text)\(near); " + listing(found))
    }

    /// What the files hold, for messages; the first 40 things of it.
    static func listing(_ found: [ArrayFinding]) -> String {
        let shown = found.prefix(40).map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")
        let more = found.count > 40 ? " and \(found.count - 40) more" : ""
        return found.isEmpty ? "there is nothing in it" : "it holds " + shown + more
    }
}
