import HDF5
public import Records

/// A run, open for reading: a sealed file, a file that others wrote, or the directory of an unfinished run, read alike.
///
/// ```swift
/// let run = try RunFile(path: "runs/HL/full/mid/seed1")
/// for checkpoint in 0..<run.checkpointCount {
///     try run.forEachLogitBlock(checkpoint: checkpoint) { firstRow, rows in … }
/// }
/// ```
/// Opening reads the attributes, the checkpoints and all shapes, and throws when they do not agree. The values behind
/// are read when asked for, block by block; no declared size is believed before the file has been found to hold it.
///
/// Legend: E checkpoints, N samples, C classes, M test samples, d features.
public struct RunFile: Sendable {
    /// The file, or the directory of an unfinished run.
    public let path: String
    /// False for a `.partial` directory.
    public let isSealed: Bool
    public let description: RunDescription
    /// Root attributes that are not Assay's, as text.
    public let extraAttributes: [String: String]
    /// Epochs of this run completed, increasing; [E].
    public let epochs: [Double]
    /// Repeats counted; [E].
    public let samplesSeen: [Int64]?
    public let metricNames: [String]
    /// N.
    public let sampleCount: Int?
    /// Whether the samples have names.
    public let hasNames: Bool
    /// C.
    public let classCount: Int?
    public let hasLogits: Bool
    /// Whether it keeps logits of the training pass beside those of the evaluation.
    public let hasTrainLogits: Bool
    /// Whether it keeps records of more samples than it trained on.
    public let hasUntrainedSamples: Bool
    public let scoreNames: [String]
    public let hasTargets: Bool
    public let hasFeatures: Bool
    public let hasTest: Bool
    /// Positions of the checkpoints whose weights are stored.
    public let weightCheckpoints: [Int]
    /// The digest of the root attributes (of the first part); nil where the file carries no digests.
    public let attributesDigest: String?
    public var hasDigests: Bool { attributesDigest != nil }

    let parts: [RunPart]
    private let metrics: [String: [Double]]

    public var checkpointCount: Int { epochs.count }

    /// Opens the run at `path`, which may leave out `.h5` or `.partial`. A sealed file wins over an unfinished
    /// directory of the same name. Throws `RunStoreError`.
    public init(path: String) throws(RunStoreError) {
        let found = try RunPath.resolve(path)
        self.path = found
        isSealed = !FileSystem.isDirectory(found)
        parts = isSealed ? [try RunPart(path: found)] : try RunPath.parts(of: found)
        let first = parts[0]
        try RunFile.agree(parts, in: found)
        description = first.description
        extraAttributes = first.extraAttributes
        epochs = parts.flatMap(\.epochs)
        samplesSeen = first.samplesSeen == nil ? nil : parts.flatMap { $0.samplesSeen ?? [] }
        // A metric that a checkpoint lacks (no loss before training) is NaN there.
        var metrics: [String: [Double]] = [:]
        for name in Set(parts.flatMap(\.metrics.keys)) {
            metrics[name] = parts.flatMap { $0.metrics[name] ?? $0.epochs.map { _ in .nan } }
        }
        self.metrics = metrics
        metricNames = metrics.keys.sorted()
        sampleCount = first.sampleCount
        hasNames = first.hasNames
        classCount = parts.lazy.compactMap(\.classCount).first
        hasLogits = first.logitsType != nil
        hasTrainLogits = first.trainLogitsType != nil
        hasUntrainedSamples = first.hasTrained
        scoreNames = first.scoreNames
        hasTargets = first.hasTargets
        hasFeatures = parts.last?.featureWidth != nil
        hasTest = parts.last?.testCount != nil
        attributesDigest = first.attributesDigest
        var offset = 0
        var weights: [Int] = []
        for part in parts {
            weights += part.weightCheckpoints.map { $0 + offset }
            offset += part.checkpointCount
        }
        weightCheckpoints = weights
    }

    /// A metric over the checkpoints, [E]; NaN where a checkpoint lacks it. Throws when there is no such metric.
    public func metric(_ name: String) throws(RunStoreError) -> [Double] {
        guard let values = metrics[name] else {
            throw RunStoreError(path, .noSuch(what: "metric", name: name, known: metricNames))
        }
        return values
    }

    /// How the logits lie in the file: `float16`, `float32`, …; nil without logits.
    public var logitsType: String? { parts[0].logitsType?.description }

