import Records
import Tables
import Testing

@testable import Importers

@Suite struct WandBTests {
    /// Runs written by an old and by a current version, which put values into different fields.
    @Test(arguments: ["old", "new"])
    func offlineRunsAreRead(version: String) throws {
        let expected = try LogFixtures.expected("wandb-\(version).json")
        let runs = try Importer.wandb.read([LogFixtures.path("wandb/\(version).wandb")], .testing())
        let run = try runs.run(version)
        expectNumbers(run.epochs, expected["epochs"], "epochs")
        expectColumn(run, "train_loss", expected["train_loss"])
        for name in ["val.acc", "val.loss", "big"] { expectColumn(run, name, expected[name]) }
        #expect(Set(run.metrics.keys) == ["train_loss", "val.acc", "val.loss", "big", "seconds"])
        #expect(run.description.seed == 3 && run.description.model == "convnet")
        #expect(run.notes(with: "optimizer.name=sgd") == 1 && run.notes(with: "project=assay") == 1)
        #expect(run.notes(with: "Not numbers, and left out: histogram, word.") == 1)
        #expect(run.warnings == ["'big' is infinite at 1 checkpoint.", "'val.loss' is NaN at 1 checkpoint."])
    }

    /// W&B's own step counts calls of log(), from which no samples follow.
    @Test func samplesSeenNeedTheStepsOfAnEpoch() throws {
        let path = LogFixtures.path("wandb/new.wandb")
        let without = try Importer.wandb.read([path], .testing { $0.batchSize = 10 })[0]
        #expect(without.samplesSeen == nil && without.warnings(with: "Samples seen are left out") == 1)
        let run = try Importer.wandb.read([path], .testing { ($0.batchSize, $0.stepsPerEpoch) = (10, 50) })[0]
        #expect(run.samplesSeen == [500, 1000, 1500, 2000, 2500])
    }

    @Test func aRecordLongerThanABlockIsPutTogether() throws {
        let run = try Importer.wandb.read([LogFixtures.path("wandb/long.wandb")], .testing())[0]
        #expect(run.metrics["loss"] == [1, 0.5, 1 / 3] && run.description.seed == 4)
    }

    @Test func aChartsExportHoldsOneRunPerColumn() throws {
        let runs = try Importer.wandb.read(
            [LogFixtures.path("wandb/chart.csv")],
            .testing {
                ($0.stepsPerEpoch, $0.epochBase) = (2, 0)
                $0.id = "sweep"
            })
        let first = try runs.run("sweep/sunny - day-1")
        #expect(first.epochs == [0.5, 1, 1.5, 2] && first.metrics == ["val_loss": [1, 0.5, 1 / 3, 0.25]])
        #expect(first.notes(with: "4 columns __MIN and __MAX of chart.csv left out.") == 1)
        let second = try runs.run("sweep/dusk-2")
        #expect(second.epochs == [0.5, 1, 1.5])
    }

    @Test func everyPrefixEndsInAnErrorOrAWarning() throws {
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes("wandb/old.wandb")
        let whole = try records(bytes, in: folder)
        #expect(whole.warning == nil && whole.count > 10)
        var complete = 0
        for length in 0..<bytes.count {
            do {
                let part = try records(Array(bytes[..<length]), in: folder)
                #expect(part.count < whole.count)
                // A file that ends between two records is not known to be torn.
                if part.warning == nil { complete += 1 }
            } catch let error as ImportError {
                #expect(length < 7, "\(error)")
            }
        }
        #expect(complete == whole.count)
    }

    @Test func noFlippedByteIsBelieved() throws {
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes("wandb/new.wandb")
        let whole = try records(bytes, in: folder)
        var generator = SplitMix(state: 1)
        for _ in 0..<200 {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            var broken = bytes
            broken[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
            do {
                let part = try records(broken, in: folder)
                #expect(part.warning != nil && part.count < whole.count, "byte \(place)")
            } catch is ImportError {}
        }
    }

    @Test func damageInTheMiddleNamesItsByte() throws {
        let folder = try TemporaryFolder()
        var bytes = try LogFixtures.bytes("wandb/new.wandb")
        bytes[20] ^= 1
        let error = #expect(throws: ImportError.self) { try records(bytes, in: folder) }
        #expect(error?.place == "byte 7" && error?.reason == "the checksum does not fit: the file is damaged here")
        let other = #expect(throws: ImportError.self) { try records(Array("PK\u{3}\u{4}".utf8), in: folder) }
        #expect(other?.reason == "not a .wandb file: it does not begin with ':W&B'")
    }

    /// Pieces smaller than a record must not show.
    private func records(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> (count: Int, warning: String?) {
        var file = try WandBFile(folder.write("x.wandb", bytes), pieceSize: 64)
        var count = 0
        while try file.next() != nil { count += 1 }
        #expect(try file.source().bytes == bytes.count)
        return (count, file.warning)
    }
}

/// A small generator for tests, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
