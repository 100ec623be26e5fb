import Distillation
import Records
import RunStore
import Studies
import Tables
import Training

/// The runs whose networks an analysis' objectives ask: runs on all images, of every seed.
struct ObjectiveRuns {
    let observers: [PlannedRun]
    let experts: [PlannedRun]

    init(_ list: ObjectiveList, plan: Plan) {
        observers = list.observers.flatMap { plan.runs($0) }
        experts = list.experts.flatMap { plan.runs($0) }
    }

    /// Why objectives cannot be evaluated with these runs, or nil.
    static func fault(of list: ObjectiveList, plan: Plan) -> String? {
        let runs = ObjectiveRuns(list, plan: plan)
        for choice in list.choices {
            if let fault = choice.fault { return "\(choice.objective): \(fault)" }
            let objective = choice.objective(plan.study.models)
            if objective.needs.contains(.observers), let fault = runs.observerFault(objective, list) { return fault }
            if let matching = objective as? TrajectoryMatching,
                let fault = runs.expertFault(matching, starts: choice.startEpochs, list)
            {
                return fault
            }
            if let real = choice.realImages, let fewest = plan.data.classCounts.min(), real > fewest {
                return
                    "\(choice.objective): 'real: \(real)' is more than the \(fewest) training images that a class has; "
                    + "'real: all' takes all"
            }
        }
        return nil
    }

    private func observerFault(_ objective: any DistillationObjective, _ list: ObjectiveList) -> String? {
        guard !observers.isEmpty else {
            return "'\(objective.name)' asks a trained network, and the study plans no run of "
                + "'\(list.observers.map(\.words).joined(separator: ", "))' ('observer:' names runs on all images)"
        }
        if let run = observers.first(where: { !$0.weightsAt.contains($0.totalSamples) }) {
            return
                "'\(objective.name)' asks \(run.id), which keeps no weights at its end; 'record: { weights: last }' does"
        }
        let needsBatchNorm = objective is SRe2L || objective is DWA || objective is CDA
        if needsBatchNorm, let run = observers.first(where: { !$0.model.network.hasBatchNorm }) {
            return
                "'\(objective.name)' compares statistics of batch normalisation, and \(run.id) has none (a model with "
                + "'norm: batch' or a ResNet, named as 'observer: { run: full, model: NAME }')"
        }
        return nil
    }

    private func expertFault(
        _ matching: TrajectoryMatching, starts: Int?, _ list: ObjectiveList
    ) -> String? {
        guard !experts.isEmpty else {
            return "'\(matching.name)' follows an expert, and the study plans no run of "
                + "'\(list.experts.map(\.words).joined(separator: ", "))' ('experts:' names runs on all images)"
        }
        for run in experts {
            let epochs = run.weightsAt.map { Double(run.boundary(atOrAfter: $0)) / Double(run.samples) }
            let expert = ExpertTrajectory(name: run.id, network: run.model.network, epochs: epochs.sorted()) { _ in [] }
            do {
                let pairs = try matching.startPairs(expert).count
                if let starts, pairs < starts {
                    return "\(matching.name): 'starts: \(starts)', and \(run.id) has weights for \(pairs) start epoch"
                        + (pairs == 1 ? "" : "s")
                }
            } catch {
                return "\(error); 'record: { weights: all }' keeps those of every checkpoint, and 'checkpoints: "
                    + "{ full-every: 1 }' has one per epoch"
            }
        }
        return nil
    }

    /// The weights at the end of each observer.
    func trainedNetworks(_ plan: Plan) throws -> [TrainedNetwork] {
        try observers.map { run in
            let file = try plan.store.open(run.id)
            let weights = TrainingState.evaluatedWeights(try file.weights(checkpoint: file.checkpointCount - 1))
            guard !weights.isEmpty else { throw Self.missing(file, "at its end", "last") }
            return TrainedNetwork(name: run.id, network: run.model.network, weights: weights)
        }
    }

    /// The weights along each expert, read when they are asked for.
    func trajectories(_ plan: Plan) throws -> [ExpertTrajectory] {
        try experts.map { run in
            let file = try plan.store.open(run.id)
            let positions = file.weightCheckpoints
            guard !positions.isEmpty else { throw Self.missing(file, "along its way", "all") }
            return ExpertTrajectory(
                name: run.id, network: run.model.network, epochs: positions.map { file.epochs[$0] }
            ) { TrainingState.evaluatedWeights(try file.weights(checkpoint: positions[$0])) }
        }
    }

    private static func missing(_ file: RunFile, _ place: String, _ record: String) -> WorkflowError {
        .badData(
            "\(file.path): no weights are stored \(place), and objectives need them ('record: { weights: \(record) }' in its "
                + "study, and --force)")
    }
}

extension Plan {
    /// Runs on all images that a reference names: of hard labels and the largest budget unless it says otherwise.
    fileprivate func runs(_ reference: ObserverReference) -> [PlannedRun] {
        let model = reference.model ?? study.models.first?.name
        let candidates = runs.filter { run in
            run.images == .all && !run.keepsState && run.family == reference.run.subset && run.modelName == model
                && (reference.run.seed ?? run.seed) == run.seed
                && (reference.run.regime.map { $0 == run.regime } ?? (run.labels == .hard))
        }
        let budget = reference.run.budget ?? candidates.max { $0.budget < $1.budget }?.budgetName
        let recipe = candidates.first?.recipe
        return candidates.filter { $0.budgetName == budget && $0.recipe == recipe }.sorted { $0.seed < $1.seed }
    }
}

extension ObserverReference {
    fileprivate var words: String {
        let place = [run.regime, run.subset, run.budget].compactMap(\.self).joined(separator: "/")
        return model.map { "\(place) of model \($0)" } ?? place
    }
}
