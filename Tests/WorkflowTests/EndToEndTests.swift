import Foundation
import Randomness
import RunStore
import Testing

/// A small study from one end to the other, and what becomes of it when it is interrupted, killed or short of room.
struct EndToEndTests {
    static func files(_ directory: String) throws -> [String: String] {
        let lines = try Program.run("/usr/bin/find", [directory, "-type", "f", "-printf", "%P %i\\n"], in: "/").out
        return Dictionary(
            lines.split(separator: "\n").map { line in
                let parts = line.split(separator: " ")
                return (String(parts[0]), String(parts[1]))
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test func aSecondRunDoesNothing() throws {
        let directory = try Tiny.directory.get()
        let results = try Self.files(directory + "/results/tiny")
        #expect(Set(results.keys).isSuperset(of: ["report.html", "runs.csv", "frontier.json", "figures/frontier.csv"]))
        let runs = try Self.files(directory + "/runs")
        #expect(runs.keys.filter { !$0.hasSuffix(".h5") } == ["tiny.plan.json"])
        let ending = try Program.assay("run tiny.yaml", in: directory)
        #expect(ending.code == 0)
        #expect(ending.err == "12 runs, all fresh\n")
        #expect(ending.out == "results/tiny: fresh; look at results/tiny/report.html\n")
        #expect(try Self.files(directory + "/runs") == runs)
        #expect(try Self.files(directory + "/results/tiny") == results)
    }

    @Test func oneLineTrainsOnlyWhatDependsOnItAndKeepsTheOldFiles() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.path + "/runs", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Tiny.store(), toPath: scratch.path + "/runs/tiny")
        let before = try Self.files(scratch.path + "/runs/tiny")
        try Tiny.write(in: scratch.path, [("temperature: 4", "temperature: 3")])

        let refused = try Program.assay("train tiny.yaml --only SL/easy-ipc2/5/seed1", in: scratch.path)
        #expect(refused.code == 65)
        #expect(refused.err.contains("runs/tiny/SL/easy-ipc2/5/seed1.h5: this run was made by another study"))

        let ending = try Program.assay("run tiny.yaml -q", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        let after = try Self.files(scratch.path + "/runs/tiny")
        #expect(after.keys.sorted() == before.keys.sorted())
        for (name, node) in before { #expect((after[name] == node) == name.hasPrefix("HL/"), "\(name)") }
        let old = try Self.files(scratch.path + "/runs/tiny.superseded")
        #expect(Set(old.values) == Set(before.filter { $0.key.hasPrefix("SL/") }.values))
    }

    @Test(arguments: ["-j 1", "-j 3"]) func anyNumberOfJobsGivesTheSameBits(_ jobs: String) throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let ending = try Program.assay("run tiny.yaml -q \(jobs)", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(try Tiny.differences(scratch.path + "/runs/tiny", from: Tiny.store()) == "")
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        for threads in [1, 2, 3] {
            let line = "train tiny.yaml --only HL/full/5/seed1 -q --threads \(threads)"
            #expect(try Program.assay(line, in: scratch.path).code == 0)
            try FileManager.default.moveItem(
                atPath: scratch.path + "/runs/tiny", toPath: scratch.path + "/runs/\(threads)")
        }
        #expect(try Tiny.differences(scratch.path + "/runs/2", from: scratch.path + "/runs/1") == "")
        #expect(try Tiny.differences(scratch.path + "/runs/3", from: scratch.path + "/runs/1") == "")
    }

    @Test func theRulesOfAPlanWorkInMake() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let ending = try Program.shell(
            "assay plan tiny.yaml --format make > rules.mk && make -s -j2 -f rules.mk && make -s -f rules.mk",
            in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(ending.out.contains("HL/full/5/seed1: fresh\n"))
        #expect(try Tiny.differences(scratch.path + "/runs/tiny", from: Tiny.store()) == "")
    }

    // MARK: Killed

    /// The whole of `assay run` is killed at random moments, then runs to its end.
    @Test(arguments: 1...3) func aKilledStudyEndsAsIfItHadNotBeen(seed: Int) throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        var delays = RandomStream("killed study", seed: seed, purpose: "delay")
        for _ in 0..<4 {
            let running = try Program.start(["run", "tiny.yaml", "-j", "2", "-q"], in: scratch.path)
            usleep(UInt32(50_000 + 400_000 * delays.uniform()))
            kill(running.process.processIdentifier, SIGKILL)
            _ = try Program.finish(running)
        }
        let ending = try Program.assay("run tiny.yaml -j 2 -q", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(try Tiny.differences(scratch.path + "/runs/tiny", from: Tiny.store()) == "")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/runs").sorted()
                == ["tiny", "tiny.plan.json"])
    }

    /// One run is killed at random moments: the checkpoints that it had are there, and it goes on from them.
    @Test func aKilledRunKeepsItsCheckpoints() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let id = "HL/random-ipc2/5/seed1"
        var delays = RandomStream("killed run", seed: 1, purpose: "delay")
        var safe = 0
        for _ in 0..<8 {
            let running = try Program.start(["train", "tiny.yaml", "--only", id, "-q"], in: scratch.path)
            usleep(UInt32(40_000 + 120_000 * delays.uniform()))
            kill(running.process.processIdentifier, SIGKILL)
            _ = try Program.finish(running)
            let parts = try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/runs/tiny/\(id).partial")
            let isSealed = FileManager.default.fileExists(atPath: scratch.path + "/runs/tiny/\(id).h5")
            let found = isSealed ? 5 : parts?.count { $0.hasPrefix("part-") } ?? 0
            #expect(found >= safe)
            safe = found
        }
        #expect(try Program.assay("train tiny.yaml --only \(id) -q", in: scratch.path).code == 0)
        // What the last killed program had started may still be taking its parts away.
        let partial = scratch.path + "/runs/tiny/\(id).partial"
        for _ in 0..<200 where FileManager.default.fileExists(atPath: partial) { usleep(50_000) }
        let whole = scratch.path + "/whole/\(id).h5"
        try FileManager.default.createDirectory(
            atPath: (whole as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Tiny.store() + "/\(id).h5", toPath: whole)
        let differences = try Tiny.differences(scratch.path + "/runs/tiny", from: scratch.path + "/whole")
        #expect(differences == "", "\(differences)")
    }

    @Test func anInterruptedStudySaysSoAndGoesOn() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let running = try Program.start(["run", "tiny.yaml", "-j", "2", "-q"], in: scratch.path)
        while !FileManager.default.fileExists(atPath: scratch.path + "/runs/tiny/HL") { usleep(1000) }
        // As Ctrl-C does where the program leads a group of its own.
        if kill(-running.process.processIdentifier, SIGINT) != 0 { kill(running.process.processIdentifier, SIGINT) }
        let interrupted = try Program.finish(running)
        #expect(interrupted.code == 130, "\(interrupted.err)")
        #expect(interrupted.err.hasSuffix("assay: interrupted\n"))
        let ending = try Program.assay("run tiny.yaml -q", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(try Tiny.differences(scratch.path + "/runs/tiny", from: Tiny.store()) == "")
    }

    @Test func aSecondProgramWaitsForTheFirst() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let first = try Program.start(["run", "tiny.yaml", "-j", "1", "-q"], in: scratch.path)
        while !FileManager.default.fileExists(atPath: scratch.path + "/runs/tiny/HL") { usleep(1000) }
        let second = try Program.assay("run tiny.yaml", in: scratch.path)
        #expect(second.code == 0, "\(second.err)")
        #expect(second.err.contains("is training into runs/tiny: waiting for it\n12 runs, all fresh\n"))
        #expect(try Program.finish(first).code == 0)
        #expect(try Tiny.differences(scratch.path + "/runs/tiny", from: Tiny.store()) == "")
    }

    // MARK: No room, no right

    /// The limit on a file's size stands for a full disk: the parts of four checkpoints fit below it, that of the last does not.
    @Test func aFullDiskSaysHowManyCheckpointsAreSafe() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let train = "assay train tiny.yaml --only HL/full/5/seed1 -q"
        let full = try Program.shell("trap '' XFSZ; ulimit -f 1500; \(train)", in: scratch.path)
        #expect(full.code == 74)
        #expect(
            full.err == "assay: runs/tiny/HL/full/5/seed1.partial: File too large: 4 checkpoints are safe; "
                + "make room, then run again to go on from there\n")
        let study = try Program.shell(
            "trap '' XFSZ; ulimit -f 1500; assay run tiny.yaml --only HL/full/5/seed1 -q", in: scratch.path)
        #expect(study.code == 74)
        #expect(study.err.contains("4 checkpoints are safe"))
        #expect(study.err.contains("assay: 1 of 1 run was not trained: HL/full/5/seed1"))
        let listed = try Program.assay("runs runs/tiny --format csv", in: scratch.path)
        #expect(listed.out.contains("HL/full/5/seed1,HL,full,5,1,4,1000,"))
        #expect(listed.out.hasSuffix(",partial\n"))
        try damagedCheckpointsAreFoundAtOnce(in: scratch.path)
        #expect(try Program.shell(train, in: scratch.path).code == 0)
        #expect(try Program.assay("verify runs/tiny", in: scratch.path).code == 0)
    }

    /// An unfinished run with a damaged checkpoint, or a torn one, is not trained to an end that cannot be sealed.
    private func damagedCheckpointsAreFoundAtOnce(in folder: String) throws {
        let (id, copy) = ("HL/full/5/seed1", folder + "/copy")
        let partial = folder + "/runs/tiny/\(id).partial"
        for (name, breaking) in [
            ("damaged", "printf '\\377\\377\\377' | dd of=$part bs=1 seek=$(($(stat -c %s $part) / 2)) conv=notrunc"),
            ("truncated", "truncate -s -500 $part"),
        ] {
            let ending = try Program.shell(
                "mkdir \(copy) && cp -r runs tiny.yaml \(copy) && cd \(copy) && part=$(ls -d runs/tiny/\(id).partial/part-*1.h5)"
                    + " && \(breaking) 2> log; assay train tiny.yaml --only \(id) -q", in: folder)
            #expect(ending.code == 65, "\(name): \(ending.err)")
            #expect(ending.err.contains(name) && ending.err.contains("--force trains it anew"), "\(ending.err)")
            let anew = try Program.assay("train tiny.yaml --only \(id) -q --force", in: copy)
            #expect(anew.code == 0 && anew.err.contains("the run trained anew"), "\(anew.err)")
            #expect(FileManager.default.fileExists(atPath: copy + "/runs/tiny.superseded"))
            #expect(try RunFile(path: copy + "/runs/tiny/\(id)").verify().isSound)
            try FileManager.default.removeItem(atPath: copy)
        }
        #expect(FileManager.default.fileExists(atPath: partial))
    }

    @Test func whereNothingCanBeWrittenThePathIsNamed() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path, [("question:", "store: file/runs\nresults: file/results\nquestion:")])
        try "".write(toFile: scratch.path + "/file", atomically: true, encoding: .utf8)
        let run = try Program.assay("run tiny.yaml", in: scratch.path)
        #expect(run.code == 74)
        #expect(run.err.contains("assay: file"))
        let train = try Program.assay("train tiny.yaml --only HL/full/5/seed1", in: scratch.path)
        #expect(train.code == 74)
        #expect(train.err.contains("assay: file/runs"))

        try Tiny.write(in: scratch.path, [("question:", "store: \(Tiny.store())\nresults: file/results\nquestion:")])
        let results = try Program.assay("run tiny.yaml -q", in: scratch.path)
        #expect(results.code == 74)
        #expect(results.err.hasPrefix("assay: file/results/"))
    }

    @Test func aDamagedSourceTrainsNothing() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let id = "SL/random-ipc2/5/seed1"
        #expect(try Program.assay("run tiny.yaml -q --only HL/full/5/seed1", in: scratch.path).code == 0)
        let made = try Program.python("bad_runs.py", [Tiny.store() + "/HL/full/5/seed1.h5", scratch.path])
        #expect(made.code == 0, "\(made.err)")
        let source = scratch.path + "/runs/tiny/HL/full/5/seed1.h5"
        try FileManager.default.removeItem(atPath: source)
        #expect(try Program.assay("train tiny.yaml --only \(id)", in: scratch.path).code == 66)
        try FileManager.default.copyItem(atPath: scratch.path + "/damaged-last-logits.h5", toPath: source)
        let ending = try Program.assay("run tiny.yaml -q --only \(id)", in: scratch.path)
        #expect(ending.code == 65)
        #expect(ending.err.contains("runs/tiny/HL/full/5/seed1.h5, /logits, checkpoint 4: damaged"))
    }
}
