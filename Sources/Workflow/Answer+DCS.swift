import Analysis
import Figures
import Statistics
import Studies
import Tables

extension AnswerSource {
    /// The Distillation Correlation Score of a study's objectives on its sets.
    func dcs(_ name: String, _ question: DCSChoice, _ choice: AnalysisChoice) throws -> [Answer] {
        guard let data else {
            throw WorkflowError.badData(
                "\(plan.study.path): analyses.\(name): '\(question.objectives.joined(separator: ", "))' needs the study's "
                    + "data set and runs")
        }
        let ids = Set(try rows(finals, of: choice.of).texts("id"))
        let all = plan.runs.filter { ids.contains($0.id) && $0.images != .all }
        // A set that repeats its images leaves many a loss as it is by construction: it is no point of ρ.
        let runs = try all.filter { try SetContent(plan.store.open($0.id)).repeats == 1 }
        let repeats = Set(all.map(\.setName)).subtracting(runs.map(\.setName)).sorted()
            .map { "\($0) repeats its images and is left out" }
        let values = try SetObjectives(
            plan: plan, data: data, runs: runs, objectives: choice.objectives, report: report)
        let sets = try ImageSetTable(
            plan: plan, runs: runs, objectives: values, per: choice.per, metrics: question.against)
        let losses = question.objectives.flatMap { [$0, $0 + "-debiased"] }.filter(sets.table.has)
        let options = try Self.options(question, losses: losses, level: choice.level)
        var board = try DistillationLeaderboard(
            sets.table, options: options, per: choice.per, against: question.against,
            comparing: question.compare ? .all : .none)
        for loss in losses { board.seconds[loss] = values.seconds(of: loss) }
        let lines = board.explanation()
        let score = Answer(
            name: name, title: "Distillation Correlation Score: \(question.objectives.joined(separator: ", "))",
            table: board.table(), json: board.json(), explanation: Self.sentences(lines) + sets.notes + repeats,
            warnings: board.notes + Self.warnings(lines),
            figure: { try Self.dcsFigure(sets.table, board, loss: losses[0], against: question.against, $0) })
        var answers = [
            score, Answer(name: "\(name)-sets", title: "Sets", table: sets.table, isHidden: true),
            Answer(name: "\(name)-losses", title: "Losses by run", table: sets.losses, isHidden: true),
        ]
        if question.compare {
            answers.append(
                Answer(
                    name: "\(name)-differences", title: "Differences of objectives", table: board.differenceTable(),
                    isHidden: true))
        }
        return answers
    }

    /// Loss against error, in-domain and out of it, and beside it the losses that follow an expert, along its epochs.
    static func dcsFigure(
        _ sets: Table, _ board: DistillationLeaderboard, loss: String, against: [String], _ choice: FigureChoice
    ) throws -> Figure {
        let errors = against.filter { $0.hasSuffix("_error") }
        var figure = try scatterFigure(
            sets, board, loss: loss, errors: errors.contains(against[0]) ? errors : [against[0]], choice)
        for along in EpochLosses.among(sets.columnNames) {
            let epochs = try epochFigure(along, sets, board, error: against[0])
            figure.panels += epochs.panels
            figure.notes = (figure.notes + epochs.notes).distinct()
        }
        return figure
    }

    private static func options(
        _ question: DCSChoice, losses: [String], level: Double
    ) throws -> DistillationCorrelation.Options {
        var options = DistillationCorrelation.Options(losses: losses, error: question.against[0])
        options.adjustFor = question.adjustFor
        options.adjust =
            switch question.adjust {
            case .within: .within
            case .partial: .partial
            case .residual: .residual
            }
        // Sets of one rule are nested across IPCs: they are one unit to draw and to rearrange.
        options.cluster = question.cluster
        options.family = "family"
        options.leaveOut = try question.leaveOut.map { try LeaveOutRule($0) }
        options.resamples = question.resamples
        options.level = level
        return options
    }
}
