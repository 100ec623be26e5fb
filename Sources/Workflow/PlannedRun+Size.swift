import Records
import Studies
import Tables

extension PlannedRun {
    /// Samples of a full step: a subset that is smaller than the recipe's batch is the batch.
    public var batch: Int { min(recipe.batch, samples) }

    public var stepsPerPass: Int { (samples + batch - 1) / batch }

    /// Optimiser steps: batches are cut within a pass over the images, and the last one to the samples that remain.
    public var steps: Int { steps(samples: totalSamples) }

    /// Steps that end with the first of them at or after `seen` samples.
    func steps(samples seen: Int) -> Int {
        let rest = seen % samples
        return seen / samples * stepsPerPass + (rest + batch - 1) / batch
    }

    /// Samples seen after so many steps.
    func samples(steps: Int) -> Int {
        min(steps / stepsPerPass * samples + min(steps % stepsPerPass * batch, samples), totalSamples)
    }

    /// Samples seen at the end of the first step at or after `target`.
    public func boundary(atOrAfter target: Int) -> Int {
        let rest = target % samples
        guard rest > 0 else { return target }
        return min(target - rest + min((rest + batch - 1) / batch * batch, samples), totalSamples)
    }

    /// Samples seen at the checkpoints that there will be: those that fall on one step are one.
    public var storedCheckpoints: [Int] {
        checkpoints.reduce(into: []) { stored, target in
            let place = boundary(atOrAfter: target)
            if stored.last != place { stored.append(place) }
        }
    }

    /// Bytes of the sealed run's largest dataset, the logits.
    public var logitBytes: Int {
        let rows = recordsAllSamples ? data.training : samples
        let each = rows * data.classes * (precision == .half ? 2 : 4)
        return recordsLogits ? storedCheckpoints.count * each * (recordedPass == .both ? 2 : 1) : 0
    }

    /// Samples seen at the checkpoints that must keep weights.
    var allWeightsAt: [Int] { Array(Set(weightsAt + taughtAt)).sorted() }

    /// What a reader of the plan would not expect.
    public var notes: [String] {
        var notes: [String] = []
        if recipe.batch > samples {
            notes.append("a batch of \(recipe.batch) is more than the \(samples) images: the subset is the batch")
        }
        let shared = checkpoints.count - storedCheckpoints.count
        if shared > 0 {
            notes.append(
                "\(shared) of \(checkpoints.count) checkpoints are finer than a batch of \(batch) and fall on the next one"
            )
        }
        if case .soft(let teaching) = labels { notes += teaching.teachers.map { "taught by \($0.place)" } }
        if !taughtAt.isEmpty {
            let epochs = taughtAt.map { shortest(Double($0) / Double(data.training)) }
            notes.append("keeps its weights at epoch \(epochs.joined(separator: ", ")), where its network teaches")
        }
        return notes + remarks
    }
}
