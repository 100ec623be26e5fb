import Datasets
import Distillation
import RunStore
import Statistics
import Tables
import Training

/// The sets of images that a study trained on: one row per set and group, with the errors of the runs trained on it. An
/// objective is evaluated once per set of images, whatever regime or budget was trained on it.
struct ImageSetTable {
    /// A named set of one seed: positions in the full training set, ascending.
    private struct ImageSet {
        var name: String
        var seed: Int
        var positions: [Int]
    }

    let table: Table
    /// Sets that were left out, and why.
    let notes: [String]

    /// - Parameters:
    ///   - runs: sealed runs on subsets (runs on all images are no sets).
    ///   - per: columns that tell groups apart, of `RunTable`.
    ///   - metrics: the test figures to average over seeds.
    init(
        plan: Plan, data: TrainingData, runs: [PlannedRun], per: [String], metrics: [String], report: (String) -> Void
    ) throws {
        let runs = runs.filter { $0.images != .all }
        var sets: [ImageSet] = []
        var indexOf: [String: Int] = [:]
        let position = Dictionary(uniqueKeysWithValues: data.training.enumerated().map { (Int64($1), $0) })
        for run in runs {
            let key = Self.key(run)
            guard indexOf[key] == nil else { continue }
            let ids = try plan.store.open(run.id).samples().ids
            indexOf[key] = sets.count
            sets.append(ImageSet(name: Self.name(run), seed: run.seed, positions: ids.compactMap { position[$0] }.sorted()))
        }

        // The hardest window holds the images of 'hardest': one set must not be two points of a correlation.
        var twins: [String: String] = [:]
        for (index, set) in sets.enumerated() {
            if let first = sets[..<index].first(where: { $0.seed == set.seed && $0.positions == set.positions }), first.name != set.name {
                twins[set.name] = first.name
            }
        }
        notes = twins.sorted { $0.key < $1.key }.map { "\($0.key) holds the images of \($0.value) and is left out" }

        report("dm: embedding \(data.training.count) images with 5 random networks, \(sets.count) sets")
        let normalization = Normalization(of: data.dataset.train, indices: data.training)
        let train = data.dataset.train
        let losses = try DistributionMatching(networks: 5, width: 32, depth: 3, seed: 0).losses(
            real: train.floats(data.training, normalization),
            shape: ImageShape(channels: train.channels, height: train.height, width: train.width), labels: data.labels,
            classes: data.dataset.classes, subsets: sets.map(\.positions))

        let runTable = try Workflow.runTable(runs.map { (id: $0.id, run: try plan.store.open($0.id)) })
        let groupColumns = try per.map { try runTable.texts($0) }
        let values = try metrics.map { try runTable.numbers($0) }
        var rows: [(key: [String], run: PlannedRun, members: [Int])] = []
        for (index, run) in runs.enumerated() where twins[Self.name(run)] == nil {
            let key = groupColumns.map { $0[index] } + [Self.name(run)]
            if let row = rows.firstIndex(where: { $0.key == key }) {
                rows[row].members.append(index)
            } else {
                rows.append((key, run, [index]))
            }
        }
        var columns = per.enumerated().map { at, name in Column(name, rows.map { $0.key[at] }) }
        func add(_ name: String, _ values: [String]) { if !per.contains(name) { columns.append(Column(name, values)) } }
        add("set", rows.map { $0.key[per.count] })
        add("subset", rows.map(\.run.subset))
        add("family", rows.map(\.run.family))
        if !per.contains("ipc") { columns.append(Column("ipc", rows.map { $0.run.images.ipc ?? 0 })) }
        columns.append(Column("n", rows.map(\.members.count)))
        for (name, column) in zip(metrics, values) {
            let members = rows.map { $0.members.map { column[$0] } }
            columns.append(Column(name, members.map { mean($0) }))
            columns.append(Column("\(name)_std", members.map { standardDeviation($0) ?? .nan }))
        }
        let perRow = rows.map { row in row.members.compactMap { indexOf[Self.key(runs[$0])] }.map { losses[$0] } }
        columns.append(Column("dm", perRow.map { mean($0.map(\.literalMean)) }))
        columns.append(Column("dm_network_std", perRow.map { mean($0.map(\.literalStd)) }))
        columns.append(Column("dm-debiased", perRow.map { mean($0.map(\.debiasedMean)) }))
        columns.append(Column("dm-debiased_network_std", perRow.map { mean($0.map(\.debiasedStd)) }))
        table = Table(columns)
    }

    private static func name(_ run: PlannedRun) -> String { "\(run.subset)-ipc\(run.images.ipc ?? 0)" }
    private static func key(_ run: PlannedRun) -> String { "\(run.modelName)/\(name(run))/\(run.seed)" }
}
