/// The ids of runs.
public enum RunNaming {
    /// The id that was given, or one from the names of the files: the only one's, or their folder's.
    static func id(_ options: ImportOptions, files: [String]) -> String {
        if let id = options.id { return id }
        let text = files.count == 1 ? FileName(files[0]).stem : FileName.lastFolder(files[0]) ?? "imported"
        let safe = String(text.map { $0.isLetter || $0.isNumber || "-_+=.".contains($0) ? $0 : "-" })
        let trimmed = safe.drop { $0 == "." || $0 == "-" }
        return trimmed.isEmpty ? "imported" : String(trimmed)
    }

    /// Throws where a store would take an id, given or made from a file's name, for something else.
    static func check(_ id: String, path: String) throws(ImportError) {
        guard let fault = fault(of: id) else { return }
        throw ImportError(path, "'\(id)' cannot be a run's id: \(fault); give another one with --id")
    }

    /// Why a text is no path of a run below a store; nil when it is one.
    public static func fault(of id: String) -> String? {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        if id.utf8.count > 1000 { return "it is too long" }
        if parts.contains(where: \.isEmpty) { return "a part of it between slashes is empty" }
        if parts.contains(where: { $0.hasPrefix(".") }) { return "a part of it begins with a dot" }
        if id.unicodeScalars.contains(where: { $0.value < 32 }) { return "it has a control character" }
        if let part = parts.first(where: { $0.hasSuffix(".h5") || $0.hasSuffix(".partial") }) {
            return "'\(part)' ends as the store's own files and folders do"
        }
        return nil
    }
}
