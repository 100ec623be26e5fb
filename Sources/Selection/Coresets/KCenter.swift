import LinearAlgebra

extension CoresetGroup {
    /// Greedy k-center with Euclidean distances.
    ///
    /// A distance to the nearest centre only falls, so one that was computed against the first few centres bounds it from
    /// above: a sample's distances to the later centres are computed only when that bound reaches the best sample of
    /// the round. O(N · k · d) at worst, with the same picks as computing all.
    func kCenter(_ count: Int, first: CoresetRule.FirstCenter, lots: Lots) -> CoresetPicks {
        features.withRows { x in
            ids.withUnsafeBufferPointer { ids in
                var rounds = NearestCenters(x, first: firstCenter(first, lots))
                var result = CoresetPicks(picks: rounds.centers, trace: [], ties: [false])
                while true {
                    let best = rounds.farthest(ids)
                    result.trace?.append(max(0, best.value).squareRoot())
                    guard result.picks.count < count, best.index >= 0 else { return result }
                    rounds.add(best.index)
                    result.picks.append(best.index)
                    result.ties.append(best.isTied)
                }
            }
        }
    }

    private func firstCenter(_ first: CoresetRule.FirstCenter, _ lots: Lots) -> Int {
        guard first == .random else { return 0 }
        var best = (lot: lots.draw(ids[0]), index: 0)
        for index in 1..<max(1, count) {
            let lot = lots.draw(ids[index])
            if (lot, ids[index]) < (best.lot, ids[best.index]) { best = (lot, index) }
        }
        return best.index
    }
}

private struct NearestCenters {
    private let x: FloatRows
    /// ‖x‖², [N]
    private let squares: [Float]
    /// Squared distance to the nearest of the first `applied` centres, [N]; −∞ for centres.
    private var nearest: [Double]
    private var applied: [Int32]
    private(set) var centers: [Int]
    /// The best few of the last round: they give the next one a good bound to begin with.
    private var hints: [Int] = []

    init(_ x: FloatRows, first: Int) {
        self.x = x
        squares = (0..<x.count).map { x.dot($0, $0) }
        nearest = .init(repeating: .infinity, count: x.count)
        applied = .init(repeating: 0, count: x.count)
        centers = []
        add(first)
    }

    mutating func add(_ index: Int) {
        centers.append(index)
        nearest[index] = -.infinity
    }

    mutating func farthest(_ ids: UnsafeBufferPointer<Int64>) -> Best {
        var best = Best()
        var found: [Int] = []
        for index in hints where refresh(index, above: best.value) { best.offer(nearest[index], index, ids: ids) }
        for index in nearest.indices where nearest[index] >= best.value {
            guard nearest[index] > -.infinity, refresh(index, above: best.value) else { continue }
            best.offer(nearest[index], index, ids: ids)
            found.append(index)
            if found.count == 64 { found.removeFirst(48) }  // the last few are wanted
        }
        hints = found.suffix(16)
        return best
    }

    /// Applies the centres that are missing, until the distance falls below a bound; whether all are applied.
    private mutating func refresh(_ index: Int, above bound: Double) -> Bool {
        var distance = nearest[index]
        var next = Int(applied[index])
        while next < centers.count, distance >= bound {
            let center = centers[next]
            let square = Double(squares[index]) + Double(squares[center]) - 2 * Double(x.dot(index, center))
            distance = min(distance, max(0, square))
            next += 1
        }
        nearest[index] = distance
        applied[index] = Int32(next)
        return distance >= bound && distance > -.infinity
    }
}
