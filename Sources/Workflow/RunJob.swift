import Datasets
import Foundation
import Records
import RunStore
import Tables
import Training

/// Trains one planned run into the store, from its last acknowledged checkpoint if there is one.
public struct RunJob: Sendable {
    public var plan: Plan
    public var run: PlannedRun
    public var threads: Int
    /// Samples seen so far.
    public var onProgress: (@Sendable (Int) -> Void)?
    /// What the user should know of what stood there.
    public var onRemark: (@Sendable (String) -> Void)?
    /// Asked at every step: true stops the run, which resumes from its last checkpoint.
    public var shouldStop: @Sendable () -> Bool

    public init(
        plan: Plan, run: PlannedRun, threads: Int = 1, onProgress: (@Sendable (Int) -> Void)? = nil,
        onRemark: (@Sendable (String) -> Void)? = nil, shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.plan = plan
        self.run = run
        self.threads = threads
        self.onProgress = onProgress
        self.onRemark = onRemark
        self.shouldStop = shouldStop
    }

    /// Trains. A stale run, and an unfinished one that is damaged, are set aside only where `replacing` says so; a fresh
    /// one is trained again only then, too.
    ///
    /// - Returns: the status before: `.fresh` means that nothing was done.
    @discardableResult
    public func train(on data: TrainingData, replacing: Bool) throws -> RunStatus {
        let path = plan.store.path(of: run.id)
        let lock = try RunLock(path: path)
        var status = try plan.status(run)
        let advice = "--force trains it anew and keeps the old file in \(plan.study.store).superseded"
        if let damage = damage(status) {
            guard replacing else { throw WorkflowError.badData("\(damage); the run cannot go on from here: \(advice)") }
            onRemark?("\(damage); it is kept in \(plan.study.store).superseded, and the run trained anew")
            status = .stale
        }
        switch status {
        case .fresh where !replacing: return .fresh
        case .stale where !replacing:
            throw WorkflowError.badData("\(path): this run was made by \(staleReason(path, data)); \(advice)")
        case .stale, .fresh: try plan.setAside(run, under: lock)
        case .partial, .missing: break
        }

        let chosen = try RunImages(plan: plan, run: run, data: data, threads: threads)
        let isResuming = if case .partial = status { true } else { false }
        var writer = try RunWriter(lock: lock, header: header(chosen, data), resuming: isResuming)
        var job = try job(chosen, data)
        if let start = try RunStart(run, plan: plan) {
            for checkpoint in try start.checkpoints().dropFirst(writer.acknowledged) {
                try writer.append(checkpoint, state: nil)
            }
            job.start = try start.state()
            let begun = run.start?.samples ?? 0
            job.checkpoints = job.checkpoints.filter { run.boundary(atOrAfter: $0) > begun }
        }
        var trainer = try Trainer(job, resuming: writer.resumeState())
        trainer.onProgress = onProgress
        trainer.shouldStop = shouldStop
        do {
            while var record = try trainer.next() {
                CorruptedTests.summarise(&record.checkpoint)
                try writer.append(record.checkpoint, state: record.state)
            }
        } catch let error as TrainingError {
            guard case .diverged = error else { throw error }
            throw WorkflowError(
                error.exitCode,
                "\(error); \(writer.acknowledged) checkpoint\(writer.acknowledged == 1 ? " before that is" : "s before that are") kept"
                    + (writer.acknowledged == 0 ? "" : " in \(writer.directory)"))
        }
        try writer.seal()
        return status
    }

    /// What keeps an unfinished run from ever being sealed: a checkpoint that cannot be read, or has other values than
    /// were written. Found before hours are spent on its end.
    private func damage(_ status: RunStatus) -> String? {
        let partial = plan.partialPath(of: run.id)
        switch status {
        case .fresh, .missing: return nil
        case .stale where FileManager.default.fileExists(atPath: plan.store.path(of: run.id)): return nil
        case .stale, .partial:
            do {
                return try RunFile(path: partial).verify().problems.map(\.error).first { $0.fault == .damaged }
                    .map(String.init(describing:))
            } catch { return "\(error)" }
        }
    }

