import Crypto
import Glibc
import HDF5
public import Records

/// A large array of a run, handed over block by block while the run is written, in the order of the run's samples.
public struct StreamedArray: Sendable {
    /// `/logits`, `/scores/el2n`, `/features`, `/targets`, `/test/logits`.
    public var object: String
    /// [E, N, C] or [E, N] for `/logits` and `/scores/…`, [rows, columns] for the others.
    public var shape: [Int]
    /// How it is stored; halves stay halves.
    public var precision: StoredPrecision
    /// Where it comes from: the file and its own name for it, with the type it has there.
    public var origin: String
    /// The values of `rows` at one checkpoint (0 where there is no axis of checkpoints), row-major.
    public var read: @Sendable (_ checkpoint: Int, _ rows: Range<Int>) throws -> [Float]
    /// Where one row comes from, which may be a file of its own; nil: `origin`.
    public var source: (@Sendable (_ checkpoint: Int, _ row: Int) -> String)?

    public init(
        object: String, shape: [Int], precision: StoredPrecision, origin: String,
        read: @escaping @Sendable (_ checkpoint: Int, _ rows: Range<Int>) throws -> [Float],
        source: (@Sendable (_ checkpoint: Int, _ row: Int) -> String)? = nil
    ) {
        self.object = object
        self.shape = shape
        self.precision = precision
        self.origin = origin
        self.read = read
        self.source = source
    }

    /// Whether it is [E, N, …].
    public var hasCheckpointAxis: Bool { object == "/logits" || object.hasPrefix("/scores/") }
    /// Stored bytes.
    public var bytes: Int { shape.reduce(precision == .half ? 2 : 4, *) }
}

/// Writes a run that is complete when it begins: an import. Nothing of it is visible before all of it is safe.
///
/// The file is written under a temporary name beside its final one, synced, renamed, its directory synced; its digests
/// are those of every sealed run. Memory is that of one block, about 1 MiB of stored values.
public struct ImportedRunWriter: Sendable {
    /// Why nothing was written.
    public enum Refusal: Error, Sendable, Equatable {
        /// A sealed run of that id is there, and replacing it was not asked for.
        case sealed(path: String)
        /// An unfinished run of that id is there.
        case unfinished(directory: String)
        /// The disk has no room; the system's sentence, and the bytes that are needed.
        case diskFull(String, bytes: Int)
    }

    public struct Written: Sendable, Equatable {
        public var path: String
        public var bytes: Int
        /// Where the run that stood there before is kept.
        public var superseded: String?
    }

    public var description: RunDescription
    /// Root attributes beside those of the layout.
    public var attributes: [String: String]
    public var epochs: [Double]
    public var samplesSeen: [Int64]?
    /// By name, each [E].
    public var metrics: [String: [Double]]
    public var samples: Samples?
    /// The labels of the test set, [M].
    public var testLabels: [Int32]?
    public var arrays: [StreamedArray]

    public init(
        description: RunDescription, attributes: [String: String] = [:], epochs: [Double], samplesSeen: [Int64]? = nil,
        metrics: [String: [Double]] = [:], samples: Samples? = nil, testLabels: [Int32]? = nil,
        arrays: [StreamedArray] = []
    ) {
        self.description = description
        self.attributes = attributes
        self.epochs = epochs
        self.samplesSeen = samplesSeen
        self.metrics = metrics
        self.samples = samples
        self.testLabels = testLabels
        self.arrays = arrays
    }

    /// Writes the run into a store. A sealed run that is replaced is kept in `STORE.superseded`.
    ///
    /// `progress` is told how many stored bytes of arrays have been written. Throws `Refusal`, `RunStoreError`, and
    /// what the arrays' sources throw.
    public func write(
        to store: Store, replacing: Bool, progress: (_ bytes: Int) throws -> Void = { _ in }
    ) throws -> Written {
        let missing = FileSystem.missingDirectories(above: store.path(of: description.id))
        do { return try writeLocked(to: store, replacing: replacing, progress) } catch {
            for directory in missing { rmdir(directory) }
            throw error
        }
    }

    private func writeLocked(
        to store: Store, replacing: Bool, _ progress: (_ bytes: Int) throws -> Void
    ) throws -> Written {
        let lock = try RunLock(path: store.path(of: description.id))
        guard try RunPath.partPaths(of: lock.directory).isEmpty else {
            throw Refusal.unfinished(directory: lock.directory)
        }
        let isThere = FileSystem.isFile(lock.path)
        if isThere, !replacing { throw Refusal.sealed(path: lock.path) }
        let aside = RunPath.aside(lock.path)
        do {
            let file = try creating(aside)
            try write(to: file, progress)
            do throws(HDF5Error) { try file.close() } catch { throw RunStoreError(error) }
            try FileSystem.sync(aside)
        } catch {
            try? FileSystem.remove(aside)
            throw error
        }
        let superseded = isThere ? try keep(lock.path, of: store) : nil
        try FileSystem.rename(aside, to: lock.path)
        try FileSystem.sync(FileSystem.parent(lock.path))
        return Written(path: lock.path, bytes: FileSystem.size(lock.path) ?? 0, superseded: superseded)
    }

    private func creating(_ path: String) throws -> HDF5File {
        let bytes = room
        do { return try HDF5File(creating: path, reserving: bytes) } catch {
            if let number = error.errorNumber, FileSystem.isFull(number) {
                throw Refusal.diskFull(error.reason, bytes: bytes)
            }
            throw RunStoreError(error)
        }
    }

