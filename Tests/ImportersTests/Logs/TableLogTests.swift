import Foundation
import Records
import Tables
import Testing

@testable import Importers

@Suite struct TableLogTests {
    @Test func runsAreToldApartByTheirColumn() throws {
        let expected = try LogFixtures.expected("tables.json")
        let runs = try Importer.csv.read(
            [LogFixtures.path("tables/metrics.csv")],
            .testing {
                $0.map = ["test_error": "1-val_acc/100"]
                $0.attributes = ["regime": "HL", "budget": "2.5"]
            })
        #expect(runs.map(\.description.id) == ["a", "b"])
        for run in runs {
            let wanted = expected[run.description.id]
            for name in ["val_acc", "learning_rate"] { expectColumn(run, name, wanted?[name]) }
            expectNumbers(run.epochs, wanted?["epochs"], "epochs")
            #expect(run.description.seed == wanted?["seed"]?.int && run.description.regime == "HL")
            #expect(run.description.budget == 2.5)
            #expect(run.notes(with: "The files' own 'test_error' gives way to it.") == 1)
            let errors = wanted?["val_acc"]?.items?.compactMap(\.double).map { 1 - $0 / 100 }
            #expect(run.metrics["test_error"] == errors)
            #expect(run.notes(with: "optimizer=sgd") == 1 && run.notes(with: "left out: phase.") == 1)
        }
    }

    @Test func anErrorInPercentIsLeftAloneWithAHint() throws {
        let run = try Importer.csv.read(
            [LogFixtures.path("tables/metrics.csv")],
            .testing {
                $0.runColumns = ["seed", "optimizer"]
                $0.map = ["top1_err": "test_error"]
            })[1]
        #expect(run.description.id == "seed2/sgd" && run.metrics["top1_err"] == [38, 28, 18])
        #expect(run.warnings(with: "give --map test_error=top1_err/100") == 1)
        #expect(run.warnings(with: "did you mean") == 0)
    }

