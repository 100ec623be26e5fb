import Records

/// Trains one run, checkpoint by checkpoint:
///
///     var trainer = try Trainer(job, resuming: try writer.resumeState())
///     while let (checkpoint, state) = try trainer.next() { try writer.append(checkpoint, state: state) }
///
/// Equal jobs give equal bits for any number of threads, and whether or not they were interrupted and resumed.
public struct Trainer: ~Copyable {
    /// Called after every step.
    public var onProgress: (@Sendable (_ samplesSeen: Int) -> Void)?
    /// Asked before every step; true makes `next` throw `.interrupted`.
    public var shouldStop: (@Sendable () -> Bool)?

    private let job: TrainingJob
    private let engine: GradientStep
    private var feed: SampleFeed
    private let length: Schedule.Length
    /// The step before which the optimiser is made anew.
    private let reset: Int?
    private var step: Int
    private var samplesSeen: Int
    /// The first checkpoint not yet given.
    private var pending: Int
    /// Loss and samples since the last checkpoint.
    private var lossSum: Double
    private var lossCount: Double
    private let earlierSeconds: Double
    private let start = ContinuousClock.now

    /// - Throws: `.invalidJob` when the job contradicts itself, `.badState` when a state or a teacher is not of such a
    ///   run.
    public init(_ job: TrainingJob, resuming state: TrainingState? = nil) throws(TrainingError) {
        try job.validate()
        let engine = try GradientStep(job)
        let layout = engine.network.layout
        let begun = state ?? job.start
        if let begun {
            guard begun.samplesSeen >= 0, begun.samplesSeen <= job.totalSamples,
                begun.step == job.steps(samples: Int(begun.samplesSeen))
            else {
                throw .badState("step \(begun.step) after \(begun.samplesSeen) samples is not on this run's way")
            }
            try layout.load(begun.tensors, prefix: "weights/", into: engine.parameters)
            try engine.optimizer.load(begun.tensors)
            try engine.objective.load(begun.tensors)
        } else {
            layout.initialise(engine.parameters, identity: job.identity, seed: job.seed)
            engine.optimizer.begin(with: engine.parameters)
        }
        self.job = job
        self.engine = engine
        feed = SampleFeed(job)
        length = job.length
        reset = job.recipe.schedule.reset(in: length)
        step = Int(begun?.step ?? 0)
        let seen = Int(begun?.samplesSeen ?? 0)
        samplesSeen = seen
        // A run that starts from another's state has not given that checkpoint yet.
        pending = state == nil ? 0 : job.checkpoints.firstIndex { $0 > seen } ?? job.checkpoints.count
        lossSum = state?.sums["train_loss"] ?? 0
        lossCount = state?.sums["train_samples"] ?? 0
        earlierSeconds = begun?.sums["seconds"] ?? 0
    }

    /// Trains up to the next checkpoint; nil when the run is over.
    ///
    /// Metrics: `train_loss` (mean over the samples since the last checkpoint; NaN before training), `<set>_loss` (mean
    /// cross-entropy on the hard labels) and `<set>_error` (0…1) of every evaluation set, `learning_rate` (of the last
    /// step), `seconds` (wall time of the run so far).
    /// - Throws: `.diverged` at the first step whose loss is not finite (or logit, at a checkpoint), `.interrupted` when
    ///   `shouldStop` says so.
    public mutating func next() throws(TrainingError) -> (checkpoint: Checkpoint, state: TrainingState)? {
        guard pending < job.checkpoints.count else { return nil }
        while samplesSeen < job.checkpoints[pending] { try advance() }
        let seen = samplesSeen
        let after = job.checkpoints.firstIndex { $0 > seen } ?? job.checkpoints.count
        let checkpoint = try makeCheckpoint(covering: Set(job.checkpoints[pending..<after]))
        pending = after
        lossSum = 0
        lossCount = 0
        return (checkpoint, makeState())
    }

    private func learningRate(step: Int) -> Double {
        job.recipe.optimizer.learningRate * job.recipe.schedule.factor(step: step, of: length)
    }

    /// The rate of the last step; before training that of the first.
    private var lastRate: Double { learningRate(step: max(step - 1, 0)) }

