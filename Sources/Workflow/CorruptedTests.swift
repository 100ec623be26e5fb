import Datasets
import Foundation
import Records
import Studies
import Tables
import Training

/// The means over all corrupted test sets of a run.
let corruptionMetrics = ["ood_loss", "ood_error"]

/// Corrupted copies of the test images: what a study's `ood:` asks for.
struct CorruptedTests: Sendable {
    let choice: CorruptionChoice
    /// Indices of the test images, ascending.
    let positions: [Int]

    private static let prefix = "ood_"

    /// - Throws: what the data set cannot be asked for.
    init(_ choice: CorruptionChoice, _ dataset: Dataset) throws(DatasetError) {
        let test = dataset.test
        self.choice = choice
        if let images = choice.images, images < test.count {
            positions = try Split.validation(labels: test.labels, images: images, seed: choice.seed).validation
        } else {
            positions = Array(0..<test.count)
        }
        func refuse(_ text: String) -> DatasetError { DatasetError(dataset: dataset.name, .badSetting(text)) }
        if test.channels == 1, choice.names.contains(Corruption.saturate.rawValue) {
            throw refuse("saturate needs colour, and these images are grey; leave it out")
        }
        let bytes = sets.count * positions.count * test.valuesPerImage
        let memory = ProcessInfo.processInfo.physicalMemory
        guard UInt64(bytes) <= memory / 2 else {
            throw refuse(
                "\(sets.count) corrupted sets of \(positions.count) images take \(bytes >> 20) MB of the "
                    + "\(memory >> 20) MB of memory; take fewer images of each (images: 1000)")
        }
    }

    private var sets: [(corruption: Corruption, severity: Int)] {
        choice.names.compactMap(Corruption.init(rawValue:)).flatMap { corruption in
            choice.severities.map { (corruption, $0) }
        }
    }

    /// `ood_fog_3` …, normalised as the training images are.
    func evaluation(of test: ImageSet, _ normalization: Normalization) throws(DatasetError) -> [EvaluationSet] {
        let chosen = positions.count == test.count ? test : test.images(at: positions)
        var all: [EvaluationSet] = []
        for (corruption, severity) in sets {
            let images = try chosen.corrupted(by: corruption, severity: severity, seed: choice.seed)
            all.append(
                EvaluationSet(
                    name: "\(Self.prefix)\(corruption.rawValue)_\(severity)",
                    images: .bytes(images.pixels, table: normalization.table), labels: images.labels))
        }
        return all
    }

    /// Adds `ood_loss` and `ood_error`, the means over all corrupted sets, which have equally many images.
    static func summarise(_ checkpoint: inout Checkpoint) {
        for mean in corruptionMetrics {
            let ending = mean.dropFirst(prefix.count - 1)
            let names = checkpoint.metrics.keys.filter { $0.hasPrefix(prefix) && $0.hasSuffix(ending) && $0 != mean }
            guard !names.isEmpty else { continue }
            let sum = names.sorted().reduce(0) { $0 + (checkpoint.metrics[$1] ?? .nan) }
            checkpoint.metrics[mean] = sum / Double(names.count)
        }
    }
}

extension CorruptionChoice {
    /// As the resolved run has it.
    var json: JSON {
        [
            "corruptions": .array(names.map(JSON.string)), "severity": .array(severities.map(JSON.integer)),
            "images": JSON(images), "seed": .integer(seed),
        ]
    }
}

extension ImageSet {
    /// The images at these positions, in their order.
    func images(at positions: [Int]) -> ImageSet {
        let size = valuesPerImage
        var chosen: [UInt8] = []
        chosen.reserveCapacity(positions.count * size)
        for at in positions { chosen += pixels[at * size..<(at + 1) * size] }
        return ImageSet(
            channels: channels, height: height, width: width, pixels: chosen, labels: positions.map { labels[$0] },
            names: names.map { names in positions.map { names[$0] } })
    }
}
