import LinearAlgebra
import Randomness
import Testing

@testable import Selection

@Suite struct PairListsTests {
    /// What lists give back is enough for as many pairs again, as often as one likes.
    @Test func chunksAreUsedAgain() {
        let samples = 40
        var lists = PairLists(samples: samples, limit: samples * 96)
        var stream = RandomStream("pairs", seed: 1, purpose: "test")
        var kept = [[UInt32: Float]](repeating: [:], count: samples)
        for round in 0..<50 {
            for target in 0..<samples {
                let threshold = Float(stream.uniform())
                lists.trim(target, above: threshold)
                kept[target] = kept[target].filter { $0.value > threshold }
                let room = 96 - kept[target].count
                let places = (0..<room).map { UInt32(round * 100 + $0) }
                let values = places.map { _ in Float(stream.uniform()) }
                lists.append(target, places, values, room)
                kept[target].merge(zip(places, values)) { _, new in new }
            }
            #expect(!lists.isFull)
        }
        for target in 0..<samples {
            var seen: [UInt32: Float] = [:]
            lists.trim(target, above: 0.5) { seen[UInt32($0)] = $1 }
            #expect(seen == kept[target])
        }
        lists.append(0, Array(repeating: 1, count: 4000), Array(repeating: 1, count: 4000), 4000)
        #expect(lists.isFull, "the pool has a limit")
    }

    /// Pairs of a sample that are listed anew are those of its row.
    @Test(arguments: [1, 113, 700]) func listsAreThoseOfTheRows(_ columns: Int) {
        var stream = RandomStream("rows", seed: 2, purpose: "test")
        let features = FeatureMatrix(
            rows: 600, columns: columns, values: (0..<600 * columns).map { _ in Float(stream.normal()) })
        features.withRows { x in
            let blocks = SimilarityBlocks(cosinesOf: x)
            var rows = SimilarityRows(blocks)
            let covered = (0..<600).map { Float($0 % 7) * 0.01 }
            var lists = PairLists(samples: 600, limit: 300 * 640)
            let targets = stride(from: 1, to: 600, by: 2).map { UInt32($0) }
            for _ in 0..<2 { lists.list(targets, of: blocks, above: covered) }
            #expect(!lists.isFull)
            for target in targets.prefix(20) {
                var seen: [Int: Float] = [:]
                lists.trim(Int(target), above: 0) { seen[$0] = $1 }
                let row = rows.row(Int(target)) { [] }
                let expected = row.indices.filter { row[$0] > covered[Int(target)] }.map { ($0, row[$0]) }
                #expect(seen == Dictionary(uniqueKeysWithValues: expected))
            }
        }
    }
}
