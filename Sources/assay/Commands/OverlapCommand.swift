import ArgumentParser
import Figures
import Scoring
import Selection
import Tables
import Workflow

struct OverlapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overlap",
        abstract: "Compare subsets or scores of one data set.",
        discussion: """
            Files of scores are correlated by rank, hard with hard where sidecars say which end is hard, over all samples \
            and within classes (pooled by Fisher's z, a class of n samples with weight n - 3); with --keep and --ipc the \
            subsets that they choose are compared as well. Files that list a subset (sample_id, label) are compared by the \
            Jaccard index, in all and per class, beside its mean over random subsets of these sizes in each class; --of names scores of the \
            whole data set that they come from. Files of different data sets or class orders are refused.

              assay overlap el2n.csv aum.csv forgetting.csv --keep hardest --ipc 50
              assay overlap a.csv b.json --of el2n.csv --figure overlap.svg

            --figure draws where each subset's scores lie in the data set's, and its classes (CSV beside it). --json has \
            the numbers of every class and bin.
            """)

    @Argument(help: "Two or more files of scores or subsets; one with --of or --keep.", completion: .file())
    var files: [String]

    @Option(help: "Scores of the whole data set that the subsets come from.", completion: .file())
    var of: String?

    @Option(help: "What is kept of files of scores: easiest, hardest, highest or lowest.")
    var keep: String?

    @Option(help: "Images per class that are kept.")
    var ipc: Int?

    @Option(help: "A fraction of each class that is kept, 0...1.")
    var fraction: Double?

    @Flag(help: "Keep over all classes together.")
    var unbalanced = false

    @Flag(help: "Print one row per class.")
    var perClass = false

    @Option(help: "The seed of the order among equal scores.")
    var seed = 1

    @Option(help: "A picture of scores and classes: .svg, .pdf or .png.", completion: .file())
    var figure: String?

    @OptionGroup var output: FormatOptions

    private static let rules: [String: KeepRule] = [
        "easiest": .easiest, "hardest": .hardest, "highest": .highest, "lowest": .lowest,
    ]

    func validate() throws {
        if let keep {
            guard Self.rules[keep] != nil else {
                throw ValidationError("--keep is easiest, hardest, highest or lowest, not '\(keep)'")
            }
            guard (ipc == nil) != (fraction == nil) else {
                throw ValidationError("--keep goes with --ipc or --fraction, one of them")
            }
            if let ipc, ipc < 1 { throw ValidationError("--ipc must be 1 or more") }
            try requireFraction("--fraction", fraction)
        } else if ipc != nil || fraction != nil || unbalanced {
            throw ValidationError("--ipc, --fraction and --unbalanced go with --keep")
        }
        guard files.count > 1 || of != nil || keep != nil else {
            throw ValidationError("two files are compared; one subset is held against its data set with --of SCORES")
        }
        if Set(files).count < files.count { throw ValidationError("a file is named twice") }
        try checkFigure(figure)
    }

    func run() throws {
        let choice = keep.flatMap { Self.rules[$0] }.map { rule in
            SubsetOverlap.Choice(
                rule: rule, size: ipc.map { .ipc($0) } ?? .fraction(fraction ?? 1), balanced: !unbalanced, seed: seed)
        }
        let overlap = try SubsetOverlap(files, of: of, choice: choice)
        if let figure, case .notDrawn(let why) = try overlap.figure().draw(to: figure) { note("assay: \(why)") }
        if output.chosen == .json {
            print(try overlap.json().text(), terminator: "")
            return
        }
        let table = perClass ? overlap.byClass() : files.count > 1 ? overlap.table() : try overlap.classes()
        print(table.formatted(output.chosen), terminator: "")
    }
}
