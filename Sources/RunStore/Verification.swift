import Crypto
import HDF5
import Records

/// What `RunFile.verify` found.
public struct Verification: Sendable, Equatable {
    /// One thing that is wrong.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        public var error: RunStoreError
        public var description: String { error.description }
    }

    /// One dataset and how many of its digests hold.
    public struct Item: Sendable, Equatable {
        /// The file, which differs from part to part in an unfinished run.
        public var file: String
        public var dataset: String
        /// Digests that were compared: one, or one per checkpoint; 0 when the dataset carries none.
        public var digests: Int
        /// Of those, how many differ.
        public var damaged: Int
        /// Values that are NaN or infinite, in logits, scores and targets.
        public var nonFinite: Int
    }

    public var items: [Item] = []
    public var problems: [Problem] = []
    /// False for a foreign file: nothing can be proved of it.
    public var hasDigests = false
    /// Samples by class; empty without samples.
    public var classCounts: [Int: Int] = [:]

    public var isSound: Bool { problems.isEmpty }
    /// Digests that were compared.
    public var digestCount: Int { items.map(\.digests).reduce(0, +) }
    /// Values that are NaN or infinite.
    public var nonFiniteCount: Int { items.map(\.nonFinite).reduce(0, +) }
}

extension Verification {
    /// Verifies the run at a path; what keeps it from being opened is its problem. Throws when there is no such run.
    ///
    /// - Parameter bounds: as `RunFile.verify` has it.
    public init(
        path: String, bounds: (_ dataset: String, _ classes: Int?) -> ClosedRange<Float>? = { _, _ in nil }
    ) throws(RunStoreError) {
        do throws(RunStoreError) {
            self = try RunFile(path: path).verify(bounds: bounds)
        } catch {
            if error.exitCode == 66 { throw error }
            self.init(problems: error.fault == .notBegun ? [] : [Problem(error: error)])
        }
    }
}

extension RunFile {
    /// Reads everything once: compares every digest, and looks for NaN and infinity in logits, scores and targets and
    /// for labels that are no class. What is wrong is returned, not thrown; reading goes on with the next dataset.
    ///
    /// - Parameter bounds: the values that a dataset of that path can have in a run of so many classes; nil: any number.
    public func verify(
        bounds: (_ dataset: String, _ classes: Int?) -> ClosedRange<Float>? = { _, _ in nil }
    ) -> Verification {
        var found = Verification(hasDigests: hasDigests)
        var offset = 0
        for part in parts {
            do throws(RunStoreError) {
                try verify(part, firstCheckpoint: offset, bounds, into: &found)
            } catch {
                found.problems.append(.init(error: error))
            }
            offset += part.checkpointCount
        }
        for name in metricNames where name.hasSuffix("_error") {
            guard let values = try? metric(name), let at = values.firstIndex(where: { $0 < 0 || $0 > 1 }) else {
                continue
            }
            let fault = RunStoreError.Fault.errorRange(values[at])
            found.problems.append(
                .init(error: RunStoreError(path, dataset: "/checkpoints/\(name)", checkpoint: at, fault)))
        }
        if sampleCount == 0 {
            found.problems.append(.init(error: RunStoreError(path, dataset: "/samples/id", .noSamples)))
        } else if sampleCount != nil {
            do throws(RunStoreError) {
                let samples = try samples()
                found.classCounts = classCounts(of: samples)
                if let repeated = repeatedSample(samples) { found.problems.append(.init(error: repeated)) }
            } catch {
                // Damage of the same dataset has been found already.
                if case .label = error.fault { found.problems.append(.init(error: error)) }
            }
        }
        return found
    }

    /// Throws `.noSamples`, and `.repeatedSample` in a run without digests, whose writer is not known. Memory does not grow with N but
    /// where ids do not ascend: by a bit per id, or a set of them where they lie far apart.
    public func requireDistinctSamples() throws(RunStoreError) {
        guard let sampleCount else { return }
        if sampleCount == 0 { throw RunStoreError(path, dataset: "/samples/id", .noSamples) }
        if hasDigests { return }
        let reader = try SampleReader(self)
        func forEachID(_ body: (Int64) -> Bool) throws(RunStoreError) -> Bool {
            for start in stride(from: 0, to: sampleCount, by: 1 << 16) {
                for id in try reader.read(start..<min(sampleCount, start + 1 << 16)).ids where !body(id) {
                    return false
                }
            }
            return true
        }
        var (last, least, most) = (Int64.min, Int64.max, Int64.min)
        var ascends = true
        _ = try forEachID { id in
            ascends = ascends && (id > last || least > most)
            (last, least, most) = (id, min(least, id), max(most, id))
            return true
        }
        if ascends { return }
        let isDistinct: Bool
        if most.subtractingReportingOverflow(least).overflow || most - least >= 1 << 26 {
            var ids = Set<Int64>()
            isDistinct = try forEachID { ids.insert($0).inserted }
        } else {
            // A bit for each id between the ends.
            var seen = [UInt64](repeating: 0, count: Int(most - least) / 64 + 1)
            isDistinct = try forEachID { id in
                guard id >= least, id <= most else { return false }
                let (word, bit) = Int(id - least).quotientAndRemainder(dividingBy: 64)
                defer { seen[word] |= 1 << UInt64(bit) }
                return seen[word] & 1 << UInt64(bit) == 0
            }
        }
        if !isDistinct, let repeated = repeatedSample(try samples()) { throw repeated }
    }

