import Analysis
import ArgumentParser
import Foundation
import Statistics
import Tables
import Workflow

struct DCSCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dcs",
        abstract: "Score distillation objectives: does a lower loss mean a lower test error?",
        discussion: """
            The Distillation Correlation Score is Spearman's rho, over subsets or distilled sets, between an objective's \
            loss on the set and the error of a network trained on it. Positive is good: the loss falls with the error. \
            Larger sets have a lower loss and a lower error whatever the objective knows, so adjust for the size.

              assay dcs runs/demo                                      build or extend runs/demo/dcs-table.csv
              assay dcs runs/demo/dcs-table.csv --losses my.csv        score a loss: columns set and one per objective
              assay dcs studies/demo.yaml --objective-command ./my_loss.py -j 4
              assay dcs sets.csv --loss dm,sre2l --error test_error --adjust-for ipc
              assay dcs runs/demo --losses losses.csv --error test_error --adjust-for ipc --cluster subset

            A table of sets is asked for test_error, test_loss and ood_error, within equal IPC and clustered by subset, unless \
            said otherwise; every loss tried on it is written to dcs-ledger.csv beside it. A row with an empty or infinite \
            cell is left out and named on stderr. The exit code is 1 where no objective has a defined rho, and, for a table of \
            sets, where a loss is missing, doubled or no number.
            """)

    @Argument(
        help: """
            A table (CSV, TSV, JSON, JSONL; - for standard input), a table of sets, a store of runs, or a study (YAML).
            """, completion: .file())
    var table: String

    @OptionGroup var losses: DCSLosses
    @OptionGroup var statistics: DCSStatistics
    @OptionGroup var output: FormatOptions

    @Option(help: ArgumentHelp("Also write the leaderboard, scatter plots and their data here.", valueName: "dir"))
    var figures: String?

    func validate() throws {
        // What is not there is said by `run`.
        guard isThere else { return }
        let source = DCSSource(table)
        try losses.validate(source)
        let needsError = source == .table || source == .store && losses.areByRun
        guard !needsError || statistics.error != nil else {
            throw ValidationError("say what the losses are correlated with: --error COL")
        }
        let hasStandard = source != .table && !needsError
        guard statistics.adjust == nil || statistics.adjustFor != nil || hasStandard else {
            throw ValidationError("--adjust says how; --adjust-for COL[,COL…] must say for what")
        }
    }

    private var isThere: Bool { table == "-" || FileManager.default.fileExists(atPath: table) }

    func run() throws {
        guard isThere else { throw WorkflowError(66, "\(table): no such store, study or table") }
        let source = DCSSource(table)
        if source == .table || source == .store && losses.areByRun {
            try scoreTable(source)
        } else {
            try scoreSets(source)
        }
    }

    // MARK: Any table

    private func scoreTable(_ source: DCSSource) throws {
        var rows = try source == .store ? runTable(table, .finals) : Table.read(table)
        var objectives = losses.loss?.names ?? []
        var problems: [String] = []
        let errors = statistics.error?.names ?? []
        if let file = losses.losses.first {
            let joined = try DistillationCorrelation.joining(Table.read(file), to: rows, error: errors[0])
            (rows, objectives) = (joined.table, objectives.isEmpty ? joined.objectives : objectives)
            problems = joined.problem.map { [$0] } ?? []
        }
        var options = try statistics.options(adjustFor: [], cluster: nil)
        options.losses = objectives
        if statistics.adjustFor == nil, rows.has("ipc"), Set(try rows.texts("ipc")).count > 1 {
            note("assay: rows differ in ipc: without --adjust-for ipc the size of the sets is part of rho")
        }
        let board = try DistillationLeaderboard(
            rows, options: options, per: statistics.per?.names ?? [], against: errors,
            comparing: statistics.comparison)
        try answer(board, sets: rows, epochs: [], problems: problems)
    }

    // MARK: A table of sets

    private func scoreSets(_ source: DCSSource) throws {
        var study: (plan: Plan, data: TrainingData)?
        var store = table
        if source == .study {
            let plan = try StudyArgument.parse([table]).plan()
            store = plan.plan.study.store
            study = plan.data.map { (plan: plan.plan, data: $0) }
        }
        let kept = source == .sets ? table : store + "/" + DistillationTable.fileName
        if FileManager.default.fileExists(atPath: kept), let lack = DistillationTable.missingSeal(of: kept) {
            note("assay: " + lack)
        }
        let update = try source == .sets ? nil : DistillationTable.update(store: store, heldOut: losses.heldOutNames)
        let sets = try update?.table ?? DistillationTable.read(table)
        if let update {
            let unfinished = update.unfinished > 0 ? "; \(update.unfinished) unfinished runs are in none" : ""
            note(
                "assay: \(update.path): \(sets.setNames.count) sets, \(sets.table.rowCount) rows, \(update.added) "
                    + "new\(update.changed > 0 ? ", \(update.changed) changed" : "")\(unfinished)")
        }
        if losses.isEmpty {
            show(output.chosen, table: sets.table, json: sets.json(), explanation: [], notes: [])
            return
        }
        var question = SetQuestion(
            table: sets, path: update?.path ?? table,
            options: try statistics.options(adjustFor: ["ipc"], cluster: "subset"))
        question.losses = losses.losses
        question.asked = losses.loss?.names
        question.commands = losses.commands
        question.study = study
        question.against = statistics.error?.names ?? []
        question.per = statistics.per?.names
        question.comparison = statistics.comparison
        question.heldOut = losses.withHeldOut
        if !question.commands.isEmpty { Interruption.watch() }
        let found = try question.answer(shouldStop: { Interruption.isRequested }, report: { note("assay: " + $0) })
        for line in found.notes { note("assay: " + line) }
        try answer(found.board, sets: found.sets, epochs: found.epochs, problems: found.problems)
    }

    // MARK: -

    private func answer(
        _ board: DistillationLeaderboard, sets: Table, epochs: [EpochLosses], problems: [String]
    ) throws {
        show(
            output.chosen, table: board.table(), json: board.json(), explanation: board.explanation(),
            notes: board.notes)
        if let figures {
            let written = try writeLeaderboard(board, sets: sets, epochs: epochs, to: figures)
            for line in written.notes { note("assay: " + line) }
            note("assay: \(figures): \(written.files.count) tables and pictures, each picture with its data")
        }
        for problem in problems { note("assay: " + problem) }
        if !problems.isEmpty || !board.isAnswered { throw ExitCode(1) }
    }
}

/// What the first argument is.
enum DCSSource: Equatable {
    case table, sets, store, study

    init(_ path: String) {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        let ending = (path as NSString).pathExtension.lowercased()
        if exists, isDirectory.boolValue {
            self = .store
        } else if ["yaml", "yml"].contains(ending) {
            self = .study
        } else if exists, ending == "csv", let table = try? Table.read(path), DistillationTable.isOne(table) {
            self = .sets
        } else {
            self = .table
        }
    }
}
