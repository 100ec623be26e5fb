import Glibc
import HDF5
public import Records

/// Reads rows of a dataset of one run, [E, N, …] at any checkpoint or [N, …], for many threads at a time.
///
/// Logits of ImageNet take gigabytes a checkpoint: a block of rows is read at every checkpoint, then the next block, so
/// that memory does not grow with N or E. Values that lie plain in the file are read around HDF5 and its one lock.
///
/// Legend: E checkpoints, N samples.
public final class RecordReader: Sendable {
    /// Values come as halves (raw bits) or as floats.
    public let precision: StoredPrecision
    /// Values in a row: C for logits, 1 for a score.
    public let columns: Int
    /// Rows that are unpacked together; nil where any block costs the same.
    public let packedRows: Int?
    public let object: String
    private let parts: [OpenPart]

    /// - Parameter object: `/logits`, `/scores/…`; `/targets` and `/features`, which have no checkpoints.
    /// - Throws: `RunStoreError` where a part lacks it or does not store all that it declares.
    public init(_ run: RunFile, object: String) throws(RunStoreError) {
        var parts: [OpenPart] = []
        switch object {
        case "/targets": parts = [try OpenPart(run.parts[0].path, object, firstCheckpoint: nil)]
        case "/features": parts = [try OpenPart(run.parts[run.parts.count - 1].path, object, firstCheckpoint: nil)]
        default:
            var first = 0
            for part in run.parts {
                parts.append(try OpenPart(part.path, object, firstCheckpoint: first))
                first += part.checkpointCount
            }
        }
        self.parts = parts
        self.object = object
        precision = parts.allSatisfy { $0.isHalf } ? .half : .single
        columns = parts[0].columns
        packedRows = parts.compactMap(\.packedRows).max()
    }

    /// Bytes of a row as it is delivered.
    public var rowBytes: Int { columns * (precision == .half ? 2 : 4) }

    /// Fills `buffer` with the rows at a checkpoint (0 where there are none), row-major. Throws `RunStoreError`.
    public func read(
        checkpoint: Int = 0, rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
    ) throws(RunStoreError) {
        precondition(buffer.count == rows.count * rowBytes, "\(buffer.count) bytes for \(rows.count) rows")
        guard let part = parts.last(where: { ($0.firstCheckpoint ?? 0) <= checkpoint }) else {
            preconditionFailure("checkpoint \(checkpoint)")
        }
        try part.read(checkpoint - (part.firstCheckpoint ?? 0), rows, into: buffer, asHalf: precision == .half)
    }

    /// The rows at a checkpoint as floats, row-major. Throws `RunStoreError`.
    public func floats(checkpoint: Int = 0, rows: Range<Int>) throws(RunStoreError) -> [Float] {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: rows.count * rowBytes, alignment: 64)
        defer { bytes.deallocate() }
        try read(checkpoint: checkpoint, rows: rows, into: bytes)
        guard precision == .half else { return Array(bytes.bindMemory(to: Float.self)) }
        let halves = UnsafeBufferPointer(bytes.bindMemory(to: UInt16.self))
        return [Float](unsafeUninitializedCapacity: halves.count) { floats, count in
            Halves.convert(halves, to: UnsafeMutableBufferPointer(rebasing: floats[..<halves.count]))
            count = halves.count
        }
    }
}

/// One file of a run, open for reading by many threads: HDF5 locks its calls itself, and `pread` needs no lock.
private final class OpenPart: @unchecked Sendable {
    /// Nil where the dataset has no axis of checkpoints.
    let firstCheckpoint: Int?
    let columns: Int
    let isHalf: Bool
    let packedRows: Int?
    private let path: String
    private let dataset: HDF5Dataset
    /// The open file, where values lie plain and as they are delivered; otherwise nil.
    private let descriptor: Int32?

    init(_ path: String, _ object: String, firstCheckpoint: Int?) throws(RunStoreError) {
        self.path = path
        self.firstCheckpoint = firstCheckpoint
        let file = try translating { () throws(HDF5Error) in try HDF5File(reading: path) }
        let dataset = try translating { () throws(HDF5Error) in try file.dataset(object) }
        let axes = firstCheckpoint == nil ? 1 : 2
        if let chunk = dataset.info.chunk, !dataset.info.filters.isEmpty {
            let bytes = chunk.reduce(Double(dataset.info.elementBytes)) { $0 * Double($1) }
            guard bytes <= 0x1p30 else {
                let reason =
                    "its packed chunks are unpacked as a whole and hold \(Int(bytes / 0x1p20)) MB each; run 'h5repack -f NONE "
                    + "\(path) unpacked.h5'"
                throw RunStoreError(HDF5Error(call: "reading", object: object, path: path, reason: reason))
            }
        }
        columns = dataset.shape.dropFirst(axes).reduce(1, *)
        isHalf = dataset.info.type == .half
        packedRows = dataset.info.filters.isEmpty ? nil : dataset.info.chunk?[axes - 1]
        let isPlain = try translating { () throws(HDF5Error) in try dataset.liesPlain(in: file) }
        var opened: Int32?
        if isPlain, axes == 2, isHalf || dataset.info.elementBytes == 4 {
            let number = open(path, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw FileSystem.failure("open", path) }
            opened = number
        }
        descriptor = opened
        self.dataset = dataset
    }

    deinit { if let descriptor { close(descriptor) } }

    func read(
        _ position: Int, _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, asHalf: Bool
    ) throws(RunStoreError) {
        guard let descriptor, asHalf == isHalf else {
            return try readThroughHDF5(position, rows, into: buffer, asHalf: asHalf)
        }
        let rowBytes = columns * dataset.info.elementBytes
        var row = rows.lowerBound
        while row < rows.upperBound {
            let extent = try translating { () throws(HDF5Error) in try dataset.extent(lead: position, row: row) }
            let count = min(extent.rows, rows.upperBound - row)
            let first = (row - rows.lowerBound) * rowBytes
            try fill(
                UnsafeMutableRawBufferPointer(rebasing: buffer[first..<first + count * rowBytes]), from: descriptor,
                at: extent.offset)
            row += count
        }
    }

    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int
    ) throws(RunStoreError) {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileSystem.failure("pread", path) }
            guard count > 0 else {
                throw RunStoreError(path, dataset: dataset.object, .truncated("it ends within this dataset"))
            }
            done += count
        }
    }

    private func readThroughHDF5(
        _ position: Int, _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, asHalf: Bool
    ) throws(RunStoreError) {
        let lead = firstCheckpoint == nil ? [] : [position]
        let rest = Array(dataset.shape.dropFirst(lead.count + 1))
        let start = lead + [rows.lowerBound] + rest.map { _ in 0 }
        let count = lead.map { _ in 1 } + [rows.count] + rest
        try translating { () throws(HDF5Error) in
            if asHalf {
                try dataset.read(into: buffer.bindMemory(to: HalfBits.self), start: start, count: count)
            } else {
                let halves = UnsafeMutableBufferPointer<HalfBits>.allocate(
                    capacity: isHalf ? rows.count * columns : 0)
                defer { halves.deallocate() }
                try dataset.readFloats(
                    into: buffer.bindMemory(to: Float.self), halves: halves, start: start, count: count)
            }
        }
    }
}
