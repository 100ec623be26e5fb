import Foundation
import Randomness
import Testing

@testable import Training

@Suite struct AugmentationMixTests {
    static let shape = ImageShape(channels: 2, height: 12, width: 10)

    static func augmenter(_ mix: Augmentation.Mix, _ operations: [ImageOperation] = []) -> Augmenter {
        Augmenter(Augmentation(operations, mix: mix), shape: shape, run: "run", seed: 1, samples: 1000)
    }

    /// Kolmogorov's distance of 20 000 draws to the exact distribution: 0.0115 would be exceeded once in a hundred.
    @Test func lambdaIsBeta() {
        let exact: [(Double, (Double) -> Double)] = [
            (0.5, { 2 / Double.pi * asin($0.squareRoot()) }), (1, { $0 }), (2, { 3 * $0 * $0 - 2 * $0 * $0 * $0 }),
        ]
        for (alpha, distribution) in exact {
            var stream = RandomStream(seed: 1, purpose: "beta")
            let draws = (0..<20_000).map { _ in stream.beta(alpha) }.sorted()
            let distance = draws.enumerated().map { at, x in
                max(abs(distribution(x) - Double(at) / 20_000), abs(distribution(x) - Double(at + 1) / 20_000))
            }.max()
            #expect(distance ?? 1 < 0.0115, "alpha \(alpha): \(distance ?? 1)")
        }
        var stream = RandomStream(seed: 1, purpose: "beta")
        #expect((0..<1000).map { _ in stream.beta(1e-3) }.allSatisfy { 0...1 ~= $0 }, "no overflow, no NaN")
    }

    /// Images of one value each show whose pixel is where.
    @Test func cutmixShowsThePartnerInARegionOfItsShare() throws {
        let augmenter = Self.augmenter(.init(.cutmix))
        let images = (0..<6).flatMap { [Float](repeating: Float($0), count: Self.shape.count) }
        let scratch = AugmentationScratch(shape: Self.shape)
        var shares: [Double] = []
        for batch in 0..<200 {
            let mix = try #require(augmenter.mix(epoch: 2, batch: batch, count: 6))
            #expect(mix.partners.sorted() == Array(0..<6))
            guard case .cutmix(let region) = mix.kind else { continue }
            shares.append(mix.share)
            let samples = [3, 4, 5, 0, 1, 2]
            for slot in 0..<6 {
                var target = [Float](repeating: .nan, count: Self.shape.count)
                augmenter.draw(
                    slot: slot, of: samples[...], epoch: 2, batch: batch, mix: mix, images: images, into: &target,
                    scratch: scratch)
                let partner = Float(samples[mix.partners[slot]])
                for (at, value) in target.enumerated() {
                    let (row, column) = (at / 10 % 12, at % 10)
                    let isInside =
                        (region.top..<region.top + region.height).contains(row)
                        && (region.left..<region.left + region.width).contains(column)
                    #expect(value == (isInside ? partner : Float(samples[slot])))
                }
                if mix.partners[slot] != slot {
                    let own = Double(target.count { $0 == Float(samples[slot]) }) / Double(Self.shape.count)
                    #expect(abs(own - mix.share) < 1e-12)
                }
            }
        }
        #expect(shares.count == 200 && Set(shares).count > 20)
        #expect(shares.allSatisfy { 0...1 ~= $0 })
    }

    @Test func mixupIsTheWeightedSum() throws {
        let augmenter = Self.augmenter(.init(.mixup, alpha: 0.4))
        let mix = try #require(augmenter.mix(epoch: 0, batch: 3, count: 4))
        let images = (0..<4).flatMap { AugmentationTests.noise(Self.shape, $0) }
        let scratch = AugmentationScratch(shape: Self.shape)
        #expect(mix.share > 0 && mix.share < 1)
        for slot in 0..<4 {
            var target = [Float](repeating: .nan, count: Self.shape.count)
            augmenter.draw(
                slot: slot, of: [0, 1, 2, 3], epoch: 0, batch: 3, mix: mix, images: images, into: &target,
                scratch: scratch)
            let (own, other) = (slot * Self.shape.count, mix.partners[slot] * Self.shape.count)
            let expected = (0..<Self.shape.count).map { at in
                Float(mix.share * Double(images[own + at]) + (1 - mix.share) * Double(images[other + at]))
            }
            #expect(relativeError(target, expected) < 1e-6)
        }
    }