    /// The part that holds a checkpoint, and the checkpoint's position in it.
    func part(holding checkpoint: Int) -> (part: RunPart, position: Int) {
        precondition((0..<checkpointCount).contains(checkpoint), "checkpoint \(checkpoint) of \(checkpointCount)")
        var position = checkpoint
        for part in parts {
            if position < part.checkpointCount { return (part, position) }
            position -= part.checkpointCount
        }
        preconditionFailure("the parts hold all checkpoints")
    }

    /// Throws unless all parts belong to one run.
    private static func agree(_ parts: [RunPart], in path: String) throws(RunStoreError) {
        let first = parts[0]
        for part in parts.dropFirst() {
            func require(_ what: String, _ isEqual: Bool) throws(RunStoreError) {
                if !isEqual { throw RunStoreError(part.path, .partsDisagree("\(what) differs from \(first.path)")) }
            }
            try require("the id", part.description.id == first.description.id)
            try require("the digest", part.description.digest == first.description.digest)
            try require("the number of samples", part.sampleCount == first.sampleCount)
            try require("the presence of samples_seen", (part.samplesSeen == nil) == (first.samplesSeen == nil))
            try require("the type of the logits", part.logitsType == first.logitsType)
            try require("the type of the training pass's logits", part.trainLogitsType == first.trainLogitsType)
            try require("the number of classes", part.classCount == first.classCount)
            try require("the list of scores", part.scoreNames == first.scoreNames)
        }
        let epochs = parts.flatMap(\.epochs)
        for index in epochs.indices.dropFirst() where epochs[index] <= epochs[index - 1] {
            throw RunStoreError(
                path, dataset: "/checkpoints/epoch", checkpoint: index,
                .notIncreasing(previous: epochs[index - 1], value: epochs[index]))
        }
    }
}

/// Names of datasets that more than one file needs.
public enum RunObjects {
    /// [E, N, C]: as each sample was last trained on, where `/logits` are those of the evaluation.
    public static let trainLogits = "/train_logits"
}

/// The names under which a run lies on disk.
enum RunPath {
    static let sealed = ".h5"
    static let partial = ".partial"

    /// The path of what exists: as written, with `.h5`, with `.partial`; for `x.h5` also `x.partial`.
    static func resolve(_ path: String) throws(RunStoreError) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        if FileSystem.isFile(trimmed) { return trimmed }
        if FileSystem.isDirectory(trimmed), trimmed.hasSuffix(partial) {
            // What sealing left behind when it was interrupted.
            let sealedPath = String(trimmed.dropLast(partial.count)) + sealed
            return FileSystem.isFile(sealedPath) ? sealedPath : trimmed
        }
        let base = trimmed.hasSuffix(sealed) ? String(trimmed.dropLast(sealed.count)) : trimmed
        for candidate in [base + sealed, base + partial]
        where FileSystem.isFile(candidate)
            || (candidate.hasSuffix(partial) && FileSystem.isDirectory(candidate))
        {
            return candidate
        }
        if FileSystem.isDirectory(trimmed) { throw RunStoreError(path, .directory) }
        throw RunStoreError(path, FileSystem.exists(trimmed) ? .notAFile : .missing)
    }

    static func partName(_ index: Int) -> String {
        let digits = String(index)
        return "part-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + sealed
    }

    /// The temporary name beside a file.
    static func aside(_ path: String) -> String {
        FileSystem.parent(path) + "/." + FileSystem.name(path) + ".new"
    }

    /// Paths of the parts in a directory, in order. Throws when one is missing.
    static func partPaths(of directory: String) throws(RunStoreError) -> [String] {
        let names = try FileSystem.entries(directory).filter { $0.hasPrefix("part-") && $0.hasSuffix(sealed) }
        for (index, name) in names.enumerated() where name != partName(index) {
            let last = names.compactMap { Int($0.dropFirst(5).dropLast(sealed.count)) }.max() ?? index
            throw RunStoreError(directory, .missingPart(index, of: last + 1))
        }
        return names.map { directory + "/" + $0 }
    }

    /// The parts of an unfinished run, at least one.
    static func parts(of directory: String) throws(RunStoreError) -> [RunPart] {
        var parts: [RunPart] = []
        for path in try partPaths(of: directory) { parts.append(try RunPart(path: path)) }
        if parts.isEmpty { throw RunStoreError(directory, .notBegun) }
        return parts
    }
}
