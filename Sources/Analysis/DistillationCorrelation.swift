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
        /// Whose values are left out in turn; nil: the cluster's column, or else `family` where the table has it.
        public var family: String?
        /// nil: BCa below 50 independent sets, percentile from there on.
        public var interval: BootstrapInterval.Method?
        /// Columns of the error's standard deviation over seeds and of their number; nil: `<error>_std` and `n`, where the
        /// table has them.
        public var deviation: String?
        public var seeds: String?
        /// Sets that are no point of the headline; ρ with them stands beside it.
        public var leaveOut: LeaveOutRule?
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
        /// Sets that ρ rests on: with a loss, an error and every covariate, in a stratum that takes part.
        public var m: Int
        /// The independent units that the headline rests on: clusters, or else sets, in the strata used.
        public var effectiveM: Int
        /// The headline; nil where undefined.
        public var rho: Double?
        public var interval: BootstrapInterval?
        /// Both kinds, of the same resamples; nil where undefined.
        public var percentile: BootstrapInterval?
        public var bca: BootstrapInterval?
        public var pValue: Double?
        /// Over everything that was asked together; `pFamilyMethod` says how.
        public var pFamily: Double?
        public var pFamilyMethod = "none"
        /// Holm's correction over the same family.
        public var pHolm: Double?
        public var pMethod: String
        /// The smallest |ρ| found with probability 0.8 at 1 − level; nil without degrees of freedom.
        public var detectable: Double?
        public var influence: FamilyInfluence?
        public var attenuation: Attenuation?
        /// ρ with the sets that the rule leaves out, and how many they are.
        public var rhoWithLeftOut: Double?
        public var leftOut: [String] = []
        /// Why ρ is nil.
        public var undefined: String?
        public var rhoUnadjusted: Double?
        public var rhoWithin: Double?
        public var rhoPartial: Double?
        public var rhoResidual: Double?
        public var warnings: [String]

        /// What further comparisons need: the sets, and ρ in resamples and rearrangements of them.
        var evidence: Evidence?
    }

    /// ρ without one family of sets at a time.
    public struct FamilyInfluence: Sendable, Equatable {
        /// The column that names the families.
        public var column: String
        /// Over the families; those without which ρ is undefined do not count.
        public var low: Double
        public var high: Double
        /// The family whose absence moves ρ most, and ρ without it.
        public var mostInfluential: String
        public var rhoWithout: Double
    }

    /// Of one objective, as it was computed.
    struct Evidence: Sendable, Equatable {
        /// Names of the sets, and of what they are rearranged within and together with: equal layouts share their
        /// resamples and rearrangements.
        var layout: [String]
        var correlation: RankCorrelation
        var clusters: [Int]?
        var bootstrap: BootstrapDistribution?
        var permutations: PermutationDistribution?
    }

    public var options: Options
    public var objectives: [Objective]
    /// What was left out, for stderr: "3 rows with an empty cell in 'dm' left out (lines 4, 7, 9)".
    public var notes: [String] = []

    /// Throws for an unknown column and for text in a column of numbers.
    public init(_ table: Table, options: Options) throws(TableError) {
        self.options = options
        objectives = []
        if options.losses.contains(options.error) {
            throw TableError(.malformed("'\(options.error)' is named as a loss and as the error"), source: table.source)
        }
        var gaps: [(rows: String, losses: [String])] = []
        for loss in options.losses {
            let rows = try Self.rows(of: loss, in: table, options)
            for (dropped, reason) in [(rows.empty, "an empty cell"), (rows.infinite, "an infinite value")]
            where !dropped.isEmpty {
                let rows = Self.leftOut(dropped, of: table, because: reason)
                let at = gaps.firstIndex { $0.rows == rows } ?? gaps.count
                if at == gaps.count { gaps.append((rows, [])) }
                gaps[at].losses.append(loss)
            }
            objectives.append(try Self.objective(loss, table.rows(rows.complete), options))
        }
        notes = gaps.map { "\($0.losses.joined(separator: ", ")): \($0.rows)" }
        if let doubled = try Self.doubled(in: table) { notes.append(doubled) }
        assignFamilyWise(&objectives)
    }

    /// The rows that one loss has, and those without a number where one is needed.
    private static func rows(
        of loss: String, in table: Table, _ options: Options
    ) throws(TableError) -> (complete: [Int], empty: [Int], infinite: [Int]) {
        // Text in a column of numbers is an error, not an empty cell.
        let (x, y) = (try table.numbers(loss), try table.numbers(options.error))
        let columns = [loss, options.error] + options.adjustFor + (options.cluster.map { [$0] } ?? [])
        let (rows, empty) = try table.complete(in: columns)
        let isFinite = { (row: Int) in x[row].isFinite && y[row].isFinite }
        return (rows.filter(isFinite), empty, rows.filter { !isFinite($0) })
    }

    /// Where rows have a name, and two of them are the same in every column.
    private static func doubled(in table: Table) throws(TableError) -> String? {
        guard table.has("set") || table.has("id") else { return nil }
        let rows = try table.groups(by: table.columnNames).flatMap { $0.rows.dropFirst() }.sorted()
        guard let first = rows.first else { return nil }
        return "\(rows.count) row\(rows.count == 1 ? " is" : "s are") equal to another one in every column (line "
            + "\(table.line(ofRow: first))\(rows.count == 1 ? "" : ", …")), and count all the same: is a set listed twice?"
    }

    /// ρ of one column of losses as `options` adjust it, of the complete rows that no rule leaves out; nil where it is
    /// undefined. Throws as `init`.
    public static func headline(_ loss: String, in table: Table, options: Options) throws(TableError) -> Double? {
        let complete = table.rows(try rows(of: loss, in: table, options).complete)
        let isOut = try options.leaveOut?.matches(in: complete)
        let kept = complete.rows((0..<complete.rowCount).filter { isOut?[$0] != true })
        return try Sets(kept, loss: loss, options: options).headline(options)
    }

    /// One objective on the complete rows of `table`.
    private static func objective(
        _ loss: String, _ table: Table, _ options: Options
    ) throws(TableError) -> Objective {
        guard let rule = options.leaveOut else {
            return try Sets(table, loss: loss, options: options).objective(named: loss, options: options)
        }
        let isOut = try rule.matches(in: table)
        let kept = table.rows(isOut.indices.filter { !isOut[$0] })
        var objective = try Sets(kept, loss: loss, options: options).objective(named: loss, options: options)
        objective.rhoWithLeftOut = try Sets(table, loss: loss, options: options).headline(options)
        let names =
            try table.has("set") ? table.texts("set") : (0..<table.rowCount).map { "line \(table.line(ofRow: $0))" }
        objective.leftOut = isOut.indices.filter { isOut[$0] }.map { names[$0] }
        return objective
    }

    static func leftOut(_ rows: [Int], of table: Table, because reason: String) -> String {
        let lines = rows.prefix(10).map { String(table.line(ofRow: $0)) }.joined(separator: ", ")
        let more = rows.count > 10 ? ", …" : ""
        let (row, line) = rows.count == 1 ? ("row", "line") : ("rows", "lines")
        return "\(rows.count) \(row) with \(reason) left out (\(line) \(lines)\(more))"
    }
}
