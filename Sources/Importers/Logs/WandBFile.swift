/// The records of a `.wandb` file: a log in LevelDB's form, in which blocks of 32 KiB hold fragments of records, each
/// with a checksum, a length and a word on whether it is whole, first, middle or last.
struct WandBFile {
    let bytes: [UInt8]
    let path: String
    /// What is wrong with the end of the file.
    private(set) var warning: String?
    private var position = 7

    private static let blockSize = 32768
    private static let headerSize = 7

    /// Throws for a file that does not begin with W&B's mark.
    init(_ bytes: [UInt8], path: String) throws(ImportError) {
        guard bytes.starts(with: Array(":W&B".utf8)) else {
            throw ImportError(path, "not a .wandb file: it does not begin with ':W&B'")
        }
        guard bytes.count >= Self.headerSize else { throw ImportError(path, "torn within its first 7 bytes") }
        let (magic, version) = (bytes.littleEndian(4, as: UInt16.self), bytes[6])
        guard magic == 0xBEE1, version == 0 else {
            throw ImportError(path, at: "byte 4", "version \(version) of the .wandb format; version 0 is read")
        }
        self.bytes = bytes
        self.path = path
    }

    /// The next record; nil at the end of the file and where its last record is torn, which `warning` tells.
    mutating func next() throws(ImportError) -> [UInt8]? {
        var record: [UInt8]?
        while true {
            let left = Self.blockSize - position % Self.blockSize
            // What is too short for a header is padding.
            if left < Self.headerSize { position += left }
            guard position < bytes.count else {
                if record != nil { tear() }
                return nil
            }
            guard let (kind, fragment) = try fragment() else { return nil }
            switch (kind, record) {
            case (1, nil): return Array(fragment)
            case (2, nil): record = Array(fragment)
            case (3, .some): record? += fragment
            case (4, .some(let begun)): return begun + fragment
            default:
                throw ImportError(path, at: "byte \(position)", "a fragment of kind \(kind) where none may stand")
            }
        }
    }

    /// One fragment with its kind: 1 whole, 2 first, 3 middle, 4 last.
    private mutating func fragment() throws(ImportError) -> (kind: UInt8, ArraySlice<UInt8>)? {
        guard position + Self.headerSize <= bytes.count else { return tear() }
        let crc: UInt32 = bytes.littleEndian(position)
        let length = Int(bytes.littleEndian(position + 4, as: UInt16.self))
        let kind = bytes[position + 6]
        let start = position + Self.headerSize
        let end = start + length
        guard end - position <= Self.blockSize - position % Self.blockSize else {
            throw ImportError(path, at: "byte \(position)", "a fragment of \(length) bytes leaves its block: damaged")
        }
        guard end <= bytes.count else { return tear() }
        let fragment = bytes[start..<end]
        guard CRC32.ieee(kind, fragment) == crc else {
            // A writer that is killed can leave zeros where its last bytes should be.
            if end == bytes.count || bytes[position...].allSatisfy({ $0 == 0 }) { return tear() }
            throw ImportError(path, at: "byte \(position)", "the checksum does not fit: the file is damaged here")
        }
        position = end
        return (kind, fragment)
    }

    @discardableResult
    private mutating func tear() -> (kind: UInt8, ArraySlice<UInt8>)? {
        warning =
            "The last record is torn (from byte \(position) of \(bytes.count)) and left out: the run may not have ended."
        position = bytes.count
        return nil
    }
}
