/// The members of a zip archive (`.npz`, PyTorch's files): stored ones are read in place, deflated ones as a stream.
///
/// Of the format (PKWARE's APPNOTE) the central directory is believed, zip64 included, within the file's size.
struct ZipArchive: Sendable {
    struct Member: Sendable {
        var name: String
        var isDeflated: Bool
        var crc: UInt32
        var packedBytes: Int
        var bytes: Int
        var headerOffset: Int
    }

    let file: ByteFile
    let members: [Member]

    /// More members than any writer of arrays makes; their list is held in memory.
    private static let mostMembers = 1 << 20
    /// One byte of a deflate stream becomes at most 1032 (zlib's documentation).
    private static let largestExpansion = 1032

    static func isZip(_ start: [UInt8]) -> Bool {
        start.starts(with: [0x50, 0x4b, 3, 4]) || start.starts(with: [0x50, 0x4b, 5, 6])
    }

    init(_ file: ByteFile) throws(ImportError) {
        self.file = file
        let end = try ZipArchive.findEnd(file)
        guard end.entries <= ZipArchive.mostMembers else {
            throw ImportError(file.path, "the archive declares \(end.entries) members; that is no file of arrays")
        }
        guard end.bytes <= 1 << 28 else {
            throw ImportError(
                file.path, "the archive declares a directory of \(end.bytes) bytes; that is no file of arrays")
        }
        let directory = try file.read(at: end.offset, count: end.bytes)
        var list: [Member] = []
        var at = 0
        for _ in 0..<end.entries {
            list.append(try ZipArchive.member(directory, &at, file))
        }
        members = list
        if list.allSatisfy({ $0.headerOffset > 0 }), !list.isEmpty { throw Self.several(file) }
        // Members that share their bytes would unpack to more than any archive of this size can hold.
        var rest = file.size
        for member in list {
            guard member.packedBytes <= rest else {
                throw damaged("its \(list.count) members declare more bytes than the file has: they overlap")
            }
            rest -= member.packedBytes
        }
    }

    func member(_ name: String) -> Member? { members.first { $0.name == name } }

    /// Where a member's bytes lie; a stored one's within the file.
    func range(of member: Member) throws(ImportError) -> (offset: Int, count: Int) {
        let header = try file.read(at: member.headerOffset, count: 30)
        guard header.starts(with: [0x50, 0x4b, 3, 4]) else { throw damaged("member '\(member.name)' has no header") }
        let offset = member.headerOffset + 30 + Int(header.little16(26)) + Int(header.little16(28))
        guard offset <= file.size, member.packedBytes <= file.size - offset else {
            throw damaged("member '\(member.name)' declares \(member.packedBytes) bytes, which end beyond the file")
        }
        return (offset, member.packedBytes)
    }

    /// A member's contents, unpacked while they are read.
    func source(_ member: Member) throws(ImportError) -> ByteSource {
        let (offset, count) = try range(of: member)
        guard member.isDeflated else {
            guard member.bytes == count else {
                throw damaged("stored member '\(member.name)' declares \(member.bytes) bytes and holds \(count)")
            }
            return .file(file, offset: offset, count: count)
        }
        guard member.bytes / Self.largestExpansion <= count else {
            throw damaged(
                "member '\(member.name)' declares \(member.bytes) bytes, more than \(count) packed ones can become")
        }
        return .packed(PackedMember(file: file, member: member, offset: offset))
    }

    private static func several(_ file: ByteFile) -> ImportError {
        ImportError(
            file.path,
            "the zip archive does not begin where the file does: are there several saves in it? Save them apart")
    }

    private func damaged(_ reason: String) -> ImportError { ImportError(file.path, "damaged zip archive: " + reason) }

    // MARK: Reading the directory

    private struct End {
        var entries: Int
        var bytes: Int
        var offset: Int
    }

