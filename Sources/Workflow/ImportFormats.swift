import Analysis
import Importers
import RunStore
import Studies
import Tables

/// The formats that `assay import` reads.
public let importFormats: [Importer] = [
    .csv, .jsonl, .lightning, .huggingface, .wandb, .tensorboard, .mlflow, .npy, .pt, .h5,
]

/// Other words for a format.
let importAliases = ["npz": "npy", "pickle": "pt", "pkl": "pt", "pth": "pt", "hdf5": "h5", "tfevents": "tensorboard"]

/// The format of that name. Throws `WorkflowError` (64) with what there is.
public func importFormat(_ word: String) throws -> Importer {
    let kind = importAliases[word] ?? word
    if let format = importFormats.first(where: { $0.kind == kind }) { return format }
    let kinds = importFormats.map(\.kind)
    let near = closest(to: word, in: kinds + importAliases.keys.sorted()).map { " (did you mean '\($0)'?)" } ?? ""
    throw WorkflowError(64, "unknown format '\(word)'\(near); there are \(kinds.joined(separator: ", "))")
}

extension ImportOptions {
    /// Options whose mappings may be expressions, as in `--y` of `assay fit`.
    public init() {
        self.init { expression, columns in
            let names = columns.keys.sorted()
            let table = Table(names.map { Column($0, columns[$0] ?? []) })
            return try ColumnExpression(expression, known: names).values(in: table)
        }
    }

    /// What an entry of a study's `import:` says.
    public init(_ choice: ImportChoice) {
        self.init()
        id = choice.id
        attributes = choice.set
        map = choice.map
        runColumns = choice.runColumns
        duplicates = Duplicates(rawValue: choice.duplicates) ?? .first
        epochBase = choice.epochBase
        stepsPerEpoch = choice.stepsPerEpoch
        batchSize = choice.batchSize
    }
}

/// How the columns of each format were mapped at the last import into a store: `STORE/imports.json`.
public struct ImportMemory: Sendable, Equatable {
    private var mappings: [String: JSON]
    private let path: String

    /// Throws `WorkflowError` where the file cannot be understood.
    public init(of store: Store) throws {
        path = store.directory + "/imports.json"
        let bytes: [UInt8]
        do { bytes = try fileContents(path) } catch {
            guard error.reason == .missingFile else { throw error }
            mappings = [:]
            return
        }
        do { mappings = try JSON.parse(bytes)["mappings"]?.members ?? [:] } catch {
            throw WorkflowError.badData("\(path): \(error) (remove the file to begin anew)")
        }
    }

    /// Fills in the remembered mapping where the options have none.
    ///
    /// - Returns: what was filled in, in words; nil where nothing was.
    public func recall(_ kind: String, into options: inout ImportOptions) -> String? {
        guard options.map.isEmpty, options.runColumns.isEmpty, let known = mappings[kind] else { return nil }
        options.map = (known["map"]?.members ?? [:]).compactMapValues(\.string)
        options.runColumns = known["run"]?.items?.compactMap(\.string) ?? []
        let words =
            options.map.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            + (options.runColumns.isEmpty ? [] : ["runs by " + options.runColumns.joined(separator: ",")])
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    /// Keeps the mapping of an import that was carried out.
    public mutating func keep(_ kind: String, _ options: ImportOptions) throws {
        guard !options.map.isEmpty || !options.runColumns.isEmpty else { return }
        mappings[kind] = [
            "map": .object(options.map.mapValues { .string($0) }), "run": JSON(options.runColumns),
        ]
        let document: JSON = ["format": "assay-imports", "version": 1, "mappings": .object(mappings)]
        try Tables.write(document.text(), to: path)
    }
}

/// Throws where a metric that is called an error is none: a fraction in 0…1.
public func requireErrors(_ run: ImportedRun, _ options: ImportOptions) throws {
    for (name, values) in run.metrics.sorted(by: { $0.key < $1.key }) where name.hasSuffix("_error") {
        guard let at = values.firstIndex(where: { $0 < 0 || $0 > 1 }) else { continue }
        let source = options.map[name].map { "=" + $0 } ?? ""
        throw WorkflowError.badData(
            "\(run.description.id): \(name)\(source) is \(shortest(values[at])) at epoch \(shortest(run.epochs[at])), and an "
                + "error is a fraction in 0…1 (of an accuracy in percent: --map \(name)=1-COLUMN/100; of an error in percent: "
                + "--map \(name)=COLUMN/100)")
    }
}

/// One row per imported run.
public func importTable(_ runs: [ImportedRun]) -> Table {
    Table([
        Column("run", runs.map(\.description.id)), Column("checkpoints", runs.map(\.epochs.count)),
        Column("first_epoch", runs.map { $0.epochs.first ?? .nan }),
        Column("last_epoch", runs.map { $0.epochs.last ?? .nan }),
        Column("samples", runs.map { $0.samples?.count ?? 0 }),
        Column("metrics", runs.map { $0.metrics.keys.sorted().joined(separator: " ") }),
        Column("arrays", runs.map { $0.arrays.map { "\($0.object) \($0.shape)" }.joined(separator: " ") }),
        Column("files", runs.map(\.sources.count)), Column("warnings", runs.map(\.warnings.count)),
    ])
}

/// The same with every note, warning and source.
public func importJSON(_ runs: [ImportedRun], kind: String, written: [String]) -> JSON {
    [
        "format": "assay-import", "version": 1, "kind": .string(kind), "written": JSON(written),
        "runs": .array(
            runs.map { run in
                [
                    "id": .string(run.description.id), "epochs": .array(run.epochs.map(JSON.number)),
                    "samples": JSON(run.samples?.count), "metrics": JSON(run.metrics.keys.sorted()),
                    "arrays": .array(
                        run.arrays.map { array in
                            [
                                "object": .string(array.object), "shape": .array(array.shape.map(JSON.integer)),
                                "precision": .string(array.precision.rawValue), "origin": .string(array.origin),
                            ]
                        }),
                    "sources": .array(
                        run.sources.map { source in
                            [
                                "path": .string(source.path), "bytes": .integer(source.bytes),
                                "sha256": .string(source.sha256),
                            ]
                        }),
                    "notes": JSON(run.notes), "warnings": JSON(run.warnings),
                ]
            }),
    ]
}
