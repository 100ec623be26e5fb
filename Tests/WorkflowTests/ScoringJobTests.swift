import Foundation
import RunStore
import Scoring
import Synchronization
import Tables
import Testing

@testable import Workflow

@Suite struct ScoringJobTests {
    /// A foreign run of many rows, so that there are many blocks: chunks that cut rows, halves or floats.
    private func run(in scratch: borrowing Scratch, _ layout: String, rows: Int = 20_011) throws -> RunFile {
        let path = scratch.path + "/run.h5"
        let script = """
            import h5py, numpy as np, sys
            rng = np.random.default_rng(5)
            with h5py.File(sys.argv[1], "w") as f:
                f.attrs.update({"format": "assay-run", "version": 1, "id": "x", "subset": "full", "planned_epochs": 12.0})
                n = int(sys.argv[2])
                f["samples/id"], f["samples/label"] = np.arange(n)[::-1], rng.integers(0, 7, n)
                f["checkpoints/epoch"] = np.arange(13.0)
                f.create_dataset("logits", data=rng.normal(0, 3, (13, n, 7)), \(layout))
            """
        let ending = try Program.run("/usr/bin/python3", ["-c", script, path, "\(rows)"], in: scratch.path)
        try #require(ending.code == 0, "\(ending.err)")
        return try RunFile(path: path)
    }

    private static func requests() throws -> [ScoreRequest] {
        try ["el2n", "aum", "forgetting", "dual", "tdds", "cad-prune", "entropy"].map { name in
            try ScoreRequest(name, span: ["dual", "tdds", "cad-prune"].contains(name) ? 4 : nil)
        }
    }

    /// One pass over many scores, any number of threads: the bits of each score alone.
    @Test(arguments: [
        "dtype='<f4', chunks=(1, 1000, 7)", "dtype='<f2', chunks=(1, 777, 7)", "dtype='<f4'",
        "dtype='<f4', chunks=(1, 3000, 7), compression='gzip', compression_opts=1",
    ])
    func threadsAndCompanyChangeNoBit(layout: String) throws {
        let scratch = try Scratch()
        let run = try run(in: scratch, layout)
        let together = try ScoringJob([run], Self.requests()).values()
        var options = ScoringOptions()
        for threads in [2, 3] {
            options.threads = threads
            let parallel = try ScoringJob([run], Self.requests(), options: options).values()
            #expect(parallel == together)
        }
        for (index, request) in try Self.requests().enumerated() {
            #expect(try ScoringJob([run], [request]).values()[0] == together[index], "\(request.method)")
        }
    }

