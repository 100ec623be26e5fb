import Analysis
import ArgumentParser
import Fitting
import Foundation
import Tables
import Workflow

struct FitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fit scaling laws to runs or to a table, and say how certain each parameter is.",
        discussion: """
            A law is a name from `assay laws`, or an expression in the x columns; every other word in it is a parameter. \
            The law goyal is y = a (n1/N0)^b exp(b G) + d: n1 samples of the first epoch, G what repeats still count for, \
            tau their half-life in epochs (delta = 2^(-1/tau)). Its x columns are samples seen and samples per epoch.

            Examples:
              assay fit results.csv --law goyal --x samples_seen,samples_per_epoch --y test_error --group subset
              assay fit runs --law goyal --x samples_seen,samples_per_epoch --y test_error --group regime,subset --json
              assay fit results.csv --law "b1*(1-exp(-b2*x))" --x x --y y --start b1=500,b2=0.0001
              assay fit results.csv --law goyal --law power-offset --law bnsl:1 --x n,per_epoch --y "1-acc/100" \\
                  --holdout "n>1e8"                      which law, by AICc and by what it predicts
              assay fit pools.csv --law goyal --x n,S --y loss --group pool --share a,d --compare
            """)

    @Argument(help: "A CSV, TSV, JSON or JSONL file (- for standard input), or a store of runs.", completion: .file())
    var data: String

    @Option(
        help: ArgumentHelp(
            "A law: a name from `assay laws`, or an expression; repeat it to choose.", valueName: "law"))
    var law: [String]

    @Option(help: ArgumentHelp("The law's x columns, in its order.", valueName: "col,col"))
    var x: ColumnList

    @Option(
        help: ArgumentHelp("What is fitted: a column, or an expression such as \"1-acc/100\".", valueName: "col|expr"))
    var y: String

    @Option(help: ArgumentHelp("One fit per combination of values of these columns.", valueName: "col,…"))
    var group: ColumnList?

    @Option(
        help: """
            For a store: finals, one annealed point per run, or checkpoints, every checkpoint of every run (default: \
            finals).
            """)
    var points: RunPoints?

    @Option(help: "What happens to rows with an empty cell: drop (counted) or fail.")
    var missing: ScalingLawOptions.Missing = .drop

    @OptionGroup(title: "The search") var search: FitSearchOptions
    @OptionGroup(title: "How certain it is") var certainty: FitCertaintyOptions
    @OptionGroup(title: "Choosing, predicting, comparing") var use: FitUseOptions

    @Flag(help: "Exit with 1 unless every fit converged.")
    var strict = false

    @Flag(name: .shortAndLong, help: "The full report of every group, however many there are.")
    var verbose = false

    @OptionGroup var output: FormatOptions

    func validate() throws {
        if law.isEmpty { throw ValidationError("name a law with --law; `assay laws` lists them") }
        if Set(law).count < law.count { throw ValidationError("--law names a law twice") }
        if use.residuals && output.chosen != .json { throw ValidationError("--residuals belongs to --json") }
        if use.compare && use.predict != nil && output.chosen != .json && output.chosen != .table {
            throw ValidationError("a table answers one question: ask --compare and --predict one by one, or use --json")
        }
    }

    func run() throws {
        let options = try options()
        let (table, isStore) = try readTable()
        let isError = ScalingLawAnalysis.isError(y)
        let laws = try ScalingLaws.laws(law, columns: x.names, unit: search.unit, isError: isError)
        if search.unit != nil && laws.allSatisfy({ $0.unit == nil }) {
            throw ScalingLawError.option("--n0: \(law.joined(separator: " and ")) has no unit of samples")
        }
        // A run's checkpoints depend on each other: together they are one observation.
        let cluster = certainty.cluster ?? (points == .checkpoints ? "id" : nil)
        let analysis = try ScalingLawAnalysis(
            of: table, laws: laws, x: x.names, y: y, group: group?.names ?? [], weights: search.weights,
            cluster: cluster, rowNames: isStore ? "id" : nil, options: options)
        try answer(analysis)
        if analysis.isEveryGroupRefused || (strict && !analysis.isEveryFitConverged) { throw ExitCode(1) }
    }

    private func options() throws -> ScalingLawOptions {
        var options = ScalingLawOptions()
        try search.fill(&options)
        try certainty.fill(&options)
        options.missing = missing
        options.holdout = try use.holdout.map { text throws(ScalingLawError) in try Holdout(text) }
        if points == .checkpoints { options.cautions = [checkpointCaution] }
        return options
    }

    private func readTable() throws -> (table: Table, isStore: Bool) {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: data, isDirectory: &isDirectory), isDirectory.boolValue {
            return (try runTable(data, points ?? .finals), true)
        }
        if points != nil { throw ScalingLawError.option("--points is for a store; \(data) is a table") }
        return (try Table.read(data), false)
    }

    private func answer(_ analysis: ScalingLawAnalysis) throws {
        for leftOut in analysis.leftOut { note("assay: left out " + described(leftOut)) }
        let predictions = try use.predict.map { try ScalingLawPredictions(analysis, for: Table.read($0)) }
        for leftOut in predictions?.leftOut ?? [] { note("assay: not predicted: " + described(leftOut)) }
        if predictions != nil && search.weights != nil {
            note("assay: prediction intervals are those of a new point of weight 1")
        }
        let comparison = try use.comparison(of: analysis)
        try use.draw(analysis, predictions)
        switch output.chosen {
        case .json:
            analysis.writeJSON(predictions: predictions, comparison: comparison, residuals: use.residuals) {
                print($0, terminator: "")
            }
        case .table:
            print(analysis.text(verbose: verbose), terminator: "")
            if let predictions { print("\n" + predictions.table().formatted(.table), terminator: "") }
            if let comparison { print("\n" + comparison.text(), terminator: "") }
        case let format:
            warn(analysis)
            // One table answers one question: the last that was asked.
            let table = comparison?.table() ?? predictions?.table() ?? analysis.table()
            print(table.formatted(format), terminator: "")
        }
    }

    /// The first few places are enough to find the cause.
    private func described(_ leftOut: ScalingLawAnalysis.LeftOut) -> String {
        let shown = leftOut.places.prefix(5).joined(separator: ", ") + (leftOut.places.count > 5 ? ", …" : "")
        return "\(leftOut.places.count), \(leftOut.reason): \(shown)"
    }

    private func warn(_ analysis: ScalingLawAnalysis) {
        for fit in analysis.fits {
            for warning in fit.warnings { note("assay: warning: \(fit.title): \(warning)") }
        }
    }
}

extension ScalingLawError: Failure {}
extension ScalingLawOptions.Interval: ExpressibleByArgument {}
extension ScalingLawOptions.Resampling: ExpressibleByArgument {}
extension ScalingLawOptions.Missing: ExpressibleByArgument {}
extension RunPoints: ExpressibleByArgument {}
