import Distillation
import Statistics
import Tables

/// The sets of images that a study trained on: one row per set and group, with the errors of the runs trained on it and
/// the objectives' losses, both as means over seeds.
struct ImageSetTable {
    let table: Table
    /// The losses by run, for `assay dcs STORE --losses`.
    let losses: Table
    /// Sets that were left out, and why.
    let notes: [String]

    /// - Parameters:
    ///   - runs: sealed runs on subsets.
    ///   - per: columns of `runTable` that tell groups apart.
    ///   - metrics: the test figures to average over seeds.
    init(plan: Plan, runs: [PlannedRun], objectives: SetObjectives, per: [String], metrics: [String]) throws {
        let runTable = try Workflow.runTable(runs.map { (id: $0.id, run: try plan.store.open($0.id)) })
        let groupColumns = try per.map { try runTable.texts($0) }
        let values = try metrics.map { try runTable.numbers($0) }
        // The hardest window holds the images of 'hardest': one set must not be two points of a correlation.
        let members = try runs.enumerated().map { index, run in
            SetContent.Named(
                set: run.setName, condition: groupColumns.map { $0[index] }, content: try objectives.content(of: run))
        }
        let twins = SetContent.twins(members)
        notes = Set(
            zip(members, twins).compactMap { member, other in
                other.map { "\(member.set) holds the images of \($0) and is left out" }
            }
        ).sorted()
        var rows: [(key: [String], members: [Int])] = []
        for index in members.indices where twins[index] == nil {
            let key = members[index].condition + [members[index].set]
            if let row = rows.firstIndex(where: { $0.key == key }) {
                rows[row].members.append(index)
            } else {
                rows.append((key, [index]))
            }
        }

        let firsts = rows.map { runs[$0.members[0]] }
        var columns = per.enumerated().map { at, name in Column(name, rows.map { $0.key[at] }) }
        let about = [
            Column("set", firsts.map(\.setName)), Column("subset", firsts.map(\.subset)),
            Column("family", firsts.map(\.family)),
            Column("parent", firsts.map { SetOrigin($0.resolved["subset"], set: $0.setName).parent }),
            Column("ipc", firsts.map { $0.images.ipc ?? 0 }),
            Column("n", rows.map(\.members.count)),
        ]
        columns += about.filter { !per.contains($0.name) }
        for (name, column) in zip(metrics, values) {
            columns += overSeeds(name, rows.map { $0.members.map { column[$0] } }, seeds: rows.map(\.members.count))
        }
        for objective in objectives.objectives {
            let name = objective.name
            let perRow = rows.map { $0.members.compactMap { objectives.value(of: runs[$0], name) } }
            columns.append(Column(name, perRow.map { mean($0.map(\.literalMean)) }))
            columns.append(Column("\(name)_network_std", perRow.map { mean($0.map(\.literalStd)) }))
            if objective.isAlongEpochs { columns += Self.alongEpochs(name, perRow) }
            guard perRow.contains(where: { $0.contains(where: \.debiasedDiffers) }) else { continue }
            columns.append(Column("\(name)-debiased", perRow.map { mean($0.map(\.debiasedMean)) }))
            columns.append(Column("\(name)-debiased_network_std", perRow.map { mean($0.map(\.debiasedStd)) }))
        }
        table = Table(columns)
        let perRun = runs.indices.filter { twins[$0] == nil }.map { runs[$0] }
        var byRun = [Column("id", perRun.map(\.id))]
        for name in objectives.columns {
            let values = perRun.map { objectives.value(of: $0, name) }
            byRun.append(Column(name, values.map { $0?.literalMean ?? .nan }))
            guard values.contains(where: { $0?.debiasedDiffers == true }) else { continue }
            byRun.append(Column("\(name)-debiased", values.map { $0?.debiasedMean ?? .nan }))
        }
        losses = Table(byRun)
    }

    /// `tm@5`: what a loss is the mean of, over networks and seeds.
    private static func alongEpochs(_ name: String, _ rows: [[ObjectiveValue]]) -> [Column] {
        rows.joined().flatMap { $0.curve.map(\.at) }.distinct().sorted().map { epoch in
            Column(
                "\(name)@\(shortest(epoch))",
                rows.map { values in
                    mean(values.map { value in mean(value.curve.first { $0.at == epoch }?.values ?? []) })
                })
        }
    }
}
