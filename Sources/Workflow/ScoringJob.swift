import Records
import RunStore
import Scoring
import Statistics
import Tables

/// How runs are scored, beside what the scores themselves take.
public struct ScoringOptions: Sendable {
    /// Let CAD-Prune score a run whose schedule did not end at its budget.
    public var allowMismatched = false
    /// The subset that stands for all training images.
    public var fullSubset = "full"
    /// Epochs between the checkpoints that are read: the first at or after every multiple; nil: all.
    public var every: Double?
    /// Let windows take checkpoints that are not evenly spaced.
    public var allowUneven = false
    /// `eval` or `train`: which logits, where a run keeps those of both passes; nil: `/logits`.
    public var pass: String?
    /// A run of the same samples whose soft labels are taken instead of the scored runs' own: runs of hard and of soft labels
    /// compare against the same q.
    public var targets: RunFile?
    public var threads = 1

    public init() {}
}

/// The scores of a block of rows: of several runs their mean and standard deviation (ddof 1).
struct ScoredRows {
    var samples: Samples
    /// [requests, n]
    var values: [[Double]]
    /// [requests, n]; nil for one run.
    var deviations: [[Double]]?

    /// Adds the rows that follow.
    mutating func append(_ rows: ScoredRows) {
        samples.ids += rows.samples.ids
        samples.labels += rows.samples.labels
        samples.names? += rows.samples.names ?? []
        for index in values.indices {
            values[index] += rows.values[index]
            if let spread = rows.deviations { deviations?[index] += spread[index] }
        }
    }
}

/// Any number of scores of one or more runs of the same samples, in one pass over what the runs recorded, block after
/// block of samples: memory does not grow with N.
public struct ScoringJob: Sendable {
    public let requests: [ScoreRequest]
    public let sampleCount: Int
    public let warnings: [String]
    /// Epochs between the checkpoints that are read; nil: all are.
    let every: Double?
    /// Whose soft labels are taken; nil: each run's own.
    let targets: RunFile?
    let scorers: [RunScorer]
    private let threads: Int

    /// Throws `WorkflowError` where the runs are not of the same samples or lack what a score needs, `RunStoreError`.
    public init(_ runs: [RunFile], _ requests: [ScoreRequest], options: ScoringOptions = .init()) throws {
        guard let first = runs.first, !requests.isEmpty else { throw WorkflowError(64, "no run to score") }
        try Self.requireDistinct(runs)
        for run in runs { try run.requireDistinctSamples() }
        for run in runs.dropFirst() + [options.targets].compactMap(\.self) { try Self.requireSameData(run, first) }
        scorers = try runs.map { try RunScorer($0, requests, options) }
        for scorer in scorers.dropFirst() {
            for request in requests {
                let (epochs, expected) = (try scorer.epochs(request), try scorers[0].epochs(request))
                guard epochs == expected else {
                    throw WorkflowError.badData(
                        "\(scorer.run.path): it is scored at epochs \(Self.text(epochs)), and \(first.path) at "
                            + "\(Self.text(expected)) (only scores of the same checkpoints are averaged)")
                }
            }
        }
        self.requests = requests
        every = options.every
        targets = options.targets
        sampleCount = first.sampleCount ?? 0
        threads = max(1, options.threads)
        warnings =
            Self.differences(runs) + scorers.flatMap { scorer in scorer.warnings.map { "\(scorer.run.path): \($0)" } }
    }

    /// Bytes that will be read.
    public var byteCount: Int { scorers.reduce(0) { $0 + $1.bytesPerSample } * sampleCount }

    /// The scores of all samples, [requests, N]; of several runs their mean.
    func values() throws -> [[Double]] {
        var values = [[Double]](repeating: [], count: requests.count)
        for index in values.indices { values[index].reserveCapacity(sampleCount) }
        try forEachBlock { rows in
            for index in values.indices { values[index] += rows.values[index] }
        }
        return values
    }

    /// Each score's mean over all samples, by request.
    public func means() throws -> [Double] {
        var sums = [Double](repeating: 0, count: requests.count)
        try forEachBlock { rows in
            for index in sums.indices { sums[index] += rows.values[index].reduce(0, +) }
        }
        return sums.map { $0 / Double(max(1, sampleCount)) }
    }

    /// Hands over the values of the first score block after block, in the order of `/samples`.
    public func forEach(_ body: (_ values: [Double]) throws -> Void) throws {
        try forEachBlock { try body($0.values[0]) }
    }

