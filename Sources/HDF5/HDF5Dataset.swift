internal import CHDF5

/// One step of a dataset's filter pipeline.
public struct HDF5Filter: Sendable, Equatable {
    public var id: Int
    public var name: String
    /// Whether this build of HDF5 can undo it.
    public var isAvailable: Bool
}

/// What a dataset declares, before anything of it is read.
public struct HDF5DatasetInfo: Sendable, Equatable {
    public var shape: [Int]
    public var type: HDF5ElementType
    /// Bytes of one element in the file.
    public var elementBytes: Int
    /// Nil when not chunked.
    public var chunk: [Int]?
    public var filters: [HDF5Filter]
    /// Bytes taken in the file.
    public var storedBytes: Int
}

/// An open dataset.
public struct HDF5Dataset: ~Copyable {
    public let object: String
    public let path: String
    public let info: HDF5DatasetInfo
    let handle: Handle

    init(_ handle: consuming Handle, object: String, path: String) throws(HDF5Error) {
        self.object = object
        self.path = path
        info = try HDF5Dataset.info(handle.id, object: object, path: path)
        self.handle = handle
    }

    public var shape: [Int] { info.shape }

    // MARK: Reading

    /// Reads a block into `buffer`, row-major. Integers are read from integers, floats from floats and integers, of
    /// any width and byte order; `HalfBits` from float16 only.
    public func read<T: HDF5Scalar>(
        into buffer: UnsafeMutableBufferPointer<T>, start: [Int], count: [Int]
    ) throws(HDF5Error) {
        let readable =
            switch T.elementType {
            case .half: info.type == .half
            case .integer: info.type.isInteger
            default: info.type.isInteger || info.type.isFloat
            }
        guard readable else { throw failure("it holds \(info.type), not \(T.elementType)") }
        let type = try T.elementType.datatype(inMemory: true, path: path)
        try transfer("H5Dread", buffer.count, start: start, count: count) { memory, file in
            H5Dread(handle.id, type.id, memory, file, chdf5_default_plist(), buffer.baseAddress)
        }
    }

    /// Reads a block as it lies in the file, but little-endian: `elementBytes` each. Not for strings.
    public func readBytes(
        into buffer: UnsafeMutableRawBufferPointer, start: [Int], count: [Int]
    ) throws(HDF5Error) {
        guard info.type.isInteger || info.type.isFloat else { throw failure("it holds \(info.type), not numbers") }
        let stored = try Handle(.type, "H5Dget_type", object: object, path: path) { H5Dget_type(handle.id) }
        let type = try Handle(.type, "H5Tcopy", object: object, path: path) { H5Tcopy(stored.id) }
        if H5Tget_order(type.id) == H5T_ORDER_BE {
            _ = try check("H5Tset_order", object: object, path: path) { H5Tset_order(type.id, H5T_ORDER_LE) }
        }
        try transfer("H5Dread", buffer.count / info.elementBytes, start: start, count: count) { memory, file in
            H5Dread(handle.id, type.id, memory, file, chdf5_default_plist(), buffer.baseAddress)
        }
    }

