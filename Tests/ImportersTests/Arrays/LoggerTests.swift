import Foundation
import RunStore
import Tables
import Testing

/// What Examples/pytorch/assay_logger.py wrote, read as a run; expected values by NumPy (make_logger.py).
@Suite struct LoggerTests {
    private static let folder = ArrayFixtures.folder + "/logger"

    @Test(arguments: ["open", "sealed"]) func aLoggedRunIsRead(name: String) throws {
        let expected = try JSON.parse(try fileContents(Self.folder + "/expected.json"))
        let run = try Store(Self.folder).open(name)
        #expect(run.isSealed == (name == "sealed"))
        #expect(run.description.id == name && run.description.regime == "HL" && run.description.budget == 2)
        #expect(run.epochs == [1, 2] && run.samplesSeen == [11, 22])
        #expect(try run.metric("test_error") == [0.5, 0.25])
        let samples = try run.samples()
        #expect(samples.ids.map(Double.init) == ArrayFixtures.numbers(expected["ids"]))
        #expect(samples.labels.map(Double.init) == ArrayFixtures.numbers(expected["labels"]))
        let logits = try (0..<2).flatMap { try run.logits(checkpoint: $0).values }
        #expect(logits.map(Double.init) == ArrayFixtures.numbers(expected["logits"]))
        let scores = try #require(expected["scores"]?.members)
        #expect(run.scoreNames == scores.keys.sorted())
        for (score, values) in scores {
            let found = try (0..<2).flatMap { try run.score(score, checkpoint: $0) }
            // float32 softmax of logits below 16: a few units in the last place, relative to the logits' size.
            let worst = zip(found, ArrayFixtures.numbers(values)).map { abs(Double($0) - $1) }.max() ?? .infinity
            #expect(worst < 4e-6, "\(score): \(worst)")
        }
        #expect(run.verify().isSound && !run.hasDigests)
    }
}
