import Analysis
import ArgumentParser
import Tables

struct HardnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hardness",
        abstract: "Find how hard the images of the best subset are, for each size.",
        discussion: """
            Subsets of one size are cut from successive windows of the images sorted by difficulty. The best window is \
            chosen on the validation error and reported on the test error; what choosing on the test error would have \
            claimed is printed beside it. Between the windows the optimum is interpolated, with an interval over resampled \
            seeds; where the table has rows of CAD-Prune's subsets and samples_seen, what they saved is counted.

              assay hardness runs/demo
              assay hardness windows.csv --window start --per regime --json

            The default columns are those of a store: window_start (or window), ipc, validation_error, test_error.
            """)

    @OptionGroup var data: TableArgument

    @Option(
        help: ArgumentHelp(
            "Where the window starts: a fraction of each class, counted from the hardest (default: window_start).",
            valueName: "col"))
    var window: String?

    @Option(help: ArgumentHelp("The size of the subset.", valueName: "col"))
    var ipc = "ipc"

    @Option(help: ArgumentHelp("The error that chooses the window.", valueName: "col"))
    var choose = "validation_error"

    @Option(help: ArgumentHelp("The error that is reported.", valueName: "col"))
    var report = "test_error"

    @Option(
        help: ArgumentHelp(
            "One answer per combination of values of these columns (default: dataset, model, regime and budget where they differ).",
            valueName: "col,…"))
    var per: ColumnList?

    @Option(help: ArgumentHelp("What the names of CAD-Prune's subsets begin with.", valueName: "word"))
    var cad = "cad"

    @Option(help: "Resamples of the seeds.")
    var resamples = 2000

    @Option(help: "Seed of the resamples.")
    var seed = 1

    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard (1...1_000_000).contains(resamples) else {
            throw ValidationError("--resamples takes 1 to 1000000, not \(resamples)")
        }
    }

    func run() throws {
        let table = try data.read()
        var options = OptimalHardness.Options()
        options.window = window ?? (table.has("window_start") || !table.has("window") ? "window_start" : "window")
        options.ipc = ipc
        options.choose = choose
        options.report = report
        options.per = try per?.names ?? OptimalHardness.differingConditions(table, window: options.window)
        options.cad = cad
        options.resamples = resamples
        options.seed = seed
        let hardness = try OptimalHardness(table, options: options)
        show(
            output.chosen, table: hardness.table(), json: hardness.json(), explanation: hardness.explanation(),
            notes: hardness.notes)
    }
}
