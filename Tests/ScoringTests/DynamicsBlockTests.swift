import CKernels
import Testing

@testable import Scoring

@Suite struct DynamicsBlockTests {
    /// A plan over three classes, and a block of it.
    private func block(
        _ requests: [ScoreRequest], checkpoints: Int = 2, stored: Set<SampleRecord>? = nil, temperature: Double? = nil
    ) throws -> DynamicsBlock {
        let plan = try ScorePlan(requests, checkpoints: checkpoints, classes: 3, targetTemperature: temperature)
        return DynamicsBlock(
            plan, source: try plan.source(hasLogits: stored == nil, stored: stored ?? []), rows: 4)
    }

    private func logits(_ rows: Int, seed: Int = 1) -> [Float] { numbers(rows * 3, seed: seed, spread: 4) }

    // MARK: By hand

    @Test func averagesAndCounts() throws {
        var block = try block(
            [ScoreRequest("el2n"), ScoreRequest("correctness"), ScoreRequest("aum"), ScoreRequest("confidence")],
            checkpoints: 4, stored: [.el2n, .correct, .logitMargin, .targetProbability])
        try block.begin(labels: [0, 1], rows: 0..<2)
        // Sums of these are exact in binary.
        for (position, x) in ([0.5, 0.25, 0.75, 0.5] as [Float]).enumerated() {
            try block.add(record: .el2n, values: [x, 1], position: position)
            try block.add(record: .correct, values: [x > 0.4 ? 1 : 0, 0], position: position)
            try block.add(record: .logitMargin, values: [-x, 2], position: position)
            try block.add(record: .targetProbability, values: [1 - x, 1], position: position)
        }
        #expect(block.scores(of: 0) == [0.5, 1])
        #expect(block.scores(of: 1) == [3, 0])
        #expect(block.scores(of: 2) == [-0.5, 2])
        #expect(block.scores(of: 3) == [0.5, 1])
    }

    /// One window of two: |a − b| / √2.
    @Test func twoCheckpointsGiveTheirDifference() throws {
        var block = try block([ScoreRequest("cad-prune", span: 2, window: 1)], checkpoints: 3, stored: [.el2n])
        #expect(block.plan.positions == [0, 1])
        try block.begin(labels: [0, 0, 0], rows: 0..<3)
        try block.add(record: .el2n, values: [1, 0.25, 0.7], position: 0)
        try block.add(record: .el2n, values: [0, 0.75, 0.7], position: 1)
        let values = block.scores(of: 0)
        #expect(abs(values[0] - 1 / 2.0.squareRoot()) <= 1e-15)
        #expect(abs(values[1] - 0.5 / 2.0.squareRoot()) <= 1e-15)
        #expect(values[2] == 0)
    }

    /// Equal numbers have a spread of exactly 0, whatever their sum is rounded to.
    @Test(arguments: [2, 3, 6, 10, 13]) func equalNumbersHaveNoSpread(_ span: Int) throws {
        var block = try block(
            [ScoreRequest("dyn-unc", span: span), ScoreRequest("variability")], checkpoints: 14,
            stored: [.targetProbability])
        try block.begin(labels: [0, 0, 0], rows: 0..<3)
        for position in 0..<14 {
            try block.add(record: .targetProbability, values: [0.1, 1 / 3, 0.7], position: position)
        }
        #expect(block.scores(of: 0) == [0, 0, 0] && block.scores(of: 1) == [0, 0, 0])
    }

    @Test func forgettingCountsFallsOnly() throws {
        let variants = ["toneva", "ccs", "cartography", "data-diet"]
        var block = try block(
            variants.map { try ScoreRequest("forgetting", variant: $0) }, checkpoints: 5, stored: [.correct])
        try block.begin(labels: [0, 0, 0, 0], rows: 0..<4)
        for (position, values)
            in ([[1, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]] as [[Float]])
            .enumerated()
        {
            try block.add(record: .correct, values: values, position: position)
        }
        for (index, never) in [5, 0, 1000, .infinity].enumerated() {
            #expect(block.scores(of: index) == [2, never, 0, 0])
        }
    }

