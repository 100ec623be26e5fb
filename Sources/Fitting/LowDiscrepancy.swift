/// Points that fill the unit cube evenly and are always the same: Halton's sequence (1960), one prime base per axis.
enum LowDiscrepancy {
    private static let primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]

    /// `count` points of the given dimension; the sequence's first point, a corner, is left out.
    static func points(_ count: Int, dimension: Int) -> [[Double]] {
        precondition(dimension <= primes.count, "Halton points of \(dimension) dimensions are no longer even")
        return (1..<count + 1).map { index in
            (0..<dimension).map { axis in
                var (value, share, rest) = (0.0, 1.0, index)
                while rest > 0 {
                    share /= Double(primes[axis])
                    value += share * Double(rest % primes[axis])
                    rest /= primes[axis]
                }
                return value
            }
        }
    }

    /// The points from which local searches begin: in the order of their cost, each that has no better point within
    /// `radius` (multi-level single linkage, Rinnooy Kan & Timmer 1987: about one per basin), then the best of the rest.
    static func starts(_ points: [[Double]], costs: [Double], count: Int, radius: Double) -> [Int] {
        let order = points.indices.filter { costs[$0].isFinite }.sorted { (costs[$0], $0) < (costs[$1], $1) }
        var chosen: [Int] = []
        for (rank, index) in order.enumerated() where chosen.count < count {
            let hasBetterNeighbour = order[..<rank].contains { better in
                var distance = 0.0
                for axis in points[index].indices {
                    let step = points[index][axis] - points[better][axis]
                    distance += step * step
                }
                return distance < radius * radius
            }
            if !hasBetterNeighbour { chosen.append(index) }
        }
        for index in order where chosen.count < count && !chosen.contains(index) { chosen.append(index) }
        return chosen
    }
}
