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

    /// Two lists of scores of the same samples.
    public struct Overlap: Sendable {
        public enum Kind: String, Sendable {
            /// Two budgets, each with its compute-matched runs.
            case budgets
            /// One budget: its compute-matched runs, and the early stretch of longer ones.
            case matchedMismatched = "matched and mismatched"
            /// One entry, two seeds: what noise alone does.
            case seeds
        }
        public var kind: Kind
        public var first: String
        public var second: String
        public var subsets: SubsetComparison.Overlap
        /// Over all samples; nil where a score is constant.
        public var rho: Double?
        /// Pairs that were averaged: 1, or the pairs of seeds.
        public var pairs: Int
        /// Jaccard and ρ averaged over the pairs, where there are several.
        public var jaccard: Double?
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
        var overlaps: [Overlap] = []
        for (index, entry) in entries.enumerated() {
            onProgress(index, entries.count)
            guard try entry.runs[0].samples() == samples else {
                throw WorkflowError.badData(
                    "\(entry.runs[0].path): its samples are not those of \(leading.path) (scores are compared per sample)"
                )
            }
            let job = try study.job(entry)
            let scores = try job.values()[0]
            scored.append(Scored(entry: entry, job: job, scores: scores, subset: try selector.highest(scores)))
            if let noise = try Self.seeds(entry, study, selector) { overlaps.append(noise) }
        }
        onProgress(entries.count, entries.count)
        self.scored = scored
        self.overlaps = try overlaps + Self.pairs(scored, selector)
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

        func compare(_ a: [Double], _ b: [Double]) throws -> (subsets: SubsetComparison.Overlap, rho: Double?) {
            let (first, second) = (try highest(a), try highest(b))
            return (
                try SubsetComparison(first.rows, second.rows, labels: labels, classes: classes).all, spearman(a, b)
            )
        }
    }

    private static func pairs(_ scored: [Scored], _ selector: Selector) throws -> [Overlap] {
        var overlaps: [Overlap] = []
        for (index, first) in scored.enumerated() {
            for second in scored[(index + 1)...] {
                let kind: Overlap.Kind
                switch (first.entry.match, second.entry.match) {
                case (.matched, .matched): kind = .budgets
                case (.matched, .mismatched) where first.entry.budget == second.entry.budget: kind = .matchedMismatched
                default: continue
                }
                let found = try selector.compare(first.scores, second.scores)
                overlaps.append(
                    Overlap(
                        kind: kind, first: first.entry.name, second: second.entry.name, subsets: found.subsets,
                        rho: found.rho, pairs: 1, jaccard: found.subsets.jaccard))
            }
        }
        return overlaps
    }

    /// What two seeds of one entry have in common: below that no difference between budgets means anything.
    private static func seeds(_ entry: CADStudy.Entry, _ study: CADStudy, _ selector: Selector) throws -> Overlap? {
        guard entry.runs.count > 1 else { return nil }
        let each = try entry.runs.map { run -> [Double] in
            var single = entry
            single.runs = [run]
            return try study.job(single).values()[0]
        }
        var found: [(subsets: SubsetComparison.Overlap, rho: Double?)] = []
        for (index, first) in each.enumerated() {
            for second in each[(index + 1)...] { found.append(try selector.compare(first, second)) }
        }
        let rhos = found.compactMap(\.rho)
        return Overlap(
            kind: .seeds, first: entry.name, second: entry.name, subsets: found[0].subsets,
            rho: rhos.isEmpty ? nil : mean(rhos), pairs: found.count,
            jaccard: mean(found.compactMap(\.subsets.jaccard)))
    }
}
