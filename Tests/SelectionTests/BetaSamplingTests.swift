import Scoring
import Tables
import Testing

@testable import Selection

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

private func candidates(_ scores: [Double], labels: [Int32]? = nil) -> Candidates {
    let labels = labels ?? .init(repeating: 0, count: scores.count)
    return Candidates(
        scores: scores, direction: .highIsHard, labels: labels, classes: Int(labels.max() ?? 0) + 1,
        ids: scores.indices.map { Int64(3 * $0) })
}

@Suite struct BetaSamplingTests {
    /// Shape and weights by SciPy; logarithms of gamma functions there, none here: some digits are lost.
    @Test(arguments: Oracle.selection.cases("beta")) func weightsAreSciPys(_ json: JSON) {
        let scores = json.numbers("scores")
        let probabilities = json.numbers("probabilities")
        let anchors = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(10)
        let anchor = anchors.reduce(0) { $0 + probabilities[$1] } / 10
        let sampling = BetaSampling(exponent: json.number("exponent"))
        let shape = sampling.shape(anchor: anchor, pruned: 1 - json.number("kept") / Double(scores.count))
        #expect(near(shape.a, json.number("a"), 1e-12) && near(shape.b, json.number("b"), 1e-12))
        let weights = zip(scores, probabilities).map {
            exp(BetaSampling.logWeight(probability: $1, score: $0, shape: shape))
        }
        let sum = weights.reduce(0, +)
        for (weight, expected) in zip(weights, json.numbers("weights")) {
            #expect(abs(weight / sum - expected) <= 1e-11 * expected)
        }
    }

    /// The first of one draw has the probability of its weight: 6 σ over 4000 seeds.
    @Test func drawsInProportion() throws {
        let all = candidates([4, 1, 2, 3, 0.5, 0])
        let probabilities = [0.3, 0.5, 0.9, 0.2, 0.6, 0.4]
        let shape = BetaSampling().shape(anchor: probabilities.reduce(0, +) / 6, pruned: 5.0 / 6)
        let weights = zip(all.scores, probabilities).map {
            exp(BetaSampling.logWeight(probability: $1, score: $0, shape: shape))
        }
        let sum = weights.reduce(0, +)
        var counts = [Int](repeating: 0, count: 6)
        for seed in 0..<4000 {
            for row in try all.select(
                BetaSampling(), probabilities: probabilities, .ipc(1), seed: seed, identity: "b"
            ).rows {
                counts[row] += 1
            }
        }
        for (count, weight) in zip(counts, weights) {
            let share = weight / sum
            let deviation = (4000 * share * (1 - share)).squareRoot()
            #expect(abs(Double(count) - 4000 * share) <= 6 * deviation, "\(count) of 4000, expected share \(share)")
        }
        #expect(counts[5] == 0, "a score of 0 has no weight")
        #expect(counts.filter { $0 > 100 }.count >= 3, "the weights do not all sit on one sample")
    }

    /// Two of three without replacement: P(both a and b) = pa·pb/(1−pa) + pb·pa/(1−pb).
    @Test func isWithoutReplacement() throws {
        let all = candidates([1, 2, 3])
        let probabilities = [0.5, 0.5, 0.5]
        var without = [Int](repeating: 0, count: 3)
        for seed in 0..<4000 {
            let rows = try all.select(
                BetaSampling(), probabilities: probabilities, .ipc(2), seed: seed, identity: "b"
            ).rows
            #expect(rows.count == 2)
            for row in 0..<3 where !rows.contains(row) { without[row] += 1 }
        }
        let p = [1.0 / 6, 2.0 / 6, 3.0 / 6]
        for row in 0..<3 {
            let (a, b) = (p[(row + 1) % 3], p[(row + 2) % 3])
            let share = a * b / (1 - a) + b * a / (1 - b)
            let deviation = (4000 * share * (1 - share)).squareRoot()
            #expect(abs(Double(without[row]) - 4000 * share) <= 6 * deviation, "\(without[row]) of 4000, \(share)")
        }
    }

    @Test func permutedRowsGiveTheSameSamplesBalancedOrNot() throws {
        let labels = (0..<40).map { Int32($0 % 4) }
        let all = candidates((0..<40).map { Double(($0 * 13) % 40) + 1 }, labels: labels)
        let probabilities = (0..<40).map { Double(($0 * 7) % 40) / 41 + 0.01 }
        let order = (0..<40).map { ($0 * 17 + 5) % 40 }
        let permuted = Candidates(
            scores: order.map { all.scores[$0] }, direction: .highIsHard, labels: order.map { labels[$0] }, classes: 4,
            ids: order.map { all.ids[$0] })
        for balanced in [true, false] {
            let a = try all.select(
                BetaSampling(), probabilities: probabilities, .ipc(3), balanced: balanced, seed: 2, identity: "b")
            let b = try permuted.select(
                BetaSampling(), probabilities: order.map { probabilities[$0] }, .ipc(3), balanced: balanced, seed: 2,
                identity: "b")
            #expect(a.rows.map { all.ids[$0] }.sorted() == b.rows.map { permuted.ids[$0] }.sorted())
            #expect(a.rows.count == 12 && a.tieShare == 0)
            if balanced { for c: Int32 in 0..<4 { #expect(a.rows.count { labels[$0] == c } == 3) } }
        }
    }

    @Test func badInputIsNamed() {
        func draw(_ scores: [Double], _ probabilities: [Double], _ ipc: Int = 1) throws -> Subset {
            try candidates(scores).select(
                BetaSampling(), probabilities: probabilities, .ipc(ipc), seed: 1, identity: "b")
        }
        #expect(throws: SelectionError.negativeScore(row: 1, value: -2)) { try draw([1, -2], [0.5, 0.5]) }
        #expect(throws: SelectionError.probabilityOutOfRange(row: 0, value: 1.5)) { try draw([1, 2], [1.5, 0.5]) }
        #expect(throws: SelectionError.self) { try draw([1, 2], [.nan, 0.5]) }
        #expect(throws: SelectionError.nonFiniteScore(row: 0)) { try draw([.nan, 2], [0.5, 0.5]) }
        #expect(throws: SelectionError.emptySubset) { try draw([1, 2], [0.5, 0.5], 0) }
        let few = #expect(throws: SelectionError.self) { try draw([0, 0, 2], [0.5, 0.5, 0.5], 2) }
        #expect(few?.description == "there are 1 samples with a weight above 0, and 2 are asked for")
        // m* = 1 makes b = 0: a sample that is always right would be infinitely likely.
        let infinite = #expect(throws: SelectionError.self) { try draw([1, 2], [1, 1]) }
        #expect(infinite == .infiniteWeight(row: 0))
        #expect(infinite?.description.contains("row 0 is exactly 0 or 1") == true)
    }
}
