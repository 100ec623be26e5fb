import HDF5

/// A dataset as it lies in the file.
public struct StoredDataset: Sendable, Equatable {
    public var path: String
    public var shape: [Int]
    /// `float16`, `int64`, `string`, …
    public var type: String
    /// Nil when contiguous.
    public var chunk: [Int]?
    /// Names of the filters, in the order in which they were applied.
    public var filters: [String]
    /// Bytes taken in the file.
    public var bytes: Int
    /// Digests that it carries: one, or one per checkpoint.
    public var digests: Int
}

extension RunFile {
    /// All datasets, Assay's and others'; of an unfinished run those of its newest part, where E = 1.
    public func datasets() throws(RunStoreError) -> [StoredDataset] {
        guard let part = parts.last else { return [] }
        return try translating { () throws(HDF5Error) in
            let file = try HDF5File(reading: part.path)
            var found: [StoredDataset] = []
            for object in try file.datasets() {
                let info = try file.info(object)
                let digests =
                    switch try file.attribute("sha256", of: object) {
                    case .string?: 1
                    case .strings(let all)?: all.count
                    default: 0
                    }
                found.append(
                    StoredDataset(
                        path: object, shape: info.shape, type: info.type.description, chunk: info.chunk,
                        filters: info.filters.map(\.name), bytes: info.storedBytes, digests: digests))
            }
            return found
        }
    }

    /// The root attributes in the order of the layout, those that the run lacks left out; then the others by name.
    public func attributes() -> [(name: String, value: String)] {
        let known = RunAttributes.attributes(of: description)
        let order = RunAttributes.names.filter { known[$0] != nil }
        return order.map { ($0, known[$0]?.text ?? "") } + extraAttributes.sorted { $0.key < $1.key }.map { ($0, $1) }
    }
}
