import Foundation
import Records
import RunStore
import Tables

/// Which checkpoints of a run become rows.
public enum RunPoints: String, Sendable, CaseIterable {
    /// One annealed point per run: a checkpoint in the middle of a decaying schedule is not the result of that compute.
    case finals
    case checkpoints
}

extension RunFile {
    /// Whether it is a stretch of a trunk: its learning rate was never annealed, and its branches hold its checkpoints.
    var isTrunk: Bool {
        description.study.flatMap { try? JSON.parse($0) }?["state"] == .bool(true)
    }
}

/// The columns of a run table that every store has; metrics stand behind them under their own names.
public let runColumns = [
    "id", "model", "regime", "subset", "family", "window_start", "fraction", "ipc", "budget", "seed", "epoch",
    "samples_seen", "samples_per_epoch",
]

/// The column of recipes, which stands in a table where runs differ by more than regime and model.
public let recipeColumn = "recipe"

/// What stands before the regime in the id of a run that a study trained, the model left out: its recipe, unless that is the
/// first of the study.
private func recipe(of id: String, _ about: RunDescription) -> String {
    let parts = id.split(separator: "/").map(String.init)
    guard about.study != nil, let regime = about.regime, let end = parts.firstIndex(of: regime) else { return "" }
    return parts[..<end].filter { $0 != about.model }.joined(separator: "/")
}

/// The metrics that Assay's own runs have.
public let runMetrics = [
    "train_loss", "test_loss", "test_error", "validation_loss", "validation_error", "learning_rate", "seconds",
]

/// Ids of the runs of a store that have not ended.
public func unfinishedRuns(store directory: String) throws -> [String] {
    let store = Store(directory)
    return try store.ids().filter { store.status($0) == .partial }
}

/// One row per run, or per checkpoint of each run, of a store. An absent number is NaN, an absent word is empty.
/// Unfinished runs are left out: they have no annealed point, and perhaps no checkpoint yet. So are stretches of a trunk.
///
/// - Throws: `RunStoreError` for the first file that is no run.
public func runTable(store directory: String, points: RunPoints = .finals) throws -> Table {
    let store = Store(directory)
    let ids = try store.ids()
    let sealed = ids.filter { store.status($0) == .sealed }
    let runs = try sealed.map { try (id: $0, run: store.open($0)) }
    if runs.isEmpty {
        throw WorkflowError.missing("\(directory): no runs\(ids.isEmpty ? "" : ", only unfinished ones")")
    }
    return try runTable(runs, points: points)
}

/// The same of runs that are open already.
///
/// - Parameter recipes: their names by run; of others the id tells.
public func runTable(
    _ runs: [(id: String, run: RunFile)], points: RunPoints = .finals, recipes: [String: String] = [:]
) throws -> Table {
    var ownRecipes: [String] = []
    var words: [[String]] = Array(repeating: [], count: 5)
    var numbers: [[Double]] = Array(repeating: [], count: 8)
    let metricNames = metricColumns(runs.map(\.run))
    var metrics: [[Double]] = Array(repeating: [], count: metricNames.count)
    for (id, run) in runs where run.checkpointCount > 0 && !run.isTrunk {
        let about = run.description
        let subset = about.study.flatMap { try? JSON.parse($0) }?["subset"]
        let perEpoch = try run.trainedCount().map(Double.init)
        let columns = try metricNames.map { name in
            run.metricNames.contains(name)
                ? try run.metric(name) : [Double](repeating: .nan, count: run.checkpointCount)
        }
        let rows = points == .finals ? [run.checkpointCount - 1] : Array(0..<run.checkpointCount)
        for e in rows where run.epochs[e] > 0 {
            let values = [
                id, about.model ?? "", about.regime ?? "", about.subset ?? "",
                subset?["family"]?.string ?? about.subset ?? "",
            ]
            for (index, value) in values.enumerated() { words[index].append(value) }
            ownRecipes.append(recipes[id] ?? recipe(of: id, about))
            let seen = run.samplesSeen.map { Double($0[e]) } ?? perEpoch.map { $0 * run.epochs[e] }
            let measures = [
                subset?["window_start"]?.double, subset?["fraction"]?.double, about.ipc.map(Double.init), about.budget,
                about.seed.map(Double.init), run.epochs[e], seen, perEpoch,
            ]
            for (index, value) in measures.enumerated() { numbers[index].append(value ?? .nan) }
            for (index, column) in columns.enumerated() { metrics[index].append(column[e]) }
        }
    }
    let names = runColumns
    let wordColumns = zip(names[..<5], words).map { Column($0, $1) }
    let numberColumns = zip(names[5...], numbers).map(compact)
    var columns = wordColumns + numberColumns + zip(metricNames, metrics).map { Column($0, $1) }
    if Set(ownRecipes).count > 1 { columns.insert(Column(recipeColumn, ownRecipes), at: 2) }
    return Table(columns)
}

/// Whole numbers are written without a point.
private func compact(_ name: String, _ values: [Double]) -> Column {
    let isWhole = values.allSatisfy { $0.isFinite && $0 == $0.rounded() && abs($0) < 0x1p53 }
    return isWhole && !values.isEmpty ? Column(name, values.map { Int($0) }) : Column(name, values)
}

private func metricColumns(_ runs: [RunFile]) -> [String] {
    var names = runMetrics.filter { name in runs.contains { $0.metricNames.contains(name) } }
    for run in runs {
        for name in run.metricNames where !names.contains(name) && !runColumns.contains(name) { names.append(name) }
    }
    return names
}
