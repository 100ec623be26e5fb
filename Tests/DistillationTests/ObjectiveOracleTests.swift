import Foundation
import Testing
import Training

@testable import Distillation

/// Against PyTorch in double precision. Our networks compute in single precision: a sum over some hundred activations
/// or gradients is right to about 10⁻⁵, and differences of nearly equal numbers (dm, tm) lose a digit more.
@Suite struct ObjectiveOracleTests {
    struct Expected: Decodable {
        var values: [String: [String: [Double]]]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let raw = try container.decode([String: [String: Entry]].self)
            values = raw.mapValues { $0.mapValues(\.values) }
        }

        struct Entry: Decodable {
            var values: [Double]
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                values = try (try? [container.decode(Double.self)]) ?? container.decode([Double].self)
            }
        }
    }

    private func expect(
        _ values: [ObjectiveValue], _ key: String, tolerance: Double, _ form: (ObjectiveValue) -> [Double]
    ) throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/objectives.json")
        let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: path)).values
        for (set, value) in zip(ObjectiveFixture.sets, values) {
            let wanted = try #require(expected[set.name]?[key])
            let found = form(value)
            #expect(found.count == wanted.count)
            for (found, wanted) in zip(found, wanted) {
                let error = abs(found - wanted)
                #expect(error < tolerance * (1 + abs(wanted)), "\(set.name) \(key): \(found) instead of \(wanted)")
            }
        }
    }

    private func values(_ objective: some DistillationObjective, _ context: ObjectiveContext) throws -> [ObjectiveValue]
    { try objective.values(of: ObjectiveFixture.sets, in: context) }

    @Test func distributionMatching() throws {
        let context = ObjectiveFixture.context(observers: [ObjectiveFixture.observer(.instance, seed: 2)])
        let values = try values(DistributionMatching(networks: .observers), context)
        try expect(values, "dm", tolerance: 2e-5, \.literal)
        try expect(values, "dm-debiased", tolerance: 2e-5, \.debiased)
    }

    @Test(arguments: [("instance", 2), ("batch", 3)])
    func gradientMatching(norm: String, seed: Int) throws {
        let norm = try #require(NetworkSpec.Normalisation(rawValue: norm))
        let context = ObjectiveFixture.context(observers: [ObjectiveFixture.observer(norm, seed: seed)])
        try expect(
            values(GradientMatching(networks: .observers, realBatch: nil), context), "dc-\(norm)", tolerance: 1e-4,
            \.literal)
    }

    @Test(arguments: ["instance", "batch"])
    func trajectoryMatching(norm: String) throws {
        let context = ObjectiveFixture.context(
            trajectories: [ObjectiveFixture.expert(try #require(NetworkSpec.Normalisation(rawValue: norm)))])
        let objective = TrajectoryMatching(
            .tm, steps: 5, expertEpochs: 2, range: 0...1, starts: 2, learningRate: 0.25, batch: 1000)
        let values = try values(objective, context)
        try expect(values, "tm-\(norm)", tolerance: 1e-4) { $0.curve.flatMap(\.values) }
        for value in values {
            #expect(value.curve.map(\.at) == [0, 1])
            let average = value.curve.reduce(0) { $0 + $1.values[0] / 2 }
            #expect(abs(value.literal[0] - average) < 1e-12)
        }
    }

    @Test func observers() throws {
        let context = ObjectiveFixture.context(observers: [ObjectiveFixture.observer(.batch, seed: 3)])
        try expect(values(SRe2L(), context), "sre2l", tolerance: 2e-5, \.literal)
        try expect(values(SRe2L(.code, batch: 1000), context), "sre2l-code", tolerance: 2e-5, \.literal)
        try expect(
            values(DWA(varianceWeight: 2, radius: 0.5, steps: 3, batch: 1000), context), "dwa", tolerance: 1e-4,
            \.literal)
        try expect(values(ObserverEntropy(.nll), context), "nll", tolerance: 1e-5, \.literal)
        try expect(values(ObserverEntropy(.entropy), context), "entropy", tolerance: 1e-5, \.literal)
    }
}
