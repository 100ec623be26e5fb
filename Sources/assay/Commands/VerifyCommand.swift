import ArgumentParser
import RunStore
import Tables

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that runs are as they were written.",
        discussion: """
            Reads every value, compares every SHA-256 digest, and looks for NaN, for labels that are no class and for \
            missing pieces. Damage is named by file, dataset and checkpoint, and the exit code is 65. A file that others \
            wrote carries no digests: that is said, and is no failure.

              assay verify runs/demo                     a whole store
              assay verify runs/demo/HL/full/5/seed1   one run
            """)

    @Argument(help: "Stores (directories of runs) or runs (a file, or STORE/ID).", completion: .file())
    var paths: [String]

    @OptionGroup var output: FormatOptions

    func run() throws {
        var (names, states) = ([String](), [String]())
        var (datasets, digests, problems) = ([Int](), [Int](), [Int]())
        for path in try paths.flatMap(Self.runs) {
            let found = try Verification(path: path)
            for problem in found.problems { complain(problem.description) }
            names.append(path)
            states.append(!found.isSound ? "DAMAGED" : found.hasDigests ? "sound" : "no digests")
            datasets.append(found.items.count)
            digests.append(found.digestCount)
            problems.append(found.problems.count)
        }
        let table = Table([
            Column("run", names), Column("datasets", datasets), Column("digests", digests),
            Column("problems", problems), Column("state", states),
        ])
        if output.chosen == .json {
            let document: JSON = ["format": "assay-verify", "version": 1, "runs": .array(table.objects())]
            print(document.text(), terminator: "")
        } else {
            print(table.formatted(output.chosen), terminator: "")
        }
        let foreign = states.count { $0 == "no digests" }
        if foreign > 0 {
            note(
                "\(foreign) of \(names.count) runs carry no digests: they were not sealed by Assay, so that nothing "
                    + "can be proved of their values.")
        }
        if problems.contains(where: { $0 > 0 }) { throw ExitCode(65) }
    }

    /// The runs of a store, or the one run that the path names.
    private static func runs(_ path: String) throws -> [String] {
        if let run = try? RunFile(path: path) { return [run.path] }
        let store = Store(path)
        guard !path.hasSuffix(".partial"), let ids = try? store.ids() else { return [path] }
        return ids.map { store.directory + "/" + $0 }
    }
}
