/// Bytes of a file that are looked at in order, of which only some are held at a time.
struct ByteWindow: ~Copyable {
    private var file: LogFile
    private var window: [UInt8] = []
    /// Where in the window `position` is.
    private var start = 0
    /// Bytes stepped over so far.
    private(set) var position = 0
    private let pieceSize: Int

    init(_ path: String, pieceSize: Int = 1 << 20) throws(ImportError) {
        file = try LogFile(path)
        self.pieceSize = pieceSize
    }

    var path: String { file.path }
    var size: Int { file.size }

    /// Whether that many bytes follow; then they can be looked at. No memory is taken for more than the file has.
    mutating func has(_ count: Int) throws(ImportError) -> Bool {
        if start + count <= window.count { return true }
        guard count <= size - position else { return false }
        window.removeFirst(start)
        start = 0
        while window.count < count {
            let piece = try file.next(max(pieceSize, count - window.count))
            if piece.isEmpty { return false }
            window += piece
        }
        return true
    }

    /// Bytes from `position` on, for which `has` was true.
    func bytes(_ range: Range<Int>) -> ArraySlice<UInt8> { window[start + range.lowerBound..<start + range.upperBound] }

    func number<Number: FixedWidthInteger>(at offset: Int, as: Number.Type = Number.self) -> Number {
        window.little(start + offset)
    }

    /// Steps over bytes for which `has` was true.
    mutating func skip(_ count: Int) {
        start += count
        position += count
    }

    /// Whether the rest of the file is zeros, as a writer that is killed can leave it; steps to the end.
    mutating func restIsZeros() throws(ImportError) -> Bool {
        var isZero = true
        while try has(1) {
            isZero = isZero && window[start...].allSatisfy { $0 == 0 }
            skip(window.count - start)
        }
        return isZero
    }

    /// Whether a damaged record of that many bytes is the end of the file, or the beginning of zeros up to it.
    mutating func isTorn(_ count: Int) throws(ImportError) -> Bool {
        if try !has(count + 1) { return true }
        return try restIsZeros()
    }

    /// What was read; steps to the end.
    mutating func source() throws(ImportError) -> ImportSource {
        _ = try restIsZeros()
        return file.source
    }
}
