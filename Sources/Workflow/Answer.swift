import Analysis
import Figures
import Foundation
import RunStore
import Statistics
import Studies
import Tables

/// One analysis's answer: a table, its JSON, sentences, and how to draw it.
struct Answer {
    var name: String
    var title: String
    /// As written to `name.csv`.
    var table: Table
    /// As people read it, where that differs.
    var display: Table?
    var json: JSON?
    /// What the numbers are.
    var explanation: [String] = []
    var warnings: [String] = []
    /// Written as a file, and shown neither on the terminal nor in the report.
    var isHidden = false
    /// nil where this result has no picture.
    var figure: ((FigureChoice) throws -> Figure?)?
}

/// What every fit to checkpoints in the middle of a schedule must say.
public let checkpointCaution =
    "a checkpoint in the middle of a schedule is not the end point of that compute (finals are the default); "
    + "the checkpoints of one run depend on each other and are clustered by run"

/// Asks the store on behalf of a study.
struct AnswerSource {
    let plan: Plan
    let data: TrainingData?
    let report: (String) -> Void
    /// One row per run, at its last checkpoint.
    let finals: Table

    init(plan: Plan, data: TrainingData?, report: @escaping (String) -> Void) throws {
        self.plan = plan
        self.data = data
        self.report = report
        finals = try Self.table(plan, points: .finals)
    }

    /// Runs of the plan; where the study only reads, all of the store's.
    private static func table(_ plan: Plan, points: RunPoints) throws -> Table {
        if plan.runs.isEmpty { return try runTable(store: plan.study.store, points: points) }
        return try runTable(
            plan.runs.map { (id: $0.id, run: try plan.store.open($0.id)) }, points: points, recipes: recipes(plan))
    }