    private static func findEnd(_ file: ByteFile) throws(ImportError) -> End {
        let tailBytes = min(file.size, 22 + 65535)
        let tail = try file.read(at: file.size - tailBytes, count: tailBytes)
        guard tailBytes >= 22,
            let at = (0...(tailBytes - 22)).reversed().first(where: {
                tail[$0...].starts(with: [0x50, 0x4b, 5, 6]) && $0 + 22 + Int(tail.little16($0 + 20)) == tailBytes
            })
        else {
            throw ImportError(
                file.path, at: "byte \(file.size)",
                "the zip archive ends without its directory: it is truncated; copy or save it again")
        }
        var end = End(
            entries: Int(tail.little16(at + 10)), bytes: Int(tail.little32(at + 12)),
            offset: Int(tail.little32(at + 16)))
        // The directory ends right before its record, or the longer one of zip64: otherwise what offsets count from is not the
        // file's first byte.
        let several = ImportError(
            file.path,
            "the zip archive's directory does not end where it should: are there several saves in one file? Save them apart"
        )
        var record = file.size - tailBytes + at
        if at >= 20, tail[(at - 20)...].starts(with: [0x50, 0x4b, 6, 7]) {
            let locator = record - 20
            record = Int(clamping: tail.little64(at - 12))
            guard record <= locator - 56 else { throw several }
            let wide = try file.read(at: record, count: 56)
            guard wide.starts(with: [0x50, 0x4b, 6, 6]), wide.little64(4) >= UInt64(locator - record - 12) else {
                throw several
            }
            if end.entries == 0xffff || end.bytes == 0xffff_ffff || end.offset == 0xffff_ffff {
                end = End(
                    entries: Int(clamping: wide.little64(32)), bytes: Int(clamping: wide.little64(40)),
                    offset: Int(clamping: wide.little64(48)))
            }
        }
        let (stated, overflows) = end.offset.addingReportingOverflow(end.bytes)
        guard overflows || stated >= record else { throw several }
        return end
    }

    private static func member(_ bytes: [UInt8], _ at: inout Int, _ file: ByteFile) throws(ImportError) -> Member {
        let damaged = ImportError(file.path, "damaged zip archive: its directory breaks off at byte \(at)")
        guard bytes.count - at >= 46, bytes[at...].starts(with: [0x50, 0x4b, 1, 2]) else { throw damaged }
        let flags = bytes.little16(at + 8)
        let method = bytes.little16(at + 10)
        var sizes = [UInt64(bytes.little32(at + 24)), UInt64(bytes.little32(at + 20)), UInt64(bytes.little32(at + 42))]
        let crc = bytes.little32(at + 16)
        let (nameBytes, extraBytes, commentBytes) = (
            Int(bytes.little16(at + 28)), Int(bytes.little16(at + 30)), Int(bytes.little16(at + 32))
        )
        guard bytes.count - at >= 46 + nameBytes + extraBytes + commentBytes else { throw damaged }
        let name = String(decoding: bytes[(at + 46)..<(at + 46 + nameBytes)], as: UTF8.self)
        var extra = at + 46 + nameBytes
        let extraEnd = extra + extraBytes
        while extraEnd - extra >= 4 {
            let (id, length) = (bytes.little16(extra), Int(bytes.little16(extra + 2)))
            extra += 4
            guard length <= extraEnd - extra else { throw damaged }
            if id == 1 {
                var field = extra
                for index in sizes.indices where sizes[index] == 0xffff_ffff {
                    guard extra + length - field >= 8 else { throw damaged }
                    sizes[index] = bytes.little64(field)
                    field += 8
                }
            }
            extra += length
        }
        at = extraEnd + commentBytes
        if flags & 1 != 0 { throw ImportError(file.path, "member '\(name)' of the zip archive is encrypted") }
        guard method == 0 || method == 8 else {
            throw ImportError(
                file.path, "member '\(name)' is packed with zip method \(method); only stored and deflated are read")
        }
        return Member(
            name: name, isDeflated: method == 8, crc: crc, packedBytes: Int(clamping: sizes[1]),
            bytes: Int(clamping: sizes[0]), headerOffset: Int(clamping: sizes[2]))
    }
}
