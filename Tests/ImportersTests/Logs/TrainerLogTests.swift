import Records
import Tables
import Testing

@testable import Importers

/// Logs of trainers, read from what the real writers wrote.
@Suite struct TrainerLogTests {
    @Test func lightningRowsOfOneEpochAreBroughtTogether() throws {
        let expected = try LogFixtures.expected("lightning.json")
        let runs = try Importer.lightning.read([LogFixtures.path("lightning")], .testing { $0.batchSize = 10 })
        #expect(runs.map(\.description.id) == ["version_0", "version_1"])
        for run in runs {
            let wanted = expected[run.description.id]
            expectNumbers(run.epochs, wanted?["epochs"], "epochs")
            for name in ["train_loss", "val_acc", "learning_rate"] { expectColumn(run, name, wanted?[name]) }
            #expect(run.metrics.count == 3)
            #expect(run.description.seed == wanted?["seed"]?.int && run.description.model == "convnet")
            #expect(run.samplesSeen == [40, 80, 120])
            #expect(run.notes(with: "Epochs are counted from 0 in the files; 1 is added") == 1)
            #expect(run.notes(with: "'val/acc' is called 'val_acc'") == 1)
            #expect(run.notes(with: "3 lines of hparams.yaml") == 1)
            #expect(run.sources.map { LogFolder.name($0.path) } == ["metrics.csv", "hparams.yaml"])
        }
    }

    /// The same training by either logger: learning rates on rows of their own, a test after the last epoch.
    @Test(arguments: ["csv", "tb"])
    func lightningsTrainerIsReadWithItsTest(kind: String) throws {
        let expected = try LogFixtures.expected("lightning-trainer.json")[kind]
        let importer: Importer = kind == "csv" ? .lightning : .tensorboard
        let run = try importer.read([LogFixtures.path("lightning-trainer/\(kind)")], .testing { $0.batchSize = 8 })[0]
        expectNumbers(run.epochs, expected?["epochs"], "epochs")
        for name in ["train_loss", "val_loss", "test_loss"] { expectColumn(run, name, expected?[name]) }
        // Events hold single precision.
        for (rate, wanted) in zip(run.metrics["learning_rate"] ?? [], expected?["learning_rate"]?.items ?? []) {
            #expect(Float(rate) == wanted.double.map { Float($0) })
        }
        #expect(
            Set(run.metrics.keys).subtracting(["seconds"]) == ["train_loss", "val_loss", "test_loss", "learning_rate"])
        #expect(run.samplesSeen == [32, 64, 96])
        #expect(run.notes(with: "What was logged after the last epoch counts to it.") == 1)
    }

    @Test func lightningKeepsItsCountWhereTheUserSaysSo() throws {
        let path = LogFixtures.path("lightning/version_0/metrics.csv")
        let run = try Importer.lightning.read([path], .testing { ($0.epochBase, $0.id) = (1, "mine") })[0]
        #expect(run.epochs == [0, 1, 2] && run.description.id == "mine")
    }

    @Test func huggingFaceEntriesOfOneStepAreBroughtTogether() throws {
        let expected = try LogFixtures.expected("huggingface.json")
        let runs = try Importer.huggingface.read([LogFixtures.path("huggingface")], .testing { $0.batchSize = 2 })
        let run = try runs.run("huggingface")
        #expect(runs.count == 1)
        expectNumbers(run.epochs, expected["epochs"], "epochs")
        for name in ["loss", "eval_loss", "learning_rate"] { expectColumn(run, name, expected[name]) }
        #expect(run.metrics["grad_norm"]?[2].isNaN == true && run.metrics["train_loss"] == nil)
        #expect(run.description.plannedEpochs == 3)
        #expect(run.samplesSeen == [8, 16, 24, 32, 40, 48])
        #expect(run.notes(with: "1 earlier checkpoint's state") == 1 && run.notes(with: "1 summary entry") == 1)
        #expect(run.warnings == ["'grad_norm' is NaN at 1 checkpoint."])
    }

    @Test(arguments: ["mlruns", "mlflow.db"])
    func bothStoresOfMLflowSayTheSame(store: String) throws {
        let expected = try LogFixtures.expected("mlflow.json")
        let runs = try Importer.mlflow.read([LogFixtures.path("mlflow/" + store)], .testing { $0.stepsPerEpoch = 1 })
        #expect(Set(runs.map(\.description.id)) == Set(expected.members?.keys.map { $0 } ?? []))
        for run in runs {
            let wanted = expected[run.description.id]
            expectNumbers(run.epochs, wanted?["epochs"], "epochs")
            for name in ["val_loss", "acc", "seconds"] { expectColumn(run, name, wanted?[name]) }
            #expect(run.description.seed == wanted?["seed"]?.int && run.description.model == "convnet")
            #expect(run.notes(with: "1 value logged again at one step") == 1)
            #expect(run.warnings == ["'acc' is infinite at 1 checkpoint.", "'acc' is NaN at 1 checkpoint."])
        }
        #expect(runs[0].notes(with: "1 deleted run left out") == 1)
        #expect(runs[0].notes(with: "lr=0.1") == 1)
    }

    @Test func oneRunOfMLflowMayBeNamed() throws {
        let all = try Importer.mlflow.read([LogFixtures.path("mlflow/mlruns")], .testing { $0.stepsPerEpoch = 1 })
        let folder = LogFolder.parent(all[1].sources[0].path)
        let one = try Importer.mlflow.read([folder], .testing { $0.stepsPerEpoch = 2 })
        #expect(one.map(\.description.id) == [all[1].description.id])
        #expect(one[0].epochs == [0.5, 1, 1.5, 2])
    }

    @Test func stepsAloneAreNoEpochs() throws {
        let error = #expect(throws: ImportError.self) {
            try Importer.mlflow.read([LogFixtures.path("mlflow/mlflow.db")], .testing())
        }
        #expect(error?.reason.contains("no column of epochs, only 'step'; give --steps-per-epoch N") == true)
    }

    @Test func brokenTrainerFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        let state = try folder.write("a/trainer_state.json", #"{"log_history": [{"epoch": 1, "loss": 2}, 3]}"#)
        #expect(throws: ImportError(state, at: "log_history[1]", "an object is expected")) {
            try Importer.huggingface.read([folder.path], .testing())
        }
        let metric = try folder.write("run/metrics/loss", "1700000000000 0.5 1\n1700000000000 half 2\n")
        _ = try folder.write("run/meta.yaml", "run_id: r\n")
        #expect(throws: ImportError(metric, at: "line 2", "expected 'timestamp value step'")) {
            try Importer.mlflow.read([folder.path + "/run"], .testing())
        }
        let database = try folder.write("mlflow.db", "SQLite format 3\0 and nothing else")
        let error = #expect(throws: ImportError.self) { try Importer.mlflow.read([database], .testing()) }
        #expect(error?.reason.hasPrefix("SQLite: ") == true)
        #expect(throws: ImportError(folder.path + "/none", "no such file or directory", exitCode: 66)) {
            try Importer.lightning.read([folder.path + "/none"], .testing())
        }
    }
}