    /// Reads everything.
    public func read<T: HDF5Scalar>(_: T.Type = T.self) throws(HDF5Error) -> [T] {
        let total = shape.reduce(1, *)
        var failure: HDF5Error?
        let values = [T](unsafeUninitializedCapacity: total) { buffer, count in
            do throws(HDF5Error) {
                try read(into: .init(rebasing: buffer[..<total]), start: shape.map { _ in 0 }, count: shape)
                count = total
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }

    /// Reads strings, [N]: all of them, or those of `rows`.
    public func readStrings(rows: Range<Int>? = nil) throws(HDF5Error) -> [String] {
        guard case .string(let bytes) = info.type else { throw failure("it holds \(info.type), not strings") }
        let (start, count) = (rows.map { [$0.lowerBound] }, rows.map { [$0.count] } ?? shape)
        let total = count.reduce(1, *)
        if total == 0 { return [] }
        let type = try Handle(.type, "H5Dget_type", object: object, path: path) { H5Dget_type(handle.id) }
        var texts: [String] = []
        try transfer("H5Dread", total, start: start ?? shape.map { _ in 0 }, count: count) {
            (memory, file) throws(HDF5Error) in
            texts = try HDF5.readStrings(
                count: total, bytes: bytes, type: type.id, space: memory, call: "H5Dread", object: object, path: path
            ) { H5Dread(handle.id, $0, memory, file, chdf5_default_plist(), $1) }
        }
        return texts
    }

    // MARK: Writing

    /// Writes a block, row-major.
    public func write<T: HDF5Scalar>(
        _ buffer: UnsafeBufferPointer<T>, start: [Int], count: [Int]
    ) throws(HDF5Error) {
        let type = try T.elementType.datatype(inMemory: true, path: path)
        try transfer("H5Dwrite", buffer.count, start: start, count: count) { memory, file in
            H5Dwrite(handle.id, type.id, memory, file, chdf5_default_plist(), buffer.baseAddress)
        }
    }

    /// Writes a block of bytes that lie as in the file: little-endian, `elementBytes` each. Not for strings.
    public func writeBytes(
        _ buffer: UnsafeRawBufferPointer, start: [Int], count: [Int]
    ) throws(HDF5Error) {
        let type = try Handle(.type, "H5Dget_type", object: object, path: path) { H5Dget_type(handle.id) }
        try transfer("H5Dwrite", buffer.count / info.elementBytes, start: start, count: count) { memory, file in
            H5Dwrite(handle.id, type.id, memory, file, chdf5_default_plist(), buffer.baseAddress)
        }
    }

    /// Writes everything.
    public func write<T: HDF5Scalar>(_ values: [T]) throws(HDF5Error) {
        // A closure that throws a typed error cannot pass through the standard library's untyped one.
        let result = values.withUnsafeBufferPointer { buffer in
            Result { () throws(HDF5Error) in try write(buffer, start: shape.map { _ in 0 }, count: shape) }
        }
        try result.get()
    }

    /// Writes strings, [N], from a place on.
    public func write(_ texts: [String], first: Int = 0) throws(HDF5Error) {
        let type = try HDF5ElementType.string(bytes: nil).datatype(inMemory: true, path: path)
        try transfer("H5Dwrite", texts.count, start: [first], count: [texts.count]) { memory, file in
            withCStrings(texts) { H5Dwrite(handle.id, type.id, memory, file, chdf5_default_plist(), $0) }
        }
    }

    private func transfer(
        _ call: String, _ elements: Int, start: [Int], count: [Int], _ body: (_ memory: hid_t, _ file: hid_t) -> herr_t
    ) throws(HDF5Error) {
        try transfer(call, elements, start: start, count: count) { (memory, file) throws(HDF5Error) in
            _ = try check(call, object: object, path: path) { body(memory, file) }
        }
    }

    private func transfer(
        _ call: String, _ elements: Int, start: [Int], count: [Int],
        _ body: (_ memory: hid_t, _ file: hid_t) throws(HDF5Error) -> Void
    ) throws(HDF5Error) {
        precondition(start.count == shape.count && count.count == shape.count, "a block of \(object) has its rank")
        precondition(elements == count.reduce(1, *), "\(elements) elements for a block of \(count)")
        precondition(zip(zip(start, count), shape).allSatisfy { $0.0 >= 0 && $0.0 + $0.1 <= $1 }, "block outside")
        if elements == 0 { return }
        let memory = try HDF5Dataset.space(count, object: object, path: path)
        let file = try Handle(.space, "H5Dget_space", object: object, path: path) { H5Dget_space(handle.id) }
        if !shape.isEmpty {
            let (starts, counts) = (start.map { hsize_t($0) }, count.map { hsize_t($0) })
            _ = try check("H5Sselect_hyperslab", object: object, path: path) {
                H5Sselect_hyperslab(file.id, H5S_SELECT_SET, starts, nil, counts, nil)
            }
        }
        try body(memory.id, file.id)
    }

    func failure(_ reason: String) -> HDF5Error {
        HDF5Error(call: "reading", object: object, path: path, reason: reason)
    }

    static func space(_ shape: [Int], object: String, path: String) throws(HDF5Error) -> Handle {
        let sizes = shape.map { hsize_t($0) }
        return try Handle(.space, "H5Screate", object: object, path: path) {
            sizes.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(sizes.count), sizes, nil)
        }
    }
}
