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
        let stored = storedCheckpoints.count
        if stored < askedCheckpoints {
            notes.append(
                "\(askedCheckpoints) checkpoints are asked for and there will be \(stored): those closer than a batch of "
                    + "\(batch) fall on the same step")
        }
        if model.couplesBatch, batch == 1 || samples % batch == 1 {
            notes.append(
                "the last batch of a pass is 1 image, and batch normalisation takes its statistics from that one: "
                    + "another batch than \(recipe.batch) leaves more")
        }
        if case .soft(let teaching) = labels { notes += teachingNotes(teaching) }
        if !taughtAt.isEmpty {
            let epochs = taughtAt.map { shortest(Double($0) / Double(data.training)) }
            notes.append("keeps its weights at epoch \(epochs.joined(separator: ", ")), where its network teaches")
        }
        return notes + remarks
    }

    private func teachingNotes(_ teaching: Teaching) -> [String] {
        let isSquared = if case .meanSquares? = recipe.loss { true } else { false }
        let degree = isSquared ? "" : " at temperature \(shortest(teaching.temperature))"
        return teaching.teachers.map { "taught by \($0.place)\(degree)" }
    }
}
