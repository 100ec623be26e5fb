import RunStore
import Scoring
import Testing

@testable import Workflow

private let cad = Asked.cadPrune(span: 2, window: 2, allowMismatched: false)
private let allowed = Asked.cadPrune(span: 2, window: 2, allowMismatched: true)

@Suite struct ScoringRunsTests {
    /// Single precision against double: logits within ±3.5 on a grid of 1/4, three classes; 32 ulp.
    static let tolerance = 32 * 0x1p-24

    // MARK: EL2N

    @Test func theCheckpointBeforeTrainingDoesNotCount() throws {
        let scratch = try Scratch()
        let example = RunExample()
        let scored = try Scored(example.write(in: scratch), .el2n(checkpoints: nil))
        #expect(scored.epochs == [1, 2, 3, 4, 5])
        #expect(scored.positions == [0, 1, 2, 3, 4])
        #expect(scored.sidecar["pass"] == "eval" && scored.records == ["/logits"] && scored.warnings == [])
        for row in 0..<4 {
            let expected = (1...5).map { example.norm($0, row) }.reduce(0, +) / 5
            #expect(abs(scored.values[row] - expected) <= Self.tolerance, "row \(row)")
        }
    }

    @Test func positionsCountFromTheFirstCheckpointAfterTrainingBegan() throws {
        let scratch = try Scratch()
        let example = RunExample()
        let scored = try Scored(example.write(in: scratch), .el2n(checkpoints: 1..<3))
        #expect(scored.epochs == [2, 3] && scored.positions == [1, 2])
        for row in 0..<4 {
            let expected = (example.norm(2, row) + example.norm(3, row)) / 2
            #expect(abs(scored.values[row] - expected) <= Self.tolerance)
        }
        // Without a checkpoint at epoch 0 the first one is position 0.
        var later = RunExample()
        later.epochs = [0.5, 1, 1.5]
        #expect(try Scored(later.write(in: scratch, "b"), .el2n(checkpoints: 0..<2)).epochs == [0.5, 1])
    }

