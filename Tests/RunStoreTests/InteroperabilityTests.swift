import Foundation
import Records
import Testing

@testable import RunStore

/// h5py writes what Assay reads, and reads what Assay writes.
@Suite struct InteroperabilityTests {
    @Test(arguments: ["float16", "float32", "float64", ">f4"]) func tenLinesOfPythonWriteARun(type: String) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/mine.h5"
        try python(
            """
            import sys, h5py, numpy as np
            with h5py.File(sys.argv[1], "w") as f:
                f.attrs.update({"format": "assay-run", "version": 1, "id": "mine", "regime": "HL", "ipc": np.int16(2),
                    "budget": 3, "seed": np.array([7]), "subset": np.bytes_("easy"), "lab": "mine", "flag": True})
                f["checkpoints/epoch"] = np.arange(1, 4)
                f["checkpoints/test_error"] = np.array([0.75, 0.5, 0.25], dtype=np.float32)
                f["samples/id"] = np.arange(6, dtype=np.uint16)
                f["samples/label"] = np.array([0, 1, 2] * 2, dtype=np.int8)
                f["samples/name"] = np.array([b"a", b"bc", b"", b"d", b"e", b"f"], dtype="S4")
                logits = (np.arange(54).reshape(3, 6, 3) / 8).astype(sys.argv[2])
                f.create_dataset("logits", data=logits, compression="gzip", chunks=(2, 4, 2), shuffle=True)
                f["scores/correct"] = np.ones((3, 6), dtype=bool)
                f["my/own"] = h5py.Empty("f4")
            """, path, type)
        let run = try RunFile(path: path)
        #expect(run.description.id == "mine")
        #expect(run.description.regime == "HL")
        #expect(run.description.subset == "easy")
        #expect(run.description.ipc == 2)
        #expect(run.description.budget == 3)
        #expect(run.description.seed == 7)
        #expect(run.extraAttributes == ["lab": "mine", "flag": "1"])
        #expect(run.epochs == [1, 2, 3])
        #expect(try run.metric("test_error") == [0.75, 0.5, 0.25])
        #expect(
            try run.samples()
                == Samples(
                    ids: [0, 1, 2, 3, 4, 5], labels: [0, 1, 2, 0, 1, 2], names: ["a", "bc", "", "d", "e", "f"]))
        #expect(try run.logits(checkpoint: 2).values == (36..<54).map { Float($0) / 8 })
        #expect(try run.score("correct", checkpoint: 1) == [1, 1, 1, 1, 1, 1])
        let verification = run.verify()
        #expect(verification.isSound && !verification.hasDigests && verification.digestCount == 0)
        #expect(try run.datasets().first { $0.path == "/logits" }?.filters == ["shuffle", "deflate"])
    }

    /// Python recomputes every digest from the documented rules and prints what it reads.
    @Test(arguments: StoredPrecision.allCases) func pythonReadsARunOfOurs(precision: StoredPrecision) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/ours.h5"
        try Example.write(path, header: Example.header(precision: precision))
        let output = try python(
            """
            import hashlib, struct, sys
            import h5py, numpy as np
            f = h5py.File(sys.argv[1], "r")
            a = f.attrs
            print(a["format"], a["version"], a["id"], a["budget"], a["seed"], a["study"])
            print(f["logits"].dtype, f["logits"].shape, f["logits"][2, 1].tolist(), f["logits"].compression)
            print(f["samples/name"].asstr()[3], f["samples/id"].dtype, f["samples/label"].dtype)
            print(f["test/logits"].dtype, f["targets"].dtype, f["weights/3/fc/weight"][1].tolist(), "state" in f)

            def line(name, v):
                if isinstance(v, str): return f"{name}=s{len(v.encode())}:{v}\\n"
                if isinstance(v, (int, np.integer)): return f"{name}=i:{v}\\n"
                return f"{name}=f:{struct.pack('>d', v).hex()}\\n"
            text = "".join(line(k, a[k]) for k in sorted(a) if k != "attributes_sha256")
            assert hashlib.sha256(text.encode()).hexdigest() == a["attributes_sha256"]

            count = 0
            def check(name, d):
                global count
                if not isinstance(d, h5py.Dataset): return
                sha = lambda x: hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()
                if name == "samples/name":
                    expected = hashlib.sha256(b"".join(s + b"\\0" for s in d[...])).hexdigest()
                elif name == "logits" or name.split("/")[0] in ("checkpoints", "scores"):
                    expected = [sha(row) for row in d[...]]
                else:
                    expected = sha(d[...])
                found = d.attrs["sha256"]
                assert (found if isinstance(found, str) else list(found)) == expected, name
                count += 1
            f.visititems(check)
            print(count, "digests")
            """, path)
        #expect(
            output == """
                assay-run 1 HL/random-ipc7/mid/seed1 0.1 1 {"text":"ünï"}
                \(precision.rawValue) (4, 37, 5) [-3.0, -2.5625, -2.125, -1.6875, -1.25] None
                bild-3-ä int64 int32
                \(precision.rawValue) \(precision.rawValue) [6.0, 7.0, 8.0] False
                18 digests

                """)
        #expect(try RunFile(path: path).verify().isSound)
    }

    @Test(arguments: ["del f['logits']", "del f['checkpoints/test_error']", "f['notes'] = [1]"])
    func datasetsThatComeOrGoAreNoticed(change: String) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/ours.h5"
        try Example.write(path)
        #expect(try RunFile(path: path).verify().isSound)
        try python("import h5py, sys; f = h5py.File(sys.argv[1], 'a'); \(change)", path)
        let problems = try RunFile(path: path).verify().problems.map(\.description)
        #expect(
            problems.contains { $0.hasPrefix("\(path): it was sealed with other datasets than the ") }, "\(problems)")
    }

    @Test(arguments: [
        ("f['logits'][2, 30, 1] += 1", "/logits, checkpoint 2"),
        ("f['checkpoints/test_error'][1] = 0", "/checkpoints/test_error, checkpoint 1"),
        ("f['samples/label'][3] = 1", "/samples/label"),
        ("f['samples/name'][3] = 'x'", "/samples/name"),
        ("f['weights/3/fc/bias'][0] = 9", "/weights/3/fc/bias"),
        ("f.attrs['seed'] = 2", "the root attributes"),
    ]) func damageIsNamed(change: String, place: String) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/ours.h5"
        try Example.write(path)
        #expect(try RunFile(path: path).verify().digestCount == 4 * 7 + 11)
        try python("import h5py, sys; f = h5py.File(sys.argv[1], 'a'); \(change)", path)
        let problems = try RunFile(path: path).verify().problems.map(\.description)
        #expect(
            problems == ["\(path), \(place): damaged: the values do not have the digest that was written with them"])
    }
}
