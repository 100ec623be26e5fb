import Glibc
import RunStore

/// A regular file that is read once from its beginning, piece by piece, while its digest is made.
struct LogFile: ~Copyable {
    let path: String
    /// Bytes, as the file system says.
    let size: Int
    private let descriptor: Int32
    private var digest = FileDigest()
    private var position = 0

    /// Throws where there is no such file, where it is no regular file and where it is compressed.
    init(_ path: String) throws(ImportError) {
        // A FIFO without a writer would block the call for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw LogFolder.failure(path) }
        var info = stat()
        let isKnown = fstat(descriptor, &info) == 0
        guard isKnown, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let isFolder = isKnown && info.st_mode & S_IFMT == S_IFDIR
            throw ImportError(
                path, isFolder ? "a directory, but a file was expected" : "not a regular file; copy it to one first")
        }
        self.path = path
        size = Int(info.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The next bytes, at most `limit`; empty at the end.
    mutating func next(_ limit: Int) throws(ImportError) -> [UInt8] {
        let room = max(1, min(limit, size - position + 1))
        var problem: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            while count < room {
                let n = read(descriptor, buffer.baseAddress.map { $0 + count }, room - count)
                if n < 0, errno == EINTR { continue }
                if n < 0 { problem = errno }
                if n <= 0 { break }
                count += n
            }
        }
        if problem != 0 { throw LogFolder.failure(path, number: problem) }
        if position == 0, piece.starts(with: [0x1F, 0x8B]) {
            throw ImportError(path, "compressed with gzip, which is not read here; gunzip it first")
        }
        position += piece.count
        digest.update(piece)
        return piece
    }

    /// What was read: to be asked at the end of the file.
    var source: ImportSource { ImportSource(path: path, bytes: position, sha256: digest.hex) }

    /// A whole file of at most 1 GiB.
    static func contents(_ path: String) throws(ImportError) -> (bytes: [UInt8], source: ImportSource) {
        let limit = 1 << 30
        var file = try LogFile(path)
        if file.size > limit { throw ImportError(path, "\(file.size) bytes, more than the 1 GiB that a log may have") }
        var bytes: [UInt8] = []
        while true {
            let piece = try file.next(limit)
            if piece.isEmpty { return (bytes, file.source) }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
            if bytes.count > limit { throw ImportError(path, "it grows while it is read") }
        }
    }
}

/// Looking for logs below a folder.
enum LogFolder {
    static func failure(_ path: String, number: Int32 = errno) -> ImportError {
        if number == ENOENT || number == ENOTDIR {
            return ImportError(path, "no such file or directory", exitCode: 66)
        }
        return ImportError(path, String(cString: strerror(number)), exitCode: 74)
    }

    /// Throws where there is nothing of that name.
    static func isDirectory(_ path: String) throws(ImportError) -> Bool {
        var info = stat()
        guard stat(path, &info) == 0 else { throw failure(path) }
        return info.st_mode & S_IFMT == S_IFDIR
    }

    static func exists(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0
    }

    /// Names in a directory without those that begin with a dot, numbers in them in the order of their values.
    static func entries(_ path: String) throws(ImportError) -> [String] {
        guard let directory = opendir(path) else { throw failure(path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted(by: naturally)
    }

    /// The path itself if it is a file, otherwise all files below it whose names are wanted, in natural order.
    static func files(_ path: String, where isWanted: (String) -> Bool) throws(ImportError) -> [String] {
        guard try isDirectory(path) else { return [path] }
        var found: [String] = []
        try collect(trimmed(path), depth: 0, isWanted, into: &found)
        return found
    }

    private static func collect(
        _ path: String, depth: Int, _ isWanted: (String) -> Bool, into found: inout [String]
    ) throws(ImportError) {
        // Links can make circles; no log lies that deep.
        guard depth < 16 else { return }
        for name in try entries(path) {
            let child = path == "/" ? "/" + name : path + "/" + name
            var info = stat()
            // A link to nothing is no log.
            guard stat(child, &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                try collect(child, depth: depth + 1, isWanted, into: &found)
            } else if isWanted(name) {
                found.append(child)
            }
        }
    }

    static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? trimmed(String(path.dropLast())) : path
    }

    static func name(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A file's name without its last ending.
    static func stem(_ path: String) -> String {
        let name = name(path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    static func ending(_ path: String) -> String {
        let name = name(path)
        return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }

    /// `epoch_2` before `epoch_10`.
    static func naturally(_ a: String, _ b: String) -> Bool {
        let (x, y) = (pieces(a), pieces(b))
        for (p, q) in zip(x, y) where p != q {
            guard let m = Int(p), let n = Int(q), m != n else {
                return p.utf8.lexicographicallyPrecedes(q.utf8)
            }
            return m < n
        }
        return x.count == y.count ? a.utf8.lexicographicallyPrecedes(b.utf8) : x.count < y.count
    }

    private static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var wasDigit: Bool?
        for character in text {
            let isDigit = character.isASCII && character.isNumber
            if isDigit == wasDigit, let last = pieces.indices.last {
                pieces[last].append(character)
            } else {
                pieces.append(String(character))
            }
            wasDigit = isDigit
        }
        return pieces
    }
}
