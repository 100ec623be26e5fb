import HDF5
import Synchronization

/// A dataset of a foreign HDF5 file, before anything of it is read.
public struct ForeignEntry: Sendable, Equatable {
    public enum Kind: Sendable, Equatable { case integer, half, float, text, other }

    /// The absolute path inside the file.
    public var object: String
    public var shape: [Int]
    public var kind: Kind
    /// `float16`, `int64`, `string`, `compound`, …
    public var type: String
}

/// A foreign HDF5 file: what it holds, without believing any of it.
public enum ForeignHDF5 {
    /// Hard links can make circles, so that a group of few bytes has no end: nothing lies deeper.
    static let deepest = 32
    /// Names on the paths of all groups and datasets: each is looked up by all of its path.
    static let mostNames = 1 << 16

    public struct Contents: Sendable {
        /// Whether the file is a run of Assay's layout already.
        public var isRun: Bool
        /// Datasets in the order of their paths' bytes.
        public var entries: [ForeignEntry]
        /// Groups that were not looked into, and the first of them.
        public var passedOver: (count: Int, first: String)?
    }

    /// The datasets of a file. Throws `RunStoreError` where it is damaged.
    public static func contents(of path: String) throws(RunStoreError) -> Contents {
        try translating { () throws(HDF5Error) in
            let file = try HDF5File(reading: path)
            var contents = Contents(
                isRun: try file.attribute("format") == .string(RunAttributes.format), entries: [], passedOver: nil)
            var looked = 0
            var waiting = [(group: "/", depth: 0)]
            while let (group, depth) = waiting.popLast() {
                guard depth <= deepest, looked < mostNames else {
                    contents.passedOver = (1 + (contents.passedOver?.count ?? 0), contents.passedOver?.first ?? group)
                    continue
                }
                let names = try file.children(of: group)
                looked += names.count * (depth + 1)
                for name in names {
                    let child = group == "/" ? "/" + name : group + "/" + name
                    switch try file.kind(of: child) {
                    case .group: waiting.append((child, depth + 1))
                    case .dataset:
                        let info = try file.info(child)
                        contents.entries.append(
                            ForeignEntry(
                                object: child, shape: info.shape, kind: ForeignDataset.kind(info.type),
                                type: info.type.description))
                    default: break
                    }
                }
            }
            contents.entries.sort { $0.object.utf8.lexicographicallyPrecedes($1.object.utf8) }
            return contents
        }
    }
}

/// An open dataset of a foreign HDF5 file; every byte it declares has been found to be there.
public final class ForeignDataset: Sendable {
    private let dataset: Mutex<HDF5Dataset>

    /// Throws when bytes are missing, and at a filter that this build of HDF5 lacks.
    public init(path: String, object: String) throws(RunStoreError) {
        dataset = Mutex(
            try translating { () throws(HDF5Error) in try HDF5File(reading: path).dataset(object) })
    }

    /// The shape of the chunks in which it is read; nil where elements lie plain.
    public var chunk: [Int]? { dataset.withLock { $0.info.chunk } }

    /// A block of numbers as floats, row-major.
    public func floats(start: [Int], count: [Int]) throws(RunStoreError) -> [Float] {
        try reading { (dataset) throws(HDF5Error) in try dataset.readFloats(start: start, count: count) }
    }

    /// A block of floats as they are widened.
    public func doubles(start: [Int], count: [Int]) throws(RunStoreError) -> [Double] {
        try reading { (dataset) throws(HDF5Error) in
            if dataset.info.type == .half {
                return try dataset.readFloats(start: start, count: count).map { Double($0) }
            }
            return try ForeignDataset.read(dataset, Double(0), start: start, count: count)
        }
    }

    /// A block of integers.
    public func integers(start: [Int], count: [Int]) throws(RunStoreError) -> [Int64] {
        try reading { (dataset) throws(HDF5Error) in
            try ForeignDataset.read(dataset, Int64(0), start: start, count: count)
        }
    }

    /// All strings.
    public func strings() throws(RunStoreError) -> [String] {
        try reading { (dataset) throws(HDF5Error) in try dataset.readStrings() }
    }

    private func reading<Value: Sendable>(
        _ body: (borrowing HDF5Dataset) throws(HDF5Error) -> Value
    ) throws(RunStoreError) -> Value {
        // A closure that throws a typed error cannot pass through the mutex's own.
        let result = dataset.withLock { dataset in
            do throws(HDF5Error) { return Result<Value, HDF5Error>.success(try body(dataset)) } catch {
                return .failure(error)
            }
        }
        return try translating { () throws(HDF5Error) in try result.get() }
    }

    private static func read<Scalar: HDF5Scalar>(
        _ dataset: borrowing HDF5Dataset, _ zero: Scalar, start: [Int], count: [Int]
    ) throws(HDF5Error) -> [Scalar] {
        let buffer = UnsafeMutableBufferPointer<Scalar>.allocate(capacity: count.reduce(1, *))
        defer { buffer.deallocate() }
        try dataset.read(into: buffer, start: start, count: count)
        return Array(buffer)
    }

    static func kind(_ type: HDF5ElementType) -> ForeignEntry.Kind {
        switch type {
        case .integer: .integer
        case .half: .half
        case .float: .float
        case .string: .text
        case .other: .other
        }
    }
}
