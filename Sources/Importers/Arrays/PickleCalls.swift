/// What the allowed names of a pickle make of their arguments: descriptions of arrays, never the arrays.
enum PickleCalls {
    private static func node(_ value: PickleValue?, _ document: PickleDocument) -> PickleNode? {
        if case .node(let index)? = value { document.nodes[index] } else { nil }
    }

    static func integers(_ value: PickleValue?, _ document: PickleDocument) -> [Int]? {
        guard case .tuple(let values)? = node(value, document) else { return nil }
        let integers = values.compactMap { if case .integer(let n) = $0 { n } else { nil } }
        return integers.count == values.count ? integers : nil
    }

    private static func flag(_ value: PickleValue) -> Bool? {
        switch value {
        case .bool(let flag): flag
        case .integer(let n): n != 0
        default: nil
        }
    }

    static func dictionary(
        _ global: PickleGlobal, _ arguments: [PickleValue], _ document: PickleDocument, _ cursor: PickleCursor,
        _ start: Int
    ) throws(ImportError) -> [(key: PickleValue, value: PickleValue)] {
        if global == .defaultDict, arguments.count <= 1 {
            switch arguments.first {
            case nil, .some(.none), .global(.inert): return []
            default: break
            }
        } else if global == .orderedDict {
            if arguments.isEmpty { return [] }
            if arguments.count == 1, case .list(let items)? = node(arguments[0], document) {
                let pairs = items.compactMap { item -> (key: PickleValue, value: PickleValue)? in
                    switch node(item, document) {
                    case .list(let pair)? where pair.count == 2: (pair[0], pair[1])
                    case .tuple(let pair)? where pair.count == 2: (pair[0], pair[1])
                    default: nil
                    }
                }
                if pairs.count == items.count { return pairs }
            }
        }
        throw cursor.error("a dictionary made from what is no list of pairs; refused", at: start)
    }

