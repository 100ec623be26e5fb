import Foundation
import Records
import RunStore
import Scoring
import Tables
import Testing

@testable import Workflow

/// A run of four samples and three classes; its logits differ at every checkpoint.
private struct Example {
    var id = "HL/full/5/seed1"
    var subset: String? = "full"
    var planned: Double? = 5
    var epochs: [Double] = [0, 1, 2, 3, 4, 5]
    var ids: [Int64] = [3, 0, 7, 5]
    var labels: [Int32] = [0, 1, 2, 1]
    var shift = 0
    var pass = "eval"
    var hasLogits = true
    var stored: [[Float]]?
    /// Replaces a logit: checkpoint, index and value.
    var bad: (checkpoint: Int, index: Int, value: Float)?

    func logits(_ checkpoint: Int) -> [Float] {
        (0..<12).map { (index: Int) -> Float in
            if let bad, bad.checkpoint == checkpoint, bad.index == index { return bad.value }
            return Float((checkpoint * 31 + index * 7 + shift * 11) % 29 - 14) / 4
        }
    }

    /// EL2N in double precision, without the kernel.
    func norm(_ checkpoint: Int, _ row: Int) -> Double {
        let exponentials = logits(checkpoint)[row * 3..<row * 3 + 3].map { Foundation.exp(Double($0)) }
        let total = exponentials.reduce(0, +)
        let squares = exponentials.indices.map { c in
            let error = exponentials[c] / total - (c == Int(labels[row]) ? 1 : 0)
            return error * error
        }
        return squares.reduce(0, +).squareRoot()
    }

    func write(in scratch: borrowing Scratch, _ name: String = "run") throws -> RunFile {
        var description = RunDescription(id: id)
        description.subset = subset
        description.plannedEpochs = planned
        description.pass = pass
        description.classes = 3
        description.digest = String(repeating: "c", count: 63) + String(shift)
        let path = scratch.path + "/" + name + ".h5"
        let header = RunHeader(description: description, samples: Samples(ids: ids, labels: labels))
        var writer = try RunWriter(path: path, header: header, resuming: false)
        for (index, epoch) in epochs.enumerated() {
            try writer.append(
                Checkpoint(
                    epoch: epoch, samplesSeen: Int64(index * 4), metrics: ["test_error": 0.5],
                    logits: hasLogits ? FloatMatrix(rows: 4, columns: 3, values: logits(index)) : nil,
                    scores: stored.map { ["el2n": $0[index]] } ?? [:]),
                state: nil)
        }
        try writer.seal()
        return try RunFile(path: path)
    }
}

/// A directory of its own for one test, removed afterwards.
struct Scratch: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/assay-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private let cad = ScoreMethod.cadPrune(span: 2, window: 2, allowMismatched: false)
private let allowed = ScoreMethod.cadPrune(span: 2, window: 2, allowMismatched: true)

@Suite struct ScoringRunsTests {
    /// Single precision against double: logits within ±3.5 on a grid of 1/4, three classes; 32 ulp.
    static let tolerance = 32 * 0x1p-24

    // MARK: EL2N

    @Test func theCheckpointBeforeTrainingDoesNotCount() throws {
        let scratch = try Scratch()
        let example = Example()
        let scored = try score(example.write(in: scratch), method: .el2n(checkpoints: nil))
        #expect(scored.epochs == [1, 2, 3, 4, 5])
        #expect(scored.score.positions == [0, 1, 2, 3, 4])
        #expect(scored.pass == "eval" && scored.record == "/logits" && scored.warnings == [])
        for row in 0..<4 {
            let expected = (1...5).map { example.norm($0, row) }.reduce(0, +) / 5
            #expect(abs(scored.score.values[row] - expected) <= Self.tolerance, "row \(row)")
        }
    }

    @Test func positionsCountFromTheFirstCheckpointAfterTrainingBegan() throws {
        let scratch = try Scratch()
        let example = Example()
        let scored = try score(example.write(in: scratch), method: .el2n(checkpoints: 1..<3))
        #expect(scored.epochs == [2, 3] && scored.score.positions == [1, 2])
        for row in 0..<4 {
            let expected = (example.norm(2, row) + example.norm(3, row)) / 2
            #expect(abs(scored.score.values[row] - expected) <= Self.tolerance)
        }
        // Without a checkpoint at epoch 0 the first one is position 0.
        var later = Example()
        later.epochs = [0.5, 1, 1.5]
        #expect(try score(later.write(in: scratch, "b"), method: .el2n(checkpoints: 0..<2)).epochs == [0.5, 1])
    }

