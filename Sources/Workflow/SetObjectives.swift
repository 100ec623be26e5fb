import Distillation
import Foundation
import RunStore
import Studies
import Synchronization
import Tables
import Training

/// The losses of every set of images that a study's runs trained on. A set is evaluated once, whatever regimes and
/// budgets were trained on it, and never again: values are kept by the content of the set, the objective's definition and
/// the weights of the networks that it asks.
struct SetObjectives {
    /// What was evaluated.
    struct Evaluated {
        /// The column's name.
        var name: String
        var definition: String
        /// Whether the points of its curve are expert epochs.
        var isAlongEpochs: Bool
        /// By the digests of sets.
        fileprivate(set) var values: [String: ObjectiveValue] = [:]
        /// Mean over the sets that were evaluated together, by the digests of sets.
        fileprivate(set) var seconds: [String: Double] = [:]
    }

    /// By run id.
    private let sets: [String: SetContent]
    /// In the order of the study.
    let objectives: [Evaluated]

    var columns: [String] { objectives.map(\.name) }

    /// - Parameters:
    ///   - runs: sealed runs on subsets.
    ///   - cache: the CSV in which values are kept; nil: `objective-values.csv` of the study's results.
    init(
        plan: Plan, data: TrainingData, runs: [PlannedRun], objectives list: ObjectiveList, cache: String? = nil,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, report: @escaping (String) -> Void
    ) throws {
        var sets: [String: SetContent] = [:]
        var distinct: [String: ObjectiveSet] = [:]
        for run in runs {
            let content = try SetContent(plan.store.open(run.id))
            sets[run.id] = content
            guard distinct[content.digest] == nil else { continue }
            distinct[content.digest] = try content.objectiveSet(run.setName, plan: plan, of: run.id, data: data)
        }
        self.sets = sets
        // D is the training images without those of the validation split.
        let real = "\(data.digest) " + sha256(data.training.map(String.init).joined(separator: ","))

        let chosen = list.choices.map { ($0.column, $0.objective(plan.study.models)) }
        var networks = try NetworkSource(list, plan: plan)
        let path = cache ?? "\(plan.study.results)/objective-values.csv"
        var kept = try ObjectiveCache(path)
        var evaluated: [Evaluated] = []
        var context: ObjectiveContext?
        for (name, objective) in chosen {
            let weights = try networks.digest(objective.needs)
            func key(_ digest: String) -> String {
                sha256("\(objectiveSemantics) seed 0 \(objective.definition) \(real) \(digest) \(weights)")
            }
            let missing = distinct.filter { kept[key($0.key)] == nil }.sorted { $0.key < $1.key }
            if !missing.isEmpty {
                var asked = context ?? data.objectiveContext(threads: threads)
                context = asked
                try networks.fill(&asked, objective.needs)
                report("\(objective.definition): \(missing.count) set\(missing.count == 1 ? "" : "s")")
                let progress = Progress(report)
                asked.onProgress = { progress.tell($0, $1) }
                let start = ContinuousClock.now
                let values = try objective.values(of: missing.map(\.value), in: asked)
                let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(missing.count)
                for (set, value) in zip(missing, values) {
                    kept[key(set.key)] = .init(objective: name, value: value, seconds: seconds)
                }
                try kept.write()
            }
            var result = Evaluated(
                name: name, definition: objective.definition, isAlongEpochs: objective is TrajectoryMatching)
            for digest in distinct.keys {
                let entry = kept[key(digest)]
                result.values[digest] = entry?.value
                result.seconds[digest] = entry?.seconds
            }
            evaluated.append(result)
        }
        objectives = evaluated
    }

    /// A loss of the set that a run trained on.
    func value(of run: PlannedRun, _ column: String) -> ObjectiveValue? {
        guard let digest = sets[run.id]?.digest else { return nil }
        return objectives.first { $0.name == column }?.values[digest]
    }

    /// - Throws: `WorkflowError` for a run that was not among those evaluated.
    func content(of run: PlannedRun) throws(WorkflowError) -> SetContent {
        guard let content = sets[run.id] else { throw .badData("\(run.id): its set was not evaluated") }
        return content
    }

    /// The mean cost of a loss per set.
    func seconds(of column: String) -> Double? {
        guard let all = objectives.first(where: { $0.name == column })?.seconds.values, !all.isEmpty else { return nil }
        return all.sorted().reduce(0, +) / Double(all.count)
    }
}

/// A plain line every half minute.
private final class Progress: Sendable {
    private let last = Mutex(ContinuousClock.now)
    // Objectives report from the thread that called them.
    nonisolated(unsafe) private let report: (String) -> Void

    init(_ report: @escaping (String) -> Void) { self.report = report }

    func tell(_ stage: String, _ done: Double) {
        let isDue = last.withLock { last in
            guard ContinuousClock.now - last > .seconds(30) else { return false }
            last = ContinuousClock.now
            return true
        }
        if isDue { report("\(stage): \(Int(100 * done)) %") }
    }
}
