internal import CKernels
import HDF5
public import Records

extension RunFile {
    // MARK: Samples

    /// The samples in the order of every [N, …] dataset. Throws when there are none, or when a label is no class.
    public func samples() throws(RunStoreError) -> Samples {
        let reader = try SampleReader(self)
        var samples = try reader.read(0..<reader.count, withNames: true)
        samples.trained = try trainedFlags()
        return samples
    }

    /// N of what was trained on: fewer than `sampleCount` where the run keeps records of others as well; nil without
    /// samples.
    public func trainedCount() throws(RunStoreError) -> Int? {
        guard let flags = try trainedFlags() else { return sampleCount }
        return flags.count { $0 }
    }

    private func trainedFlags() throws(RunStoreError) -> [Bool]? {
        guard hasUntrainedSamples else { return nil }
        return try reading(parts[0]) { (file) throws(HDF5Error) in
            try file.dataset("/samples/trained").read(Int64.self)
        } then: {
            $0.map { $0 != 0 }
        }
    }

    // MARK: Digests

    /// The stored digests of the samples and of all that was recorded of them: of the logits, or of every reduced record, at
    /// each checkpoint. Two runs that agree in them are copies of one. nil where a file carries none.
    public func recordDigests() throws(RunStoreError) -> [String]? {
        guard hasDigests else { return nil }
        var all: [String] = []
        let records = hasLogits ? ["/logits"] : scoreNames.sorted().map { "/scores/" + $0 }
        for object in ["/samples/id", "/samples/label"] + records {
            for part in parts {
                let found = try translating { () throws(HDF5Error) in
                    try HDF5File(reading: part.path).attribute("sha256", of: object)
                }
                switch found {
                case .string(let digest)?: all.append(object + digest)
                case .strings(let digests)?: all += digests.map { object + $0 }
                default: return nil
                }
            }
        }
        return all.isEmpty ? nil : all
    }

    // MARK: Logits

    /// Logits before softmax of one checkpoint, [rows, C]; all N rows by default. NaN is returned as it is.
    public func logits(checkpoint: Int, rows: Range<Int>? = nil) throws(RunStoreError) -> FloatMatrix {
        let columns = try requireLogits()
        let rows = rows ?? 0..<(sampleCount ?? 0)
        let (part, position) = part(holding: checkpoint)
        return try matrix(part, "/logits", start: [position, rows.lowerBound, 0], count: [1, rows.count, columns])
    }

    /// Logits of the training pass of one checkpoint, where the run keeps them beside `/logits`, [N, C].
    public func trainLogits(checkpoint: Int) throws(RunStoreError) -> FloatMatrix {
        guard hasTrainLogits, let classCount else {
            throw RunStoreError(path, dataset: RunObjects.trainLogits, .missingDataset)
        }
        let (part, position) = part(holding: checkpoint)
        return try matrix(
            part, RunObjects.trainLogits, start: [position, 0, 0], count: [1, sampleCount ?? 0, classCount])
    }

    /// Hands over the logits of one checkpoint block after block of about 1 MiB, `rows` being [n, C] row-major from row
    /// `firstRow` on. Throws at the first NaN or infinity, naming the sample, unless `allowingNonFinite`; throws what
    /// the body throws.
    public func forEachLogitBlock(
        checkpoint: Int, allowingNonFinite: Bool = false,
        _ body: (_ firstRow: Int, _ rows: UnsafeBufferPointer<Float>) throws -> Void
    ) throws {
        let columns = try requireLogits()
        let (part, position) = part(holding: checkpoint)
        let file = try translating { () throws(HDF5Error) in try HDF5File(reading: part.path) }
        let dataset = try translating { () throws(HDF5Error) in try file.dataset("/logits") }
        let total = sampleCount ?? 0
        let height = blockRows(columns: columns, chunk: part.logitsChunkRows)
        var reader = FloatReader(capacity: min(height, total) * columns)
        for first in stride(from: 0, to: total, by: height) {
            let count = min(height, total - first)
            let block = try reader.read(dataset, start: [position, first, 0], count: [1, count, columns])
            if !allowingNonFinite, let index = block.firstNonFinite() {
                throw RunStoreError(
                    part.path, dataset: "/logits", checkpoint: checkpoint, sample: first + index / columns,
                    .nonFinite(value: block[index], column: index % columns))
            }
            try body(first, block)
        }
    }

