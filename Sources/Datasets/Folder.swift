import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A directory on the way down a tree, with those above it: a link that leads back is found before it is followed.
struct Folder {
    let dataset: String
    let path: String
    /// Device and inode of this directory and of every one above it.
    private let lineage: [[UInt64]]

    struct Entry {
        let name: String
        let isFolder: Bool
    }

    /// - Throws: where there is no such directory.
    init(_ path: String, dataset: String, advice: String) throws(DatasetError) {
        let status = try Self.status(path, dataset: dataset, advice: advice)
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw DatasetError(dataset: dataset, path: path, .missing(advice: "it is no directory; \(advice)"))
        }
        self.init(dataset: dataset, path: path, lineage: [Self.identity(status)])
    }

    private init(dataset: String, path: String, lineage: [[UInt64]]) {
        self.dataset = dataset
        self.path = path
        self.lineage = lineage
    }

    private static func identity(_ status: stat) -> [UInt64] { [UInt64(status.st_dev), UInt64(status.st_ino)] }

    private static func status(_ path: String, dataset: String, advice: String) throws(DatasetError) -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            switch code {
            case ENOENT, ENOTDIR: throw DatasetError(dataset: dataset, path: path, .missing(advice: advice))
            case ELOOP: throw DatasetError(dataset: dataset, path: path, .images(.linkLoop))
            default:
                throw DatasetError(dataset: dataset, path: path, .unreadable(reason: String(cString: strerror(code))))
            }
        }
        return status
    }

    func child(_ name: String) -> String { "\(path)/\(name)" }

    /// The directory below.
    /// - Throws: where it is one of those above.
    func folder(_ name: String) throws(DatasetError) -> Folder {
        let status = try Self.status(child(name), dataset: dataset, advice: Self.danglingAdvice)
        let identity = Self.identity(status)
        guard !lineage.contains(identity) else {
            throw DatasetError(dataset: dataset, path: child(name), .images(.linkLoop))
        }
        return Folder(dataset: dataset, path: child(name), lineage: lineage + [identity])
    }

    private static let danglingAdvice = "it is a link that leads nowhere; remove it"

    /// What it holds in the order of the names' bytes, without hidden entries; links count as what they lead to.
    func entries() throws(DatasetError) -> [Entry] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            let reason = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.localizedDescription
            throw DatasetError(
                dataset: dataset, path: path, .unreadable(reason: reason ?? (error as NSError).localizedDescription))
        }
        var entries: [Entry] = []
        for name in names.filter({ !$0.hasPrefix(".") }).sorted(by: precedes) {
            let status = try Self.status(child(name), dataset: dataset, advice: Self.danglingAdvice)
            entries.append(Entry(name: name, isFolder: status.st_mode & S_IFMT == S_IFDIR))
        }
        return entries
    }
}

/// The order of UTF-8 bytes, which is that of code points and of Python's `sorted`; Swift's own differs.
func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

/// The bytes of a file that is read whole.
/// - Throws: a file that is larger than `most`, or none.
func wholeFile(_ path: String, dataset: String, most: Int) throws(DatasetError) -> [UInt8] {
    func failure() -> DatasetError {
        let code = errno
        return DatasetError(
            dataset: dataset, path: path,
            code == ENOENT
                ? .missing(advice: "it was there a moment ago")
                : code == ELOOP ? .images(.linkLoop) : .unreadable(reason: String(cString: strerror(code))))
    }
    // Not blocking: a pipe under the name of a file is refused below rather than waited for.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw DatasetError(dataset: dataset, path: path, .unreadable(reason: "not a regular file"))
    }
    let size = Int(status.st_size)
    guard size <= most else {
        throw DatasetError(
            dataset: dataset, path: path, .unreadable(reason: "\(size) bytes, and at most \(most) are read"))
    }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
        while filled < size, let base = buffer.baseAddress {
            let got = read(file, base + filled, size - filled)
            if got < 0 && errno == EINTR { continue }
            failed = got < 0
            if got <= 0 { break }
            filled += got
        }
    }
    if failed { throw failure() }
    return bytes
}
