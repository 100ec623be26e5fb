import Analysis
import Studies

extension Plan {
    /// What an analysis could never answer, found before anything trains.
    func analysisProblems() -> [StudyProblem] {
        study.analyses.compactMap { analysis in
            var problem: String?
            if case .fit(let fit) = analysis.value.kind { problem = fit.problem(of: analysis.value) }
            if problem == nil, !runs.isEmpty {
                problem = fault(of: analysis.value, on: runs.filter { looksAt($0, analysis.value) })
            }
            return problem.map {
                StudyProblem(mark: analysis.mark, place: "analyses.\(analysis.name)", message: $0)
            }
        }
    }

    /// Files that would overwrite each other, and parts of figures that their analysis does not have.
    func outputProblems() -> [StudyProblem] {
        var problems: [StudyProblem] = []
        for analysis in study.analyses where ["runs", "summary"].contains(analysis.name) {
            let message = "'\(analysis.name)' is the name of a table that every study writes; choose another"
            problems.append(StudyProblem(mark: analysis.mark, place: "analyses", message: message))
        }
        for (index, figure) in study.figures.enumerated() {
            func add(_ message: String) {
                problems.append(StudyProblem(mark: figure.mark, place: "figures[\(index + 1)]", message: message))
            }
            if study.figures[..<index].contains(where: { $0.file == figure.file }) {
                add("'\(figure.file)' is drawn twice")
            }
            guard let analysis = study.analyses.first(where: { $0.name == figure.show })?.value else { continue }
            guard case .fit(let fit) = analysis.kind else {
                if figure.x.field ?? figure.y.field ?? figure.color ?? figure.facet != nil {
                    add("only the figure of a fit says its fields, 'color' and 'facet'; this one has its own")
                }
                continue
            }
            if let field = figure.x.field, field != fit.x.first {
                add("the x of '\(figure.show)' is \(fit.x.first ?? ""), not \(field)")
            }
            if let field = figure.y.field, field != fit.y { add("the y of '\(figure.show)' is \(fit.y), not \(field)") }
            for field in [figure.color, figure.facet].compactMap({ $0 }) where !analysis.per.contains(field) {
                add("'\(figure.show)' does not tell \(field) apart (per: \(analysis.per.joined(separator: ", ")))")
            }
        }
        return problems
    }

    /// Whether an analysis looks at a run: it names its subset or one of its blocks, or nothing. A trunk is no result.
    func looksAt(_ run: PlannedRun, _ analysis: AnalysisChoice) -> Bool {
        !run.keepsState
            && (analysis.of.isEmpty || analysis.of.contains(run.family)
                || run.blocks.contains(where: analysis.of.contains))
    }

    private func fault(of analysis: AnalysisChoice, on chosen: [PlannedRun]) -> String? {
        guard !chosen.isEmpty else { return "there is no run of \(analysis.of.joined(separator: ", "))" }
        let groups = Dictionary(grouping: chosen) { run in analysis.per.map { run.column($0) } }
        // Replicates differ by their seed alone: compute that differs is another question, not noise.
        let mixed = [("budget", \PlannedRun.budgetName), ("model", \PlannedRun.modelName)].first { _, path in
            groups.values.contains { group in
                Set(group.filter { $0.images != .all }.map { $0[keyPath: path] }).count > 1
            }
        }
        switch analysis.kind {
        case .fit(let fit):
            let most =
                groups.values.map { fit.checkpoints ? $0.map(\.storedCheckpoints.count).reduce(0, +) : $0.count }.max()
                ?? 0
            let fewest = try? fit.scalingLaws().map { ($0.name, $0.parameters.count - fit.fixed.count) }
                .min { $0.1 < $1.1 }
            guard let (law, parameters) = fewest, most <= parameters else { return nil }
            return
                "no group of \(named(analysis.per)) has more than \(most) points, and '\(law)' has \(parameters) parameters"
        case .dcs(let question):
            if let noise = chosen.first(where: { if case .noise = $0.images { true } else { false } }) {
                return
                    "noise is no set of the data's images, and has no distance to them: leave '\(noise.family)' out ('of: …')"
            }
            if let mixed { return mixes(mixed.0, analysis) }
            if let metric = question.against.first(where: { !isMeasured($0) }) {
                let key = metric.hasPrefix("ood") ? "ood" : "validation"
                return "no run has a '\(metric)': the study has no '\(key):'"
            }
            if let fault = ObjectiveRuns.fault(of: analysis.objectives, plan: self) { return fault }
            let most = groups.values.map { Set($0.filter { $0.images != .all }.map(\.setName)).count }.max() ?? 0
            return most >= 3
                ? nil : "a correlation needs 3 sets, and no group of \(named(analysis.per)) has more than \(most)"
        case .hardness:
            guard isMeasured("validation_error") else {
                return "the best window is chosen on validation images, and the study has no 'validation:'"
            }
            let hasWindows = chosen.contains {
                if case .scored(let scored) = $0.images { scored.start != nil } else { false }
            }
            return hasWindows ? nil : "none of these runs is a window ('keep: window')"
        case .pareto: return mixed.map { mixes($0.0, analysis) }
        }
    }

    /// Whether the study's data let runs measure a figure.
    private func isMeasured(_ metric: String) -> Bool {
        if corruptionMetrics.contains(metric) { return data.corruptions != nil }
        return !metric.hasPrefix("validation") || data.validation > 0
    }

    private func mixes(_ column: String, _ analysis: AnalysisChoice) -> String {
        let per = (analysis.per + [column]).joined(separator: ", ")
        return
            "it mixes runs of several \(column)s, whose differences are no noise of seeds: say 'per: [\(per)]', or name "
            + "fewer in 'of:'"
    }

    private func named(_ columns: [String]) -> String { columns.isEmpty ? "runs" : columns.joined(separator: ", ") }
}

extension PlannedRun {
    /// The images' name: `random-ipc50`.
    var setName: String { images.ipc.map { "\(subset)-ipc\($0)" } ?? subset }

    /// A column of the run table, as far as it is known before the run.
    fileprivate func column(_ name: String) -> String {
        switch name {
        case "id": id
        case "model": modelName
        case "regime": regime
        case "subset": subset
        case "family": family
        case "ipc": images.ipc.map(String.init) ?? ""
        case "budget": "\(budget)"
        case "seed": "\(seed)"
        default: ""
        }
    }
}
