import Analysis
import Studies

extension Plan {
    /// What an analysis could never answer, found before anything trains.
    func analysisProblems() -> [StudyProblem] {
        guard !runs.isEmpty else { return [] }
        return study.analyses.compactMap { analysis in
            let chosen = runs.filter { looksAt($0, analysis.value) }
            return fault(of: analysis.value, on: chosen).map {
                StudyProblem(mark: analysis.mark, place: "analyses.\(analysis.name)", message: $0)
            }
        }
    }

    /// Whether an analysis looks at a run: it names its subset or one of its blocks, or nothing.
    func looksAt(_ run: PlannedRun, _ analysis: AnalysisChoice) -> Bool {
        analysis.of.isEmpty || analysis.of.contains(run.family) || run.blocks.contains(where: analysis.of.contains)
    }

    private func fault(of analysis: AnalysisChoice, on chosen: [PlannedRun]) -> String? {
        guard !chosen.isEmpty else { return "there is no run of \(analysis.of.joined(separator: ", "))" }
        let groups = Dictionary(grouping: chosen) { run in analysis.per.map { run.column($0) } }
        switch analysis.kind {
        case .fit(let law, _, _, _, let checkpoints):
            guard let parameters = try? ScalingLaws.named(law).parameters.count else { return nil }
            let most =
                groups.values.map { checkpoints ? $0.map(\.checkpoints.count).reduce(0, +) : $0.count }.max() ?? 0
            return most > parameters
                ? nil
                : "no group of \(named(analysis.per)) has more than \(most) points, and '\(law)' has \(parameters) parameters"
        case .dcs:
            let most = groups.values.map { Set($0.filter { $0.images != .all }.map(\.setName)).count }.max() ?? 0
            return most >= 3
                ? nil : "a correlation needs 3 sets, and no group of \(named(analysis.per)) has more than \(most)"
        case .hardness:
            let hasWindows = chosen.contains {
                if case .scored(let scored) = $0.images { scored.start != nil } else { false }
            }
            return hasWindows ? nil : "none of these runs is a window ('keep: window')"
        case .pareto: return nil
        }
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
