internal import CHDF5

/// Attributes of the object at a path (`/` for those of the file).
extension HDF5File {
    /// Names, in the order of their bytes.
    public func attributeNames(of object: String = "/") throws(HDF5Error) -> [String] {
        let names = Names()
        _ = try check("H5Aiterate_by_name", object: object, path: path) {
            H5Aiterate_by_name(
                handle.id, object, H5_INDEX_NAME, H5_ITER_INC, nil,
                { _, name, _, data in
                    guard let name, let data else { return 0 }
                    Unmanaged<Names>.fromOpaque(data).takeUnretainedValue().list.append(String(cString: name))
                    return 0
                }, Unmanaged.passUnretained(names).toOpaque(), chdf5_default_plist())
        }
        return names.list
    }

    /// The value; nil when there is no such attribute. Arrays of more than a million elements are `.other`.
    public func attribute(_ name: String, of object: String = "/") throws(HDF5Error) -> HDF5Attribute? {
        let label = object == "/" ? "attribute \(name)" : "attribute \(name) of \(object)"
        let there = try check("H5Aexists_by_name", object: label, path: path) {
            H5Aexists_by_name(handle.id, object, name, chdf5_default_plist())
        }
        if there == 0 { return nil }
        let attribute = try Handle(.attribute, "H5Aopen_by_name", object: label, path: path) {
            H5Aopen_by_name(handle.id, object, name, chdf5_default_plist(), chdf5_default_plist())
        }
        let type = try Handle(.type, "H5Aget_type", object: label, path: path) { H5Aget_type(attribute.id) }
        let space = try Handle(.space, "H5Aget_space", object: label, path: path) { H5Aget_space(attribute.id) }
        let count = Int(
            try check("H5Sget_simple_extent_npoints", object: label, path: path) {
                H5Sget_simple_extent_npoints(space.id)
            })
        let isScalar = H5Sget_simple_extent_type(space.id) == H5S_SCALAR
        let kind = HDF5ElementType(type.id)
        if H5Sget_simple_extent_type(space.id) == H5S_NULL { return .other("empty") }
        if count > 1_000_000 { return .other("array of \(count)") }

        func read<T: HDF5Scalar>(_ zero: T) throws(HDF5Error) -> [T] {
            var values = [T](repeating: zero, count: count)
            let memory = try T.elementType.datatype(inMemory: true, path: path)
            _ = try check("H5Aread", object: label, path: path) {
                values.withUnsafeMutableBytes { H5Aread(attribute.id, memory.id, $0.baseAddress) }
            }
            return values
        }
        switch kind {
        case .integer:
            let values = try read(Int64(0))
            return isScalar ? .integer(values[0]) : .integers(values)
        case .half, .float:
            let values = try read(Double(0))
            return isScalar ? .number(values[0]) : .numbers(values)
        case .string(let bytes):
            let values = try readStrings(
                count: count, bytes: bytes, type: type.id, space: space.id, call: "H5Aread", object: label, path: path
            ) { H5Aread(attribute.id, $0, $1) }
            return isScalar ? .string(values[0]) : .strings(values)
        case .other(let name):
            return .other(name)
        }
    }

    /// Writes an attribute, in place of one of that name: numbers as int64 and float64, strings in UTF-8 of variable length.
    public func setAttribute(_ name: String, of object: String = "/", to value: HDF5Attribute) throws(HDF5Error) {
        switch value {
        case .string(let text): try write(name, object, [text], isScalar: true)
        case .strings(let texts): try write(name, object, texts, isScalar: false)
        case .integer(let number): try write(name, object, [number], isScalar: true)
        case .integers(let numbers): try write(name, object, numbers, isScalar: false)
        case .number(let number): try write(name, object, [number], isScalar: true)
        case .numbers(let numbers): try write(name, object, numbers, isScalar: false)
        case .other(let type): preconditionFailure("an attribute of type \(type) is not written")
        }
    }

    private func write<T: HDF5Scalar>(_ name: String, _ object: String, _ values: [T], isScalar: Bool)
        throws(HDF5Error)
    {
        let memory = try T.elementType.datatype(inMemory: true, path: path)
        let attribute = try create(name, object, T.elementType, count: isScalar ? nil : values.count)
        _ = try check("H5Awrite", object: "attribute \(name) of \(object)", path: path) {
            values.withUnsafeBytes { H5Awrite(attribute.id, memory.id, $0.baseAddress) }
        }
    }

    private func write(_ name: String, _ object: String, _ texts: [String], isScalar: Bool) throws(HDF5Error) {
        let memory = try HDF5ElementType.string(bytes: nil).datatype(inMemory: true, path: path)
        let attribute = try create(name, object, .string(bytes: nil), count: isScalar ? nil : texts.count)
        _ = try check("H5Awrite", object: "attribute \(name) of \(object)", path: path) {
            withCStrings(texts) { H5Awrite(attribute.id, memory.id, $0) }
        }
    }

    private func create(_ name: String, _ object: String, _ type: HDF5ElementType, count: Int?) throws(HDF5Error)
        -> Handle
    {
        let label = "attribute \(name) of \(object)"
        let datatype = try type.datatype(inMemory: false, path: path)
        let space = try HDF5Dataset.space(count.map { [$0] } ?? [], object: label, path: path)
        if H5Aexists_by_name(handle.id, object, name, chdf5_default_plist()) > 0 {
            _ = try check("H5Adelete_by_name", object: label, path: path) {
                H5Adelete_by_name(handle.id, object, name, chdf5_default_plist())
            }
        }
        return try Handle(.attribute, "H5Acreate_by_name", object: label, path: path) {
            H5Acreate_by_name(
                handle.id, object, name, datatype.id, space.id, chdf5_default_plist(), chdf5_default_plist(),
                chdf5_default_plist())
        }
    }
}

/// Reads strings of either kind through `read(memory type, buffer)`. Broken UTF-8 is repaired, never fatal.
func readStrings(
    count: Int, bytes: Int?, type: hid_t, space: hid_t, call: String, object: String, path: String,
    _ read: (hid_t, UnsafeMutableRawPointer?) -> herr_t
) throws(HDF5Error) -> [String] {
    if let bytes {
        // The type's own copy: same padding, same character set.
        var buffer = [UInt8](repeating: 0, count: count * bytes)
        _ = try check(call, object: object, path: path) {
            buffer.withUnsafeMutableBytes { read(type, $0.baseAddress) }
        }
        let padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD
        return (0..<count).map { index in
            var text = buffer[(index * bytes)..<((index + 1) * bytes)].prefix { $0 != 0 }
            while padded, text.last == UInt8(ascii: " ") { text.removeLast() }
            return String(decoding: text, as: UTF8.self)
        }
    }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    _ = try check(call, object: object, path: path) {
        pointers.withUnsafeMutableBytes { read(type, $0.baseAddress) }
    }
    let texts = pointers.map { $0.map { String(cString: $0) } ?? "" }
    pointers.withUnsafeMutableBytes { _ = H5Dvlen_reclaim(type, space, chdf5_default_plist(), $0.baseAddress) }
    return texts
}

/// Calls the body with an array of C strings.
func withCStrings<Result>(_ texts: [String], _ body: (UnsafeRawPointer?) -> Result) -> Result {
    var bytes: [UInt8] = []
    var offsets: [Int] = []
    for text in texts {
        offsets.append(bytes.count)
        bytes += text.utf8
        bytes.append(0)
    }
    return bytes.withUnsafeBufferPointer { bytes in
        offsets.map { offset in bytes.baseAddress.map { $0 + offset } }.withUnsafeBytes { body($0.baseAddress) }
    }
}
