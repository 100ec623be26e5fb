public import Records
public import RunStore
public import Tables

// Legend: E checkpoints, N samples, C classes, M test samples, d features.

/// A run as foreign files tell it, before anything is written: what is small stands here, what is large is read block by
/// block when the store asks for it.
public struct ImportedRun: Sendable {
    /// What becomes the run's root attributes; its `id` is the path in the store.
    public var description: RunDescription
    /// Epochs of this run completed, increasing; [E].
    public var epochs: [Double]
    /// Repeats counted; [E].
    public var samplesSeen: [Int64]?
    /// By the store's names, each [E]; NaN where a checkpoint lacks a value.
    public var metrics: [String: [Double]]
    /// Absent in a run of metrics only.
    public var samples: Samples?
    /// `/logits`, `/scores/…`, `/targets`, `/features`, `/test/…`.
    public var arrays: [ImportedArray]
    /// The files that were read.
    public var sources: [ImportSource]
    /// The mapping and the other options by which they were read.
    public internal(set) var asked: JSON = .null
    /// What was read, mapped, skipped and counted, one sentence each.
    public var notes: [String]
    /// What the user should look at.
    public var warnings: [String]

    public init(
        description: RunDescription, epochs: [Double], samplesSeen: [Int64]? = nil, metrics: [String: [Double]] = [:],
        samples: Samples? = nil, arrays: [ImportedArray] = [], sources: [ImportSource], notes: [String] = [],
        warnings: [String] = []
    ) {
        self.description = description
        self.epochs = epochs
        self.samplesSeen = samplesSeen
        self.metrics = metrics
        self.samples = samples
        self.arrays = arrays
        self.sources = sources
        self.notes = notes
        self.warnings = warnings
    }
}

/// A large array of a foreign file, in the order of the run's samples.
public typealias ImportedArray = StreamedArray

/// A file that an import read: the run's provenance.
public struct ImportSource: Sendable, Equatable {
    public var path: String
    public var bytes: Int
    /// SHA-256 of the whole file, lower-case hex.
    public var sha256: String

    public init(path: String, bytes: Int, sha256: String) {
        self.path = path
        self.bytes = bytes
        self.sha256 = sha256
    }
}
