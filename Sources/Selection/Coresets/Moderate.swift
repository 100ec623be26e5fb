import LinearAlgebra

extension CoresetGroup {
    /// The middle of the order by distance to the coordinate-wise median of the sample's class: ranks ⌊(N − k)/2⌋ and on.
    ///
    /// The released code keeps the ranks from round(N (0.5 − r/2)) to round(N (0.5 + r/2)) for a kept fraction r: the same
    /// but for one sample where N − k is odd.
    func moderate(_ count: Int, classes: Int) -> CoresetPicks {
        var members = [[Int]](repeating: [], count: classes)
        for (index, label) in labels.enumerated() { members[Int(label)].append(index) }
        var distances = [Double](repeating: 0, count: self.count)
        for rows in members where !rows.isEmpty {
            let median = medians(rows)
            for row in rows {
                var sum = 0.0
                for column in 0..<features.columns {
                    let gap = Double(features[row, column]) - median[column]
                    sum += gap * gap
                }
                distances[row] = sum
            }
        }
        let order = ids.indices.sorted { (distances[$0], ids[$0]) < (distances[$1], ids[$1]) }
        let start = (self.count - count) / 2
        let kept = order[start..<start + count]
        func isTied(_ outside: Int, _ row: Int) -> Bool {
            order.indices.contains(outside) && distances[order[outside]] == distances[row]
        }
        return CoresetPicks(
            picks: Array(kept), ties: kept.map { isTied(start - 1, $0) || isTied(start + count, $0) })
    }

    /// Per column; of an even number of rows the mean of the middle two.
    private func medians(_ rows: [Int]) -> [Double] {
        var keys = [UInt64](repeating: 0, count: rows.count)
        return (0..<features.columns).map { column in
            for (place, row) in rows.enumerated() { keys[place] = UInt64(ordering: Double(features[row, column])) }
            return keys.withUnsafeMutableBufferPointer { keys in
                let middle = keys.count / 2
                keys.select(middle)
                let upper = Double(ordered: keys[middle])
                guard keys.count % 2 == 0, let lower = keys[..<middle].max() else { return upper }
                return (Double(ordered: lower) + upper) / 2
            }
        }
    }
}

extension Double {
    /// The double that `UInt64(ordering:)` came from.
    fileprivate init(ordered key: UInt64) {
        self = Double(bitPattern: key >> 63 == 1 ? key ^ 1 << 63 : ~key)
    }
}
