import ArgumentParser
import Figures
import Foundation
import RunStore
import Scoring
import Tables
import Workflow

struct CADCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cad",
        abstract: "Derive CAD-Prune's windows for many budgets from a store, without retraining.",
        discussion: """
            For each budget K: which runs are compute-matched (they trained on the whole subset, and their own schedule \
            ended at K), which checkpoints form the J + W - 1 that the windows read, and what is missing with its price \
            in samples to train on. --allow-mismatched takes the early stretch of the longest run as well, marked in \
            every output. Then the distribution of the scores, and how much the highest IPC of each class have in \
            common between budgets (Jaccard, Spearman; runs of different seeds in pairs, where budgets have several), beside what \
            chance and two seeds of one budget give.

              assay cad runs/demo --budgets 2,4,8,16 --span 3 --window 2
              assay cad runs/demo --span 3 --window 2 --ipc 100 --allow-mismatched -o results/cad

            The exit code is 1 where a budget has no windows. -o writes windows.csv, distribution.csv, overlap.csv, cad.svg and the scores of each budget, cad-K.csv.
            """)

    @Argument(help: "A store of runs.", completion: .directory)
    var store: String

    @Option(help: "The subset whose runs are used: all training images.")
    var dataset = "full"

    @Option(
        help: ArgumentHelp("Budgets in epochs of the full data set. Default: all that are stored.", valueName: "k,…"))
    var budgets: String?

    @Option(help: "J: checkpoints in a window.")
    var span = 6

    @Option(help: "W: windows that are averaged.")
    var window = 2

    @Option(help: "literal (the last checkpoint is never read) or include-last.")
    var variant: String?

    @Option(help: "Only runs of this regime.")
    var regime: String?

    @Option(help: "Only runs of this model.")
    var model: String?

    @Option(help: "Images per class that are chosen and compared.")
    var ipc = 50

    @Option(help: "The seed of the order among equal scores.")
    var seed = 1

    @Option(help: "Threads; the answer is the same for any number.")
    var threads = 1

    @Flag(help: "Also take windows from the early stretch of the longest run, as a named approximation.")
    var allowMismatched = false

    @Option(name: .shortAndLong, help: "A folder for tables, scores and the figure.", completion: .directory)
    var output: String?

    @OptionGroup var format: FormatOptions

    func validate() throws {
        guard ipc > 0, threads > 0 else { throw ValidationError("--ipc and --threads must be 1 or more") }
        _ = try list()
        do {
            _ = try ScoreRequest("cad-prune", variant: variant, span: span, window: window)
        } catch { throw ValidationError("\(error)") }
    }

    private func list() throws -> [Double] {
        try (budgets?.split(separator: ",") ?? []).map { word in
            guard let value = Double(word), value > 0, value.isFinite else {
                throw ValidationError("--budgets takes numbers above 0, not '\(word)'")
            }
            return value
        }
    }

    func run() throws {
        var options = CADStudy.Options()
        options.subset = dataset
        options.budgets = try list()
        options.span = span
        options.window = window
        options.variant = variant
        options.regime = regime
        options.model = model
        options.allowMismatched = allowMismatched
        options.ipc = ipc
        options.seed = seed
        options.threads = threads
        let study = try CADStudy(Store(store), options)
        for warning in study.warnings { note("assay: warning: \(warning)") }
        guard study.entries.contains(where: \.isScored) else {
            if format.chosen == .json {
                print(study.json().text(), terminator: "")
            } else {
                print(study.table().formatted(format.chosen), terminator: "")
            }
            throw ExitCode(1)
        }
        if let output { try requireOwn(output, study) }
        var bar = ProgressBar("scoring", unit: "budgets")
        let compared = try CADComparison(study) { bar.show($0, of: $1) }
        bar.finish()
        if let output { try write(compared, to: output) }
        let tables = [
            ("Windows", study.table()), ("Scores", compared.distribution()), ("In common", compared.overlap()),
        ]
        switch format.chosen {
        case .json: print(compared.json().text(), terminator: "")
        case .table, .md, .tex:
            for (index, (title, table)) in tables.enumerated() {
                if index > 0 { print() }
                if format.chosen == .table { print(title) }
                print(table.formatted(format.chosen), terminator: "")
            }
        case .csv: print(study.table().formatted(.csv), terminator: "")
        }
        if study.entries.contains(where: { !$0.isScored }) { throw ExitCode(1) }
    }

    /// Throws where files of these names are not those of an earlier call.
    private func requireOwn(_ folder: String, _ study: CADStudy) throws {
        let head = study.table().columnNames.joined(separator: ",")
        let own = try? String(contentsOfFile: folder + "/windows.csv", encoding: .utf8)
        let isOwn = own?.split(separator: "\n").first.map(String.init) == head
        let names = ["windows.csv", "distribution.csv", "overlap.csv"]
        if !isOwn, let taken = names.first(where: { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }) {
            throw WorkflowError(74, "\(folder)/\(taken): no table of ours, and it would be lost; choose another folder")
        }
        for entry in study.entries { try SampleScores.requireNoOther(at: path(of: entry, in: folder)) }
    }

    private func path(of entry: CADStudy.Entry, in folder: String) -> String {
        "\(folder)/cad-\(entry.name.split(separator: " ").joined(separator: "-")).csv"
    }

    private func write(_ compared: CADComparison, to folder: String) throws {
        try compared.study.table().write(csv: folder + "/windows.csv")
        try compared.distribution().write(csv: folder + "/distribution.csv")
        try compared.overlap().write(csv: folder + "/overlap.csv")
        for scored in compared.scored {
            try SampleScores(scored.job).write(to: [path(of: scored.entry, in: folder)])
        }
        if case .notDrawn(let why) = try compared.figure().draw(to: folder + "/cad.svg") { note("assay: \(why)") }
        note(
            "\(folder): windows.csv, distribution.csv, overlap.csv, cad.svg and the scores of \(compared.scored.count) entries"
        )
    }
}
