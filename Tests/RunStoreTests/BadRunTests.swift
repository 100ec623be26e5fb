import Foundation
import Testing

@testable import RunStore

/// Every bad file gets the sentence that a user needs, and its name.
@Suite struct BadRunTests {
    /// The directory with all bad files, made once.
    static let directory: String = {
        let path =
            FileManager.default.temporaryDirectory.path + "/assay-bad-\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/make_bad_runs.py"
        atexit { try? FileManager.default.removeItem(atPath: BadRunTests.directory) }
        _ = try? python("import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0])", script, path)
        return path
    }()

    /// What opening says after the file's path.
    static let opening: [(file: String, message: String)] = [
        (
            "bad-absent",
            ": no such run (neither a file, nor with the ending .h5, nor unfinished with the ending .partial)"
        ),
        ("bad-text", ": not an HDF5 file, and so not a run"),
        ("bad-empty", ": not an HDF5 file, and so not a run"),
        ("bad-not-a-run", ": HDF5, but not a run: the attribute 'format' is missing, expected \"assay-run\""),
        ("bad-other-format", ": HDF5, but not a run: the attribute 'format' is \"keras\", expected \"assay-run\""),
        ("bad-future-version", ": version 2 of the run store; this Assay reads version 1. Use a newer Assay"),
        ("bad-no-id", ": the attribute 'id' is missing"),
        ("bad-seed", ": the attribute 'seed' is one, expected an integer"),
        ("bad-negative-classes", ": the attribute 'classes' is -1, expected 1 or more"),
        ("bad-no-epochs", ", /checkpoints/epoch: the dataset is missing"),
        (
            "bad-nothing-recorded",
            ": nothing is recorded: neither a metric in /checkpoints, nor /logits, nor /scores"
        ),
        ("bad-order", ", /checkpoints/epoch, checkpoint 2: checkpoints must increase, but 2.0 follows 3.0"),
        ("bad-nan-epoch", ", /checkpoints/epoch, checkpoint 1: checkpoints must increase, but nan follows 1.0"),
        (
            "bad-samples-seen",
            ", /checkpoints/samples_seen, checkpoint 2: checkpoints must increase, but 20.0 follows 30.0"
        ),
        ("bad-metric-shape", ", /checkpoints/train_loss: the shape is [4], expected [E] = [3]"),
        ("bad-labels", ", /samples/label: the shape is [5], expected [N] = [6]"),
        ("bad-logits-rank", ", /logits: the shape is [6, 4], expected [E, N, C] = [3, 6, any]"),
        ("bad-logits-checkpoints", ", /logits: the shape is [2, 6, 4], expected [E, N, C] = [3, 6, any]"),
        ("bad-logits-samples", ", /logits: the shape is [3, 8, 4], expected [E, N, C] = [3, 6, any]"),
        ("bad-classes", ", /logits: the shape is [3, 6, 4], expected [E, N, C] = [3, 6, 10]"),
        ("bad-no-samples", ", /logits: /samples/id and /samples/label are required beside it"),
        ("bad-score-shape", ", /scores/el2n: the shape is [3, 7], expected [E, N] = [3, 6]"),
        ("bad-targets", ", /targets: the shape is [6, 5], expected [N, C] = [6, 4]"),
        ("bad-strings", ", /logits: the elements are string, expected floats"),
        (
            "bad-external-link",
            ": '/logits': it is a link to another file; copy the data in"
        ),
    ]

    @Test(arguments: opening) func openingNamesTheFault(file: String, message: String) throws {
        let path = Self.directory + "/" + file + (file == "bad-absent" ? "" : ".h5")
        let error = #expect(throws: RunStoreError.self) { try RunFile(path: path) }
        #expect(error?.description == path + message)
        #expect(error?.exitCode == (file == "bad-absent" ? 66 : 65))
    }

    @Test func whatIsNoFileIsNoRun() throws {
        let pipe = Self.directory + "/pipe"
        mkfifo(pipe, 0o600)
        let directory = #expect(throws: RunStoreError.self) { try RunFile(path: Self.directory) }
        #expect(directory?.fault == .directory && directory?.exitCode == 66)
        #expect(directory?.reason.hasPrefix("a directory, and no run: name one of the runs in it") == true)
        let special = #expect(throws: RunStoreError.self) { try RunFile(path: pipe) }
        #expect(special?.fault == .notAFile && special?.exitCode == 66)
        #expect(special?.reason.hasPrefix("neither a file nor an unfinished run") == true)
    }

