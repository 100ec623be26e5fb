import LinearAlgebra
import Randomness
import Testing

@testable import Selection

/// Directions around `centres` ones, or around none; ids descend.
private func group(_ count: Int, columns: Int = 12, centres: Int, spread: Double = 0.5, copies: Int = 1) -> CoresetGroup
{
    var stream = RandomStream("coverage", seed: 4, purpose: "test")
    let middles = (0..<max(1, centres) * columns).map { _ in centres > 0 ? stream.normal() : 0 }
    let single = (0..<count / copies * columns).map { i in
        Float(middles[i / columns % max(1, centres) * columns + i % columns] + spread * stream.normal())
    }
    let values = Array(repeatElement(single, count: copies).joined())
    return CoresetGroup(
        features: FeatureMatrix(rows: values.count / columns, columns: columns, values: values), errors: nil,
        labels: .init(repeating: 0, count: values.count / columns),
        ids: (0..<values.count / columns).map { Int64(2 * values.count - 3 * $0) })
}

/// Plain greedy in double precision on cosines: the picks, and of each the gain and the best gain of all others.
private func naive(_ group: CoresetGroup, _ count: Int) -> [(pick: Int, gain: Double, next: Double)] {
    let (n, d) = (group.features.rows, group.features.columns)
    let unit = (0..<n).map { row -> [Double] in
        let x = (0..<d).map { Double(group.features[row, $0]) }
        let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return x.map { norm > 0 ? $0 / norm : 0 }
    }
    func similarity(_ a: Int, _ b: Int) -> Double {
        var sum = 0.0
        for k in 0..<d { sum += unit[a][k] * unit[b][k] }
        return 0.5 + 0.5 * sum
    }
    var covered = [Double](repeating: 0, count: n)
    var gains = (0..<n).map { x in (0..<n).reduce(0.0) { $0 + similarity($1, x) } }
    var result: [(pick: Int, gain: Double, next: Double)] = []
    for _ in 0..<count {
        let best = gains.indices.max { gains[$0] < gains[$1] } ?? 0
        let gain = gains[best]
        gains[best] = -.infinity
        result.append((best, gain, gains.max() ?? 0))
        for target in 0..<n {
            let (old, new) = (covered[target], max(covered[target], similarity(target, best)))
            guard new > old else { continue }
            covered[target] = new
            for x in 0..<n {
                let s = similarity(target, x)
                gains[x] -= max(0, s - old) - max(0, s - new)
            }
        }
    }
    return result
}

/// The ways in which greedy goes without stored similarities.
private let ways: [LazyCoverage.Limits] = [
    .init(stored: 0),  // forecast, one sweep, lists
    .init(stored: 0, pairs: 20_000),  // lists fit late
    .init(stored: 0, pairs: 32),  // and never
    .init(stored: 0, sampled: 0),  // lazy throughout
    .init(stored: 0, gains: 0),  // short forecasts, many sweeps
    .init(stored: 0, pairs: 20_000, sampled: 64 * 700),  // a poor sample
]

@Suite struct CoverageSweepTests {
    /// As plain greedy, as far as its best is better than the second by more than single precision can err.
    @Test(arguments: [0, 7], ways) func everyWayIsTheNaiveOne(_ centres: Int, _ limits: LazyCoverage.Limits) {
        let all = group(700, centres: centres)
        let expected = naive(all, 60)
        let coreset = all.facilityLocation(60, limits: limits)
        let clear = expected.prefix { $0.gain - $0.next > 1e-5 * $0.gain }
        #expect(clear.count > 40, "else the test says little")
        #expect(Array(coreset.picks.prefix(clear.count)) == clear.map(\.pick))
        var total = 0.0
        for (trace, step) in zip(coreset.trace ?? [], clear) {
            total += step.gain
            #expect(abs(trace - total) <= 1e-5 * total)
        }
    }

    /// Each sample three times: the lowest id is taken, and its copies are worth nothing.
    @Test(arguments: ways) func copiesAreTies(_ limits: LazyCoverage.Limits) {
        let all = group(690, centres: 5, copies: 3)
        let coreset = all.facilityLocation(40, limits: limits)
        #expect(coreset.picks.allSatisfy { $0 >= 460 }, "ids descend: the last copy has the lowest")
        #expect(coreset.ties.allSatisfy { $0 })
        #expect(coreset.picks == all.facilityLocation(40).picks)
    }