    /// The names of the runs' recipes, where the study has several for one regime: they are no seeds of each other.
    private static func recipes(_ plan: Plan) -> [String: String] {
        let claimed = Set(plan.study.regimes.compactMap(\.value.recipe))
        let free = plan.study.recipes.filter { !claimed.contains($0.name) }
        guard free.count > 1 else { return [:] }
        return Dictionary(
            plan.runs.map { run in
                let own = free.first { $0.value == run.recipe && run.id.hasPrefix($0.name + "/") }
                return (run.id, (own ?? free.first { $0.value == run.recipe })?.name ?? "")
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The columns that an analysis keeps apart: those it names, and recipes.
    private func groups(_ choice: AnalysisChoice, in table: Table) -> [String] {
        choice.per + (table.has(recipeColumn) && !choice.per.contains(recipeColumn) ? [recipeColumn] : [])
    }

    func runs() -> Answer { Answer(name: "runs", title: "Runs", table: finals, isHidden: true) }

    /// Mean ± standard deviation over seeds of the last checkpoint's figures.
    func summary() throws -> Answer {
        let keys = (finals.has(recipeColumn) ? [recipeColumn] : []) + ["model", "regime", "subset", "ipc", "budget"]
        let groups = try finals.groups(by: keys)
        var columns = keys.enumerated().map { at, name in Column(name, groups.map { $0.key[at].1 }) }
        let at = keys.count - 5
        if Set(groups.map { $0.key[at].1 }).count < 2 { columns.remove(at: at) }  // one model: nothing to tell apart
        columns.append(Column("n", groups.map(\.rows.count)))
        var display = columns.map { column in
            if case .texts(let texts) = column.values { Column(column.name, texts.map(legible)) } else { column }
        }
        for metric in ["test_error", "validation_error", "test_loss"] where finals.has(metric) {
            let values = try finals.numbers(metric)
            let members = groups.map { $0.rows.map { values[$0] } }
            columns.append(Column(metric, members.map { mean($0) }))
            columns.append(Column("\(metric)_std", members.map { standardDeviation($0) ?? .nan }))
            display.append(Column(metric, members.map(Self.meanAndDeviation)))
        }
        return Answer(
            name: "summary", title: "Errors by regime, subset, IPC and budget", table: Table(columns),
            display: Table(display),
            explanation: ["Mean ± standard deviation over n seeds at the last checkpoint; n = 1 has no deviation."],
            warnings: plan.absent.isEmpty
                ? []
                : [
                    "\(counted(plan.absent.count, "planned run")) \(plan.absent.count == 1 ? "is" : "are") in no table or figure, having "
                        + "diverged or needing one that did: \(plan.absent.joined(separator: ", "))"
                ])
    }

    /// `0.3029 ± 0.0013`, with the digits that four decimals leave.
    private static func meanAndDeviation(_ values: [Double]) -> String {
        let center = String(format: "%.4f", mean(values))
        return standardDeviation(values).map { "\(center) ± \(String(format: "%.4f", $0))" } ?? center
    }

    /// The rows of `table` that an analysis looks at.
    func rows(_ table: Table, of names: [String]) throws -> Table {
        guard !names.isEmpty else { return table }
        let ids = try table.texts("id")
        let families = try table.texts("family")
        let blocks = Dictionary(plan.runs.map { ($0.id, $0.blocks) }, uniquingKeysWith: { a, _ in a })
        let chosen = ids.indices.filter { row in
            names.contains(families[row]) || (blocks[ids[row]] ?? []).contains(where: names.contains)
        }
        return table.rows(chosen)
    }

    func answer(_ analysis: Named<AnalysisChoice>) throws -> [Answer] {
        let choice = analysis.value
        switch choice.kind {
        case .fit(let fit):
            let source = fit.checkpoints ? try Self.table(plan, points: .checkpoints) : finals
            return [try self.fit(analysis.name, rows(source, of: choice.of), fit, choice)]
        case .dcs(let question): return try dcs(analysis.name, question, choice)
        case .pareto(let minimize):
            return [try pareto(analysis.name, rows(finals, of: choice.of), minimize: minimize, choice)]
        case .hardness:
            return [try hardness(analysis.name, rows(finals, of: choice.of), choice)]
        }
    }
}

// MARK: - The analyses

extension AnswerSource {
    private func fit(_ name: String, _ table: Table, _ fit: FitChoice, _ choice: AnalysisChoice) throws -> Answer {
        let analysis = try ScalingLawAnalysis(
            of: table, laws: fit.scalingLaws(), x: fit.x, y: fit.y, group: groups(choice, in: table),
            weights: fit.weights,
            cluster: fit.cluster ?? (fit.checkpoints ? "id" : nil), rowNames: "id",
            options: fit.options(level: choice.level))
        let comparison = fit.compare ? try ScalingLawComparison(analysis) : nil
        let leftOut = analysis.leftOut.map { "\($0.places.count) rows left out: \($0.reason)" }
        let warnings =
            leftOut
            + analysis.fits.flatMap { fit -> [String] in
                let names = fit.group.map(\.value) + (analysis.laws.count > 1 ? [fit.law] : [])
                return fit.warnings.map { "\(names.joined(separator: " ")): \($0)" }
            }
        let points = fit.checkpoints ? "checkpoints of runs" : "annealed end points of separate runs"
        let method = analysis.fits.map(\.intervalMethod).first { !$0.isEmpty } ?? fit.interval
        var explanation = [
            "Intervals: \(shortest(choice.level * 100)) %, \(method), on n \(points) per group; they stand in "
                + "\(name).csv and .json. ± is the standard error."
                + (analysis.laws.first?.unit.map { " n₁ in units of \(shortest($0))." } ?? "")
        ]
        if fit.cluster == nil && !fit.checkpoints {
            explanation.append(
                "The points of one seed share their images and are taken as independent all the same: with few seeds "
                    + "the intervals are too narrow.")
        }
        explanation += (analysis.choice?.groups ?? []).flatMap { group in
            group.verdicts.map { group.title.isEmpty ? $0 : "\(group.title): \($0)" }
        }
        return Answer(
            name: name, title: "Scaling law: \(fit.laws.joined(separator: ", ")), \(fit.y)", table: analysis.table(),
            display: Self.parameters(analysis), json: analysis.json(comparison: comparison),
            explanation: explanation, warnings: warnings,
            figure: { try Self.scalingFigure(analysis, table: table, x: fit.x, y: fit.y, $0) })
    }

    /// An explanation's sentences and its warnings, which are marked.
    static func sentences(_ lines: [String]) -> [String] { lines.filter { !$0.hasPrefix("warning: ") } }
    static func warnings(_ lines: [String]) -> [String] {
        lines.filter { $0.hasPrefix("warning: ") }.map { String($0.dropFirst("warning: ".count)) }
    }

    /// One row per fit: parameters ± standard error, and the interval of τ.
    private static func parameters(_ analysis: ScalingLawAnalysis) -> Table {
        func text(_ parameter: ScalingLawFit.Parameter?) -> String {
            guard let parameter else { return "" }
            guard parameter.value.isFinite else { return "not identified" }
            let value = significant(parameter.value, digits: 4)
            if parameter.bound != nil { return "\(value) (on its bound)" }
            return parameter.standardError.map { "\(value) ± \(significant($0, digits: 2))" } ?? value
        }
        let fits = analysis.fits
        let groups = fits.first?.group.map(\.column) ?? []
        var columns = groups.enumerated().map { at, name in Column(name, fits.map { $0.group[at].value }) }
        if analysis.laws.count > 1 { columns.append(Column("law", fits.map(\.law))) }
        columns.append(Column("n", fits.map(\.n)))
        for name in fits.flatMap({ $0.parameters.map(\.name) }).distinct() {
            columns.append(Column(name, fits.map { $0.isRefused ? "" : text($0[name]) }))
        }
        for name in fits.flatMap({ $0.derived.map(\.name) }).distinct() {
            let values = fits.map { fit in
                fit.derived.first { $0.name == name }.map { significant($0.value, digits: 4) } ?? ""
            }
            columns.append(Column(name, values))
        }
        columns.append(Column("rmse", fits.map { $0.isRefused ? "" : significant($0.rmse, digits: 3) }))
        columns.append(Column("result", fits.map(\.termination.word)))
        return Table(columns)
    }

    private func pareto(_ name: String, _ table: Table, minimize: [String], _ choice: AnalysisChoice) throws -> Answer {
        let keys = [recipeColumn, "model", "regime", "subset", "budget", "seed", "validation_error"]
        let per = groups(choice, in: table)
        let wanted = per + keys.filter { !per.contains($0) && !minimize.contains($0) } + minimize
        let trimmed = Table(try wanted.filter(table.has).map { try table.column($0) })
        var options = ParetoFrontier.Options(minimize: minimize)
        options.per = per
        options.noise = .seeds("seed")
        let frontier = try ParetoFrontier(trimmed, options: options)
        return Answer(
            name: name, title: "Pareto frontier: \(minimize.joined(separator: ", "))", table: frontier.table(),
            json: frontier.json(),
            explanation: Self.sentences(frontier.explanation()) + [
                "Bars in the figure are ± one standard deviation over seeds; standard_error is that of the mean."
            ],
            warnings: Self.warnings(frontier.explanation()) + frontier.notes.filter { !$0.hasPrefix("replicates") },
            figure: { try Self.frontierFigure(frontier, table: table, $0) })
    }

    private func hardness(_ name: String, _ table: Table, _ choice: AnalysisChoice) throws -> Answer {
        var options = OptimalHardness.Options()
        options.per = groups(choice, in: table)
        if choice.per.isEmpty {
            let differing = try OptimalHardness.differingConditions(table, window: options.window)
            options.per += differing.filter { !options.per.contains($0) }
        }
        let hardness = try OptimalHardness(table, options: options)
        return Answer(
            name: name, title: "Optimal hardness", table: hardness.table(), json: hardness.json(),
            explanation: Self.sentences(hardness.explanation()),
            warnings: Self.warnings(hardness.explanation()) + hardness.notes,
            figure: { Self.hardnessFigure(hardness, $0) })
    }
}
