/// The value of a tensor that holds one number.
extension Assay_Tensorboard_Tensor {
    /// TensorFlow's numbers for element types.
    private enum Kind: Int32 {
        case float = 1
        case double = 2
        case int32 = 3
        case uint8 = 4
        case int16 = 5
        case int8 = 6
        case int64 = 9
        case bool = 10
        case bfloat16 = 14
        case uint16 = 17
        case half = 19
        case uint32 = 22
        case uint64 = 23
    }

    /// Nil where it is no scalar: another number of elements, a string, a complex number.
    var scalar: Double? {
        guard !tensorShape.unknownRank, tensorShape.dim.allSatisfy({ $0.size == 1 }), let kind = Kind(rawValue: dtype)
        else { return nil }
        return tensorContent.isEmpty ? typed(kind) : content(kind, Array(tensorContent))
    }

    /// From the list that belongs to the type.
    private func typed(_ kind: Kind) -> Double? {
        switch kind {
        case .float: Self.only(floatVal).map { Double($0) }
        case .double: Self.only(doubleVal)
        case .int32, .uint8, .int16, .int8, .uint16: Self.only(intVal).map { Double($0) }
        case .int64: Self.only(int64Val).map { Double($0) }
        case .bool: Self.only(boolVal).map { $0 ? 1 : 0 }
        case .half: Self.only(halfVal).map { Double(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) }
        case .bfloat16: Self.only(halfVal).map { Self.brain(UInt16(truncatingIfNeeded: $0)) }
        case .uint32: Self.only(uint32Val).map { Double($0) }
        case .uint64: Self.only(uint64Val).map { Double($0) }
        }
    }

    private static func only<Value>(_ values: [Value]) -> Value? { values.count == 1 ? values[0] : nil }

    /// From the bytes as they lie in memory, little-endian.
    private func content(_ kind: Kind, _ bytes: [UInt8]) -> Double? {
        func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
            bytes.count == Number.bitWidth / 8 ? bytes.littleEndian(0) : nil
        }
        return switch kind {
        case .float: number(UInt32.self).map { Double(Float(bitPattern: $0)) }
        case .double: number(UInt64.self).map { Double(bitPattern: $0) }
        case .int32: number(Int32.self).map { Double($0) }
        case .uint8: number(UInt8.self).map { Double($0) }
        case .int16: number(Int16.self).map { Double($0) }
        case .int8: number(Int8.self).map { Double($0) }
        case .int64: number(Int64.self).map { Double($0) }
        case .bool: number(UInt8.self).map { $0 == 0 ? 0 : 1 }
        case .bfloat16: number(UInt16.self).map(Self.brain)
        case .uint16: number(UInt16.self).map { Double($0) }
        case .half: number(UInt16.self).map { Double(Float16(bitPattern: $0)) }
        case .uint32: number(UInt32.self).map { Double($0) }
        case .uint64: number(UInt64.self).map { Double($0) }
        }
    }

    /// bfloat16: the upper half of a float.
    private static func brain(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }
}
