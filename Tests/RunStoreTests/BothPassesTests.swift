import Foundation
import Records
import Testing

@testable import RunStore

/// Logits of the training pass beside those of the evaluation, and samples that a run did not train on.
@Suite struct BothPassesTests {
    private static let trained = (0..<Example.samples).map { $0 % 3 == 0 }

    private static var header: RunHeader {
        var header = Example.header()
        header.samples?.trained = trained
        return header
    }

    private static func checkpoint(_ index: Int) -> Checkpoint {
        var checkpoint = Example.checkpoint(index)
        checkpoint.trainLogits = FloatMatrix(
            rows: Example.samples, columns: Example.classes,
            values: (0..<Example.samples * Example.classes).map { -Example.logit(index, $0) })
        return checkpoint
    }

    private func write(_ path: String, until stop: Int = 3) throws {
        var writer = try RunWriter(path: path, header: Self.header, resuming: true)
        for index in writer.acknowledged..<stop {
            try writer.append(Self.checkpoint(index), state: Example.state(index))
        }
        if stop == 3 { try writer.seal() }
    }

    @Test func bothAreReadFromPartsAndFromTheSealedRun() throws {
        let scratch = try Scratch()
        try write(scratch.path + "/a.h5", until: 2)
        for isSealed in [false, true] {
            if isSealed { try write(scratch.path + "/a.h5") }
            let run = try RunFile(path: scratch.path + "/a")
            #expect(run.isSealed == isSealed && run.hasTrainLogits && run.hasUntrainedSamples)
            for index in 0..<run.checkpointCount {
                #expect(try run.logits(checkpoint: index) == Example.checkpoint(index).logits)
                #expect(try run.trainLogits(checkpoint: index) == Self.checkpoint(index).trainLogits)
            }
            #expect(try run.samples() == Self.header.samples)
            #expect(try run.trainedCount() == 13)
            #expect(try run.samples().trainedIDs == (0..<13).map { Int64($0 * 9) })
            let found = run.verify()
            #expect(found.isSound, "\(found.problems)")
            #expect(found.items.contains { $0.dataset == "/train_logits" && $0.digests > 0 })
            #expect(found.items.contains { $0.dataset == "/samples/trained" })
        }
    }

    @Test func aRunWithoutEitherSaysSo() throws {
        let scratch = try Scratch()
        try Example.write(scratch.path + "/a.h5")
        let run = try RunFile(path: scratch.path + "/a.h5")
        #expect(!run.hasTrainLogits && !run.hasUntrainedSamples)
        #expect(try run.trainedCount() == Example.samples && run.samples().trainedIDs.count == Example.samples)
        #expect(throws: RunStoreError.self) { try run.trainLogits(checkpoint: 0) }
    }

    @Test func checkpointsKeepTheSameRecords() throws {
        let scratch = try Scratch()
        var writer = try RunWriter(path: scratch.path + "/a.h5", header: Self.header, resuming: false)
        try writer.append(Self.checkpoint(0), state: nil)
        for spoil in [
            { (checkpoint: inout Checkpoint) in checkpoint.trainLogits = nil },
            { (checkpoint: inout Checkpoint) in checkpoint.logits = nil },
            { (checkpoint: inout Checkpoint) in
                checkpoint.trainLogits = FloatMatrix(
                    rows: 1, columns: Example.classes, values: .init(repeating: 0, count: 5))
            },
        ] {
            var checkpoint = Self.checkpoint(1)
            spoil(&checkpoint)
            do throws(RunStoreError) {
                try writer.append(checkpoint, state: nil)
                Issue.record("accepted")
            } catch {
                #expect(error.description.contains("logits") || error.description.contains("records"))
            }
        }
        try writer.append(Self.checkpoint(1), state: nil)
        #expect(writer.acknowledged == 2)
    }

    /// Another list of trained samples is another run.
    @Test func resumingAsksForTheSameSamples() throws {
        let scratch = try Scratch()
        try write(scratch.path + "/a.h5", until: 1)
        #expect(throws: RunStoreError.self) {
            _ = try RunWriter(path: scratch.path + "/a.h5", header: Example.header(), resuming: true)
        }
    }
}
