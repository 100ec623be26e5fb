import Datasets
import Distillation
import Foundation
import RunStore
import Tables
import Training

/// The `dm` loss of every set of images that a study's runs trained on. A set is evaluated once, whatever regimes and
/// budgets were trained on it, and never again: the values are kept by the content of the set.
struct SetObjectives {
    /// A named set of one seed.
    struct ImageSet: Equatable {
        var name: String
        var seed: Int
        /// Positions in the full training set, ascending.
        var positions: [Int]
        /// SHA-256 over the objective's definition, the data set's digest and the images' indices: equal digests are equal
        /// sets with equal values.
        var digest: String
    }

    /// Random networks that embed the images.
    static let networks = 5

    private static let width = 32
    private static let depth = 3
    /// Everything that a value depends on but the images: other networks make other values.
    private static let definition = "dm \(runSemantics): \(networks) ConvNet-D\(depth) of width \(width), seed 0"

    /// By run id.
    let sets: [String: ImageSet]
    private let values: [String: ObjectiveValue]

    /// - Parameters:
    ///   - runs: sealed runs on subsets.
    ///   - cache: the CSV in which values are kept, one row per set and network.
    init(plan: Plan, data: TrainingData, runs: [PlannedRun], cache: String, report: (String) -> Void) throws {
        let position = Dictionary(uniqueKeysWithValues: data.training.enumerated().map { (Int64($1), $0) })
        var sets: [String: ImageSet] = [:]
        for run in runs {
            let ids = try plan.store.open(run.id).samples().trainedIDs.sorted()
            sets[run.id] = ImageSet(
                name: run.setName, seed: run.seed,
                positions: ids.compactMap { position[$0] },
                digest: sha256("\(Self.definition) \(data.digest) \(ids.map(String.init).joined(separator: ","))"))
        }
        self.sets = sets
        var values = try Self.read(cache)
        var missing: [ImageSet] = []
        for run in runs {
            guard let set = sets[run.id], values[set.digest] == nil else { continue }
            if !missing.contains(where: { $0.digest == set.digest }) { missing.append(set) }
        }
        if !missing.isEmpty {
            report(
                "dm: embedding \(data.training.count) images with \(Self.networks) random networks, \(missing.count) sets"
            )
            let train = data.dataset.train
            let losses = try DistributionMatching(
                networks: Self.networks, width: Self.width, depth: Self.depth, seed: 0
            ).losses(
                real: train.floats(data.training, Normalization(of: train, indices: data.training)),
                shape: ImageShape(channels: train.channels, height: train.height, width: train.width),
                labels: data.labels, classes: data.dataset.classes, subsets: missing.map(\.positions))
            for (set, loss) in zip(missing, losses) { values[set.digest] = loss }
            try Self.write(values, to: cache)
        }
        self.values = values
    }

    func value(of run: PlannedRun) -> ObjectiveValue? { sets[run.id].flatMap { values[$0.digest] } }

    private static func read(_ path: String) throws -> [String: ObjectiveValue] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        let table = try Table.read(path)
        let digests = try table.texts("images")
        let literal = try table.numbers("dm")
        let debiased = try table.numbers("dm-debiased")
        let rows = Dictionary(grouping: digests.indices) { digests[$0] }
        return rows.filter { $0.value.count == networks }.mapValues { rows in
            ObjectiveValue(literal: rows.map { literal[$0] }, debiased: rows.map { debiased[$0] })
        }
    }

    private static func write(_ values: [String: ObjectiveValue], to path: String) throws {
        let rows = values.sorted { $0.key < $1.key }.flatMap { digest, value in
            value.literal.indices.map { (digest, $0, value.literal[$0], value.debiased[$0]) }
        }
        let table = Table([
            Column("images", rows.map(\.0)), Column("network", rows.map(\.1)), Column("dm", rows.map(\.2)),
            Column("dm-debiased", rows.map(\.3)),
        ])
        try Tables.write(table.formatted(.csv), to: path)
    }
}
