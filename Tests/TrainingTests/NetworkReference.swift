import Foundation
import Records
import Testing

@testable import Training

/// One network of Fixtures/networks.json, as make_networks.py describes it.
struct NetworkReference: Decodable, Sendable, CustomTestStringConvertible {
    struct Spec: Decodable {
        var depth: Int?
        var width: Int?
        var norm: String?
        var resnet: Int?
        var mobilenet: Double?
        var stem: String?
    }

    var name: String
    var spec: Spec
    var shape: [Int]
    var classes: Int
    var batch: Int
    /// Of the convolutions' weights.
    var scale: Double
    var logits: [Double]
    var loss: Double
    /// Norm, and product with the tensor's direction.
    var gradients: [String: [Double]]
    /// Norms of the running statistics after one step.
    var buffers: [String: Double]
    var evaluation: [Double]
    var stepLosses: [Double]?
    /// ‖Δw‖ of each tensor after ten steps.
    var moved: [String: Double]?

    var testDescription: String { name }

    static func load() throws -> [NetworkReference] {
        struct File: Decodable { var cases: [NetworkReference] }
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/networks.json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: path)).cases
    }

    var network: NetworkSpec {
        let stem = spec.stem.flatMap(NetworkSpec.Stem.init(rawValue:)) ?? .cifar
        if let layers = spec.resnet { return .resnet(layers: layers, stem: stem) }
        if let width = spec.mobilenet { return .mobilenetV2(width: width, stem: stem) }
        let norm = spec.norm.flatMap(NetworkSpec.Normalisation.init(rawValue:)) ?? .instance
        return .convnet(depth: spec.depth ?? 0, width: spec.width ?? 0, norm: norm)
    }

    func job(threads: Int = 1) -> TrainingJob {
        let shape = ImageShape(channels: shape[0], height: shape[1], width: shape[2])
        return TrainingJob(
            runID: name, seed: 1, network: network,
            recipe: Recipe(
                optimizer: .sgd(learningRate: 0.01, momentum: 0.9), schedule: .constant, batch: batch),
            classes: classes, shape: shape,
            images: generated("\(name)/images", count: 2 * batch * shape.count, -1.7, 1.7),
            hardLabels: (0..<2 * batch).map { Int32($0 * 7 % classes) }, totalSamples: 2 * batch,
            checkpoints: [2 * batch], threads: threads)
    }

    /// The weights that both sides start from. A normalisation's weight is a vector.
    func weights(_ layout: ParameterLayout) -> [NamedTensor] {
        let vectors = Set(layout.parameters.filter { $0.shape.count == 1 }.map(\.name))
        return layout.parameters.map { parameter in
            let name = parameter.name
            let isNorm = vectors.contains(name.replacingSuffix("bias", "weight"))
            var (low, high) = (-0.1, 0.1)
            if !parameter.isTrained {
                (low, high) = name.hasSuffix("mean") ? (0, 0) : (1, 1)
            } else if isNorm {
                (low, high) = name.hasSuffix("weight") ? (0.5, 1.5) : (-0.5, 0.5)
            } else if name.hasSuffix("weight") {
                let fan = Double(parameter.shape.dropFirst().reduce(1, *))
                high = parameter.shape.count == 4 ? scale * (6 / fan).squareRoot() : 1 / fan.squareRoot()
                low = -high
            }
            return NamedTensor(
                name: name, shape: parameter.shape, values: generated(name, count: parameter.count, low, high))
        }
    }
}

/// SplitMix64 (Steele et al., 2014) seeded with the FNV-1a hash of a name: uniform in low…high.
func generated(_ name: String, count: Int, _ low: Double, _ high: Double) -> [Float] {
    var state = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return (0..<count).map { _ in
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Float(low + (high - low) * (Double(z >> 40) * 0x1p-24))
    }
}
