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
