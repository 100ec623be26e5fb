internal import CArchives

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file read once from front to back, plain or gzip alike (zlib looks at the first bytes).
struct InputFile: ~Copyable {
    let dataset: String
    let path: String
    /// Size on disk, compressed or not.
    let fileBytes: Int
    private let handle: gzFile

    /// The most that one byte of a deflate stream can grow to, rounded up (zlib's documentation: 1032:1).
    private static let largestExpansion = 1040
    /// zlib's own buffer: large enough to make few system calls, small beside the images.
    private static let bufferBytes: UInt32 = 256 * 1024

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private init(dataset: String, path: String, fileBytes: Int, handle: gzFile) {
        self.dataset = dataset
        self.path = path
        self.fileBytes = fileBytes
        self.handle = handle
    }

    /// - Parameter advice: what to do when the file is missing.
    static func open(_ path: String, dataset: String, advice: String) throws(DatasetError) -> InputFile {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            throw DatasetError(
                dataset: dataset, path: path,
                code == ENOENT || code == ENOTDIR
                    ? .missing(advice: advice) : .unreadable(reason: String(cString: strerror(code))))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DatasetError(dataset: dataset, path: path, .unreadable(reason: "not a regular file"))
        }
        guard let opened = gzopen(path, "rb") else {
            throw DatasetError(dataset: dataset, path: path, .unreadable(reason: String(cString: strerror(errno))))
        }
        gzbuffer(opened, bufferBytes)
        return InputFile(dataset: dataset, path: path, fileBytes: Int(status.st_size), handle: opened)
    }

    deinit { gzclose(handle) }

    func error(_ fault: DatasetError.Fault) -> DatasetError { DatasetError(dataset: dataset, path: path, fault) }

    /// Refuses a promise that no file of this size can keep, before memory is taken for it.
    /// - Parameter done: bytes already read.
    func checkPromise(_ bytes: Int, after done: Int, _ words: String) throws(DatasetError) {
        if gzdirect(handle) == 1 {
            guard bytes <= fileBytes - done else { throw error(.truncated(found: fileBytes, expected: bytes + done)) }
        } else {
            guard bytes / Self.largestExpansion <= fileBytes else {
                throw error(.implausible(promised: words, fileBytes: fileBytes))
            }
        }
    }

    /// Exactly `count` bytes, or an error; `done` bytes came before them.
    func read(_ count: Int, after done: Int = 0) throws(DatasetError) -> [UInt8] {
        var failure: DatasetError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let base = buffer.baseAddress {
                let wanted = UInt32(min(count - filled, 1 << 30))
                let got = gzread(handle, base + filled, wanted)
                if got <= 0 {
                    failure = fault(found: done + filled, expected: done + count)
                    break
                }
                filled += Int(got)
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Refuses a file that goes on, and one whose checksum is wrong (zlib compares it at the end of the stream).
    func expectEnd(after done: Int) throws(DatasetError) {
        var extra: UInt8 = 0
        let got = gzread(handle, &extra, 1)
        if got > 0 { throw error(.overlong(expected: done)) }
        var code: Int32 = 0
        gzerror(handle, &code)
        if got < 0 || code != Z_OK { throw fault(found: done, expected: done) }
    }

    private func fault(found: Int, expected: Int) -> DatasetError {
        var code: Int32 = 0
        let text = gzerror(handle, &code).map { String(cString: $0) } ?? ""
        switch code {
        case Z_ERRNO: return error(.unreadable(reason: String(cString: strerror(errno))))
        case Z_OK, Z_STREAM_END: return error(.truncated(found: found, expected: expected))
        case Z_BUF_ERROR: return error(.damagedGzip(reason: "it ends after \(found) of \(expected) bytes"))
        default:
            let reason = text.hasPrefix(path + ": ") ? String(text.dropFirst(path.utf8.count + 2)) : text
            return error(.damagedGzip(reason: reason))
        }
    }
}