    @Test func theShareOfMixedBatchesIsTheProbability() {
        let augmenter = Self.augmenter(.init(.cutmix, probability: 0.3))
        let mixed = (0..<1000).count { augmenter.mix(epoch: $0 / 100, batch: $0 % 100, count: 8) != nil }
        // 300 ± 14.5.
        #expect(abs(mixed - 300) < 58)
        #expect(augmenter.mix(epoch: 0, batch: 0, count: 8) == augmenter.mix(epoch: 0, batch: 0, count: 8))
    }

    @Test func labelsAreMixedOrKept() {
        let mix = BatchMix(kind: .mixup, partners: [1, 0], share: 0.7, labels: .mixed)
        #expect(mix.ownLabelWeight == 0.7)
        #expect(BatchMix(kind: .mixup, partners: [1, 0], share: 0.7, labels: .kept).ownLabelWeight == 1)
        let step = TrainingStep(epoch: 0, batch: 0, samples: [9, 8, 7, 6][1...2], mix: mix)
        #expect([step.partner(0), step.partner(1)] == [7, 8])
    }

    /// The partner is seen as its own view: mixing is the last thing that happens.
    @Test func aSlotIsTheMixtureOfTwoViews() throws {
        let augmenter = Self.augmenter(.init(.cutmix), [.randomResizedCrop(), .flip, .cutout(size: 4)])
        let images = (0..<8).flatMap { AugmentationTests.noise(Self.shape, $0) }
        let scratch = AugmentationScratch(shape: Self.shape)
        let samples = [7, 2, 5, 0, 6]
        let mix = try #require(augmenter.mix(epoch: 1, batch: 4, count: 5))
        func view(_ slot: Int) -> [Float] {
            let sample = samples[slot]
            let image = Array(images[sample * Self.shape.count..<(sample + 1) * Self.shape.count])
            return drawn(augmenter.view(epoch: 1, batch: 4, sample: sample).steps, of: image, Self.shape)
        }
        for slot in 0..<5 {
            var target = [Float](repeating: .nan, count: Self.shape.count)
            augmenter.draw(
                slot: slot, of: samples[...], epoch: 1, batch: 4, mix: mix, images: images, into: &target,
                scratch: scratch)
            var expected = view(slot)
            mix.apply(to: &expected, partner: view(mix.partners[slot]), shape: Self.shape)
            #expect(target == expected)
        }
    }

    /// Slices of a batch are drawn by different workers, and a run can stop at any checkpoint.
    @Test func threadsAndInterruptionsDoNotChangeABit() throws {
        let augmentation = Augmentation(
            [.randomResizedCrop(), .flip, .dsa(DSA(mode: .multiple)), .batchCutout(probability: 0.5)],
            mix: .init(.cutmix, probability: 0.7, labels: .kept))
        func job(_ threads: Int) -> TrainingJob {
            smallJob(.mlp(hidden: [9]), augmentation: augmentation, threads: threads, batch: 150)
        }
        let whole = try run(job(1))
        let parallel = try run(job(3))
        #expect(whole.map(\.checkpoint) == parallel.map(\.checkpoint))
        for (index, result) in whole.enumerated() {
            let rest = try run(job(2), resuming: result.state)
            #expect(rest.map(\.checkpoint) == whole[(index + 1)...].map(\.checkpoint), "after checkpoint \(index)")
        }
        let plain = try run(smallJob(.mlp(hidden: [9]), batch: 150))
        #expect(plain.last?.checkpoint.logits != whole.last?.checkpoint.logits)
    }
}
