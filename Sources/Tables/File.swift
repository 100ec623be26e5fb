#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

#if canImport(Glibc)
    private let systemWrite = Glibc.write
#else
    private let systemWrite = Darwin.write
#endif

/// All bytes of a file; "-" is standard input.
public func fileContents(_ path: String) throws(TableError) -> [UInt8] {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, reading: true) }
    defer { if descriptor != 0 { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, reading: true) }
    if status.st_mode & S_IFMT == S_IFDIR { throw TableError(.unreadable("it is a directory"), source: path) }
    var result = [UInt8]()
    var room = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) + 1 : 1 << 16
    while true {
        // Appending in pieces keeps a pipe's memory near its contents.
        var problem: Int32 = 0
        var received = 0
        let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            repeat {
                received = read(descriptor, buffer.baseAddress, buffer.count)
            } while received < 0 && errno == EINTR
            problem = received < 0 ? errno : 0
            count = max(0, received)
        }
        if problem != 0 {
            errno = problem
            throw failure(path, reading: true)
        }
        if received == 0 { return result }
        if result.isEmpty { result = piece } else { result += piece }
        room = max(1 << 16, min(result.count, 1 << 26))
    }
}

/// Replaces a file by `text`: written aside and renamed, so that a reader never sees half a table; "-" is standard
/// output.
func write(_ text: String, to path: String) throws(TableError) {
    let aside = path == "-" ? path : "\(path).\(getpid()).tmp"
    let descriptor = path == "-" ? 1 : open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path, reading: false) }
    var text = text
    let problem: Int32 = text.withUTF8 { bytes in
        var written = 0
        while written < bytes.count {
            let n = systemWrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            if n < 0, errno == EINTR { continue }
            if n < 0 { return errno }
            written += n
        }
        return 0
    }
    if path == "-", problem == 0 { return }
    let closing = path == "-" ? 0 : close(descriptor)
    if problem == 0, closing == 0, rename(aside, path) == 0 { return }
    let why = problem != 0 ? problem : errno
    if path != "-" { unlink(aside) }
    errno = why
    throw failure(path, reading: false)
}

private func failure(_ path: String, reading: Bool) -> TableError {
    let code = errno
    if reading, code == ENOENT || code == ENOTDIR { return TableError(.missingFile, source: path) }
    let why = String(cString: strerror(code))
    return TableError(reading ? .unreadable(why) : .unwritable(why), source: path)
}
