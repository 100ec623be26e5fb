/// The records of a tfevents file: length, checksum of the length, data, checksum of the data.
struct EventFile: ~Copyable {
    private var window: ByteWindow
    /// What is wrong with the end of the file.
    private(set) var warning: String?

    init(_ path: String, pieceSize: Int = 1 << 20) throws(ImportError) {
        window = try ByteWindow(path, pieceSize: pieceSize)
    }

    var position: Int { window.position }

    /// What was read; ends the reading.
    mutating func source() throws(ImportError) -> ImportSource { try window.source() }

    /// The next record; nil at the end and where the last record is torn, which `warning` tells. Throws where a
    /// checksum does not fit, with the offset.
    mutating func next() throws(ImportError) -> [UInt8]? {
        let offset = window.position
        guard try window.has(1) else { return nil }
        guard try window.has(12) else { return try tear(offset) }
        guard CRC32.maskedCastagnoli(window.bytes(0..<8)) == window.number(at: 8) else {
            if try window.restIsZeros() { return try tear(offset) }
            throw damaged(
                offset, offset == 0 ? "no tfevents file, or damaged in its first bytes" : "the file is damaged here")
        }
        let declared = window.number(at: 0, as: UInt64.self)
        guard declared < UInt64(window.size), try window.has(Int(declared) + 16) else { return try tear(offset) }
        let length = Int(declared)
        let data = window.bytes(12..<12 + length)
        guard CRC32.maskedCastagnoli(data) == window.number(at: 12 + length) else {
            if try window.isTorn(length + 16) { return try tear(offset) }
            throw damaged(offset, "the file is damaged here")
        }
        window.skip(length + 16)
        return Array(data)
    }

    private func damaged(_ offset: Int, _ what: String) -> ImportError {
        ImportError(window.path, at: "byte \(offset)", "the checksum does not fit: \(what)")
    }

    private mutating func tear(_ offset: Int) throws(ImportError) -> [UInt8]? {
        warning =
            "\(LogFolder.name(window.path)): the last record is torn (from byte \(offset) of \(window.size)) "
            + "and left out."
        _ = try window.restIsZeros()
        return nil
    }
}
