/// Ranks from 1, equal values sharing the mean of their places.
///
///     midRanks([0.3, 0.1, 0.3])  // [2.5, 1, 2.5]
///
/// O(n log n). NaN is not ordered: the caller leaves it out.
public func midRanks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for i in start..<end { ranks[order[i]] = Double(start + end + 1) / 2 }
        start = end
    }
    return ranks
}

/// Values replaced by the position of each among the distinct values, from 0.
struct DenseRanks: Sendable {
    let codes: [Int32]
    let distinct: Int

    init(_ values: [Double]) {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var codes = [Int32](repeating: 0, count: values.count)
        var code: Int32 = -1
        for (place, row) in order.enumerated() {
            if place == 0 || values[row] != values[order[place - 1]] { code += 1 }
            codes[row] = code
        }
        self.codes = codes
        distinct = Int(code) + 1
    }
}

/// Turns the codes of a resample into ranks by counting instead of sorting.
///
/// A rank is written as 2·(mid-rank − mean rank), an integer: sums of products of up to 10⁵ of them are exact, and the
/// order of the rows cannot change a bit.
struct RankTable: Sendable {
    private(set) var ranks: [Double]

    init(distinct: Int) { ranks = [Double](repeating: 0, count: distinct) }

    /// Fills `ranks[code]`; returns the sum of squares over the rows.
    mutating func fill(_ codes: UnsafeBufferPointer<Int32>) -> Double {
        let n = Double(codes.count)
        return ranks.withUnsafeMutableBufferPointer { table in
            for i in table.indices { table[i] = 0 }
            for code in codes { table[Int(code)] += 1 }
            var below = 0.0
            var squares = 0.0
            for i in table.indices {
                let count = table[i]
                let rank = 2 * below + count - n
                table[i] = rank
                squares += count * rank * rank
                below += count
            }
            return squares
        }
    }
}
