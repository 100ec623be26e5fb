import Foundation
import RunStore
import Tables
import Testing

@testable import Workflow

/// `assay dcs` on the store of the tiny study: five sets in two regimes, one of them also at a smaller budget.
@Suite struct SetTableTests {
    private static let sets = ["cad-ipc5", "easy-ipc2", "easy-ipc5", "random-ipc2", "random-ipc5"]

    /// A copy of the store and its study, since tables and ledgers stand in the store.
    private static func copy(in scratch: borrowing Scratch) throws {
        try Tiny.write(in: scratch.path)
        let runs = scratch.path + "/runs"
        try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Tiny.store(), toPath: runs + "/tiny")
    }

    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aStoreBecomesATableAndEqualRunsEqualBytes() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let path = scratch.path + "/runs/tiny/dcs-table.csv"
        let ending = try Program.assay("dcs runs/tiny", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(ending.err == "assay: runs/tiny/dcs-table.csv: 5 sets, 11 rows, 11 new\n")
        let first = try Self.text(path)
        let table = try DistillationTable.read(path).table
        #expect(Set(try table.texts("set")) == Set(Self.sets))
        #expect(Set(try table.texts("family")) == ["random", "easy", "cad"])
        #expect(Set(try table.texts("parent")) == ["cad-prune ranking", "el2n ranking", "random-ipc2", "random-ipc5"])
        #expect(try Set(table.numbers("ipc")) == [2, 5])
        #expect(try Set(table.numbers("n")) == [1])
        // As `assay runs` has them.
        let runs = try runTable(store: scratch.path + "/runs/tiny")
        let errors = Set(try runs.numbers("test_error"))
        #expect(try table.numbers("test_error").allSatisfy(errors.contains))
        #expect(try Program.assay("dcs runs/tiny", in: scratch.path).err.hasSuffix("11 rows, 0 new\n"))
        #expect(try Self.text(path) == first)
        let about = try JSON.parse(Self.text(path + ".json"))
        #expect(about["sha256"]?.string == sha256(first))
    }

    @Test func rowsOutliveTheirRunsAndNewRunsExtend() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let store = scratch.path + "/runs/tiny"
        try FileManager.default.moveItem(atPath: store + "/SL", toPath: scratch.path + "/SL")
        #expect(try DistillationTable.update(store: store, heldOut: ["easy"]).added == 6)
        try FileManager.default.moveItem(atPath: scratch.path + "/SL", toPath: store + "/SL")
        let extended = try DistillationTable.update(store: store)
        #expect(extended.added == 5 && extended.table.table.rowCount == 11)
        let (sets, split) = (try extended.table.table.texts("set"), try extended.table.table.texts("split"))
        // What was held out stays so; rows of new runs are public until said otherwise.
        #expect(sets.indices.count { split[$0] == "held-out" } == 2)
        try FileManager.default.removeItem(atPath: store + "/HL")
        let kept = try DistillationTable.update(store: store)
        #expect(kept.added == 0 && kept.table.table == extended.table.table)
        #expect(throws: TableError.self) { try DistillationTable.update(store: store, heldOut: ["eazy"]) }
    }

    @Test func aTableIsEnoughAndALedgerCounts() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        _ = try Program.assay("dcs runs/tiny", in: scratch.path)
        try FileManager.default.removeItem(atPath: scratch.path + "/runs/tiny/HL")
        try "set,mine\n\(Self.sets.enumerated().map { "\($1),\($0)\n" }.joined())".write(
            toFile: scratch.path + "/my.csv", atomically: true, encoding: .utf8)
        let line =
            "dcs runs/tiny/dcs-table.csv --losses my.csv --error test_error --adjust-for ipc --adjust partial "
            + "--resamples 99 --json"
        let ending = try Program.assay(line, in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        let json = try JSON.parse(ending.out)
        #expect(json["format"] == "assay-dcs" && json["tried"] == 1)
        let objectives = json["objectives"]?.items ?? []
        #expect(objectives.count == 2)  // regimes are separate questions; at the small budget there is one set
        #expect(ending.err.hasPrefix("assay: left out, fewer than 3 sets: HL 0.5 (regime budget)\n"), "\(ending.err)")
        let hard = try #require(
            objectives.first { $0["group"]?["regime"] == "HL" && $0["group"]?["budget"] == "5" })
        #expect(hard["m"] == 5 && hard["rho"]?.double != nil && hard["error"] == "test_error")
        let ledger = scratch.path + "/runs/tiny/dcs-ledger.csv"
        let first = try Self.text(ledger)
        #expect(try Program.assay(line, in: scratch.path).out == ending.out)
        #expect(try Self.text(ledger) == first)
        try "set,other\n\(Self.sets.enumerated().map { "\($1),\($0 * $0)\n" }.joined())".write(
            toFile: scratch.path + "/my.csv", atomically: true, encoding: .utf8)
        let second = try JSON.parse(Program.assay(line, in: scratch.path).out)
        #expect(second["tried"] == 2)
        for objective in second["objectives"]?.items ?? [] {
            guard let p = objective["p_value"]?.double else { continue }
            #expect(objective["p_tried"]?.double == min(1, 2 * p))
        }
        // The table's seal remembers what a lost ledger does not say, and stays the table's.
        try FileManager.default.removeItem(atPath: ledger)
        for _ in 0..<2 {
            let lost = try Program.assay(line, in: scratch.path)
            #expect(lost.err.contains("2 losses were evaluated on this table that it does not list"), "\(lost.err)")
            #expect(try JSON.parse(lost.out)["tried"] == 3)
        }
        try "{".write(toFile: scratch.path + "/runs/tiny/dcs-table.csv.json", atomically: true, encoding: .utf8)
        let damaged = try Program.assay(line, in: scratch.path)
        #expect(damaged.code == 65 && damaged.err.contains("the seal of runs/tiny/dcs-table.csv is damaged"))
    }

    /// Images under a new name are no second point beside the kept row of the old one.
    @Test func aKeptRowKnowsItsTwin() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let store = scratch.path + "/runs/tiny"
        var older = try DistillationTable.update(store: store).table.table
        let names = try older.texts("set").map { $0 == "easy-ipc2" ? "old-ipc2" : $0 }
        older.columns.removeAll { $0.name == "set" }
        older.columns.append(Column("set", names))
        let table = try DistillationTable(StoredSet.all(in: Store(store)), older: older, heldOut: [])
        let (sets, same) = (try table.table.texts("set"), try table.table.texts("same_as"))
        #expect(sets.contains("easy-ipc2") && sets.contains("old-ipc2"))
        #expect(sets.indices.allSatisfy { same[$0] == (sets[$0] == "old-ipc2" ? "easy-ipc2" : "") }, "\(same)")
    }

    @Test func badLossesAreNamedAndTheOthersGoOn() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        try """
        set,a,b
        cad-ipc5,1,1
        easy-ipc2,2,x
        easy-ipc5,3,3
        easy-ipc5,4,4
        random-ipc2,5,5
        random-ipc55,6,6

        """.write(toFile: scratch.path + "/bad.csv", atomically: true, encoding: .utf8)
        let ending = try Program.assay(
            "dcs runs/tiny --losses bad.csv --error test_error --resamples 99 --cluster none --json", in: scratch.path)
        #expect(ending.code == 1)
        for sentence in [
            "bad.csv: set 'easy-ipc5' stands 2 times (lines 4, 5); 'a' leaves it out",
            "bad.csv: 'a' has no loss for 1 of the sets: random-ipc5",
            "bad.csv:3: 'x' in column 'b' is no finite number",
            "bad.csv: set 'random-ipc55' is not in the table (did you mean 'random-ipc5'?)",
        ] { #expect(ending.err.contains("assay: " + sentence + "\n"), "\(ending.err)") }
        #expect(try JSON.parse(ending.out)["objectives"]?.items?.isEmpty == false)
    }

    /// It would take the place of the size, or of the error itself.
    @Test func aLossThatIsCalledAsAColumnIsRefused() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        try "set,ipc,mine\neasy-ipc2,7,1\neasy-ipc5,7,2\nrandom-ipc2,7,3\nrandom-ipc5,7,4\ncad-ipc5,7,5\n".write(
            toFile: scratch.path + "/own.csv", atomically: true, encoding: .utf8)
        let refused = try Program.assay("dcs runs/tiny --losses own.csv", in: scratch.path)
        #expect(refused.code == 65 && refused.err.contains("'ipc' is a column of the table of sets"), "\(refused.err)")
        let named = try Program.assay("dcs runs/tiny --losses own.csv --loss mine --cluster none", in: scratch.path)
        #expect(named.code != 65 && !named.err.contains("is a column of the table"), "\(named.err)")
    }

    @Test func aTableThatWasChangedIsRefused() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let path = scratch.path + "/runs/tiny/dcs-table.csv"
        _ = try Program.assay("dcs runs/tiny", in: scratch.path)
        try Self.text(path).replacingOccurrences(of: "easy-ipc2", with: "easy-ipc3").write(
            toFile: path, atomically: true, encoding: .utf8)
        for target in ["runs/tiny", "runs/tiny/dcs-table.csv"] {
            let ending = try Program.assay("dcs \(target)", in: scratch.path)
            #expect(ending.code == 65 && ending.err.contains("one of them was changed"), "\(ending.err)")
        }
    }

    /// The seal of a new table is written first: an end in between leaves the old table under a seal that names it, too.
    @Test func tableAndSealAgreeAtAnyMoment() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let store = scratch.path + "/runs/tiny"
        let path = store + "/dcs-table.csv"
        _ = try DistillationTable.update(store: store)
        let old = try Self.text(path)
        _ = try DistillationTable.update(store: store, heldOut: ["easy"])
        try old.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try DistillationTable.read(path).table.texts("split").allSatisfy { $0 == "public" })
        _ = try DistillationTable.update(store: store, heldOut: ["cad"])
        #expect(try JSON.parse(Self.text(path + ".json"))["replaces"]?.string == sha256(old))
        try (old + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: WorkflowError.self) { try DistillationTable.read(path) }
    }

    /// Several at once, each with a change of its own, and readers: nothing is lost, nothing is refused.
    @Test func severalUpdatesAtOnceKeepAll() async throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let store = scratch.path + "/runs/tiny"
        _ = try DistillationTable.update(store: store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in Self.sets {
                group.addTask { _ = try DistillationTable.update(store: store, heldOut: [name]) }
                group.addTask { _ = try DistillationTable.read(store + "/dcs-table.csv") }
            }
            try await group.waitForAll()
        }
        #expect(
            try DistillationTable.read(store + "/dcs-table.csv").table.texts("split").allSatisfy { $0 == "held-out" })
    }

    @Test func aTableWithoutItsSealSaysSo() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        _ = try Program.assay("dcs runs/tiny", in: scratch.path)
        #expect(try !Program.assay("dcs runs/tiny/dcs-table.csv", in: scratch.path).err.contains("no seal"))
        try FileManager.default.copyItem(
            atPath: scratch.path + "/runs/tiny/dcs-table.csv", toPath: scratch.path + "/t.csv")
        let ending = try Program.assay("dcs t.csv", in: scratch.path)
        #expect(
            ending.code == 0 && ending.err.hasPrefix("assay: t.csv: no seal t.csv.json beside it: "), "\(ending.err)")
    }

    /// Ctrl-C twice, or the end of the terminal: programs end with their children, one in a session of its own included.
    @Test(arguments: [[SIGINT, SIGINT], [SIGHUP]])
    func noProgramOutlivesAnInterruption(signals: [Int32]) throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        try """
        setsid sh -c 'echo $$ > \(scratch.path)/own; sleep 600' &
        sleep 600 &
        echo $! > \(scratch.path)/child.part; mv \(scratch.path)/child.part \(scratch.path)/child
        wait

        """.write(toFile: scratch.path + "/loss.sh", atomically: true, encoding: .utf8)
        let running = try Program.start(
            ["dcs", "tiny.yaml", "--objective-command", "sh loss.sh", "--time-limit", "60"], in: scratch.path)
        let files = ["own", "child"].map { scratch.path + "/" + $0 }
        while running.process.isRunning, !files.allSatisfy({ FileManager.default.fileExists(atPath: $0) }) {
            usleep(2_000)
        }
        usleep(20_000)  // the number is written just after the file is made
        for signal in signals { kill(running.process.processIdentifier, signal) }
        #expect(try Program.finish(running).code == 130)
        for file in files {
            let number = try Self.text(file).trimmingCharacters(in: .whitespacesAndNewlines)
            let state = (try? Self.text("/proc/\(number)/stat"))?.split(separator: " ").dropFirst(2).first
            #expect(!number.isEmpty && (state == nil || state == "Z"), "\(file) \(number)")
        }
    }

    @Test func lossesOfOneFileCanBeChosen() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        try "set,a,b\n\(Self.sets.enumerated().map { "\($1),\($0),\($0 * $0 % 3)\n" }.joined())".write(
            toFile: scratch.path + "/my.csv", atomically: true, encoding: .utf8)
        let ending = try Program.assay(
            "dcs runs/tiny --losses my.csv --loss b --cluster none --adjust partial --resamples 99 --json",
            in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        let objectives = try JSON.parse(ending.out)["objectives"]?.items ?? []
        #expect(!objectives.isEmpty && objectives.allSatisfy { $0["objective"] == "b" })
        #expect(try Program.assay(["dcs", "tiny.yaml", "--objective-command", " "], in: scratch.path).code == 64)
        // A loss that does not vary is no answer.
        try "set,a\n\(Self.sets.map { "\($0),1\n" }.joined())".write(
            toFile: scratch.path + "/my.csv", atomically: true, encoding: .utf8)
        let constant = try Program.assay("dcs runs/tiny --losses my.csv --resamples 99", in: scratch.path)
        #expect(constant.code == 1 && constant.out.contains("a: the loss is the same for all 5 sets"), "\(constant)")
    }

    @Test func aProgramIsAskedOncePerSet() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        let arguments = [
            "dcs", "tiny.yaml", "--objective-command", "/usr/bin/python3 \(Program.fixtures)/loss_of_set.py", "-j", "2",
            "--error", "test_error", "--adjust", "partial", "--resamples", "99", "--figures", "out", "--json",
        ]
        let ending = try Program.assay(arguments, in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(ending.err.contains("loss_of_set: 5 sets of images, 2 at a time"), "\(ending.err)")
        #expect(try JSON.parse(ending.out)["objectives"]?[0]?["seconds_per_set"]?.double ?? 0 > 0)
        let again = try Program.assay(arguments, in: scratch.path)
        #expect(again.out == ending.out && !again.err.contains("at a time"), "\(again.err)")
        for file in ["leaderboard.csv", "dcs.json", "sets.csv", "scatter-loss_of_set.csv"] {
            #expect(FileManager.default.fileExists(atPath: scratch.path + "/out/" + file))
        }
        let folder = scratch.path + "/runs/tiny/dcs-objectives"
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(kept.count == 1)
        let remarks = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(kept[0])").filter {
            $0.hasPrefix("easy-ipc2-seed1-") && $0.hasSuffix(".stderr")
        }
        #expect(try remarks.map { try Self.text("\(folder)/\(kept[0])/\($0)") } == ["a remark\n"])
    }

    /// One fails, one hangs with a child of its own, one prints words; two are fine.
    @Test func programsThatFailAreNamedAndEndWithTheirChildren() throws {
        let scratch = try Scratch()
        try Self.copy(in: scratch)
        try """
        #!/bin/sh
        case "$ASSAY_SET" in
        easy-ipc2) echo "no such layer" >&2; exit 3 ;;
        easy-ipc5) sleep 600 & echo $! > "\(scratch.path)/child"; wait ;;
        cad-ipc5) echo "loss: 3" ;;
        *) wc -c < "$1" ;;
        esac

        """.write(toFile: scratch.path + "/loss.sh", atomically: true, encoding: .utf8)
        let ending = try Program.assay(
            ["dcs", "tiny.yaml", "--objective-command", "sh loss.sh", "--time-limit", "2", "-j", "5", "--json"],
            in: scratch.path)
        #expect(ending.code == 1)
        for sentence in [
            "loss: set 'easy-ipc2' (seed 1): ended with exit code 3 (no such layer; all of it in ",
            "loss: set 'easy-ipc5' (seed 1): took longer than 2 s and was stopped",
            "loss: set 'cad-ipc5' (seed 1): printed 'loss: 3' where one number was expected",
        ] { #expect(ending.err.contains("assay: " + sentence), "\(ending.err)") }
        let objectives = try JSON.parse(ending.out)["objectives"]?.items ?? []
        #expect(objectives.first { $0["group"]?["budget"] == "5" }?["m"] == 2)
        let child = try #require(
            Int32(Self.text(scratch.path + "/child").trimmingCharacters(in: .whitespacesAndNewlines)))
        // Gone, or a zombie that nobody has reaped yet.
        let state = (try? Self.text("/proc/\(child)/stat"))?.split(separator: " ").dropFirst(2).first
        #expect(state == nil || state == "Z")
    }
}
