import Foundation
import Randomness
import Testing
import Training

@testable import Distillation

@Suite struct DistributionMatchingTests {
    struct Oracle: Decodable {
        var features: [Float]
        var width: Int
        var labels: [Int32]
        var classes: Int
        var subsets: [[Int]]
        var expected: [[Double]]
    }

    @Test func agreesWithNumPy() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/distribution_matching.json")
        let oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: path))
        let embedding = ClassEmbedding(
            features: oracle.features, width: oracle.width, labels: oracle.labels, classes: oracle.classes)
        let tolerance = 1e-12  // both sums are in double precision, in another order
        for (subset, expected) in zip(oracle.subsets, oracle.expected) {
            let actual = embedding.discrepancy(of: subset)
            #expect(abs(actual.literal - expected[0]) < tolerance)
            #expect(abs(actual.debiased - expected[1]) < tolerance)
        }
    }

    @Test func theWholeSetIsAtDistanceZeroAndOneImageHasNoDebiasedForm() {
        let embedding = ClassEmbedding(features: [1, 2, 3, 5], width: 1, labels: [0, 0, 0, 1], classes: 2)
        let whole = embedding.discrepancy(of: [0, 1, 2, 3])
        #expect(whole.literal == 0 && whole.debiased == 0)
        let one = embedding.discrepancy(of: [0, 3])
        #expect(one.literal == 1 && one.debiased.isNaN)
    }

    /// Means over many random subsets against their expectations: 4 standard errors.
    @Test(arguments: [5, 20, 60])
    func theDebiasedFormOfRandomSubsetsIsZeroOnAverage(size: Int) {
        var stream = RandomStream(seed: 2, purpose: "features")
        let (count, width) = (100, 4)
        let features = (0..<count * width).map { _ in Float(stream.normal()) }
        let labels = [Int32](repeating: 0, count: count)
        let embedding = ClassEmbedding(features: features, width: width, labels: labels, classes: 1)
        var values: [Double] = []
        var literal = 0.0
        for _ in 0..<2000 {
            let subset = Array(stream.permutation(of: count).prefix(size))
            let value = embedding.discrepancy(of: subset)
            values.append(value.debiased)
            literal += value.literal / 2000
        }
        let summary = ObjectiveValue(literal: values, debiased: values)
        let standardError = summary.debiasedStd / 2000.0.squareRoot()
        #expect(abs(summary.debiasedMean) < 4 * standardError)
        #expect(literal > 20 * standardError)
    }

    @Test func lossesAreThoseOfTheRandomNetworksFeatures() throws {
        let shape = ImageShape(channels: 1, height: 8, width: 8)
        var stream = RandomStream(seed: 4, purpose: "images")
        let images = (0..<30 * shape.count).map { _ in Float(stream.normal()) }
        let labels = (0..<30).map { Int32($0 % 3) }
        let subsets = [Array(0..<12), Array(3..<30), Array(0..<30)]
        let objective = DistributionMatching(networks: 3, width: 16, depth: 2, seed: 1)
        let values = try objective.losses(real: images, shape: shape, labels: labels, classes: 3, subsets: subsets)
        for index in 0..<3 {
            let network = try FrozenNetwork(
                .convnet(depth: 2, width: 16), shape: shape, classes: 3, identity: "dm/network\(index)", seed: 1)
            let features = try network.features(of: images)
            #expect(features.columns == 16 * 2 * 2)
            let embedding = ClassEmbedding(features: features.values, width: 64, labels: labels, classes: 3)
            for (value, subset) in zip(values, subsets) {
                #expect(value.networks == 3)
                #expect(value.literal[index] == embedding.discrepancy(of: subset).literal)
                #expect(value.debiased[index] == embedding.discrepancy(of: subset).debiased)
            }
        }
        #expect(values[2].literalMean == 0 && values[2].literalStd == 0)
        #expect(values[0].literalMean > values[1].literalMean && values[0].literalStd > 0)
        var threaded = objective
        threaded.threads = 2
        #expect(
            try threaded.losses(real: images, shape: shape, labels: labels, classes: 3, subsets: subsets) == values)
    }
}
