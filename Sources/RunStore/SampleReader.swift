import HDF5
public import Records

/// Reads the samples of a run block by block, for many threads at a time.
public final class SampleReader: @unchecked Sendable {
    public let count: Int
    public let hasNames: Bool
    private let path: String
    private let classes: Int?
    private let ids: HDF5Dataset
    private let labels: HDF5Dataset
    private let names: HDF5Dataset?

    /// Throws `RunStoreError` when the run has no samples.
    public init(_ run: RunFile) throws(RunStoreError) {
        let part = run.parts[0]
        guard let count = part.sampleCount else {
            throw RunStoreError(run.path, dataset: "/samples", .missingDataset)
        }
        self.count = count
        hasNames = part.hasNames
        path = part.path
        classes = run.classCount
        let file = try translating { () throws(HDF5Error) in try HDF5File(reading: part.path) }
        ids = try translating { () throws(HDF5Error) in try file.dataset("/samples/id") }
        labels = try translating { () throws(HDF5Error) in try file.dataset("/samples/label") }
        names = try translating { () throws(HDF5Error) in
            if part.hasNames { try file.dataset("/samples/name") } else { nil }
        }
    }

    /// The samples in `rows`. Throws `RunStoreError` at a label that is no class.
    public func read(_ rows: Range<Int>, withNames: Bool = false) throws(RunStoreError) -> Samples {
        let ids = try numbers(ids, rows)
        let labels = try numbers(labels, rows)
        let largest = Int64(Int32.max) + 1
        let bound = classes.map { min(Int64($0), largest) }
        if let wrong = labels.firstIndex(where: { $0 < 0 || $0 >= bound ?? largest }) {
            throw RunStoreError(
                path, dataset: "/samples/label", sample: rows.lowerBound + wrong,
                .label(labels[wrong], classes: bound.map { Int($0) }))
        }
        let texts = try translating { () throws(HDF5Error) -> [String]? in
            if withNames { try names?.readStrings(rows: rows) } else { nil }
        }
        return Samples(ids: ids, labels: labels.map { Int32($0) }, names: texts)
    }

    private func numbers(_ dataset: borrowing HDF5Dataset, _ rows: Range<Int>) throws(RunStoreError) -> [Int64] {
        try translating { () throws(HDF5Error) in
            var result = Result<Void, HDF5Error>.success(())
            let values = [Int64](unsafeUninitializedCapacity: rows.count) { buffer, count in
                result = Result { () throws(HDF5Error) in
                    buffer.initialize(repeating: 0)
                    let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<rows.count])
                    try dataset.read(into: whole, start: [rows.lowerBound], count: [rows.count])
                }
                count = rows.count
            }
            try result.get()
            // HDF5 clamps what does not fit.
            if dataset.info.type == .integer(bytes: 8, signed: false), let row = values.firstIndex(of: .max) {
                throw HDF5Error(
                    call: "reading", object: dataset.object, path: dataset.path,
                    reason: "sample \(rows.lowerBound + row) is beyond int64")
            }
            return values
        }
    }
}

extension RunFile {
    /// Samples by class. Classes that have none count 0, unless the file claims more classes than it has samples.
    public func classCounts(of samples: Samples) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for label in samples.labels { counts[Int(label), default: 0] += 1 }
        if let classCount, classCount <= samples.count {
            for label in 0..<max(0, classCount) { counts[label, default: 0] += 0 }
        }
        return counts
    }
}
