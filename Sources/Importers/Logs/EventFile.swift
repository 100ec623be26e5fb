/// The records of a tfevents file: length, checksum of the length, data, checksum of the data.
struct EventFile {
    let bytes: [UInt8]
    let path: String
    /// What is wrong with the end of the file.
    private(set) var warning: String?
    private(set) var position = 0

    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// The next record; nil at the end and where the last record is torn, which `warning` tells. Throws where a checksum
    /// does not fit, with the offset.
    mutating func next() throws(ImportError) -> [UInt8]? {
        guard position < bytes.count else { return nil }
        let left = bytes.count - position
        guard left >= 12 else { return tear() }
        guard
            CRC32.maskedCastagnoli(bytes[position..<position + 8]) == bytes.littleEndian(position + 8, as: UInt32.self)
        else {
            if isBlank { return tear() }
            throw damaged(position == 0 ? "not a tfevents file, or damaged in its first bytes" : "damaged here")
        }
        let declared: UInt64 = bytes.littleEndian(position)
        guard declared <= UInt64(left - 12), left - 12 - Int(declared) >= 4 else { return tear() }
        let start = position + 12
        let end = start + Int(declared)
        guard CRC32.maskedCastagnoli(bytes[start..<end]) == bytes.littleEndian(end, as: UInt32.self) else {
            if end + 4 == bytes.count || isBlank { return tear() }
            throw damaged("the file is damaged here")
        }
        position = end + 4
        return Array(bytes[start..<end])
    }

    /// A writer that is killed can leave zeros where its last bytes should be.
    private var isBlank: Bool { bytes[position...].allSatisfy { $0 == 0 } }

    private func damaged(_ what: String) -> ImportError {
        ImportError(path, at: "byte \(position)", "the checksum does not fit: \(what)")
    }

    private mutating func tear() -> [UInt8]? {
        warning =
            "\(LogFolder.name(path)): the last record is torn (from byte \(position) of \(bytes.count)) and left out."
        position = bytes.count
        return nil
    }
}
