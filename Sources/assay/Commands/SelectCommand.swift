import ArgumentParser
import Selection
import Tables
import Workflow

struct SelectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select",
        abstract: "Choose a subset by its scores.",
        discussion: """
            Class-balanced unless --unbalanced is given. Equal scores are ordered by seed and sample id, and the share of \
            the subset that this decided is printed. A window's START is a fraction 0...1 of each class, counted from \
            the hardest. `easiest` and `hardest` need the sidecar OUT.csv.json that `assay score` wrote: it knows which \
            end is hard.

              assay select el2n.csv --keep easiest --ipc 50 -o subset.csv
              assay select el2n.csv --keep window:0.25 --fraction 0.1 -o subset.csv
            """)

    @Argument(
        help: "Scores: a CSV with the columns sample_id, label and score, or the .h5 of `assay score`; - for stdin.",
        completion: .file())
    var scores: String

    @Option(help: "easiest, hardest, highest, lowest, random, or window:START.")
    var keep: String

    @Option(help: "Images per class.")
    var ipc: Int?

    @Option(help: "A fraction of each class, 0...1, rounded to the nearest whole sample.")
    var fraction: Double?

    @Flag(help: "Choose over all classes together.")
    var unbalanced = false

    @Option(help: "The seed of the order among equal scores.")
    var seed = 1

    @Option(name: .shortAndLong, help: "The file to write (CSV); - for stdout.")
    var output: String

    func validate() throws {
        guard (ipc == nil) != (fraction == nil) else { throw ValidationError("give --ipc or --fraction, one of them") }
        if let ipc, ipc < 1 { throw ValidationError("--ipc must be 1 or more") }
        if let fraction, !(fraction > 0 && fraction <= 1) { throw ValidationError("--fraction lies in 0...1") }
        _ = try rule()
    }

    private func rule() throws -> KeepRule {
        switch keep {
        case "easiest": return .easiest
        case "hardest": return .hardest
        case "highest": return .highest
        case "lowest": return .lowest
        case "random": return .random
        default:
            guard keep.hasPrefix("window:"), let start = Double(keep.dropFirst(7)), start >= 0, start <= 1 else {
                throw ValidationError(
                    "--keep is easiest, hardest, highest, lowest, random or window:START with START in 0...1, not '\(keep)'"
                )
            }
            return .window(start: start)
        }
    }

    func run() throws {
        let size = ipc.map { SubsetSize.ipc($0) } ?? .fraction(fraction ?? 1)
        let chosen = try ScoreFile(scores).select(rule(), size, balanced: !unbalanced, seed: seed)
        let share = significant(100 * chosen.tieShare, digits: 3)
        let summary = "\(chosen.table.rowCount) samples; equal scores decided \(share) % of them"
        if output == "-" {
            print(chosen.table.formatted(.csv), terminator: "")
            note(summary)
        } else {
            try chosen.table.write(csv: output)
            print("\(summary): \(output)")
        }
    }
}
