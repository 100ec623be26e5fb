import Crypto

/// SHA-256 of a file that is read piece by piece.
public struct FileDigest: Sendable {
    private var hash = SHA256()

    public init() {}

    public mutating func update(_ bytes: [UInt8]) { hash.update(data: bytes) }

    /// The digest of what was fed so far, in lower-case hex.
    public var hex: String { hash.hex() }
}
