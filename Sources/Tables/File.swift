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

/// All bytes of a file; "-" is standard input. A pipe into which nothing is written for 5 s, by anybody, is an
/// error.
public func fileContents(_ path: String) throws(TableError) -> [UInt8] {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw fileFailure(path, reading: true) }
    defer { if descriptor != 0 { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fileFailure(path, reading: true) }
    if status.st_mode & S_IFMT == S_IFDIR { throw TableError(.unreadable("it is a directory"), source: path) }
    let isPipe = descriptor != 0 && status.st_mode & S_IFMT == S_IFIFO
    var waits = 0
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
        if isPipe, problem == EAGAIN {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, -1)
            continue
        }
        if isPipe, problem == 0, received == 0, result.isEmpty {
            // Nobody has opened it for writing yet.
            waits += 1
            guard waits <= 100 else {
                throw TableError(.unreadable("it is a pipe, and nothing was written into it for 5 s"), source: path)
            }
            usleep(50_000)
            continue
        }
        if problem != 0 {
            errno = problem
            throw fileFailure(path, reading: true)
        }
        if received == 0 { return result }
        if result.isEmpty { result = piece } else { result += piece }
        room = max(1 << 16, min(result.count, 1 << 26))
    }
}

/// Makes the directories in which a file is to stand; what cannot be made is said when the file is written.
public func makeDirectories(above path: String) {
    for slash in path.indices.dropFirst() where path[slash] == "/" { mkdir(String(path[..<slash]), 0o777) }
}

/// Throws where something stands at the path that a table must not replace: a run (or another HDF5 file), a folder, a
/// device or a pipe.
public func requireReplaceable(_ path: String, byHDF5: Bool = false) throws(TableError) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw TableError(.unwritable("it is no file that could be replaced; choose another name"), source: path)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, !byHDF5 else {
        if descriptor >= 0 { close(descriptor) }
        return
    }
    defer { close(descriptor) }
    var start = [UInt8](repeating: 0, count: 8)
    guard read(descriptor, &start, 8) == 8, start == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] else { return }
    throw TableError(
        .unwritable("it is an HDF5 file, perhaps a run, and would be lost; choose another name"), source: path)
}

/// Throws where writing `output` would replace one of the files that it is made from, or what stands beside it.
public func requireOther(_ output: String, than inputs: [String]) throws(TableError) {
    func identity(_ path: String) -> (dev_t, ino_t)? {
        var status = stat()
        return stat(path, &status) == 0 ? (status.st_dev, status.st_ino) : nil
    }
    let taken = inputs.flatMap { [$0, $0 + ".json"] }.compactMap(identity)
    for path in [output, output + ".json"] {
        guard let own = identity(path), taken.contains(where: { $0 == own }) else { continue }
        throw TableError(
            .unwritable("it is among the files that this is made from, and would be lost; choose another name"),
            source: path)
    }
}

/// A file in the making: written aside and renamed when it is finished, so that a reader never sees half of it; "-" is
/// standard output. What is not finished leaves nothing behind.
public final class OutputFile {
    public let path: String
    private let aside: String
    private let descriptor: Int32
    private var isOpen: Bool

    /// Makes the directories above it where they are missing. Throws `TableError.unwritable`.
    public init(_ path: String) throws(TableError) {
        self.path = path
        aside = "\(path).\(getpid()).tmp"
        isOpen = path != "-"
        guard isOpen else {
            descriptor = 1
            return
        }
        makeDirectories(above: path)
        try requireReplaceable(path)
        descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            isOpen = false
            throw fileFailure(path, reading: false)
        }
    }

    deinit {
        guard isOpen else { return }
        close(descriptor)
        unlink(aside)
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(TableError) {
        var written = 0
        while written < bytes.count {
            let n = systemWrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            if n < 0, errno == EINTR { continue }
            guard n >= 0 else { throw fileFailure(path, reading: false) }
            written += n
        }
    }

    public func write(_ text: String) throws(TableError) {
        var text = text
        let result = text.withUTF8 { utf8 in
            Result { () throws(TableError) in try write(UnsafeRawBufferPointer(utf8)) }
        }
        try result.get()
    }

    /// Gives the file its name.
    public func finish() throws(TableError) {
        guard isOpen else { return }
        isOpen = false
        if close(descriptor) == 0, rename(aside, path) == 0 { return }
        let why = errno
        unlink(aside)
        errno = why
        throw fileFailure(path, reading: false)
    }
}

/// Replaces a file by `text` as a whole or not at all; "-" is standard output.
public func write(_ text: String, to path: String) throws(TableError) {
    let file = try OutputFile(path)
    try file.write(text)
    try file.finish()
}

func fileFailure(_ path: String, reading: Bool) -> TableError {
    let code = errno
    if reading, code == ENOENT || code == ENOTDIR { return TableError(.missingFile, source: path) }
    let why = String(cString: strerror(code))
    return TableError(reading ? .unreadable(why) : .unwritable(why), source: path)
}
