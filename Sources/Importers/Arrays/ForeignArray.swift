import RunStore

/// An array of a foreign file: where its elements lie, not the elements.
struct ForeignArray: Sendable {
    /// The file, and the array's own name in it.
    var path: String
    var name: String
    var shape: [Int]
    var type: ElementType
    var storage: Storage

    enum Storage: Sendable {
        case strided(StridedStorage)
        case hdf5(LazyDataset)
    }

    var rank: Int { shape.count }
    /// Elements; no product overflows, since every maker of arrays has checked it.
    var count: Int { shape.contains(0) ? 0 : shape.reduce(1, *) }
    var place: String { "array '\(name)' \(shape)" }
    var origin: String { "\(path): \(name) (\(type.rawValue) \(shape))" }

    /// Bytes that are read through an inflation, from front to back; 0 of what lies open.
    var packedBytes: Int {
        if case .strided(let storage) = storage, case .packed(let member) = storage.source { member.count } else { 0 }
    }

    func error(_ reason: String) -> ImportError { ImportError(path, at: place, reason) }

    /// The array below the first index, as a view.
    func element(_ index: Int) -> ForeignArrayView { ForeignArrayView(array: self, lead: [index]) }
    var whole: ForeignArrayView { ForeignArrayView(array: self, lead: []) }
}

/// An array, or what stands at fixed first indices of one: rows that are read by their numbers.
struct ForeignArrayView: Sendable {
    var array: ForeignArray
    var lead: [Int]

    /// [rows, …]
    var shape: [Int] { Array(array.shape.dropFirst(lead.count)) }
    var rows: Int { shape.first ?? 1 }
    var rowShape: [Int] { Array(shape.dropFirst()) }

    private func block(_ rows: Range<Int>) -> (start: [Int], count: [Int]) {
        (
            lead + [rows.lowerBound] + rowShape.map { _ in 0 },
            lead.map { _ in 1 } + [rows.count] + rowShape
        )
    }

    func floats(_ rows: Range<Int>) throws(ImportError) -> [Float] {
        let (start, count) = block(rows)
        switch array.storage {
        case .hdf5(let dataset):
            return try dataset.read { (data) throws(RunStoreError) in
                try data.floats(start: start, count: count)
            }
        case .strided(let storage):
            return try storage.read(array.type, start: start, count: count) {
                array.type.floats($0, isBigEndian: storage.isBigEndian)
            }
        }
    }

    func integers() throws(ImportError) -> [Int64] {
        guard !array.type.isFloat else {
            throw array.error("it holds \(array.type.rawValue), but integers are needed; save it as int64")
        }
        let (start, count) = block(0..<rows)
        let values: [Int64]
        switch array.storage {
        case .hdf5(let dataset):
            values = try dataset.read { (data) throws(RunStoreError) in
                try data.integers(start: start, count: count)
            }
        case .strided(let storage):
            values = try storage.read(array.type, start: start, count: count) {
                array.type.integers($0, isBigEndian: storage.isBigEndian)
            }
        }
        // HDF5 converts what does not fit to the largest integer, which is no id either.
        if array.type == .uint64, let index = values.firstIndex(where: { $0 < 0 || $0 == .max }) {
            throw array.error("element \(index) is beyond int64")
        }
        return values
    }

    func doubles() throws(ImportError) -> [Double] {
        let (start, count) = block(0..<rows)
        switch array.storage {
        case .hdf5(let dataset):
            return try dataset.read { (data) throws(RunStoreError) in
                try data.doubles(start: start, count: count)
            }
        case .strided(let storage):
            return try storage.read(array.type, start: start, count: count) {
                array.type.doubles($0, isBigEndian: storage.isBigEndian)
            }
        }
    }
}

/// Elements at strides within bytes: NumPy's and PyTorch's arrays, row-major, column-major, transposed or expanded.
struct StridedStorage: Sendable {
    var source: ByteSource
    /// Bytes before the elements.
    var base = 0
    /// Of the first element, in elements.
    var offset: Int
    /// In elements, not negative.
    var strides: [Int]
    var isBigEndian = false

    /// The largest span of bytes that one element of a block may draw through memory.
    private static let largestSpan = 16 << 20