    // MARK: Properties

    @Test(arguments: Oracle.runs) func permutedSamplesKeepTheirScores(_ run: Oracle.Run) throws {
        let requests = try run.scores.map { try $0.request() }
        let expected = try run.scores(requests)
        let order = Array((0..<run.samples).reversed())
        var permuted = run
        permuted.labels = order.map { run.labels[$0] }
        permuted.targets = order.flatMap { run.targets[$0..<$0 + 1, run.classes] }
        permuted.features = order.flatMap { run.features[$0..<$0 + 1, run.dimension] }
        permuted.logits = run.logits.map { z in order.flatMap { z[$0..<$0 + 1, run.classes] } }
        for (values, others) in zip(expected, try permuted.scores(requests)) {
            #expect(order.map { values[$0] } == others)
        }
    }

    /// Only the checkpoints of the plan count: those it leaves out may hold anything.
    @Test func unreadCheckpointsDoNotCount() throws {
        let run = Oracle.runs[0]
        let requests = [
            try ScoreRequest("cad-prune", span: 3, window: 2), try ScoreRequest("forgetting", checkpoints: 9..<12),
        ]
        var spoilt = run
        for position in 0..<run.checkpoints where !(9..<13).contains(position) {
            spoilt.logits[position] = spoilt.logits[position].map { _ in .nan }
        }
        #expect(try spoilt.scores(requests) == run.scores(requests))
    }

    /// Many rows: the kernels' groups of sixteen and sixty-four do not show.
    @Test(arguments: [10, 100]) func heightsOfBlocksChangeNoBit(_ classes: Int) throws {
        let rows = 200
        var run = Oracle.runs[0]
        run.samples = rows
        run.classes = classes
        run.labels = (0..<rows).map { Int32(($0 * 7) % classes) }
        run.logits = (0..<run.checkpoints).map { numbers(rows * classes, seed: 30 + $0, spread: 5) }
        run.targets = [Float](repeating: 1 / Float(classes), count: rows * classes)
        run.features = numbers(rows * run.dimension, seed: 9, spread: 1)
        let requests = try run.scores.map { try $0.request() }
        let whole = try run.scores(requests)
        for height in [1, 7, 16, 64, 65, 199] { #expect(try run.scores(requests, height: height) == whole) }
    }

    @Test func halfTargetsAndLogitsCountAsFloats() throws {
        let halves = { (floats: [Float]) -> [UInt16] in
            var halves = [UInt16](repeating: 0, count: floats.count)
            ck_float_to_half(floats, &halves, floats.count)
            return halves
        }
        let floats = { (halves: [UInt16]) -> [Float] in
            var floats = [Float](repeating: 0, count: halves.count)
            ck_half_to_float(halves, &floats, halves.count)
            return floats
        }
        let (z, q) = (halves(logits(3)), halves([0.5, 0.25, 0.25, 0.125, 0.75, 0.125, 0, 0, 1]))
        let requests = [try ScoreRequest("el2n-sl", temperature: 3), try ScoreRequest("loss")]
        var one = try block(requests, checkpoints: 1, temperature: 2), other = one
        try one.begin(labels: [0, 1, 2], rows: 0..<3)
        try one.set(targets: floats(q), isHalf: false)
        try one.add(logits: floats(z), position: 0)
        try other.begin(labels: [0, 1, 2], rows: 0..<3)
        try q[...].withBytes { q throws(ScoringError) in try other.set(targets: q, isHalf: true) }
        try z[...].withBytes { z throws(ScoringError) in try other.add(logits: z, isHalf: true, position: 0) }
        for index in 0..<2 { #expect(one.scores(of: index) == other.scores(of: index)) }
    }

    // MARK: Bad data

    @Test func namesTheLogitThatIsNotFinite() throws {
        for request in [try ScoreRequest("el2n"), try ScoreRequest("tdds", span: 3), try ScoreRequest("el2n-sl")] {
            var block = try block([request], checkpoints: 3, temperature: 1)
            try block.begin(labels: [9, 9, 0, 1, 2].map { $0 % 3 }, rows: 2..<5)
            if block.plan.needsTargets {
                try block.set(targets: [1, 0, 0, 1, 0, 0, 1, 0, 0], isHalf: false)
            }
            try block.add(logits: logits(3), position: 0)
            var bad = logits(3)
            bad[5] = .nan
            bad[6] = .infinity
            let error = #expect(throws: ScoringError.self) { try block.add(logits: bad, position: 1) }
            #expect(error == .nonFinite(position: 1, row: 3))
            #expect(error?.description == "a logit of sample row 3 at checkpoint position 1 is NaN or infinite")
            #expect(error?.exitCode == 65)
        }
    }

    @Test(arguments: [Int32(-1), 3, .max, .min]) func refusesLabelsOutOfRange(_ label: Int32) throws {
        var block = try block([ScoreRequest("el2n")])
        let error = #expect(throws: ScoringError.self) { try block.begin(labels: [7, 0, label, 2], rows: 1..<4) }
        #expect(error == .labelOutOfRange(row: 2, label: Int(label), classes: 3))
        #expect(error?.description == "sample row 2 has label \(label), and there are 3 classes")
    }

    @Test func refusesRecordsThatCannotBe() throws {
        let cases: [(String, String?, SampleRecord, Float)] = [
            ("el2n", nil, .el2n, .nan), ("el2n", nil, .el2n, 1.5), ("el2n", nil, .el2n, -0.1),
            ("confidence", nil, .targetProbability, 57.5), ("correctness", nil, .correct, 2),
            ("correctness", nil, .correct, 0.5), ("aum", nil, .logitMargin, .infinity),
            ("aum", "ccs", .probabilityMargin, -1.5), ("loss", nil, .loss, -3), ("loss", nil, .targetProbability, 0),
        ]
        for (method, variant, record, value) in cases {
            var block = try block([ScoreRequest(method, variant: variant)], checkpoints: 2, stored: [record])
            try block.begin(labels: [0, 0, 0], rows: 0..<3)
            let fine: Float = record == .correct ? 1 : 0.5
            try block.add(record: record, values: [fine, fine, fine], position: 0)
            let error = #expect(throws: ScoringError.self, "\(record) \(value)") {
                try block.add(record: record, values: [fine, value, fine], position: 1)
            }
            #expect(
                error?.description
                    == "/scores/\(record.rawValue) of sample row 1 at checkpoint position 1 is \(value), which is no value "
                    + "that it can have")
        }
    }