    /// What differs from the run that stands there.
    private func staleReason(_ path: String, _ data: TrainingData) -> String {
        var planned = RunDescription(id: run.id)
        planned.setDigests(data.digests)
        // A run that cannot be read is of another kind in any case.
        guard let stored = try? RunFile(path: path).description, let difference = planned.dataDifference(from: stored)
        else { return "another study, data set or version (its digest differs)" }
        return "another data set (\(difference))"
    }

    private func header(_ chosen: RunImages, _ data: TrainingData) -> RunHeader {
        var description = RunDescription(id: run.id)
        description.dataset = run.data.name
        description.setDigests(data.digests)
        description.model = run.modelName
        description.regime = run.regime
        description.subset = run.subset
        description.ipc = run.images.ipc
        description.budget = run.budget
        description.seed = run.seed
        description.classes = run.data.classes
        description.plannedEpochs = run.plannedEpochs
        description.schedule = run.recipe.schedule.words
        description.pass = run.recordedPass == .train ? "train" : "eval"
        description.imageShape = run.data.shape.map(String.init).joined(separator: "x")
        description.study = run.resolved.text(pretty: false)
        description.digest = run.digest
        description.writer = "assay \(version)"
        description.created = Date().formatted(.iso8601)
        if case .soft(let teaching) = run.labels { description.temperature = teaching.temperature }
        return RunHeader(
            description: description, samples: samples(chosen, data), targets: chosen.targets, precision: run.precision)
    }

    /// What the run keeps records of.
    private func samples(_ chosen: RunImages, _ data: TrainingData) -> Samples {
        let files = data.dataset.train.names
        guard run.recordsAllSamples else {
            return Samples(
                ids: chosen.set.ids, labels: chosen.set.labels, names: files.flatMap { chosen.names(among: $0) })
        }
        let trained = Set(chosen.set.ids)
        let ids = data.training.map(Int64.init)
        return Samples(
            ids: ids, labels: data.labels, names: files.map { files in data.training.map { files[$0] } },
            trained: ids.map(trained.contains))
    }

    private func job(_ chosen: RunImages, _ data: TrainingData) throws -> TrainingJob {
        let train = data.dataset.train
        let test = data.dataset.test
        let normalization = Normalization(of: train, indices: data.training)
        var evaluation = [
            EvaluationSet(
                name: "test", images: .bytes(test.pixels, table: normalization.table), labels: test.labels)
        ]
        if !data.validation.isEmpty {
            evaluation.append(
                EvaluationSet(
                    name: "validation",
                    images: .bytes(train.images(at: data.validation).pixels, table: normalization.table),
                    labels: data.validation.map { train.labels[$0] }))
        }
        if let corrupted = data.corrupted { evaluation += try corrupted.evaluation(of: test, normalization) }
        var recipe = run.recipe.recipe
        if case .soft(let teaching) = run.labels, let mix = teaching.views?.mix { recipe.augmentation.mix = mix.mix }
        var job = TrainingJob(
            runID: run.id, seed: run.seed, network: run.model.network, recipe: recipe, classes: run.data.classes,
            shape: ImageShape(channels: train.channels, height: train.height, width: train.width),
            images: chosen.set.pixels, hardLabels: chosen.set.labels, labels: chosen.supply, evaluation: evaluation,
            totalSamples: run.totalSamples, checkpoints: run.checkpoints, recordsLogits: run.recordsLogits,
            recordsTest: run.recordsLogits, threads: threads)
        job.recordedPass =
            switch run.recordedPass {
            case .eval: .evaluation
            case .train: .train
            case .both: .both
            }
        if run.recordsAllSamples {
            let all = data.validation.isEmpty ? train.pixels : train.images(at: data.training).pixels
            job.recorded = .bytes(all, table: normalization.table)
        }
        job.streams = run.identity
        job.recordsState = run.keepsState
        job.weightsAt = Set(run.allWeightsAt)
        job.recordsFeatures = run.recordsFeatures
        return job
    }
}
