internal import CKernels
import HDF5
import Records

/// IEEE half ↔ single precision; `portable` takes the twin without vector instructions.
enum Halves {
    static func convert(
        _ halves: UnsafeBufferPointer<UInt16>, to floats: UnsafeMutableBufferPointer<Float>, portable: Bool = false
    ) {
        guard let from = halves.baseAddress, let to = floats.baseAddress else { return }
        if portable {
            ck_half_to_float_portable(from, to, halves.count)
        } else {
            ck_half_to_float(from, to, halves.count)
        }
    }

    static func convert(
        _ floats: UnsafeBufferPointer<Float>, to halves: UnsafeMutableBufferPointer<UInt16>, portable: Bool = false
    ) {
        guard let from = floats.baseAddress, let to = halves.baseAddress else { return }
        if portable {
            ck_float_to_half_portable(from, to, floats.count)
        } else {
            ck_float_to_half(from, to, floats.count)
        }
    }
}

/// Reads blocks of floats of any stored precision into one buffer that is reused.
struct FloatReader: ~Copyable {
    private let floats: UnsafeMutableBufferPointer<Float>
    private let halves: UnsafeMutableBufferPointer<HalfBits>

    /// For blocks of at most `capacity` values.
    init(capacity: Int) {
        floats = .allocate(capacity: capacity)
        halves = .allocate(capacity: capacity)
    }

    deinit {
        floats.deallocate()
        halves.deallocate()
    }

    /// Reads one block, which is valid until the next one is read. Half precision is read raw and converted by the
    /// processor.
    mutating func read(
        _ dataset: borrowing HDF5Dataset, start: [Int], count: [Int]
    ) throws(RunStoreError) -> UnsafeBufferPointer<Float> {
        let block = UnsafeMutableBufferPointer(rebasing: floats[..<count.reduce(1, *)])
        try translating { () throws(HDF5Error) in
            try dataset.readFloats(into: block, halves: halves, start: start, count: count)
        }
        return UnsafeBufferPointer(block)
    }
}

extension HDF5Dataset {
    /// Reads a block as floats, `halves` being room for as many values.
    borrowing func readFloats(
        into floats: UnsafeMutableBufferPointer<Float>, halves: UnsafeMutableBufferPointer<HalfBits>, start: [Int],
        count: [Int]
    ) throws(HDF5Error) {
        guard info.type == .half else { return try read(into: floats, start: start, count: count) }
        let raw = UnsafeMutableBufferPointer(rebasing: halves[..<floats.count])
        try read(into: raw, start: start, count: count)
        raw.withMemoryRebound(to: UInt16.self) { Halves.convert(UnsafeBufferPointer($0), to: floats) }
    }

    /// Reads a block as floats.
    borrowing func readFloats(start: [Int], count: [Int]) throws(HDF5Error) -> [Float] {
        let total = count.reduce(1, *)
        let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: total)
        let halves = UnsafeMutableBufferPointer<HalfBits>.allocate(capacity: info.type == .half ? total : 0)
        defer {
            floats.deallocate()
            halves.deallocate()
        }
        try readFloats(into: floats, halves: halves, start: start, count: count)
        return Array(floats)
    }
}

extension HDF5File {
    /// All tensors below a group, in the order of their attribute `index` (those without it last, by name).
    borrowing func tensors(below group: String) throws(HDF5Error) -> [NamedTensor] {
        var found: [(order: Int64, tensor: NamedTensor)] = []
        for object in try datasets(below: group) {
            let dataset = try dataset(object)
            let values = try dataset.readFloats(start: dataset.shape.map { _ in 0 }, count: dataset.shape)
            let name = String(object.dropFirst(group.count + 1))
            var order = Int64.max
            if case .integer(let index)? = try attribute("index", of: object) { order = index }
            found.append((order, NamedTensor(name: name, shape: dataset.shape, values: values)))
        }
        return found.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
            .map(\.element.tensor)
    }
}

extension UnsafeBufferPointer<Float> {
    /// Index of the first NaN or infinity at or after `start`.
    func firstNonFinite(from start: Int = 0) -> Int? {
        guard let baseAddress, start < count else { return nil }
        let index = ck_first_non_finite(baseAddress, start, count)
        return index < count ? index : nil
    }
}

extension StoredPrecision {
    var elementType: HDF5ElementType {
        switch self {
        case .half: .half
        case .single: .float(bytes: 4)
        }
    }
}

/// Floats as the bytes that are stored: little-endian, in the given precision.
func storedBytes<Result>(
    _ values: UnsafeBufferPointer<Float>, _ precision: StoredPrecision,
    _ body: (UnsafeRawBufferPointer) throws(HDF5Error) -> Result
) throws(HDF5Error) -> Result {
    guard precision == .half else { return try body(UnsafeRawBufferPointer(values)) }
    let halves = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: values.count)
    defer { halves.deallocate() }
    Halves.convert(values, to: halves)
    return try body(UnsafeRawBufferPointer(halves))
}