    @Test(arguments: [0..<6, 5..<6, 4..<7]) func checkpointsBeyondTheRun(_ range: Range<Int>) throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        let error = #expect(throws: WorkflowError.self) { try Scored(run, .el2n(checkpoints: range)) }
        #expect(
            error?.description
                == "\(run.path): checkpoints \(range.lowerBound):\(range.upperBound) were asked for, and there are 5 after "
                + "epoch 0")
        #expect(error?.exitCode == 65)
    }

    @Test func aRunThatOnlyBeganHasNothingToScore() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.epochs = [0]
        let run = try example.write(in: scratch)
        #expect(throws: WorkflowError.self) { try Scored(run, .el2n(checkpoints: nil)) }
        #expect(throws: WorkflowError.self) { try Scored(run, allowed) }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func logitsThatAreNotFinite(_ bad: Float) throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.bad = (checkpoint: 3, index: 7, value: bad)
        let run = try example.write(in: scratch)
        let error = #expect(throws: RunStoreError.self) { try Scored(run, .el2n(checkpoints: nil)) }
        #expect(error?.checkpoint == 3 && error?.sample == 2 && error?.exitCode == 65)
        // What is not read does no harm.
        #expect(try Scored(run, .el2n(checkpoints: 0..<2)).epochs == [1, 2])
    }

    // MARK: Stored scores

    @Test func theStoredScoreServesWhereThereAreNoLogits() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.hasLogits = false
        example.stored = (0..<6).map { (checkpoint: Int) -> [Float] in
            (0..<4).map { (row: Int) -> Float in Float(checkpoint * checkpoint + row) / 32 }
        }
        let run = try example.write(in: scratch)
        let scored = try Scored(run, .el2n(checkpoints: 1..<3))
        #expect(scored.values == [13, 15, 17, 19].map { $0 / 64 })
        #expect(scored.records == ["/scores/el2n"])
        // Positions 1…3 are epochs 2, 3 and 4: windows (4, 9) and (9, 16) / 32.
        let pruned = try Scored(run, cad)
        let expected: Double = (5.0 + 7.0) / 64 / (2.0).squareRoot()
        for value in pruned.values { #expect(abs(value - expected) <= 1e-12) }
    }

    @Test func aStoredScoreThatIsNotFinite() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.hasLogits = false
        example.stored = .init(repeating: [0, 0, 0, 0], count: 6)
        example.stored?[2][1] = .nan
        let run = try example.write(in: scratch)
        let error = #expect(throws: (any Error).self) { try Scored(run, .el2n(checkpoints: nil)) }
        #expect("\(try #require(error))".hasPrefix(run.path))
    }

    @Test func logitsComeBeforeTheStoredScore() throws {
        let scratch = try Scratch()
        var example = RunExample()
        let values = try Scored(example.write(in: scratch), .el2n(checkpoints: nil)).values
        example.stored = .init(repeating: [9, 9, 9, 9], count: 6)
        #expect(try Scored(example.write(in: scratch, "b"), .el2n(checkpoints: nil)).values == values)
    }

    @Test func aRunWithNeitherIsRefused() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.hasLogits = false
        let run = try example.write(in: scratch)
        let error = #expect(throws: WorkflowError.self) { try Scored(run, .el2n(checkpoints: nil)) }
        #expect(error?.description == "\(run.path): el2n needs /logits or /scores/el2n, and the run has none of these")
    }

    // MARK: CAD-Prune

    @Test func readsTheLiteralWindows() throws {
        let scratch = try Scratch()
        let example = RunExample()
        let scored = try Scored(example.write(in: scratch), cad)
        // K = 5, J = W = 2: positions 1, 2, 3 are epochs 2, 3, 4.
        #expect(scored.positions == [1, 2, 3] && scored.epochs == [2, 3, 4] && scored.warnings == [])
        for row in 0..<4 {
            let norms: [Double] = (2...4).map { example.norm($0, row) }
            let differences: Double = abs(norms[0] - norms[1]) + abs(norms[1] - norms[2])
            let expected = differences / 2 / (2.0).squareRoot()
            #expect(abs(scored.values[row] - expected) <= 2 * Self.tolerance)
        }
    }

    @Test func tooFewCheckpointsNameTheFile() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        let error = #expect(throws: WorkflowError.self) {
            try Scored(run, .cadPrune(span: 6, window: 2, allowMismatched: false))
        }
        #expect(
            error?.description
                == "\(run.path): cad-prune with span 6 and window 2 needs 8 checkpoints after epoch 0 and found 5: "
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
        var example = RunExample()
        example.subset = subset
        example.planned = planned
        let run = try example.write(in: scratch)
        let error = #expect(throws: WorkflowError.self) { try Scored(run, cad) }
        #expect(
            error?.description
                == "\(run.path): CAD-Prune needs a compute-matched run, and this is none: \(reason) "
                + "(--allow-mismatched scores it all the same, as an approximation)")
        #expect(error?.exitCode == 65)
        #expect(try Scored(run, allowed).warnings == ["\(run.path): not compute-matched: \(reason)"])
        // EL2N asks for nothing of the kind.
        #expect(try Scored(run, .el2n(checkpoints: nil)).warnings == [])
    }

    @Test func aRunThatDoesNotSayWhatWasPlannedIsAcceptedWithAWarning() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.planned = nil
        let run = try example.write(in: scratch)
        #expect(
            try Scored(run, cad).warnings == ["\(run.path): the run does not say for how many epochs it was planned"])
    }

    @Test func theTrainPassAndAnAllowanceAreNoReasonToWarn() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.pass = "train"
        let scored = try Scored(example.write(in: scratch), allowed)
        #expect(scored.sidecar["pass"] == "train" && scored.warnings == [])
    }

    /// 7.8 epochs of four samples are 31.2 samples: the last checkpoint is at 31 / 4.
    @Test func aFractionOfASampleIsNoMismatch() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.planned = 7.8
        example.epochs = [0, 1, 2, 3, 4, 5, 6, 7, 7.75]
        let scored = try Scored(example.write(in: scratch), cad)
        // Eight checkpoints after epoch 0: 7.8 rounded up.
        #expect(scored.positions == [4, 5, 6] && scored.warnings == [])
        example.epochs = [0, 1, 2, 3, 4, 5, 6, 7]
        let early = try example.write(in: scratch, "early")
        #expect(throws: WorkflowError.self) { try Scored(early, cad) }
    }
}
