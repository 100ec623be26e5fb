import RunStore
import Scoring

/// The share of samples whose largest logit is not their label, by checkpoint, [E]; NaN before training. Throws at logits
/// that are no numbers.
public func logitErrors(_ run: RunFile) throws -> [Double] {
    let checkpoints = run.epochs.indices.filter { run.epochs[$0] > 0 }
    var errors = [Double](repeating: .nan, count: run.checkpointCount)
    guard !checkpoints.isEmpty, run.sampleCount ?? 0 > 0 else { return errors }
    let requests = try checkpoints.indices.map { try ScoreRequest("correctness", checkpoints: $0..<$0 + 1) }
    let means = try ScoringJob([run], requests).means()
    for (checkpoint, mean) in zip(checkpoints, means) { errors[checkpoint] = 1 - mean }
    return errors
}
