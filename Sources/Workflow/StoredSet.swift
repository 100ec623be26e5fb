import Foundation
import RunStore
import Tables

/// Where a set of images comes from, as far as its run says.
struct SetOrigin: Equatable {
    let family: String
    /// Sets of one parent share images or the noise of one ranking.
    let parent: String

    /// - Parameter subset: `subset` of a resolved run.
    init(_ subset: JSON?, set: String) {
        family = subset?["family"]?.string ?? subset?["name"]?.string ?? set
        let method = subset?["method"]?.string ?? ""
        if let stated = subset?["parent"]?.string {
            parent = stated
        } else if let fraction = subset?["fraction"]?.double, fraction > 0, let ipc = subset?["ipc"]?.double {
            // A fraction of a random pool, which holds ipc / fraction images of each class.
            parent = "\(family)-pool-ipc\(shortest((ipc / fraction).rounded()))"
        } else if subset?["scores_from"] != nil, !method.isEmpty {
            let variant = subset?["variant"]?.string.map { ":" + $0 } ?? ""
            parent = "\(method)\(variant) ranking"
        } else {
            parent = set
        }
    }
}

/// One sealed run as a row's raw material: which images, under which condition, with which result.
struct StoredSet {
    let id: String
    let set: String
    let subset: String
    let origin: SetOrigin
    let variant: String
    let model: String
    let regime: String
    let budget: String
    let seed: Int?
    /// At the last checkpoint.
    let metrics: [String: Double]
    let content: SetContent
    private let classes: Int

    /// What one row of the table stands for.
    var key: [String] { condition + [set] }
    /// As `DistillationTable.conditions` has it.
    var condition: [String] { [variant, model, regime, budget] }

    /// nil for a run that is no set: the full training set, a stretch of a trunk, a run without samples.
    init?(_ id: String, _ run: RunFile) throws {
        let about = run.description
        let resolved = about.study.flatMap { try? JSON.parse($0) }
        let chosen = resolved?["subset"]
        guard let subset = about.subset, subset != "full", chosen?["method"]?.string != "all", !run.isTrunk,
            run.checkpointCount > 0, run.sampleCount ?? 0 > 0
        else { return nil }
        self.id = id
        self.subset = subset
        set = about.ipc.map { "\(subset)-ipc\($0)" } ?? subset
        origin = SetOrigin(chosen, set: set)
        model = about.model ?? ""
        regime = about.regime ?? ""
        budget = about.budget.map(shortest) ?? ""
        seed = about.seed
        let parts = id.split(separator: "/").map(String.init)
        variant = parts.firstIndex(of: regime).map { parts[..<$0].joined(separator: "/") } ?? ""
        var metrics: [String: Double] = [:]
        for name in DistillationTable.metrics where run.metricNames.contains(name) {
            metrics[name] = try run.metric(name).last
        }
        self.metrics = metrics
        content = try SetContent(run)
        classes = about.classes ?? Set(content.labels).count
    }

    /// Different images per class.
    var distinctPerClass: Double { Double(content.distinct) / Double(max(1, classes)) }

    /// The sealed runs of a store that are sets, in the order of their ids.
    static func all(in store: Store) throws -> [StoredSet] {
        let sets = try store.ids().filter { store.status($0) == .sealed }.compactMap { id in
            try StoredSet(id, store.open(id))
        }
        for members in rows(sets) {
            for (seed, runs) in Dictionary(grouping: members, by: \.seed) where seed != nil && runs.count > 1 {
                let ids = runs.map(\.id).joined(separator: " and ")
                throw WorkflowError.badData("\(store.directory): \(ids) are one run of one seed; remove the copy")
            }
        }
        return sets
    }

    /// The runs of each row of the table, by its key.
    static func rows(_ runs: [StoredSet]) -> [[StoredSet]] {
        Dictionary(grouping: runs, by: \.key).sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// What losses of a row are kept under.
    static func name(_ row: [StoredSet]) -> SetLosses.Key { .init(set: row[0].set, images: images(row)) }

    /// The digest of the images and labels of all seeds of a row.
    static func images(_ row: [StoredSet]) -> String {
        String(sha256(Set(row.map(\.content.digest)).sorted().joined(separator: " ")).prefix(16))
    }
}
