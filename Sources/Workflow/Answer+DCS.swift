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
        let runs = plan.runs.filter { ids.contains($0.id) && $0.images != .all }
        let values = try SetObjectives(
            plan: plan, data: data, runs: runs, cache: "\(plan.study.results)/dm-networks.csv", report: report)
        let sets = try ImageSetTable(
            plan: plan, runs: runs, objectives: values, per: choice.per, metrics: question.against)
        let losses = question.objectives.flatMap { [$0, $0 + "-debiased"] }
        let options = try Self.options(question, losses: losses, level: choice.level)
        let board = try DistillationLeaderboard(
            sets.table, options: options, per: choice.per, against: question.against,
            comparing: question.compare ? .all : .none)
        let lines = board.explanation()
        let score = Answer(
            name: name, title: "Distillation Correlation Score: \(question.objectives.joined(separator: ", "))",
            table: board.table(), json: board.json(), explanation: Self.sentences(lines) + sets.notes,
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
        options.adjust = DistillationCorrelation.Adjust(rawValue: question.adjust.rawValue) ?? .within
        // Sets of one rule are nested across IPCs: they are one unit to draw and to rearrange.
        options.cluster = question.cluster
        options.family = "family"
        options.leaveOut = try question.leaveOut.map { try LeaveOutRule($0) }
        options.resamples = question.resamples
        options.level = level
        return options
    }
}
