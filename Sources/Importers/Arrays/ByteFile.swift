import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How many files an import keeps open: a run may come in thousands of them, and a process may open about a thousand.
enum OpenFiles {
    private static let count = Mutex(0)
    private static let most = 128

    /// Whether one more may stay open; then it is given back by `release`.
    static func take() -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    static func release() { count.withLock { $0 -= 1 } }
}

/// A regular file, read at any place; closed with its last reader.
final class ByteFile: Sendable {
    let path: String
    let size: Int
    /// Negative: the file is opened for each reading.
    private let descriptor: Int32
    private let isCounted: Bool
    /// Where a file without a name takes its room.
    private let scratchFolder: String

    init(_ path: String) throws(ImportError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw ByteFile.failure(path) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw ImportError(path, "it is a directory, but a file was expected")
        default: throw ImportError(path, "it is not a regular file (a pipe or a device); save it to a file first")
        }
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw ByteFile.failure(path) }
        self.path = path
        size = Int(status.st_size)
        scratchFolder = ""
        isCounted = OpenFiles.take()
        descriptor = isCounted ? opened : -1
        if !isCounted { close(opened) }
    }

    /// A file without a name, gone when it is closed, however the process ends: room for what must be read out of order.
    /// Nil for `folder` is the directory of temporary files.
    init(temporaryFor path: String, in folder: String? = nil) throws(ImportError) {
        let folder = folder ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((folder + "/.assay-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw ImportError(path, "no scratch file can be made in \(folder): \(reason)", exitCode: 74)
        }
        unlink(template)
        self.path = path
        size = .max
        isCounted = false
        scratchFolder = folder
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if isCounted { OpenFiles.release() }
    }

    /// Reads bytes that the file must have.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ImportError) {
        let descriptor = self.descriptor >= 0 ? self.descriptor : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ByteFile.failure(path) }
        defer { if self.descriptor < 0 { close(descriptor) } }
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ByteFile.failure(path) }
            guard count > 0 else {
                throw ImportError(path, at: "byte \(offset + done)", "the file ends here; it is truncated")
            }
            done += count
        }
    }

    func read(at offset: Int, count: Int) throws(ImportError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw ImportError(
                path, at: "byte \(offset)", "\(count) bytes are declared, but the file has only \(size) bytes")
        }
        return try [UInt8](count) { (buffer) throws(ImportError) in try read(into: buffer, at: offset) }
    }

    /// Appends at `offset`; for temporary files.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ImportError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(count < 0 ? errno : ENOSPC))
                throw ImportError(
                    path,
                    "the scratch file in \(scratchFolder) cannot be written: \(reason), at \(offset + done) bytes",
                    exitCode: 74)
            }
            done += count
        }
    }

    private static func failure(_ path: String) -> ImportError {
        let number = errno
        let isMissing = number == ENOENT || number == ENOTDIR
        return ImportError(
            path, isMissing ? "no such file" : String(cString: strerror(number)), exitCode: isMissing ? 66 : 74)
    }
}

/// Bytes that lie together: part of a file, an unpacked member of an archive, or memory.
enum ByteSource: Sendable {
    case file(ByteFile, offset: Int, count: Int)
    case packed(PackedMember)
    case memory([UInt8])

    var count: Int {
        switch self {
        case .file(_, _, let count): count
        case .packed(let member): member.count
        case .memory(let bytes): bytes.count
        }
    }

    /// Reads bytes within `0..<count`.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ImportError) {
        precondition(offset >= 0 && offset + buffer.count <= count, "bytes \(offset)+\(buffer.count) of \(count)")
        switch self {
        case .file(let file, let start, _): try file.read(into: buffer, at: start + offset)
        case .packed(let member): try member.read(into: buffer, at: offset)
        case .memory(let bytes):
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset...].prefix(buffer.count)))
            }
        }
    }

    func read(at offset: Int, count: Int) throws(ImportError) -> [UInt8] {
        try [UInt8](count) { (buffer) throws(ImportError) in try read(into: buffer, at: offset) }
    }

    /// A part of it.
    func slice(_ offset: Int, _ count: Int) -> ByteSource? {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
        switch self {
        case .file(let file, let start, _): return .file(file, offset: start + offset, count: count)
        case .memory(let bytes): return .memory(Array(bytes[offset..<offset + count]))
        case .packed: return nil
        }
    }
}

extension [UInt8] {
    /// Bytes that are read into memory of their own.
    fileprivate init(
        _ count: Int, _ read: (UnsafeMutableRawBufferPointer) throws(ImportError) -> Void
    ) throws(ImportError) {
        var problem: ImportError?
        self.init(unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(ImportError) {
                try read(UnsafeMutableRawBufferPointer(buffer))
                filled = count
            } catch { problem = error }
        }
        if let problem { throw problem }
    }

    /// A little-endian number at an offset that is known to lie within.
    func little<Number: FixedWidthInteger>(_ offset: Int, as: Number.Type = Number.self) -> Number {
        precondition(offset >= 0 && offset <= count - Number.bitWidth / 8, "byte \(offset) of \(count)")
        return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }
    func little16(_ offset: Int) -> UInt16 { little(offset) }
    func little32(_ offset: Int) -> UInt32 { little(offset) }
    func little64(_ offset: Int) -> UInt64 { little(offset) }
}
