internal import CArchives

/// The checksums of logs' records.
enum CRC32 {
    /// CRC-32C (Castagnoli) as TFRecord files mask it: rotated right by 15 and a constant added, so that the checksum
    /// of data that holds checksums is sound.
    static func maskedCastagnoli(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc: UInt32 = ~0
        for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        crc = ~crc
        return ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
    }

    private static let table: [UInt32] = (0..<256).map { n in
        (0..<8).reduce(UInt32(n)) { crc, _ in crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1 }
    }

    /// CRC-32 (IEEE) of two pieces, one after the other.
    static func ieee(_ first: UInt8, _ bytes: ArraySlice<UInt8>) -> UInt32 {
        let start = crc32(0, [first], 1)
        return bytes.withUnsafeBytes { UInt32(truncatingIfNeeded: ieee(start, $0)) }
    }

    /// CRC-32 (IEEE) of what gave `start` with more bytes after it, at most 4 GiB.
    static func ieee(_ start: UInt, _ bytes: UnsafeRawBufferPointer) -> UInt {
        crc32(start, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count))
    }
}
