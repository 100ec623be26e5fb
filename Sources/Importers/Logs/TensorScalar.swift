/// The value of a tensor that holds one number.
extension Assay_Tensorboard_Tensor {
    /// By TensorFlow's numbers for element types.
    private static let types: [Int32: ElementType] = [
        1: .single, 2: .double, 3: .int32, 4: .uint8, 5: .int16, 6: .int8, 9: .int64, 10: .bool, 14: .bfloat,
        17: .uint16, 19: .half, 22: .uint32, 23: .uint64,
    ]

    /// Nil where it is no scalar: another number of elements, a string, a complex number.
    var scalar: Double? {
        guard !tensorShape.unknownRank, tensorShape.dim.allSatisfy({ $0.size == 1 }), let type = Self.types[dtype]
        else { return nil }
        guard tensorContent.isEmpty else { return Self.only(Array(tensorContent), type) }
        // From the list that belongs to the type.
        return switch type {
        case .single: Self.only(floatVal).map { Double($0) }
        case .double: Self.only(doubleVal)
        case .int8, .int16, .int32, .uint8, .uint16: Self.only(intVal).map { Double($0) }
        case .int64: Self.only(int64Val).map { Double($0) }
        case .bool: Self.only(boolVal).map { $0 ? 1 : 0 }
        case .half, .bfloat:
            Self.only(halfVal).flatMap { bits in
                Self.only(withUnsafeBytes(of: UInt16(truncatingIfNeeded: bits).littleEndian) { Array($0) }, type)
            }
        case .uint32: Self.only(uint32Val).map { Double($0) }
        case .uint64: Self.only(uint64Val).map { Double($0) }
        }
    }

    private static func only<Value>(_ values: [Value]) -> Value? { values.count == 1 ? values[0] : nil }

    /// One element as it lies in memory, little-endian.
    private static func only(_ bytes: [UInt8], _ type: ElementType) -> Double? {
        guard bytes.count == type.bytes else { return nil }
        // Those of 64 bits without a sign wrap as integers.
        if type == .uint64 { return Double(bytes.little(0, as: UInt64.self)) }
        return bytes.withUnsafeBytes { type.doubles($0, isBigEndian: false) }.first
    }
}
