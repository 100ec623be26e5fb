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

    private func discrepancy(
        _ features: [Float], width: Int, labels: [Int32], classes: Int, of subset: [Int], batch: [Int]? = nil
    ) -> (literal: Double, debiased: Double) {
        var real = ClassMeans(labels, classes: classes, width: width)
        for image in batch ?? Array(labels.indices) {
            features.withRow(image, of: width) { real.add($0, to: Int(labels[image])) }
        }
        real.finish()
        var sums = ClassSums(classes: classes, width: width)
        for (image, times) in Dictionary(grouping: subset, by: { $0 }).mapValues(\.count).sorted(by: { $0.key < $1.key }
        ) {
            features.withRow(image, of: width) { sums.add($0, times: times, to: Int(labels[image]), around: real) }
        }
        return sums.discrepancy(from: real)
    }

    @Test func agreesWithNumPy() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/distribution_matching.json")
        let oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: path))
        #expect(oracle.subsets.count > 3 && oracle.subsets.count == oracle.expected.count)
        let tolerance = 1e-12  // both sums are in double precision, in another order
        for (subset, expected) in zip(oracle.subsets, oracle.expected) {
            let actual = discrepancy(
                oracle.features, width: oracle.width, labels: oracle.labels, classes: oracle.classes, of: subset)
            #expect(abs(actual.literal - expected[0]) < tolerance)
            #expect(abs(actual.debiased - expected[1]) < tolerance)
        }
    }

    @Test func theWholeSetIsAtDistanceZeroAndOneImageHasNoDebiasedForm() {
        func value(_ subset: [Int]) -> (literal: Double, debiased: Double) {
            discrepancy([1, 2, 3, 5], width: 1, labels: [0, 0, 0, 1], classes: 2, of: subset)
        }
        #expect(value([0, 1, 2, 3]) == (0, 0))
        #expect(value([0, 0, 1, 1, 2, 2, 3, 3]) == (0, 0))
        let one = value([0, 3])
        #expect(one.literal == 1 && one.debiased.isNaN)
    }

    /// Means over many random subsets, and batches of D, against their expectations: 4 standard errors.
    @Test(arguments: [(5, nil), (20, nil), (60, nil), (20, 30)])
    func theDebiasedFormOfRandomSubsetsIsZeroOnAverage(size: Int, batch: Int?) {
        var stream = RandomStream(seed: 2, purpose: "features")
        let (count, width) = (100, 4)
        let features = (0..<count * width).map { _ in Float(stream.normal()) }
        let labels = [Int32](repeating: 0, count: count)
        var values: [Double] = []
        var literal = 0.0
        for _ in 0..<2000 {
            let subset = Array(stream.permutation(of: count).prefix(size))
            let real = batch.map { Array(stream.permutation(of: count).prefix($0)) }
            let value = discrepancy(features, width: width, labels: labels, classes: 1, of: subset, batch: real)
            values.append(value.debiased)
            literal += value.literal / 2000
        }
        let summary = ObjectiveValue(literal: values, debiased: values)
        let standardError = summary.debiasedStd / 2000.0.squareRoot()
        #expect(abs(summary.debiasedMean) < 4 * standardError)
        #expect(literal > 20 * standardError)
    }

    @Test func randomNetworksAreThoseThatTrainingStartsFrom() throws {
        let (context, set) = (ObjectiveFixture.context(seed: 1), ObjectiveFixture.sets[0])
        let spec = NetworkSpec.convnet(depth: 2, width: 16)
        let value = try DistributionMatching(networks: .random(3, spec)).values(of: [set], in: context)[0]
        #expect(value.networks == 3 && value.literalStd > 0)
        for index in 0..<3 {
            let network = try FrozenNetwork(
                spec, shape: context.shape, classes: 3, identity: "dm/network\(index)", seed: 1)
            let features = try network.features(of: context.images.pixels(at: context.labels.indices))
            let expected = discrepancy(
                features.values, width: features.columns, labels: context.labels, classes: 3,
                of: Array(stride(from: 0, to: 60, by: 2)))
            // Features may differ in their last bit, and what is left of them by some of those.
            #expect(abs(value.literal[index] - expected.literal) < 1e-5 * expected.literal)
            #expect(abs(value.debiased[index] - expected.debiased) < 1e-5 * abs(expected.debiased) + 1e-6)
        }
    }

    @Test func batchesShowBothSidesTheSameView() throws {
        // Where the batch is the class and the set is D, each side sees the same views of the same images.
        let context = ObjectiveFixture.context()
        let whole = ObjectiveSet(name: "D", positions: Array(0..<60), labels: context.labels)
        let networks = ObjectiveNetworks.random(3, .convnet(depth: 2, width: 8))
        let same = DistributionMatching(networks: networks, form: .batches(20))
        #expect(try same.values(of: [whole], in: context)[0].literal.allSatisfy { $0 < 1e-9 })
        let part = DistributionMatching(networks: networks, form: .batches(10))
        #expect(try part.values(of: [whole], in: context)[0].literal.allSatisfy { $0 > 1e-3 })
        let plain = try DistributionMatching(networks: networks).values(of: ObjectiveFixture.sets, in: context)
        let seen = try same.values(of: ObjectiveFixture.sets, in: context)
        #expect(zip(plain, seen).contains { $0.literal != $1.literal })
    }
}
