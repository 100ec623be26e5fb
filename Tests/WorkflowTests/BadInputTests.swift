import Foundation
import Testing

/// Every input that is wrong is refused with its exit code, its file and the reason. Fixtures are named by their fault.
struct BadInputTests {
    // MARK: Studies

    /// A change of the small study, and the message that it leads to.
    struct BadStudy: Sendable, CustomTestStringConvertible {
        let fault: String
        let old: String
        let new: String
        let message: String
        var testDescription: String { fault }

        init(_ fault: String, _ old: String, _ new: String, _ message: String) {
            (self.fault, self.old, self.new, self.message) = (fault, old, new, message)
        }
    }

    static let studies = [
        BadStudy("unknown key", "seeds:", "sedes:", "7:1: unknown key 'sedes' (did you mean 'seeds'?)"),
        BadStudy("duplicate key", "seeds: 1", "seeds: 1\nseeds: 2", "8:1: duplicate key 'seeds'"),
        BadStudy("unknown method", "el2n,", "el2m,", "19:21: subsets.easy.method: unknown method 'el2m'"),
        BadStudy(
            "unknown data set", "{ glyphs: { train: 1200, test: 200 } }", "glyfs",
            "5:10: dataset: unknown data set 'glyfs'"),
        BadStudy(
            "unknown subset", "subsets: full,", "subsets: fulll,", "unknown subset 'fulll' (did you mean 'full'?)"),
        BadStudy(
            "soft labels without teacher", "teacher: HL/full/5, ", "", "15:7: regimes.SL: soft labels need a teacher"),
        BadStudy(
            "unknown teacher", "teacher: HL/full/5", "teacher: HL/ful/5", "regimes.SL.teacher: unknown subset 'ful'"),
        BadStudy(
            "IPC above a class", "random, ipc: [2, 5]", "random, ipc: [5, 500]",
            "18:3: subsets.random: IPC 500 is more than class '"),
        BadStudy("IPC zero", "random, ipc: [2, 5]", "random, ipc: [0, 5]", "subsets.random.ipc[1]: 0 is outside 1…"),
        BadStudy(
            "IPC beyond integers", "random, ipc: [2, 5]", "random, ipc: 99999999999999999999", "expected a whole number"
        ),
        BadStudy("budget without end", "[0.5]", "[1e300]", "runs[3].budgets[1]: unknown budget '1e300'"),
        BadStudy(
            "budget beyond integers", "budgets: [0.5, 5]", "budgets: { 0.5: 0.5, 5: 1e300 }",
            "21:22: budgets.5: 1e+300 epochs of 1000 images"),
        BadStudy(
            "checkpoints without number", "full-every: 1,", "full-every: 1e-12,",
            "checkpoints: full-every 1e-12 makes more than 100000 checkpoints of budget '5'"),
        BadStudy(
            "window beyond the checkpoints", "span: 3", "span: 9", "subsets.cad: span 9 + window 2 needs 11 checkpoints"
        ),
        BadStudy(
            "validation above the images", "validation: 200", "validation: 2000",
            "validation: 2000 images cannot be carved from 1200"),
        BadStudy("no image per class", "train: 1200", "train: 5", "5:10: dataset: glyphs: train is 5"),
        BadStudy(
            "data set without path", "{ glyphs: { train: 1200, test: 200 } }", "mnist",
            "5:10: dataset: mnist: needs the path"),
        BadStudy("name of a path", "name: tiny", "name: ../../tiny", "2:7: name: '../../tiny' cannot be a name"),
        BadStudy("figure outside", "figures/frontier.svg", "../frontier.svg", "must lie below the results directory"),
        BadStudy("newer version", "study: 1", "study: 2", "1:8: study: version 2 is newer than this program"),
    ]

