import Foundation
import Testing

/// The command line as a stranger uses it: exit codes, messages, streams, and tables that are not as they should be.
struct CommandLineTests {
    @Test(arguments: [
        "frobnicate", "run", "run tiny.yaml --frobnicate", "run tiny.yaml -j 0", "run tiny.yaml -j many",
        "plan tiny.yaml --format slurm", "train tiny.yaml", "train tiny.yaml --only HL/full/5/seed1 --threads 0",
        "fit table.csv --law goyal --x n,s", "fit table.csv --law goyel --x n,s --y e",
        "fit table.csv --law goyal --x n --y e", "fit table.csv --law goyal --x n,s --y e --interval profil",
        "fit table.csv --law goyal --x n,s --y e --level 2", "fit table.csv --law goyal --x n,s --y e --fix q=1",
        "fit table.csv --law goyal --x n,s --y log(", "fit table.csv --law goyal --x n,s --y nothing",
        "score x.h5 --method el3n -o -", "score x.h5 --method aum --span 3 -o -",
        "score x.h5 --method aum --variant logit -o -",
        "score x.h5 --method aum --method el2n -o -", "score x.h5 --method el2n --method el2n -o a/",
        "select x.csv --keep ccs --ipc 1 -o -", "select x.csv --keep beta --ipc 1 -o -",
        "coreset x.h5 --method k-centre --ipc 1 -o -", "overlap a.csv", "cad runs --budgets 1,x",
        "import cvs x.csv --to st", "import csv x.csv", "import csv x.csv --to st --map test_error",
        "select x.csv --keep easiest -o -",
        "select x.csv --keep window:7 --ipc 1 -o -", "pareto table.csv",
    ]) func wrongUse(_ line: String) throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        try Self.table().write(toFile: scratch.path + "/table.csv", atomically: true, encoding: .utf8)
        let ending = try Program.assay(line, in: scratch.path)
        #expect(ending.code == 64, "\(ending.err)")
        #expect(ending.out == "")
        #expect(!ending.err.isEmpty)
    }

    @Test(arguments: [
        ("check missing.yaml", "missing.yaml: no such study"),
        ("runs missing", "missing: no such store"),
        ("inspect missing.h5", "missing.h5: no such run"),
        ("verify missing", "missing: no such run"),
        ("fit missing.csv --law goyal --x n,s --y e", "missing.csv: no such file"),
        ("score missing --method el2n -o -", "missing: no such run"),
        ("score missing --method cad-prune -o -", "missing: no such run"),
        ("export missing -o x.npz", "missing: no such run"), ("cad missing", "missing: no such store"),
        ("import csv missing.csv --to st", "missing.csv: "), ("import npy missing.npy --to st", "missing.npy: "),
        ("overlap missing.csv other.csv", "missing.csv: no such file"),
        ("coreset missing.npz --method herding --ipc 1 -o -", "missing.npz: no such run"),
        ("select missing.csv --keep highest --ipc 1 -o -", "missing.csv: no such file"),
        ("fit . --law goyal --x n,s --y e", ".: no runs"),
        (
            "train tiny.yaml --only HL/ful/5/seed1",
            "tiny.yaml has no run 'HL/ful/5/seed1' (did you mean 'HL/full/5/seed1'?)"
        ),
        ("run tiny.yaml --only nothing", "tiny.yaml has no run 'nothing'"),
        ("figures tiny.yaml --only nothing", "tiny.yaml has no figure of an analysis 'nothing'"),
    ]) func noSuchInput(_ line: String, _ message: String) throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let ending = try Program.assay(line, in: scratch.path)
        #expect(ending.code == 66, "\(ending.err)")
        #expect(ending.err.hasPrefix("assay: " + message), "\(ending.err)")
        #expect(ending.out == "")
    }

    @Test(arguments: ["", "--version", "--help", "run --help", "help fit", "score --help", "check tiny.yaml"])
    func welcome(_ line: String) throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let ending = try Program.assay(line, in: scratch.path)
        #expect(ending.code == 0)
        #expect(!ending.out.isEmpty)
        #expect(ending.err == "")
    }

    /// Nothing that a command reads, and no table of somebody's own, is lost to a mistaken -o.
    @Test func outputsNeverReplaceWhatTheyAreMadeFrom() throws {
        let scratch = try Scratch()
        let scores = "sample_id,label,score\n0,0,0.5\n1,0,0.25\n2,1,0.125\n"
        let path = scratch.path + "/s.csv"
        try scores.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/link.csv", withDestinationPath: path)
        for output in ["s.csv", "./s.csv", "link.csv"] {
            let ending = try Program.assay("select s.csv --keep highest --ipc 1 -o \(output)", in: scratch.path)
            #expect(ending.code == 74 && ending.err.contains("would be lost"), "\(ending.err)")
        }
        try FileManager.default.copyItem(atPath: Tiny.store(), toPath: scratch.path + "/store")
        let replaced = try Program.assay("score store/HL/full/5/seed1 --method el2n -o s.csv", in: scratch.path)
        #expect(replaced.code == 74 && replaced.err.contains("no s.csv.json beside it"), "\(replaced.err)")
        let cad = try Program.assay("cad store --span 2 --window 2 --ipc 1 -o out", in: scratch.path)
        #expect([0, 1].contains(cad.code), "\(cad.err)")
        #expect(try Program.assay("cad store --span 2 --window 2 --ipc 1 -o out", in: scratch.path).code == cad.code)
        try scores.write(toFile: scratch.path + "/out/windows.csv", atomically: true, encoding: .utf8)
        let own = try Program.assay("cad store --span 2 --window 2 --ipc 1 -o out", in: scratch.path)
        #expect(own.code == 74 && own.err.contains("windows.csv: no table of ours"), "\(own.err)")
        for file in ["s.csv", "out/windows.csv"] {
            #expect(try String(contentsOfFile: scratch.path + "/" + file, encoding: .utf8) == scores)
        }
    }

    @Test func equalInputGivesEqualBytes() throws {
        let directory = try Tiny.directory.get()
        for line in ["plan tiny.yaml --json", "runs runs/tiny --json", "inspect runs/tiny/HL/full/5/seed1 --json"] {
            let (first, second) = (try Program.assay(line, in: directory), try Program.assay(line, in: directory))
            #expect(first.code == 0)
            #expect(first.out == second.out)
            #expect(first.out.contains("\"format\": \"assay-"))
        }
    }

    // MARK: Streams

    @Test(arguments: [
        "runs runs/tiny", "inspect runs/tiny/HL/full/5/seed1", "plan tiny.yaml",
        "pareto runs/tiny --minimize ipc,test_error",
    ]) func anAnswerThatDoesNotArriveIsAFailure(_ line: String) throws {
        let full = try Program.shell("assay \(line) > /dev/full", in: Tiny.directory.get())
        #expect(full.code == 74)
        #expect(full.err.hasSuffix("assay: standard output: cannot be written: No space left on device\n"))
        let closed = try Program.shell("assay \(line) >&-", in: Tiny.directory.get())
        #expect(closed.code == 74)
        let unheard = try Program.shell("assay \(line) 2> /dev/full", in: Tiny.directory.get())
        #expect(unheard.code == 0)
    }

    @Test func aReaderThatLeavesIsNoCrash() throws {
        let ending = try Program.shell(
            "{ assay plan tiny.yaml --json; echo $? >&2; } | head -c 1", in: Tiny.directory.get())
        // 141: ended by SIGPIPE; 0: all of it was in the pipe before the reader left.
        #expect(["0\n", "141\n"].contains(ending.err))
    }

    @Test func aTerminalGetsABarAndNothingElseDoes() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path)
        let bar = try Program.shell(
            "script -qec '\(Program.path) train tiny.yaml --only HL/full/5/seed1' /dev/null", in: scratch.path)
        #expect(bar.code == 0)
        #expect(bar.out.contains("\u{1B}[KHL/full/5/seed1"))
        #expect(bar.out.contains("samples/s"))
        let plain = try Program.assay("train tiny.yaml --only HL/random-ipc5/5/seed1", in: scratch.path)
        #expect(plain.err == "")
        #expect(plain.out == "HL/random-ipc5/5/seed1: runs/tiny/HL/random-ipc5/5/seed1.h5\n")
    }

    // MARK: Tables

    /// The Goyal law with known parameters: a = 1.5, b = −0.21, τ = 5.2 epochs, d = 0.08.
    static func table(_ change: (inout [String]) -> Void = { _ in }) -> String {
        var lines = ["subset,n,s,e"]
        for s in [500.0, 1000, 2000, 5000, 50000] {
            for epochs in [0.1, 0.3, 0.5, 1, 2, 3, 5, 8, 12, 20, 40] {
                let n = (s * epochs).rounded()
                var y = 1.5 * pow(min(n, s), -0.21)
                var (previous, epoch) = (min(n, s), 1.0)
                while previous < n {
                    let next = min(s * (epoch + 1), n)
                    y *= pow(next / previous, -0.21 * exp2(-epoch / 5.2))
                    (previous, epoch) = (next, epoch + 1)
                }
                lines.append("random,\(n),\(s),\(y + 0.08)")
            }
        }
        change(&lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private static let fit = "--law goyal --x n,s --y e --group subset"

    @Test func knownParametersAreFound() throws {
        let scratch = try Scratch()
        try Self.table().write(toFile: scratch.path + "/table.csv", atomically: true, encoding: .utf8)
        let file = try Program.assay("fit table.csv \(Self.fit) --json", in: scratch.path)
        let stdin = try Program.assay("fit - \(Self.fit) --json", in: scratch.path, input: Self.table())
        #expect(file.code == 0)
        #expect(stdin.out == file.out)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(file.out.utf8)) as? [String: Any])
        let fits = try #require(json["fits"] as? [[String: Any]])
        let parameters = try #require(fits.first?["parameters"] as? [String: [String: Any]])
        // The curve has no noise: what is left is rounding.
        for (name, value) in ["a": 1.5, "b": -0.21, "tau": 5.2, "d": 0.08] {
            let found = try #require(parameters[name]?["value"] as? Double)
            #expect(abs(found - value) < 1e-6 * abs(value), "\(name) = \(found)")
        }
    }

    @Test func emptyCellsAreDroppedCountedAndNamed() throws {
        let table = Self.table { $0.insert(contentsOf: ["random,100,500,", "random,,500,0.3"], at: 4) }
        for (line, message) in [
            ("fit - \(Self.fit)", "assay: left out 1, e is empty: line 5\nassay: left out 1, n is empty: line 6\n"),
            ("pareto - --minimize n,e", "assay: 2 rows with an empty cell left out (lines 5, 6)\n"),
        ] {
            let ending = try Program.assay(line, in: "/", input: table)
            #expect(ending.code == 0)
            #expect(ending.err.hasPrefix(message), "\(ending.err)")
        }
    }

    @Test(arguments: [
        ("text in a number column", "random,abc,500,0.5", "table.csv:5:8: 'abc' in column 'n' is not a number"),
        ("a row too short", "random,100,500", "table.csv:5: 3 fields, but the header names 4 columns"),
        (
            "an open quotation mark", "\"random,100,500,0.4",
            "table.csv:5:1: the quotation mark opened here is never closed"
        ),
        ("samples below zero", "random,-100,500,0.4", "table.csv:5: samples seen must not be negative"),
    ]) func badRow(fault: String, row: String, message: String) throws {
        let scratch = try Scratch()
        try Self.table { $0.insert(row, at: 4) }.write(
            toFile: scratch.path + "/table.csv", atomically: true, encoding: .utf8)
        let ending = try Program.assay("fit table.csv \(Self.fit)", in: scratch.path)
        #expect(ending.code == 65)
        #expect(ending.err.hasPrefix("assay: " + message), "\(ending.err)")
        #expect(ending.out == "")
    }

    @Test(arguments: [
        ("empty", "", "table.csv: the file is empty"),
        ("only a header", "subset,n,s,e\n", "table.csv: a header but no rows"),
        ("two columns of one name", "n,n\n1,2\n", "table.csv:1:3: two columns are called 'n'"),
        ("a NUL byte", "n,s\0\n1,2\n", "table.csv:1:4: a NUL byte"),
    ]) func badTable(fault: String, text: String, message: String) throws {
        let scratch = try Scratch()
        try text.write(toFile: scratch.path + "/table.csv", atomically: true, encoding: .utf8)
        let ending = try Program.assay("fit table.csv \(Self.fit)", in: scratch.path)
        #expect(ending.code == 65)
        #expect(ending.err.hasPrefix("assay: " + message), "\(ending.err)")
    }

    /// One row is a table, and determines nothing: the analysis ran and failed.
    @Test func oneRowDeterminesNothing() throws {
        let table = Self.table { $0.removeLast($0.count - 2) }
        let fit = try Program.assay("fit - \(Self.fit) --json", in: "/", input: table)
        #expect(fit.code == 1)
        #expect(fit.out.contains("\"termination\": \"refused\""))
        #expect(fit.out.contains("1 point cannot determine"))
        #expect(try Program.assay("dcs - --loss n --error e", in: "/", input: table).code == 1)
        #expect(try Program.assay("pareto - --minimize n,e", in: "/", input: table).code == 0)
    }

    @Test func unfinishedRunsAreNoPointsOfAFit() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/HL/x.partial", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: Tiny.store() + "/HL/full/5/seed1.h5", toPath: scratch.path + "/HL/x.partial/part-000000.h5")
        try FileManager.default.copyItem(
            atPath: Tiny.store() + "/HL/random-ipc5/5/seed1.h5", toPath: scratch.path + "/HL/y.h5")
        let ending = try Program.assay("pareto . --minimize ipc,test_error --json", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        #expect(ending.err.hasPrefix("assay: left out 1 unfinished: HL/x\n"), "\(ending.err)")
    }
}
