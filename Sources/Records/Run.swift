// The language that trainer, store and importers share: plain values, no file.
//
// Legend: E checkpoints, N samples, C classes, M test samples, d features.

/// What a run is: the root attributes of its file. Everything but `id` may be absent in a run that others wrote.
public struct RunDescription: Sendable, Equatable {
    /// The path below the store without `.h5`: `HL/random-ipc50/mid/seed1`.
    public var id: String
    public var dataset: String?
    /// SHA-256 over classes, labels and pixels in their order, lower-case hex.
    public var datasetDigest: String?
    /// SHA-256 over the class names and every image's class, in their order, lower-case hex.
    public var classOrderDigest: String?
    /// SHA-256 that does not depend on the order of classes or images, lower-case hex.
    public var imagesDigest: String?
    /// Channels, height and width of an image: `3x32x32`.
    public var imageShape: String?
    public var model: String?
    /// How labels are supplied: `HL`, `SL`, `SL+KD`, or another word.
    public var regime: String?
    /// The subset's name without images per class: `random`, `pool-f0.8`.
    public var subset: String?
    /// Images per class.
    public var ipc: Int?
    /// Compute, in epochs of the full training set.
    public var budget: Double?
    public var seed: Int?
    public var classes: Int?
    public var temperature: Double?
    /// Epochs of this run's own training set that its schedule was planned for.
    public var plannedEpochs: Double?
    /// The learning-rate schedule in words.
    public var schedule: String?
    /// How the logits were taken: `eval` (no augmentation, evaluation mode) or `train`.
    public var pass: String?
    /// The resolved run as canonical JSON.
    public var study: String?
    /// SHA-256 of `study`.
    public var digest: String?
    public var writer: String?
    /// ISO 8601, UTC. The one attribute that differs between two equal runs.
    public var created: String?

    public init(id: String) { self.id = id }
}

/// The samples of a run, in the order of every [N, …] dataset: those that it trained on, or more.
public struct Samples: Sendable, Equatable {
    /// Index in the parent data set, [N].
    public var ids: [Int64]
    /// Class, [N].
    public var labels: [Int32]
    /// File name or key in the data set, [N].
    public var names: [String]?
    /// Which of them the run trained on, [N]; nil: all.
    public var trained: [Bool]?

    public init(ids: [Int64], labels: [Int32], names: [String]? = nil, trained: [Bool]? = nil) {
        precondition(ids.count == labels.count, "\(ids.count) ids and \(labels.count) labels")
        self.ids = ids
        self.labels = labels
        self.names = names
        self.trained = trained
    }

    /// The first sample that is another one in `other`, in words; nil where ids and labels are the same, one after another.
    public func difference(from other: Samples) -> String? {
        if ids.count != other.ids.count { return "\(ids.count) and \(other.ids.count) of them" }
        let row = ids.indices.first { ids[$0] != other.ids[$0] || labels[$0] != other.labels[$0] }
        return row.map {
            "the first that differs is id \(ids[$0]) with label \(labels[$0]) here, and id \(other.ids[$0]) with label "
                + "\(other.labels[$0]) there"
        }
    }

    /// Indices in the parent data set of those that the run trained on.
    public var trainedIDs: [Int64] {
        guard let trained else { return ids }
        return zip(ids, trained).filter(\.1).map(\.0)
    }

    /// Those that the run trained on, alone.
    public var trainedOnly: Samples {
        guard let trained else { return self }
        let rows = trained.indices.filter { trained[$0] }
        return Samples(
            ids: rows.map { ids[$0] }, labels: rows.map { labels[$0] },
            names: names.map { names in rows.map { names[$0] } })
    }

    public var count: Int { ids.count }
}

/// A matrix of single precision, row after row: logits [N, C], soft labels [N, C], features [N, d].
public struct FloatMatrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public var values: [Float]

    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) values for [\(rows), \(columns)]")
        self.rows = rows
        self.columns = columns
        self.values = values
    }
}

/// A tensor with its place in a group: `conv1/weight`.
public struct NamedTensor: Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    public var values: [Float]

    public init(name: String, shape: [Int], values: [Float]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for \(shape)")
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// How floats lie in the file.
public enum StoredPrecision: String, Sendable, Equatable, CaseIterable {
    case half = "float16"
    case single = "float32"
}

/// What is known of a run before its first checkpoint.
public struct RunHeader: Sendable, Equatable {
    public var description: RunDescription
    /// Absent in a run of metrics only.
    public var samples: Samples?
    /// Fixed soft labels q of regime SL at `description.temperature`, [N, C].
    public var targets: FloatMatrix?
    /// Precision of `/logits`, `/targets` and `/test/logits`.
    public var precision: StoredPrecision

    public init(
        description: RunDescription, samples: Samples? = nil, targets: FloatMatrix? = nil,
        precision: StoredPrecision = .single
    ) {
        self.description = description
        self.samples = samples
        self.targets = targets
        self.precision = precision
    }
}
