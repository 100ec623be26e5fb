import Glibc

/// The few system calls that crash safety rests on: each throws with the path and the system's sentence.
enum FileSystem {
    /// The error of the call that has just failed.
    static func failure(_ call: String, _ path: String, number: Int32 = errno) -> RunStoreError {
        RunStoreError(path, .system(call: call, reason: String(cString: strerror(number)), number: number))
    }

    static func isFile(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    static func exists(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0
    }

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    static func size(_ path: String) -> Int? {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_size) : nil
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// Names in a directory, in the order of their bytes.
    static func entries(_ path: String) throws(RunStoreError) -> [String] {
        guard let directory = opendir(path) else { throw failure("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Makes the directory and those above it, each safe on disk.
    static func makeDirectory(_ path: String) throws(RunStoreError) {
        if isDirectory(path) { return }
        let above = parent(path)
        if above != path { try makeDirectory(above) }
        if mkdir(path, 0o777) != 0, errno != EEXIST {
            // Another import may have taken back the empty directory above.
            guard errno == ENOENT, above != path else { throw failure("mkdir", path) }
            try makeDirectory(above)
            if mkdir(path, 0o777) != 0, errno != EEXIST { throw failure("mkdir", path) }
        }
        try sync(above)
    }

    /// The directories above a path that are not there, the deepest first.
    static func missingDirectories(above path: String) -> [String] {
        var missing: [String] = []
        var directory = parent(path)
        while !directory.isEmpty, !isDirectory(directory), parent(directory) != directory {
            missing.append(directory)
            directory = parent(directory)
        }
        return missing
    }

    /// Waits until a file's bytes, or a directory's names, are on the disk.
    static func sync(_ path: String) throws(RunStoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        // Some file systems cannot sync a directory and say EINVAL: nothing more can be done there.
        if fsync(descriptor) != 0, errno != EINVAL { throw failure("fsync", path) }
    }

    static func rename(_ from: String, to: String) throws(RunStoreError) {
        if Glibc.rename(from, to) != 0 { throw failure("rename", to) }
    }

    /// Removes a file if it is there.
    static func remove(_ path: String) throws(RunStoreError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("unlink", path) }
    }

    static func removeDirectory(_ path: String) throws(RunStoreError) {
        if rmdir(path) != 0, errno != ENOENT { throw failure("rmdir", path) }
    }

    enum Lock {
        /// An open file, exclusively locked.
        case held(Int32)
        /// Another process holds the lock.
        case inUse
        /// The file, or its directory, went away while it was being locked.
        case removed
    }

    /// Locks a file, making it. Where the file system knows no locks the file is open without one.
    static func lock(_ path: String) throws(RunStoreError) -> Lock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .removed }
            throw failure("open", path)
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(descriptor)
            return .inUse
        }
        // A lock on a file that has been removed keeps nobody out.
        var (held, named) = (stat(), stat())
        guard fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino,
            held.st_dev == named.st_dev
        else {
            close(descriptor)
            return .removed
        }
        return .held(descriptor)
    }

    /// Closing alone would leave the lock to a child that is being started and has not yet closed its copy.
    static func unlock(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Whether an error number means that nothing more fits.
    static func isFull(_ number: Int32) -> Bool { number == ENOSPC || number == EDQUOT || number == EFBIG }
}
