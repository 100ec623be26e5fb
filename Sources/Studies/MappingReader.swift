internal import Yams

/// Collects problems while a study is read, so that all of them are reported at once.
final class Findings {
    let vocabulary: Vocabulary
    private(set) var problems: [StudyProblem] = []

    init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    func add(_ mark: SourceMark, _ place: String, _ message: String) {
        problems.append(StudyProblem(mark: mark, place: place, message: message))
    }
}

/// A node with its place in the study, and the conversions that report what does not fit.
struct Place {
    let node: Node
    let path: String
    let findings: Findings

    var mark: SourceMark { SourceMark(node.mark) }

    func problem(_ message: String) { findings.add(mark, path, message) }

    /// The node's kind in words, for messages.
    var kind: String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "'\(scalar.string)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        }
    }

    func string() -> String? {
        if case .scalar(let scalar) = node, !scalar.string.isEmpty { return scalar.string }
        problem("expected a word, found \(kind)")
        return nil
    }

    func integer(_ range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let scalar) = node, let value = Int(scalar.string) else {
            problem("expected a whole number, found \(kind)")
            return nil
        }
        guard range.contains(value) else {
            problem("\(value) is outside \(range.lowerBound)…\(range.upperBound == .max ? "" : "\(range.upperBound)")")
            return nil
        }
        return value
    }

    /// A finite number that `accepts` (a sentence part such as "positive" says what it must be).
    func number(_ must: String, _ accepts: (Double) -> Bool) -> Double? {
        guard case .scalar(let scalar) = node, let value = Double(scalar.string), value.isFinite else {
            problem("expected a number, found \(kind)")
            return nil
        }
        guard accepts(value) else {
            problem("\(scalar.string) must be \(must)")
            return nil
        }
        return value
    }

    func flag() -> Bool? {
        if case .scalar(let scalar) = node {
            if scalar.string == "true" { return true }
            if scalar.string == "false" { return false }
        }
        problem("expected true or false, found \(kind)")
        return nil
    }

    /// The elements of a list; a single value is a list of one.
    func list() -> [Place] {
        guard case .sequence(let sequence) = node else { return [self] }
        if sequence.isEmpty { problem("the list is empty") }
        return sequence.enumerated().map { Place(node: $1, path: "\(path)[\($0 + 1)]", findings: findings) }
    }

    /// One of `words`, or a problem with a suggestion.
    func word(_ noun: String, among words: [String]) -> String? {
        guard let word = string() else { return nil }
        guard words.contains(word) else {
            problem("unknown \(noun) '\(word)'\(findings.vocabulary.hint(word, words))")
            return nil
        }
        return word
    }

    func words(_ noun: String, among words: [String]) -> [String] {
        distinct(list().compactMap { $0.word(noun, among: words) })
    }

    func integers(_ range: ClosedRange<Int>) -> [Int] { distinct(list().compactMap { $0.integer(range) }) }

    private func distinct<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        for value in values where !seen.insert(value).inserted { problem("\(value) stands twice") }
        return values
    }

    /// A mapping whose keys are the ones that `body` asks for; any other key is a problem.
    func mapping<Value>(_ body: (MappingReader) -> Value?) -> Value? {
        guard case .mapping(let mapping) = node else {
            problem("expected a mapping, found \(kind)")
            return nil
        }
        let reader = MappingReader(place: self, mapping: mapping)
        let value = body(reader)
        reader.finish()
        return value
    }

    /// The entries of a mapping of names.
    func entries() -> [(name: String, place: Place, key: SourceMark)] {
        guard case .mapping(let mapping) = node else {
            problem("expected a mapping of names, found \(kind)")
            return []
        }
        if mapping.isEmpty { problem("the mapping is empty") }
        return mapping.compactMap { key, value in
            let place = Place(node: value, path: "\(path).\(key.string ?? "?")", findings: findings)
            guard let name = key.string, Self.isName(name) else {
                findings.add(
                    SourceMark(key.mark), path,
                    "'\(key.string ?? "?")' cannot be a name: use letters, digits and + - _ . (it becomes part of a path)"
                )
                return nil
            }
            return (name, place, SourceMark(key.mark))
        }
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first != ".", first != "-" else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "+-_.".unicodeScalars.contains(scalar))
        }
    }

    /// `word`, or `{ word: options }`: the one key names the kind.
    func kinded(_ noun: String, among words: [String]) -> (kind: String, options: Place?)? {
        if case .mapping(let mapping) = node {
            guard mapping.count == 1, let (key, value) = mapping.first, let name = key.string else {
                problem("expected one key that names the \(noun)\(findings.vocabulary.hint("", words))")
                return nil
            }
            let at = Place(node: key, path: path, findings: findings)
            guard at.word(noun, among: words) != nil else { return nil }
            return (name, Place(node: value, path: "\(path).\(name)", findings: findings))
        }
        return word(noun, among: words).map { ($0, nil) }
    }
}

/// Reads one mapping. The keys that are asked for are the keys that are known.
final class MappingReader {
    let place: Place
    private let mapping: Node.Mapping
    private var asked: [String] = []

    init(place: Place, mapping: Node.Mapping) {
        self.place = place
        self.mapping = mapping
    }

    func optional(_ key: String) -> Place? {
        asked.append(key)
        guard let value = mapping[Node(key)] else { return nil }
        let path = place.path.isEmpty ? key : "\(place.path).\(key)"
        return Place(node: value, path: path, findings: place.findings)
    }

    func required(_ key: String) -> Place? {
        if let found = optional(key) { return found }
        place.problem("the key '\(key)' is missing")
        return nil
    }

    func finish() {
        for (key, _) in mapping {
            let name = key.string ?? "?"
            guard !asked.contains(name) else { continue }
            let hint = place.findings.vocabulary.hint(name, asked)
            place.findings.add(SourceMark(key.mark), place.path, "unknown key '\(name)'\(hint)")
        }
    }
}

extension SourceMark {
    init(_ mark: Mark?) { self.init(line: mark?.line ?? 1, column: mark?.column ?? 1) }
}
