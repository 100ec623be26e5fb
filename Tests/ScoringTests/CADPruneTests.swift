import Scoring
import Testing

@Suite struct CADPruneTests {
    /// Means, squares and roots in double precision over at most a hundred numbers of similar size.
    static let tolerance = 1e-12

    private func score(_ oracle: Oracle.Windows, norms: [Float]) throws -> Score {
        var scorer = try CADPrune(span: oracle.span, window: oracle.window, checkpoints: oracle.checkpoints)
        for position in scorer.positions {
            scorer.add(Array(norms[position * oracle.samples..<(position + 1) * oracle.samples]))
        }
        return scorer.result()
    }

    @Test(arguments: Oracle.shared.windows) func equalsNumPy(_ oracle: Oracle.Windows) throws {
        let score = try score(oracle, norms: oracle.norms)
        #expect(score.positions == oracle.positions)
        try #require(score.values.count == oracle.scores.count)
        for (value, expected) in zip(score.values, oracle.scores) {
            #expect(abs(value - expected) <= Self.tolerance * expected, "\(value), NumPy has \(expected)")
        }
    }

    /// The paper's ImageNet-1K windows (J = 6, W = 2) in a run of ten checkpoints: K−J−W … K−2, never the last.
    @Test func readsTheLiteralPositions() throws {
        let scorer = try CADPrune(span: 6, window: 2, checkpoints: 10)
        #expect(scorer.positions == 2..<9)
        #expect(scorer.positions.count == 6 + 2 - 1)
        #expect(try CADPrune(span: 6, window: 2, checkpoints: 8).positions == 0..<7)
        #expect(try CADPrune(span: 2, window: 1, checkpoints: 3).positions == 0..<2)
    }

    /// One window of two: |a − b| / √2, by hand.
    @Test func twoCheckpointsGiveTheirDifference() throws {
        var scorer = try CADPrune(span: 2, window: 1, checkpoints: 3)
        scorer.add([1, 0.25, 0.5])
        scorer.add([0, 0.75, 0.5])
        let score = scorer.result()
        #expect(abs(score.values[0] - 1 / 2.0.squareRoot()) <= Self.tolerance)
        #expect(abs(score.values[1] - 0.5 / 2.0.squareRoot()) <= Self.tolerance)
        #expect(score.values[2] == 0)
        #expect(score.method == "cad-prune" && score.variant == "literal" && score.direction == .highIsHard)
        #expect(
            score.definition
                == "mean over 1 windows of the standard deviation (ddof 1) of EL2N at 2 checkpoints, positions 0...1")
    }

    @Test func unreadCheckpointsDoNotCount() throws {
        let oracle = try #require(Oracle.shared.windows.first { $0.positions.first != 0 })
        var norms = oracle.norms
        for index in 0..<oracle.samples {
            norms[index] = 100
            norms[(oracle.checkpoints - 1) * oracle.samples + index] = 100
        }
        #expect(try score(oracle, norms: norms) == score(oracle, norms: oracle.norms))
    }

    @Test(arguments: [
        (6, 2, 7, "needs 8 checkpoints after epoch 0 and found 7: position 7 is missing"),
        (6, 2, 3, "needs 8 checkpoints after epoch 0 and found 3: positions 3…7 are missing"),
        (2, 1, 0, "needs 3 checkpoints after epoch 0 and found 0: positions 0…2 are missing"),
    ])
    func namesTheLackingPositions(_ span: Int, _ window: Int, _ found: Int, _ text: String) {
        let error = #expect(throws: ScoringError.self) {
            try CADPrune(span: span, window: window, checkpoints: found)
        }
        #expect(
            error?.description
                == "CAD-Prune with span \(span) and window \(window) \(text) "
                + "(checkpoint more often, or choose a smaller span or window)")
        #expect(error?.exitCode == 65)
    }

    @Test func refusesWindowsBeyondAllNumbers() {
        #expect(throws: ScoringError.self) { try CADPrune(span: .max, window: 1, checkpoints: 5) }
        #expect(throws: ScoringError.self) { try CADPrune(span: 2, window: .max, checkpoints: 5) }
    }
}
