import Tables

/// What a table of results says of methods under label regimes: their gains over random images, whether their errors
/// converge as labels soften, whether their order survives, and how far the whole data set is away.
///
/// "On par", "saturated" and "no effect of quality" are equivalence tests with a stated margin, never the absence of a
/// significant difference. Source: paper 1, figure 1 and table 1.
public struct RegimeComparison: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
        /// A column of errors, and its deviations, as fractions of 1.
        case error(String)
        /// A column of accuracies, and its deviations, in percent.
        case accuracy(String)
    }

    public struct Options: Sendable, Equatable {
        /// The method's name; of several columns, their texts side by side.
        public var method = ["method"]
        public var ipc = "ipc"
        public var regime = "regime"
        public var value = Value.error("test_error")
        /// Standard deviations over runs. Nil: a row is a run.
        public var deviation: String?
        /// The number of runs behind a row, where `deviation` is given.
        public var runs: String?
        /// What is assumed where the table does not say.
        public var assumedRuns = 3
        /// One comparison per combination of values of these columns.
        public var per: [String] = []
        /// Rows that take part: those with these values.
        public var only: [Filter] = []
        /// The names of random images and of the whole data set; nil: what begins with these words.
        public var random: String?
        public var full: String?
        /// Regimes in the order of softer labels; others follow as they come. Nil: `standardOrder`.
        public var order: [String]?
        /// A fraction of 1.
        public var margin = 0.01
        public var level = 0.95
        public var resamples = 10_000
        public var seed = 1
        public var threads = 1

        public init() {}

        public static let standardOrder = ["HL", "SL", "SL+KD"]
        public var softening: [String] { order ?? Self.standardOrder }
    }

    /// Rows with one value in a column.
    public struct Filter: Sendable, Equatable {
        public var column: String
        public var value: String

        public init(column: String, value: String) {
            self.column = column
            self.value = value
        }
    }

    /// The error of a method in a regime.
    public struct Cell: Sendable, Equatable {
        public var group: [String]
        public var regime: String
        /// Images per class; nil of the whole data set where it has none.
        public var ipc: Double?
        public var method: String
        public var error: MeasuredMean
        /// Whether it is random images, or the whole data set.
        public var role: Role
    }

    public enum Role: String, Sendable, Equatable { case method, random, full }

    /// A method beside random images or beside the whole data set.
    public struct Comparison: Sendable, Equatable {
        public var cell: Cell
        public var other: Cell
        /// Other's error minus the method's: positive where the method is better.
        public var contrast: MeanContrast
        /// p-values adjusted over all comparisons of this kind.
        public var pDifferent: Double?
        public var pEquivalent: Double?
        public var verdict: DifferenceVerdict
    }

    /// The methods of one regime and size together.
    public struct Spread: Sendable, Equatable {
        public var group: [String]
        public var regime: String
        public var ipc: Double?
        public var spread: MethodSpread
    }

    /// What becomes of the methods from one regime to a softer one.
    public struct Change: Sendable, Equatable {
        public var group: [String]
        public var ipc: Double?
        public var from: String
        public var to: String
        public var ratio: SpreadRatio?
        public var pRatio: Double?
        /// Spearman's rank correlation of errors, with its bootstrap interval over methods and permutation p-value.
        public var methods: Int
        public var correlation: Double?
        public var low: Double?
        public var high: Double?
        public var pCorrelation: Double?
    }

    public let options: Options
    public let cells: [Cell]
    public let gains: [Comparison]
    public let gaps: [Comparison]
    public let spreads: [Spread]
    public let changes: [Change]
    public let notes: [String]

    /// Throws for unknown columns, errors that are no fractions, accuracies that are no percentages, and two rows for one
    /// method, size and regime that nothing tells apart.
    public init(_ table: Table, options: Options = Options()) throws(TableError) {
        self.options = options
        var reading = Reading(table: table, options: options)
        cells = try reading.cells()
        let (random, full) = (cells.filter { $0.role == .random }, cells.filter { $0.role == .full })
        let others = cells.filter { $0.role == .method }
        if random.isEmpty { reading.notes.append("no method is random images: there are no gains (--random names it)") }
        if full.isEmpty { reading.notes.append("no method is the whole data set: there are no gaps (--full names it)") }
        gains = Self.compare(others, with: random, options)
        gaps = Self.compare(others + random, with: full, options)
        if full.contains(where: { $0.error.deviation == nil }), !gaps.isEmpty {
            reading.notes.append("the whole data set has no deviation: its own noise is not in the gaps' intervals")
        }
        reading.notes += Self.farFromFull(gaps)
        let subsets = cells.filter { $0.role != .full }
        (spreads, changes) = Self.spreadsAndChanges(subsets, options)
        notes = reading.notes
    }

    /// Best methods that beat the whole data set beyond noise, or lie too far from it for one unit.
    private static func farFromFull(_ gaps: [Comparison]) -> [String] {
        var best: [Comparison] = []
        for gap in gaps {
            let at = best.firstIndex { other in
                (other.cell.group, other.cell.regime) == (gap.cell.group, gap.cell.regime)
                    && other.cell.ipc == gap.cell.ipc
            }
            guard let at else {
                best.append(gap)
                continue
            }
            if gap.cell.error.mean < best[at].cell.error.mean { best[at] = gap }
        }
        return best.compactMap { gap in
            let (distance, cell) = (-gap.contrast.difference, gap.cell)
            let place = "the best of ipc \(shortest(cell.ipc ?? .nan)), \(cell.regime), \(cell.method),"
            if abs(distance) > 0.5 {
                return "\(place) is \(significant(abs(distance), digits: 2)) \(distance < 0 ? "below" : "above") "
                    + "\(gap.other.method): are both in one unit?"
            }
            guard distance < 0, gap.verdict == .different else { return nil }
            return
                "\(place) has a lower error than \(gap.other.method), by \(significant(-distance, digits: 2)): was the "
                + "whole data set trained with the same compute?"
        }
    }

    /// Each cell beside the cell of its group, regime and size; a reference without a size stands for all sizes.
    private static func compare(_ cells: [Cell], with references: [Cell], _ options: Options) -> [Comparison] {
        var found: [(cell: Cell, other: Cell, contrast: MeanContrast)] = []
        for cell in cells {
            let known = references.filter { $0.group == cell.group && $0.regime == cell.regime }
            // The one whole data set stands for all sizes, whatever size it states.
            let whole = known.count == 1 && known[0].role == .full ? known.first : nil
            let other = known.first { $0.ipc == cell.ipc || $0.ipc == nil } ?? whole
            guard let other else { continue }
            // Other minus method: the interval of the method's deficit, turned round.
            let isKnown = other.role == .full && other.error.deviation == nil
            let first = isKnown ? cell.error : other.error
            let second = isKnown ? other.error : cell.error
            let contrast = MeanContrast(
                first, second, isKnown: isKnown, margin: options.margin, level: options.level)
            found.append((cell, other, isKnown ? contrast.reversed : contrast))
        }
        let different = holm(found.map(\.contrast.pDifferent))
        let equivalent = holm(found.map(\.contrast.pEquivalent))
        return found.indices.map { i in
            let verdict = DifferenceVerdict(
                different: different[i], equivalent: equivalent[i], alpha: 1 - options.level)
            return Comparison(
                cell: found[i].cell, other: found[i].other, contrast: found[i].contrast, pDifferent: different[i],
                pEquivalent: equivalent[i], verdict: verdict)
        }
    }
}