    /// How many logits of a checkpoint are NaN or infinite, and the first sample that has one.
    public func nonFiniteLogits(checkpoint: Int) throws(RunStoreError) -> (count: Int, firstSample: Int?) {
        let columns = try requireLogits()
        var (count, firstSample): (Int, Int?) = (0, nil)
        do {
            try forEachLogitBlock(checkpoint: checkpoint, allowingNonFinite: true) { firstRow, block in
                var next = block.firstNonFinite()
                while let index = next {
                    if firstSample == nil { firstSample = firstRow + index / columns }
                    count += 1
                    next = block.firstNonFinite(from: index + 1)
                }
            }
        } catch let error as RunStoreError {
            throw error
        } catch {
            preconditionFailure("reading throws RunStoreError only")
        }
        return (count, firstSample)
    }

    // MARK: Scores, targets, features, test

    /// A per-checkpoint record, [N].
    public func score(_ name: String, checkpoint: Int) throws(RunStoreError) -> [Float] {
        guard scoreNames.contains(name) else {
            throw RunStoreError(path, .noSuch(what: "score", name: name, known: scoreNames))
        }
        let (part, position) = part(holding: checkpoint)
        return try matrix(part, "/scores/" + name, start: [position, 0], count: [1, sampleCount ?? 0]).values
    }

    /// Fixed soft labels at the run's temperature, [N, C].
    public func targets() throws(RunStoreError) -> FloatMatrix {
        guard hasTargets else { throw RunStoreError(path, dataset: "/targets", .missingDataset) }
        return try matrix(parts[0], "/targets", start: [0, 0], count: [sampleCount ?? 0, classCount ?? 0])
    }

    /// Penultimate embeddings of the last checkpoint, [N, d].
    public func features() throws(RunStoreError) -> FloatMatrix {
        guard let part = parts.last, let width = part.featureWidth else {
            throw RunStoreError(path, dataset: "/features", .missingDataset)
        }
        return try matrix(part, "/features", start: [0, 0], count: [sampleCount ?? 0, width])
    }

    /// The last checkpoint on the test set: labels [M], logits [M, C].
    public func test() throws(RunStoreError) -> TestOutput {
        guard let part = parts.last, let count = part.testCount else {
            throw RunStoreError(path, dataset: "/test/logits", .missingDataset)
        }
        let labels = try reading(part) { (file) throws(HDF5Error) in
            try file.dataset("/test/label").read(Int32.self)
        } then: {
            $0
        }
        let columns = try reading(part) { (file) throws(HDF5Error) in
            try file.info("/test/logits").shape[1]
        } then: {
            $0
        }
        return TestOutput(
            labels: labels, logits: try matrix(part, "/test/logits", start: [0, 0], count: [count, columns]))
    }

    // MARK: Weights

    /// The weights of a checkpoint by `layer/name`, in the order in which they were written; empty where none are
    /// stored.
    public func weights(checkpoint: Int) throws(RunStoreError) -> [NamedTensor] {
        let (part, position) = part(holding: checkpoint)
        guard part.weightCheckpoints.contains(position) else { return [] }
        return try reading(part) { (file) throws(HDF5Error) in
            try file.tensors(below: "/weights/\(position)")
        } then: {
            $0
        }
    }

    // MARK: Shared

    private func requireLogits() throws(RunStoreError) -> Int {
        guard hasLogits, let classCount else { throw RunStoreError(path, dataset: "/logits", .missingDataset) }
        return classCount
    }

    /// Rows per block: about 1 MiB of floats, whole chunks where chunks are smaller than that.
    private func blockRows(columns: Int, chunk: Int?) -> Int {
        let rows = max(1, (1 << 18) / max(columns, 1))
        guard let chunk, chunk > 0, chunk <= 4 * rows else { return rows }
        return max(1, rows / chunk) * chunk
    }

    private func matrix(
        _ part: RunPart, _ object: String, start: [Int], count: [Int]
    ) throws(RunStoreError) -> FloatMatrix {
        try reading(part) { (file) throws(HDF5Error) in
            let dataset = try file.dataset(object)
            let values = try dataset.readFloats(start: start, count: count)
            return FloatMatrix(rows: count[count.count - 2], columns: count[count.count - 1], values: values)
        } then: {
            $0
        }
    }

    private func reading<Raw, Result>(
        _ part: RunPart, _ body: (borrowing HDF5File) throws(HDF5Error) -> Raw,
        then check: (Raw) throws(RunStoreError) -> Result
    ) throws(RunStoreError) -> Result {
        let raw: Raw
        do { raw = try body(try HDF5File(reading: part.path)) } catch { throw RunStoreError(error) }
        return try check(raw)
    }
}
