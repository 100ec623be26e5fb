import Scoring
import Testing

/// The norms of rows that come in blocks of `height`.
private func norms(
    _ logits: [Float], _ labels: [Int32], classes: Int, height: Int = .max, position: Int = 0
) throws(ScoringError) -> [Float] {
    var values = [Float](repeating: .nan, count: labels.count)
    for first in stride(from: 0, to: labels.count, by: min(height, labels.count)) {
        let end = min(labels.count, first + min(height, labels.count))
        let block = Array(logits[first * classes..<end * classes])
        var failure: ScoringError?
        block.withUnsafeBufferPointer { block in
            do throws(ScoringError) {
                try el2n(
                    block: block, labels: labels[first..<end], classes: classes, position: position, firstRow: first,
                    into: &values)
            } catch { failure = error }
        }
        if let failure { throw failure }
    }
    return values
}

@Suite struct EL2NTests {
    // MARK: Values

    @Test(arguments: Oracle.shared.norms) func equalsNumPy(_ oracle: Oracle.Norms) throws {
        let values = try norms(oracle.logits, oracle.labels, classes: oracle.classes)
        try #require(values.count == oracle.el2n.count)
        for (row, (value, expected)) in zip(values, oracle.el2n).enumerated() {
            let error = abs(Double(value) - expected)
            #expect(
                error <= oracle.tolerance * expected + oracle.floor,
                "row \(row): \(value), NumPy has \(expected), relative error \(error / expected)")
        }
    }

    /// p(label) within 1e-7 of 1 and closer: 1 − p would be 0 or a few bits, and the order of easy samples lost.
    @Test func keepsOrderWhereTheNetworkIsCertain() throws {
        let leads: [Float] = (34...172).map { Float($0) / 2 }
        let logits: [Float] = leads.flatMap { [0, $0, -1] as [Float] }
        let values = try norms(logits, leads.map { _ in 1 }, classes: 3)
        for (value, next) in zip(values, values.dropFirst()) { #expect(value > next && next > 0) }
    }

    @Test(arguments: [2, 3, 16, 17, 1000]) func equalLogitsGiveTheClosedForm(_ classes: Int) throws {
        // p = 1/C everywhere: ‖p − e‖² = (1 − 1/C)² + (C − 1)/C² = 1 − 1/C. Exact sums; three roundings follow.
        let tolerance = 4 * Oracle.unit
        for (label, logit) in zip([0, classes / 2, classes - 1], [Float(-80), 0, 3.5]) {
            let value = try norms([Float](repeating: logit, count: classes), [Int32(label)], classes: classes)[0]
            let expected = (1 - 1 / Double(classes)).squareRoot()
            #expect(abs(Double(value) - expected) <= tolerance * expected, "\(value), not \(expected)")
        }
    }

    // MARK: Properties

    /// Logits on a grid of 1/16 stay exact when shifted, so that no bit may change.
    @Test(arguments: [2, 10, 17, 100], [Float(-64), -0.5, 16, 64]) func shiftChangesNoBit(
        _ classes: Int, _ shift: Float
    ) throws {
        let logits = numbers(20 * classes, seed: 7, spread: 8).map { ($0 * 16).rounded() / 16 }
        let labels = (0..<20).map { Int32($0 % classes) }
        #expect(
            try norms(logits, labels, classes: classes) == norms(logits.map { $0 + shift }, labels, classes: classes))
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
        let values = try norms(logits, labels, classes: classes)
        let others = try norms(permuted, labels.map { Int32(place[Int($0)]) }, classes: classes)
        let tolerance = Float(4 * (Double(classes) / 16 + 4) * Oracle.unit)
        for (a, b) in zip(values, others) { #expect(abs(a - b) <= tolerance * a, "\(a) and \(b)") }
    }

    @Test(arguments: [2, 3, 10, 16, 17, 33, 100]) func blocksChangeNoBit(_ classes: Int) throws {
        let logits = numbers(23 * classes, seed: 11, spread: 20)
        let labels = (0..<23).map { Int32(($0 * 3) % classes) }
        let whole = try norms(logits, labels, classes: classes)
        for height in [1, 2, 5, 7, 22] {
            let pieces = try norms(logits, labels, classes: classes, height: height)
            #expect(pieces.map(\.bitPattern) == whole.map(\.bitPattern), "blocks of \(height) rows")
        }
    }

    // MARK: Bad data

    @Test(arguments: [2, 3, 16, 17, 100], [Float.nan, .infinity, -.infinity])
    func refusesLogitsThatAreNotFinite(_ classes: Int, _ bad: Float) throws {
        let labels = (0..<6).map { Int32($0 % classes) }
        for row in [0, 3, 5] {
            for place in Set([0, row % classes, classes / 2, classes - 1]) {
                var logits = numbers(6 * classes, seed: 2, spread: 4)
                logits[row * classes + place] = bad
                for height in [1, 4, 6] {
                    #expect(throws: ScoringError.nonFinite(position: 9, row: row)) {
                        try norms(logits, labels, classes: classes, height: height, position: 9)
                    }
                }
            }
        }
    }

    @Test func namesTheFirstBadRow() {
        let logits: [Float] = [0, 1, .nan, .nan, .infinity, -.infinity]
        let error = #expect(throws: ScoringError.self) { try norms(logits, [0, 1, 0], classes: 2, position: 4) }
        #expect(error?.description == "a logit of sample row 1 at checkpoint position 4 is NaN or infinite")
        #expect(error?.exitCode == 65)
    }

    @Test(arguments: [Int32(-1), 3, .max, .min]) func refusesLabelsOutOfRange(_ label: Int32) {
        let logits = [Float](repeating: 0, count: 12)
        for height in [1, 3, 4] {
            let error = #expect(throws: ScoringError.self) {
                try norms(logits, [0, 1, label, 2], classes: 3, height: height)
            }
            #expect(error == .labelOutOfRange(row: 2, label: Int(label), classes: 3))
            #expect(error?.description == "sample row 2 has label \(label), and there are 3 classes")
        }
    }

    // MARK: The mean over checkpoints

    @Test func averagesCheckpoints() throws {
        var scorer = EL2N(sampleCount: 3)
        // Sums of these are exact in binary.
        scorer.add([0.5, 1, 0], position: 1)
        scorer.add([0.25, 1, 1.25], position: 2)
        scorer.add([0.75, 1, 0.25], position: 5)
        scorer.add([0.5, 1, 0.5], position: 7)
        let score = try scorer.result()
        #expect(score.values == [0.5, 1, 0.5])
        #expect(score.positions == [1, 2, 5, 7])
        #expect(score.method == "el2n" && score.variant == "mean" && score.direction == .highIsHard)
        #expect(score.definition == "mean over the checkpoints of ||softmax(z) - onehot(y)||_2")
    }

    @Test func needsACheckpoint() {
        let error = #expect(throws: ScoringError.self) { try EL2N(sampleCount: 3).result() }
        #expect(error?.description == "no checkpoint after epoch 0 to score")
    }
}