    /// The first sample whose id an earlier one has.
    private func repeatedSample(_ samples: Samples) -> RunStoreError? {
        let order = samples.ids.indices.sorted { (samples.ids[$0], $0) < (samples.ids[$1], $1) }
        let second = zip(order, order.dropFirst()).filter { samples.ids[$0] == samples.ids[$1] }.map(\.1).min()
        guard let second, let first = samples.ids.firstIndex(of: samples.ids[second]) else { return nil }
        return RunStoreError(
            path, dataset: "/samples/id", sample: second,
            .repeatedSample(
                id: samples.ids[second], first: first, labels: [samples.labels[first], samples.labels[second]]))
    }

    /// Compares the digests of the logits at some checkpoints, where the file carries digests. Throws `.damaged`.
    public func requireSoundLogits(checkpoints: Range<Int>) throws(RunStoreError) {
        for checkpoint in checkpoints where hasLogits && hasDigests {
            let (part, position) = part(holding: checkpoint)
            let file = try translating { () throws(HDF5Error) in try HDF5File(reading: part.path) }
            let attribute = try translating { () throws(HDF5Error) in try file.attribute("sha256", of: "/logits") }
            let logits = try translating { () throws(HDF5Error) in try file.dataset("/logits") }
            let digest = try scan(logits, piece: position, looksForNaN: false).digest
            let isSound =
                if case .strings(let all)? = attribute {
                    all.indices.contains(position) && all[position] == digest
                } else { false }
            if !isSound { throw RunStoreError(part.path, dataset: "/logits", checkpoint: checkpoint, .damaged) }
        }
    }

    private func verify(
        _ part: RunPart, firstCheckpoint: Int, _ bounds: (String, Int?) -> ClosedRange<Float>?,
        into found: inout Verification
    ) throws(RunStoreError) {
        let file = try translating { () throws(HDF5Error) in try HDF5File(reading: part.path) }
        let objects = try translating { () throws(HDF5Error) in
            if case .string(let written)? = try file.attribute(RunAttributes.digestName),
                try RunAttributes.digest(of: RunAttributes.all(of: file)) != written
            {
                found.problems.append(
                    .init(error: RunStoreError(part.path, dataset: "the root attributes", .damaged)))
            }
            let objects = try file.datasets()
            if case .string(let sealed)? = try file.attribute(RunAttributes.contentsName),
                RunAttributes.contents(objects) != sealed
            {
                found.problems.append(.init(error: RunStoreError(part.path, .otherDatasets(objects.count))))
            }
            return objects
        }
        for object in objects {
            do throws(RunStoreError) {
                let item = try verify(
                    object, in: file, part, firstCheckpoint, bounds(object, classCount), &found.problems)
                found.items.append(item)
            } catch {
                found.problems.append(.init(error: error))
            }
        }
    }

