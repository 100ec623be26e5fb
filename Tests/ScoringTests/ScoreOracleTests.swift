import Testing

@testable import Scoring

@Suite struct ScoreOracleTests {
    /// A record's relative error is below this (`Oracle.Statistics.tolerance` with logits within 3.5 spreads of 0); a
    /// score is a mean, a sum or a standard deviation of at most fourteen of them.
    private static func tolerance(_ run: Oracle.Run, _ expected: Oracle.Expected) -> (
        relative: Double, absolute: Double
    ) {
        let record = (8 * run.spread + 28) * unit
        switch expected.method {
        // Differences of numbers of up to √2, times 10 in some: the error is one of the numbers, not of the difference.
        case "dyn-unc", "dual": return (0, 10 * 2 * record)
        case "cad-prune", "variability", "el2n-sl": return (0, 2 * record)
        // Of logarithms up to 18 that are weighted by p; p|ln p| is at most 1/e in each of C classes.
        case "tdds": return (0, 4 * record * Double(run.classes))
        case "aum": return (14 * record, 14 * record * run.spread)
        default: return (2 * record, 0)
        }
    }

    private static func compare(_ run: Oracle.Run, _ expected: Oracle.Expected, _ values: [Double]) {
        let tolerance = tolerance(run, expected)
        #expect(values.count == expected.values.count)
        for (row, (value, exact)) in zip(values, expected.values).enumerated() {
            #expect(
                value == exact || abs(value - exact) <= tolerance.relative * abs(exact) + tolerance.absolute,
                "\(expected.method) \(expected.variant), sample \(row): \(value), NumPy has \(exact)")
        }
    }

    @Test func everyVariantHasAnOracle() {
        for run in Oracle.runs {
            let known = Set(run.scores.map { "\($0.method) \($0.variant)" })
            for score in Scores.table {
                for variant in score.variants { #expect(known.contains("\(score.name) \(variant.name)")) }
            }
        }
    }

    @Test(arguments: Oracle.runs) func oneByOneEqualNumPy(_ run: Oracle.Run) throws {
        for expected in run.scores { Self.compare(run, expected, try run.scores([expected.request()])[0]) }
    }

    /// All at once, to the bit what each is alone, in blocks of any height.
    @Test(arguments: Oracle.runs) func togetherTheyAreWhatTheyAreAlone(_ run: Oracle.Run) throws {
        let requests = try run.scores.map { try $0.request() }
        let together = try run.scores(requests)
        for (request, values) in zip(requests, together) { #expect(try run.scores([request])[0] == values) }
        for height in [1, 2, 3] { #expect(try run.scores(requests, height: height, capacity: 7) == together) }
    }

    /// Stored records give what logits give, to the bit where the record itself is stored.
    @Test(arguments: Oracle.runs) func recordsDoWhereLogitsAreMissing(_ run: Oracle.Run) throws {
        for expected in run.scores {
            let request = try expected.request()
            guard request.record != .step, request.record != .softEL2N else { continue }
            #expect(try run.scores([request], stored: Set(allRecords))[0] == run.scores([request])[0])
            if let last = request.record.sources.last, last != request.record {
                let values = try run.scores([request], stored: [last])[0]
                for (value, exact) in zip(values, expected.values) {
                    // Of p within u of the exact one; ln p has that error over p.
                    #expect(abs(value - exact) <= 200 * unit * max(1, abs(exact)), "\(expected.method)")
                }
            }
        }
    }

    /// Doubling every width of a window's numbers doubles its standard deviation: scores follow their records.
    @Test func aStoredStepCounts() throws {
        let request = try ScoreRequest("tdds", span: 3)
        let plan = try ScorePlan([request], checkpoints: 4, classes: 2)
        var block = DynamicsBlock(plan, source: try plan.source(hasLogits: false, stored: [.step]), rows: 2)
        try block.begin(labels: [0, 1], rows: 0..<2)
        #expect(!plan.records(at: 0).contains(.step))
        for (position, steps) in zip(1..<4, [[1, 0], [3, 0], [3, 1]] as [[Float]]) {
            try block.add(record: .step, values: steps, position: position)
        }
        // Windows of two steps: √2 · |a − b| / 2, weights 0.09 and 0.9.
        let half = 2.0.squareRoot() / 2
        let values = block.scores(of: 0)
        #expect(abs(values[0] - 0.09 * 2 * half) <= 1e-15)
        #expect(abs(values[1] - 0.9 * half) <= 1e-15)
    }
}
