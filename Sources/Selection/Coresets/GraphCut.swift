import LinearAlgebra

extension CoresetGroup {
    /// Greedy graph cut: the largest λ Σ_j s(j, x) − 2 Σ_{j chosen} s(j, x), with s = (1 + cosine) / 2 in 0…1.
    ///
    /// Both sums are inner products with a vector, Σ x_j/‖x_j‖, so that a gain costs O(d). Gains never grow (s ≥ 0): one
    /// is computed anew only when its old value reaches the best of the round.
    func graphCut(_ count: Int, lambda: Double) -> CoresetPicks {
        features.withRows { x in
            ids.withUnsafeBufferPointer { ids in
                let cosines = CosineSums(x)
                let total = cosines.sum(of: 0..<x.count)
                let linear = (0..<x.count).map { lambda * 0.5 * (Double(x.count) + cosines.product($0, total)) }
                var gains = [Double](repeating: .infinity, count: x.count)
                var chosen = [Double](repeating: 0, count: x.columns)
                var result = CoresetPicks(trace: [])
                var objective = 0.0
                var hints: [Int] = []
                while result.picks.count < count {
                    let picked = Double(result.picks.count)
                    let sum = chosen.map { Float($0) }
                    func gain(_ index: Int) -> Double { linear[index] - (picked + cosines.product(index, sum)) }
                    var best = Best()
                    for index in hints where gains[index] > -.infinity {
                        gains[index] = gain(index)
                        best.offer(gains[index], index, ids: ids)
                    }
                    hints = []
                    for index in 0..<x.count where gains[index] >= best.value && gains[index] > -.infinity {
                        gains[index] = gain(index)
                        guard gains[index] >= best.value else { continue }
                        best.offer(gains[index], index, ids: ids)
                        hints.append(index)
                    }
                    hints = hints.suffix(16)
                    objective += best.value - cosines.own(best.index)
                    cosines.add(best.index, to: &chosen)
                    gains[best.index] = -.infinity
                    result.picks.append(best.index)
                    result.ties.append(best.isTied)
                    result.trace?.append(objective)
                }
                return result
            }
        }
    }
}

/// Sums of cosines by sums of unit vectors; a vector of zeros has cosine 0 with all.
struct CosineSums {
    private let x: FloatRows
    /// 1/‖x‖, 0 for a vector of zeros, [N].
    let inverse: [Double]

    init(_ x: FloatRows) {
        self.x = x
        inverse = (0..<x.count).map {
            let square = Double(x.dot($0, $0))
            return square > 0 ? 1 / square.squareRoot() : 0
        }
    }

    /// s(x, x).
    func own(_ index: Int) -> Double { inverse[index] > 0 ? 1 : 0.5 }

    /// x/‖x‖ · v.
    @inline(__always)
    func product(_ index: Int, _ vector: [Float]) -> Double { Double(x.dot(index, vector)) * inverse[index] }

    /// Adds x/‖x‖ to a vector, [d].
    func add(_ index: Int, to vector: inout [Double]) {
        guard let base = x.base else { return }
        let row = base + index * x.columns
        let scale = inverse[index]
        vector.withUnsafeMutableBufferPointer { vector in
            for column in vector.indices { vector[column] += scale * Double(row[column]) }
        }
    }

    /// Σ x/‖x‖, summed in double precision.
    func sum(of rows: Range<Int>) -> [Float] {
        var sum = [Double](repeating: 0, count: x.columns)
        for row in rows { add(row, to: &sum) }
        return sum.map { Float($0) }
    }
}
