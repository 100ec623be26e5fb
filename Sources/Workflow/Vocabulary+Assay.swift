import Analysis
import Datasets
import Studies
import Tables

extension Vocabulary {
    /// What this version offers.
    public static let assay = Vocabulary(
        datasets: DatasetSource.names, scores: ["el2n", "cad-prune"], objectives: ["dm"],
        columns: runColumns + runMetrics,
        lawProblem: { law, columns in problem { _ = try ScalingLaws.law(law, columns: columns) } },
        expressionProblem: { text, columns in problem { _ = try ColumnExpression(text, known: columns) } },
        suggestion: { closest(to: $0, in: $1) })

    private static func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
