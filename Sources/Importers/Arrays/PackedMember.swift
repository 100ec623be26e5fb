internal import CArchives
import Synchronization

/// A deflated member of a zip archive, unpacked while it is read from front to back.
///
/// Who reads backwards begins anew; at the third time the member is unpacked once to a temporary file without a name.
/// Reaching the end compares length and CRC-32.
final class PackedMember: Sendable {
    let count: Int
    private let file: ByteFile
    private let member: ZipArchive.Member
    private let offset: Int
    private let state = Mutex(State())

    private struct State: Sendable {
        var inflation: Inflation?
        var restarts = 0
        var unpacked: ByteFile?
    }

    init(file: ByteFile, member: ZipArchive.Member, offset: Int) {
        self.file = file
        self.member = member
        self.offset = offset
        count = member.bytes
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(ImportError) {
        let target = Buffer(bytes: buffer)
        let problem = state.withLock { state -> ImportError? in
            do throws(ImportError) {
                try read(&state, target.bytes, position)
                return nil
            } catch { return error }
        }
        if let problem { throw problem }
    }

    /// Lent for the time of one call.
    private struct Buffer: @unchecked Sendable {
        var bytes: UnsafeMutableRawBufferPointer
    }

    private func read(
        _ state: inout State, _ buffer: UnsafeMutableRawBufferPointer, _ position: Int
    ) throws(ImportError) {
        if let unpacked = state.unpacked { return try unpacked.read(into: buffer, at: position) }
        if let inflation = state.inflation, inflation.position > position {
            state.inflation = nil
            state.restarts += 1
        }
        if state.restarts > 2 {
            let unpacked = try unpack()
            state.unpacked = unpacked
            return try unpacked.read(into: buffer, at: position)
        }
        let inflation: Inflation
        if let current = state.inflation {
            inflation = current
        } else {
            inflation = try Inflation(file: file, member: member, offset: offset)
            state.inflation = inflation
        }
        try inflation.skip(to: position)
        try inflation.read(into: buffer)
    }

    /// Lets go of what reading has taken; the next one begins anew.
    func rest() { state.withLock { $0.inflation = nil } }

    private func unpack() throws(ImportError) -> ByteFile {
        let target = try ByteFile(temporaryFor: file.path)
        let inflation = try Inflation(file: file, member: member, offset: offset)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { piece.deallocate() }
        while inflation.position < count {
            let start = inflation.position
            let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, count - start)])
            try inflation.read(into: part)
            try target.write(UnsafeRawBufferPointer(part), at: start)
        }
        return target
    }
}

/// zlib's state of one pass over a member; its owner keeps it to one thread at a time.
private final class Inflation: @unchecked Sendable {
    private(set) var position = 0
    private let file: ByteFile
    private let member: ZipArchive.Member
    private let offset: Int
    private var taken = 0
    private var crc: UInt = 0
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

    init(file: ByteFile, member: ZipArchive.Member, offset: Int) throws(ImportError) {
        self.file = file
        self.member = member
        self.offset = offset
        stream.initialize(to: z_stream())
        guard inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ImportError(file.path, "zlib cannot begin: out of memory", exitCode: 74)
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    func skip(to target: Int) throws(ImportError) {
        guard target > position else { return }
        let waste = UnsafeMutableRawBufferPointer.allocate(byteCount: min(target - position, 1 << 18), alignment: 16)
        defer { waste.deallocate() }
        while position < target {
            try read(into: UnsafeMutableRawBufferPointer(rebasing: waste[..<min(waste.count, target - position)]))
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImportError) {
        var done = 0
        while done < buffer.count {
            if stream.pointee.avail_in == 0, taken < member.packedBytes {
                let piece = UnsafeMutableRawBufferPointer(
                    rebasing: input[..<min(input.count, member.packedBytes - taken)])
                try file.read(into: piece, at: offset + taken)
                taken += piece.count
                stream.pointee.next_in = piece.bindMemory(to: UInt8.self).baseAddress
                stream.pointee.avail_in = UInt32(piece.count)
            }
            let room = min(buffer.count - done, 1 << 30)
            let start = buffer.baseAddress.map { ($0 + done).assumingMemoryBound(to: UInt8.self) }
            stream.pointee.next_out = start
            stream.pointee.avail_out = UInt32(room)
            let status = inflate(stream, Z_NO_FLUSH)
            let made = room - Int(stream.pointee.avail_out)
            crc = crc32(crc, start, UInt32(made))
            done += made
            position += made
            if status == Z_STREAM_END, done < buffer.count {
                throw damaged("it ends after \(position) of the \(member.bytes) bytes that it declares")
            }
            guard status == Z_OK || status == Z_STREAM_END || (status == Z_BUF_ERROR && made > 0) else {
                throw damaged("its packed bytes cannot be read after \(position) of \(member.bytes) bytes")
            }
        }
        if position == member.bytes, crc != UInt(member.crc) {
            throw damaged("its checksum (CRC-32) is wrong")
        }
    }

    private func damaged(_ reason: String) -> ImportError {
        ImportError(file.path, at: "member '\(member.name)'", "damaged zip archive: " + reason)
    }
}

/// CRC-32 over the bytes of some parts of a file, while the file is read once from front to back.
struct PartChecksums {
    private var parts: [(range: Range<Int>, crc: UInt)]
    private var position = 0
    private var next = 0

    /// Parts in the order of their offsets that do not overlap.
    init(_ ranges: [Range<Int>]) { parts = ranges.map { ($0, 0) } }

    mutating func add(_ piece: UnsafeRawBufferPointer) {
        let end = position + piece.count
        while next < parts.count, parts[next].range.lowerBound < end {
            let overlap = parts[next].range.clamped(to: position..<end)
            let bytes = UnsafeRawBufferPointer(
                rebasing: piece[(overlap.lowerBound - position)..<(overlap.upperBound - position)])
            parts[next].crc = CRC32.ieee(parts[next].crc, bytes)
            if parts[next].range.upperBound > end { break }
            next += 1
        }
        position = end
    }

    func crc(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: parts[index].crc) }
}
