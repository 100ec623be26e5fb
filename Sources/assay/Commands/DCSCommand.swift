import Analysis
import ArgumentParser
import Tables

struct DCSCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dcs",
        abstract: "Score distillation objectives: does a lower loss mean a lower test error?",
        discussion: """
            The Distillation Correlation Score is Spearman's rho, over subsets or distilled sets, between an objective's \
            loss on the set and the error of a network trained on it. Positive is good: the loss falls with the error. \
            Larger sets have a lower loss and a lower error whatever the objective knows, so adjust for the size.

              assay dcs sets.csv --loss dm,sre2l --error test_error --adjust-for ipc
              assay dcs runs/demo --losses losses.csv --error test_error --adjust-for ipc --cluster subset

            A row with an empty cell is left out and named on stderr. With fewer than 3 sets for every objective the exit \
            code is 1.
            """)

    @OptionGroup var data: TableArgument

    @Option(help: ArgumentHelp("The columns of losses, one per objective.", valueName: "col,…"))
    var loss: ColumnList?

    @Option(
        help: ArgumentHelp(
            "A table of losses: a column per objective, or the columns objective and loss; rows are matched by the "
                + "columns that both tables have.", valueName: "file"))
    var losses: String?

    @Option(help: ArgumentHelp("The column of test errors (or test losses).", valueName: "col"))
    var error: String

    @Option(help: ArgumentHelp("The columns to adjust for, the size of the set above all.", valueName: "col,…"))
    var adjustFor: ColumnList?

    @Option(
        help: """
            How to adjust: within (rho within sets of equal size, pooled by Fisher's z; the default), partial (ranks of \
            the columns held fixed) or residual (of a regression on their logarithms).
            """)
    var adjust: DistillationCorrelation.Adjust?

    @Option(help: ArgumentHelp("Rows with equal values here are not independent: seeds of one set.", valueName: "col"))
    var cluster: String?

    @Option(help: "Resamples of the bootstrap, and permutations where not all can be tried.")
    var resamples = 10_000

    @Option(help: "Level of the interval.")
    var level = 0.95

    @Option(help: "Seed of the resamples.")
    var seed = 1

    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard (loss == nil) != (losses == nil) else {
            throw ValidationError("say where the losses are: either --loss COL[,COL…] or --losses FILE")
        }
        guard level > 0 && level < 1 else { throw ValidationError("--level lies between 0 and 1, not at \(level)") }
        guard (1...10_000_000).contains(resamples) else {
            throw ValidationError("--resamples takes 1 to 10000000, not \(resamples)")
        }
        guard adjust == nil || adjustFor != nil else {
            throw ValidationError("--adjust says how; --adjust-for COL[,COL…] must say for what")
        }
    }

    func run() throws {
        var table = try data.read()
        var objectives = loss?.names ?? []
        if let losses {
            (table, objectives) = try DistillationCorrelation.joining(Table.read(losses), to: table, error: error)
        }
        var options = DistillationCorrelation.Options(losses: objectives, error: error)
        options.adjustFor = adjustFor?.names ?? []
        options.adjust = adjust ?? .within
        options.cluster = cluster
        options.resamples = resamples
        options.level = level
        options.seed = seed
        let dcs = try DistillationCorrelation(table, options: options)
        show(
            output.chosen, table: dcs.table(), json: dcs.json(), explanation: dcs.explanation(), notes: dcs.notes)
        if dcs.objectives.allSatisfy({ $0.m < 3 }) { throw ExitCode(1) }
    }
}

extension DistillationCorrelation.Adjust: ExpressibleByArgument {}
