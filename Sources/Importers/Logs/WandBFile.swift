/// The records of a `.wandb` file: a log in LevelDB's form, in which blocks of 32 KiB hold fragments of records, each
/// with a checksum, a length and a word on whether it is whole, first, middle or last.
struct WandBFile: ~Copyable {
    private var window: ByteWindow
    /// What is wrong with the end of the file.
    private(set) var warning: String?

    private static let blockSize = 32768
    private static let headerSize = 7

    /// Throws for a file that does not begin with W&B's mark.
    init(_ path: String, pieceSize: Int = 1 << 20) throws(ImportError) {
        var window = try ByteWindow(path, pieceSize: pieceSize)
        guard try window.has(4), window.bytes(0..<4).elementsEqual(":W&B".utf8) else {
            throw ImportError(path, "not a .wandb file: it does not begin with ':W&B'")
        }
        guard try window.has(Self.headerSize) else { throw ImportError(path, "torn within its first 7 bytes") }
        let (magic, version) = (window.number(at: 4, as: UInt16.self), window.number(at: 6, as: UInt8.self))
        guard magic == 0xBEE1, version == 0 else {
            throw ImportError(path, at: "byte 4", "version \(version) of the .wandb format; version 0 is read")
        }
        window.skip(Self.headerSize)
        self.window = window
    }

    /// What was read; ends the reading.
    mutating func source() throws(ImportError) -> ImportSource { try window.source() }

    /// The next record; nil at the end of the file and where its last record is torn, which `warning` tells.
    mutating func next() throws(ImportError) -> [UInt8]? {
        var record: [UInt8]?
        let begin = window.position
        while true {
            try skipPadding()
            let offset = window.position
            guard try window.has(1) else {
                if record != nil { try tear(begin) }
                return nil
            }
            guard let (kind, fragment) = try fragment(begin) else { return nil }
            switch (kind, record) {
            case (1, nil): return fragment
            case (2, nil): record = fragment
            case (3, .some): record? += fragment
            case (4, .some(let begun)): return begun + fragment
            default:
                throw ImportError(window.path, at: "byte \(offset)", "a fragment of kind \(kind) where none may stand")
            }
        }
    }

    private var leftInBlock: Int { Self.blockSize - window.position % Self.blockSize }

    /// The end of a block that is too short for a header is filled up.
    private mutating func skipPadding() throws(ImportError) {
        let left = leftInBlock
        if left < Self.headerSize, try window.has(left) { window.skip(left) }
    }

    /// One fragment with its kind: 1 whole, 2 first, 3 middle, 4 last.
    private mutating func fragment(_ begin: Int) throws(ImportError) -> (kind: UInt8, bytes: [UInt8])? {
        let offset = window.position
        guard try window.has(Self.headerSize) else { return try tear(begin) }
        let crc = window.number(at: 0, as: UInt32.self)
        let end = Self.headerSize + Int(window.number(at: 4, as: UInt16.self))
        let kind = window.number(at: 6, as: UInt8.self)
        guard end <= leftInBlock else {
            throw ImportError(window.path, at: "byte \(offset)", "a fragment that leaves its block: damaged")
        }
        guard try window.has(end) else { return try tear(begin) }
        let bytes = window.bytes(Self.headerSize..<end)
        guard CRC32.ieee(kind, bytes) == crc else {
            if try window.isTorn(end) { return try tear(begin) }
            throw ImportError(
                window.path, at: "byte \(offset)", "the checksum does not fit: the file is damaged here")
        }
        let fragment = Array(bytes)
        window.skip(end)
        return (kind, fragment)
    }

    @discardableResult
    private mutating func tear(_ begin: Int) throws(ImportError) -> (kind: UInt8, bytes: [UInt8])? {
        warning =
            "The last record is torn (from byte \(begin) of \(window.size)) and left out: the run may not have ended."
        _ = try window.restIsZeros()
        return nil
    }
}
