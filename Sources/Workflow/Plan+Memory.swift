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
