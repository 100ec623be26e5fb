import Testing

@testable import Scoring

@Suite struct ScoreRequestTests {
    @Test(
        arguments: [
            // The paper's ImageNet-1K windows (J = 6, W = 2) in a run of ten checkpoints: K−J−W … K−2, never the last.
            ("cad-prune", "literal", 6, 2, 10, 2..<9), ("cad-prune", "literal", 6, 2, 8, 0..<7),
            ("cad-prune", "include-last", 6, 2, 10, 3..<10), ("cad-prune", "include-last", 6, 2, 7, 0..<7),
            ("dyn-unc", "original", 10, nil, 12, 0..<11), ("dyn-unc", "all-windows", 10, nil, 12, 0..<12),
            ("dual", "mean", 10, nil, 10, 0..<10), ("tdds", "original", 3, nil, 5, 0..<5),
            ("el2n", "mean", nil, nil, 12, 0..<12), ("el2n", "ccs", nil, nil, 12, 0..<10),
            ("entropy", "last", nil, nil, 12, 11..<12), ("grand", "last-layer", nil, nil, 12, 11..<12),
        ] as [(String, String, Int?, Int?, Int, Range<Int>)])
    func readsOnlyWhatItNeeds(
        _ method: String, _ variant: String, _ span: Int?, _ window: Int?, _ count: Int, _ expected: Range<Int>
    ) throws {
        let request = try ScoreRequest(method, variant: variant, span: span, window: window)
        #expect(try request.positions(of: count) == expected)
        #expect(try ScorePlan([request], checkpoints: count, classes: 3).positions == Array(expected))
    }

    /// A stretch of checkpoints is a run of its own.
    @Test(arguments: [
        ("cad-prune", 3..<13, 5..<12), ("el2n", 3..<13, 3..<13), ("entropy", 3..<13, 12..<13),
        ("dyn-unc", 3..<14, 3..<13),
    ])
    func countsWithinTheCheckpointsAskedFor(_ method: String, _ asked: Range<Int>, _ expected: Range<Int>) throws {
        #expect(try ScoreRequest(method, checkpoints: asked).positions(of: 20) == expected)
    }

    @Test func plansReadTogether() throws {
        let requests = [
            try ScoreRequest("cad-prune", span: 2, window: 1), try ScoreRequest("entropy"),
            try ScoreRequest("el2n", checkpoints: 0..<2), try ScoreRequest("forgetting", checkpoints: 1..<2),
        ]
        let plan = try ScorePlan(requests, checkpoints: 9, classes: 3)
        #expect(plan.positions == [0, 1, 6, 7, 8])
        #expect(plan.records(at: 0) == [.el2n] && plan.records(at: 1) == [.el2n, .correct])
        #expect(plan.records(at: 7) == [.el2n] && plan.records(at: 8) == [.entropy] && plan.records(at: 3) == [])
        #expect(plan.records == [.el2n, .entropy, .correct])
        #expect(!plan.needsTargets && !plan.needsFeatures)
    }

