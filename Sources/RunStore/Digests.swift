import Crypto
import HDF5

extension SHA256 {
    /// The digest of what was fed so far, in lower-case hex.
    func hex() -> String {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Numbers as they lie in memory, which is little-endian on every machine that Assay builds for.
    static func hex<Scalar: HDF5Scalar>(_ values: [Scalar]) -> String {
        var hash = SHA256()
        values.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.hex()
    }

    /// Strings: the UTF-8 bytes of each, and a zero byte after it.
    static func hex(_ texts: [String]) -> String {
        var hash = SHA256()
        for text in texts { hash.update(data: Array(text.utf8) + [0]) }
        return hash.hex()
    }
}