    /// `_codecs.encode(text, 'latin1')`, which is how Python 3 writes bytes in protocols 0 to 2.
    static func bytes(_ arguments: [PickleValue], _ cursor: PickleCursor, _ start: Int) throws(ImportError) -> [UInt8] {
        if arguments.isEmpty { return [] }
        guard arguments.count <= 2, case .text(let text) = arguments[0] else {
            throw cursor.error("bytes made from what is no text", at: start)
        }
        if arguments.count == 2 {
            guard case .text(let code) = arguments[1], code == "latin1" || code == "latin-1" else {
                throw cursor.error("bytes in another code than latin-1; refused", at: start)
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < 256 else { throw cursor.error("a character that is no byte", at: start) }
            bytes.append(UInt8(scalar.value))
        }
        return bytes
    }

    /// A type with its state `(version, order, subarray, names, fields, …)`.
    static func dtype(
        _ type: NumPyType, state: [PickleValue], _ cursor: PickleCursor, _ start: Int
    ) throws(ImportError) -> NumPyType {
        guard state.count >= 5, case .text(let order) = state[1] else {
            throw cursor.error("a NumPy type whose state is not understood", at: start)
        }
        guard case .none = state[2], case .none = state[3], case .none = state[4] else { return .structured(["…"]) }
        return type.ordered(isBigEndian: order == ">")
    }

    private static func source(_ value: PickleValue) -> ByteSource? {
        switch value {
        case .bytes(let source): source
        // Python 2's strings are bytes.
        case .text(let text): .memory(Array(text.utf8))
        default: nil
        }
    }

    /// An array from its state `(version, shape, type, is Fortran, bytes)`.
    static func array(
        _ parts: [PickleValue], _ document: PickleDocument, _ cursor: PickleCursor, _ start: Int
    ) throws(ImportError) -> PickledArray {
        guard let shape = integers(parts[1], document), case .dtype(let type)? = node(parts[2], document),
            let isColumnMajor = flag(parts[3])
        else { throw cursor.error("a NumPy array whose state is not understood", at: start) }
        // The list of an object array: refused with its cure when the array is asked for.
        let source = source(parts[4]) ?? .memory([])
        return PickledArray(shape: shape, elements: .numPy(type, source, isColumnMajor: isColumnMajor))
    }

    /// `numpy._core.numeric._frombuffer(bytes, type, shape, order)` of protocol 5.
    static func buffer(
        _ arguments: [PickleValue], _ document: PickleDocument, _ cursor: PickleCursor, _ start: Int
    ) throws(ImportError) -> PickledArray {
        guard arguments.count == 4, case .bytes(let source) = arguments[0],
            case .dtype(let type)? = node(arguments[1], document), let shape = integers(arguments[2], document),
            case .text(let order) = arguments[3]
        else { throw cursor.error("a NumPy array whose parts are not understood", at: start) }
        return PickledArray(shape: shape, elements: .numPy(type, source, isColumnMajor: order == "F"))
    }

    /// `numpy.float32(…)` or `numpy.str_(…)`: a type and its bytes.
    static func scalar(
        _ arguments: [PickleValue], _ document: PickleDocument, _ cursor: PickleCursor, _ start: Int
    ) throws(ImportError) -> PickleValue {
        if arguments.count == 2, let source = source(arguments[1]),
            case .dtype(.text(let size, let isWide, let isBigEndian))? = node(arguments[0], document),
            source.count == size
        {
            let texts = ForeignTexts(
                path: cursor.path, name: "", count: 1,
                storage: .fixed(source, base: 0, bytes: size, isWide: isWide, isBigEndian: isBigEndian))
            return .text(try texts.strings()[0])
        }
        guard arguments.count == 2, case .dtype(.number(let type, let isBigEndian))? = node(arguments[0], document),
            let source = source(arguments[1]), source.count == type.bytes
        else { throw cursor.error("a NumPy scalar that is neither a number nor a text", at: start) }
        let bytes = try source.read(at: 0, count: type.bytes)
        if type == .bool { return .bool(bytes[0] != 0) }
        return bytes.withUnsafeBytes { raw in
            type.isFloat
                ? .number(type.doubles(raw, isBigEndian: isBigEndian)[0])
                : .integer(Int(type.integers(raw, isBigEndian: isBigEndian)[0]))
        }
    }

    /// `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)`; v3 brings the type as its seventh.
    static func tensor(
        _ global: PickleGlobal, _ arguments: [PickleValue], _ document: PickleDocument, _ cursor: PickleCursor,
        _ start: Int
    ) throws(ImportError) -> PickledArray {
        guard arguments.count >= 4, case .storage(let storage)? = node(arguments[0], document),
            case .integer(let offset) = arguments[1], let shape = integers(arguments[2], document),
            let strides = integers(arguments[3], document)
        else { throw cursor.error("a tensor whose parts are not understood", at: start) }
        // What PyTorch keeps beside the values: bits that turn their sign when they are read.
        let place = global == .tensorWithType ? 7 : 6
        if arguments.count > place {
            switch node(arguments[place], document) {
            case .dict(let members)? where !members.isEmpty:
                throw cursor.error(
                    "a tensor with a conjugate or negative bit; save x.resolve_conj().resolve_neg()", at: start)
            default: break
            }
        }
        var type: ElementType?
        if global == .tensorWithType {
            guard arguments.count >= 7, case .global(.torchType(let own)) = arguments[6] else {
                throw cursor.error("a tensor of a type that is not read", at: start)
            }
            type = own
        }
        return PickledArray(
            shape: shape, elements: .torch(storage: storage, offset: offset, strides: strides, type: type))
    }
}

/// The escapes of text pickles (protocol 0).
enum PickleEscapes {
    /// Python's `raw-unicode-escape`: `\uXXXX` and `\UXXXXXXXX`, every other byte a character of latin-1.
    static func unicode(_ line: [UInt8]) -> String? {
        var text = String.UnicodeScalarView()
        var at = 0
        while at < line.count {
            let next = at + 1 < line.count ? line[at + 1] : 0
            if line[at] == UInt8(ascii: "\\"), next == UInt8(ascii: "u") || next == UInt8(ascii: "U") {
                let digits = next == UInt8(ascii: "u") ? 4 : 8
                guard at + 2 + digits <= line.count, let code = hex(line[(at + 2)..<(at + 2 + digits)]),
                    let scalar = Unicode.Scalar(code)
                else { return nil }
                text.append(scalar)
                at += 2 + digits
            } else {
                text.append(Unicode.Scalar(line[at]))
                at += 1
            }
        }
        return String(text)
    }

    /// The escapes of a Python 2 string literal.
    static func string(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "\\"): 0x5c, UInt8(ascii: "'"): 0x27, UInt8(ascii: "\""): 0x22, UInt8(ascii: "n"): 0x0a,
            UInt8(ascii: "r"): 0x0d, UInt8(ascii: "t"): 0x09,
        ]
        var bytes: [UInt8] = []
        var at = line.startIndex
        while at < line.endIndex {
            guard line[at] == UInt8(ascii: "\\") else {
                bytes.append(line[at])
                at += 1
                continue
            }
            guard at + 1 < line.endIndex else { return nil }
            if let byte = plain[line[at + 1]] {
                bytes.append(byte)
                at += 2
            } else if line[at + 1] == UInt8(ascii: "x"), at + 4 <= line.endIndex,
                let code = hex(line[(at + 2)..<(at + 4)])
            {
                bytes.append(UInt8(truncatingIfNeeded: code))
                at += 4
            } else {
                return nil
            }
        }
        return bytes
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
