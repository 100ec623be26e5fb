import ArgumentParser
import RunStore
import Tables
import Workflow

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that runs are as they were written.",
        discussion: """
            Reads every value, compares every SHA-256 digest, and looks for NaN and infinity, for checkpoints out of \
            order, for labels that are no class, for repeated sample ids and for missing pieces. Damage is named by file, \
            dataset and checkpoint, and the exit code is 65. A file that others wrote carries no digests: that is said, \
            and is no failure. --json has the samples of every class.

              assay verify runs/demo                     a whole store
              assay verify runs/demo/HL/full/5/seed1   one run
            """)

    @Argument(help: "Stores (directories of runs) or runs (a file, or STORE/ID).", completion: .file())
    var paths: [String]

    @OptionGroup var output: FormatOptions

    func run() throws {
        let runs = try paths.flatMap(Self.runs)
        var bar = ProgressBar("verifying", unit: "runs")
        var found: [(path: String, verification: Verification)] = []
        for path in runs {
            bar.show(found.count, of: runs.count, detail: "\(found.count) of \(runs.count) runs")
            let verification = try Verification(path: path, bounds: possibleValues)
            bar.finish()
            for problem in verification.problems { complain(problem.description) }
            found.append((path, verification))
        }
        if output.chosen == .json {
            let document: JSON = [
                "format": "assay-verify", "version": 1,
                "runs": .array(found.map { verificationJSON($0.verification, path: $0.path) }),
            ]
            print(document.text(), terminator: "")
        } else {
            print(verificationTable(found).formatted(output.chosen), terminator: "")
        }
        let foreign = found.count { $0.verification.isSound && !$0.verification.hasDigests }
        if foreign > 0 {
            note(
                "\(foreign) of \(found.count) runs carry no digests: they were not sealed by Assay, so that nothing "
                    + "can be proved of their values.")
        }
        if found.contains(where: { !$0.verification.isSound }) { throw ExitCode(65) }
    }

    /// The runs of a store, or the one run that the path names.
    private static func runs(_ path: String) throws -> [String] {
        if let run = try? RunFile(path: path) { return [run.path] }
        let store = Store(path)
        guard !path.hasSuffix(".partial"), let ids = try? store.ids() else { return [path] }
        if ids.isEmpty { throw WorkflowError(66, "\(path): no run in this folder or below it") }
        return ids.map { store.directory + "/" + $0 }
    }
}
