/// Foreign files that become runs of the store: one entry of `import:`.
public struct ImportChoice: Sendable, Equatable {
    /// `csv`, `wandb`, `pt`, …
    public var kind: String
    /// Files or folders, from the working directory.
    public var paths: [String]
    /// The run's id; of several runs the folder that they share.
    public var id: String?
    /// The store's name for a column or an array, to what it is called in the files, or to an expression in columns.
    public var map: [String: String]
    /// Root attributes that the files do not tell.
    public var set: [String: String]
    /// Columns that tell the runs of one table apart.
    public var runColumns: [String]
    /// What a repeated sample id in one checkpoint means: `first`, `mean` or `fail`.
    public var duplicates: String
    public var epochBase: Int?
    public var stepsPerEpoch: Double?
    public var batchSize: Int?
    public var mark: SourceMark
}

extension ImportChoice {
    init?(_ reader: MappingReader) {
        let vocabulary = reader.place.findings.vocabulary
        let kind = reader.required("kind")?.word("format", among: vocabulary.importers)
        let paths = reader.required("paths")?.list().compactMap { $0.string() } ?? []
        id = reader.optional("id")?.string()
        map = reader.optional("map")?.texts() ?? [:]
        set = reader.optional("set")?.texts() ?? [:]
        runColumns = reader.optional("run")?.list().compactMap { $0.string() } ?? []
        duplicates =
            reader.optional("duplicates")?.word("treatment of duplicates", among: ["first", "mean", "fail"]) ?? "first"
        epochBase = reader.optional("epoch-base")?.integer(0...1)
        stepsPerEpoch = reader.optional("steps-per-epoch")?.number("above 0") { $0 > 0 }
        batchSize = reader.optional("batch-size")?.integer(1...Int(Int32.max))
        mark = reader.place.mark
        guard let kind, !paths.isEmpty else { return nil }
        self.kind = kind
        self.paths = paths
    }
}

extension Place {
    /// A mapping of names to words.
    fileprivate func texts() -> [String: String] {
        var texts: [String: String] = [:]
        for entry in entries() { texts[entry.name] = entry.place.string() }
        return texts
    }
}
