import Foundation
import Records
import RunStore
import Training

/// What a branch takes from its trunk: the checkpoints that both have, and the state to go on from.
struct RunStart {
    private let trunk: RunFile
    private let run: PlannedRun
    private let samples: Int

    /// nil where the run begins with its own first step.
    ///
    /// - Throws: `WorkflowError` when the trunk is not there, or not the planned one.
    init?(_ run: PlannedRun, plan: Plan) throws {
        guard let start = run.start else { return nil }
        trunk = try openSource(start.source, plan: plan)
        samples = start.samples
        self.run = run
        guard trunk.samplesSeen?.last == Int64(samples) else {
            throw WorkflowError.badData(
                "\(trunk.path): it does not end after \(samples) samples, where its branch begins")
        }
    }

    /// The trunk's checkpoints that the run shares, in their order.
    func checkpoints() throws -> [Checkpoint] {
        let wanted = Set(run.storedCheckpoints.map(Int64.init))
        let kept = Set(run.weightsAt.map { Int64(run.boundary(atOrAfter: $0)) })
        var checkpoints: [Checkpoint] = []
        for (index, seen) in (trunk.samplesSeen ?? []).enumerated() where wanted.contains(seen) {
            var checkpoint = Checkpoint(epoch: trunk.epochs[index], samplesSeen: seen)
            for name in trunk.metricNames { checkpoint.metrics[name] = try trunk.metric(name)[index] }
            if run.recordsLogits { checkpoint.logits = try trunk.logits(checkpoint: index) }
            if kept.contains(seen) {
                checkpoint.weights = TrainingState.evaluatedWeights(try trunk.weights(checkpoint: index))
            }
            checkpoints.append(checkpoint)
        }
        return checkpoints
    }

    /// - Throws: `WorkflowError` when the trunk kept none.
    func state() throws -> TrainingState {
        let last = trunk.checkpointCount - 1
        let weights = try trunk.weights(checkpoint: last)
        guard !weights.isEmpty else {
            throw WorkflowError.badData("\(trunk.path): it keeps no state for a branch to go on from")
        }
        let seconds = try trunk.metricNames.contains("seconds") ? trunk.metric("seconds")[last] : 0
        return TrainingState(weights, step: steps, samplesSeen: samples, seconds: seconds)
    }

    private var steps: Int {
        let (passes, rest) = samples.quotientAndRemainder(dividingBy: run.samples)
        return passes * run.stepsPerPass + (rest + run.batch - 1) / run.batch
    }
}
