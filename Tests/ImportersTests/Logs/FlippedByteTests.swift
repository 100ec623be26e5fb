import Testing

@testable import Importers

/// Files in which a bit is flipped are read, or refused with a sentence: nothing else.
@Suite struct FlippedByteTests {
    @Test(arguments: [
        ("csv", "tables/metrics.csv"), ("csv", "tables/samples-rank0.csv"), ("jsonl", "tables/metrics.jsonl"),
        ("jsonl", "tables/cartography/dynamics_epoch_1.jsonl"), ("lightning", "lightning/version_1/metrics.csv"),
        ("huggingface", "huggingface/checkpoint-16/trainer_state.json"), ("mlflow", "mlflow/mlflow.db"),
        ("wandb", "wandb/chart.csv"), ("wandb", "wandb/old.wandb"),
        ("tensorboard", "tensorboard/x/events.out.tfevents.0.host"),
    ])
    func aFlippedBitIsRefusedOrRead(kind: String, name: String) throws {
        let importer = try #require(Importer.logs.first { $0.kind == kind })
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes(name)
        var generator = SplitMix(state: UInt64(bytes.count))
        var refused = 0
        for _ in 0..<150 {
            var broken = bytes
            broken[Int.random(in: 0..<bytes.count, using: &generator)] ^= UInt8(
                1 << Int.random(in: 0..<8, using: &generator))
            let path = try folder.write(LogFolder.name(name), broken)
            do {
                for run in try importer.read([path], .testing { ($0.stepsPerEpoch, $0.batchSize) = (1, 8) }) {
                    #expect(zip(run.epochs, run.epochs.dropFirst()).allSatisfy { $0 < $1 } && !run.epochs.isEmpty)
                    #expect(run.metrics.values.allSatisfy { $0.count == run.epochs.count })
                    for array in run.arrays {
                        let values = try array.read(0, 0..<array.shape[1])
                        #expect(values.count == array.shape.dropFirst().reduce(1, *) && values.allSatisfy(\.isFinite))
                    }
                }
            } catch let error as ImportError {
                #expect(error.path.hasPrefix(folder.path) && !error.reason.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 0, "no flipped bit was noticed")
    }

    /// Text cut anywhere.
    @Test(arguments: [
        ("csv", "tables/samples-rank0.csv"), ("jsonl", "tables/metrics.jsonl"), ("wandb", "wandb/chart.csv"),
        ("huggingface", "huggingface/checkpoint-16/trainer_state.json"),
    ])
    func aPrefixIsRefusedOrRead(kind: String, name: String) throws {
        let importer = try #require(Importer.logs.first { $0.kind == kind })
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes(name)
        for length in 0..<bytes.count {
            let path = try folder.write(LogFolder.name(name), Array(bytes[..<length]))
            do { _ = try importer.read([path], .testing { $0.stepsPerEpoch = 1 }) } catch let error as ImportError {
                #expect(error.path == path)
            }
        }
    }
}
