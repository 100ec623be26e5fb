internal import CArchives

/// A picture of pixels, to be written as PNG: the same pixels give the same bytes.
public struct PNGImage: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// 1 (grey) or 3 (red, green, blue).
    public let channels: Int
    /// [height, width, channels], from the top.
    public var pixels: [UInt8]

    /// All pixels of the value `background`.
    public init(width: Int, height: Int, channels: Int, background: UInt8 = 255) {
        precondition(width > 0 && height > 0 && (channels == 1 || channels == 3), "\(width)×\(height)×\(channels)")
        self.width = width
        self.height = height
        self.channels = channels
        pixels = Array(repeating: background, count: width * height * channels)
    }

    /// The bytes of the file: 8 bits per channel, no filters, no interlacing.
    public func encoded() -> [UInt8] {
        let row = width * channels
        var lines: [UInt8] = []
        lines.reserveCapacity((row + 1) * height)
        for y in 0..<height {
            lines.append(0)  // the line's filter: none
            lines += pixels[y * row..<(y + 1) * row]
        }
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let format: [UInt8] = [8, channels == 1 ? 0 : 2, 0, 0, 0]
        Self.add("IHDR", Self.bytes(width) + Self.bytes(height) + format, to: &file)
        Self.add("IDAT", Self.deflated(lines), to: &file)
        Self.add("IEND", [], to: &file)
        return file
    }

    /// Length, name, contents and checksum of one part of the file.
    private static func add(_ name: String, _ contents: [UInt8], to file: inout [UInt8]) {
        let part = Array(name.utf8) + contents
        file += bytes(contents.count) + part + bytes(Int(crc32(0, part, uInt(part.count))))
    }

    private static func bytes(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(uLong(bytes.count))
        let room = Int(count)
        return [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
            let status = compress2(buffer.baseAddress, &count, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION)
            // There is room by zlib's own bound; what remains is that memory ran out.
            precondition(status == Z_OK, "zlib could not compress \(bytes.count) bytes (status \(status))")
            filled = Int(count)
        }
    }
}