    /// Hands over the scores of all samples in the order of `/samples`. Throws what reading and scoring throw, first of
    /// all for the first rows, and what `consume` throws.
    func forEachBlock(withNames: Bool = false, _ consume: (ScoredRows) throws -> Void) throws {
        let height = scorers.map(\.blockRows).min() ?? 1
        let runs = scorers.map(\.run) + [targets].compactMap(\.self)
        let readers = try runs.map { try SampleReader($0) }
        let count = sampleCount
        try orderedBlocks(
            (count + height - 1) / height, threads: threads,
            worker: { scorers.map { $0.workspace(rows: min(height, max(1, count))) } },
            compute: { workspaces, block in
                let rows = block * height..<min(count, (block + 1) * height)
                let samples = try readers[0].read(rows, withNames: withNames)
                for (reader, run) in zip(readers, runs).dropFirst() {
                    try requireSame(try reader.read(rows), samples, run)
                }
                let each = try zip(scorers, workspaces).map { try $0.scores(rows, labels: samples.labels, in: $1) }
                return Self.combined(each, samples)
            },
            consume: { try consume($1) })
    }

    /// Mean and standard deviation over the runs.
    private static func combined(_ runs: [[[Double]]], _ samples: Samples) -> ScoredRows {
        guard runs.count > 1 else { return ScoredRows(samples: samples, values: runs[0]) }
        var (means, deviations): ([[Double]], [[Double]]) = ([], [])
        for request in runs[0].indices {
            let each = samples.ids.indices.map { row in runs.map { $0[request][row] } }
            means.append(each.map { mean($0) })
            deviations.append(each.map { standardDeviation($0) ?? .nan })
        }
        return ScoredRows(samples: samples, values: means, deviations: deviations)
    }

    private func requireSame(_ samples: Samples, _ expected: Samples, _ run: RunFile) throws {
        if let difference = samples.difference(from: expected) {
            throw WorkflowError.badData(
                "\(run.path): its samples are not those of \(scorers[0].run.path): \(difference) (scores of several runs are "
                    + "averaged, and soft labels taken, per sample, in the order of the runs)")
        }
    }

    /// Throws where a run is named twice, under one id or, as digests tell, under two: seeds that are one would narrow
    /// the spread.
    private static func requireDistinct(_ runs: [RunFile]) throws {
        let records = runs.count > 1 ? try runs.map { try $0.recordDigests() } : []
        for (index, run) in runs.enumerated() {
            let isRepeated = runs[..<index].contains {
                $0.path == run.path
                    || $0.description.digest != nil && $0.description.digest == run.description.digest
                        && $0.description.id == run.description.id
            }
            if isRepeated { throw WorkflowError(64, "\(run.path): the run is named twice, and counts once") }
            if index > 0, let own = records[index], let twin = records[..<index].firstIndex(of: own) {
                throw WorkflowError(
                    64,
                    "\(run.path): what it recorded is that of \(runs[twin].path), bit by bit: one run under two ids counts once"
                )
            }
        }
    }

    /// What runs that are averaged do not share beside their seed.
    private static func differences(_ runs: [RunFile]) -> [String] {
        let kinds: [(String, (RunFile) -> String?)] = [
            ("regime", { $0.description.regime }), ("model", { $0.description.model }),
            ("pass", { $0.description.pass }),
            ("subset", { $0.description.subset }), ("budget", { $0.description.budget.map(shortest) }),
        ]
        return kinds.compactMap { name, value in
            let found = Set(runs.compactMap(value)).sorted()
            return found.count > 1
                ? "runs of different \(name) are averaged: \(found.joined(separator: ", "))" : nil
        }
    }

    /// Throws where two runs are known to be of different data.
    private static func requireSameData(_ run: RunFile, _ first: RunFile) throws {
        guard run.sampleCount == first.sampleCount else {
            throw WorkflowError.badData(
                "\(run.path): its samples are not those of \(first.path) (\(run.sampleCount ?? 0) and "
                    + "\(first.sampleCount ?? 0) of them)")
        }
        if let difference = run.description.dataDifference(from: first.description) {
            throw WorkflowError.badData("\(run.path): its data set is not that of \(first.path): \(difference)")
        }
        if let classes = run.classCount, let other = first.classCount, classes != other {
            throw WorkflowError.badData("\(run.path): \(classes) classes, and \(first.path) has \(other)")
        }
    }

    private static func text(_ epochs: [Double]) -> String { epochs.map(shortest).joined(separator: " ") }
}