    private func verify(
        _ object: String, in file: borrowing HDF5File, _ part: RunPart, _ firstCheckpoint: Int,
        _ bounds: ClosedRange<Float>?, _ problems: inout [Verification.Problem]
    ) throws(RunStoreError) -> Verification.Item {
        var item = Verification.Item(file: part.path, dataset: object, digests: 0, damaged: 0, nonFinite: 0)
        let attribute = try translating { () throws(HDF5Error) in try file.attribute("sha256", of: object) }
        let isOurs = RunFile.isLaidOut(object)
        guard attribute != nil || isOurs else { return item }
        let byCheckpoint = RunFile.hasCheckpointAxis(object)
        let written: [String]
        switch attribute {
        case .string(let digest)?: written = [digest]
        case .strings(let digests)?: written = digests
        default: written = []
        }
        let dataset = try translating { () throws(HDF5Error) in try file.dataset(object) }
        if written.isEmpty, part.hasDigests {
            problems.append(.init(error: RunStoreError(part.path, dataset: object, .digestMissing)))
        }

        if dataset.info.type.isString {
            let texts = try translating { () throws(HDF5Error) in try dataset.readStrings() }
            if let digest = written.first {
                item.digests = 1
                if SHA256.hex(texts) != digest {
                    item.damaged = 1
                    problems.append(.init(error: RunStoreError(part.path, dataset: object, .damaged)))
                }
            }
            return item
        }
        guard dataset.info.type.isInteger || dataset.info.type.isFloat else { return item }
        let pieces = byCheckpoint ? dataset.shape.first ?? 1 : 1
        if !written.isEmpty, written.count != pieces {
            throw RunStoreError(
                part.path, dataset: object,
                .attribute("sha256", found: "\(written.count) digests", expected: "\(pieces)"))
        }
        let looksForNaN = isOurs && !object.hasPrefix("/checkpoints/") && dataset.info.type.isFloat
        for piece in 0..<pieces {
            let checkpoint = byCheckpoint ? firstCheckpoint + piece : nil
            let scan = try scan(
                dataset, piece: byCheckpoint ? piece : nil, looksForNaN: looksForNaN, bounds: bounds,
                areSoftLabels: object == "/targets")
            if let outside = scan.outside {
                let fault = RunStoreError.Fault.impossible(outside.value)
                problems.append(
                    .init(
                        error: RunStoreError(
                            part.path, dataset: object, checkpoint: checkpoint, sample: outside.row, fault)))
            }
            if let row = scan.unnormalized {
                problems.append(
                    .init(
                        error: RunStoreError(
                            part.path, dataset: object, checkpoint: checkpoint, sample: row.row, .unnormalized(row.sum))
                    ))
            }
            if let digest = written.isEmpty ? nil : written[piece] {
                item.digests += 1
                if scan.digest != digest {
                    item.damaged += 1
                    problems.append(
                        .init(error: RunStoreError(part.path, dataset: object, checkpoint: checkpoint, .damaged)))
                }
            }
            item.nonFinite += scan.nonFinite
            if let first = scan.first {
                problems.append(
                    .init(
                        error: RunStoreError(
                            part.path, dataset: object, checkpoint: checkpoint, sample: first.row,
                            .nonFinite(value: first.value, column: first.column))))
            }
        }
        return item
    }

    /// Whether the layout gives the dataset a meaning.
    private static func isLaidOut(_ object: String) -> Bool {
        let roots = [
            "samples", "checkpoints", "logits", "train_logits", "scores", "targets", "features", "weights", "test",
            "state",
        ]
        return object.split(separator: "/").first.map { roots.contains(String($0)) } ?? false
    }

    private static func hasCheckpointAxis(_ object: String) -> Bool {
        object == "/logits" || object == RunObjects.trainLogits || object.hasPrefix("/checkpoints/")
            || object.hasPrefix("/scores/")
    }
}

/// What one pass over a dataset, or one checkpoint of it, gives.
private struct Scan {
    var digest = ""
    var nonFinite = 0
    var first: (row: Int, column: Int, value: Float)?
    /// The first finite value beyond the bounds.
    var outside: (row: Int, value: Float)?
    /// The first row of soft labels that does not sum to 1.
    var unnormalized: (row: Int, sum: Double)?
}

/// Reads a dataset, or one checkpoint of it, in blocks of about 4 MiB.
private func scan(
    _ dataset: borrowing HDF5Dataset, piece: Int?, looksForNaN: Bool, bounds: ClosedRange<Float>? = nil,
    areSoftLabels: Bool = false
) throws(RunStoreError) -> Scan {
    var result = Scan()
    var hash = SHA256()
    let lead = piece.map { [$0] } ?? []
    let shape = Array(dataset.shape.dropFirst(lead.count))
    let rest = Array(shape.dropFirst())
    let columns = rest.reduce(1, *)
    let rowBytes = columns * dataset.info.elementBytes
    let rows = shape.first ?? 1
    let height = min(max(rows, 1), max(1, (4 << 20) / max(rowBytes, 1)))
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: height * rowBytes, alignment: 64)
    defer { bytes.deallocate() }
    var reader = FloatReader(capacity: looksForNaN ? height * columns : 0)
    for first in stride(from: 0, to: rows, by: height) {
        let count = min(height, rows - first)
        let block = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * rowBytes)])
        let isScalar = shape.isEmpty
        let start = lead + (isScalar ? [] : [first] + rest.map { _ in 0 })
        let extent = lead.map { _ in 1 } + (isScalar ? [] : [count] + rest)
        try translating { () throws(HDF5Error) in try dataset.readBytes(into: block, start: start, count: extent) }
        hash.update(bufferPointer: UnsafeRawBufferPointer(block))
        guard looksForNaN else { continue }
        let floats = try reader.read(dataset, start: start, count: extent)
        var next = floats.firstNonFinite()
        while let index = next {
            if result.first == nil { result.first = (first + index / columns, index % columns, floats[index]) }
            result.nonFinite += 1
            next = floats.firstNonFinite(from: index + 1)
        }
        if let bounds, result.outside == nil,
            let index = floats.firstIndex(where: { $0.isFinite && !bounds.contains($0) })
        {
            result.outside = (first + index / columns, floats[index])
        }
        if areSoftLabels, columns > 0, result.first == nil, result.unnormalized == nil,
            let found = SoftLabels.firstUnnormalized(floats, classes: columns)
        {
            result.unnormalized = (first + found.row, found.sum)
        }
    }
    result.digest = hash.hex()
    return result
}
