/// NumPy's `.npy` format, versions 1 to 3 (numpy.lib.format): a header in Python's notation, then the elements.
enum NumPyFile {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// NumPy's own readers refuse longer headers than 10,000 bytes; ours are generous.
    private static let longestHeader = 1 << 20

    /// The array that begins at the source's first byte.
    static func read(_ source: ByteSource, path: String, name: String) throws(ImportError) -> ForeignValue {
        func refuse(_ reason: String) -> ImportError { ImportError(path, at: "array '\(name)'", reason) }
        guard source.count >= 10 else { throw refuse("truncated: \(source.count) bytes are no .npy file") }
        let start = try source.read(at: 0, count: min(12, source.count))
        guard start.starts(with: magic) else { throw refuse("it is not NumPy's .npy format") }
        guard (1...3).contains(start[6]) else { throw refuse("version \(start[6]) of the .npy format is unknown") }
        let lengthBytes = start[6] == 1 ? 2 : 4
        guard start.count >= 8 + lengthBytes else { throw refuse("truncated within its header") }
        let length = start[6] == 1 ? Int(start.little16(8)) : Int(start.little32(8))
        let base = 8 + lengthBytes + length
        guard length <= longestHeader, base <= source.count else {
            throw refuse(
                "its header declares \(length) bytes, and \(source.count) are there; it is truncated or damaged")
        }
        let text = try source.read(at: 8 + lengthBytes, count: length)
        let header: NumPyHeader
        do throws(PythonLiteral.Fault) { header = try NumPyHeader(text) } catch {
            throw refuse("its header is damaged: \(error.reason)")
        }
        let (end, overflows) = base.addingReportingOverflow(header.bytes ?? source.count - base)
        if !overflows, end <= source.count - magic.count, try source.read(at: end, count: magic.count) == magic {
            throw refuse(
                "another array follows in \(source.count - end) more bytes: save them apart, stacked, or by np.savez")
        }
        return try value(
            header.type, shape: header.shape, isColumnMajor: header.isColumnMajor, source: source, base: base,
            path: path, name: name)
    }

    /// An array of NumPy's from its parts; what is no array of numbers or strings is
    /// refused, with its cure, where it is needed.
    static func value(
        _ descriptor: NumPyType, shape: [Int], isColumnMajor: Bool, source: ByteSource, base: Int, path: String,
        name: String
    ) throws(ImportError) -> ForeignValue {
        func refuse(_ reason: String) -> ImportError { ImportError(path, at: "array '\(name)' \(shape)", reason) }
        let strides = isColumnMajor ? StridedStorage.columnMajor(shape) : StridedStorage.rowMajor(shape)
        var storage = StridedStorage(source: source, base: base, offset: 0, strides: strides)
        switch descriptor {
        case .number(let type, let isBigEndian):
            storage.isBigEndian = isBigEndian
            if let fault = storage.fault(shape: shape, elementBytes: type.bytes) {
                throw refuse(fault + "; it is truncated or damaged")
            }
            return try .array(path: path, name: name, shape: shape, type: type, storage: storage)
        case .text(let bytes, let isWide, let isBigEndian):
            if let fault = storage.fault(shape: shape, elementBytes: max(bytes, 1)) { throw refuse(fault) }
            if shape.isEmpty { return .other("text") }
            guard shape.count == 1 else { return .refused(refuse("strings are read as a list [N] only")) }
            return .texts(
                ForeignTexts(
                    path: path, name: name, count: shape[0],
                    storage: .fixed(source, base: base, bytes: bytes, isWide: isWide, isBigEndian: isBigEndian)))
        case .objects:
            return .refused(
                refuse(
                    "it is an object array: pickled Python objects, which are never loaded here. "
                        + "Save plain numbers: np.save('x.npy', np.stack(list(a)).astype('float32'))"))
        case .structured(let fields):
            return .refused(
                refuse(
                    "it is a structured array (fields \(fields.joined(separator: ", "))); save each field as an array of "
                        + "its own: np.savez('x.npz', **{k: a[k] for k in a.dtype.names})"))
        case .unsupported(let text):
            return .refused(
                refuse("its type '\(text)' is not read; save it with .astype('float32') or .astype('int64')"))
        }
    }
}

/// What NumPy's type descriptors mean.
enum NumPyType: Sendable, Equatable {
    case number(ElementType, isBigEndian: Bool)
    /// Fixed strings of so many bytes: of bytes, or of 4-byte characters.
    case text(bytes: Int, isWide: Bool, isBigEndian: Bool)
    case objects
    case structured([String])
    case unsupported(String)

    private static let numbers: [String: ElementType] = [
        "f2": .half, "f4": .single, "f8": .double, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
        "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
    ]

    /// `<f4`, `|u1`, `>i8`, `<U12`, `|S7`, `|O`; without its first sign the machine's order.
    init(_ descriptor: String) {
        var code = Substring(descriptor)
        var isBigEndian = false
        if let first = code.first, "<>|=".contains(first) {
            isBigEndian = first == ">"
            code = code.dropFirst()
        }
        if let type = Self.numbers[String(code)] {
            self = .number(type, isBigEndian: isBigEndian)
        } else if code.hasPrefix("O") {
            self = .objects
        } else if let kind = code.first, "SUa".contains(kind), let count = Int(code.dropFirst()),
            (0...1 << 20).contains(count)
        {
            self = .text(bytes: kind == "U" ? 4 * count : count, isWide: kind == "U", isBigEndian: isBigEndian)
        } else {
            self = .unsupported(descriptor)
        }
    }

    func ordered(isBigEndian: Bool) -> NumPyType {
        switch self {
        case .number(let type, _): .number(type, isBigEndian: isBigEndian)
        case .text(let bytes, let isWide, _): .text(bytes: bytes, isWide: isWide, isBigEndian: isBigEndian)
        default: self
        }
    }
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`
struct NumPyHeader: Equatable {
    var type: NumPyType
    var isColumnMajor: Bool
    var shape: [Int]

    /// How many bytes the elements are; nil where that is not known, or more than any file.
    var bytes: Int? {
        let size: Int
        switch type {
        case .number(let type, _): size = type.bytes
        case .text(let bytes, _, _): size = bytes
        case .objects, .structured, .unsupported: return nil
        }
        var total = size
        for axis in shape {
            let (product, overflows) = total.multipliedReportingOverflow(by: axis)
            if overflows { return nil }
            total = product
        }
        return total
    }

    init(_ bytes: [UInt8]) throws(PythonLiteral.Fault) {
        guard case .dict(let members) = try PythonLiteral.parse(bytes) else { throw .init("no dictionary") }
        func member(_ name: String) throws(PythonLiteral.Fault) -> PythonLiteral {
            guard let found = members.first(where: { $0.0 == name }) else { throw .init("'\(name)' is missing") }
            return found.1
        }
        guard members.count == 3 else { throw .init("it has \(members.count) keys, not 3") }
        switch try member("descr") {
        case .text(let text): type = NumPyType(text)
        case .list(let fields):
            type = .structured(
                fields.map { field in
                    guard case .tuple(let parts) = field, case .text(let name)? = parts.first else { return "?" }
                    return name
                })
        default: throw .init("'descr' is no type")
        }
        guard case .bool(let order) = try member("fortran_order") else {
            throw .init("'fortran_order' is no truth value")
        }
        guard case .tuple(let sizes) = try member("shape") else { throw .init("'shape' is no tuple") }
        isColumnMajor = order
        shape = []
        for size in sizes {
            guard case .integer(let n) = size, n >= 0 else { throw .init("'shape' holds no sizes") }
            shape.append(n)
        }
    }
}
