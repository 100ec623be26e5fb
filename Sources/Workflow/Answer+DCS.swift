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
        // A set that repeats its images leaves many a loss as it is by construction: it is no point of ρ.
        let (repeating, runs) = plan.runs.filter { ids.contains($0.id) && $0.images != .all }
            .reduce(into: ([PlannedRun](), [PlannedRun]())) { parts, run in
                if run.alteration?.copies ?? 1 > 1 { parts.0.append(run) } else { parts.1.append(run) }
            }
        let repeats = Set(repeating.map(\.setName)).sorted().map { "\($0) repeats its images and is left out" }
        let values = try SetObjectives(
            plan: plan, data: data, runs: runs, objectives: choice.objectives, report: report)
        let sets = try ImageSetTable(
            plan: plan, runs: runs, objectives: values, per: choice.per, metrics: question.against)
        let losses = question.objectives.flatMap { [$0, $0 + "-debiased"] }.filter(sets.table.has)
        let options = try Self.options(question, losses: losses, level: choice.level)
        let board = try DistillationLeaderboard(
            sets.table, options: options, per: choice.per, against: question.against,
            comparing: question.compare ? .all : .none)
        let lines = board.explanation()
        let score = Answer(
            name: name, title: "Distillation Correlation Score: \(question.objectives.joined(separator: ", "))",
            table: board.table(), json: board.json(), explanation: Self.sentences(lines) + sets.notes + repeats,
            warnings: board.notes + Self.warnings(lines),
            figure: { try Self.scatterFigure(sets.table, board, loss: losses[0], errors: [question.against[0]], $0) })
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
