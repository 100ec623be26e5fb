import LinearAlgebra

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension CoresetGroup {
    /// Contextual active learning: by the mean over the nearest neighbours n (Euclidean, the sample itself left out) of
    /// ½ Σ_c (p_c − p_nc)(ln p_c − ln p_nc), probabilities taken as at least 10⁻¹² in the logarithm.
    ///
    /// Equally near neighbours are taken by id. A sample without neighbours scores 0. O(N² · d) in blocks.
    func cal(_ count: Int, neighbours: Int, order: CoresetRule.CALOrder) -> CoresetPicks {
        precondition(neighbours > 0, "\(neighbours) neighbours")
        guard let errors else { return CoresetPicks() }
        let divergences = neighbourDivergences(errors, neighbours)
        let sign = order == .highest ? -1.0 : 1.0
        let ranked = ids.indices.sorted {
            (sign * divergences[$0], ids[$0]) < (sign * divergences[$1], ids[$1])
        }
        let kept = ranked.prefix(count)
        // Tied: equal to the first one that is left out.
        let border = ranked.indices.contains(count) ? divergences[ranked[count]] : .nan
        return CoresetPicks(picks: Array(kept), ties: kept.map { divergences[$0] == border })
    }

    private func neighbourDivergences(_ errors: FeatureMatrix, _ neighbours: Int) -> [Double] {
        let classes = errors.columns
        var probabilities = errors.values
        for (row, label) in labels.enumerated() { probabilities[row * classes + Int(label)] += 1 }
        let logarithms = probabilities.map { log(max($0, 1e-12)) }
        func divergence(_ a: Int, _ b: Int) -> Double {
            var sum: Float = 0
            for column in 0..<classes {
                let (i, j) = (a * classes + column, b * classes + column)
                sum += (probabilities[i] - probabilities[j]) * (logarithms[i] - logarithms[j])
            }
            return 0.5 * Double(sum)
        }
        return nearest(neighbours).enumerated().map { row, near in
            // Summed in order of size: the order of the rows does not matter.
            near.isEmpty ? 0 : near.map { divergence(row, $0) }.sorted().reduce(0, +) / Double(near.count)
        }
    }

    /// The nearest other samples of each, at most so many.
    func nearest(_ neighbours: Int) -> [[Int]] {
        let block = 512
        return features.withRows { x in
            let squares = (0..<x.count).map { x.dot($0, $0) }
            var products = [Float](repeating: 0, count: block * block)
            var result: [[Int]] = []
            result.reserveCapacity(x.count)
            for top in stride(from: 0, to: x.count, by: block) {
                let rows = top..<min(x.count, top + block)
                var near = rows.map { _ in Neighbours(limit: neighbours) }
                for left in stride(from: 0, to: x.count, by: block) {
                    let columns = left..<min(x.count, left + block)
                    products.withUnsafeMutableBufferPointer { products in
                        x.products(rows, x, columns, into: products)
                        for row in rows {
                            let line = (row - top) * columns.count - left
                            for column in columns where column != row {
                                // ‖a − b‖² but for ‖a‖², which all of them share.
                                near[row - top].offer(squares[column] - 2 * products[line + column], column, ids)
                            }
                        }
                    }
                }
                result += near.map(\.indices)
            }
            return result
        }
    }
}

/// The smallest of the distances offered, equal ones by id.
private struct Neighbours {
    let limit: Int
    private var entries: [(distance: Float, index: Int)] = []
    private var worst = Float.infinity

    init(limit: Int) { self.limit = limit }

    var indices: [Int] { entries.map(\.index) }

    @inline(__always)
    mutating func offer(_ distance: Float, _ index: Int, _ ids: [Int64]) {
        if distance > worst { return }
        insert(distance, index, ids)
    }

    private mutating func insert(_ distance: Float, _ index: Int, _ ids: [Int64]) {
        let place =
            entries.firstIndex { (distance, ids[index]) < ($0.distance, ids[$0.index]) } ?? entries.count
        guard place < limit else { return }
        entries.insert((distance, index), at: place)
        if entries.count > limit { entries.removeLast() }
        if entries.count == limit { worst = entries[limit - 1].distance }
    }
}
