/// A format that Assay reads: one row of `assay import --help`.
public struct Importer: Sendable {
    /// `csv`, `tensorboard`, `npy`.
    public let kind: String
    /// What it reads, in one line.
    public let summary: String
    /// Reads what is small and plans the rest. Throws `ImportError`.
    public let read: @Sendable (_ paths: [String], _ options: ImportOptions) throws -> [ImportedRun]

    init(
        _ kind: String, _ summary: String,
        read: @escaping @Sendable (_ paths: [String], _ options: ImportOptions) throws -> [ImportedRun]
    ) {
        self.kind = kind
        self.summary = summary
        self.read = { paths, options in
            var runs = try read(paths, options)
            for index in runs.indices {
                let run = runs[index]
                try RunNaming.check(run.description.id, path: run.sources.first?.path ?? paths.first ?? kind)
                runs[index].asked = options.asked
            }
            return runs
        }
    }
}
