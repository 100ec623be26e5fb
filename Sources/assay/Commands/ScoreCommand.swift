import ArgumentParser
import RunStore
import Scoring
import Statistics
import Tables
import Workflow

struct ScoreCommand: ParsableCommand {
    enum Method: String, CaseIterable, ExpressibleByArgument {
        case el2n
        case cadPrune = "cad-prune"
    }

    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score every sample of a run from what the run logged.",
        discussion: """
            el2n       mean over the checkpoints of ||softmax(z) - onehot(y)||_2; high is hard
            cad-prune  mean over W windows of the standard deviation of EL2N within J checkpoints, at the end of a
                       compute-matched run; high is still being learned

            Several runs (seeds) of the same samples are averaged, and their standard deviation is kept. RUN is a path, \
            or STORE/ID. The definition, the checkpoints and the digests stand in OUT.csv.json beside the scores.

              assay score runs/demo/HL/full/5/seed1 --method el2n -o el2n.csv
              assay score runs/demo/HL/full/5/seed1 --method cad-prune --span 3 --window 2 -o cad.csv
            """)

    @Argument(help: "One or more runs of the same samples.")
    var runs: [String]

    @Option(help: "el2n or cad-prune.")
    var method: Method

    @Option(help: "Checkpoints A:B for el2n, counted from 0 after epoch 0, B exclusive. Default: all.")
    var checkpoints: String?

    @Option(help: "J: checkpoints in a window of cad-prune.")
    var span: Int?

    @Option(help: "W: windows that cad-prune averages.")
    var window: Int?

    @Flag(help: "Let cad-prune score a run whose schedule did not end at its budget, as an approximation.")
    var allowMismatched = false

    @Option(name: .shortAndLong, help: "The file to write, .csv or .h5; - for CSV on stdout.")
    var output: String

    func validate() throws {
        switch method {
        case .el2n:
            if span != nil || window != nil || allowMismatched {
                throw ValidationError("--span, --window and --allow-mismatched belong to cad-prune")
            }
            if checkpoints != nil { _ = try range() }
        case .cadPrune:
            guard let span, let window, span >= 2, window >= 1 else {
                throw ValidationError("cad-prune needs --span J (2 or more) and --window W (1 or more)")
            }
            if checkpoints != nil { throw ValidationError("cad-prune chooses its own checkpoints") }
        }
    }

    private func range() throws -> Range<Int>? {
        guard let checkpoints else { return nil }
        let parts = checkpoints.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let a = parts[0], let b = parts[1], a >= 0, b > a else {
            throw ValidationError("--checkpoints takes A:B with 0 <= A < B, not '\(checkpoints)'")
        }
        return a..<b
    }

    func run() throws {
        let chosen: ScoreMethod =
            method == .el2n
            ? .el2n(checkpoints: try range())
            : .cadPrune(span: span ?? 0, window: window ?? 0, allowMismatched: allowMismatched)
        let scores = try SampleScores(runs: runs.map { try RunFile(path: $0) }, method: chosen)
        for warning in scores.warnings { note("assay: warning: \(warning)") }
        if output == "-" {
            print(scores.table.formatted(.csv), terminator: "")
        } else {
            try scores.write(to: output)
            print("\(scores.table.rowCount) samples scored: \(output), \(output).json")
        }
    }
}
