import Tables

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Values computed by SciPy: Fixtures/make_oracle.py.
enum Oracle {
    static let root = file("oracle.json") ?? .null

    static func file(_ name: String) -> JSON? {
        let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let file = fopen("/" + path + "/Fixtures/" + name, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8]()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let n = fread(&piece, 1, piece.count, file), n > 0 { bytes += piece[..<n] }
        return try? JSON.parse(bytes)
    }

    static func cases(_ name: String) -> [JSON] { root[name]?.items ?? [] }
}

extension JSON {
    func numbers(_ key: String) -> [Double] { self[key]?.items?.compactMap(\.double) ?? [] }
    func number(_ key: String) -> Double { self[key]?.double ?? .nan }
    func integers(_ key: String) -> [Int] { self[key]?.items?.compactMap(\.int) ?? [] }
    func columns(_ key: String) -> [[Double]] {
        self[key]?.items?.map { $0.items?.compactMap(\.double) ?? [] } ?? []
    }
}

/// Sums of a thousand rounded products: the last few bits of a double may differ from SciPy's order of summation.
let rounding = 1e-12

func near(_ a: Double?, _ b: Double, _ tolerance: Double = rounding) -> Bool {
    guard let a else { return false }
    return abs(a - b) <= tolerance * max(1, abs(b))
}
