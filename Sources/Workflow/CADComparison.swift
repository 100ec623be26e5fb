import RunStore
import Scoring
import Selection
import Statistics
import Tables

/// The scores of every budget of a `CADStudy`, how they are distributed, and how much the subsets that they choose have
/// in common.
public struct CADComparison: Sendable {
    /// One scored entry.
    public struct Scored: Sendable {
        public var entry: CADStudy.Entry
        public var job: ScoringJob
        /// The mean over the runs, [N].
        public var scores: [Double]
        /// The IPC highest of each class, rows ascending.
        public var subset: Subset
    }

    /// Two entries, or one entry with itself.
    public struct Overlap: Sendable {
        public enum Kind: String, Sendable {
            /// Two budgets, each with its compute-matched runs.
            case budgets
            /// One budget: its compute-matched runs, and the early stretch of longer ones.
            case matchedMismatched = "matched and mismatched"
            /// One entry, two seeds.
            case seeds
        }
        public var kind: Kind
        public var first: String
        public var second: String
        /// Two lists, each of one seed and not of the same one: what noise does alone, where both are of one budget.
        public var singles: [Common]
        /// The two lists of scores averaged over their seeds; nil between seeds of one entry.
        public var averaged: Common?
        /// The Jaccard index of random subsets of these sizes in each class.
        public var chance: Double?
    }

    /// What two lists of scores have in common.
    public struct Common: Sendable {
        /// Of the subsets that they choose.
        public var jaccard: Double
        /// Over all samples; nil where a score is constant.
        public var rho: Double?
    }

    public let study: CADStudy
    public let scored: [Scored]
    public let overlaps: [Overlap]
    public let sampleCount: Int

    /// Scores and compares. Throws what scoring throws; `WorkflowError` where nothing can be scored or the runs are not of
    /// the same samples.
    ///
    /// - Parameter onProgress: entries done, of how many.
    public init(_ study: CADStudy, onProgress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws {
        self.study = study
        let entries = study.entries.filter(\.isScored)
        guard let leading = entries.first?.runs.first else {
            let reasons = study.entries.compactMap { entry in entry.refusal.map { "\(entry.name): \($0)" } }
            throw WorkflowError(1, "no budget has windows: " + reasons.joined(separator: "; "))
        }
        let samples = try leading.samples()
        sampleCount = samples.count
        let selector = Selector(
            labels: samples.labels, ids: samples.ids, ipc: study.options.ipc, seed: study.options.seed,
            path: leading.path)
        var scored: [Scored] = []
        for (index, entry) in entries.enumerated() {
            onProgress(index, entries.count)
            if let difference = try entry.runs[0].samples().difference(from: samples) {
                throw WorkflowError.badData(
                    "\(entry.runs[0].path): its samples are not those of \(leading.path): \(difference) (scores are compared per "
                        + "sample)")
            }
            let job = try study.job(entry)
            let scores = try job.values()[0]
            scored.append(Scored(entry: entry, job: job, scores: scores, subset: try selector.highest(scores)))
        }
        onProgress(entries.count, entries.count)
        self.scored = scored
        overlaps = try Self.overlaps(scored, study, selector)
    }

    /// Chooses and compares on one list of samples.
    private struct Selector {
        var labels: [Int32]
        var ids: [Int64]
        var ipc: Int
        var seed: Int
        var path: String
        var classes: Int { Int(labels.max() ?? -1) + 1 }

        func highest(_ scores: [Double]) throws -> Subset {
            let candidates = Candidates(
                scores: scores, direction: .highIsHard, labels: labels, classes: classes, ids: ids)
            do { return try candidates.select(.highest, .ipc(ipc), seed: seed, identity: "cad") } catch {
                throw WorkflowError(error.exitCode, "\(path): \(error)")
            }
        }

        func compare(_ a: [Double], _ b: [Double]) throws -> (common: Common, subsets: SubsetComparison) {
            let (first, second) = (try highest(a), try highest(b))
            let found = try SubsetComparison(first.rows, second.rows, labels: labels, classes: classes)
            return (Common(jaccard: found.all.jaccard ?? .nan, rho: spearman(a, b)), found)
        }
    }

    /// The scores of each run of an entry by itself, with its seed.
    private static func singles(
        _ entry: CADStudy.Entry, _ study: CADStudy
    ) throws -> [(seed: Int?, scores: [Double])] {
        try entry.runs.map { run in
            var single = entry
            single.runs = [run]
            return (run.description.seed, try study.job(single).values()[0])
        }
    }

    private static func overlap(
        _ kind: Overlap.Kind, _ first: Scored, _ second: Scored, _ study: CADStudy, _ selector: Selector
    ) throws -> Overlap? {
        var overlap = Overlap(
            kind: kind, first: first.entry.name, second: second.entry.name, singles: [], averaged: nil, chance: nil)
        var subsets: SubsetComparison?
        let (a, b) = (try singles(first.entry, study), try singles(second.entry, study))
        for (i, x) in a.enumerated() {
            for (j, y) in b.enumerated() where kind == .seeds ? j > i : a.count == 1 || b.count == 1 || x.seed != y.seed
            {
                let found = try selector.compare(x.scores, y.scores)
                overlap.singles.append(found.common)
                subsets = found.subsets
            }
        }
        if kind != .seeds {
            let found = try selector.compare(first.scores, second.scores)
            (overlap.averaged, subsets) = (found.common, found.subsets)
        }
        // Subsets of one size in each class, whatever the runs.
        overlap.chance = subsets?.expectedWithinClasses
        return subsets == nil ? nil : overlap
    }

    private static func overlaps(_ scored: [Scored], _ study: CADStudy, _ selector: Selector) throws -> [Overlap] {
        var overlaps = try scored.compactMap { try overlap(.seeds, $0, $0, study, selector) }
        for (index, first) in scored.enumerated() {
            for second in scored[(index + 1)...] {
                switch (first.entry.match, second.entry.match) {
                case (.matched, .matched):
                    overlaps += try [overlap(.budgets, first, second, study, selector)].compactMap(\.self)
                case (.matched, .mismatched) where first.entry.budget == second.entry.budget:
                    overlaps += try [overlap(.matchedMismatched, first, second, study, selector)].compactMap(\.self)
                default: continue
                }
            }
        }
        return overlaps
    }
}
