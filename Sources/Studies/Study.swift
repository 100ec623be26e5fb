/// A study as it was written: nouns defined once by name, blocks of runs that combine them, analyses that only read the
/// store, figures that only show an analysis. Every value remembers where it stands, so that a check that needs the data
/// (an IPC larger than a class) can still name line and column.
public struct Study: Sendable, Equatable {
    /// The file it was read from.
    public var path: String
    public var name: String
    public var question: String
    /// Directory of the runs.
    public var store: String
    /// Directory of tables, figures and the report.
    public var results: String
    /// Absent in a study that only reads a store.
    public var dataset: DatasetChoice?
    /// Images carved from the training set to choose on.
    public var validation: Int
    public var seeds: [Int]
    public var models: [Named<ModelChoice>]
    public var recipes: [Named<RecipeChoice>]
    public var regimes: [Named<RegimeChoice>]
    public var subsets: [Named<SubsetChoice>]
    /// Compute.
    public var budgets: [Named<BudgetChoice>]
    public var checkpoints: CheckpointChoice
    public var record: RecordChoice
    /// How logits and soft labels are stored: `float16` or `float32`.
    public var precision: String
    public var blocks: [RunBlock]
    /// Foreign logs that become runs of the store.
    public var imports: [ImportChoice] = []
    public var analyses: [Named<AnalysisChoice>]
    public var figures: [FigureChoice]
}

/// Line and column in the study file, both from 1.
public struct SourceMark: Sendable, Equatable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A noun of the study: its name, its value, and where it stands.
public struct Named<Value: Sendable & Equatable>: Sendable, Equatable {
    public var name: String
    public var value: Value
    public var mark: SourceMark

    public init(name: String, value: Value, mark: SourceMark) {
        self.name = name
        self.value = value
        self.mark = mark
    }
}

/// A product of axes; an axis that stands only once in the study need not be named.
public struct RunBlock: Sendable, Equatable {
    public var name: String?
    public var models: [String]
    public var recipes: [String]
    public var regimes: [String]
    public var subsets: [String]
    /// Narrows the subsets to these IPCs; nil: all of each subset.
    public var ipc: [Int]?
    public var budgets: [String]
    public var seeds: [Int]
    public var mark: SourceMark
}

/// Scaling laws and how they are fitted; what is not written is what `assay fit` does by itself.
public struct FitChoice: Sendable, Equatable {
    /// Names or expressions in the x columns.
    public var laws: [String]
    public var x: [String]
    /// A column, or an expression in columns.
    public var y: String
    /// N0; nil = the law's own.
    public var n0: Double?
    public var checkpoints = false
    public var start: [String: Double] = [:]
    public var fixed: [String: Double] = [:]
    /// Low and high by parameter.
    public var bounds: [String: [Double]] = [:]
    public var shared: [String] = []
    public var loss = "squares"
    /// δ of a Huber loss.
    public var delta: Double?
    public var interval = "asymptotic"
    public var cluster: String?
    public var weights: String?
    public var holdout: String?
    public var compare = false

    public init(laws: [String], x: [String], y: String) {
        self.laws = laws
        self.x = x
        self.y = y
    }
}

/// A pure question asked of the store.
public struct AnalysisChoice: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case fit(FitChoice)
        case dcs(DCSChoice)
        case pareto(minimize: [String])
        case hardness
    }
    public var kind: Kind
    /// Blocks or subsets that it looks at; empty: every run of the store.
    public var of: [String]
    public var per: [String]
    public var level: Double
    /// Of `dcs`.
    public var objectives = ObjectiveList()
}

/// A picture of a named analysis.
public struct FigureChoice: Sendable, Equatable {
    /// One axis: what it shows, where that is a choice, and its scale.
    public struct Axis: Sendable, Equatable {
        public var field: String?
        public var logarithmic: Bool?
    }
    /// Below the results directory; the ending says the format: svg, pdf or png.
    public var file: String
    public var show: String
    public var x: Axis
    public var y: Axis
    public var color: String?
    public var facet: String?
    public var mark: SourceMark
}
