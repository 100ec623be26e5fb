import RunStore
import Tables

/// CAD-Prune's windows lie in a run whose own schedule ended at the budget: it trained on all images, and its last
/// checkpoint is the epoch that it planned for.
///
/// - Returns: a warning where the run cannot say, or was allowed by name.
func computeMatch(_ run: RunFile, subset full: String = "full", allowMismatched: Bool) throws -> String? {
    var mismatch: String?
    let isFull = run.description.study.flatMap { try? JSON.parse($0) }?["subset"]?["method"]?.string == "all"
    if let subset = run.description.subset, subset != full, !isFull {
        mismatch = "it trained on the subset '\(subset)', not on '\(full)'"
    } else if run.description.subset == nil {
        mismatch = "it does not say which subset it trained on (attribute 'subset')"
    } else if run.isTrunk {
        mismatch = "it is a stretch of a trunk, whose learning rate was not annealed"
    } else if let planned = run.description.plannedEpochs, let last = run.epochs.last,
        !(abs(last - planned) <= slack(run, planned))
    {
        mismatch =
            "its last checkpoint is at epoch \(last), and its schedule was planned for \(planned)"
            + (last + 1 == planned ? " (were its epochs counted from 0? assay import --epoch-base 0)" : "")
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

/// How far a checkpoint may lie from an epoch that is meant: one sample, or single precision; 7.8 epochs need not be a whole
/// number of samples.
func slack(_ run: RunFile, _ epoch: Double) -> Double {
    max(1 / Double(max(run.sampleCount ?? 1, 1)), 1e-6 * epoch)
}
