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
    /// SHA-256 over data set, image ids and labels, repeats counted; and over those without repeats.
    let digest: String
    let distinctDigest: String
    let distinctPerClass: Double
    let repeats: Double

    /// What one row of the table stands for.
    var key: String { [set, variant, model, regime, budget].joined(separator: "\u{1f}") }

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
        let samples = try run.samples().trainedOnly
        // Copies follow the images that they repeat, under ids of their own.
        let copies = max(1, chosen?["copies"]?.int ?? 1)
        let count = samples.count % copies == 0 ? samples.count / copies : samples.count
        let pairs = zip(samples.ids, samples.labels).prefix(count).map { "\($0):\($1)" }.sorted()
        var unique: [String] = []
        for pair in pairs where unique.last != pair { unique.append(pair) }
        // Images that are not of the data set count −1, −2, … in every set: what they are says their file, or their name.
        let isForeign = samples.ids.contains { $0 < 0 }
        let source =
            isForeign ? " " + (chosen?["digest"]?.string ?? "\(subset) \(about.ipc ?? 0) \(about.seed ?? 0)") : ""
        let data = (about.datasetDigest ?? about.dataset ?? "") + source
        digest = sha256("\(data) \(samples.count / max(1, count)) " + pairs.joined(separator: ","))
        distinctDigest = sha256(data + " " + unique.joined(separator: ","))
        let classes = about.classes ?? Set(samples.labels).count
        distinctPerClass = Double(unique.count) / Double(max(1, classes))
        repeats = Double(samples.count) / Double(unique.count)
    }

    /// The sealed runs of a store that are sets, in the order of their ids.
    static func all(in store: Store) throws -> [StoredSet] {
        try store.ids().filter { store.status($0) == .sealed }.compactMap { try StoredSet($0, store.open($0)) }
    }

    /// Sets whose images are another set's, in any seed: by name, the other's name. Of two equal sets the first by name
    /// stands; a set without repeats stands before one with.
    static func repetitions(_ runs: [StoredSet]) -> [String: String] {
        var firsts: [String: StoredSet] = [:]
        let ordered = runs.sorted { ($0.repeats, $0.set, $0.id) < ($1.repeats, $1.set, $1.id) }
        var found: [String: String] = [:]
        for run in ordered {
            if let first = firsts[run.distinctDigest] {
                if first.set != run.set { found[run.set] = found[run.set] ?? first.set }
            } else {
                firsts[run.distinctDigest] = run
            }
        }
        return found
    }
}