    /// Gives the old run a second name in `STORE.superseded`; its first one is taken over by the new run in one step.
    private func keep(_ path: String, of store: Store) throws(RunStoreError) -> String {
        let digest = (try? RunFile(path: path).description.digest) ?? nil
        let stem = store.directory + ".superseded/\(description.id)-\(digest?.prefix(12) ?? "foreign")"
        var target = stem + RunPath.sealed
        var copy = 2
        while FileSystem.isFile(target) {
            target = "\(stem)-\(copy)\(RunPath.sealed)"
            copy += 1
        }
        try FileSystem.makeDirectory(FileSystem.parent(target))
        try FileSystem.link(path, as: target)
        try FileSystem.sync(FileSystem.parent(target))
        return target
    }

    /// An upper bound of the file's bytes.
    private var room: Int {
        var room = Room()
        room.add(RunHeader(description: description, samples: samples))
        for value in attributes.values { room.add(dataset: 2 * value.utf8.count) }
        for _ in 0..<(metrics.count + 2) { room.add(dataset: epochs.count * (8 + 256)) }
        if let testLabels { room.add(dataset: testLabels.count * 4) }
        for array in arrays { room.add(dataset: array.fileBytes + array.shape[0] * 256) }
        return room.bytes
    }
}

extension StreamedArray {
    private var elementBytes: Int { precision == .half ? 2 : 4 }

    /// Bytes in the file, the rounding of its chunks included.
    fileprivate var fileBytes: Int {
        let rowBytes = shape.dropFirst(hasCheckpointAxis ? 2 : 1).reduce(elementBytes, *)
        guard hasCheckpointAxis else { return shape[0] * rowBytes }
        let most = max(1, (1 << 20) / max(rowBytes, 1))
        let chunks = max(1, (shape[1] + most - 1) / most)
        return shape[0] * chunks * ((shape[1] + chunks - 1) / chunks) * rowBytes
    }

    /// Writes the array into a new dataset with its digests.
    fileprivate func write(to file: borrowing HDF5File, _ progress: (Int) throws -> Void) throws {
        let type = precision.elementType
        let dataset = try translating { () throws(HDF5Error) in
            hasCheckpointAxis
                ? try file.createRecords(object, shape: shape, type: type, elementBytes: elementBytes)
                : try file.createDataset(object, type: type, shape: shape)
        }
        let lead = hasCheckpointAxis ? 1 : 0
        let rowShape = Array(shape.dropFirst(lead + 1))
        let rowValues = rowShape.reduce(1, *)
        let total = shape[lead]
        let height = dataset.info.chunk?[1] ?? max(1, (1 << 20) / max(rowValues * elementBytes, 1))
        var digests: [String] = []
        for checkpoint in 0..<(hasCheckpointAxis ? shape[0] : 1) {
            var hash = SHA256()
            for first in stride(from: 0, to: total, by: height) {
                let rows = first..<min(first + height, total)
                let values = try read(checkpoint, rows)
                precondition(values.count == rows.count * rowValues, "a block of \(object) has its shape")
                let start = (hasCheckpointAxis ? [checkpoint] : []) + [first] + rowShape.map { _ in 0 }
                let count = (hasCheckpointAxis ? [1] : []) + [rows.count] + rowShape
                let result = values.withUnsafeBufferPointer { buffer in
                    Result { () throws(HDF5Error) in
                        try storedBytes(buffer, precision) { (bytes) throws(HDF5Error) in
                            hash.update(bufferPointer: bytes)
                            try dataset.writeBytes(bytes, start: start, count: count)
                        }
                    }
                }
                try translating { () throws(HDF5Error) in try result.get() }
                try progress(values.count * elementBytes)
            }
            digests.append(hash.hex())
        }
        try translating { () throws(HDF5Error) in
            hasCheckpointAxis ? try file.setDigests(object, digests) : try file.setDigest(object, digests[0])
        }
    }
}

extension ImportedRunWriter {
    private func write(to file: borrowing HDF5File, _ progress: (Int) throws -> Void) throws {
        try translating { () throws(HDF5Error) in
            try writeAttributes(to: file)
            if let samples {
                try file.writeNumbers("/samples/id", samples.ids)
                try file.writeNumbers("/samples/label", samples.labels)
                if let names = samples.names {
                    try file.createDataset("/samples/name", type: .string(bytes: nil), shape: [names.count])
                        .write(names)
                    try file.setDigest("/samples/name", SHA256.hex(names))
                }
            }
            try file.writeCheckpoints("/checkpoints/epoch", epochs)
            if let samplesSeen { try file.writeCheckpoints("/checkpoints/samples_seen", samplesSeen) }
            for (name, values) in metrics.sorted(by: { $0.key < $1.key }) {
                try file.writeCheckpoints("/checkpoints/" + name, values)
            }
            if let testLabels { try file.writeNumbers("/test/label", testLabels) }
        }
        for array in arrays { try array.write(to: file, progress) }
        try translating { () throws(HDF5Error) in try RunAttributes.seal(file) }
    }

    private func writeAttributes(to file: borrowing HDF5File) throws(HDF5Error) {
        var all = RunAttributes.attributes(of: description)
        for (name, value) in attributes where all[name] == nil { all[name] = .string(value) }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, to: value) }
    }
}

extension FileSystem {
    /// Gives a file a second name; moves it where the file system knows one name per file only.
    fileprivate static func link(_ path: String, as target: String) throws(RunStoreError) {
        if Glibc.link(path, target) == 0 { return }
        guard errno == EPERM || errno == ENOTSUP || errno == EMLINK else { throw failure("link", target) }
        try rename(path, to: target)
    }
}
