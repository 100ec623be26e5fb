import HDF5
import Records

/// What one HDF5 file declares: a sealed run, a foreign run, or one part of an unfinished run. Its shapes have been
/// compared with each other; of its values only the checkpoints' are read.
struct RunPart: Sendable {
    var path: String
    var description: RunDescription
    var extraAttributes: [String: String]
    var epochs: [Double]
    var samplesSeen: [Int64]?
    /// By name, each [E].
    var metrics: [String: [Double]]
    /// N, where samples are stored.
    var sampleCount: Int?
    var hasNames: Bool
    /// C, from the logits, the targets or the attribute.
    var classCount: Int?
    var logitsType: HDF5ElementType?
    /// Rows of `/logits` that lie together in the file.
    var logitsChunkRows: Int?
    /// Of the training pass, where a run keeps both.
    var trainLogitsType: HDF5ElementType?
    /// Whether the samples say which of them were trained on.
    var hasTrained: Bool
    var scoreNames: [String]
    var hasTargets: Bool
    var featureWidth: Int?
    var testCount: Int?
    /// Positions whose weights are stored.
    var weightCheckpoints: [Int]
    var hasState: Bool
    /// The digest of the root attributes; nil where the file carries no digests at all.
    var attributesDigest: String?
    var hasDigests: Bool { attributesDigest != nil }

    var checkpointCount: Int { epochs.count }

    init(path: String) throws(RunStoreError) {
        let file = try translating { () throws(HDF5Error) in try HDF5File(reading: path) }
        self = try RunPart(file)
    }

    init(_ file: borrowing HDF5File) throws(RunStoreError) {
        path = file.path
        (description, extraAttributes) = try RunAttributes.read(file)
        do {
            let digest = try file.attribute(RunAttributes.digestName)
            attributesDigest = if case .string(let text)? = digest { text } else { nil }
        } catch { throw RunStoreError(error) }

        // Checkpoints.
        guard let epochShape = try file.shape("/checkpoints/epoch") else {
            throw RunStoreError(path, dataset: "/checkpoints/epoch", .missingDataset)
        }
        guard epochShape.count == 1 else {
            throw RunStoreError(path, dataset: "/checkpoints/epoch", .shape(found: epochShape, expected: "[E]"))
        }
        let count = epochShape[0]
        epochs = try file.numbers("/checkpoints/epoch")
        for (index, epoch) in epochs.enumerated() {
            let previous = index == 0 ? 0 : epochs[index - 1]
            guard epoch.isFinite, epoch > previous || (index == 0 && epoch == 0) else {
                throw RunStoreError(
                    path, dataset: "/checkpoints/epoch", checkpoint: index,
                    .notIncreasing(previous: previous, value: epoch))
            }
        }
        samplesSeen = nil
        metrics = [:]
        for name in try file.names(in: "/checkpoints") where name != "epoch" {
            let object = "/checkpoints/" + name
            guard let info = try file.declared(object), info.type.isInteger || info.type.isFloat else { continue }
            guard info.shape == [count] else {
                throw RunStoreError(path, dataset: object, .shape(found: info.shape, expected: "[E] = [\(count)]"))
            }
            if name == "samples_seen" {
                samplesSeen = try file.integers(object)
            } else {
                metrics[name] = try file.numbers(object)
            }
        }
        for (index, seen) in (samplesSeen ?? []).enumerated() {
            let previous = index == 0 ? 0 : samplesSeen?[index - 1] ?? 0
            guard seen >= previous else {
                throw RunStoreError(
                    path, dataset: "/checkpoints/samples_seen", checkpoint: index,
                    .notIncreasing(previous: Double(previous), value: Double(seen)))
            }
        }

        // Samples.
        let idShape = try file.shape("/samples/id")
        let labelShape = try file.shape("/samples/label")
        sampleCount = nil
        for object in ["/samples/id", "/samples/label"] {
            guard let info = try file.declared(object), !info.type.isInteger else { continue }
            throw RunStoreError(
                path, dataset: object, .elementType(found: info.type.description, expected: "integers"))
        }
        if let idShape, let labelShape {
            guard idShape.count == 1 else {
                throw RunStoreError(path, dataset: "/samples/id", .shape(found: idShape, expected: "[N]"))
            }
            guard labelShape == idShape else {
                throw RunStoreError(
                    path, dataset: "/samples/label", .shape(found: labelShape, expected: "[N] = \(idShape)"))
            }
            sampleCount = idShape[0]
        }
        let nameShape = try file.shape("/samples/name")
        hasNames = nameShape != nil
        if let nameShape, let sampleCount, nameShape != [sampleCount] {
            throw RunStoreError(
                path, dataset: "/samples/name", .shape(found: nameShape, expected: "[N] = [\(sampleCount)]"))
        }

        let trainedShape = try file.shape("/samples/trained")
        hasTrained = trainedShape != nil
        if let trainedShape, trainedShape != sampleCount.map({ [$0] }) {
            throw RunStoreError(
                path, dataset: "/samples/trained", .shape(found: trainedShape, expected: "[N] = [\(sampleCount ?? 0)]"))
        }

        // What has the samples' shape.
        classCount = description.classes
        logitsType = nil
        logitsChunkRows = nil
        if let info = try file.declared("/logits") {
            try Self.agree(path, "/logits", info, [("E", count), ("N", sampleCount), ("C", classCount)])
            guard sampleCount != nil else { throw RunStoreError(path, dataset: "/logits", .samplesRequired) }
            classCount = info.shape[2]
            logitsType = info.type
            logitsChunkRows = info.chunk?[1]
        }
        trainLogitsType = nil
        if let info = try file.declared(RunObjects.trainLogits) {
            try Self.agree(path, RunObjects.trainLogits, info, [("E", count), ("N", sampleCount), ("C", classCount)])
            guard sampleCount != nil else {
                throw RunStoreError(path, dataset: RunObjects.trainLogits, .samplesRequired)
            }
            trainLogitsType = info.type
        }
        scoreNames = []
        for name in try file.names(in: "/scores") {
            guard let info = try file.declared("/scores/" + name) else { continue }
            try Self.agree(path, "/scores/" + name, info, [("E", count), ("N", sampleCount)])
            guard sampleCount != nil else { throw RunStoreError(path, dataset: "/scores/" + name, .samplesRequired) }
            scoreNames.append(name)
        }
        hasTargets = false
        if let info = try file.declared("/targets") {
            try Self.agree(path, "/targets", info, [("N", sampleCount), ("C", classCount)])
            classCount = info.shape[1]
            hasTargets = true
        }
        featureWidth = nil
        if let info = try file.declared("/features") {
            try Self.agree(path, "/features", info, [("N", sampleCount), ("d", nil)])
            featureWidth = info.shape[1]
        }
        testCount = nil
        if let labels = try file.declared("/test/label"), let logits = try file.declared("/test/logits") {
            try Self.agree(path, "/test/label", labels, [("M", nil)], integers: true)
            try Self.agree(path, "/test/logits", logits, [("M", labels.shape[0]), ("C", classCount)])
            testCount = labels.shape[0]
        }
        weightCheckpoints = try file.names(in: "/weights").compactMap { Int($0) }
            .filter { (0..<count).contains($0) }.sorted()
        hasState = try file.hasGroup("/state")
        if metrics.isEmpty, logitsType == nil, scoreNames.isEmpty { throw RunStoreError(path, .nothingRecorded) }
    }

