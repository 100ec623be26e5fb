#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How far two subsets of one data set are the same.
///
/// A Jaccard index means little by itself: two random subsets of half the data already share a third. So the mean over
/// random subsets of these sizes stands beside every one.
public struct SubsetComparison: Sendable, Equatable {
    public struct Overlap: Sendable, Equatable {
        /// Samples of the data set or class that could be chosen.
        public var population: Int
        /// Sizes of the two subsets.
        public var first: Int
        public var second: Int
        public var common: Int

        public init(population: Int, first: Int, second: Int, common: Int) {
            precondition(max(first, second) <= population && common <= min(first, second))
            self.population = population
            self.first = first
            self.second = second
            self.common = common
        }

        /// |A ∩ B| / |A ∪ B|; nil where both are empty.
        public var jaccard: Double? {
            first + second == 0 ? nil : Double(common) / Double(first + second - common)
        }

        /// The mean Jaccard index of two random subsets of these sizes: their intersection is hypergeometric; nil where
        /// both are empty.
        public var expectedJaccard: Double? {
            guard first + second > 0 else { return nil }
            var mean = 0.0
            for common in possible {
                mean += probability(common) * Double(common) / Double(first + second - common)
            }
            return mean
        }

        /// How many samples two random subsets of these sizes can share.
        fileprivate var possible: ClosedRange<Int> { max(0, first + second - population)...min(first, second) }

        /// That two random subsets share so many.
        fileprivate func probability(_ common: Int) -> Double {
            exp(
                Self.logChoose(first, common) + Self.logChoose(population - first, second - common)
                    - Self.logChoose(population, second))
        }

        private static func logChoose(_ n: Int, _ k: Int) -> Double {
            func logFactorial(_ n: Int) -> Double {
                var sign: Int32 = 0
                return lgamma_r(Double(n) + 1, &sign)
            }
            return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
        }
    }

    public var all: Overlap
    /// [C]
    public var byClass: [Overlap]

    /// The mean Jaccard index of random subsets with these numbers *of each class*: what they share is a sum of
    /// hypergeometric numbers; nil where both subsets are empty.
    ///
    /// Balanced subsets meet a little more often than `all.expectedJaccard` says.
    public var expectedWithinClasses: Double? {
        guard all.first + all.second > 0 else { return nil }
        /// That the classes so far share `least`, `least` + 1, ….
        var (least, chances) = (0, [1.0])
        for overlap in byClass where overlap.first > 0 && overlap.second > 0 {
            let own = Self.likely(overlap.possible.map(overlap.probability))
            var sums = [Double](repeating: 0, count: chances.count + own.count - 1)
            for (i, chance) in chances.enumerated() {
                for (j, other) in zip(0..., own) { sums[i + j] += chance * other }
            }
            let kept = Self.likely(sums)
            least += overlap.possible.lowerBound + own.startIndex + kept.startIndex
            chances = Array(kept)
        }
        let mean = zip(least..., chances).reduce(0.0) { sum, one in
            sum + one.1 * Double(one.0) / Double(all.first + all.second - one.0)
        }
        // The logarithms of large factorials lose digits, which the probabilities have in common.
        return mean / chances.reduce(0, +)
    }

    /// Without the ends that are too improbable to count in a mean.
    private static func likely(_ chances: [Double]) -> ArraySlice<Double> {
        let most = (chances.max() ?? 0) * 1e-20
        let first = chances.firstIndex { $0 > most } ?? 0
        return chances[first...(chances.lastIndex { $0 > most } ?? first)]
    }

    /// Compares two subsets of the rows of one data set.
    ///
    /// - Parameters:
    ///   - first: rows, each once, in any order.
    ///   - labels: of the data set, [N].
    /// - Throws: `SelectionError.labelOutOfRange`, `rowOutOfRange` or `repeatedRow`.
    public init(_ first: [Int], _ second: [Int], labels: [Int32], classes: Int) throws(SelectionError) {
        let population = try ClassGroups(labels, classes: classes, balanced: true).sizes
        _ = try SubsetRows(first, count: labels.count)
        let other = try SubsetRows(second, count: labels.count)
        var counts = [(first: Int, second: Int, common: Int)](repeating: (0, 0, 0), count: classes)
        for row in first {
            counts[Int(labels[row])].first += 1
            if other.contains(row) { counts[Int(labels[row])].common += 1 }
        }
        for row in second { counts[Int(labels[row])].second += 1 }
        byClass = zip(population, counts).map {
            Overlap(population: $0, first: $1.first, second: $1.second, common: $1.common)
        }
        all = Overlap(
            population: labels.count, first: first.count, second: second.count,
            common: counts.reduce(0) { $0 + $1.common })
    }
}

/// Rows of a subset, one bit per row of its data set.
struct SubsetRows {
    private var words: [UInt64]

    /// - Throws: `SelectionError.rowOutOfRange` or `repeatedRow`.
    init(_ rows: [Int], count: Int) throws(SelectionError) {
        words = .init(repeating: 0, count: (count + 63) / 64)
        for (place, row) in rows.enumerated() {
            guard row >= 0, row < count else { throw .rowOutOfRange(place: place, row: row, count: count) }
            guard !contains(row) else { throw .repeatedRow(place: place, row: row) }
            words[row >> 6] |= 1 << UInt64(row & 63)
        }
    }

    func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }
}
