import LinearAlgebra

extension CoresetGroup {
    /// Herding: the sample with the smallest ‖(t+1) μ − Σ_chosen − x‖ after t picks, μ the mean of all; the largest for
    /// DeepCore's variant. O(N · k · d).
    func herding(_ count: Int, farthest: Bool) -> CoresetPicks {
        features.withRows { x in
            ids.withUnsafeBufferPointer { ids in
                guard let base = x.base else { return allInOrder(count) }
                let squares = (0..<x.count).map { Double(x.dot($0, $0)) }
                func add(_ index: Int, to sum: inout [Double]) {
                    for column in sum.indices { sum[column] += Double(base[index * x.columns + column]) }
                }
                var mean = [Double](repeating: 0, count: x.columns)
                for index in 0..<x.count { add(index, to: &mean) }
                mean = mean.map { $0 / Double(x.count) }
                var sum = [Double](repeating: 0, count: x.columns)
                var free = [Bool](repeating: true, count: x.count)
                var result = CoresetPicks(trace: [])
                while result.picks.count < count {
                    let steps = Double(result.picks.count + 1)
                    let wanted = zip(mean, sum).map { Float(steps * $0 - $1) }
                    var best = Best()
                    for index in 0..<x.count where free[index] {
                        let closeness = 2 * Double(x.dot(index, wanted)) - squares[index]
                        best.offer(farthest ? -closeness : closeness, index, ids: ids)
                    }
                    free[best.index] = false
                    add(best.index, to: &sum)
                    result.picks.append(best.index)
                    result.ties.append(best.isTied)
                    let gap = zip(mean, sum).reduce(0.0) { $0 + ($1.0 - $1.1 / steps) * ($1.0 - $1.1 / steps) }
                    result.trace?.append(gap.squareRoot())
                }
                return result
            }
        }
    }

    /// Samples without features are all equal: the lowest ids.
    private func allInOrder(_ count: Int) -> CoresetPicks {
        let order = ids.indices.sorted { (ids[$0], $0) < (ids[$1], $1) }.prefix(count)
        return CoresetPicks(
            picks: Array(order), trace: .init(repeating: 0, count: count),
            ties: (0..<count).map { $0 < ids.count - 1 })
    }
}