    /// Compares a shape with the sizes known so far (nil: any size).
    private static func agree(
        _ path: String, _ object: String, _ info: HDF5DatasetInfo, _ sizes: [(String, Int?)], integers: Bool = false
    ) throws(RunStoreError) {
        let matches = info.shape.count == sizes.count && zip(info.shape, sizes).allSatisfy { $1.1 == nil || $0 == $1.1 }
        guard matches else {
            let letters = "[" + sizes.map(\.0).joined(separator: ", ") + "]"
            let known = "[" + sizes.map { $0.1.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
            throw RunStoreError(
                path, dataset: object, .shape(found: info.shape, expected: "\(letters) = \(known)"))
        }
        guard info.type.isInteger || (info.type.isFloat && !integers) else {
            throw RunStoreError(
                path, dataset: object,
                .elementType(found: info.type.description, expected: integers ? "integers" : "floats"))
        }
    }
}

/// Reading with the run's errors.
extension HDF5File {
    borrowing func names(in group: String) throws(RunStoreError) -> [String] {
        do { return try children(of: group) } catch { throw RunStoreError(error) }
    }

    borrowing func hasGroup(_ group: String) throws(RunStoreError) -> Bool {
        do { return try kind(of: group) == .group } catch { throw RunStoreError(error) }
    }

    /// What a dataset declares; nil when there is none.
    borrowing func declared(_ object: String) throws(RunStoreError) -> HDF5DatasetInfo? {
        do { return try kind(of: object) == .dataset ? info(object) : nil } catch { throw RunStoreError(error) }
    }

    borrowing func shape(_ object: String) throws(RunStoreError) -> [Int]? { try declared(object)?.shape }

    borrowing func numbers(_ object: String) throws(RunStoreError) -> [Double] {
        do { return try dataset(object).read(Double.self) } catch { throw RunStoreError(error) }
    }

    borrowing func integers(_ object: String) throws(RunStoreError) -> [Int64] {
        do { return try dataset(object).read(Int64.self) } catch { throw RunStoreError(error) }
    }
}
