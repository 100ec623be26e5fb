import Scoring
import Selection
import Testing

private func candidates(
    _ scores: [Double] = [1, 2, 3, 4, 5], labels: [Int32] = [0, 0, 0, 1, 1], classes: Int = 2
) -> Candidates {
    Candidates(
        scores: scores, direction: .highIsHard, labels: labels, classes: classes, ids: scores.indices.map { Int64($0) })
}

@Suite struct SelectionErrorTests {
    static let rules: [KeepRule] = [.easiest, .hardest, .highest, .lowest, .window(start: 0.5), .random]

    @Test(arguments: rules) func aClassIsTooSmall(_ rule: KeepRule) {
        let error = #expect(throws: SelectionError.self) {
            try candidates().select(rule, .ipc(3), seed: 1, identity: "e")
        }
        #expect(error?.description == "class 1 has 2 samples, and 3 of each class are asked for")
        #expect(error?.exitCode == 65)
    }

    @Test(arguments: rules) func thereAreTooFewSamples(_ rule: KeepRule) {
        let error = #expect(throws: SelectionError.self) {
            try candidates().select(rule, .ipc(3), balanced: false, seed: 1, identity: "e")
        }
        #expect(error?.description == "there are 5 samples, and 6 are asked for")
    }

    @Test(arguments: [true, false]) func sizesBeyondAllNumbersAreRefused(_ balanced: Bool) {
        #expect(throws: SelectionError.self) {
            try candidates().select(.easiest, .ipc(.max), balanced: balanced, seed: 1, identity: "e")
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity], rules) func aScoreIsNotFinite(_ bad: Double, _ rule: KeepRule)
    {
        let error = #expect(throws: SelectionError.self) {
            try candidates([1, 2, bad, 4, 5]).select(rule, .ipc(1), seed: 1, identity: "e")
        }
        #expect(error?.description == "the score in row 2 is not a finite number")
    }

    @Test(arguments: [Int32(-1), 2, .max]) func aLabelIsOutOfRange(_ label: Int32) {
        let error = #expect(throws: SelectionError.self) {
            try candidates(labels: [0, 0, 0, label, 1]).select(.easiest, .ipc(1), seed: 1, identity: "e")
        }
        #expect(error?.description == "row 3 has label \(label), and there are 2 classes")
    }

    @Test(arguments: [SubsetSize.ipc(0), .fraction(0), .fraction(0.1)]) func nothingIsLeft(_ size: SubsetSize) {
        #expect(throws: SelectionError.emptySubset) { try candidates().select(.easiest, size, seed: 1, identity: "e") }
    }

    @Test func aClassWithoutSamplesIsRefusedWhereItOwesSome() throws {
        let all = candidates(labels: [0, 0, 0, 2, 2], classes: 3)
        #expect(throws: SelectionError.classTooSmall(label: 1, count: 0, needed: 1)) {
            try all.select(.easiest, .ipc(1), seed: 1, identity: "e")
        }
        #expect(try all.select(.easiest, .fraction(0.5), seed: 1, identity: "e").rows == [0, 1, 3])
    }
}
