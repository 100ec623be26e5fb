/// Reads a pickle from front to back, buffered. Long strings of bytes are left where they lie.
struct PickleCursor {
    let path: String
    private let source: ByteSource
    /// Where the pickle's bytes begin in the file, for messages.
    private let origin: Int
    private(set) var position: Int
    private var buffer: [UInt8] = []
    private var bufferStart = 0

    private static let bufferBytes = 1 << 16
    /// From here on bytes are not copied.
    private static let longBytes = 1 << 12

    init(_ source: ByteSource, at position: Int, path: String, origin: Int = 0) {
        self.source = source
        self.position = position
        self.path = path
        self.origin = origin
    }

    var remaining: Int { source.count - position }

    func error(_ reason: String, at place: Int? = nil) -> ImportError {
        ImportError(path, at: "byte \(origin + (place ?? position))", reason)
    }

    mutating func byte() throws(ImportError) -> UInt8 {
        if position < bufferStart || position >= bufferStart + buffer.count { try fill() }
        let byte = buffer[position - bufferStart]
        position += 1
        return byte
    }

    private mutating func fill() throws(ImportError) {
        guard remaining > 0 else { throw error("the pickle breaks off here: the file is truncated") }
        bufferStart = position
        buffer = try source.read(at: position, count: min(Self.bufferBytes, remaining))
    }

    /// So many bytes, which are checked to be there before memory is taken.
    mutating func bytes(_ count: Int) throws(ImportError) -> [UInt8] {
        guard count >= 0, count <= remaining else {
            throw error("the pickle declares \(count) bytes here, but only \(remaining) are left")
        }
        let offset = position - bufferStart
        position += count
        if offset >= 0, offset + count <= buffer.count { return Array(buffer[offset..<(offset + count)]) }
        return try source.read(at: position - count, count: count)
    }

    /// The same without reading them, where they are many.
    mutating func slice(_ count: Int) throws(ImportError) -> ByteSource {
        if count >= Self.longBytes, count <= remaining, let slice = source.slice(position, count) {
            position += count
            return slice
        }
        return .memory(try bytes(count))
    }

    mutating func integer(bytes count: Int) throws(ImportError) -> UInt64 {
        try bytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A length of 8 bytes or fewer.
    mutating func length(bytes count: Int) throws(ImportError) -> Int { Int(clamping: try integer(bytes: count)) }

    /// The text up to the line feed, which is stepped over.
    mutating func line(longest: Int) throws(ImportError) -> [UInt8] {
        let start = position
        var line: [UInt8] = []
        while true {
            let next = try byte()
            if next == 0x0a { return line }
            guard line.count < longest else { throw error("a line of more than \(longest) bytes", at: start) }
            line.append(next)
        }
    }
}
