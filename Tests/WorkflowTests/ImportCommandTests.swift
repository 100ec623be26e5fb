import Foundation
import RunStore
import Tables
import Testing

@testable import Workflow

/// Imports as a user makes them.
@Suite struct ImportCommandTests {
    private static let log = "epoch,val_acc,lr\n1,40,0.1\n2,60,0.05\n3,80,0.01\n"

    @Test func aLogBecomesARunAndItsMappingIsRemembered() throws {
        let scratch = try Scratch()
        try Tables.write(Self.log, to: scratch.path + "/my log.csv")
        let first = try Program.assay(
            [
                "import", "csv", "my log.csv", "--to", "st", "--id", "HL/a", "--map", "test_error=1-val_acc/100",
                "--set", "regime=HL",
            ],
            in: scratch.path)
        #expect(first.code == 0, "\(first.err)")
        let run = try RunFile(path: scratch.path + "/st/HL/a")
        #expect(run.description.regime == "HL" && run.epochs == [1, 2, 3])
        for (found, expected) in zip(try run.metric("test_error"), [0.6, 0.4, 0.2]) {
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(run.verify().isSound && run.hasDigests)
        #expect(run.extraAttributes["import"]?.contains("\"kind\":\"csv\"") == true)

        let second = try Program.assay(["import", "csv", "my log.csv", "--to", "st", "--id", "HL/b"], in: scratch.path)
        #expect(second.code == 0)
        #expect(second.err.contains("mapped as at the last csv import into st: test_error=1-val_acc/100"))
        #expect(try RunFile(path: scratch.path + "/st/HL/b").metric("test_error") == run.metric("test_error"))
        let fresh = try Program.assay(
            ["import", "csv", "my log.csv", "--to", "st", "--id", "HL/c", "--fresh"], in: scratch.path)
        #expect(fresh.code == 0)
        #expect(try RunFile(path: scratch.path + "/st/HL/c").metricNames.contains("val_acc"))
    }

    @Test func aDryRunWritesNothing() throws {
        let scratch = try Scratch()
        try Tables.write(Self.log, to: scratch.path + "/log.csv")
        let ending = try Program.assay("import csv log.csv --to st --dry-run", in: scratch.path)
        #expect(ending.code == 0 && ending.out.contains("checkpoints: 3"), "\(ending.err)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["log.csv"])
        let json = try JSON.parse(Program.assay("import csv log.csv --to st --dry-run --json", in: scratch.path).out)
        #expect(json["format"] == "assay-import" && json["written"]?.items?.isEmpty == true)
    }

    @Test func aRunIsNotOverwrittenUnlessAsked() throws {
        let scratch = try Scratch()
        try Tables.write(Self.log, to: scratch.path + "/log.csv")
        #expect(try Program.assay("import csv log.csv --to st --id a", in: scratch.path).code == 0)
        let dry = try Program.assay("import csv log.csv --to st --id a --dry-run", in: scratch.path)
        #expect(dry.code == 0 && dry.err.contains("a run of this id is there already"), "\(dry.err)")
        let again = try Program.assay("import csv log.csv --to st --id a", in: scratch.path)
        #expect(again.code == 65 && again.err.contains("nothing was written"))
        let replaced = try Program.assay("import csv log.csv --to st --id a --replace", in: scratch.path)
        #expect(replaced.code == 0 && replaced.err.contains("the old run is kept as st.superseded/"))
    }

    @Test func aStudySaysHowToImport() throws {
        let scratch = try Scratch()
        try Tables.write(Self.log, to: scratch.path + "/log.csv")
        try Tables.write(
            """
            study: 1
            name: read-only
            store: st
            import:
              - kind: csv
                paths: [log.csv]
                id: HL/full/3/seed1
                map: { test_error: 1-val_acc/100 }
                set: { regime: HL, subset: full }
                batch-size: 10
                steps-per-epoch: 5
            analyses:
              curve: { fit: { law: power, x: samples_seen, y: test_error, points: checkpoints } }
            """, to: scratch.path + "/study.yaml")
        #expect(try Program.assay("check study.yaml", in: scratch.path).code == 0)
        let ending = try Program.assay("import study study.yaml", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        let again = try Program.assay("import study study.yaml", in: scratch.path)
        #expect(again.code == 0 && again.err.contains("there already, of the same files"), "\(again.err)")
        let study = try String(contentsOfFile: scratch.path + "/study.yaml", encoding: .utf8)
        try Tables.write(study.replacing("batch-size: 10", with: "batch-size: 20"), to: scratch.path + "/other.yaml")
        let other = try Program.assay("import study other.yaml", in: scratch.path)
        #expect(other.code == 65 && other.err.contains("nothing was written"), "\(other.err)")
        try Tables.write(Self.log + "4,85,0.001\n", to: scratch.path + "/log.csv")
        let changed = try Program.assay("import study study.yaml", in: scratch.path)
        #expect(changed.code == 65 && changed.err.contains("nothing was written"), "\(changed.err)")
        let run = try RunFile(path: scratch.path + "/st/HL/full/3/seed1")
        #expect(run.samplesSeen == [50, 100, 150] && run.description.subset == "full")
        let wrong = "study: 1\nimport:\n  - { kind: cvs, path: log.csv }\n"
        try Tables.write(wrong, to: scratch.path + "/wrong.yaml")
        let refused = try Program.assay("check wrong.yaml", in: scratch.path)
        #expect(refused.code == 65)
        #expect(
            refused.err.contains("wrong.yaml:3:13")
                && refused.err.contains("unknown key 'path' (did you mean 'paths'?)"))
    }

    private static let samples = "epoch,sample_id,label,el2n\n1,0,0,0.5\n1,1,1,0.25\n2,0,0,0.5\n2,1,1,0.125\n"

    @Test func impossibleValuesAndUnusedNamesAreTold() throws {
        let scratch = try Scratch()
        try Tables.write(Self.samples.replacing("0.125", with: "12.5"), to: scratch.path + "/s.csv")
        let refused = try Program.assay("import csv s.csv --to st --id a", in: scratch.path)
        #expect(refused.code == 65, "\(refused.err)")
        #expect(
            refused.err.contains(
                "/scores/el2n, checkpoint 1 (epoch 2), sample 1 (id 1): the value is 12.5, which is above what it can be, 1.42; if"
            ),
            "\(refused.err)")
        let entropies = Self.samples.replacing("el2n", with: "entropy").replacing("0.125", with: "0.7")
        try Tables.write(entropies, to: scratch.path + "/s.csv")
        let twoClasses = try Program.assay("import csv s.csv --to st --id b --set classes=2", in: scratch.path)
        #expect(
            twoClasses.code == 65 && twoClasses.err.contains("the value is 0.7, which is above what it can be, 0.69"))
        #expect(try Program.assay("import csv s.csv --to st --id c --set classes=3", in: scratch.path).code == 0)
        // Neither a file nor a folder is left of a refusal.
        try Tables.write(Self.samples.replacing("0.125", with: "12.5"), to: scratch.path + "/s.csv")
        #expect(try Program.assay("import csv s.csv --to new/st --id HL/full/seed1", in: scratch.path).code == 65)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/new"))
        try Tables.write(Self.samples, to: scratch.path + "/s.csv")
        let unused = try Program.assay("import csv s.csv --to st --id a --map logitz=z", in: scratch.path)
        #expect(unused.code == 0 && unused.err.contains("--map logitz=z is not used"), "\(unused.err)")
        #expect(unused.err.contains("did you mean 'logits'?"))
    }

    /// Single rows of packed chunks cost whole chunks, and come from a scratch file: with ids per epoch and once for all, whole
    /// and in ranks.
    @Test func shuffledRowsOfPackedChunksArrive() throws {
        let scratch = try Scratch()
        let write = """
            import h5py, numpy as np
            rng = np.random.default_rng(3)
            E, N, C = 2, 60_000, 20
            z, y = rng.normal(size=(E, N, C)).astype("f4"), rng.integers(0, C, N)
            p = np.stack([rng.permutation(N) for _ in range(E)])
            np.savez("truth.npz", z=z, y=y)
            pack = dict(chunks=(1, 1000, C), compression="gzip", compression_opts=1)
            for name, order in {"fixed": np.stack([p[0]] * E), "epochs": p}.items():
                with h5py.File(name + ".h5", "w") as f:
                    f.create_dataset("logits", data=np.take_along_axis(z, order[:, :, None], 1), **pack)
                    f["ids"], f["labels"] = (order[0], y[order[0]]) if name == "fixed" else (order, y[order])
            for rank, part in enumerate([slice(0, 35_000), slice(35_000, N)]):
                with h5py.File(f"run_rank{rank}.h5", "w") as f:
                    f.create_dataset("logits", data=z[:, p[0][part]], **pack)
                    f["ids"], f["labels"] = p[0][part], y[p[0][part]]
            """
        #expect(try Program.run("/usr/bin/python3", ["-c", write], in: scratch.path).code == 0)
        let compare = """
            import h5py, numpy as np
            truth = np.load("truth.npz")
            for name in ["fixed", "epochs", "ranks"]:
                with h5py.File(f"st/{name}.h5") as f:
                    assert np.array_equal(f["samples/id"], np.arange(len(truth["y"]))), name
                    assert np.array_equal(f["logits"], truth["z"]) and np.array_equal(f["samples/label"], truth["y"]), name
            """
        for (name, files) in [("fixed", "fixed.h5"), ("epochs", "epochs.h5"), ("ranks", "run_rank0.h5 run_rank1.h5")] {
            let ending = try Program.assay("import h5 \(files) --to st --id \(name)", in: scratch.path)
            #expect(ending.code == 0, "\(ending.err)")
        }
        let ending = try Program.run("/usr/bin/python3", ["-c", compare], in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
    }

    /// Seeds that are one run would narrow the spread.
    @Test func oneRunUnderTwoIdsIsNoTwoSeeds() throws {
        let scratch = try Scratch()
        try Tables.write(Self.samples, to: scratch.path + "/s.csv")
        for id in ["a", "b"] {
            #expect(try Program.assay("import csv s.csv --to st --id \(id)", in: scratch.path).code == 0)
        }
        let ending = try Program.assay("score st/a st/b --method el2n -o s2.csv", in: scratch.path)
        #expect(ending.code == 64 && ending.err.contains("bit by bit"), "\(ending.err)")
        #expect(try Program.assay("score st/a --method el2n -o s2.csv", in: scratch.path).code == 0)
    }

    /// What an import, an export and another import give is the run itself.
    @Test func exportsComeBackBitByBit() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch, "origin/a")
        for line in [
            "export origin/a -o run.npz", "import npz run.npz --to st --id a --set subset=full --set planned_epochs=5",
            "export origin/a --what records -o records.csv", "import csv records.csv --to st --id b",
        ] {
            let ending = try Program.assay(line, in: scratch.path)
            #expect(ending.code == 0, "\(line): \(ending.err)")
        }
        for id in ["a", "b"] {
            let copy = try RunFile(path: scratch.path + "/st/" + id)
            let order = try copy.samples().ids.map { id in try #require(run.samples().ids.firstIndex(of: id)) }
            for checkpoint in 0..<run.checkpointCount {
                let (logits, expected) = (
                    try copy.logits(checkpoint: checkpoint), try run.logits(checkpoint: checkpoint)
                )
                for (row, origin) in order.enumerated() {
                    #expect(logits.values[row * 3..<row * 3 + 3] == expected.values[origin * 3..<origin * 3 + 3])
                }
            }
        }
    }

    /// A file or folder that cannot be read as it is named: the kind, how it is made, what is said.
    @Test(arguments: [
        ("csv", "mkdir x", "x"), ("npy", "mkdir x", "x"), ("csv", "mkfifo x && (cat log.csv > x &) && true", ""),
        ("npy", "printf 'no array' > x", "x"),
        ("pt", "printf 'cos\\nsystem\\n(S\"touch pwned\"\\ntR.' > x", "os.system"),
        ("csv", "printf 'epoch,loss\\n1,1e400\\n' > x", "1e400"), ("csv", "printf 'a\\n' > x", "x"),
        ("jsonl", ": > x", "x"),
        ("wandb", "printf 'junk' > x.wandb && mv x.wandb x", "x"), ("h5", "printf 'junk' > x", "x"),
        ("tensorboard", "head -c 100 /dev/zero > x", "x"), ("mlflow", "printf 'junk' > x", "x"),
    ]) func hostileInput(_ kind: String, _ make: String, _ message: String) throws {
        let scratch = try Scratch()
        try Tables.write(Self.log, to: scratch.path + "/log.csv")
        let ending = try Program.shell(
            "\(make); ulimit -v 8000000; assay import \(kind) x --to st --id a", in: scratch.path)
        if message.isEmpty {
            #expect(ending.code == 0 || ending.code == 65, "\(ending.err)")
        } else {
            #expect([65, 66, 74].contains(ending.code), "\(kind): \(ending.code) \(ending.err)")
            #expect(ending.err.contains(message), "\(ending.err)")
            #expect(!FileManager.default.fileExists(atPath: scratch.path + "/st/a.h5"))
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/pwned"))
    }
}
