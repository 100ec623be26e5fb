import Foundation
import Testing

@testable import Training

/// A short training over ten seeds, beside the ten that make_training.py has from PyTorch. Initial weights and orders are
/// each program's own: what can be compared is the distribution.
@Suite struct SeedsTests {
    private static let shape = ImageShape(channels: 1, height: 12, width: 12)
    private static let classes = 6

    private static func images(_ name: String, _ count: Int) -> (images: [Float], labels: [Int32]) {
        let prototypes = (0..<classes).map { generated("prototype/\($0)", count: shape.count, -1, 1) }
        let noise = generated(name, count: count * shape.count, -1.7, 1.7)
        let images = noise.enumerated().map { at, noise in
            0.6 * prototypes[at / shape.count % classes][at % shape.count] + noise
        }
        return (images, (0..<count).map { Int32($0 % classes) })
    }

    private static func errors(learningRate: Double) throws -> [Double] {
        let (train, test) = (images("train", 600), images("test", 1000))
        return try (1...10).map { seed in
            let job = TrainingJob(
                runID: "seeds", seed: seed, network: .convnet(depth: 2, width: 8),
                recipe: Recipe(
                    optimizer: .sgd(learningRate: learningRate, momentum: 0.9, weightDecay: 5e-4), schedule: .constant,
                    batch: 50), classes: classes, shape: shape, images: train.images, hardLabels: train.labels,
                evaluation: [EvaluationSet(name: "test", images: test.images, labels: test.labels)],
                totalSamples: 4 * 600, checkpoints: [4 * 600])
            return try #require(try run(job).last?.checkpoint.metrics["test_error"])
        }
    }

    /// The difference of two means in units of its standard error.
    private static func distance(_ a: [Double], _ b: [Double]) -> Double {
        func moments(_ x: [Double]) -> (mean: Double, variance: Double) {
            let mean = x.reduce(0, +) / Double(x.count)
            return (mean, x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count - 1) / Double(x.count))
        }
        let (p, q) = (moments(a), moments(b))
        return abs(p.mean - q.mean) / (p.variance + q.variance).squareRoot()
    }

    private static func peer() throws -> [Double] {
        struct File: Decodable { var errors: [Double] }
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/training.json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: path)).errors
    }

    @Test func tenSeedsErrAsOftenAsPyTorchs() throws {
        let (own, peer) = (try Self.errors(learningRate: 0.02), try Self.peer())
        #expect(peer.count == 10)
        let distance = Self.distance(own, peer)
        #expect(distance < 2, "\(own) beside \(peer): \(distance) standard errors")
    }

    /// The comparison can fail: another learning rate is another distribution.
    @Test func anotherRateIsTold() throws {
        let distance = try Self.distance(Self.errors(learningRate: 0.01), Self.peer())
        #expect(distance > 3, "\(distance) standard errors")
    }
}
