import RunStore
import Scoring
import Tables

/// A score of a run's samples, by name.
public enum ScoreMethod: Sendable, Equatable {
    /// Positions of the checkpoints after epoch 0, from 0; nil: all.
    case el2n(checkpoints: Range<Int>?)
    /// - Parameter allowMismatched: accept a run whose schedule did not end where its budget ends.
    case cadPrune(span: Int, window: Int, allowMismatched: Bool)
}

/// A score with what its reader must know of the run.
public struct ScoredRun: Sendable, Equatable {
    public var score: Score
    /// The epochs of the checkpoints that were used.
    public var epochs: [Double]
    public var pass: String?
    /// What was read: `/logits`, or `/scores/el2n` as the run's writer computed it.
    public var record: String
    public var warnings: [String]
}

/// Scores one run from its logits, or from its stored EL2N where it has no logits, one block of rows at a time.
///
/// - Throws: `ScoringError` where checkpoints are missing or logits are not finite, `WorkflowError` where the run has
///   no such record or is not compute-matched, `RunStoreError`.
public func score(_ run: RunFile, method: ScoreMethod) throws -> ScoredRun {
    let usable = run.epochs.indices.filter { run.epochs[$0] > 0 }
    guard run.hasLogits || run.scoreNames.contains("el2n") else {
        throw WorkflowError.badData("\(run.path): EL2N needs /logits or /scores/el2n, and the run has neither")
    }
    let samples = try run.samples()
    var warnings: [String] = []
    let score: Score
    do {
        switch method {
        case .el2n(let asked):
            let positions = asked ?? 0..<usable.count
            guard positions.lowerBound >= 0, positions.upperBound <= usable.count, !positions.isEmpty else {
                throw WorkflowError.badData(
                    "\(run.path): --checkpoints \(positions.lowerBound):\(positions.upperBound) reaches beyond the run's "
                        + "\(usable.count) checkpoints after epoch 0")
            }
            var scorer = EL2N(sampleCount: samples.count)
            for position in positions {
                let values = try norms(run, checkpoint: usable[position], position: position, labels: samples.labels)
                scorer.add(values, position: position)
            }
            score = try scorer.result()
        case .cadPrune(let span, let window, let allowMismatched):
            if let warning = try computeMatch(run, allowMismatched: allowMismatched) { warnings.append(warning) }
            var scorer = try CADPrune(span: span, window: window, checkpoints: usable.count)
            for position in scorer.positions {
                scorer.add(try norms(run, checkpoint: usable[position], position: position, labels: samples.labels))
            }
            score = scorer.result()
        }
    } catch let error as ScoringError {
        throw WorkflowError(error.exitCode, "\(run.path): \(error)")
    }
    return ScoredRun(
        score: score, epochs: score.positions.map { run.epochs[usable[$0]] }, pass: run.description.pass,
        record: run.hasLogits ? "/logits" : "/scores/el2n", warnings: warnings)
}

/// EL2N at one checkpoint, [N].
private func norms(_ run: RunFile, checkpoint: Int, position: Int, labels: [Int32]) throws -> [Float] {
    guard run.hasLogits, let classes = run.classCount else {
        let values = try run.score("el2n", checkpoint: checkpoint)
        if let row = values.firstIndex(where: { !$0.isFinite }) {
            throw ScoringError.nonFinite(position: position, row: row)
        }
        return values
    }
    var values = [Float](repeating: 0, count: labels.count)
    try run.forEachLogitBlock(checkpoint: checkpoint) { first, block in
        let rows = block.count / classes
        try el2n(
            block: block, labels: labels[first..<first + rows], classes: classes, position: position, firstRow: first,
            into: &values)
    }
    return values
}

/// CAD-Prune's windows lie in a run whose own schedule ended at the budget: it trained on all images, and its last
/// checkpoint is the epoch that it planned for.
///
/// - Returns: a warning where the run cannot say, or was allowed by name.
func computeMatch(_ run: RunFile, allowMismatched: Bool) throws -> String? {
    var mismatch: String?
    let isFull = run.description.study.flatMap { try? JSON.parse($0) }?["subset"]?["method"]?.string == "all"
    if let subset = run.description.subset, subset != "full", !isFull {
        mismatch = "it trained on the subset '\(subset)', not on 'full'"
    } else if run.description.subset == nil {
        mismatch = "it does not say which subset it trained on (attribute 'subset')"
    } else if let planned = run.description.plannedEpochs, let last = run.epochs.last,
        // Within one sample, and within single precision: 7.8 epochs need not be a whole number of samples.
        !(abs(last - planned) <= max(1 / Double(max(run.sampleCount ?? 1, 1)), 1e-6 * planned))
    {
        mismatch = "its last checkpoint is at epoch \(last), and its schedule was planned for \(planned)"
    }
    if let mismatch {
        guard allowMismatched else {
            throw WorkflowError.badData(
                "\(run.path): CAD-Prune needs a compute-matched run, and this is none: \(mismatch) "
                    + "(--allow-mismatched scores it all the same, as an approximation)")
        }
        return "not compute-matched: \(mismatch)"
    }
    return run.description.plannedEpochs == nil ? "the run does not say for how many epochs it was planned" : nil
}
