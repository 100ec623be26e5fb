import RunStore
import Scoring
import Selection
import Statistics
import Tables

/// CAD-Prune's windows for many budgets, from what a store holds: which run is compute-matched for each, which
/// checkpoints form its windows, what is missing and what it would cost.
public struct CADStudy: Sendable {
    public struct Options: Sendable {
        /// The subset of the runs whose dynamics are used.
        public var subset = "full"
        /// Epochs of the full data set; empty: every budget for which a compute-matched run is stored.
        public var budgets: [Double] = []
        public var span = 6
        public var window = 2
        public var variant: String?
        /// Only runs of this regime and model.
        public var regime: String?
        public var model: String?
        /// Also take windows from the longest run where its checkpoint at the budget lies amid its schedule.
        public var allowMismatched = false
        /// Images per class that are compared.
        public var ipc = 50
        public var seed = 1
        public var threads = 1

        public init() {}
    }

    public enum Match: String, Sendable, Equatable {
        /// The run's own schedule ended at the budget.
        case matched
        /// An early stretch of a longer run.
        case mismatched
        /// No run.
        case missing
    }

    /// One budget's windows from one kind of run.
    public struct Entry: Sendable {
        public var budget: Double
        public var match: Match
        /// The runs that are averaged: one of each seed.
        public var runs: [RunFile]
        /// The budget of these runs.
        public var source: Double?
        /// K: checkpoints after epoch 0 up to the budget.
        public var checkpoints: Int
        /// Epochs of the checkpoints that are read.
        public var epochs: [Double]
        /// Why there are no scores, in one sentence.
        public var refusal: String?
        /// Samples to train on for the run or runs that are missing.
        public var price: Int?

        /// `2`, `2 of 16` for an early stretch.
        public var name: String {
            shortest(budget) + (match == .mismatched ? " of " + (source.map(shortest) ?? "?") : "")
        }
        public var isScored: Bool { match != .missing && refusal == nil }
    }

    public let options: Options
    public let entries: [Entry]
    public let warnings: [String]

    /// Reads what runs there are. Throws `WorkflowError` where the store has no run of the subset or mixes several kinds,
    /// `RunStoreError`.
    public init(_ store: Store, _ options: Options) throws {
        self.options = options
        let runs = try Self.candidates(store, options)
        let budgets = options.budgets.isEmpty ? Self.budgets(of: runs) : options.budgets
        guard !budgets.isEmpty else {
            throw WorkflowError.missing(
                "\(store.directory): no run of the subset '\(options.subset)' has ended its schedule, so that no budget "
                    + "is known; name some with --budgets")
        }
        var entries: [Entry] = []
        var warnings: [String] = []
        for budget in Set(budgets).sorted() {
            let matched = runs.filter { Self.isMatched($0, budget) }
            if matched.isEmpty {
                entries.append(Self.missing(budget, runs))
            } else {
                entries.append(Self.entry(budget, .matched, matched, options))
                for run in matched where run.description.plannedEpochs == nil {
                    warnings.append("\(run.path): the run does not say for how many epochs it was planned")
                }
            }
            let longest = runs.compactMap(\.epochs.last).max() ?? 0
            let longer = runs.filter { $0.epochs.last == longest && longest > budget * 1.000001 }
            if options.allowMismatched, !longer.isEmpty {
                entries.append(Self.entry(budget, .mismatched, longer, options))
            }
        }
        self.entries = entries
        self.warnings = warnings
    }

    /// The runs of the subset that keep what EL2N needs, all of one kind.
    private static func candidates(_ store: Store, _ options: Options) throws -> [RunFile] {
        var runs: [RunFile] = []
        for id in try store.ids() where store.status(id) == .sealed {
            let run = try store.open(id)
            let about = run.description
            guard about.subset == options.subset, run.hasLogits || run.scoreNames.contains("el2n"),
                options.regime == nil || about.regime == options.regime,
                options.model == nil || about.model == options.model
            else { continue }
            runs.append(run)
        }
        guard !runs.isEmpty else {
            throw WorkflowError.missing(
                "\(store.directory): no sealed run of the subset '\(options.subset)' keeps logits or EL2N")
        }
        for (option, kinds) in [
            ("--regime", Set(runs.map { $0.description.regime ?? "unknown" })),
            ("--model", Set(runs.map { $0.description.model ?? "unknown" })),
        ] where kinds.count > 1 {
            throw WorkflowError.badData(
                "\(store.directory): the runs of '\(options.subset)' are of several kinds: "
                    + "\(kinds.sorted().joined(separator: ", ")) (choose one with \(option))")
        }
        let digests = Set(runs.compactMap(\.description.datasetDigest))
        if digests.count > 1 {
            let first = runs[0].description
            let named = runs.compactMap { $0.description.dataDifference(from: first) }.first
            throw WorkflowError.badData(
                "\(store.directory): the runs of '\(options.subset)' were trained on different data sets "
                    + "(\(named ?? digests.sorted().map { String($0.prefix(12)) + "…" }.joined(separator: ", ")))")
        }
        return runs
    }

