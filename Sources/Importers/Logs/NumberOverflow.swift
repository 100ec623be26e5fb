import Tables

extension TableBlock {
    /// Throws for integers beyond 2⁵³, which a double would hold as another number.
    func refuseOverflow(_ bytes: [UInt8]) throws(ImportError) {
        let limit = 1 << 53
        /// Where each line begins; made when the first suspect is met.
        var starts: [Int] = []
        for column in table.columns {
            switch column.values {
            case .texts: continue
            case .integers(let values):
                for (row, value) in values.enumerated() where value.magnitude > limit {
                    throw error(row, column.name, "\(value) is beyond 2^53, where a double skips integers")
                }
            case .numbers(let values):
                for (row, value) in values.enumerated() where value.isFinite && abs(value) >= Double(limit) {
                    if starts.isEmpty { starts = Self.lineStarts(bytes) }
                    func begin(_ row: Int) -> Int { starts[min(table.line(ofRow: row) - 1, starts.count - 1)] }
                    let start = begin(row)
                    // A quoted cell may hold line ends; rows of a JSON array may share a line.
                    let next = (row + 1..<table.rowCount).lazy.map(begin).first { $0 > start }
                    let end = next ?? bytes.count
                    if let word = Self.overflow(bytes[start..<end]) {
                        throw error(row, column.name, "\(word) is beyond 2^53, where a double skips integers")
                    }
                }
            }
        }
    }

    private static func lineStarts(_ bytes: [UInt8]) -> [Int] {
        // LF, CRLF and CR alone, as the table counts them.
        [0]
            + bytes.indices.lazy.filter { at in
                bytes[at] == 0x0A || bytes[at] == 0x0D && (at + 1 == bytes.count || bytes[at + 1] != 0x0A)
            }.map { $0 + 1 }
    }

    /// The first integer in a line that a double does not hold.
    private static func overflow(_ line: ArraySlice<UInt8>) -> String? {
        for piece in line.split(whereSeparator: { !isNumeral($0) }) {
            guard piece.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) else { continue }
            let word = String(decoding: piece, as: UTF8.self)
            guard let value = Double(word) else { continue }
            let isInteger = !word.contains { $0 == "." || $0 == "e" || $0 == "E" }
            // A double beyond 2⁵³ cannot tell whether it was exact.
            if isInteger, abs(value) >= 0x1p53, word.drop(while: { $0 == "+" }) != "9007199254740992" { return word }
        }
        return nil
    }

    private static func isNumeral(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || byte | 0x20 == UInt8(ascii: "e") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    }
}
