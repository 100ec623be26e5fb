import Records
import Tables

/// Root attributes of a run by the names that they have in the store.
extension RunDescription {
    private static let texts: [String: WritableKeyPath<RunDescription, String?> & Sendable] = [
        "dataset": \.dataset, "dataset_digest": \.datasetDigest, "model": \.model, "regime": \.regime,
        "subset": \.subset, "schedule": \.schedule, "pass": \.pass,
    ]
    private static let integers: [String: WritableKeyPath<RunDescription, Int?> & Sendable] = [
        "ipc": \.ipc, "seed": \.seed, "classes": \.classes,
    ]
    private static let numbers: [String: WritableKeyPath<RunDescription, Double?> & Sendable] = [
        "budget": \.budget, "temperature": \.temperature, "planned_epochs": \.plannedEpochs,
    ]

    /// Names of the attributes that a log may tell.
    static var importedNames: [String] { (Array(texts.keys) + Array(integers.keys) + Array(numbers.keys)).sorted() }

    static func isAttribute(_ name: String) -> Bool {
        texts[name] != nil || integers[name] != nil || numbers[name] != nil
    }

    /// Sets an attribute from its text: what it should have been is returned where the text does not say it.
    mutating func set(_ name: String, to text: String) -> String? {
        if let path = Self.texts[name] {
            self[keyPath: path] = text
        } else if let path = Self.integers[name] {
            guard let value = Int(text) ?? Double(text).flatMap({ Int(exactly: $0) }) else { return "an integer" }
            self[keyPath: path] = value
        } else if let path = Self.numbers[name] {
            guard let value = Double(text), value.isFinite else { return "a number" }
            self[keyPath: path] = value
        } else {
            return closest(to: name, in: Self.importedNames).map { "'\($0)'" }
                ?? "one of " + Self.importedNames.joined(separator: ", ")
        }
        return nil
    }

    /// Attributes that the files tell, as far as the store knows them, then those of the command line. Throws for the
    /// latter alone.
    mutating func set(_ found: [String: String], _ options: ImportOptions, path: String) throws(ImportError) -> [String]
    {
        var notes: [String] = []
        for (name, text) in found.sorted(by: { $0.key < $1.key }) where Self.isAttribute(name) {
            if let wanted = set(name, to: text) {
                notes.append("'\(name)' is '\(text)' in the files, expected \(wanted); it is left out.")
            }
        }
        for (name, text) in options.attributes.sorted(by: { $0.key < $1.key }) {
            if let wanted = set(name, to: text) {
                let reason =
                    Self.isAttribute(name)
                    ? "expected \(wanted)" : "a run has no such attribute; did you mean \(wanted)?"
                throw ImportError(path, at: "attribute \(name)=\(text)", reason, exitCode: 64)
            }
        }
        let others = found.filter { !Self.isAttribute($0.key) }.sorted { $0.key < $1.key }
        if !others.isEmpty {
            let shown = others.prefix(40).map { "\($0.key)=\($0.value.prefix(60))" }.joined(separator: ", ")
            notes.append("Settings that the store has no attribute for: \(shown)\(others.count > 40 ? ", …" : "").")
        }
        return notes
    }
}
