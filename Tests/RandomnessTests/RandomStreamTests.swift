import Testing

@testable import Randomness

@Suite struct RandomStreamTests {
    /// The known answers that Random123 publishes with the generator (`kat_vectors`, philox4x32 10).
    @Test(arguments: [
        (UInt64(0), UInt64(0), UInt32(0), UInt32(0), UInt64(0xe169_c58d_6627_e8d5), UInt64(0x9b00_dbd8_bc57_ac4c)),
        (.max, .max, .max, .max, 0x41c8_3b0e_408f_276d, 0x6d54_51fd_a20b_c7c6),
        (
            0x85a3_08d3_243f_6a88, 0x0370_7344_1319_8a2e, 0xa409_3822, 0x299f_31d0, 0x94fd_cceb_d16c_fe09,
            0x2412_6ea1_5001_e420
        ),
    ])
    func philoxGivesItsKnownAnswers(low: UInt64, high: UInt64, k0: UInt32, k1: UInt32, first: UInt64, second: UInt64) {
        let words = RandomStream.philox(counter: low, high, key: (k0, k1))
        #expect(words.0 == first)
        #expect(words.1 == second)
    }

    @Test func streamsDifferInIdentitySeedPurposeAndIndex() {
        var firsts: Set<UInt64> = []
        for identity in ["a", "ab"] {
            for seed in [1, 2, -1] {
                for purpose in ["order", "b", "bc"] {
                    for index in [0, 1] {
                        var stream = RandomStream(identity, seed: seed, purpose: purpose, index: index)
                        firsts.insert(stream.next())
                    }
                }
            }
        }
        #expect(firsts.count == 2 * 3 * 3 * 2)
        // The border between identity and purpose is part of the key.
        #expect(RandomStream("ab", seed: 1, purpose: "c") != RandomStream("a", seed: 1, purpose: "bc"))
    }

    @Test func equalKeysGiveEqualNumbers() {
        var a = RandomStream("run", seed: 7, purpose: "order", index: 3)
        var b = RandomStream("run", seed: 7, purpose: "order", index: 3)
        #expect((0..<100).map { _ in a.next() } == (0..<100).map { _ in b.next() })
    }

    @Test func permutationsHoldEveryIndexOnce() {
        var stream = RandomStream(seed: 1, purpose: "test")
        for count in [0, 1, 2, 17, 1000] {
            #expect(stream.permutation(of: count).sorted() == Array(0..<count))
        }
    }

    /// 60,000 draws over six faces: χ² with 5 degrees of freedom stays below its 99.99 % quantile, 25.7; the stream is
    /// seeded, so this either holds for good or not at all.
    @Test func integersAreUniform() {
        var stream = RandomStream(seed: 2, purpose: "test")
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[stream.integer(below: 6)] += 1 }
        let chiSquare = counts.map { Double(($0 - 10_000) * ($0 - 10_000)) / 10_000 }.reduce(0, +)
        #expect(chiSquare < 25.7)
    }

    /// The mean of 100,000 normals has standard error 0.0032 and their variance 0.0045: five of each.
    @Test func normalsHaveMeanZeroAndVarianceOne() {
        var stream = RandomStream(seed: 3, purpose: "test")
        let values = (0..<100_000).map { _ in stream.normal() }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count - 1)
        #expect(abs(mean) < 0.016)
        #expect(abs(variance - 1) < 0.0225)
    }
}
