#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of a text: all of them in memory, or a window that moves forward through a file, so that reading a table
/// takes the table's memory and not the text's besides.
final class ByteWindow {
    private(set) var bytes: UnsafeBufferPointer<UInt8>
    /// Whether nothing follows the window.
    private(set) var isLast: Bool
    /// Of the whole text.
    let total: Int
    private let file: (descriptor: Int32, path: String, room: UnsafeMutableBufferPointer<UInt8>)?

    /// A text in memory that outlives the window.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        bytes = text
        isLast = true
        total = text.count
        file = nil
    }

    /// The first `size` bytes of a regular file; nil where the path names none, which is read as a whole.
    init?(path: String, size: Int) throws(TableError) {
        var status = stat()
        guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fileFailure(path, reading: true) }
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
        file = (descriptor, path, room)
        total = Int(status.st_size)
        bytes = UnsafeBufferPointer(rebasing: room[..<0])
        isLast = false
        try advance(by: 0)
    }

    deinit {
        guard let file else { return }
        close(file.descriptor)
        file.room.deallocate()
    }

    /// Drops the first `count` bytes and fills up from the file. Throws where the file cannot be read.
    func advance(by count: Int) throws(TableError) {
        guard let file, !isLast else { return }
        let kept = bytes.count - count
        if let base = file.room.baseAddress { memmove(base, base + count, kept) }
        var filled = kept
        while filled < file.room.count {
            let received = read(
                file.descriptor, file.room.baseAddress.map { $0 + filled }, file.room.count - filled)
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else { throw fileFailure(file.path, reading: true) }
            if received == 0 {
                isLast = true
                break
            }
            filled += received
        }
        bytes = UnsafeBufferPointer(rebasing: file.room[..<filled])
    }

    /// Goes back to the beginning.
    func rewind() throws(TableError) {
        guard let file else { return }
        guard lseek(file.descriptor, 0, SEEK_SET) == 0 else { throw fileFailure(file.path, reading: true) }
        isLast = false
        bytes = UnsafeBufferPointer(rebasing: file.room[..<0])
        try advance(by: 0)
    }
}