    /// What reading the logits of all checkpoints says after the file's path.
    static let reading: [(file: String, message: String)] = [
        ("bad-nan", ", /logits, checkpoint 1, sample 4: the value in column 2 is NaN, not a number to compute with"),
        ("bad-missing-chunk", ": '/logits': 1 of its 3 chunks are missing"),
        ("bad-never-written", ": '/logits': it declares [3, 6, 4] × float32 = 288 bytes, but only 0 are stored"),
        (
            "bad-virtual",
            ": '/logits': it is a virtual dataset, whose lost parts would read as zeros; copy the data in with h5repack"
        ),
        ("bad-external-storage", ": '/logits': its data lie in another file; copy them in with h5repack"),
        (
            "bad-huge",
            ": '/logits': 301989888 of its 301989888 chunks are missing"
        ),
    ]

    @Test(arguments: reading) func readingNamesTheFault(file: String, message: String) throws {
        let path = Self.directory + "/" + file + ".h5"
        let run = try RunFile(path: path)
        let error = #expect(throws: RunStoreError.self) {
            for checkpoint in 0..<run.checkpointCount { try run.forEachLogitBlock(checkpoint: checkpoint) { _, _ in } }
        }
        #expect(error?.description == path + message)
        #expect(error?.exitCode == 65)
        #expect(run.verify().problems.map(\.description).contains(path + message))
    }

    @Test func truncationIsNamed() throws {
        let path = Self.directory + "/bad-truncated.h5"
        let error = #expect(throws: RunStoreError.self) { try RunFile(path: path) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix(path + ": the file is truncated (eof = "), "\(text)")
        #expect(text.hasSuffix("); copy it again, or make it anew"), "\(text)")
    }

    @Test func unknownFilterIsNamed() throws {
        let path = Self.directory + "/bad-filter.h5"
        let run = try RunFile(path: path)
        let error = #expect(throws: RunStoreError.self) { try run.logits(checkpoint: 0) }
        #expect(
            error?.description == path + ": '/logits': it is packed with filter 32000 (lzf), which this build of HDF5 "
                + "lacks; where that filter is installed, run 'h5repack -f NONE \(path) unpacked.h5'")
    }

    @Test func labelBeyondTheClassesIsNamed() throws {
        let path = Self.directory + "/bad-label-range.h5"
        let run = try RunFile(path: path)
        let error = #expect(throws: RunStoreError.self) { try run.samples() }
        #expect(error?.description == path + ", /samples/label, sample 4: the label is 4, expected 0…3")
    }

    /// More classes than labels can number: 2⁶².
    @Test func labelThatFitsNoLabelIsNamed() throws {
        let path = Self.directory + "/bad-label-beyond-int32.h5"
        let run = try RunFile(path: path)
        let error = #expect(throws: RunStoreError.self) { try run.samples() }
        #expect(
            error?.description == path + ", /samples/label, sample 4: the label is 1099511627776, expected 0…2147483647"
        )
        #expect(error?.exitCode == 65)
    }

    @Test func nonFiniteLogitsAreCounted() throws {
        let run = try RunFile(path: Self.directory + "/bad-nan.h5")
        let clean = try run.nonFiniteLogits(checkpoint: 0)
        #expect(clean.count == 0 && clean.firstSample == nil)
        let dirty = try run.nonFiniteLogits(checkpoint: 1)
        #expect(dirty.count == 2 && dirty.firstSample == 4)
        #expect(try run.logits(checkpoint: 1).values[18].isNaN)
    }

    @Test func unknownMetricListsTheKnownOnes() throws {
        let run = try RunFile(path: Self.directory + "/good.h5")
        let error = #expect(throws: RunStoreError.self) { try run.metric("test_acc") }
        #expect(error?.description == run.path + ": no metric 'test_acc'; this run has test_error")
    }

    @Test func missingPartIsNamed() throws {
        let scratch = try Scratch()
        var writer = try RunWriter(path: scratch.path + "/r.h5", header: Example.header(), resuming: false)
        for index in 0..<3 { try writer.append(Example.checkpoint(index), state: nil) }
        try FileManager.default.removeItem(atPath: scratch.path + "/r.partial/part-000001.h5")
        let error = #expect(throws: RunStoreError.self) { try RunFile(path: scratch.path + "/r") }
        #expect(
            error?.description == scratch.path
                + "/r.partial: part 1 of 3 is missing: the run's checkpoints are not complete")
    }

    @Test func fileThatIsBeingWrittenIsNamed() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/open.h5"
        // Python holds the file open for writing while Assay tries to read it; this library writes the error number.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "-c", "import h5py, sys; f = h5py.File(sys.argv[1], 'w'); print('open', flush=True); sys.stdin.read()",
            path,
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(!output.fileHandleForReading.availableData.isEmpty)
        let error = #expect(throws: RunStoreError.self) { try RunFile(path: path) }
        #expect(
            error?.description == path + ": cannot lock the file (errno 11): another program may be writing it; where "
                + "the file system knows no locks (Lustre, NFS), set HDF5_USE_FILE_LOCKING=FALSE in the environment")
        #expect(error?.exitCode == 74)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
