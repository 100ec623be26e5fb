import Analysis
import ArgumentParser
import Figures
import Tables
import Workflow

struct RegimesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regimes",
        abstract: "Compare methods across label regimes: gains over random images, convergence, order, saturation.",
        discussion: """
            Per method, size and regime: the gain over random images and the gap to the whole data set, with intervals; \
            per size and regime: how far apart methods lie, and whether they converge and keep their order as labels \
            soften. "On par", "saturated" and "no effect of quality" are tests of equivalence within --margin. Verdicts: \
            different, equivalent within margin, cannot tell.

              assay regimes data/hard-truths-tables.csv --only table=1 --accuracy mean --std std
              assay regimes data/compression-tables.csv --only table=6 --accuracy value --method method,setting
              assay regimes runs/demo --per budget --margin 0.02 --show claims --figure regimes.svg
              assay regimes results.csv --error test_error --std test_std --n n --show errors --format csv

            A row is a run (a store, a table with a seed per row), or, with --std, a mean over runs. --show changes what \
            the table holds: gains, gaps, errors (figure data), spreads, changes, claims, lrs (DD-Ranking's label-robust \
            score); JSON holds all.
            """)

    @OptionGroup var data: TableArgument

    @Option(
        help: ArgumentHelp(
            "What a method is called (default: method, or a store's subset).", valueName: "col,…"))
    var method: ColumnList?

    @Option(help: ArgumentHelp("Images per class.", valueName: "col"))
    var ipc = "ipc"

    @Option(help: ArgumentHelp("The label regime.", valueName: "col"))
    var regime = "regime"

    @Option(help: ArgumentHelp("The error, a fraction of 1 (default: test_error).", valueName: "col"))
    var error: String?

    @Option(help: ArgumentHelp("Instead of --error: the accuracy in percent.", valueName: "col"))
    var accuracy: String?

    @Option(help: ArgumentHelp("Standard deviation over runs, in the unit of the error or accuracy.", valueName: "col"))
    var std: String?

    @Option(
        help: ArgumentHelp(
            "The runs behind a mean: a number, which is an assumption and printed (default: 3), or a column.",
            valueName: "n|col"))
    var n: String?

    @Option(
        help: ArgumentHelp(
            "One comparison per combination of these columns (default: table, dataset, model, budget where they are).",
            valueName: "col,…"))
    var per: ColumnList?

    @Option(help: ArgumentHelp("Only rows with this value.", valueName: "col=value"))
    var only: [String] = []

    @Option(
        help: ArgumentHelp("The method that is random images (default: what begins with 'random').", valueName: "name"))
    var random: String?

    @Option(
        help: ArgumentHelp(
            "The method that is the whole data set (default: what begins with 'full').", valueName: "name"))
    var full: String?

    @Option(help: ArgumentHelp("Regimes, harder labels first (default: HL,SL,SL+KD).", valueName: "name,…"))
    var order: ColumnList?

    @Option(help: "What difference of errors, a fraction of 1, does not matter.")
    var margin = 0.01

    @Option(help: "Level of intervals; tests are at 1 − level.")
    var level = 0.95

    @Option(help: "Resamples of methods, for the rank correlations.")
    var resamples = 10_000

    @Option(help: "Seed of the resamples.")
    var seed = 1

    @Option(
        name: .customLong("show"), help: "What the table shows: gains, gaps, errors, spreads, changes, claims or lrs.")
    var part: RegimeComparison.Part = .gains

    @Option(help: "A picture of errors by regime: .svg, .pdf or .png.", completion: .file())
    var figure: String?

    @OptionGroup var output: FormatOptions

    func validate() throws {
        if error != nil, accuracy != nil { throw ValidationError("--error and --accuracy exclude each other") }
        guard margin > 0, margin < 1 else { throw ValidationError("--margin is a fraction above 0 and below 1") }
        guard level > 0.5, level < 1 else { throw ValidationError("--level lies above 0.5 and below 1") }
        guard (1...1_000_000).contains(resamples) else {
            throw ValidationError("--resamples takes 1 to 1000000, not \(resamples)")
        }
        if n != nil, std == nil { throw ValidationError("--n goes with --std: without it a row is a run") }
        if let n, let number = Int(n), !(2...10_000).contains(number) {
            throw ValidationError("--n takes 2 to 10000, or a column")
        }
        _ = try filters()
        try checkFigure(figure)
    }

    private func filters() throws -> [RegimeComparison.Filter] {
        try only.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--only takes column=value, not '\(text)'") }
            return RegimeComparison.Filter(column: parts[0], value: parts[1])
        }
    }

    func run() throws {
        let table = try data.read()
        var options = RegimeComparison.Options()
        options.method = method?.names ?? (table.has("method") || !table.has("subset") ? ["method"] : ["subset"])
        options.ipc = ipc
        options.regime = regime
        options.value = accuracy.map { .accuracy($0) } ?? .error(error ?? "test_error")
        options.deviation = std
        if let n { if let number = Int(n) { options.assumedRuns = number } else { options.runs = n } }
        options.per = per?.names ?? ["table", "dataset", "model", "budget"].filter { table.has($0) && $0 != ipc }
        options.only = try filters()
        options.random = random
        options.full = full
        options.order = order?.names
        options.margin = margin
        options.level = level
        options.resamples = resamples
        options.seed = seed
        let comparison = try RegimeComparison(table, options: options)
        show(
            output.chosen, table: comparison.table(part), json: comparison.json(),
            explanation: comparison.explanation(), notes: comparison.notes)
        if let figure, case .notDrawn(let why) = try Figure.regimes(comparison).draw(to: figure) {
            note("assay: \(why)")
        }
    }
}

extension RegimeComparison.Part: ExpressibleByArgument {}
