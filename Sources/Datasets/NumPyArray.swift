/// One array of numbers out of a `.npy` file or a member of a `.npz` archive (NumPy's format 1.0 to 3.0).
struct NumPyArray {
    let name: String
    let shape: [Int]
    /// `u1`, `i8`, `f4` …: kind and bytes per element.
    let type: String
    let isBigEndian: Bool
    let bytes: [UInt8]

    var count: Int { shape.reduce(1, *) }

    /// Elements of type `u` or `i` as 64-bit integers.
    var integers: [Int] {
        let unused = UInt64(64 - 8 * width)
        let isSigned = type.hasPrefix("i")
        return patterns.map { value in
            isSigned ? Int(Int64(bitPattern: value << unused) >> Int64(unused)) : Int(truncatingIfNeeded: value)
        }
    }

    /// Elements of type `f4` or `f8`.
    var floats: [Float] {
        patterns.map { value in
            width == 4 ? Float(bitPattern: UInt32(truncatingIfNeeded: value)) : Float(Double(bitPattern: value))
        }
    }

    private var width: Int { bytes.count / max(count, 1) }

    /// The bits of each element, in the lower end of a word.
    private var patterns: some Sequence<UInt64> {
        let width = width
        return (0..<count).lazy.map { index in
            var value: UInt64 = 0
            for place in 0..<width {
                let at = index * width + (isBigEndian ? place : width - 1 - place)
                value = value << 8 | UInt64(bytes[at])
            }
            return value
        }
    }

    /// - Parameters:
    ///   - count: bytes of the whole file or member.
    ///   - read: the next so many bytes.
    init(
        _ name: String, bytes count: Int, read: (Int) throws(DatasetError) -> [UInt8],
        error: (String) -> DatasetError
    ) throws(DatasetError) {
        guard count >= 10 else { throw error("\(count) bytes are no NumPy array") }
        let start = try read(10)
        guard start.starts(with: Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) })) else {
            throw error("it is no NumPy array")
        }
        var headerBytes = Int(start[8]) | Int(start[9]) << 8
        var done = 10
        if start[6] > 1 {
            let more = try read(2)
            headerBytes |= Int(more[0]) << 16 | Int(more[1]) << 24
            done = 12
        }
        guard headerBytes <= count - done else { throw error("its header ends beyond the file") }
        let header = String(decoding: try read(headerBytes), as: UTF8.self)
        done += headerBytes
        guard let descriptor = Self.text(after: "'descr'", in: header),
            let order = descriptor.first, "|<>=".contains(order), let shape = Self.shape(in: header)
        else { throw error("its type is not one of numbers; save plain arrays") }
        type = String(descriptor.dropFirst())
        isBigEndian = order == ">"
        let kinds = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"]
        guard kinds.contains(type), let width = Int(type.dropFirst()) else {
            throw error("its type is \(descriptor), which is not read; save x.astype('uint8') or x.astype('float32')")
        }
        guard !header.contains("'fortran_order': True") else {
            throw error("it is in Fortran order; save numpy.ascontiguousarray(x)")
        }
        var total = width
        for size in shape {
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard !overflow else { throw error("its shape \(shape) is larger than any file") }
            total = product
        }
        guard total == count - done else {
            throw error("its shape \(shape) takes \(total) bytes and \(count - done) follow; save it again")
        }
        self.name = name
        self.shape = shape
        bytes = try read(total)
    }

    /// The quoted text that follows a key.
    private static func text(after key: String, in header: String) -> String? {
        guard let rest = header.split(separator: key, maxSplits: 1).dropFirst().first else { return nil }
        let value = rest.drop { ": ".contains($0) }
        guard value.first == "'" else { return nil }
        return value.dropFirst().split(separator: "'", omittingEmptySubsequences: false).first.map(String.init)
    }

    private static func shape(in header: String) -> [Int]? {
        guard let rest = header.split(separator: "'shape'", maxSplits: 1).dropFirst().first else { return nil }
        let value = rest.drop { ": ".contains($0) }
        guard value.first == "(",
            let inside = value.dropFirst().split(separator: ")", omittingEmptySubsequences: false).first
        else { return nil }
        let sizes = inside.split(separator: ",").map { Int($0.filter { $0 != " " }) }
        let known = sizes.compactMap { $0 }
        return known.count == sizes.count && known.allSatisfy { $0 >= 0 } ? known : nil
    }
}
