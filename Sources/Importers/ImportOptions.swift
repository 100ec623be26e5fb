import Tables

/// What a repeated sample id within one checkpoint means: distributed loggers pad their last batch with repeats.
public enum Duplicates: String, Sendable, Equatable, CaseIterable {
    /// The first of them counts.
    case first
    /// Their mean counts.
    case mean
    /// It is an error.
    case fail
}

/// How foreign files are read.
public struct ImportOptions: Sendable {
    /// The id of the run, its path in the store; nil: made from the names of the files. Of several runs it is the folder.
    public var id: String?
    /// Root attributes that the files do not tell: `regime=HL`, `subset=full`, `budget=10`.
    public var attributes: [String: String]
    /// The store's name for a column, an array or a dataset, to what it is called in the files: `test_error` to
    /// `val_err`, `logits` to `/outputs/logits`. For a metric the right side may be an expression in columns:
    /// `1-val_acc/100`.
    public var map: [String: String]
    /// Columns that tell the runs of one table apart.
    public var runColumns: [String]
    public var duplicates: Duplicates
    /// The number that the files give the first epoch completed, or the first step where they count steps alone: 1, or 0
    /// where they count from 0. Nil: told by the format.
    public var epochBase: Int?
    public var stepsPerEpoch: Double?
    public var batchSize: Int?
    /// Where scratch files lie, which logs of more rows than fit into memory need; nil: the directory of temporary files.
    public var scratchFolder: String?
    /// Evaluates an expression over columns [E]; throws when it cannot be read or names no column.
    public var evaluate: @Sendable (_ expression: String, _ columns: [String: [Double]]) throws -> [Double]

    public init(
        id: String? = nil, attributes: [String: String] = [:], map: [String: String] = [:], runColumns: [String] = [],
        duplicates: Duplicates = .first, epochBase: Int? = nil, stepsPerEpoch: Double? = nil, batchSize: Int? = nil,
        scratchFolder: String? = nil,
        evaluate: @escaping @Sendable (_ expression: String, _ columns: [String: [Double]]) throws -> [Double]
    ) {
        self.id = id
        self.attributes = attributes
        self.map = map
        self.runColumns = runColumns
        self.duplicates = duplicates
        self.epochBase = epochBase
        self.stepsPerEpoch = stepsPerEpoch
        self.batchSize = batchSize
        self.scratchFolder = scratchFolder
        self.evaluate = evaluate
    }

    /// What was asked for beside the id and the attributes, for the run's provenance.
    var asked: JSON {
        .object([
            "map": .object(map.mapValues { .string($0) }), "run": JSON(runColumns),
            "duplicates": .string(duplicates.rawValue), "epoch_base": JSON(epochBase),
            "steps_per_epoch": JSON(stepsPerEpoch), "batch_size": JSON(batchSize),
        ])
    }
}