    @Test(arguments: studies) func study(_ bad: BadStudy) throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path, [(bad.old, bad.new)])
        for command in ["check", "plan", "run"] {
            let ending = try Program.assay("\(command) tiny.yaml", in: scratch.path)
            #expect(ending.code == 65)
            #expect(ending.err.hasPrefix("assay: tiny.yaml:"))
            #expect(ending.err.contains(bad.message), "\(ending.err)")
            #expect(ending.out == "")
        }
    }

    @Test(arguments: [
        ("empty", "", "no-study.yaml:1:1: the study is empty"),
        ("not YAML", "\t: - [}", "no-study.yaml:1:1: not valid YAML"),
        ("a list", "- a\n- b\n", "no-study.yaml:1:1: expected a mapping, found a list"),
    ]) func noStudy(fault: String, text: String, message: String) throws {
        let scratch = try Scratch()
        try text.write(toFile: scratch.path + "/no-study.yaml", atomically: true, encoding: .utf8)
        let ending = try Program.assay("check no-study.yaml", in: scratch.path)
        #expect(ending.code == 65)
        #expect(ending.err.contains(message), "\(ending.err)")
    }

    @Test func noText() throws {
        let scratch = try Scratch()
        try Data((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 3) }).write(
            to: URL(fileURLWithPath: scratch.path + "/binary.yaml"))
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/directory.yaml", withIntermediateDirectories: true)
        let binary = try Program.assay("check binary.yaml", in: scratch.path)
        #expect(binary.code == 65)
        #expect(binary.err == "assay: binary.yaml:1:1: not a text file in UTF-8, and so not a study\n")
        let directory = try Program.assay("run directory.yaml", in: scratch.path)
        #expect(directory.code == 65)
        #expect(directory.err == "assay: directory.yaml:1:1: a directory, not a study\n")
        let missing = try Program.assay("run missing.yaml", in: scratch.path)
        #expect(missing.code == 66)
        #expect(missing.err == "assay: missing.yaml: no such study\n")
    }

    @Test func windowsEditorsAreNoFault() throws {
        let scratch = try Scratch()
        let text = "\u{FEFF}" + Tiny.text.replacingOccurrences(of: "\n", with: "\r\n")
        try text.write(toFile: scratch.path + "/tiny.yaml", atomically: true, encoding: .utf8)
        #expect(try Program.assay("check tiny.yaml", in: scratch.path).code == 0)
    }

    // MARK: Data sets

    /// The four IDX files: 40 images per class of 4 × 4 pixels.
    static func idx(_ change: (inout [String: [UInt8]]) -> Void) -> [String: [UInt8]] {
        func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
        var files: [String: [UInt8]] = [:]
        for (stem, count) in [("train", 400), ("t10k", 50)] {
            files[stem + "-images-idx3-ubyte"] =
                word(0x803) + word(count) + word(4) + word(4)
                + (0..<count * 16).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 4) }
            files[stem + "-labels-idx1-ubyte"] = word(0x801) + word(count) + (0..<count).map { UInt8($0 % 10) }
        }
        change(&files)
        return files
    }

    struct BadData: Sendable, CustomTestStringConvertible {
        let fault: String
        let file: String
        let code: Int32
        let message: String
        let change: @Sendable (inout [UInt8]) -> [UInt8]?
        var testDescription: String { fault }
    }

    static let data = [
        BadData(fault: "missing", file: "train-labels-idx1-ubyte", code: 66, message: "no such file") { _ in nil },
        BadData(fault: "truncated", file: "train-images-idx3-ubyte", code: 65, message: "truncated: 6316 of 6416 bytes")
        { $0.dropLast(100) },
        BadData(fault: "empty", file: "t10k-labels-idx1-ubyte", code: 65, message: "truncated: 0 of 4 bytes") { _ in []
        },
        BadData(
            fault: "wrong magic", file: "train-images-idx3-ubyte", code: 65,
            message: "wrong magic number 0x00000801 where 0x00000803"
        ) { [0, 0, 8, 1] + $0.dropFirst(4) },
        BadData(
            fault: "label out of range", file: "train-labels-idx1-ubyte", code: 65,
            message: "label 10 of image 5 is outside 0…9"
        ) {
            $0[13] = 10; return $0
        },
        BadData(fault: "more promised than there is", file: "train-images-idx3-ubyte", code: 65, message: "cannot hold")
        {
            $0.replaceSubrange(4..<16, with: [UInt8](repeating: 255, count: 12)); return $0
        },
        BadData(
            fault: "more than promised", file: "t10k-images-idx3-ubyte", code: 65, message: "more than the 816 bytes"
        ) { $0 + [0] },
    ]

    @Test(arguments: data) func dataset(_ bad: BadData) throws {
        let scratch = try Scratch()
        for (name, bytes) in Self.idx({ files in files[bad.file] = bad.change(&files[bad.file, default: []]) }) {
            try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/" + name))
        }
        try Tiny.write(
            in: scratch.path,
            [
                ("{ glyphs: { train: 1200, test: 200 } }", "{ mnist: { path: . } }"),
                ("validation: 200", "validation: 50"),
            ])
        for command in ["check", "run", "train --only HL/full/5/seed1"] {
            let ending = try Program.assay("\(command) tiny.yaml", in: scratch.path)
            #expect(ending.code == bad.code)
            #expect(ending.err.hasPrefix("assay: mnist: ./" + bad.file))
            #expect(ending.err.contains(bad.message), "\(ending.err)")
        }
    }

    @Test func soundDataIsNoFault() throws {
        let scratch = try Scratch()
        for (name, bytes) in Self.idx({ _ in }) {
            try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/" + name))
        }
        try Tiny.write(
            in: scratch.path,
            [
                ("{ glyphs: { train: 1200, test: 200 } }", "{ mnist: { path: . } }"),
                ("validation: 200", "validation: 50"),
            ])
        #expect(try Program.assay("train tiny.yaml --only HL/random-ipc5/0.5/seed1", in: scratch.path).code == 0)
    }

    @Test func truncatedCIFAR() throws {
        let scratch = try Scratch()
        let record = [UInt8](repeating: 1, count: 3074)
        try Data(record + record.dropLast(7)).write(to: URL(fileURLWithPath: scratch.path + "/train.bin"))
        try Tiny.write(in: scratch.path, [("{ glyphs: { train: 1200, test: 200 } }", "{ cifar100: { path: . } }")])
        let ending = try Program.assay("check tiny.yaml", in: scratch.path)
        #expect(ending.code == 65)
        #expect(ending.err.hasPrefix("assay: cifar100: ./train.bin: truncated: 6141 of 6148 bytes"), "\(ending.err)")
    }

    // MARK: Runs

    /// Made once by `bad_runs.py`.
    static let runs: Result<String, any Error> = Result {
        let directory = try Tiny.directory.get() + "/bad-runs"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let ending = try Program.python("bad_runs.py", [Tiny.store() + "/HL/full/5/seed1.h5", directory])
        try #require(ending.code == 0, "\(ending.err)")
        return directory
    }

    /// What opening refuses, every command refuses.
    @Test(arguments: [
        ("truncated", ": the file is truncated ("),
        ("empty", ": not an HDF5 file, and so not a run"),
        ("text", ": not an HDF5 file, and so not a run"),
        ("not-a-run", ": HDF5, but not a run: the attribute 'format' is missing"),
        ("future-version", ": version 2 of the run store; this Assay reads version 1"),
        ("no-id", ": the attribute 'id' is missing"),
        (
            "checkpoints-out-of-order",
            ", /checkpoints/epoch, checkpoint 2: checkpoints must increase, but 2.0 follows 3.0"
        ),
        ("metric-of-another-length", ", /checkpoints/test_error: the shape is [4], expected [E] = [5]"),
        ("logits-of-fewer-samples", ", /logits: the shape is [5, 999, 10], expected [E, N, C] = [5, 1000, 10]"),
        ("logits-of-two-dimensions", ", /logits: the shape is [5, 1000], expected [E, N, C]"),
        ("label-as-float", ", /samples/label: the elements are float32, expected integers"),
    ]) func unreadableRun(fault: String, message: String) throws {
        let directory = try Self.runs.get()
        let store = try Scratch()
        try FileManager.default.copyItem(atPath: "\(directory)/\(fault).h5", toPath: "\(store.path)/\(fault).h5")
        for command in [
            "inspect \(fault).h5", "inspect ./\(fault)", "verify \(fault).h5", "verify .", "runs .",
            "score \(fault).h5 --method el2n -o -",
            "fit . --law goyal --x samples_seen,samples_per_epoch --y test_error",
        ] {
            let ending = try Program.assay(command, in: store.path)
            #expect(ending.code == 65, "\(command): \(ending.err)")
            #expect(ending.err.contains("\(fault).h5\(message)"), "\(command): \(ending.err)")
        }
    }

    /// What only the values show, those commands refuse that read them.
    @Test(arguments: [
        ("nan-logits", ", /logits, checkpoint 2, sample 3: the value in column 4 is NaN"),
        ("label-out-of-range", ", /samples/label, sample 7: the label is 10, expected 0…9"),
        ("chunks-never-written", ": '/logits': 50 of its 50 chunks are missing"),
    ]) func unusableRun(fault: String, message: String) throws {
        let directory = try Self.runs.get()
        for command in ["verify \(fault).h5", "score \(fault).h5 --method el2n -o -"] {
            let ending = try Program.assay(command, in: directory)
            #expect(ending.code == 65, "\(command)")
            #expect(ending.err.contains("\(fault).h5\(message)"), "\(command): \(ending.err)")
        }
    }

    @Test func damageIsFoundByItsDigest() throws {
        let directory = try Self.runs.get()
        let logits = try Program.assay("verify damaged-logits.h5", in: directory)
        #expect(logits.code == 65)
        #expect(logits.err.hasPrefix("assay: damaged-logits.h5, /logits, checkpoint 2: damaged"))
        let attribute = try Program.assay("verify damaged-attribute.h5", in: directory)
        #expect(attribute.code == 65)
        #expect(attribute.err.hasPrefix("assay: damaged-attribute.h5, the root attributes: damaged"))
    }

    /// A file may claim any number of classes: memory is taken for those that have samples.
    @Test(arguments: ["billions-of-classes", "label-of-billions"]) func hugeClaims(_ fault: String) throws {
        let ending = try Program.shell("ulimit -v 4000000; assay inspect \(fault).h5", in: Self.runs.get())
        #expect(ending.code == 0, "\(ending.err)")
    }

    @Test func anErrorInPercentIsRefused() throws {
        let store = try Scratch()
        try FileManager.default.copyItem(
            atPath: Self.runs.get() + "/error-in-percent.h5", toPath: store.path + "/error-in-percent.h5")
        let ending = try Program.assay(
            "fit . --law goyal --x samples_seen,samples_per_epoch --y test_error", in: store.path)
        #expect(ending.code == 65)
        #expect(ending.err.contains("test_error is 50, but an error lies in 0…1; for percentages write"))
    }
}
