import Foundation
import RunStore
import Tables
import Testing

@testable import Workflow

/// What a run holds, written for other programs and read back by NumPy.
@Suite struct RunExportTests {
    @Test func numPyReadsEveryArrayAsH5pyDoes() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        try RunExport(run).write([], to: scratch.path + "/out/run.npz")
        try RunExport(run).write(["logits"], to: scratch.path + "/logits.npy")
        let script = """
            import h5py, numpy as np, sys
            run, npz, npy = sys.argv[1:]
            f, z = h5py.File(run), np.load(npz)
            places = {"epochs": "checkpoints/epoch", "samples_seen": "checkpoints/samples_seen", "ids": "samples/id",
                      "labels": "samples/label", "test_error": "checkpoints/test_error", "logits": "logits"}
            assert sorted(z.files) == sorted(places), z.files
            for name, place in places.items():
                assert z[name].dtype == f[place].dtype and np.array_equal(z[name], f[place][:]), name
            assert np.array_equal(np.load(npy, mmap_mode="r"), f["logits"][:])
            """
        let ending = try Program.run(
            "/usr/bin/python3", ["-c", script, run.path, scratch.path + "/out/run.npz", scratch.path + "/logits.npy"],
            in: "/")
        #expect(ending.code == 0, "\(ending.err)")
    }

    @Test func namesAreStringsOfNumPys() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.names = ["a.png", "", "tür/ä.png", "🙂"]
        let run = try example.write(in: scratch)
        try RunExport(run).write([], to: scratch.path + "/run.npz")
        let script = """
            import numpy as np, sys
            names = np.load(sys.argv[1])["names"]
            assert names.dtype == "<U9" and names.tolist() == ["a.png", "", "tür/ä.png", "🙂"], (names.dtype, names)
            """
        let ending = try Program.run("/usr/bin/python3", ["-c", script, scratch.path + "/run.npz"], in: "/")
        #expect(ending.code == 0, "\(ending.err)")
    }

    @Test func tablesReadBack() throws {
        let scratch = try Scratch()
        let example = RunExample()
        let run = try example.write(in: scratch)
        let export = RunExport(run)
        try export.write([], to: scratch.path + "/curve.csv")
        let curve = try Table.read(scratch.path + "/curve.csv")
        #expect(
            try curve.numbers("epoch") == example.epochs
                && curve.columnNames == ["epoch", "samples_seen", "test_error"])
        try export.write(["records"], to: scratch.path + "/records.csv")
        let records = try Table.read(scratch.path + "/records.csv")
        #expect(records.rowCount == 24 && records.columnNames.suffix(3) == ["logit_0", "logit_1", "logit_2"])
        for (row, value) in try records.numbers("logit_2").enumerated() {
            #expect(Float(value) == example.logits(row / 4)[row % 4 * 3 + 2])
        }
        try export.write(["samples"], to: scratch.path + "/samples.csv")
        #expect(try Table.read(scratch.path + "/samples.csv").numbers("sample_id") == [3, 0, 7, 5])
    }

    @Test(arguments: [
        ("logitz", "x.npy", "no 'logitz' to export (did you mean 'logits'?)"), ("records", "x.npz", "no 'records'"),
        ("logits", "x.csv", "no 'logits'"), ("logits", "x.txt", "the name must end in .csv, .npy or .npz"),
    ]) func whatCannotBeWrittenIsSaid(_ name: String, _ file: String, _ message: String) throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        let error = #expect(throws: WorkflowError.self) {
            try RunExport(run).write([name], to: scratch.path + "/" + file)
        }
        #expect(error?.exitCode == 64 && error?.description.contains(message) == true, "\(String(describing: error))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["run.h5"])
    }

    @Test func aFullPlaceIsAnError() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        for file in ["/proc/x.npz", "/proc/x.npy", "/proc/x.csv"] {
            let error = #expect(throws: (any Error).self) {
                try RunExport(run).write(file.hasSuffix("y") ? ["epochs"] : [], to: file)
            }
            #expect(error.map { "\($0)" }?.hasPrefix("\(file)") == true, "\(String(describing: error))")
        }
    }
}
