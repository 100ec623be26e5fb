import Records
import Tables

/// The id and the attributes of a run that files of arrays become.
enum RunNaming {
    /// The id that was given, or one from the names of the files: the only one's, or their folder's.
    static func id(_ options: ImportOptions, files: [String]) throws(ImportError) -> String {
        if let id = options.id {
            if let fault = fault(of: id) { throw ImportError(files[0], "'\(id)' cannot be a run's id: \(fault)") }
            return id
        }
        let names = files.map { FileName($0) }
        let text = files.count == 1 ? names[0].stem : names[0].folder ?? "imported"
        let safe = String(text.map { $0.isLetter || $0.isNumber || "-_+=.".contains($0) ? $0 : "-" })
        let trimmed = safe.drop { $0 == "." || $0 == "-" }
        return trimmed.isEmpty ? "imported" : String(trimmed)
    }

    /// Why a text is no path of a run below a store; nil when it is one.
    static func fault(of id: String) -> String? {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        if id.utf8.count > 1000 { return "it is too long" }
        if parts.contains(where: \.isEmpty) { return "a part of it between slashes is empty" }
        if parts.contains(where: { $0.hasPrefix(".") }) { return "a part of it begins with a dot" }
        if id.unicodeScalars.contains(where: { $0.value < 32 }) { return "it has a control character" }
        if id.hasSuffix(".h5") || id.hasSuffix(".partial") { return "it ends like a file" }
        return nil
    }

    private static let texts: [(String, WritableKeyPath<RunDescription, String?> & Sendable)] = [
        ("dataset", \.dataset), ("dataset_digest", \.datasetDigest), ("model", \.model), ("regime", \.regime),
        ("subset", \.subset), ("schedule", \.schedule), ("pass", \.pass),
    ]
    private static let integers: [(String, WritableKeyPath<RunDescription, Int?> & Sendable)] = [
        ("ipc", \.ipc), ("seed", \.seed), ("classes", \.classes),
    ]
    private static let numbers: [(String, WritableKeyPath<RunDescription, Double?> & Sendable)] = [
        ("budget", \.budget), ("temperature", \.temperature), ("planned_epochs", \.plannedEpochs),
    ]

    /// Sets what the files do not tell. Throws at an unknown name and at a value of the wrong kind.
    static func apply(
        _ attributes: [String: String], to run: inout RunDescription, path: String
    ) throws(ImportError) {
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            if let (_, key) = texts.first(where: { $0.0 == name }) {
                run[keyPath: key] = value
            } else if let (_, key) = integers.first(where: { $0.0 == name }) {
                guard let number = Int(value) else { throw wrong(name, value, "an integer", path) }
                run[keyPath: key] = number
            } else if let (_, key) = numbers.first(where: { $0.0 == name }) {
                guard let number = Double(value), number.isFinite else { throw wrong(name, value, "a number", path) }
                run[keyPath: key] = number
            } else {
                let known = texts.map(\.0) + integers.map(\.0) + numbers.map(\.0)
                let near = closest(to: name, in: known).map { "did you mean '\($0)'?" }
                throw ImportError(
                    path, "a run has no attribute '\(name)'; " + (near ?? "it has " + known.joined(separator: ", ")))
            }
        }
    }

    private static func wrong(_ name: String, _ value: String, _ kind: String, _ path: String) -> ImportError {
        ImportError(path, "the attribute \(name)=\(value) is not \(kind)")
    }
}
