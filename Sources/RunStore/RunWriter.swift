import HDF5
public import Records

/// Writes a run so that a checkpoint which `append` has acknowledged is never lost and never half there, whatever kills
/// the process or fills the disk.
///
/// ```swift
/// var writer = try RunWriter(path: "runs/HL/full/mid/seed1.h5", header: header, resuming: true)
/// var trainer = try Trainer(job, resuming: try writer.resumeState())
/// while let (checkpoint, state) = try trainer.next() { try writer.append(checkpoint, state: state) }
/// try writer.seal()
/// ```
/// Each checkpoint becomes a part in `<id>.partial/`: written under a temporary name, synced, renamed, the directory
/// synced. The newest part carries `/state`; then the one before it is replaced, in the same way, by a copy without.
/// Sealing writes the whole run under a temporary name beside its final one, syncs, renames, and only then removes the
/// directory, newest part first. Whatever stands on disk between two of these steps is a run that resumes.
public struct RunWriter: ~Copyable, Sendable {
    /// The steps between which a process may die; tests stop at each.
    enum Step: Sendable, Equatable {
        case partWritten, partRenamed, partSafe, stateDropped, stateDroppedSafe
        case sealWritten, sealRenamed, sealSafe
        case partRemoved(Int)
    }

    /// The sealed run: `…/<id>.h5`.
    public let path: String
    /// The unfinished run: `…/<id>.partial`.
    public let directory: String
    public private(set) var header: RunHeader
    /// Checkpoints that are safe on disk.
    public private(set) var acknowledged: Int
    /// Whether the run is complete; then nothing can be appended.
    public private(set) var isSealed: Bool

    private var lastEpoch: Double?
    private var lastSeen: Int64 = 0
    /// What each checkpoint must hold, once one is written.
    private var pattern: Pattern?
    private let lock: RunLock
    var onStep: @Sendable (Step) throws(RunStoreError) -> Void = { _ throws(RunStoreError) in }

    /// What is the same in every checkpoint.
    private struct Pattern: Equatable {
        var classes: Int?
        var hasLogits: Bool
        var hasTrainLogits: Bool
        var scores: [String]
    }

    /// Begins a run, or goes on with what is on disk when `resuming`; otherwise unfinished work of that name is
    /// discarded.
    ///
    /// Throws when the path holds another run (id, digest, samples or precision differ), when a sealed run would be
    /// overwritten, when another process is writing it, and when the directory cannot be written.
    public init(path: String, header: RunHeader, resuming: Bool) throws(RunStoreError) {
        try self.init(lock: RunLock(path: path), header: header, resuming: resuming)
    }

    /// The same under a lock that is held already.
    public init(lock: consuming RunLock, header: RunHeader, resuming: Bool) throws(RunStoreError) {
        path = lock.path
        directory = lock.directory
        self.lock = lock
        self.header = header
        acknowledged = 0
        isSealed = false

        if FileSystem.isFile(path) {
            guard resuming else { throw RunStoreError(path, .alreadySealed) }
            let run = try RunFile(path: path)
            try Self.require(run, isRunOf: header)
            acknowledged = run.checkpointCount
            isSealed = true
            try removeParts()
            return
        }
        try FileSystem.remove(RunPath.aside(path))
        for name in try FileSystem.entries(directory) where name.hasSuffix(".new") {
            try FileSystem.remove(directory + "/" + name)
        }
        if resuming {
            try takeUp()
        } else {
            for part in try FileSystem.entries(directory).reversed() where part.hasPrefix("part-") {
                try FileSystem.remove(directory + "/" + part)
            }
            try FileSystem.sync(directory)
        }
    }

    /// The state that the newest part carries; nil when nothing is on disk or no state was kept.
    public func resumeState() throws(RunStoreError) -> TrainingState? {
        guard acknowledged > 0, !isSealed else { return nil }
        let path = partPath(acknowledged - 1)
        return try translating { () throws(HDF5Error) in try HDF5File(reading: path).readState() }
    }

    // MARK: Appending

