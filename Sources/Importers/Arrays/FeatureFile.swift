/// Features of samples, and what stands beside them, from a file of arrays: `.npy`, `.npz`, `.pt`, a pickle, HDF5.
public struct FeatureFile: Sendable {
    /// N
    public let rows: Int
    /// d
    public let columns: Int
    /// [N, d]
    public let features: [Float]
    /// [N]
    public let labels: [Int64]?
    /// [N]
    public let ids: [Int64]?
    /// Of the same network, [N, C].
    public let logits: (columns: Int, values: [Float])?

    /// - Parameters:
    ///   - path: a file with one matrix, or with arrays called `features`, `labels`, `ids`, `logits` (other common names
    ///     are known).
    ///   - labels: a file of labels of its own; nil: those beside the features.
    /// - Throws: `ImportError` where there are no features, shapes disagree or the file is damaged.
    public init(_ path: String, labels labelPath: String? = nil) throws {
        let arrays = try Self.arrays(of: path)
        let matrices = arrays.filter { $0.shape.count == 2 && $0.type.isFloat }
        guard let found = Self.array(.features, in: arrays) ?? (matrices.count == 1 ? matrices[0] : nil) else {
            throw ImportError(
                path,
                "no features: a matrix [N, d] of floats called 'features' is needed; the file holds "
                    + (arrays.isEmpty ? "no arrays" : arrays.map(\.place).joined(separator: ", ")))
        }
        guard found.shape.count == 2, found.type.isFloat else {
            throw found.error("features are a matrix [N, d] of floats")
        }
        guard found.shape[1] > 0 else { throw found.error("features have at least one column") }
        (rows, columns) = (found.shape[0], found.shape[1])
        features = try Self.floats(found)
        let others = try labelPath.map(Self.arrays) ?? arrays
        let lone = labelPath != nil && others.count == 1 ? others[0] : nil
        labels = try Self.numbers(lone ?? Self.array(.labels, in: others), rows)
        ids = try Self.numbers(Self.array(.ids, in: arrays), rows)
        logits = try Self.array(.logits, in: arrays).map { array in
            guard array.shape.count == 2, array.shape[0] == found.shape[0] else {
                throw array.error("logits beside features are [N, C] = [\(found.shape[0]), C], at the same checkpoint")
            }
            return (array.shape[1], try Self.floats(array))
        }
    }

    /// A matrix block by block: what is converted stands in memory once.
    private static func floats(_ array: ForeignArray) throws -> [Float] {
        let rows = array.shape[0]
        let height = max(1, (1 << 16) / max(1, array.shape[1]))
        // The first row is read before memory is taken for all of them: a file may declare more than it holds.
        _ = try array.whole.floats(0..<min(1, rows))
        var values: [Float] = []
        values.reserveCapacity(array.count)
        for first in stride(from: 0, to: rows, by: height) {
            values += try array.whole.floats(first..<min(rows, first + height))
        }
        return values
    }

    private static func numbers(_ array: ForeignArray?, _ rows: Int) throws -> [Int64]? {
        guard let array else { return nil }
        guard array.shape == [rows] else { throw array.error("one number for each of the \(rows) rows is needed") }
        return try array.whole.integers()
    }

    private static func array(_ role: ArrayRole, in arrays: [ForeignArray]) -> ForeignArray? {
        let names = ArrayRole.aliases.first { $0.0 == role }?.1 ?? []
        return arrays.first { array in
            names.contains(array.name.split(separator: "/").last.map { $0.lowercased() } ?? "")
        }
    }

    /// The arrays at the top of a file.
    fileprivate static func arrays(of path: String) throws -> [ForeignArray] {
        func flat(_ value: ForeignValue) -> [ForeignArray] {
            switch value {
            case .array(let array): [array]
            case .dict(let members): members.flatMap { flat($0.value) }
            default: []
            }
        }
        return flat(try ForeignFile(path).contents)
    }
}

/// The one list of integers in a file of arrays. Throws `ImportError`.
public func readIntegers(_ path: String) throws -> [Int64] {
    let arrays = try FeatureFile.arrays(of: path)
    guard arrays.count == 1, arrays[0].shape.count == 1 else {
        throw ImportError(path, "one list [n] of integers is needed")
    }
    return try arrays[0].whole.integers()
}
