import CArchives
import Tables

/// An array on its way into `.npy` or `.npz`: its values come piece by piece.
struct NumPyArray {
    /// The name in an `.npz`.
    var name: String
    /// NumPy's word: `<f4`, `<f2`, `<i8`, `|U12`.
    var type: String
    var elementBytes: Int
    var shape: [Int]
    /// The next piece of the values, row-major and little-endian; nil after the last.
    var next: () throws -> [UInt8]?

    /// The header of format 1.0, as NumPy pads it.
    var header: [UInt8] {
        let extent = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extent)), }"
        let unpadded = 10 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let length = text.utf8.count
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    }

    var byteCount: Int { header.count + shape.reduce(elementBytes, *) }
}

enum NumPyFile {
    /// Writes one array as `.npy`. Throws `TableError` and what the array throws.
    static func write(_ array: NumPyArray, to path: String) throws {
        let file = try OutputFile(path)
        try array.header.withUnsafeBytes { try file.write($0) }
        while let piece = try array.next() { try piece.withUnsafeBytes { try file.write($0) } }
        try file.finish()
    }

    /// Writes arrays as `.npz`, uncompressed as `numpy.savez` does. Throws `WorkflowError` and what the arrays throw.
    static func write(archive arrays: [NumPyArray], to path: String) throws {
        func failure(_ reason: String) -> WorkflowError { .failure("\(path): cannot be written: \(reason)") }
        makeDirectories(above: path)
        var code: Int32 = 0
        guard let archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
            throw failure("libzip's error \(code)")
        }
        let members = arrays.map(ArchiveMember.init)
        for member in members {
            let held = Unmanaged.passUnretained(member).toOpaque()
            guard let source = zip_source_function(archive, ArchiveMember.answer, held) else {
                zip_discard(archive)
                throw failure("libzip refuses the array '\(member.array.name)'")
            }
            let index = zip_file_add(archive, member.array.name + ".npy", source, zip_flags_t(ZIP_FL_ENC_UTF_8))
            guard index >= 0 else {
                zip_source_free(source)
                zip_discard(archive)
                throw failure("two arrays are called '\(member.array.name)'")
            }
            zip_set_file_compression(archive, zip_uint64_t(index), ZIP_CM_STORE, 0)
            // NumPy writes no time either: same arrays, same bytes.
            zip_file_set_dostime(archive, zip_uint64_t(index), 0, 33, 0)
        }
        let status = withExtendedLifetime(members) { zip_close(archive) }
        guard status == 0 else {
            let reason = zip_error_strerror(zip_get_error(archive)).map { String(cString: $0) } ?? "unknown"
            zip_discard(archive)
            throw members.lazy.compactMap(\.failure).first ?? failure(reason)
        }
    }
}

/// What libzip asks of a member while it closes the archive.
private final class ArchiveMember {
    let array: NumPyArray
    private(set) var failure: (any Error)?
    private var piece: [UInt8]
    private var position = 0

    init(_ array: NumPyArray) {
        self.array = array
        piece = array.header
    }

    static let answer: zip_source_callback = { held, data, length, command in
        guard let held else { return -1 }
        return Unmanaged<ArchiveMember>.fromOpaque(held).takeUnretainedValue().answer(command, data, Int(length))
    }

    private func answer(_ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: Int) -> zip_int64_t {
        switch command {
        case ZIP_SOURCE_OPEN, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE: return 0
        case ZIP_SOURCE_STAT:
            guard let status = data?.bindMemory(to: zip_stat_t.self, capacity: 1) else { return -1 }
            zip_stat_init(status)
            status.pointee.size = zip_uint64_t(array.byteCount)
            status.pointee.valid = zip_uint64_t(ZIP_STAT_SIZE)
            return zip_int64_t(MemoryLayout<zip_stat_t>.size)
        case ZIP_SOURCE_READ: return read(into: data, length)
        case ZIP_SOURCE_ERROR:
            guard let codes = data?.bindMemory(to: Int32.self, capacity: 2) else { return -1 }
            (codes[0], codes[1]) = (ZIP_ER_READ, 0)
            return zip_int64_t(2 * MemoryLayout<Int32>.size)
        case ZIP_SOURCE_SUPPORTS:
            return [
                ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
            ]
            .reduce(0) { $0 | 1 << zip_int64_t($1.rawValue) }
        default: return -1
        }
    }

    private func read(into data: UnsafeMutableRawPointer?, _ length: Int) -> zip_int64_t {
        var done = 0
        do {
            while done < length {
                if position == piece.count {
                    guard let next = try array.next() else { break }
                    (piece, position) = (next, 0)
                    continue
                }
                let count = min(length - done, piece.count - position)
                piece.withUnsafeBytes { bytes in
                    if let from = bytes.baseAddress {
                        data?.advanced(by: done).copyMemory(from: from + position, byteCount: count)
                    }
                }
                (done, position) = (done + count, position + count)
            }
            return zip_int64_t(done)
        } catch {
            failure = error
            return -1
        }
    }
}