    private mutating func advance() throws(TrainingError) {
        if let shouldStop, shouldStop() { throw .interrupted(run: job.runID, samplesSeen: samplesSeen) }
        let current = feed.step(after: samplesSeen)
        let rate = learningRate(step: step)
        if step == reset { engine.optimizer.reset() }
        let (gradient, loss) = try engine.gradient(of: current, feed: feed)
        guard loss.isFinite else {
            throw .diverged(run: job.runID, step: step + 1, samplesSeen: samplesSeen, learningRate: rate)
        }
        let begun = if let reset, step >= reset { reset } else { 0 }
        try engine.update(gradient, rate: rate, step: step - begun + 1)
        lossSum += loss
        lossCount += Double(current.samples.count)
        samplesSeen += current.samples.count
        step += 1
        onProgress?(samplesSeen)
    }

    /// - Parameter targets: the due places that fall on this checkpoint.
    private func makeCheckpoint(covering targets: Set<Int>) throws(TrainingError) -> Checkpoint {
        let evaluated = engine.evaluated
        try engine.network.prepare(evaluated.pointer)
        let isLast = samplesSeen == job.totalSamples
        var checkpoint = Checkpoint(
            epoch: Double(samplesSeen) / Double(job.sampleCount), samplesSeen: Int64(samplesSeen))
        checkpoint.metrics["train_loss"] = lossSum / lossCount
        checkpoint.metrics["learning_rate"] = lastRate
        for set in job.evaluation {
            let logits = try evaluate(set.images)
            let loss = crossEntropy(logits.values, set.labels, rows: set.labels.count, classes: job.classes)
            let errors = errorCount(logits.values, set.labels, rows: set.labels.count, classes: job.classes)
            checkpoint.metrics["\(set.name)_loss"] = loss / Double(set.labels.count)
            checkpoint.metrics["\(set.name)_error"] = Double(errors) / Double(set.labels.count)
            if isLast && job.recordsTest && set.name == "test" {
                checkpoint.test = TestOutput(labels: set.labels, logits: logits)
            }
        }
        if job.recordsLogits {
            if job.recordedPass != .train { checkpoint.logits = try evaluate(recorded) }
            switch job.recordedPass {
            case .evaluation: break
            case .train: checkpoint.logits = engine.objective.seenLogits
            case .both: checkpoint.trainLogits = engine.objective.seenLogits
            }
        }
        let layout = engine.network.layout
        if isLast && job.recordsWeights || !targets.isDisjoint(with: job.weightsAt) {
            checkpoint.weights = layout.tensors(of: evaluated)
        }
        if isLast && job.recordsState {
            checkpoint.weights = layout.tensors(of: engine.parameters) + engine.optimizer.tensors()
        }
        if isLast && job.recordsFeatures { checkpoint.features = try features() }
        checkpoint.metrics["seconds"] = seconds
        return checkpoint
    }

    /// What logits and features are recorded of.
    private var recorded: StoredImages { job.recorded ?? .floats(job.images) }

    private func evaluate(_ images: StoredImages) throws(TrainingError) -> FloatMatrix {
        try look(at: images, columns: job.classes) { images, count, logits throws(TrainingError) in
            try engine.team.logits(images, count: count, into: logits)
        }
    }

    private func features() throws(TrainingError) -> FloatMatrix {
        try look(at: recorded, columns: engine.network.featureCount) { images, count, features throws(TrainingError) in
            try engine.team.features(images, count: count, into: features)
        }
    }

    /// Blocks are cut where the network's own would be, so that the bits are those of one pass over all images.
    private func look(
        at images: StoredImages, columns: Int,
        _ body: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) throws(TrainingError) -> Void
    ) throws(TrainingError) -> FloatMatrix {
        let rows = images.count / job.shape.count
        var values = [Float](repeating: 0, count: rows * columns)
        let block = engine.network.evaluationBlock * 32
        try values.withPointer { output throws(TrainingError) in
            try images.forEachBlock(of: block, shape: job.shape) { first, count, images throws(TrainingError) in
                try body(images, count, output + first * columns)
            }
        }
        try require(values)
        return FloatMatrix(rows: rows, columns: columns, values: values)
    }

    private func require(_ values: [Float]) throws(TrainingError) {
        guard values.allSatisfy({ $0.isFinite }) else {
            throw .diverged(run: job.runID, step: step, samplesSeen: samplesSeen, learningRate: lastRate)
        }
    }

    private var seconds: Double {
        let duration = ContinuousClock.now - start
        return earlierSeconds + Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    private func makeState() -> TrainingState {
        TrainingState(
            step: Int64(step), samplesSeen: Int64(samplesSeen),
            sums: ["train_loss": lossSum, "train_samples": lossCount, "seconds": seconds],
            tensors: engine.network.layout.tensors(of: engine.parameters, prefix: "weights/")
                + engine.optimizer.tensors() + engine.objective.tensors)
    }
}