    @Test func resultsSayWhatTheyAre() throws {
        let requests = [
            try ScoreRequest("cad-prune"), try ScoreRequest("el2n-sl", temperature: 2), try ScoreRequest("margin"),
        ]
        let plan = try ScorePlan(requests, checkpoints: 10, classes: 3, targetTemperature: 20)
        let scores = requests.indices.map { plan.score($0, values: [1]) }
        #expect(
            scores[0].definition
                == "mean over the last W windows of J checkpoints, the very last checkpoint left out, of the standard "
                + "deviation (ddof 1) of EL2N; J = 6, W = 2, positions 2...8")
        #expect(scores[0].method == "cad-prune" && scores[0].variant == "literal")
        #expect(scores[0].positions == Array(2...8) && scores[0].direction == .highIsHard)
        #expect(scores[1].definition.hasSuffix("q the soft label at temperature T; T = 2.0, positions 0...9"))
        #expect(
            scores[2].definition.hasSuffix("at the last checkpoint; position 9") && scores[2].direction == .lowIsHard)
    }

    @Test func directionsAreThoseOfThePapers() {
        let low = Scores.table.filter { $0.direction == .lowIsHard }.map(\.name)
        #expect(low == ["correctness", "aum", "confidence", "margin", "least-confidence"])
    }

    @Test func namesAreUniqueAndDefaultsFirst() {
        #expect(Set(Scores.names).count == Scores.names.count)
        let defaults = [
            "el2n": "mean", "forgetting": "toneva", "aum": "logits", "dyn-unc": "original", "cad-prune": "literal",
        ]
        for (method, variant) in defaults {
            #expect(Scores.table.first { $0.name == method }?.variants.first?.name == variant)
        }
        for score in Scores.table {
            #expect(Set(score.variants.map(\.name)).count == score.variants.count)
            #expect((score.span != nil) == score.variants[0].formula.takesSpan)
            #expect((score.window != nil) == score.variants[0].formula.takesWindow)
        }
    }

    // MARK: What cannot be

    private func text(_ body: () throws(ScoringError) -> Void) -> String? {
        do throws(ScoringError) { try body() } catch { return "\(error.exitCode): \(error)" }
        return nil
    }

    @Test func refusesUnknownNames() {
        let method = text { () throws(ScoringError) in _ = try ScoreRequest("el3n") }
        #expect(method?.hasPrefix("64: unknown score 'el3n'; there are el2n, el1, el2n-sl, grand,") == true)
        let variant = text { () throws(ScoringError) in _ = try ScoreRequest("aum", variant: "probs") }
        #expect(variant == "64: aum has no variant 'probs'; there are logits, ccs")
    }

    @Test func refusesParametersThatAreNone() {
        let cases: [(String, Int?, Int?, Double?, Range<Int>?, String)] = [
            ("el2n", 3, nil, nil, nil, "el2n has no span: leave it out"),
            ("dual", nil, 3, nil, nil, "dual has no window: leave it out"),
            ("loss", nil, nil, 3, nil, "loss has no temperature: leave it out"),
            ("dual", 1, nil, nil, nil, "dual with span 1: it must be 2 or more"),
            ("tdds", 2, nil, nil, nil, "tdds with span 2: it must be 3 or more"),
            ("cad-prune", nil, 0, nil, nil, "cad-prune with window 0: it must be 1 or more"),
            ("el2n-sl", nil, nil, 0, nil, "el2n-sl with temperature 0.0: it must be above 0 and finite"),
            ("el2n-sl", nil, nil, .nan, nil, "el2n-sl with temperature nan: it must be above 0 and finite"),
            ("el2n", nil, nil, nil, -1..<2, "el2n with checkpoints -1:2: it must be A:B with 0 <= A < B"),
            ("el2n", nil, nil, nil, 2..<2, "el2n with checkpoints 2:2: it must be A:B with 0 <= A < B"),
        ]
        for (method, span, window, temperature, checkpoints, expected) in cases {
            let found = text { () throws(ScoringError) in
                _ = try ScoreRequest(
                    method, span: span, window: window, temperature: temperature, checkpoints: checkpoints)
            }
            #expect(found == "64: " + expected)
        }
    }

    @Test func namesTheLackingPositions() throws {
        let cases: [(String, String?, Int?, Int?, Int, String)] = [
            (
                "cad-prune", nil, 6, 2, 7,
                " with span 6 and window 2 needs 8 checkpoints after epoch 0 and found 7: position 7 is"
            ),
            (
                "cad-prune", nil, 6, 2, 3,
                " with span 6 and window 2 needs 8 checkpoints after epoch 0 and found 3: positions 3…7 are"
            ),
            (
                "dyn-unc", nil, nil, nil, 10,
                " with span 10 needs 11 checkpoints after epoch 0 and found 10: position 10 is"
            ),
            ("dual", nil, nil, nil, 9, " with span 10 needs 10 checkpoints after epoch 0 and found 9: position 9 is"),
            ("tdds", nil, nil, nil, 9, " with span 10 needs 10 checkpoints after epoch 0 and found 9: position 9 is"),
            ("el2n", "ccs", nil, nil, 9, " needs 10 checkpoints after epoch 0 and found 9: position 9 is"),
        ]
        for (method, variant, span, window, count, words) in cases {
            let request = try ScoreRequest(method, variant: variant, span: span, window: window)
            #expect(
                text { () throws(ScoringError) in _ = try request.positions(of: count) }
                    == "65: \(method)\(words) missing (checkpoint more often, or choose a smaller span or window)")
        }
        // Sums of spans and windows beyond all numbers.
        for (span, window) in [(Int.max, 2), (2, Int.max), (Int.max, Int.max)] {
            let request = try ScoreRequest("cad-prune", span: span, window: window)
            #expect(throws: ScoringError.self) { try request.positions(of: 5) }
        }
    }

    @Test func refusesCheckpointsThatDoNotExist() throws {
        let request = try ScoreRequest("el2n", checkpoints: 2..<9)
        #expect(
            text { () throws(ScoringError) in _ = try request.positions(of: 8) }
                == "65: checkpoints 2:9 were asked for, and there are 8 after epoch 0")
        #expect(
            text { () throws(ScoringError) in _ = try request.positions(of: 0) }
                == "65: no checkpoint after epoch 0 to score")
        let grand = try ScoreRequest("grand", checkpoints: 0..<3)
        #expect(
            text { () throws(ScoringError) in _ = try grand.positions(of: 4) }
                == "65: grand at position 2: /features are those of the last checkpoint, position 3")
    }

    @Test func namesTheRecordThatIsMissing() throws {
        let cases: [(String, String?, Set<SampleRecord>, String)] = [
            ("aum", nil, [.targetProbability], "aum needs /logits or /scores/logit_margin"),
            ("aum", "ccs", [.logitMargin], "aum needs /logits or /scores/probability_margin"),
            ("loss", nil, [.el2n], "loss needs /logits or /scores/loss or /scores/target_probability"),
            ("tdds", nil, [.el2n], "tdds needs /logits or /scores/divergence"),
            ("el2n-sl", nil, [.softEL2N], "el2n-sl needs /logits"),
        ]
        for (method, variant, stored, words) in cases {
            let plan = try ScorePlan(
                [try ScoreRequest(method, variant: variant)], checkpoints: 20, classes: 3, targetTemperature: 1)
            #expect(
                text { () throws(ScoringError) in _ = try plan.source(hasLogits: false, stored: stored) }
                    == "65: \(words), and the run has none of these")
        }
        let plan = try ScorePlan([try ScoreRequest("loss"), try ScoreRequest("el2n")], checkpoints: 3, classes: 3)
        let source = try plan.source(hasLogits: false, stored: [.targetProbability, .el2n])
        #expect(source == .records([.loss: .targetProbability, .el2n: .el2n]))
        #expect(source.stored == [.el2n, .targetProbability])
        #expect(try plan.source(hasLogits: true, stored: [.el2n, .loss]) == .logits)
    }

    @Test func softLabelsNeedATemperature() throws {
        let request = try ScoreRequest("el2n-sl")
        #expect(
            text { () throws(ScoringError) in _ = try ScorePlan([request], checkpoints: 3, classes: 3) }
                == "65: el2n-sl needs a temperature (--temperature): the run does not say at which its /targets are")
    }
}