    /// CSV and HDF5 hold what the tables in memory hold; nothing is left beside them.
    @Test func filesHoldWhatTheTablesHold() throws {
        let scratch = try Scratch()
        let job = try ScoringJob([run(in: scratch, "dtype='<f2'")], Self.requests())
        let scores = SampleScores(job)
        let tables = try scores.tables()
        let folder = scratch.path + "/made here/deep"
        let paths = job.requests.enumerated().map { "\(folder)/\($1.method).\($0.isMultiple(of: 2) ? "csv" : "h5")" }
        var done: [Int] = []
        try scores.write(to: paths) { done.append($0) }
        #expect(done == done.sorted() && done.last == 20_011)
        for (path, table) in zip(paths, tables) {
            let file = try ScoreFile(path).candidates
            #expect(try file.ids.map { Double($0) } == table.numbers("sample_id"), "\(path)")
            #expect(try file.labels.map { Double($0) } == table.numbers("label"), "\(path)")
            #expect(try file.scores == table.numbers("score"), "\(path)")
            let sidecar = try JSON.parse(fileContents(path + ".json"))
            #expect(sidecar["samples"] == .integer(20_011) && sidecar["definition"]?.string?.isEmpty == false)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count == 2 * paths.count)
    }

    /// A NaN far into the run is named; no file of scores appears.
    @Test func nothingIsWrittenWhereALogitIsNoNumber() throws {
        let scratch = try Scratch()
        let run = try run(in: scratch, "dtype='<f4'")
        let script = "import h5py, sys; f = h5py.File(sys.argv[1], 'a'); f['logits'][7, 19_999, 3] = float('nan')"
        #expect(try Program.run("/usr/bin/python3", ["-c", script, run.path], in: "/").code == 0)
        var options = ScoringOptions()
        options.threads = 2
        let scores = SampleScores(try ScoringJob([run], [ScoreRequest("el2n")], options: options))
        let error = #expect(throws: RunStoreError.self) { try scores.write(to: [scratch.path + "/out.csv"]) }
        #expect(
            error?.description
                == "\(run.path), /logits, checkpoint 7, sample 19999: the value in column 3 is NaN, not a number to compute "
                + "with")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["run.h5"])
    }

    @Test func aGapInAWindowIsNamed() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.epochs = [0, 1, 2, 4, 5]
        let run = try example.write(in: scratch)
        let asked = try [ScoreRequest("cad-prune", span: 2, window: 2)]
        let error = #expect(throws: WorkflowError.self) { try ScoringJob([run], asked) }
        #expect(error?.description.contains("between the epochs 2 and 4 lie 2 epochs, elsewhere 1") == true)
        var options = ScoringOptions()
        options.allowUneven = true
        #expect(try ScoringJob([run], asked, options: options).values()[0].count == 4)
        #expect(try ScoringJob([run], [ScoreRequest("el2n")]).values()[0].count == 4)
    }

    /// A run scored against another's soft labels has the scores that it has with those as its own.
    @Test func softLabelsOfAnotherRunAreTaken() throws {
        let scratch = try Scratch()
        let script = """
            import h5py, numpy as np
            rng = np.random.default_rng(5)
            logits, q = rng.normal(0, 3, (2, 50, 4)).astype("<f4"), rng.dirichlet(np.ones(4), 50).astype("<f4")
            for name, has, first in (("hard", False, 0), ("soft", True, 0), ("other", True, 7)):
                with h5py.File(name + ".h5", "w") as f:
                    f.attrs.update({"format": "assay-run", "version": 1, "id": name, "subset": "full", "planned_epochs": 2.0})
                    f["samples/id"], f["samples/label"] = np.arange(first, first + 50), np.arange(50) % 4
                    f["checkpoints/epoch"], f["logits"] = np.arange(1.0, 3), logits
                    if has:
                        f["targets"] = q
                        f.attrs["temperature"] = 4.0
            """
        let ending = try Program.run("/usr/bin/python3", ["-c", script], in: scratch.path)
        try #require(ending.code == 0, "\(ending.err)")
        let runs = try ["hard", "soft", "other"].map { try RunFile(path: "\(scratch.path)/\($0).h5") }
        let request = try [ScoreRequest("el2n-sl", temperature: 1)]
        var options = ScoringOptions()
        options.targets = runs[1]
        let taken = try ScoringJob([runs[0]], request, options: options)
        #expect(try taken.values() == ScoringJob([runs[1]], request).values())
        #expect(try SampleScores(taken).sidecar(0)["targets_of"]?["id"]?.string == "soft")
        options.targets = runs[2]
        let error = #expect(throws: WorkflowError.self) {
            try ScoringJob([runs[0]], request, options: options).values()
        }
        #expect(error?.description.hasPrefix("\(runs[2].path): its samples are not those of \(runs[0].path)") == true)
        options.targets = runs[0]
        let bare = #expect(throws: WorkflowError.self) { try ScoringJob([runs[1]], request, options: options) }
        #expect(bare?.description == "\(runs[0].path): el2n-sl needs the soft labels in /targets, and the run has none")
    }

    @Test func whatARunLacksIsNamed() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        for (method, word) in [("grand", "/features"), ("el2n-sl", "/targets")] {
            let error = #expect(throws: WorkflowError.self) { try ScoringJob([run], [ScoreRequest(method)]) }
            #expect(error?.description.contains(word) == true && error?.exitCode == 65)
        }
        var bare = RunExample()
        bare.hasLogits = false
        bare.stored = .init(repeating: [0.5, 0.5, 0.5, 0.5], count: 6)
        let stored = try bare.write(in: scratch, "stored")
        let error = #expect(throws: WorkflowError.self) { try ScoringJob([stored], [ScoreRequest("aum")]) }
        #expect(
            error?.description
                == "\(stored.path): aum needs /logits or /scores/logit_margin, and the run has none of these")
    }

    /// The first block waits until three later ones are computed, by one other thread.
    @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1)) func aSlowBlockStopsNoOtherThread() throws {
        let later = DispatchSemaphore(value: 0)
        var seen: [Int] = []
        var waited: [DispatchTimeoutResult] = []
        try orderedBlocks(
            20, threads: 2, worker: { 0 },
            compute: { _, block in
                if block > 0 { later.signal() }
                return block == 0 ? (0..<3).map { _ in later.wait(timeout: .now() + 60) } : []
            },
            consume: { block, results in
                waited += results
                seen.append(block)
            })
        #expect(waited == [.success, .success, .success] && seen == Array(0..<20))
    }

    /// A run that anybody's h5py wrote carries no digests, and nobody has looked at its ids.
    @Test func repeatedSamplesAreRefused() throws {
        let scratch = try Scratch()
        let run = try run(in: scratch, "dtype='<f4'", rows: 40)
        func edit(_ line: String) throws {
            let script = "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f:\n    \(line)\n"
            let ending = try Program.run("/usr/bin/python3", ["-c", script, run.path], in: "/")
            #expect(ending.code == 0, "\(ending.err)")
        }
        try edit("f['samples/id'][7] = f['samples/id'][3]")
        let changed = try RunFile(path: run.path)
        #expect(!changed.hasDigests)
        let error = #expect(throws: RunStoreError.self) { try ScoringJob([changed], [ScoreRequest("el2n")]) }
        #expect(error?.description.contains("/samples/id, sample 7: the id ") == true, "\(String(describing: error))")
    }

    @Test func anErrorOfConsumingEndsAllThreads() throws {
        struct Fault: Error {}
        for threads in [2, 5] {
            var seen: [Int] = []
            #expect(throws: Fault.self) {
                try orderedBlocks(10_000, threads: threads, worker: { 0 }, compute: { _, block in block }) { block, _ in
                    if block == 20 { throw Fault() }
                    seen.append(block)
                }
            }
            #expect(seen == Array(0..<20))
        }
    }

    /// However slow the first block is, no more than a few results wait for it.
    @Test func resultsThatWaitAreBounded() throws {
        let begun = Mutex<[Int]>([])
        var first = 0
        try orderedBlocks(
            1000, threads: 4, worker: { 0 },
            compute: { _, block in
                begun.withLock { $0.append(block) }
                if block == 0 { usleep(100_000) }
                return block
            },
            consume: { block, _ in if block == 0 { first = begun.withLock { $0.count } } })
        #expect(first <= 6, "\(first) blocks were begun before the first was consumed")
    }

    @Test func blocksComeInOrderAndTheFirstErrorIsThrown() throws {
        struct Fault: Error, Equatable { var block: Int }
        for threads in [1, 2, 5] {
            var seen: [Int] = []
            try orderedBlocks(100, threads: threads, worker: { 0 }, compute: { _, block in block * block }) {
                block, value in
                #expect(value == block * block)
                seen.append(block)
            }
            #expect(seen == Array(0..<100))
            seen = []
            let fault = #expect(throws: Fault.self) {
                try orderedBlocks(
                    100, threads: threads, worker: { 0 },
                    compute: { _, block in if block >= 40 { throw Fault(block: block) } }
                ) { block, _ in seen.append(block) }
            }
            #expect(fault == Fault(block: 40) && seen == Array(0..<40))
        }
    }
}
