import Tables

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Values computed by NumPy and SciPy: Fixtures/make_*_oracle.py.
enum Oracle {
    static let selection = read("selection-oracle.json")
    static let coresets = read("coreset-oracle.json")

    private static func read(_ name: String) -> JSON {
        let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let file = fopen("/" + path + "/Fixtures/" + name, "r") else { return .null }
        defer { fclose(file) }
        var bytes = [UInt8]()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let n = fread(&piece, 1, piece.count, file), n > 0 { bytes += piece[..<n] }
        return (try? JSON.parse(bytes)) ?? .null
    }
}

extension JSON {
    func cases(_ name: String) -> [JSON] { self[name]?.items ?? [] }
    func numbers(_ key: String) -> [Double] { self[key]?.items?.compactMap(\.double) ?? [] }
    func number(_ key: String) -> Double { self[key]?.double ?? .nan }
    func integers(_ key: String) -> [Int] { self[key]?.items?.compactMap(\.int) ?? [] }
    func integer(_ key: String) -> Int { self[key]?.int ?? -1 }
}

func near(_ a: Double?, _ b: Double, _ tolerance: Double) -> Bool {
    guard let a else { return false }
    return abs(a - b) <= tolerance * max(1, abs(b))
}
