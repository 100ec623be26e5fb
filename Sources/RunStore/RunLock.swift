/// The right to change a run: to write it, to seal it, or to move it away. One process has it at a time.
///
/// An advisory lock on a file in `<id>.partial/`, which the kernel drops with the process, however that ends. Both are
/// made for the lock, and are gone when it ends and no unfinished work is left beside it.
public struct RunLock: ~Copyable, Sendable {
    /// The sealed run: `…/<id>.h5`.
    public let path: String
    /// The unfinished run: `…/<id>.partial`.
    public let directory: String
    private let descriptor: Int32

    static let fileName = "lock"

    /// Throws `.inUse` when another process has the lock, and when the directory cannot be written.
    public init(path: String) throws(RunStoreError) {
        let base = path.hasSuffix(RunPath.sealed) ? String(path.dropLast(RunPath.sealed.count)) : path
        self.path = base + RunPath.sealed
        directory = base + RunPath.partial
        let file = directory + "/" + Self.fileName
        // Who ends its lock removes the file, and perhaps the directory, under the feet of who is opening it.
        for _ in 0..<100 {
            try FileSystem.makeDirectory(directory)
            switch try FileSystem.lock(file) {
            case .held(let descriptor):
                self.descriptor = descriptor
                return
            case .inUse: throw RunStoreError(directory, .inUse)
            case .removed: continue
            }
        }
        throw RunStoreError(directory, .inUse)
    }

    deinit {
        if let names = try? FileSystem.entries(directory), names == [Self.fileName] {
            try? FileSystem.remove(directory + "/" + Self.fileName)
            try? FileSystem.removeDirectory(directory)
        }
        FileSystem.unlock(descriptor)
    }

    /// Removes what a writer left that died after sealing and before its parts were gone. Does nothing when there is
    /// nothing of that kind, or when another process is at it.
    public static func tidy(path: String) {
        guard FileSystem.isFile(path), path.hasSuffix(RunPath.sealed) else { return }
        let directory = String(path.dropLast(RunPath.sealed.count)) + RunPath.partial
        guard FileSystem.isDirectory(directory), let lock = try? RunLock(path: path) else { return }
        try? lock.removeParts()
    }

    /// Moves unfinished work to another directory, which is made; the lock stays.
    public func moveParts(to target: String) throws(RunStoreError) {
        try FileSystem.makeDirectory(target)
        // Newest first: what is left after an interruption is a beginning of the run.
        for name in try FileSystem.entries(directory).reversed() where name != Self.fileName {
            try FileSystem.rename(directory + "/" + name, to: target + "/" + name)
        }
        try FileSystem.sync(target)
        try FileSystem.sync(directory)
    }

    /// Removes unfinished work, newest part first, so that what is left is always a beginning of the run.
    func removeParts(
        onRemoval: (Int) throws(RunStoreError) -> Void = { _ throws(RunStoreError) in }
    ) throws(RunStoreError) {
        for (index, name) in try FileSystem.entries(directory).reversed().enumerated() where name != Self.fileName {
            try FileSystem.remove(directory + "/" + name)
            try onRemoval(index)
        }
    }
}