    /// Writes one checkpoint; when it returns, the checkpoint is safe. Throws `.diskFull`, which says how many are,
    /// and `.badCheckpoint` when it does not continue the run.
    public mutating func append(_ checkpoint: Checkpoint, state: TrainingState?) throws(RunStoreError) {
        if isSealed { throw RunStoreError(path, .alreadySealed) }
        let pattern = try examine(checkpoint)
        let (target, header, isFirst) = (partPath(acknowledged), header, acknowledged == 0)
        try sayingWhatIsSafe { () throws(RunStoreError) in
            let room = Room.part(checkpoint, state, header, isFirst: isFirst)
            try publish(target, room: room, steps: (.partWritten, .partRenamed)) { (file) throws(HDF5Error) in
                try file.writePart(checkpoint, state, header, isFirst: isFirst)
            }
        }
        acknowledged += 1
        self.pattern = pattern
        lastEpoch = checkpoint.epoch
        lastSeen = checkpoint.samplesSeen
        try onStep(.partSafe)
        if acknowledged > 1 { try dropState(of: acknowledged - 2) }
    }

    /// Replaces a part by a copy without state. A full disk is no failure here: the checkpoint that was asked for is
    /// safe, and a state too many is dropped by sealing at the latest.
    private func dropState(of index: Int) throws(RunStoreError) {
        let target = partPath(index)
        do {
            let old = try translating { () throws(HDF5Error) in try HDF5File(reading: target) }
            guard try old.hasGroup("/state") else { return }
            let room = (FileSystem.size(target) ?? 0) + 65536
            try publish(target, room: room, steps: (.stateDropped, .stateDroppedSafe)) { (file) throws(HDF5Error) in
                try old.copyWithoutState(to: file)
            }
        } catch {
            guard error.fullDisk != nil else { throw error }
        }
    }

    /// Writes a file under a temporary name, makes it safe, and gives it its name.
    func publish(
        _ target: String, room: Int, steps: (written: Step, renamed: Step),
        _ write: (borrowing HDF5File) throws(HDF5Error) -> Void
    ) throws(RunStoreError) {
        let aside = RunPath.aside(target)
        do {
            try translating { () throws(HDF5Error) in
                let file = try HDF5File(creating: aside, reserving: room)
                try write(file)
                try file.close()
            }
            try FileSystem.sync(aside)
        } catch {
            try? FileSystem.remove(aside)
            throw error
        }
        try onStep(steps.written)
        try FileSystem.rename(aside, to: target)
        try onStep(steps.renamed)
        try FileSystem.sync(FileSystem.parent(target))
    }

    /// Turns "no space left" into the sentence that a user needs.
    func sayingWhatIsSafe(_ body: () throws(RunStoreError) -> Void) throws(RunStoreError) {
        do { try body() } catch {
            guard let reason = error.fullDisk else { throw error }
            throw RunStoreError(directory, .diskFull(reason, safe: acknowledged))
        }
    }

    /// Throws unless the checkpoint continues the run and has the shapes of its header.
    private func examine(_ checkpoint: Checkpoint) throws(RunStoreError) -> Pattern {
        let position = acknowledged
        func refuse(_ why: String) -> RunStoreError {
            RunStoreError(directory, checkpoint: position, .badCheckpoint(why))
        }
        guard checkpoint.epoch.isFinite, checkpoint.epoch >= 0, checkpoint.epoch > lastEpoch ?? -1 else {
            throw refuse("its epoch is \(checkpoint.epoch) after \(lastEpoch ?? 0)")
        }
        guard checkpoint.samplesSeen >= lastSeen else {
            throw refuse("it has seen \(checkpoint.samplesSeen) samples after \(lastSeen)")
        }
        let samples = header.samples?.count
        let classes = header.description.classes ?? header.targets?.columns ?? pattern?.classes
        for logits in [checkpoint.logits, checkpoint.trainLogits].compactMap({ $0 })
        where logits.rows != samples || logits.columns != classes ?? logits.columns {
            throw refuse("its logits are [\(logits.rows), \(logits.columns)] for \(samples ?? 0) samples")
        }
        if checkpoint.trainLogits != nil, checkpoint.logits == nil {
            throw refuse("it has logits of the training pass alone, which belong in /logits (pass = train)")
        }
        for (name, values) in checkpoint.scores where values.count != samples {
            throw refuse("its score '\(name)' has \(values.count) values for \(samples ?? 0) samples")
        }
        if let features = checkpoint.features, features.rows != samples {
            throw refuse("its features have \(features.rows) rows for \(samples ?? 0) samples")
        }
        if let test = checkpoint.test, test.labels.count != test.logits.rows {
            throw refuse("its test set has \(test.labels.count) labels and \(test.logits.rows) rows of logits")
        }
        if checkpoint.logits == nil, checkpoint.scores.isEmpty, checkpoint.metrics.isEmpty {
            throw refuse("it records nothing: neither a metric, nor logits, nor scores")
        }
        let mine = Pattern(
            classes: checkpoint.logits?.columns ?? classes, hasLogits: checkpoint.logits != nil,
            hasTrainLogits: checkpoint.trainLogits != nil, scores: checkpoint.scores.keys.sorted())
        if let pattern,
            pattern.hasLogits != mine.hasLogits || pattern.hasTrainLogits != mine.hasTrainLogits
                || pattern.scores != mine.scores
        {
            throw refuse("it has not the same records (logits, scores) as the checkpoints before it")
        }
        return mine
    }

