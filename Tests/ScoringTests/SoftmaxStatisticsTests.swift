import CKernels
import Testing

@testable import Scoring

private func bits(_ records: [SampleRecord: [Float]]) -> [SampleRecord: [UInt32]] {
    records.mapValues { $0.map(\.bitPattern) }
}

@Suite struct SoftmaxStatisticsTests {
    // MARK: Values

    @Test(arguments: Oracle.statistics) func equalNumPy(_ oracle: Oracle.Statistics) throws {
        let records = rowStatistics(oracle.logits, oracle.labels, classes: oracle.classes)
        for record in allRecords {
            let (values, expected) = (try #require(records[record]), try #require(oracle.values[record]))
            try #require(values.count == expected.count)
            for (row, (value, expected)) in zip(values, expected).enumerated() {
                #expect(
                    abs(Double(value) - expected) <= oracle.tolerance * abs(expected) + oracle.floor,
                    "\(record), row \(row): \(value), NumPy has \(expected)")
            }
        }
    }

    /// p(label) within 1e-7 of 1 and closer: 1 − p would be 0 or a few bits, and the order of easy samples lost.
    @Test(arguments: [SampleRecord.el2n, .el1, .loss, .entropy])
    func keepOrderWhereTheNetworkIsCertain(_ record: SampleRecord) throws {
        let leads: [Float] = (34...170).map { Float($0) / 2 }
        let logits: [Float] = leads.flatMap { [0, $0, -1] as [Float] }
        let values = try #require(rowStatistics(logits, leads.map { _ in 1 }, classes: 3)[record])
        for (value, next) in zip(values, values.dropFirst()) { #expect(value > next && next > 0) }
    }

    /// Certain and wrong: the entropy is what the improbable classes leave, not the rounding of ln 1.
    @Test func entropyKeepsOrderWhereTheNetworkIsWrong() throws {
        let leads: [Float] = (34...170).map { Float($0) / 2 }
        let logits: [Float] = leads.flatMap { [0, $0, -1] as [Float] }
        let values = try #require(rowStatistics(logits, leads.map { _ in 2 }, classes: 3)[.entropy])
        for (value, next) in zip(values, values.dropFirst()) { #expect(value > next && next > 0) }
    }

    @Test func correctMeansFirstOfTheLargest() {
        // argmax takes the first of equal logits; far into a row, too.
        var logits = [Float](repeating: 0, count: 4 * 40)
        logits[35] = 1
        logits[40 + 35] = 1
        logits[40 + 38] = 1
        logits[80 + 35] = 1
        logits[80 + 38] = 1
        let labels: [Int32] = [35, 35, 38, 0]
        #expect(rowStatistics(logits, labels, classes: 40)[.correct] == [1, 1, 0, 1])
    }

    /// Margins near 0 keep their relative precision: they decide who is hardest.
    @Test func smallMarginsArePrecise() throws {
        let gaps: [Float] = [0x1p-12, 0x1p-16, 0x1p-20]
        let logits: [Float] = gaps.flatMap { [$0, 0] as [Float] }
        let records = rowStatistics(logits, [0, 0, 0], classes: 2)
        for (row, gap) in gaps.enumerated() {
            // tanh(g/2) = g/2 to 1e-8.
            let expected = Double(gap) / 2
            for record in [SampleRecord.topMargin, .probabilityMargin] {
                let value = Double(try #require(records[record])[row])
                #expect(abs(value - expected) <= 4e-7 * expected, "\(record): \(value), not \(expected)")
            }
        }
    }

    // MARK: The functions inside

    /// Every 4099th float of −87…0 against double precision, and both ends: 2 ulp are promised, fewer than 1 measured.
    @Test func exponentialsAreWithinTwoUlp() {
        var x = stride(from: Float(0).bitPattern | 0x8000_0000, through: Float(-87).bitPattern, by: 4099)
            .map { Float(bitPattern: $0) }
        x += [Float](repeating: -87, count: 17 - x.count % 16 - 1)
        var y = x
        for variant in variants {
            #expect(ck_exp_variant(variant, x, &y, x.count) == 1)
            #expect(worstULP(x, y, exponential) <= 2)
        }
    }

    @Test func logarithmsAreWithinTwoUlp() {
        var w = stride(
            from: Float.leastNormalMagnitude.bitPattern, through: Float.greatestFiniteMagnitude.bitPattern, by: 7919
        ).map { Float(bitPattern: $0) }
        // Around 1, where the logarithm is small, every float.
        w += (0x3f7f_ff00...0x3f80_0100 as ClosedRange<UInt32>).map { Float(bitPattern: $0) }
        w += [Float](repeating: 3, count: 16 - w.count % 16)
        var y = w
        for variant in variants {
            #expect(ck_log_variant(variant, w, &y, w.count) == 1)
            #expect(worstULP(w, y, logarithm) <= 2)
        }
    }

    // MARK: Bits

    static let shapes = [1, 2, 3, 10, 15, 16, 17, 31, 32, 33, 100, 1000, 2000]

    @Test(arguments: shapes) func instructionSetsGiveTheSameBits(_ classes: Int) {
        for (rows, spread) in [(1, 0.01), (5, 4), (16, 30), (37, 120)] {
            let logits = numbers(rows * classes, seed: 7, spread: spread)
            let labels = (0..<rows).map { Int32(($0 * 5) % classes) }
            let portable = bits(rowStatistics(logits, labels, classes: classes, variant: 0))
            for variant in variants.dropFirst() {
                #expect(bits(rowStatistics(logits, labels, classes: classes, variant: variant)) == portable)
            }
        }
    }

    @Test(arguments: shapes) func halvesCountAsTheFloatsTheyStandFor(_ classes: Int) {
        var halves = [UInt16](repeating: 0, count: 21 * classes)
        ck_float_to_half(numbers(halves.count, seed: 5, spread: 9), &halves, halves.count)
        if halves.count > 3 { halves[3] = 0x0001 }  // subnormal
        var floats = [Float](repeating: 0, count: halves.count)
        ck_half_to_float(halves, &floats, halves.count)
        let labels = (0..<21).map { Int32(($0 * 7) % classes) }
        let expected = bits(rowStatistics(floats, labels, classes: classes))
        for variant in variants {
            #expect(bits(rowStatistics([], labels, classes: classes, variant: variant, halves: halves)) == expected)
        }
    }

    /// A record has the same bits whatever else is asked for.
    @Test(arguments: [2, 10, 100], allRecords) func recordsStandAlone(_ classes: Int, _ record: SampleRecord) {
        let logits = numbers(20 * classes, seed: 3, spread: 8)
        let labels = (0..<20).map { Int32(($0 * 3) % classes) }
        let alone = rowStatistics(logits, labels, classes: classes, wanted: [record])[record]
        #expect(alone == rowStatistics(logits, labels, classes: classes)[record])
    }

    /// Rows at any address, and behind them whatever memory holds.
    @Test(arguments: [1, 3, 16, 17, 100]) func addressesAndNeighboursChangeNoBit(_ classes: Int) {
        let logits = numbers(18 * classes, seed: 4, spread: 5)
        let labels = (0..<18).map { Int32(($0 * 3) % classes) }
        let expected = bits(rowStatistics(logits, labels, classes: classes))
        for offset in 1...3 {
            let padded = [Float](repeating: .nan, count: offset) + logits + [.nan, .infinity]
            var el2n = [Float](repeating: 0, count: 18)
            let bad = padded.withUnsafeBufferPointer { z in
                el2n.withUnsafeMutableBufferPointer { values in
                    var out = ck_softmax_records()
                    out.el2n = values.baseAddress
                    return ck_softmax_statistics(z.baseAddress.map { $0 + offset }, 0, labels, 18, classes, &out)
                }
            }
            #expect(bad == 18)
            #expect(el2n.map(\.bitPattern) == expected[.el2n])
        }
    }

    /// Logits on a grid of 1/16 stay exact when shifted, so that no bit may change.
    @Test(arguments: [2, 10, 17, 100], [Float(-64), -0.5, 16, 64]) func shiftsChangeNoBit(
        _ classes: Int, _ shift: Float
    ) {
        let logits = numbers(20 * classes, seed: 7, spread: 8).map { ($0 * 16).rounded() / 16 }
        let labels = (0..<20).map { Int32($0 % classes) }
        #expect(
            bits(rowStatistics(logits, labels, classes: classes))
                == bits(rowStatistics(logits.map { $0 + shift }, labels, classes: classes)))
    }

    /// A permutation of classes only reorders sums of positive numbers: two times C/16 + 4 additions.
    @Test(arguments: [3, 16, 17, 100]) func permutedClassesGiveTheSame(_ classes: Int) throws {
        let logits = numbers(12 * classes, seed: 3, spread: 6)
        let labels = (0..<12).map { Int32(($0 * 5) % classes) }
        // 7 is coprime to all these numbers of classes.
        let place = (0..<classes).map { ($0 * 7 + 1) % classes }
        var permuted = logits
        for row in 0..<12 {
            for c in 0..<classes { permuted[row * classes + place[c]] = logits[row * classes + c] }
        }
        let values = rowStatistics(logits, labels, classes: classes)
        let others = rowStatistics(permuted, labels.map { Int32(place[Int($0)]) }, classes: classes)
        let tolerance = Float(4 * (Double(classes) / 16 + 4) * unit)
        for record in allRecords {
            for (a, b) in zip(try #require(values[record]), try #require(others[record])) {
                #expect(abs(a - b) <= tolerance * abs(a), "\(record): \(a) and \(b)")
            }
        }
    }

    // MARK: Bad rows

    @Test(arguments: [1, 2, 3, 16, 17, 100], [Float.nan, .infinity, -.infinity])
    func findTheFirstRowThatIsNotFinite(_ classes: Int, _ value: Float) {
        let labels = (0..<20).map { Int32($0 % classes) }
        for row in [0, 3, 17] {
            for place in Set([0, row % classes, classes / 2, classes - 1]) {
                var logits = numbers(20 * classes, seed: 2, spread: 4)
                logits[row * classes + place] = value
                logits[19 * classes] = value
                var halves = [UInt16](repeating: 0, count: logits.count)
                ck_float_to_half(logits, &halves, halves.count)
                for variant in variants {
                    var bad = -1
                    _ = rowStatistics(logits, labels, classes: classes, variant: variant, wanted: [.el2n], bad: &bad)
                    #expect(bad == row)
                    _ = rowStatistics(logits, labels, classes: classes, variant: variant, bad: &bad)
                    #expect(bad == row)
                    _ = rowStatistics([], labels, classes: classes, variant: variant, halves: halves, bad: &bad)
                    #expect(bad == row)
                }
            }
        }
    }

    /// Finite logits whose differences are not: the margin ends at the largest float.
    @Test func hugeLogitsAreFinite() throws {
        let large = Float.greatestFiniteMagnitude
        var bad = -1
        let records = rowStatistics([large, -large, -large, large], [0, 0], classes: 2, bad: &bad)
        #expect(bad == 2)
        #expect(records[.logitMargin] == [large, -large])
        #expect(records[.correct] == [1, 0])
        for record in allRecords { #expect(try #require(records[record]).allSatisfy(\.isFinite), "\(record)") }
    }
}
