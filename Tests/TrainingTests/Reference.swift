import Foundation
import Records
import Testing

@testable import Training

/// One network of Fixtures/reference.json, as make_reference.py describes it.
struct Reference: Decodable, Sendable, CustomTestStringConvertible {
    struct Spec: Decodable {
        var hidden: [Int]?
        var depth: Int?
        var width: Int?
    }
    struct Tensor: Decodable {
        var shape: [Int]
        var values: String
    }
    struct Objective: Decodable {
        var loss: Double
        var gradients: [String: String]
    }

    var name: String
    var spec: Spec
    var shape: [Int]
    var classes: Int
    var batch: Int
    var images: String
    var labels: [Int32]
    var targets: String
    var temperature: Float
    var parameters: [String: Tensor]
    var learning_rate: Double
    var momentum: Double
    var weight_decay: Double
    var nesterov: Bool
    var logits: String
    var hard: Objective
    var soft: Objective
    var step_losses: [Double]
    var after: [String: String]

    var testDescription: String { name }

    static func load() throws -> [Reference] {
        struct File: Decodable { var cases: [Reference] }
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/reference.json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: path)).cases
    }

    static func floats(_ text: String) -> [Float] {
        let data = Data(base64Encoded: text) ?? Data()
        return stride(from: 0, to: data.count, by: 4).map { at in
            Float(
                bitPattern: (0..<4).reduce(UInt32(0)) {
                    $0 | UInt32(data[data.startIndex + at + $1]) << (8 * UInt32($1))
                })
        }
    }

    var network: NetworkSpec {
        if let hidden = spec.hidden { return .mlp(hidden: hidden) }
        return .convnet(depth: spec.depth ?? 0, width: spec.width ?? 0)
    }

    func job(soft: Bool, threads: Int = 1) -> TrainingJob {
        TrainingJob(
            runID: name, seed: 1, network: network,
            recipe: Recipe(
                optimizer: .sgd(
                    learningRate: learning_rate, momentum: momentum, nesterov: nesterov, weightDecay: weight_decay),
                schedule: .constant, batch: batch),
            classes: classes, shape: ImageShape(channels: shape[0], height: shape[1], width: shape[2]),
            images: Self.floats(images), hardLabels: labels,
            labels: soft ? .soft(targets: Self.floats(targets), temperature: temperature) : .hard, totalSamples: 100,
            checkpoints: [100], threads: threads)
    }

    var tensors: [NamedTensor] {
        parameters.map { NamedTensor(name: $0.key, shape: $0.value.shape, values: Self.floats($0.value.values)) }
    }
}

/// Largest difference of two arrays, as a share of the greatest magnitude in `expected`.
func relativeError(_ actual: [Float], _ expected: [Float]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    let scale = expected.reduce(0) { max($0, abs(Double($1))) }
    let worst = zip(actual, expected).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
    return worst.isNaN ? .infinity : worst / max(scale, 1e-6)
}
