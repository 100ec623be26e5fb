import Distillation
import Foundation
import RunStore
import Statistics
import Studies
import Tables
import Training

/// The sets of images that a study's stored runs trained on, with what came of them: all that a loss needs to be scored.
///
///     let stored = try StoredSets(plan: plan, data: data)
///     let table = try stored.table(of: [MyLoss(), DistributionMatching()], against: ["test_error"])
public struct StoredSets {
    /// One per run on a subset, in the order of the plan; `name` is the run's id.
    public let sets: [ObjectiveSet]
    /// D, the networks that observe, and the experts.
    public let context: ObjectiveContext
    private let runs: [PlannedRun]
    private let plan: Plan

    /// - Parameters:
    ///   - of: subsets of the study; empty: all of them.
    ///   - observers: runs on all images whose last weights are asked, and whose weights along training are followed;
    ///     nil: those of the study's first model and largest budget.
    /// - Throws: `WorkflowError` where a run or its weights are not stored.
    public init(
        plan: Plan, data: TrainingData, of names: [String] = [], observers: ObserverReference? = nil,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) throws {
        runs = plan.runs.filter { $0.images != .all && (names.isEmpty || names.contains($0.family)) }
        sets = try runs.map { run in
            try SetContent(plan.store.open(run.id)).objectiveSet(run.id, plan: plan, of: run.id, data: data)
        }
        let full = plan.study.subsets.first { $0.value == .all }?.name ?? "full"
        let reference =
            observers ?? ObserverReference(run: SourceReference(subset: full, mark: .init(line: 1, column: 1)))
        let networks = ObjectiveRuns(ObjectiveList(observers: [reference], experts: [reference]), plan: plan)
        var context = data.objectiveContext(threads: threads)
        context.observers = try networks.trainedNetworks(plan)
        context.trajectories = try networks.trajectories(plan)
        self.context = context
        self.plan = plan
    }

    /// One row per run on a subset: id, subset, family, ipc, seed, the run's figures at its last checkpoint, and each
    /// loss under its name (and `NAME-debiased`, where it has another form), the mean over its networks.
    public func table(of objectives: [any DistillationObjective], against metrics: [String]) throws -> Table {
        let stored = try runTable(runs.map { (id: $0.id, run: try plan.store.open($0.id)) })
        var columns = [
            Column("id", runs.map(\.id)), Column("subset", runs.map(\.subset)), Column("family", runs.map(\.family)),
            Column("ipc", runs.map { $0.images.ipc ?? 0 }), Column("seed", runs.map(\.seed)),
        ]
        for metric in metrics { columns.append(Column(metric, try stored.numbers(metric))) }
        for objective in objectives {
            let values = try objective.values(of: sets, in: context)
            columns.append(Column(objective.name, values.map(\.literalMean)))
            guard values.contains(where: \.debiasedDiffers) else { continue }
            columns.append(Column("\(objective.name)-debiased", values.map(\.debiasedMean)))
        }
        return Table(columns)
    }
}
