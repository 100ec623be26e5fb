import Randomness
import Testing

@testable import Training

@Suite struct AugmentationDSATests {
    static let shape = ImageShape(channels: 3, height: 12, width: 10)

    static func augmenter(_ dsa: DSA) -> Augmenter {
        Augmenter(Augmentation([.dsa(dsa)]), shape: shape, run: "run", seed: 1, samples: 1000)
    }

    /// The kind of transform that a view shows.
    private func kind(_ view: View) -> String {
        switch view.steps.first {
        case .shift(0, 0, true): "flip"
        case .shift: "crop"
        case .blank: "cutout"
        case .color: "color"
        case .warp(_, 0, 0, _): "scale"
        case .warp: "rotate"
        case nil: "flip"  // and it was not
        case .enlarge, .shuffle: "?"
        }
    }

    /// Siamese batches tell the transform of each; 3000 of six are 500 ± 20 each.
    @Test func oneTransformIsDrawnPerBatch() {
        let (single, siamese) = (Self.augmenter(DSA()), Self.augmenter(DSA(siamese: true)))
        var counts: [String: Int] = [:]
        for batch in 0..<3000 {
            let (epoch, batch) = (batch / 100, batch % 100)
            let views = (0..<3).map { single.view(epoch: epoch, batch: batch, sample: $0) }
            counts[kind(views[0]), default: 0] += 1
            #expect(Set(views.map(kind)).count == 1)
            let same = (0..<3).map { siamese.view(epoch: epoch, batch: batch, sample: $0) }
            #expect(same[0] == same[1] && same[0] == same[2])
            #expect(kind(same[0]) == kind(views[0]))
        }
        #expect(counts.count == 6 && counts.values.allSatisfy { abs($0 - 500) < 80 }, "\(counts)")
    }

    @Test func eachImageHasItsOwnStrengths() {
        let augmenter = Self.augmenter(DSA([.rotate]))
        let views = (0..<20).map { augmenter.view(epoch: 0, batch: 0, sample: $0) }
        #expect(!views.dropFirst().contains(views[0]))
    }

    @Test func everyTransformActsInTurn() {
        let augmenter = Self.augmenter(DSA(mode: .multiple))
        let steps = (0..<20).map { augmenter.view(epoch: 0, batch: 0, sample: $0).steps.count }
        #expect(Set(steps) == [5, 6], "a flip is a step or none")
    }

    /// The ranges of the public code: each is reached to 2 % by 1000 draws, and never passed.
    @Test func strengthsFillTheirRanges() {
        func extremes(_ transform: DSA.Transform, _ value: (View.Step) -> Float?) -> (Float, Float) {
            let augmenter = Self.augmenter(DSA([transform]))
            let values = (0..<1000).compactMap { sample in
                augmenter.view(epoch: 0, batch: 0, sample: sample).steps.first.flatMap(value)
            }
            return (values.min() ?? .nan, values.max() ?? .nan)
        }
        func check(_ range: (Float, Float), _ low: Float, _ high: Float) {
            let margin = 0.02 * (high - low)
            #expect(range.0 >= low && range.0 < low + margin && range.1 <= high && range.1 > high - margin, "\(range)")
        }
        check(extremes(.color) { if case .color(let b, _, _) = $0 { b } else { nil } }, -0.5, 0.5)
        check(extremes(.color) { if case .color(_, let s, _) = $0 { s } else { nil } }, 0, 2)
        check(extremes(.color) { if case .color(_, _, let c) = $0 { c } else { nil } }, 0.5, 1.5)
        check(extremes(.scale) { if case .warp(let xx, _, _, _) = $0 { xx } else { nil } }, 1 / 1.2, 1.2)
        check(extremes(.scale) { if case .warp(_, _, _, let yy) = $0 { yy } else { nil } }, 1 / 1.2, 1.2)
        // sin 15° and cos 15°.
        check(extremes(.rotate) { if case .warp(_, _, let sine, _) = $0 { sine } else { nil } }, -0.258820, 0.258820)
        check(extremes(.rotate) { if case .warp(let cosine, _, _, _) = $0 { cosine } else { nil } }, 0.965925, 1)
        // ⌊12/8 + ½⌋ = 2 rows, ⌊10/8 + ½⌋ = 1 column.
        check(extremes(.crop) { if case .shift(let down, _, _) = $0 { Float(down) } else { nil } }, -2, 2)
        check(extremes(.crop) { if case .shift(_, let right, _) = $0 { Float(right) } else { nil } }, -1, 1)
        // Six rows around a border between 0 and 12; five columns around a pixel.
        check(extremes(.cutout) { if case .blank(let r) = $0 { Float(r.height) } else { nil } }, 3, 6)
        check(extremes(.cutout) { if case .blank(let r) = $0 { Float(r.width) } else { nil } }, 3, 5)
    }

    @Test func saturationLeavesGreyImagesAlone() {
        let shape = ImageShape(channels: 1, height: 12, width: 10)
        let image = AugmentationTests.noise(shape)
        let step = View.Step.color(brightness: 0, saturation: 0.1, contrast: 1)
        let error = relativeError(drawn([step], of: image, shape), image)
        #expect(error < 1e-6)
    }
}
