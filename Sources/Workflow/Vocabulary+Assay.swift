import Analysis
import Datasets
import Importers
import Scoring
import Selection
import Studies
import Tables

extension Vocabulary {
    /// What this version offers.
    public static let assay = Vocabulary(
        datasets: DatasetSource.names, scores: Scores.names, coresets: CoresetRule.table.map(\.name),
        objectives: Objectives.names,
        importers: importFormats.map(\.kind) + importAliases.keys.sorted(),
        columns: runColumns + [recipeColumn] + runMetrics + corruptionMetrics,
        scoreProblem: { method, variant, span, window in
            problem {
                let request = try ScoreRequest(method, variant: variant, span: span, window: window)
                // A study's runs keep logits alone.
                if request.needsFeatures || request.needsTargets {
                    throw WorkflowError(65, "'\(method)' cannot choose images in a study: it needs more than logits")
                }
            }
        },
        lawProblem: { law, columns in problem { _ = try ScalingLaws.law(law, columns: columns) } },
        expressionProblem: { text, columns in problem { _ = try ColumnExpression(text, known: columns) } },
        ruleProblem: { text, columns in problem { try LeaveOutRule(text).check(known: columns) } },
        corruptions: Corruption.names, objectiveOptions: Objectives.options, suggestion: { closest(to: $0, in: $1) })

    private static func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
