import Foundation
import Records
import Training

@testable import Distillation

/// The images, labels and weights of Fixtures/make_objectives.py.
enum ObjectiveFixture {
    static let shape = ImageShape(channels: 1, height: 8, width: 8)
    static let classes = 3
    private static let width = 8

    static func wave(_ count: Int, _ seed: Int) -> [Float] {
        (0..<count).map { Float(sin(12.9898 * Double($0 + 1) + 78.233 * Double(seed))) }
    }

    static func images(_ count: Int, seed: Int, labels: [Int32]) -> [Float] {
        var pixels = wave(count * shape.count, seed)
        for at in pixels.indices { pixels[at] += 0.25 * Float(labels[at / shape.count]) }
        return pixels
    }

    static let labels = (0..<60).map { Int32($0 % classes) }

    static func context(
        observers: [TrainedNetwork] = [], trajectories: [ExpertTrajectory] = [], seed: Int = 0, threads: Int = 1
    ) -> ObjectiveContext {
        ObjectiveContext(
            images: ObjectiveImages(images(60, seed: 1, labels: labels), shape: shape), labels: labels,
            classes: classes, observers: observers, trajectories: trajectories, seed: seed, threads: threads)
    }

    /// half, wrong, twice, own.
    static let sets: [ObjectiveSet] = {
        let half = Array(stride(from: 0, to: 60, by: 2))
        let twice = half.flatMap { [$0, $0] }
        let wrong = (0..<18).map { (labels[$0] + ($0 % 5 == 0 ? 1 : 0)) % Int32(classes) }
        let own = (0..<12).map { Int32($0 % classes) }
        return [
            ObjectiveSet(name: "half", positions: half, labels: half.map { labels[$0] }),
            ObjectiveSet(name: "wrong", positions: Array(0..<18), labels: wrong),
            ObjectiveSet(name: "twice", positions: twice, labels: twice.map { labels[$0] }),
            ObjectiveSet(name: "own", pixels: images(12, seed: 9, labels: own), labels: own),
        ]
    }()

    static func network(_ norm: NetworkSpec.Normalisation) -> NetworkSpec {
        .convnet(depth: 2, width: width, norm: norm)
    }

    static func weights(_ norm: NetworkSpec.Normalisation, seed: Int) -> NetworkWeights {
        var shapes: [(String, [Int])] = []
        for (block, inputs) in [(1, 1), (2, width)] {
            shapes.append(("conv\(block)/weight", [width, inputs, 3, 3]))
            shapes += ["conv\(block)/bias", "norm\(block)/weight", "norm\(block)/bias"].map { ($0, [width]) }
        }
        shapes.append(("linear/weight", [classes, width * 4]))
        shapes.append(("linear/bias", [classes]))
        if norm == .batch {
            for block in 1...2 {
                shapes += ["norm\(block)/running_mean", "norm\(block)/running_var"].map { ($0, [width]) }
            }
        }
        return shapes.enumerated().map { index, entry in
            let (name, shape) = entry
            var values = wave(shape.reduce(1, *), 100 * seed + index)
            if name.hasSuffix("running_var") || name.hasPrefix("norm") && name.hasSuffix("/weight") {
                values = values.map { 1 + 0.25 * $0 }
            } else {
                values = values.map { (shape.count > 1 ? 0.5 : 0.125) * $0 }
            }
            return NamedTensor(name: name, shape: shape, values: values)
        }
    }

    static func observer(_ norm: NetworkSpec.Normalisation, seed: Int) -> TrainedNetwork {
        TrainedNetwork(name: "observer\(seed)", network: network(norm), weights: weights(norm, seed: seed))
    }

    /// Epochs 0 … 3.
    static func expert(_ norm: NetworkSpec.Normalisation) -> ExpertTrajectory {
        ExpertTrajectory(name: "expert", network: network(norm), epochs: [0, 1, 2, 3]) { position in
            let base = weights(norm, seed: 10)
            guard position > 0 else { return base }
            return zip(base, weights(norm, seed: 10 + position)).map { own, other in
                NamedTensor(
                    name: own.name, shape: own.shape, values: zip(own.values, other.values).map { $0 + 0x1p-6 * $1 })
            }
        }
    }
}