    @Test(arguments: [0..<6, 5..<6, 4..<7, 2..<2, -1..<2]) func checkpointsBeyondTheRun(_ range: Range<Int>) throws {
        let scratch = try Scratch()
        let run = try Example().write(in: scratch)
        let error = #expect(throws: WorkflowError.self) { try score(run, method: .el2n(checkpoints: range)) }
        #expect(
            error?.description
                == "\(run.path): --checkpoints \(range.lowerBound):\(range.upperBound) reaches beyond the run's 5 "
                + "checkpoints after epoch 0")
        #expect(error?.exitCode == 65)
    }

    @Test func aRunThatOnlyBeganHasNothingToScore() throws {
        let scratch = try Scratch()
        var example = Example()
        example.epochs = [0]
        let run = try example.write(in: scratch)
        #expect(throws: WorkflowError.self) { try score(run, method: .el2n(checkpoints: nil)) }
        #expect(throws: WorkflowError.self) { try score(run, method: allowed) }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func logitsThatAreNotFinite(_ bad: Float) throws {
        let scratch = try Scratch()
        var example = Example()
        example.bad = (checkpoint: 3, index: 7, value: bad)
        let run = try example.write(in: scratch)
        let error = #expect(throws: RunStoreError.self) { try score(run, method: .el2n(checkpoints: nil)) }
        #expect(error?.checkpoint == 3 && error?.sample == 2 && error?.exitCode == 65)
        // What is not read does no harm.
        #expect(try score(run, method: .el2n(checkpoints: 0..<2)).epochs == [1, 2])
    }

    // MARK: Stored scores

    @Test func theStoredScoreServesWhereThereAreNoLogits() throws {
        let scratch = try Scratch()
        var example = Example()
        example.hasLogits = false
        example.stored = (0..<6).map { (checkpoint: Int) -> [Float] in
            (0..<4).map { (row: Int) -> Float in Float(checkpoint * checkpoint + row) / 32 }
        }
        let run = try example.write(in: scratch)
        let scored = try score(run, method: .el2n(checkpoints: 1..<3))
        #expect(scored.score.values == [13, 15, 17, 19].map { $0 / 64 })
        #expect(scored.record == "/scores/el2n")
        // Positions 1…3 are epochs 2, 3 and 4: windows (4, 9) and (9, 16) / 32.
        let pruned = try score(run, method: cad)
        let expected: Double = (5.0 + 7.0) / 64 / (2.0).squareRoot()
        for value in pruned.score.values { #expect(abs(value - expected) <= 1e-12) }
    }

    @Test func aStoredScoreThatIsNotFinite() throws {
        let scratch = try Scratch()
        var example = Example()
        example.hasLogits = false
        example.stored = .init(repeating: [0, 0, 0, 0], count: 6)
        example.stored?[2][1] = .nan
        let run = try example.write(in: scratch)
        let error = #expect(throws: (any Error).self) { try score(run, method: .el2n(checkpoints: nil)) }
        #expect("\(try #require(error))".hasPrefix(run.path))
    }

    @Test func logitsComeBeforeTheStoredScore() throws {
        let scratch = try Scratch()
        var example = Example()
        let values = try score(example.write(in: scratch), method: .el2n(checkpoints: nil)).score.values
        example.stored = .init(repeating: [9, 9, 9, 9], count: 6)
        #expect(try score(example.write(in: scratch, "b"), method: .el2n(checkpoints: nil)).score.values == values)
    }

    @Test func aRunWithNeitherIsRefused() throws {
        let scratch = try Scratch()
        var example = Example()
        example.hasLogits = false
        let run = try example.write(in: scratch)
        let error = #expect(throws: WorkflowError.self) { try score(run, method: .el2n(checkpoints: nil)) }
        #expect(error?.description == "\(run.path): EL2N needs /logits or /scores/el2n, and the run has neither")
    }

    // MARK: CAD-Prune

    @Test func readsTheLiteralWindows() throws {
        let scratch = try Scratch()
        let example = Example()
        let scored = try score(example.write(in: scratch), method: cad)
        // K = 5, J = W = 2: positions 1, 2, 3 are epochs 2, 3, 4.
        #expect(scored.score.positions == [1, 2, 3] && scored.epochs == [2, 3, 4] && scored.warnings == [])
        for row in 0..<4 {
            let norms: [Double] = (2...4).map { example.norm($0, row) }
            let differences: Double = abs(norms[0] - norms[1]) + abs(norms[1] - norms[2])
            let expected = differences / 2 / (2.0).squareRoot()
            #expect(abs(scored.score.values[row] - expected) <= 2 * Self.tolerance)
        }
    }

    @Test func tooFewCheckpointsNameTheFile() throws {
        let scratch = try Scratch()
        let run = try Example().write(in: scratch)
        let error = #expect(throws: WorkflowError.self) {
            try score(run, method: .cadPrune(span: 6, window: 2, allowMismatched: false))
        }
        #expect(
            error?.description
                == "\(run.path): CAD-Prune with span 6 and window 2 needs 8 checkpoints after epoch 0 and found 5: "
                + "positions 5…7 are missing (checkpoint more often, or choose a smaller span or window)")
    }

    /// A subset, a last epoch, what was planned, and the reason of the refusal.
    static let mismatches: [(String?, Double?, String)] = [
        ("random-ipc50", 5, "it trained on the subset 'random-ipc50', not on 'full'"),
        (nil, 5, "it does not say which subset it trained on (attribute 'subset')"),
        ("full", 30, "its last checkpoint is at epoch 5.0, and its schedule was planned for 30.0"),
        ("full", 4, "its last checkpoint is at epoch 5.0, and its schedule was planned for 4.0"),
        ("random-ipc50", nil, "it trained on the subset 'random-ipc50', not on 'full'"),
    ]

    @Test(arguments: mismatches)
    func aMismatchedRunIsRefusedUnlessAllowedByName(_ subset: String?, _ planned: Double?, _ reason: String) throws {
        let scratch = try Scratch()
        var example = Example()
        example.subset = subset
        example.planned = planned
        let run = try example.write(in: scratch)
        let error = #expect(throws: WorkflowError.self) { try score(run, method: cad) }
        #expect(
            error?.description
                == "\(run.path): CAD-Prune needs a compute-matched run, and this is none: \(reason) "
                + "(--allow-mismatched scores it all the same, as an approximation)")
        #expect(error?.exitCode == 65)
        #expect(try score(run, method: allowed).warnings == ["not compute-matched: \(reason)"])
        // EL2N asks for nothing of the kind.
        #expect(try score(run, method: .el2n(checkpoints: nil)).warnings == [])
    }

    @Test func aRunThatDoesNotSayWhatWasPlannedIsAcceptedWithAWarning() throws {
        let scratch = try Scratch()
        var example = Example()
        example.planned = nil
        let run = try example.write(in: scratch)
        #expect(
            try score(run, method: cad).warnings == ["the run does not say for how many epochs it was planned"])
    }

    @Test func theTrainPassAndAnAllowanceAreNoReasonToWarn() throws {
        let scratch = try Scratch()
        var example = Example()
        example.pass = "train"
        let scored = try score(example.write(in: scratch), method: allowed)
        #expect(scored.pass == "train" && scored.warnings == [])
    }

    /// 7.8 epochs of four samples are 31.2 samples: the last checkpoint is at 31 / 4.
    @Test func aFractionOfASampleIsNoMismatch() throws {
        let scratch = try Scratch()
        var example = Example()
        example.planned = 7.8
        example.epochs = [0, 1, 2, 3, 4, 5, 6, 7, 7.75]
        let scored = try score(example.write(in: scratch), method: cad)
        // Eight checkpoints after epoch 0: 7.8 rounded up.
        #expect(scored.score.positions == [4, 5, 6] && scored.warnings == [])
        example.epochs = [0, 1, 2, 3, 4, 5, 6, 7]
        let early = try example.write(in: scratch, "early")
        #expect(throws: WorkflowError.self) { try score(early, method: cad) }
    }
}

