import Foundation
import Records
import Testing

@testable import RunStore

@Suite struct RunFileTests {
    @Test(arguments: StoredPrecision.allCases)
    func sealedRunReadsBackWhatWasWritten(precision: StoredPrecision) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a/b.h5"
        let header = Example.header(precision: precision)
        try Example.write(path, header: header)

        let run = try RunFile(path: path)
        #expect(run.isSealed)
        #expect(run.description == header.description)
        #expect(run.epochs == [0, 0.5, 1, 1.5])
        #expect(run.samplesSeen == [0, 37, 74, 111])
        #expect(run.metricNames == ["seconds", "test_error", "train_loss"])
        #expect(try run.metric("train_loss") == [2.5, 1.25, 2.5 / 3, 0.625])
        #expect(run.logitsType == precision.rawValue)
        #expect(try run.samples() == header.samples)
        #expect(try run.targets() == header.targets)
        for index in 0..<4 {
            let expected = Example.checkpoint(index, last: index == 3)
            #expect(try run.logits(checkpoint: index) == expected.logits)
            #expect(try run.logits(checkpoint: index, rows: 5..<7).values == Array(expected.logits!.values[25..<35]))
            #expect(try run.score("el2n", checkpoint: index) == expected.scores["el2n"])
            #expect(try run.weights(checkpoint: index) == expected.weights)
            var rows: [Float] = []
            try run.forEachLogitBlock(checkpoint: index) { first, block in
                #expect(first * Example.classes == rows.count)
                rows += block
            }
            #expect(rows == expected.logits?.values)
        }
        #expect(try run.features() == Example.checkpoint(3, last: true).features)
        #expect(try run.test() == Example.checkpoint(3, last: true).test)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/a/b.partial"))
    }

    /// The first mistake of a foreign writer: percent.
    @Test func anErrorInPercentIsNamed() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/percent.h5"
        var writer = try RunWriter(
            path: path, header: RunHeader(description: RunDescription(id: "percent")), resuming: false)
        try writer.append(Checkpoint(epoch: 1, samplesSeen: 10, metrics: ["test_error": 0.5]), state: nil)
        try writer.append(Checkpoint(epoch: 2, samplesSeen: 20, metrics: ["test_error": 25]), state: nil)
        try writer.seal()
        let problems = try RunFile(path: path).verify().problems.map(\.description)
        #expect(problems.count == 1)
        #expect(problems[0].contains("/checkpoints/test_error") && problems[0].contains("checkpoint 1"))
        #expect(problems[0].hasSuffix("an error is a fraction in 0…1, and this is 25.0 (percent? divide by 100)"))
    }

    @Test func aValueThatARecordCannotHaveIsNamed() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/run.h5"
        try Example.write(path, header: Example.header())
        let run = try RunFile(path: path)
        #expect(run.verify(bounds: { dataset, _ in dataset == "/scores/el2n" ? 0...1 : nil }).isSound)
        let found = run.verify(bounds: { dataset, classes in
            dataset == "/scores/el2n" && classes == Example.classes ? 0...0.5 : nil
        })
        #expect(found.problems.count == run.checkpointCount)
        // Values are (sample + checkpoint)/64.
        let said = try #require(found.problems.first).description
        #expect(
            said.hasSuffix(
                "/scores/el2n, checkpoint 0, sample 33: the value is 0.515625, which is no value that it can have"),
            "\(said)")
    }

    @Test func softLabelsThatDoNotSumToOneAreNamed() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/run.h5"
        var header = Example.header()
        header.targets?.values[17 * Example.classes + 2] += 0.25
        try Example.write(path, header: header)
        let said = try RunFile(path: path).verify().problems.map(\.description)
        #expect(
            said == [
                "\(path), /targets, sample 17: the soft labels sum to 1.25, and probabilities of the classes sum to 1"
            ])
    }

    @Test func unfinishedRunReadsLikeASealedOne() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/run.h5"
        var writer = try RunWriter(path: path, header: Example.header(precision: .half), resuming: false)
        for index in 0..<3 { try writer.append(Example.checkpoint(index), state: Example.state(index)) }
        let run = try RunFile(path: scratch.path + "/run")
        #expect(!run.isSealed)
        #expect(run.epochs == [0, 0.5, 1])
        #expect(try run.logits(checkpoint: 2) == Example.checkpoint(2).logits)
        #expect(try run.targets() == Example.header().targets)
        #expect(run.weightCheckpoints == [0])
        #expect(run.parts.map(\.hasState) == [false, false, true])
        #expect(try writer.resumeState() == Example.state(2))
    }

    @Test func equalRunsAreEqualFiles() throws {
        let scratch = try Scratch()
        try Example.write(scratch.path + "/a.h5")
        Thread.sleep(forTimeInterval: 1.1)  // object times, were they on, count seconds
        try Example.write(scratch.path + "/b.h5")
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/a.h5"))
                == Data(contentsOf: URL(fileURLWithPath: scratch.path + "/b.h5")))
    }
}