    private static func budgets(of runs: [RunFile]) -> [Double] {
        Set(
            runs.filter { run in run.epochs.last.map { isMatched(run, $0) } ?? false }.compactMap { run in
                run.description.plannedEpochs ?? run.epochs.last
            }
        ).sorted()
    }

    /// Whether a run's own schedule ended at the budget: its last checkpoint is there, and it planned no more.
    private static func isMatched(_ run: RunFile, _ budget: Double) -> Bool {
        guard let last = run.epochs.last, !run.isTrunk else { return false }
        let slack = slack(run, budget)
        return abs(last - budget) <= slack && abs((run.description.plannedEpochs ?? last) - budget) <= slack
    }

    /// A budget without a run, and what such a run costs: as many seeds as the store has.
    private static func missing(_ budget: Double, _ runs: [RunFile]) -> Entry {
        let seeds = max(1, Set(runs.map(\.description.seed)).count)
        let samples = runs.compactMap(\.sampleCount).max() ?? 0
        return Entry(
            budget: budget, match: .missing, runs: [], source: nil, checkpoints: 0, epochs: [],
            refusal: "no run whose schedule ended at \(shortest(budget)) epochs",
            price: Int(exactly: (budget * Double(samples)).rounded(.up) * Double(seeds)))
    }

    private static func entry(
        _ budget: Double, _ match: Match, _ runs: [RunFile], _ options: Options
    ) -> Entry {
        var entry = Entry(
            budget: budget, match: match, runs: runs, source: runs[0].epochs.last, checkpoints: 0, epochs: [],
            refusal: nil, price: nil)
        let after = runs[0].epochs.filter { $0 > 0 }
        entry.checkpoints = after.count { $0 <= budget * 1.000001 }
        let seeds = runs.compactMap(\.description.seed)
        if let twice = seeds.first(where: { seed in seeds.count { $0 == seed } > 1 }) {
            entry.refusal =
                "two runs of seed \(twice): "
                + runs.filter { $0.description.seed == twice }.map(\.description.id).joined(separator: ", ")
            return entry
        }
        if let other = runs.first(where: { $0.epochs != runs[0].epochs }) {
            entry.refusal = "\(other.description.id) has other checkpoints than \(runs[0].description.id)"
            return entry
        }
        guard after.contains(where: { abs($0 - budget) <= slack(runs[0], budget) }) else {
            entry.refusal =
                "no checkpoint at epoch \(shortest(budget)) in the runs of \(shortest(entry.source ?? 0)) epochs"
            return entry
        }
        do {
            let positions = try request(entry, options).positions(of: after.count)
            entry.epochs = positions.map { after[$0] }
        } catch { entry.refusal = "\(error)" }
        return entry
    }

    /// The request of one entry: for an early stretch the checkpoints up to the budget alone.
    static func request(_ entry: Entry, _ options: Options) throws(ScoringError) -> ScoreRequest {
        try ScoreRequest(
            "cad-prune", variant: options.variant, span: options.span, window: options.window,
            checkpoints: entry.match == .mismatched ? 0..<max(1, entry.checkpoints) : nil)
    }

    /// The job that scores an entry's runs together.
    public func job(_ entry: Entry) throws -> ScoringJob {
        var scoring = ScoringOptions()
        scoring.allowMismatched = entry.match == .mismatched
        scoring.fullSubset = options.subset
        scoring.threads = options.threads
        return try ScoringJob(entry.runs, [Self.request(entry, options)], options: scoring)
    }
}
