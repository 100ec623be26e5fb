import Distillation
import RunStore
import Tables

/// Which images a run was trained on, and with which labels: the one answer to what a set is. Sets are evaluated, kept,
/// handed out and told apart by it, never by their names.
struct SetContent: Equatable, Sendable {
    /// Indices in the data set's training images, or −1, −2, … where they are the set's own, in this order; an image of
    /// which the set holds copies stands once.
    let ids: [Int64]
    /// As they were trained on, [ids].
    let labels: [Int32]
    /// How often the set holds each of them.
    let copies: Int
    /// Images that are not of the data set: their file's digest, or the seed that made them; nil: all are of the data set.
    let origin: String?
    /// SHA-256 over data set, images and labels, copies counted; and over those that differ.
    let digest: String
    let distinctDigest: String
    /// Different images with their labels.
    let distinct: Int

    var repeats: Double { Double(ids.count * copies) / Double(max(1, distinct)) }

    init(_ run: RunFile) throws {
        let about = run.description
        let resolved = about.study.flatMap { try? JSON.parse($0) }
        let samples = try run.samples().trainedOnly
        let stated = max(1, resolved?["subset"]?["copies"]?.int ?? 1)
        copies = samples.count % stated == 0 ? stated : 1
        // Each further copy of all images counts on from the last one's number.
        let order = samples.ids.indices.sorted {
            (samples.ids[$0].magnitude, samples.labels[$0]) < (samples.ids[$1].magnitude, samples.labels[$1])
        }.prefix(samples.count / copies)
        ids = order.map { samples.ids[$0] }
        labels = order.map { samples.labels[$0] }
        origin =
            ids.contains { $0 < 0 }
            ? Self.origin(resolved, otherwise: "\(about.subset ?? "") \(about.ipc ?? 0) \(about.seed ?? 0)") : nil
        let pairs = zip(ids, labels).map { "\($0):\($1)" }
        var unique: [String] = []
        for pair in pairs where unique.last != pair { unique.append(pair) }
        distinct = unique.count
        let data = (about.datasetDigest ?? about.dataset ?? "") + (origin.map { " " + $0 } ?? "")
        digest = sha256("\(data) \(copies) " + pairs.joined(separator: ","))
        distinctDigest = sha256(data + " " + unique.joined(separator: ","))
    }

    /// What images of a set's own follow from: the data's statistics normalise them.
    private static func origin(_ resolved: JSON?, otherwise name: String) -> String {
        guard let resolved, let subset = resolved["subset"] else { return name }
        let data = resolved["dataset"]?.text(pretty: false) ?? ""
        if let digest = subset["digest"]?.string { return "\(data) \(digest) \(subset["pixels"]?.string ?? "")" }
        return "\(data) \(subset["name"]?.string ?? name) \(resolved["seed"]?.int ?? 0)"
    }

    /// Positions in D of the set's images, copies counted; nil where they are its own.
    ///
    /// - Throws: `WorkflowError` where one is no training image of the study.
    func positions(in data: TrainingData, of run: String) throws -> [Int]? {
        guard origin == nil else { return nil }
        let places = Dictionary(uniqueKeysWithValues: data.training.enumerated().map { (Int64($1), $0) })
        let found = try ids.map { id in
            guard let place = places[id] else {
                throw WorkflowError.badData(
                    "\(run) was trained on image \(id), which is no training image of the study")
            }
            return place
        }
        return repeated(found)
    }

    /// The images of a set that has its own, with copies, as the study makes them now.
    ///
    /// - Throws: `WorkflowError` where the study does not plan the run, or plans it with other images.
    func ownImages(_ plan: Plan, of run: String, data: TrainingData) throws -> SetImages {
        guard let planned = plan.run(run) else {
            throw WorkflowError.badData("its images are not the data set's, and the study does not plan \(run)")
        }
        guard Self.origin(planned.resolved, otherwise: "") == origin else {
            throw WorkflowError.badData("its images are no longer those that \(run) was trained on")
        }
        return try SetImages(plan: plan, run: planned, data: data)
    }

    /// The set as objectives take it; images of its own are made when they are asked for.
    func objectiveSet(_ name: String, plan: Plan, of run: String, data: TrainingData) throws -> ObjectiveSet {
        if let positions = try positions(in: data, of: run) {
            return ObjectiveSet(name: name, positions: positions, labels: repeated(labels))
        }
        return ObjectiveSet(name: name, labels: repeated(labels)) {
            try ownImages(plan, of: run, data: data).pixels
        }
    }

    func repeated<T>(_ values: [T]) -> [T] { (0..<copies).flatMap { _ in values } }
}

extension SetContent {
    /// A set of one seed, by its name and what it was trained under.
    struct Named {
        var set: String
        var condition: [String]
        var content: SetContent
    }

    /// For each set whose images, in any seed, are another set's of the same condition, that set's name; nil for the others.
    ///
    /// Sets of different conditions are no points of one correlation. Of equal sets the one without repeats stands, and
    /// then the first by name.
    static func twins(_ sets: [Named]) -> [String?] {
        let rows = Dictionary(grouping: sets.indices) { sets[$0].condition + [sets[$0].set] }
        let order = rows.values.sorted { a, b in
            (sets[a[0]].content.repeats, sets[a[0]].set) < (sets[b[0]].content.repeats, sets[b[0]].set)
        }
        var twins = [String?](repeating: nil, count: sets.count)
        var owners: [[String]: String] = [:]
        for row in order {
            let images = row.map { sets[$0].condition + [sets[$0].content.distinctDigest] }
            if let owner = images.compactMap({ owners[$0] }).first {
                for index in row { twins[index] = owner }
            } else {
                for key in images { owners[key] = sets[row[0]].set }
            }
        }
        return twins
    }
}
