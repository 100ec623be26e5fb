import Distillation
import Records
import Studies
import Training

extension Plan {
    /// The peak memory of one `assay train`, on one thread: of the run that takes most, in a sentence.
    public func memory() throws -> String {
        var known: [String: Int] = [:]
        var most: (bytes: Int, id: String) = (0, "")
        for run in runs {
            let bytes = try bytes(run, known: &known)
            if bytes > most.bytes { most = (bytes, run.id) }
        }
        return "memory: \(most.bytes / 1_000_000) MB for the run that takes most, \(most.id), on one thread"
    }

    /// The program, its libraries and their kernels; measured, since nothing counts them.
    private static let program = 56_000_000

    /// Peak bytes of one run.
    func bytes(_ run: PlannedRun, threads: Int = 1) throws -> Int {
        var known: [String: Int] = [:]
        return try bytes(run, threads: threads, known: &known)
    }

    private func bytes(_ run: PlannedRun, threads: Int = 1, known: inout [String: Int]) throws -> Int {
        guard data.shape.count == 3 else { return Self.program }
        let shape = ImageShape(channels: data.shape[0], height: data.shape[1], width: data.shape[2])
        let recipe = run.recipe.recipe
        let key = "\(run.modelName) \(run.batch) \(threads) \(recipe.optimizer) \(recipe.averaging == nil)"
        let training =
            try known[key]
            ?? trainingBytes(
                run.model.network, shape: shape, classes: data.classes, recipe: recipe, images: run.samples,
                threads: threads)
        known[key] = training
        // Pixels are bytes in the data set and in what is only evaluated, and floats where they are trained on.
        let float = MemoryLayout<Float>.size
        var bytes = Self.program + training + (data.training + data.validation + data.test) * shape.count
        bytes += run.samples * shape.count * float + data.validation * shape.count
        if let corruptions = data.corruptions {
            let images = min(corruptions.images ?? data.test, data.test)
            bytes += corruptions.names.count * corruptions.severities.count * images * shape.count
        }
        if run.recordsLogits {
            let rows = run.recordsAllSamples ? data.training : run.samples
            let passes = run.recordedPass == .both ? 3 : run.recordedPass == .train ? 2 : 1
            bytes += passes * rows * data.classes * float
            if run.recordsAllSamples && data.validation > 0 { bytes += rows * shape.count }
        }
        bytes += data.test * data.classes * float
        if case .soft(let teaching) = run.labels {
            bytes += try teaching.teachers.reduce(0) { try $0 + teacherBytes($1, run, shape, &known) }
        }
        return bytes
    }

    private func teacherBytes(
        _ teacher: PlannedRun.Teaching.Teacher, _ run: PlannedRun, _ shape: ImageShape, _ known: inout [String: Int]
    ) throws -> Int {
        guard teacher.usesNetwork else { return data.training * data.classes * MemoryLayout<Float>.size }
        guard let model = teacher.model ?? self.run(teacher.source.id)?.model else { return 0 }
        let key = "teacher \(teacher.source.id)"
        let bytes = try known[key] ?? frozenBytes(model.network, shape: shape, classes: data.classes)
        known[key] = bytes
        return bytes
    }
}

extension Plan {
    /// The peak memory of evaluating each analysis' objectives, a sentence each: the sets' own images are held one set at a
    /// time.
    public func objectiveMemory() throws -> [String] {
        try study.analyses.compactMap { analysis in
            guard case .dcs = analysis.value.kind, data.shape.count == 3 else { return nil }
            let bytes = try objectiveBytes(analysis.value.objectives, runs.filter { looksAt($0, analysis.value) })
            return "memory: \(bytes / 1_000_000) MB for the objectives of '\(analysis.name)', on one thread"
        }
    }

    private func objectiveBytes(_ list: ObjectiveList, _ chosen: [PlannedRun]) throws -> Int {
        let shape = ImageShape(channels: data.shape[0], height: data.shape[1], width: data.shape[2])
        let float = MemoryLayout<Float>.size
        let sets = chosen.filter { $0.images != .all }
        let own = sets.filter { !$0.images.areOfData }.map(\.samples).max() ?? 0
        let names = Set(sets.map { "\($0.setName) \($0.seed)" }).count
        let most = try list.choices.map { try bytes(of: $0.objective(study.models), list, shape, sets: names) }.max()
        // D, one set with images of its own beside what it is read from, and the images that are looked at.
        return Self.program + (data.training + data.validation + data.test) * shape.count
            + 2 * (own + Self.block) * shape.count * float + (most ?? 0)
    }

    /// Images that are shown to a network together.
    private static let block = 1024

    /// The networks that an objective asks, and what it keeps of them.
    private func bytes(
        of objective: any DistillationObjective, _ list: ObjectiveList, _ shape: ImageShape, sets: Int
    ) throws -> Int {
        let runs = ObjectiveRuns(list, plan: self)
        var specs = objective.needs.contains(.observers) ? runs.observers.map(\.model.network) : []
        if objective.needs.contains(.trajectories) { specs += runs.experts.map(\.model.network) }
        let matching = [(objective as? DistributionMatching)?.networks, (objective as? GradientMatching)?.networks]
        for case .random(_, let spec)? in matching { specs.append(spec) }
        let takesGradients = objective is GradientMatching || objective is TrajectoryMatching || objective is DWA
        let held = specs.reduce(0) { $0 + parameterCount($1, shape: shape, classes: data.classes) }
        let most = try specs.map { spec -> Int in
            let parameters = parameterCount(spec, shape: shape, classes: data.classes)
            guard takesGradients else {
                let frozen = try frozenBytes(spec, shape: shape, classes: data.classes)
                guard objective is DistributionMatching else { return frozen }
                let network = try FrozenNetwork(
                    spec, shape: shape, classes: data.classes, identity: "memory", seed: 0, threads: 1)
                // Sums of features by set and class, and those of D.
                return frozen + (sets + 1) * data.classes * network.featureCount * MemoryLayout<Double>.size
            }
            let batch = max(256, 16 * data.classes)
            let training = try trainingBytes(
                spec, shape: shape, classes: data.classes,
                recipe: Recipe(optimizer: .sgd(learningRate: 0.01), schedule: Schedule(.constant), batch: batch),
                images: batch)
            // The gradients of D's classes, or an expert's weights at both ends.
            return training + MemoryLayout<Float>.size * parameters * (objective is GradientMatching ? data.classes : 4)
        }.max()
        return held * MemoryLayout<Float>.size + (most ?? 0)
    }
}
