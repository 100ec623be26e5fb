import Statistics
import Tables

/// The Distillation Correlation Score of one or more objectives: Spearman's ρ, over m subsets or distilled sets, between
/// the objective's loss on a set and the test error (or loss) of a network trained on it. Positive is good: the loss
/// falls with the error.
///
/// Source: DCS as in paper 1, section 3.3 and appendix G. How the paper "accounts for subset size" is not published;
/// here the headline is ρ within strata of equal size, pooled by Fisher's z, and the alternatives stand beside it.
public struct DistillationCorrelation: Sendable, Equatable {
    public enum Adjust: String, CaseIterable, Sendable {
        /// ρ within strata of equal covariates, pooled by Fisher's z.
        case within
        /// Partial correlation of ranks.
        case partial
        /// ρ of the residuals of a linear regression on the covariates' logarithms.
        case residual
    }

    public struct Options: Sendable, Equatable {
        /// One column of losses per objective.
        public var losses: [String]
        public var error: String
        public var adjustFor: [String] = []
        public var adjust = Adjust.within
        /// Rows with the same value here (seeds of one set, say) are drawn and rearranged together.
        public var cluster: String?
        public var resamples = 10_000
        public var level = 0.95
        public var seed = 1
        public var threads = 1

        public init(losses: [String], error: String) {
            self.losses = losses
            self.error = error
        }
    }

    public struct Objective: Sendable, Equatable {
        public var objective: String
        /// Sets with a loss, an error and every covariate.
        public var m: Int
        /// The independent units that the headline rests on: clusters, or else sets, in the strata used.
        public var effectiveM: Int
        /// The headline; nil where undefined.
        public var rho: Double?
        public var interval: BootstrapInterval?
        public var pValue: Double?
        /// Holm's correction over the objectives asked for together.
        public var pFamily: Double?
        public var pMethod: String
        public var rhoUnadjusted: Double?
        public var rhoWithin: Double?
        public var rhoPartial: Double?
        public var rhoResidual: Double?
        public var warnings: [String]
    }

    public var options: Options
    public var objectives: [Objective]
    /// What was left out, for stderr: "3 rows with an empty cell in 'dm' left out (lines 4, 7, 9)".
    public var notes: [String]

    /// Throws for an unknown column and for text in a column of numbers.
    public init(_ table: Table, options: Options) throws(TableError) {
        self.options = options
        objectives = []
        notes = []
        for loss in options.losses {
            let columns = [loss, options.error] + options.adjustFor + (options.cluster.map { [$0] } ?? [])
            _ = try table.numbers(loss)  // text in a number column is an error, not an empty cell
            _ = try table.numbers(options.error)
            let (rows, dropped) = try table.complete(in: columns)
            if !dropped.isEmpty {
                notes.append("\(loss): " + Self.leftOut(dropped, of: table, because: "an empty cell"))
            }
            let sets = try Sets(table.rows(rows), loss: loss, options: options)
            objectives.append(sets.objective(named: loss, options: options))
        }
        for (i, p) in holm(objectives.map(\.pValue)).enumerated() { objectives[i].pFamily = p }
    }

    static func leftOut(_ rows: [Int], of table: Table, because reason: String) -> String {
        let lines = rows.prefix(10).map { String(table.line(ofRow: $0)) }.joined(separator: ", ")
        let more = rows.count > 10 ? ", …" : ""
        let (row, line) = rows.count == 1 ? ("row", "line") : ("rows", "lines")
        return "\(rows.count) \(row) with \(reason) left out (\(line) \(lines)\(more))"
    }
}

/// Holm's step-down correction; a family holds the values that are defined.
public func holm(_ values: [Double?]) -> [Double?] {
    let order = values.indices.filter { values[$0] != nil }.sorted { (values[$0] ?? 1) < (values[$1] ?? 1) }
    var result = values
    var floor = 0.0
    for (place, index) in order.enumerated() {
        floor = max(floor, min(1, Double(order.count - place) * (values[index] ?? 1)))
        result[index] = floor
    }
    return result
}
