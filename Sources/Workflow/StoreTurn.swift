import Foundation

/// The turn to train into a store: one `assay run` has it at a time, with the make that it started.
///
/// It is a lock on the file of the make rules, `STORE.mk`, which stands only while they are at work. make holds the
/// same open file as its standard input, so that the turn lasts as long as make does, even where `assay run` is killed.
struct StoreTurn: ~Copyable {
    /// The make rules.
    let path: String
    private let descriptor: Int32

    /// Waits until the store is free.
    ///
    /// - Parameter onWait: called once, when another process has the turn.
    /// - Throws: `WorkflowError`: interrupted (130), or 74 where the file cannot be made.
    init(store: String, shouldStop: () -> Bool, onWait: (String) -> Void) throws(WorkflowError) {
        path = store + ".mk"
        let directory = (path as NSString).deletingLastPathComponent
        do {
            if !directory.isEmpty {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            }
        } catch {
            throw .failure("\(directory): cannot be made: \(systemReason(error))")
        }
        var hasWaited = false
        while true {
            let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard opened >= 0 else { throw .failure("\(path): cannot be written: \(String(cString: strerror(errno)))") }
            if flock(opened, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK {
                // Whoever had the turn has removed the file perhaps: a lock on that keeps nobody out.
                var (held, named) = (stat(), stat())
                if fstat(opened, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino {
                    descriptor = opened
                    return
                }
                close(opened)
                continue
            }
            close(opened)
            if shouldStop() { throw .interrupted }
            if !hasWaited {
                onWait(
                    "another `assay run`, or the make of one that was killed, is training into \(store): waiting for it"
                )
            }
            hasWaited = true
            usleep(100_000)
        }
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    /// The open file, for make to keep.
    var file: FileHandle { FileHandle(fileDescriptor: descriptor, closeOnDealloc: false) }

    func write(_ rules: String) throws(WorkflowError) {
        let bytes = Array(rules.utf8)
        var written = ftruncate(descriptor, 0) == 0 ? lseek(descriptor, 0, SEEK_SET) == 0 ? 0 : -1 : -1
        while written >= 0, written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            written = count > 0 ? written + count : -1
        }
        if written < 0 { throw .failure("\(path): cannot be written: \(String(cString: strerror(errno)))") }
    }
}
