import CKernels
import Foundation
import Testing

@Suite struct StepKernelTests {
    /// The steps between the checkpoints of one block by one instruction set, [checkpoints − 1][rows].
    private func steps(
        _ checkpoints: [[Float]], _ labels: [Int32], classes: Int, variant: Int32, with others: Bool = false
    ) -> [[Float]] {
        let stride = (classes + 15) / 16 * 16
        var logarithms = [Float](repeating: .nan, count: (labels.count + 15) / 16 * 16 * stride)
        var scratch = [Float](repeating: .nan, count: 16 * stride)
        return checkpoints.enumerated().map { k, logits in
            var (values, entropy) = (
                [Float](repeating: 0, count: labels.count), [Float](repeating: 0, count: labels.count)
            )
            values.withUnsafeMutableBufferPointer { values in
                entropy.withUnsafeMutableBufferPointer { entropy in
                    logarithms.withUnsafeMutableBufferPointer { logarithms in
                        scratch.withUnsafeMutableBufferPointer { scratch in
                            var out = ck_softmax_records()
                            out.divergence = values.baseAddress
                            if others { out.entropy = entropy.baseAddress }
                            out.logarithms = logarithms.baseAddress
                            out.logarithms_known = k == 0 ? 0 : 1
                            out.scratch = scratch.baseAddress
                            _ = ck_softmax_statistics_variant(
                                variant, logits, 0, labels, labels.count, classes, &out)
                        }
                    }
                }
            }
            return values
        }.dropFirst().map { $0 }
    }

    private func probabilities(_ logits: ArraySlice<Float>) -> [Double] {
        let top = Double(logits.max() ?? 0)
        let e = logits.map { exp(Double($0) - top) }
        let sum = e.reduce(0, +)
        return e.map { $0 / sum }
    }

    @Test(arguments: [1, 2, 10, 16, 17, 100, 1000]) func stepsFollowTheirDefinition(_ classes: Int) {
        let rows = 19
        let labels = (0..<rows).map { Int32(($0 * 3) % classes) }
        let checkpoints = (0..<3).map { k in
            var z = numbers(rows * classes, seed: 50 + k, spread: 6)
            // One row certain, one more than exponents reach.
            z[Int(labels[0])] += 30
            z[classes + Int(labels[1])] += 200
            return z
        }
        let portable = steps(checkpoints, labels, classes: classes, variant: 0)
        for variant in variants.dropFirst() {
            #expect(steps(checkpoints, labels, classes: classes, variant: variant) == portable)
            #expect(steps(checkpoints, labels, classes: classes, variant: variant, with: true) == portable)
        }
        for k in 1..<3 {
            for row in 0..<rows {
                let range = row * classes..<(row + 1) * classes
                let (p, before) = (probabilities(checkpoints[k][range]), probabilities(checkpoints[k - 1][range]))
                let exact = zip(p, before).reduce(0) { $0 + abs($1.0 * (log($1.0 + 1e-8) - log($1.1 + 1e-8))) }
                // p and its logarithm are rounded to 2 u and 4 u each, at either checkpoint; exponents once.
                let value = Double(portable[k - 1][row])
                #expect(abs(value - exact) <= (8 + 16 * exact) * unit, "row \(row): \(value), not \(exact)")
            }
        }
    }

    /// A checkpoint that changed nothing is no step at all.
    @Test func equalCheckpointsMakeNoStep() {
        let logits = numbers(5 * 33, seed: 1, spread: 4)
        for variant in variants {
            #expect(steps([logits, logits], [0, 1, 2, 3, 32], classes: 33, variant: variant) == [[0, 0, 0, 0, 0]])
        }
    }

    @Test(arguments: [1, 2, 16, 17, 100]) func softDistancesHaveTheSameBitsEverywhere(_ classes: Int) {
        let rows = 21
        var logits = numbers(rows * classes, seed: 8, spread: 9)
        let targets = (0..<rows).flatMap { row in
            probabilities(numbers(classes, seed: row, spread: 2)[...]).map { Float($0) }
        }
        var scratch = [Float](repeating: .nan, count: 16 * ((classes + 15) / 16 * 16))
        func distances(_ variant: Int32) -> (first: Int, values: [Float]) {
            var values = [Float](repeating: 0, count: rows)
            let first = ck_soft_el2n_variant(variant, logits, 0, targets, rows, classes, 4, &scratch, &values)
            return (first, values)
        }
        let portable = distances(0)
        #expect(portable.first == rows)
        for variant in variants { #expect(distances(variant).values == portable.values) }
        for row in 0..<rows {
            let range = row * classes..<(row + 1) * classes
            let p = probabilities(logits[range].map { $0 / 4 }[...])
            let exact = zip(p, targets[range]).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }
                .squareRoot()
            #expect(abs(Double(portable.values[row]) - exact) <= 16 * unit)
        }
        for value in [Float.nan, .infinity, -.infinity] {
            logits[20 * classes] = value
            logits[18 * classes + classes / 2] = value
            for variant in variants { #expect(distances(variant).first == 18) }
        }
    }
}