@Suite struct SampleScoresTests {
    @Test func oneRunHasNoDeviation() throws {
        let scratch = try Scratch()
        let run = try Example().write(in: scratch)
        let scores = try SampleScores(runs: [run], method: .el2n(checkpoints: nil))
        #expect(scores.table.columnNames == ["sample_id", "label", "score"])
        #expect(try scores.table.numbers("sample_id") == [3, 0, 7, 5])
        #expect(try scores.table.numbers("label") == [0, 1, 2, 1])
        #expect(try scores.table.numbers("score") == score(run, method: .el2n(checkpoints: nil)).score.values)
        #expect(scores.sidecar["n"] == .integer(1))
    }

    @Test func severalRunsAreAveraged() throws {
        let scratch = try Scratch()
        let runs = try (0..<3).map { seed in
            var example = Example()
            example.id = "HL/full/5/seed\(seed)"
            example.shift = seed
            example.pass = seed == 0 ? "eval" : "train"
            return try example.write(in: scratch, "seed\(seed)")
        }
        let scores = try SampleScores(runs: runs, method: cad)
        let each = try runs.map { try score($0, method: cad).score.values }
        for row in 0..<4 {
            let values = each.map { $0[row] }
            let mean = values.reduce(0, +) / 3
            let squares: [Double] = values.map { ($0 - mean) * ($0 - mean) }
            let deviation = (squares.reduce(0, +) / 2).squareRoot()
            // The same few operations in double precision.
            #expect(abs(try scores.table.numbers("score")[row] - mean) <= 1e-14)
            #expect(abs(try scores.table.numbers("std")[row] - deviation) <= 1e-14)
        }
        let sidecar = scores.sidecar
        #expect(sidecar["n"] == .integer(3))
        #expect(sidecar["method"] == "cad-prune" && sidecar["direction"] == "high_is_hard")
        #expect(sidecar["positions"] == .array([.integer(1), .integer(2), .integer(3)]))
        #expect(sidecar["epochs"]?.items?.compactMap(\.double) == [2, 3, 4])
        #expect(sidecar["runs"]?.items?.compactMap { $0["id"]?.string } == (0..<3).map { "HL/full/5/seed\($0)" })
        #expect(sidecar["runs"]?.items?.compactMap { $0["pass"]?.string } == ["eval", "train", "train"])
        #expect(sidecar["runs"]?.items?.compactMap { $0["digest"]?.string } == runs.compactMap(\.description.digest))
    }