    static func rowMajor(_ shape: [Int]) -> [Int] {
        var strides = shape.map { _ in 1 }
        for axis in shape.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] &* max(shape[axis + 1], 1)
        }
        return strides
    }

    static func columnMajor(_ shape: [Int]) -> [Int] { rowMajor(shape.reversed()).reversed() }

    /// What is wrong with the shape, seen from the bytes that are there; nil when all elements lie within them.
    ///
    /// Expanded arrays (stride 0) may repeat what is there up to 1024 times.
    func fault(shape: [Int], elementBytes: Int) -> String? {
        guard strides.count == shape.count, offset >= 0, !strides.contains(where: { $0 < 0 }),
            !shape.contains(where: { $0 < 0 })
        else { return "its sizes \(shape), strides \(strides) and offset \(offset) do not describe an array" }
        if shape.contains(0) { return nil }
        var (total, last, overflows) = (1, offset, false)
        for (size, stride) in zip(shape, strides) {
            let product = total.multipliedReportingOverflow(by: size)
            let reach = (size - 1).multipliedReportingOverflow(by: stride)
            let sum = last.addingReportingOverflow(reach.partialValue)
            overflows = overflows || product.overflow || reach.overflow || sum.overflow
            (total, last) = (product.partialValue, sum.partialValue)
        }
        let bytes = max(0, source.count - base)
        let there = bytes / elementBytes
        if overflows || last >= there {
            return "it declares \(shape) elements of \(elementBytes) bytes, but only \(bytes) bytes are there"
        }
        if total / 1024 > there { return "it repeats \(there) elements to \(total); save a contiguous copy" }
        return nil
    }

    /// Reads a block row-major and converts it.
    func read<Value>(
        _ type: ElementType, start: [Int], count: [Int], _ convert: (UnsafeRawBufferPointer) -> [Value]
    ) throws(ImportError) -> [Value] {
        let size = type.bytes
        let total = count.reduce(1, *)
        if total == 0 { return [] }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: total * size, alignment: 16)
        defer { bytes.deallocate() }
        let first = zip(start, strides).reduce(offset) { $0 + $1.0 * $1.1 }
        if isContiguous(count) {
            try source.read(into: bytes, at: base + first * size)
        } else {
            try gather(into: bytes, size, first, count)
        }
        return convert(UnsafeRawBufferPointer(bytes))
    }

    private func isContiguous(_ count: [Int]) -> Bool {
        var expected = 1
        for axis in count.indices.reversed() where count[axis] != 1 {
            if strides[axis] != expected { return false }
            expected *= count[axis]
        }
        return true
    }

    /// Reads along the axis whose elements lie closest together, for each position of the others.
    private func gather(
        into bytes: UnsafeMutableRawBufferPointer, _ size: Int, _ first: Int, _ count: [Int]
    ) throws(ImportError) {
        let axes = count.indices.filter { count[$0] > 1 }
        guard let fast = axes.min(by: { (strides[$0], -count[$0]) < (strides[$1], -count[$1]) }) else { return }
        let target = Self.rowMajor(count)
        let stride = strides[fast]
        let most = max(1, min(count[fast], Self.largestSpan / max(1, stride * size)))
        let span = UnsafeMutableRawBufferPointer.allocate(
            byteCount: ((most - 1) * stride + 1) * size, alignment: 16)
        defer { span.deallocate() }
        let others = axes.filter { $0 != fast }
        var position = count.map { _ in 0 }
        while true {
            let from = others.reduce(first) { $0 + position[$1] * strides[$1] }
            let to = others.reduce(0) { $0 + position[$1] * target[$1] }
            for begin in Swift.stride(from: 0, to: count[fast], by: most) {
                let length = min(most, count[fast] - begin)
                let piece = UnsafeMutableRawBufferPointer(rebasing: span[..<(((length - 1) * stride + 1) * size)])
                try source.read(into: piece, at: base + (from + begin * stride) * size)
                for index in 0..<length {
                    let place = (to + (begin + index) * target[fast]) * size
                    UnsafeMutableRawBufferPointer(rebasing: bytes[place..<(place + size)]).copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: piece[(index * stride * size)..<((index * stride + 1) * size)]))
                }
            }
            guard let next = others.last(where: { position[$0] + 1 < count[$0] }) else { return }
            position[next] += 1
            for axis in others where axis > next { position[axis] = 0 }
        }
    }
}
