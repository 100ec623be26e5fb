/// Points that fill the unit cube evenly and are always the same: Halton's sequence (1960), one prime base per axis.
enum LowDiscrepancy {
    private static let primes = [
        2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
    ]

    /// Coordinate `axis` of point `index`; point 0, a corner, is best left out. Beyond 28 axes they repeat.
    static func coordinate(_ index: Int, axis: Int) -> Double {
        let prime = primes[axis % primes.count]
        var (value, share, rest) = (0.0, 1.0, index)
        while rest > 0 {
            share /= Double(prime)
            value += share * Double(rest % prime)
            rest /= prime
        }
        return value
    }

    /// Points 1…count, [count, dimension].
    static func points(_ count: Int, dimension: Int) -> [Double] {
        if count == planeCount && dimension == 2 { return plane }
        return (1..<count + 1).flatMap { index in (0..<dimension).map { coordinate(index, axis: $0) } }
    }

    /// Thousands of fits in a row ask for the same points.
    static let planeCount = 32
    private static let plane = (1..<planeCount + 1).flatMap { index in (0..<2).map { coordinate(index, axis: $0) } }

    /// The points from which local searches begin: in the order of their cost, each that has no better point within
    /// `radius` (multi-level single linkage, Rinnooy Kan & Timmer 1987: about one per basin), then the best of the rest.
    static func starts(_ points: [Double], dimension: Int, costs: [Double], count: Int, radius: Double) -> [Int] {
        let order = costs.indices.filter { costs[$0].isFinite }.sorted { (costs[$0], $0) < (costs[$1], $1) }
        var chosen: [Int] = []
        for (rank, index) in order.enumerated() where chosen.count < count {
            let hasBetterNeighbour = order[..<rank].contains { better in
                var distance = 0.0
                for axis in 0..<dimension {
                    let step = points[index * dimension + axis] - points[better * dimension + axis]
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
