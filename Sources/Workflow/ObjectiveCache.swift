internal import Crypto
import Datasets
import Distillation
import Foundation
import Studies
import Tables
import Training

/// Values of objectives by the digests of what they depend on: a CSV of one row per value and network, and one per point
/// of a curve and network.
struct ObjectiveCache {
    struct Entry {
        var objective: String
        var value: ObjectiveValue
        var seconds: Double
    }

    private let path: String
    private var entries: [String: Entry] = [:]

    private static let columns = ["digest", "objective", "at", "network", "literal", "debiased", "seconds"]

    /// - Throws: `TableError` where the file is no table of such columns.
    init(_ path: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return }
        let table = try Table.read(path)
        guard table.rowCount > 0 else { return }
        let digests = try table.texts("digest")
        let objectives = try table.texts("objective")
        let places = try table.texts("at")
        let literal = try table.numbers("literal")
        let debiased = try table.texts("debiased")
        let seconds = try table.numbers("seconds")
        for (digest, rows) in Dictionary(grouping: digests.indices, by: { digests[$0] }) {
            var value = ObjectiveValue(literal: [])
            for row in rows {
                if let place = Double(places[row]) {
                    value.curve.add(literal[row], at: place)
                } else {
                    value.literal.append(literal[row])
                    // "nan" where a debiased form is undefined, nothing where there is none.
                    if !debiased[row].isEmpty { value.debiased.append(Double(debiased[row]) ?? .nan) }
                }
            }
            entries[digest] = Entry(objective: objectives[rows[0]], value: value, seconds: seconds[rows[0]])
        }
    }

    subscript(digest: String) -> Entry? {
        get { entries[digest] }
        set { entries[digest] = newValue }
    }

    func write() throws {
        var rows: [[String]] = []
        for (digest, entry) in entries.sorted(by: { ($0.value.objective, $0.key) < ($1.value.objective, $1.key) }) {
            let value = entry.value
            for network in value.literal.indices {
                let debiased = value.hasDebiased ? "\(value.debiased[network])" : ""
                rows.append([
                    digest, entry.objective, "", "\(network)", "\(value.literal[network])", debiased,
                    "\(entry.seconds)",
                ])
            }
            for point in value.curve {
                for (network, loss) in point.values.enumerated() {
                    rows.append(
                        [digest, entry.objective, "\(point.at)", "\(network)", "\(loss)", "", "\(entry.seconds)"])
                }
            }
        }
        let table = Table(
            Self.columns.enumerated().map { at, name in Column(name, rows.map { $0[at] }) })
        try Tables.write(table.formatted(.csv), to: path)
    }
}

/// The networks that objectives ask, read when the first of them needs them.
struct NetworkSource {
    private let runs: ObjectiveRuns
    private let plan: Plan
    private var observers: [TrainedNetwork]?
    private var trajectories: [ExpertTrajectory]?

    init(_ list: ObjectiveList, plan: Plan) throws {
        runs = ObjectiveRuns(list, plan: plan)
        self.plan = plan
    }

    /// SHA-256 over what `needs` names: the observers' weights, and the experts' runs.
    mutating func digest(_ needs: ObjectiveNeeds) throws -> String {
        var text = ""
        if needs.contains(.observers) {
            for network in try trainedNetworks() {
                text += "\(network.network)"
                for tensor in network.weights { text += " \(tensor.name) \(tensor.shape) \(sha256(tensor.values))" }
            }
        }
        if needs.contains(.trajectories) {
            for run in runs.experts {
                let file = try plan.store.open(run.id)
                // A run's digest says everything that its weights follow from.
                text += " \(run.id) \(file.description.digest ?? "") \(file.weightCheckpoints.map { file.epochs[$0] })"
            }
        }
        return sha256(text)
    }

    mutating func fill(_ context: inout ObjectiveContext, _ needs: ObjectiveNeeds) throws {
        if needs.contains(.observers) { context.observers = try trainedNetworks() }
        if needs.contains(.trajectories) {
            let found = try trajectories ?? runs.trajectories(plan)
            trajectories = found
            context.trajectories = found
        }
    }

    private mutating func trainedNetworks() throws -> [TrainedNetwork] {
        if let observers { return observers }
        let found = try runs.trainedNetworks(plan)
        observers = found
        return found
    }
}

extension TrainingData {
    /// The full training set, as training normalises it.
    func objectiveContext(threads: Int) -> ObjectiveContext {
        ObjectiveContext(
            images: ObjectiveImages(
                dataset.train, indices: training, Normalization(of: dataset.train, indices: training)),
            labels: labels, classes: dataset.classes, threads: threads)
    }
}

/// SHA-256 over the bytes of the numbers, little-endian, lower-case hex.
func sha256(_ values: [Float]) -> String {
    var hash = SHA256()
    values.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
}