    @Test func warningsNameTheRun() throws {
        let scratch = try Scratch()
        var example = Example()
        example.planned = nil
        let run = try example.write(in: scratch)
        let scores = try SampleScores(runs: [run], method: cad)
        #expect(scores.warnings == ["\(run.path): the run does not say for how many epochs it was planned"])
        #expect(scores.sidecar["warnings"]?.items?.count == 1)
    }

    @Test func otherSamplesAreRefused() throws {
        let scratch = try Scratch()
        let first = try Example().write(in: scratch, "a")
        var others = [Example(), Example()]
        others[0].ids = [3, 0, 5, 7]
        others[1].labels = [0, 1, 2, 2]
        for (index, other) in others.enumerated() {
            var other = other
            other.shift = 1
            let run = try other.write(in: scratch, "b\(index)")
            let error = #expect(throws: WorkflowError.self) {
                try SampleScores(runs: [first, run], method: .el2n(checkpoints: nil))
            }
            #expect(
                error?.description
                    == "\(run.path): its samples are not those of \(first.path) (scores of several runs are averaged per "
                    + "sample)")
        }
    }

    @Test func otherCheckpointsAreRefused() throws {
        let scratch = try Scratch()
        let first = try Example().write(in: scratch, "a")
        var other = Example()
        other.shift = 1
        other.epochs = [0, 1, 2, 3]
        let second = try other.write(in: scratch, "b")
        let error = #expect(throws: WorkflowError.self) {
            try SampleScores(runs: [first, second], method: .el2n(checkpoints: nil))
        }
        #expect(
            error?.description
                == "\(second.path): it is scored at epochs 1 2 3, and \(first.path) at 1 2 3 4 5 (only scores of the same "
                + "checkpoints are averaged)")
        #expect(try SampleScores(runs: [first, second], method: .el2n(checkpoints: 0..<3)).table.rowCount == 4)
    }

    @Test func aRunCountsOnce() throws {
        let scratch = try Scratch()
        let run = try Example().write(in: scratch, "a")
        let copy = try Example().write(in: scratch, "b")
        for twice in [[run, run], [run, copy]] {
            let error = #expect(throws: WorkflowError.self) {
                try SampleScores(runs: twice, method: .el2n(checkpoints: nil))
            }
            #expect(error?.description == "\(twice[1].path): the run is named twice, and counts once")
        }
        #expect(throws: WorkflowError.self) { try SampleScores(runs: [], method: .el2n(checkpoints: nil)) }
    }
}