    @Test(
        arguments: [[0.5, 0.5, 0.5], [0.5, -0.1, 0.6], [.nan, 0.5, 0.5], [.infinity, 0, 0], [0, 0, 0]] as [[Float]])
    func refusesTargetsThatAreNoProbabilities(_ bad: [Float]) throws {
        for temperature in [nil, 3] as [Double?] {
            var block = try block([ScoreRequest("el2n-sl", temperature: temperature)], temperature: 2)
            try block.begin(labels: [0, 1, 2], rows: 0..<3)
            let error = #expect(throws: ScoringError.self) {
                try block.set(targets: [1, 0, 0] + bad + [0, 1, 0], isHalf: false)
            }
            #expect(
                error?.description
                    == "/targets of sample row 1 are no probabilities: they must be finite and not negative, and sum to 1"
            )
        }
    }

    @Test func refusesFeaturesThatAreNotFinite() throws {
        var block = try block([ScoreRequest("grand")])
        try block.begin(labels: [0, 1], rows: 0..<2)
        let error = #expect(throws: ScoringError.self) { try block.set(features: [1, 2, 3, .nan], dimension: 2) }
        #expect(error?.description == "a feature of sample row 1 is NaN or infinite")
    }

    @Test func noRowsAreFine() throws {
        var block = try block([ScoreRequest("el2n"), ScoreRequest("tdds", span: 3)], checkpoints: 3)
        try block.begin(labels: [], rows: 0..<0)
        for position in 0..<3 { try block.add(logits: [], position: position) }
        #expect(block.scores(of: 0) == [] && block.scores(of: 1) == [])
    }
}