    /// Nothing is left to cover after a pick of each: then the lowest ids, and no list is long.
    @Test(arguments: ways) func fewDistinctRows(_ limits: LazyCoverage.Limits) {
        let three = group(3, centres: 0)
        for distinct in [1, 3] {
            let values = (0..<900).flatMap { row in
                (0..<12).map { three.features[row % distinct, $0] }
            }
            let all = CoresetGroup(
                features: FeatureMatrix(rows: 900, columns: 12, values: values), errors: nil,
                labels: .init(repeating: 0, count: 900), ids: (0..<900).map { Int64($0) })
            let coreset = all.facilityLocation(20, limits: limits)
            #expect(Set(coreset.picks.prefix(distinct)) == Set(0..<distinct))
            #expect(Array(coreset.picks.dropFirst(distinct)) == Array(distinct..<20))
        }
        let zeros = CoresetGroup(
            features: FeatureMatrix(rows: 600, columns: 5, values: .init(repeating: 0, count: 3000)), errors: nil,
            labels: .init(repeating: 0, count: 600), ids: (0..<600).map { Int64(-$0) })
        #expect(zeros.facilityLocation(9, limits: limits).picks == (0..<9).map { 599 - $0 })
    }

    /// Gains before and after each stage, and the pairs in the end, from their definitions.
    @Test func aSweepFindsEveryGain() {
        let all = group(1300, columns: 3, centres: 4)
        all.features.withRows { x in
            let blocks = SimilarityBlocks(cosinesOf: x)
            var covered = [Float](repeating: -0.5, count: 1300)
            let start = covered
            var stages = CoverageStages()
            var expected: [[Double]] = []
            func gains() -> [Double] {
                (0..<1300).map { index in
                    (0..<1300).reduce(0.0) { $0 + max(0, Double(blocks.value($1, index)) - Double(covered[$1])) }
                }
            }
            for pick in [5, 800, 1299] {
                expected.append(gains())
                let raised = (0..<1300).filter { blocks.value(pick, $0) > covered[$0] }
                for target in raised { covered[target] = blocks.value(pick, target) }
                stages.append(pick, targets: raised.map { UInt32($0) }, levels: raised.map { covered[$0] })
            }
            expected.append(gains())
            let sweep = CoverageSweep(blocks, covered: start, stages: stages, listing: 1 << 22)
            for (place, gain) in expected.joined().enumerated() {
                // 1,300 differences of numbers near 1, in single precision.
                #expect(abs(sweep.gains[place] - gain) <= 1e-6 * 1300, "\(place)")
            }
            // Covering all alike by 1 takes whatever the lists hold.
            guard var pairs = sweep.pairs else {
                Issue.record("no pairs")
                return
            }
            var left = Array(sweep.gains.suffix(1300))
            for target in 0..<1300 { pairs.raise(target, from: covered[target], to: 1, gains: &left) }
            #expect(left.allSatisfy { abs($0) <= 1e-6 * 1300 })
            #expect(CoverageSweep(blocks, covered: start, stages: stages, listing: 32).pairs == nil)
        }
    }

    /// The similarity of two samples has the same bits in every block and on either side.
    @Test(arguments: [1, 31, 512, 700]) func blocksDoNotChangeBits(_ columns: Int) {
        let all = group(60, columns: columns, centres: 0)
        all.features.withRows { x in
            let blocks = SimilarityBlocks(cosinesOf: x)
            var scratch: [Float] = []
            func block(_ a: Range<Int>, _ b: Range<Int>) -> (Int, Int) -> Float {
                let (left, right) = (blocks.tall(a), blocks.wide(b))
                var result = [Float](repeating: .nan, count: left.padded * right.padded)
                result.withUnsafeMutableBufferPointer { blocks.fill(left, right, into: $0, scratch: &scratch) }
                return { result[($0 - a.lowerBound) * right.padded + $1 - b.lowerBound] }
            }
            let (whole, part) = (block(0..<60, 0..<60), block(17..<48, 3..<9))
            for i in 0..<60 {
                for j in 0..<60 {
                    #expect(whole(i, j) == whole(j, i))
                    // Two orders of a sum of `columns` products of numbers of size 1 at most.
                    #expect(abs(whole(i, j) - blocks.value(i, j)) <= 1e-6)
                    if (17..<48).contains(i), (3..<9).contains(j) { #expect(whole(i, j) == part(i, j)) }
                }
            }
        }
    }
}
