import Datasets
import Studies
import Tables

extension Vocabulary {
    /// What this version offers.
    public static let assay = Vocabulary(
        datasets: DatasetSource.names, scores: ["el2n", "cad-prune"], laws: ["goyal"], objectives: ["dm"],
        columns: runColumns + runMetrics, suggestion: { closest(to: $0, in: $1) })
}
