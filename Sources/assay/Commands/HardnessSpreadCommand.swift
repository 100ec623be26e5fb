import Analysis
import ArgumentParser
import Figures
import Tables
import Workflow

struct HardnessSpreadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spread",
        abstract: "Compare how widely scores are spread over samples, free of their scale.",
        discussion: """
            Of each file of scores (`assay score … -o`): coefficient of variation, quartile dispersion, quantiles, and with \
            --histogram the figure's data. EL2N under hard and soft labels is compared against the same soft \
            labels, at temperature 1 and at the training's own:

              assay score HL-run --method el2n-sl --targets SL-run --temperature 1 -o hl.csv
              assay score SL-run --method el2n-sl --temperature 1 -o sl.csv
              assay spread hl.csv sl.csv --figure spread.svg
            """)

    @Argument(help: "Tables with a column of scores.", completion: .file())
    var paths: [String]

    @Option(help: ArgumentHelp("The column of scores; of several, each is a distribution.", valueName: "col,…"))
    var column: ColumnList?

    @Option(help: "Bins of the histogram.")
    var bins = 50

    @Flag(help: "The histogram instead of the table: a row per distribution and bin.")
    var histogram = false

    @Option(help: "A picture of the distributions: .svg, .pdf or .png.", completion: .file())
    var figure: String?

    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard (1...10_000).contains(bins) else { throw ValidationError("--bins takes 1 to 10000, not \(bins)") }
        try checkFigure(figure)
    }

    func run() throws {
        let columns = column?.names ?? ["score"]
        var spreads: [ScoreSpread] = []
        for path in paths {
            let table = try Table.read(path)
            for name in columns {
                let label = columns.count > 1 ? "\(path) \(name)" : path
                guard let spread = ScoreSpread(label, try table.numbers(name), bins: bins) else {
                    throw WorkflowError(65, "\(path): '\(name)' needs at least two scores, all of them finite")
                }
                spreads.append(spread)
            }
        }
        show(
            output.chosen, table: histogram ? ScoreSpread.histogram(spreads) : ScoreSpread.table(spreads),
            json: ScoreSpread.json(spreads), explanation: ScoreSpread.explanation(spreads), notes: [])
        if let figure, case .notDrawn(let why) = try Figure.spreads(spreads).draw(to: figure) { note("assay: \(why)") }
    }
}
