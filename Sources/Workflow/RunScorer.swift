import Records
import RunStore
import Scoring
import Tables

/// One run as a source of scores: which of its checkpoints are read, from which datasets.
struct RunScorer: Sendable {
    let run: RunFile
    let plan: ScorePlan
    let source: ScoreSource
    let warnings: [String]
    /// How the logits were taken: `eval`, `train`; nil: the run does not say.
    let pass: String?
    /// The run's checkpoints after epoch 0 that are read: position → checkpoint.
    private let checkpoints: [Int]
    private let logits: RecordReader?
    private let logitsName: String
    private let records: [(record: SampleRecord, reader: RecordReader)]
    /// Whose soft labels are taken.
    private let teaching: RunFile
    private let targets: RecordReader?
    private let features: RecordReader?

    /// - Throws: `WorkflowError` where the run is not compute-matched or a window has a gap, `ScoringError` (with the
    ///   run's path, as `WorkflowError`) where the scores cannot be had from what the run recorded, `RunStoreError`.
    init(_ run: RunFile, _ requests: [ScoreRequest], _ options: ScoringOptions) throws {
        self.run = run
        checkpoints = readCheckpoints(run.epochs, every: options.every)
        guard run.sampleCount != nil else {
            throw WorkflowError.badData("\(run.path): a run of metrics only: there is no sample to score")
        }
        teaching = options.targets ?? run
        if requests.contains(where: \.needsTargets), !teaching.hasTargets {
            let another = options.targets == nil ? " (--targets takes those of another run)" : ""
            throw WorkflowError.badData(
                "\(teaching.path): el2n-sl needs the soft labels in /targets, and the run has none\(another)")
        }
        if requests.contains(where: \.needsFeatures), !run.hasFeatures {
            throw WorkflowError.badData(
                "\(run.path): grand needs the penultimate features in /features, and the run has none")
        }
        var warnings: [String] = []
        let (own, asked) = (teaching.description.temperature, requests.lazy.compactMap(\.temperature).first)
        if let asked, own == nil, requests.contains(where: \.needsTargets) {
            warnings.append(
                "\(options.targets?.path ?? "the run") does not say at which temperature its soft labels are; they are taken to be at \(shortest(asked))"
            )
        }
        do {
            plan = try ScorePlan(
                requests, checkpoints: checkpoints.count,
                // Stored records do not tell how many classes there are, and need not.
                classes: run.classCount ?? Int(Int32.max),
                targetTemperature: teaching.hasTargets ? own ?? asked : nil)
            let stored = Set(run.scoreNames.compactMap(SampleRecord.init))
            source = try plan.source(hasLogits: run.hasLogits, stored: stored)
        } catch { throw WorkflowError(error.exitCode, "\(run.path): \(error)") }
        if requests.contains(where: { $0.method == "cad-prune" }),
            let warning = try computeMatch(run, subset: options.fullSubset, allowMismatched: options.allowMismatched)
        {
            warnings.append(warning)
        }
        if !options.allowUneven { try Self.requireEvenWindows(run, checkpoints, plan) }
        self.warnings = warnings
        (pass, logitsName) = try Self.pass(options.pass, of: run, readsLogits: source == .logits)
        logits = source == .logits ? try RecordReader(run, object: logitsName) : nil
        records = try source.stored.map { ($0, try RecordReader(run, object: "/scores/" + $0.rawValue)) }
        targets = plan.needsTargets ? try RecordReader(teaching, object: "/targets") : nil
        features = plan.needsFeatures ? try RecordReader(run, object: "/features") : nil
    }

    /// The pass that is scored, and its dataset.
    private static func pass(
        _ wanted: String?, of run: RunFile, readsLogits: Bool
    ) throws -> (pass: String?, dataset: String) {
        let own = run.description.pass
        guard let wanted, wanted != own else { return (own, "/logits") }
        if wanted == "train", readsLogits, run.hasTrainLogits { return (wanted, RunObjects.trainLogits) }
        let has = own.map { "those of pass '\($0)'" } ?? "those of a pass that it does not name"
        throw WorkflowError.badData(
            "\(run.path): it keeps no logits of pass '\(wanted)', only \(has) ('record: { pass: [eval, train] }' keeps both)"
        )
    }

    /// The epochs that a request reads.
    func epochs(_ request: ScoreRequest) throws -> [Double] {
        try request.positions(of: checkpoints.count).map { run.epochs[checkpoints[$0]] }
    }

    /// Where the values come from: `/logits`, or the names of the stored records.
    var recordNames: [String] {
        source == .logits ? [logits?.object ?? "/logits"] : records.map { "/scores/" + $0.record.rawValue }
    }

    /// Bytes that one sample takes to be read, all checkpoints together.
    var bytesPerSample: Int {
        let perCheckpoint = (logits?.rowBytes ?? 0) + records.reduce(0) { $0 + $1.reader.rowBytes }
        return plan.positions.count * perCheckpoint + (targets?.rowBytes ?? 0) + (features?.rowBytes ?? 0)
    }

    /// How many rows go together: a checkpoint's logits of these rows stay in the processor's cache, the records of all
    /// checkpoints near it. Packed rows stay together where HDF5's cache would not hold them for the next block.
    var blockRows: Int {
        let widest = max(logits?.rowBytes ?? 4, targets?.rowBytes ?? 4)
        let kept = 4 * plan.positions.count * max(1, plan.records.count)
        let rows = max(1, min((1 << 18) / widest, (1 << 20) / kept, 8192))
        guard let packed = ([logits] + records.map(\.reader)).compactMap({ $0?.packedRows }).max() else { return rows }
        let chunks = plan.positions.count * packed * (logits?.rowBytes ?? 4)
        return chunks > 48 << 20 ? max(rows, packed) : rows
    }