    // MARK: What is on disk

    func partPath(_ index: Int) -> String { directory + "/" + RunPath.partName(index) }

    /// Goes on from the parts that are there.
    private mutating func takeUp() throws(RunStoreError) {
        guard try !RunPath.partPaths(of: directory).isEmpty else { return }
        let run = try RunFile(path: directory)
        try Self.require(run, isRunOf: header)
        // The run began when its first part was written, and keeps that date.
        header.description.created = run.description.created
        acknowledged = run.checkpointCount
        lastEpoch = run.epochs.last
        lastSeen = run.samplesSeen?.last ?? 0
        pattern = Pattern(
            classes: run.hasLogits ? run.classCount : header.description.classes, hasLogits: run.hasLogits,
            hasTrainLogits: run.hasTrainLogits, scores: run.scoreNames)
        // A writer that died after its newest part was safe has left the state in the one before.
        for index in run.parts.indices.dropLast() where run.parts[index].hasState { try dropState(of: index) }
    }

    private static func require(_ run: RunFile, isRunOf header: RunHeader) throws(RunStoreError) {
        func compare(_ what: String, _ found: String?, _ expected: String?) throws(RunStoreError) {
            guard found != expected else { return }
            throw RunStoreError(
                run.path, .otherRun(what: what, found: found ?? "absent", expected: expected ?? "none"))
        }
        try compare("id", run.description.id, header.description.id)
        try compare("digest", run.description.digest, header.description.digest)
        try compare("number of samples", run.sampleCount.map(String.init), (header.samples?.count).map(String.init))
        if let samples = header.samples, try run.samples() != samples {
            throw RunStoreError(
                run.path, dataset: "/samples",
                .otherRun(what: "list of samples", found: "another", expected: "the header's"))
        }
        if run.hasLogits { try compare("precision", run.logitsType, header.precision.rawValue) }
    }

    // MARK: Sealing

    /// Turns the parts into the sealed run and removes them. Does nothing when the run is sealed already.
    public mutating func seal() throws(RunStoreError) {
        if isSealed { return }
        if acknowledged == 0 { throw RunStoreError(directory, .notBegun) }
        let run = try RunFile(path: directory)
        let (path, header) = (path, header)
        try sayingWhatIsSafe { () throws(RunStoreError) in
            var damage: RunStoreError?
            do throws(RunStoreError) {
                try publish(path, room: Room.sealed(run), steps: (.sealWritten, .sealRenamed)) {
                    (file) throws(HDF5Error) in
                    damage = try file.writeSealed(run, header)
                    if damage != nil { throw HDF5Error(call: "sealing", path: path, reason: "damaged") }
                }
            } catch {
                throw damage ?? error
            }
        }
        isSealed = true
        try onStep(.sealSafe)
        try removeParts()
    }

    /// Removes the parts; their directory goes with the lock.
    private func removeParts() throws(RunStoreError) {
        try lock.removeParts { (index) throws(RunStoreError) in try onStep(.partRemoved(index)) }
    }
}

extension RunStoreError {
    /// The system's sentence, when nothing more fitted on the disk.
    var fullDisk: String? {
        switch fault {
        case .system(_, let reason, let number): FileSystem.isFull(number) ? reason : nil
        case .unreadable(let error): FileSystem.isFull(error.errorNumber ?? 0) ? error.reason : nil
        default: nil
        }
    }
}
