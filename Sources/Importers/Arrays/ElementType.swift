import Records

/// What one element of a foreign array is.
enum ElementType: String, Sendable, Equatable, CaseIterable {
    case half = "float16"
    case bfloat = "bfloat16"
    case single = "float32"
    case double = "float64"
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool

    var bytes: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .half, .bfloat, .int16, .uint16: 2
        case .single, .int32, .uint32: 4
        case .double, .int64, .uint64: 8
        }
    }

    var isFloat: Bool {
        switch self {
        case .half, .bfloat, .single, .double: true
        default: false
        }
    }

    /// How the values are stored in a run: halves stay halves.
    var precision: StoredPrecision { self == .half ? .half : .single }

    /// Elements as they lie in memory to floats.
    func floats(_ raw: UnsafeRawBufferPointer, isBigEndian: Bool) -> [Float] {
        func map<T: FixedWidthInteger>(_: T.Type, _ convert: (T) -> Float) -> [Float] {
            elements(raw, isBigEndian: isBigEndian, convert)
        }
        return switch self {
        case .half: map(UInt16.self) { Self.float(half: $0) }
        case .bfloat: map(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .single: map(UInt32.self) { Float(bitPattern: $0) }
        case .double: map(UInt64.self) { Float(Double(bitPattern: $0)) }
        case .int8: map(Int8.self) { Float($0) }
        case .int16: map(Int16.self) { Float($0) }
        case .int32: map(Int32.self) { Float($0) }
        case .int64: map(Int64.self) { Float($0) }
        case .uint8: map(UInt8.self) { Float($0) }
        case .uint16: map(UInt16.self) { Float($0) }
        case .uint32: map(UInt32.self) { Float($0) }
        case .uint64: map(UInt64.self) { Float($0) }
        case .bool: map(UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }

    func doubles(_ raw: UnsafeRawBufferPointer, isBigEndian: Bool) -> [Double] {
        guard self == .double else {
            return isFloat
                ? floats(raw, isBigEndian: isBigEndian).map { Double($0) }
                : integers(raw, isBigEndian: isBigEndian).map { Double($0) }
        }
        return elements(raw, isBigEndian: isBigEndian) { (bits: UInt64) in Double(bitPattern: bits) }
    }

    /// Integers; unsigned ones of 64 bits wrap where they do not fit, and become negative.
    func integers(_ raw: UnsafeRawBufferPointer, isBigEndian: Bool) -> [Int64] {
        func map<T: FixedWidthInteger>(_: T.Type) -> [Int64] {
            elements(raw, isBigEndian: isBigEndian) { (value: T) in Int64(truncatingIfNeeded: value) }
        }
        return switch self {
        case .int8: map(Int8.self)
        case .int16: map(Int16.self)
        case .int32: map(Int32.self)
        case .int64: map(Int64.self)
        case .uint8, .bool: map(UInt8.self)
        case .uint16: map(UInt16.self)
        case .uint32: map(UInt32.self)
        case .uint64: map(UInt64.self)
        case .half, .bfloat, .single, .double: preconditionFailure("\(rawValue) is not read as integers")
        }
    }

    private func elements<T: FixedWidthInteger, Value>(
        _ raw: UnsafeRawBufferPointer, isBigEndian: Bool, _ convert: (T) -> Value
    ) -> [Value] {
        let count = raw.count / MemoryLayout<T>.size
        return [Value](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            for index in 0..<count {
                let bits = raw.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
                (base + index).initialize(to: convert(isBigEndian ? T(bigEndian: bits) : T(littleEndian: bits)))
            }
            filled = count
        }
    }

    /// IEEE half to single without a branch, so that the loop is vectorised: 2¹¹² moves the exponent's bias.
    private static func float(half: UInt16) -> Float {
        let magnitude = UInt32(half & 0x7fff) << 13
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let special: UInt32 = magnitude >= 0x7c00 << 13 ? 0x7f80_0000 | magnitude : scaled
        return Float(bitPattern: special | UInt32(half & 0x8000) << 16)
    }
}
