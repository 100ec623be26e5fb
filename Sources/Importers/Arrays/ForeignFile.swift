/// A file of arrays, told apart by its first bytes and not by its name.
struct ForeignFile: Sendable {
    enum Format: String, Sendable {
        case npy = "NumPy array (.npy)"
        case npz = "NumPy archive (.npz)"
        case torch = "PyTorch file"
        case legacyTorch = "PyTorch file, old format"
        case pickle = "pickle"
        case hdf5 = "HDF5 file"
    }

    var path: String
    var format: Format
    var contents: ForeignValue
    /// What was left out of it.
    var notes: [String] = []
    /// Stored members of an archive, whose checksums are compared when the file is read for its digest.
    var checksums: [(name: String, range: Range<Int>, crc: UInt32)] = []

    /// Reads what is small: headers, structure, lists of numbers. Throws `ImportError`.
    init(_ path: String) throws(ImportError) {
        self.path = path
        let file = try ByteFile(path)
        if file.size == 0 { throw ImportError(path, "the file is empty") }
        let start = try file.read(at: 0, count: min(file.size, 520))
        if start.starts(with: NumPyFile.magic) {
            format = .npy
            contents = try NumPyFile.read(
                .file(file, offset: 0, count: file.size), path: path, name: FileName(path).stem)
        } else if ZipArchive.isZip(start) {
            let archive = try ZipArchive(file)
            checksums = try Self.checksums(of: archive)
            if let pickle = TorchFile.pickle(of: archive) {
                format = .torch
                contents = try TorchFile.read(archive, pickle: pickle, notes: &notes)
            } else {
                format = .npz
                contents = try Self.npz(archive)
            }
        } else if Self.isHDF5(start) {
            format = .hdf5
            contents = try ForeignHierarchy.read(path, notes: &notes)
        } else if TorchFile.isLegacy(start) {
            format = .legacyTorch
            contents = try TorchFile.readLegacy(file, notes: &notes)
        } else if start.count > 262, start[257..<262].elementsEqual("ustar".utf8) {
            throw ImportError(
                path, "it is a tar archive (PyTorch before 0.2, or packed files); unpack it or save it again")
        } else if start.starts(with: [0x1f, 0x8b]) {
            throw ImportError(path, "it is packed with gzip; run gunzip on it first")
        } else if let kind = ["csv": "csv", "tsv": "csv", "jsonl": "jsonl", "json": "jsonl"][LogFolder.ending(path)] {
            throw ImportError(path, "it is a text file and holds no array: assay import \(kind)")
        } else {
            format = .pickle
            contents = try Self.pickle(file, notes: &notes)
        }
    }

    private static func isHDF5(_ start: [UInt8]) -> Bool {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        // A user's block of 512 bytes may stand before it.
        return start.starts(with: signature) || (start.count >= 520 && start[512...].starts(with: signature))
    }

    private static func pickle(_ file: ByteFile, notes: inout [String]) throws(ImportError) -> ForeignValue {
        var cursor = PickleCursor(.file(file, offset: 0, count: file.size), at: 0, path: file.path)
        let document: PickleDocument
        do throws(ImportError) { document = try PickleMachine.read(&cursor) } catch {
            // Only protocols 0 and 1, which nobody has chosen for long, begin with another byte.
            guard try file.read(at: 0, count: 1) != [0x80] else { throw error }
            throw ImportError(file.path, at: error.place, error.reason + " (is it a pickle at all?)")
        }
        guard cursor.remaining == 0 else {
            throw ImportError(
                file.path, at: "byte \(cursor.position)",
                "\(cursor.remaining) bytes follow the end of the pickle; only files "
                    + "of one pickle are read")
        }
        return try PickleTree.value(
            of: document, path: file.path, storages: document.storages.map(\.inline), notes: &notes)
    }

    private static func npz(_ archive: ZipArchive) throws(ImportError) -> ForeignValue {
        var members: [(key: ForeignKey, value: ForeignValue)] = []
        for member in archive.members where member.name.hasSuffix(".npy") {
            let name = String(member.name.dropLast(4))
            let source = try archive.source(member)
            members.append((.text(name), try NumPyFile.read(source, path: archive.file.path, name: name)))
            // Of many members only those are unpacked that are asked for.
            if case .packed(let packed) = source { packed.rest() }
        }
        if members.isEmpty { throw ImportError(archive.file.path, "a zip archive without NumPy or PyTorch arrays") }
        return .dict(members)
    }

    private static func checksums(
        of archive: ZipArchive
    ) throws(ImportError) -> [(name: String, range: Range<Int>, crc: UInt32)] {
        var all: [(name: String, range: Range<Int>, crc: UInt32)] = []
        for member in archive.members where !member.isDeflated {
            let (offset, count) = try archive.range(of: member)
            all.append((member.name, offset..<(offset + count), member.crc))
        }
        all.sort { $0.range.lowerBound < $1.range.lowerBound }
        for (one, next) in zip(all, all.dropFirst()) where next.range.lowerBound < one.range.upperBound {
            throw ImportError(
                archive.file.path, "damaged zip archive: members '\(one.name)' and '\(next.name)' lie in the same place"
            )
        }
        return all
    }

    /// Reads the whole file: its SHA-256, and the checksums of its members.
    func source() throws -> ImportSource {
        var sums = PartChecksums(checksums.map(\.range))
        var file = try LogFile(path)
        while case let piece = try file.next(1 << 20), !piece.isEmpty { piece.withUnsafeBytes { sums.add($0) } }
        for (index, part) in checksums.enumerated() where sums.crc(index) != part.crc {
            throw ImportError(
                path, at: "member '\(part.name)'", "damaged zip archive: its checksum (CRC-32) is wrong")
        }
        return file.source
    }
}