    @Test(arguments: [
        ("t.csv", "epoch,acc,loss\n1,0.5,nan\n2,,0.25\n3,0.75,NaN\n"),
        (
            "t.jsonl",
            #"""
            {"epoch": 1, "acc": 0.5, "loss": NaN}
            {"epoch": 2, "acc": null, "loss": 0.25}
            {"epoch": 3, "acc": 0.75, "loss": NaN}
            """#
        ),
    ])
    func notANumberIsToldFromAnEmptyCell(name: String, text: String) throws {
        let folder = try TemporaryFolder()
        let importer = name.hasSuffix("csv") ? Importer.csv : .jsonl
        let run = try importer.read([try folder.write(name, text)], .testing())[0]
        #expect(run.warnings == ["'loss' is NaN at 2 checkpoints."])
        #expect(run.metrics["acc"]?.map(\.isNaN) == [false, true, false])
        #expect(run.metrics["loss"]?.map(\.isNaN) == [true, false, true])
    }

    /// Tables of trainers that log training and validation on rows of their own, written with NaN for what is empty.
    @Test func numbersWinOverNaNsOfTheirCheckpoint() throws {
        let folder = try TemporaryFolder()
        let text = "epoch,seed,loss,acc\n1,7,2.5,nan\n1,nan,nan,0.5\n2,7,nan,0.75\n2,7,1.5,nan\n"
        let run = try Importer.csv.read([try folder.write("t.csv", text)], .testing())[0]
        #expect(run.metrics == ["loss": [2.5, 1.5], "acc": [0.5, 0.75]] && run.warnings.isEmpty)
        #expect(run.description.seed == 7)
        // What may be a loss that went astray is said.
        let astray = try folder.write("a.csv", "epoch,step,loss\n1,100,2.5\n1,200,nan\n2,300,1.5\n")
        let other = try Importer.csv.read([astray], .testing())[0]
        #expect(other.metrics["loss"] == [2.5, 1.5])
        #expect(other.notes.contains("1 NaN gave way to a number of the same epoch."), "\(other.notes)")
    }

    @Test(arguments: [
        ("test_error", "val/acc", true), ("validation_error", "Accuracy", true), ("test_error", "1-acc/100", false),
        ("test_accuracy", "Accuracy", false), ("test_error", "account", false),
    ])
    func anAccuracyAsAnErrorIsTold(target: String, source: String, isTold: Bool) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", "epoch,val/acc,Accuracy,acc,account\n1,0.5,0.5,50,0.5\n2,0.6,0.6,60,0.6\n")
        let run = try Importer.csv.read([path], .testing { $0.map = [target: source] })[0]
        let warning =
            "\(target) is '\(source)' as it stands, which is an accuracy by its name: --map \(target)=1-\(LogNames.safe(source)) "
        #expect(run.warnings(with: warning) == (isTold ? 1 : 0))
    }

    @Test func aMisspeltMetricIsNoticed() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", "epoch,err,commit\n1,0.5,12e4567\n2,0.4,12e4567\n")
        let run = try Importer.csv.read([path], .testing { $0.map = ["test_eror": "err"] })[0]
        #expect(run.metrics["test_eror"] == [0.5, 0.4])
        let known = try Importer.csv.read([path], .testing { $0.map = ["val_error": "err"] })[0]
        #expect(known.warnings(with: "did you mean") == 0)
        #expect(run.warnings(with: "--map test_eror=… makes a metric of that name: did you mean 'test_error'?") == 1)
    }

    @Test func stepsBecomeEpochs() throws {
        let expected = try LogFixtures.expected("tables.json")["metrics"]
        let run = try Importer.jsonl.read(
            [LogFixtures.path("tables/metrics.jsonl")],
            .testing { ($0.stepsPerEpoch, $0.batchSize) = (20, 8) })[0]
        #expect(run.description.id == "metrics")
        expectNumbers(run.epochs, expected?["epochs"], "epochs")
        expectColumn(run, "loss", expected?["loss"])
        expectColumn(run, "val.acc", expected?["val.acc"])
        #expect(run.samplesSeen?.map { JSON.integer(Int($0)) } == expected?["samples_seen"]?.items)
    }

    @Test func marksAndLineEndsOfOtherSystemsAreRead() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("with spaces/a b.csv", "\u{FEFF}epoch,loss\r\n1,0.5\r\n2,0.25\r\n")
        let run = try Importer.csv.read([path], .testing())[0]
        #expect(run.description.id == "a b" && run.epochs == [1, 2] && run.metrics == ["loss": [0.5, 0.25]])
        // hashlib.sha256 of these bytes
        let digest = "180b3827c7396acb8e191589bc5f261e2250a297900d6d92b9d27e84a7b10445"
        #expect(run.sources == [ImportSource(path: path, bytes: 30, sha256: digest)])
    }

    /// What is wrong, and the place and the cure that the message names.
    @Test(arguments: [
        ("epoch,loss\n1,1e400\n", "line 2, byte 3: 1e400 in column 'loss' is too large for a double"),
        (
            "epoch,note,loss\n1,\"a\nb\",1e400\n2,c,1\n",
            "line 2, byte 9: 1e400 in column 'loss' is too large for a double"
        ),
        ("epoch,n\n1,2\n2,9007199254740993\n", "line 3, column 'n': 9007199254740993 is beyond 2^53"),
        ("epoch,n\n1,2.5\n2,9007199254740993\n", "line 3, column 'n': 9007199254740993 is beyond 2^53"),
        (
            "epoch,loss\n1,2\n1,3\n",
            "line 3, column 'loss': epoch 1 has the value 3 here and 2 before; where rows belong to"
        ),
        ("epoch,loss\n-1,2\n", "line 2: -1 is not a number of epochs completed"),
        (
            "loss,acc\n1,2\n",
            "no column of epochs or steps; name one with --map epoch=COLUMN (the columns are acc, loss)"
        ),
        ("step,acc\n1,2\n", "no column of epochs, only 'step'; give --steps-per-epoch"),
        ("epoch,acc\n1,2,3\n", "line 2: 3 fields, but the header names 2 columns"),
        ("epoch,word\n1,a\n", "no numbers but epochs and steps"),
        ("epoch,a/b,a_b\n1,1,2\n", "two columns would both be called 'a_b'; rename 'a_b' with --map NAME=a_b"),
        ("", "the file is empty"),
    ])
    func faultsNamePlaceAndCure(text: String, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", text)
        let error = #expect(throws: ImportError.self) { try Importer.csv.read([path], .testing()) }
        #expect(error?.description.hasPrefix("\(path): \(message)") == true, "\(String(describing: error))")
        #expect(error?.exitCode == 65)
    }

    @Test func infinityAndLargeDoublesAreNumbers() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", "epoch,a,b\n1,inf,1e20\n2,-inf,12.5\n")
        let run = try Importer.csv.read([path], .testing())[0]
        #expect(run.metrics == ["a": [.infinity, -.infinity], "b": [1e20, 12.5]])
        #expect(run.warnings == ["'a' is infinite at 2 checkpoints."])
    }

    @Test func mappingsThatFailSaySo() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", "epoch,acc\n1,2\n")
        #expect(throws: ImportError(path, at: "--map test_error=1-ac/100", "no column 'ac'")) {
            try Importer.csv.read([path], .testing { $0.map = ["test_error": "1-ac/100"] })
        }
        let error = #expect(throws: ImportError.self) {
            try Importer.csv.read([path], .testing { $0.attributes = ["ipc": "ten"] })
        }
        #expect(error?.exitCode == 64 && error?.place == "attribute ipc=ten")
        let run = try Importer.csv.read([path], .testing { $0.map = ["epoch": "acc", "x": "epoch"] })[0]
        #expect(run.epochs == [2] && run.metrics == ["x": [1]])
    }

    @Test func whatIsNoFileIsRefused() throws {
        let folder = try TemporaryFolder()
        let fifo = folder.path + "/pipe.csv"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(throws: ImportError(fifo, "not a regular file; copy it to one first")) {
            try Importer.csv.read([fifo], .testing())
        }
        #expect(throws: ImportError.self) { try Importer.csv.read([folder.path + "/none.csv"], .testing()) }
        let empty = try TemporaryFolder()
        let error = #expect(throws: ImportError.self) { try Importer.csv.read([empty.path], .testing()) }
        #expect(error?.exitCode == 66 && error?.reason == "no *.csv in this folder or below it")
    }

    @Test func namesAreTheShortestThatDiffer() {
        #expect(LogNames.distinct(["/x/a", "/x/b"]) == ["a", "b"])
        #expect(LogNames.distinct(["/x/1/log", "/x/2/log", "/x/b"]) == ["1/log", "2/log", "b"])
        #expect(LogNames.idPiece("../a.h5") == "_._a_h5" && LogNames.safe("val/loss") == "val_loss")
        #expect(["e10", "e9", "e1"].sorted(by: LogFolder.naturally) == ["e1", "e9", "e10"])
    }
}