    /// Room for one thread's work.
    func workspace(rows: Int) -> Workspace {
        let widest = max(logits?.rowBytes ?? 4, targets?.rowBytes ?? 4)
        return Workspace(block: DynamicsBlock(plan, source: source, rows: rows), bytes: rows * widest)
    }

    final class Workspace {
        fileprivate var block: DynamicsBlock
        fileprivate let buffer: UnsafeMutableRawBufferPointer

        fileprivate init(block: DynamicsBlock, bytes: Int) {
            self.block = block
            buffer = .allocate(byteCount: bytes, alignment: 64)
        }

        deinit { buffer.deallocate() }
    }

    /// The scores of a block of rows, by request. Throws `RunStoreError` that names file, dataset, checkpoint and sample.
    func scores(_ rows: Range<Int>, labels: [Int32], in workspace: Workspace) throws -> [[Double]] {
        func bytes(_ reader: RecordReader) -> UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(rebasing: workspace.buffer[..<(rows.count * reader.rowBytes)])
        }
        do {
            try labels.withUnsafeBufferPointer { try workspace.block.begin(labels: $0, firstRow: rows.lowerBound) }
            if let targets {
                let room = bytes(targets)
                try targets.read(rows: rows, into: room)
                try workspace.block.set(targets: UnsafeRawBufferPointer(room), isHalf: targets.precision == .half)
            }
            for position in plan.positions {
                let checkpoint = checkpoints[position]
                if let logits {
                    let room = bytes(logits)
                    try logits.read(checkpoint: checkpoint, rows: rows, into: room)
                    try workspace.block.add(
                        logits: UnsafeRawBufferPointer(room), isHalf: logits.precision == .half, position: position)
                }
                for (record, reader) in records {
                    let values = try reader.floats(checkpoint: checkpoint, rows: rows)
                    try values.withUnsafeBufferPointer {
                        try workspace.block.add(record: record, values: $0, position: position)
                    }
                }
            }
            if let features {
                let values = try features.floats(rows: rows)
                try values.withUnsafeBufferPointer {
                    try workspace.block.set(features: $0, dimension: features.columns)
                }
            }
            return plan.requests.indices.map { workspace.block.scores(of: $0) }
        } catch let error as ScoringError {
            throw located(error)
        }
    }

    /// The error with file, dataset, checkpoint, sample and class.
    private func located(_ error: ScoringError) -> any Error {
        switch error {
        case .nonFinite(let position, let row):
            let checkpoint = checkpoints[position]
            guard let values = try? logits?.floats(checkpoint: checkpoint, rows: row..<row + 1),
                let column = values.firstIndex(where: { !$0.isFinite })
            else { break }
            return RunStoreError(
                run.path, dataset: logitsName, checkpoint: checkpoint, sample: row,
                .nonFinite(value: values[column], column: column))
        case .badRecord(let record, let position, let row, let value):
            let words = value.isFinite ? "\(value), which is no value that it can have" : "\(value)"
            return WorkflowError.badData(
                "\(run.path), /scores/\(record.rawValue), checkpoint \(checkpoints[position]), sample "
                    + "\(row): the value is \(words)")
        case .badTarget(let row):
            return WorkflowError.badData(
                "\(teaching.path), /targets, sample \(row): no probabilities: they must be finite and not "
                    + "negative, and sum to 1")
        case .nonFiniteFeature(let row):
            return WorkflowError.badData(
                "\(run.path), /features, sample \(row): a feature is NaN or infinite")
        default: break
        }
        return WorkflowError(error.exitCode, "\(run.path): \(error)")
    }

    /// Throws where a window of checkpoints has a gap: a deviation over unequal steps is another number.
    private static func requireEvenWindows(_ run: RunFile, _ checkpoints: [Int], _ plan: ScorePlan) throws {
        for request in plan.requests where request.span != nil {
            let epochs = try request.positions(of: checkpoints.count).map { run.epochs[checkpoints[$0]] }
            let steps = zip(epochs, epochs.dropFirst()).map { $1 - $0 }
            guard let least = steps.min(), let wide = steps.firstIndex(where: { $0 > 1.05 * least }) else { continue }
            throw WorkflowError.badData(
                "\(run.path): \(request.method) takes windows of evenly spaced checkpoints, and between the epochs "
                    + "\(shortest(epochs[wide])) and \(shortest(epochs[wide + 1])) lie "
                    + "\(shortest(steps[wide])) epochs, elsewhere \(shortest(least)): a checkpoint is missing "
                    + "(--allow-uneven scores it all the same)")
        }
    }
}

/// The checkpoints after epoch 0; with `every`, the first at or after each of its multiples.
func readCheckpoints(_ epochs: [Double], every: Double?) -> [Int] {
    let trained = epochs.indices.filter { epochs[$0] > 0 }
    guard let every else { return trained }
    let rounding = 1e-9
    var next = 1.0
    return trained.filter { index in
        let multiples = epochs[index] / every + rounding
        guard multiples >= next else { return false }
        next = multiples.rounded(.down) + 1
        return true
    }
}
