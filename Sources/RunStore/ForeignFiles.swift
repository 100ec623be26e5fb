import Crypto
import Glibc
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
    /// All datasets, depth first; `isRun` tells whether the file is a run of Assay's layout already.
    public static func contents(of path: String) throws(RunStoreError) -> (isRun: Bool, entries: [ForeignEntry]) {
        try translating { () throws(HDF5Error) in
            let file = try HDF5File(reading: path)
            var entries: [ForeignEntry] = []
            for object in try file.datasets() {
                let info = try file.info(object)
                entries.append(
                    ForeignEntry(
                        object: object, shape: info.shape, kind: ForeignDataset.kind(info.type),
                        type: info.type.description))
            }
            let format = try file.attribute("format")
            return (format == .string(RunAttributes.format), entries)
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

/// The SHA-256 of a file, which is an import's provenance.
public enum SourceDigest {
    /// Reads a regular file once from front to back; `observe` sees every piece of it in order. Lower-case hex.
    public static func sha256(
        of path: String, observing observe: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws(RunStoreError) -> (bytes: Int, sha256: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileSystem.failure("open", path) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        var total = 0
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileSystem.failure("read", path) }
            if count == 0 { return (total, hash.hex()) }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bufferPointer: piece)
            observe(piece)
            total += count
        }
    }
}
