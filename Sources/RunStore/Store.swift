/// A directory of runs. A run's path below it, without `.h5` or `.partial`, is its id.
public struct Store: Sendable, Equatable {
    public enum Status: String, Sendable, Equatable {
        case sealed
        /// Unfinished: it has at least begun.
        case partial
        case missing
    }

    /// The directory, without a slash at its end.
    public let directory: String

    public init(_ directory: String) {
        self.directory =
            directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    }

    /// Where the sealed run lies or will lie.
    public func path(of id: String) -> String { directory + "/" + id + RunPath.sealed }

    public func status(_ id: String) -> Status {
        if FileSystem.isFile(path(of: id)) { return .sealed }
        return FileSystem.isDirectory(directory + "/" + id + RunPath.partial) ? .partial : .missing
    }

    /// Opens a run, sealed or not. Throws `RunStoreError`.
    public func open(_ id: String) throws(RunStoreError) -> RunFile { try RunFile(path: path(of: id)) }

    /// Ids of all runs, sealed or not, in the order of their bytes. Throws when the directory cannot be read.
    ///
    /// Names that begin with a dot are temporary or private, and are passed over.
    public func ids() throws(RunStoreError) -> [String] {
        guard FileSystem.isDirectory(directory) else {
            throw RunStoreError(
                directory, FileSystem.isFile(directory) ? .notAStore : .missingStore)
        }
        var found: Set<String> = []
        try collect(directory, prefix: "", depth: 0, into: &found)
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func collect(
        _ path: String, prefix: String, depth: Int, into found: inout Set<String>
    ) throws(RunStoreError) {
        // Links can make circles; no id is that deep.
        guard depth < 32 else { return }
        for name in try FileSystem.entries(path) where !name.hasPrefix(".") {
            let child = path + "/" + name
            if FileSystem.isDirectory(child) {
                if name.hasSuffix(RunPath.partial) {
                    found.insert(prefix + name.dropLast(RunPath.partial.count))
                } else {
                    try collect(child, prefix: prefix + name + "/", depth: depth + 1, into: &found)
                }
            } else if name.hasSuffix(RunPath.sealed) {
                found.insert(prefix + name.dropLast(RunPath.sealed.count))
            }
        }
    }
}
