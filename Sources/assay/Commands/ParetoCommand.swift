import Analysis
import ArgumentParser
import Tables

struct ParetoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pareto",
        abstract: "Find the rows that no other row beats in everything, and how sure each is of its place.",
        discussion: """
            The frontier holds the rows that no other row equals or beats in every objective and beats in one; duplicates \
            are all on it. The envelope is a different set: the best row per value of the first objective. Noise belongs \
            to the last objective, minimized ones first.

              assay pareto results.csv --minimize ipc,test_error --per regime
              assay pareto runs/demo --minimize ipc,test_error --per regime,budget --seed-column seed
              assay pareto means.csv --minimize ipc --maximize accuracy --std accuracy_sem --json
            """)

    @OptionGroup var data: TableArgument

    @Option(help: ArgumentHelp("Objectives of which less is better.", valueName: "col,…"))
    var minimize: ColumnList?

    @Option(help: ArgumentHelp("Objectives of which more is better.", valueName: "col,…"))
    var maximize: ColumnList?

    @Option(help: ArgumentHelp("One frontier per combination of values of these columns.", valueName: "col,…"))
    var per: ColumnList?

    @Option(
        help: ArgumentHelp(
            "Noise: the standard error of the last objective's mean, per row.", valueName: "col"))
    var std: String?

    @Option(
        help: ArgumentHelp(
            "Noise: rows that differ in their seed only are replicates, averaged and resampled.", valueName: "col"))
    var seedColumn: String?

    @Option(help: "Differences up to this much do not count as better.")
    var epsilon = 0.0

    @Option(help: "Draws of the noise.")
    var resamples = 2000

    @Option(help: "Seed of the draws.")
    var seed = 1

    @OptionGroup var output: FormatOptions

    private var objectives: [String] { (minimize?.names ?? []) + (maximize?.names ?? []) }

    func validate() throws {
        guard (2...3).contains(objectives.count), Set(objectives).count == objectives.count else {
            throw ValidationError("--minimize and --maximize name 2 or 3 different columns together")
        }
        guard std == nil || seedColumn == nil else {
            throw ValidationError("the noise comes from --std or from --seed-column, not from both")
        }
        guard epsilon >= 0, epsilon.isFinite else { throw ValidationError("--epsilon takes a number of at least 0") }
        guard (1...1_000_000).contains(resamples) else {
            throw ValidationError("--resamples takes 1 to 1000000, not \(resamples)")
        }
    }

    func run() throws {
        var options = ParetoFrontier.Options(minimize: minimize?.names ?? [])
        options.maximize = maximize?.names ?? []
        options.per = per?.names ?? []
        options.noise = std.map { .standardDeviation($0) } ?? seedColumn.map { .seeds($0) }
        options.epsilon = epsilon
        options.draws = resamples
        options.seed = seed
        let pareto = try ParetoFrontier(data.read(), options: options)
        show(
            output.chosen, table: pareto.table(), json: pareto.json(), explanation: pareto.explanation(),
            notes: pareto.notes)
    }
}
