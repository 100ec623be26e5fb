import Foundation
import Randomness
import Testing

@testable import Training

@Suite struct AugmentationTests {
    static let shape = ImageShape(channels: 3, height: 12, width: 10)
    static let whole = ImageRegion(top: 0, left: 0, height: 12, width: 10)

    static func noise(_ shape: ImageShape, _ index: Int = 0) -> [Float] {
        var stream = RandomStream(seed: 4, purpose: "noise", index: index)
        return (0..<shape.count).map { _ in Float(stream.normal()) }
    }

    static func augmenter(_ operations: ImageOperation..., samples: Int = 1000) -> Augmenter {
        Augmenter(Augmentation(operations), shape: shape, run: "HL/full/low/seed1", seed: 1, samples: samples)
    }

    /// The first step of each of 1000 samples' views.
    static func steps(_ operations: ImageOperation...) -> [View.Step?] {
        let augmenter = Augmenter(Augmentation(operations), shape: shape, run: "run", seed: 1, samples: 1000)
        return (0..<1000).map { augmenter.view(epoch: 0, batch: 0, sample: $0).steps.first }
    }

    @Test func stepsThatDoNothingLeaveEveryBit() {
        let image = Self.noise(Self.shape)
        let order = SIMD16<UInt8>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        let idle: [View.Step] = [
            .shift(down: 0, right: 0, mirrored: false), .enlarge(Self.whole, mirrored: false),
            .blank(ImageRegion(top: 3, left: 3, height: 0, width: 4)), .shuffle(grid: 4, columns: order, rows: order),
        ]
        for step in idle { #expect(drawn([step], of: image, Self.shape) == image, "\(step)") }
        #expect(drawn([], of: image, Self.shape) == image)
    }

    @Test func mirroringTwiceLeavesEveryBit() {
        let image = Self.noise(Self.shape)
        let mirror = View.Step.shift(down: 0, right: 0, mirrored: true)
        #expect(drawn([mirror], of: image, Self.shape) != image)
        #expect(drawn([mirror, mirror], of: image, Self.shape) == image)
        let region = ImageRegion(top: 2, left: 1, height: 7, width: 4)
        #expect(
            drawn([.enlarge(region, mirrored: true), mirror], of: image, Self.shape)
                == drawn([.enlarge(region, mirrored: false)], of: image, Self.shape))
    }

    /// Steps go back and forth between two images: however many there are, the last one ends in the target, and the
    /// original is not touched.
    @Test func aViewIsItsStepsOneByOne() {
        let everything: [ImageOperation] = [
            .cutout(size: 5), .crop(padding: 2), .dsa(DSA(mode: .multiple)), .patchShuffle(grid: 3),
            .patchExtract(grid: 2), .cutout(size: 4), .batchCutout(), .randomResizedCrop(), .flip,
        ]
        let image = Self.noise(Self.shape)
        var counts: Set<Int> = []
        for length in 0...everything.count {
            let augmentation = Augmentation(Array(everything.prefix(length)))
            let augmenter = Augmenter(augmentation, shape: Self.shape, run: "a", seed: 1, samples: 40)
            for sample in 0..<40 {
                let view = augmenter.view(epoch: 1, batch: 2, sample: sample)
                counts.insert(view.steps.count)
                let kept = image
                let whole = drawn(view.steps, of: image, Self.shape)
                let single = view.steps.reduce(image) { drawn([$1], of: $0, Self.shape) }
                #expect(whole == single, "\(view.steps)")
                #expect(image == kept)
            }
        }
        #expect(counts.contains(0) && counts.contains(1) && counts.contains { $0 >= 12 })
    }

    @Test func aViewIsAFunctionOfEpochAndSample() throws {
        let augmenter = Self.augmenter(.crop(padding: 4), .randomResizedCrop(), .flip)
        let view = augmenter.view(epoch: 3, batch: 1, sample: 17)
        var other = augmenter.view(epoch: 2, batch: 0, sample: 5)
        #expect(view != other)
        augmenter.redraw(&other, epoch: 3, batch: 2, sample: 17)
        #expect(view == other, "these operations do not look at the batch")
        #expect(view != augmenter.view(epoch: 4, batch: 1, sample: 17))
        let stored = try JSONDecoder().decode(View.self, from: JSONEncoder().encode(view))
        #expect(stored == view)
    }

    /// 1000 draws: half of them ± 4 σ.
    @Test func halfTheImagesAreMirrored() {
        let mirrored = Self.steps(.flip).count { $0 == .shift(down: 0, right: 0, mirrored: true) }
        #expect(abs(mirrored - 500) < 64)
    }

    @Test func cutoutBlanksASquareAroundAnyPixel() {
        var centres: Set<[Int]> = []
        for case .blank(let region) in Self.steps(.cutout(size: 5)) {
            #expect(region.height >= 3 && region.height <= 5 && region.width >= 3 && region.width <= 5)
            let top = region.top == 0 ? region.height - 3 : region.top + 2
            let left = region.left == 0 ? region.width - 3 : region.left + 2
            centres.insert([top, left])
        }
        #expect(centres.count == 120, "1000 draws miss a pixel of 120 with a probability of 0.03 %")
        let ones = [Float](repeating: 1, count: Self.shape.count)
        let region = ImageRegion(top: 2, left: 3, height: 4, width: 5)
        let blanked = drawn([.blank(region)], of: ones, Self.shape)
        #expect(blanked.count { $0 == 0 } == 60)
        #expect(blanked[2 * 10 + 3] == 0 && blanked[5 * 10 + 7] == 0 && blanked[6 * 10 + 7] == 1)
        #expect(Self.steps(.cutout(size: 5, probability: 0.2)).count { $0 != nil } < 280)
    }

    @Test func aBatchSharesItsCutout() {
        let augmenter = Self.augmenter(.batchCutout(ratio: 0.5, probability: 0.5))
        var tops: Set<Int> = []
        var count = 0
        for batch in 0..<400 {
            let view = augmenter.view(epoch: 0, batch: batch, sample: 0)
            #expect(view == augmenter.view(epoch: 0, batch: batch, sample: 77))
            guard case .blank(let region)? = view.steps.first else { continue }
            count += 1
            tops.insert(region.top)
            #expect(region.height == 6 && region.width == 6 && region.left + 6 <= 10 && region.top + 6 <= 12)
        }
        #expect(abs(count - 200) < 40)
        #expect(tops == Set(0...6))
    }

    @Test func patchesAreShuffledByColumnsAndRows() {
        var orders: [SIMD16<UInt8>: Int] = [:]
        for case .shuffle(let grid, let columns, let rows) in Self.steps(.patchShuffle(grid: 3)) {
            #expect(grid == 3 && (0..<3).map { rows[$0] }.sorted() == [0, 1, 2])
            orders[columns, default: 0] += 1
        }
        // Six orders, 167 ± 12 each.
        #expect(orders.count == 6 && orders.values.allSatisfy { abs($0 - 167) < 48 })
        let image = Self.noise(Self.shape)
        let augmenter = Self.augmenter(.patchShuffle(grid: 4))
        let shuffled = drawn(augmenter.view(epoch: 0, batch: 0, sample: 1).steps, of: image, Self.shape)
        #expect(shuffled != image && shuffled.sorted() == image.sorted())
    }

    @Test func aCropOfAnExtractedPatchStaysWithinIt() {
        let cells = [0, 6].flatMap { top in
            [0, 5].map { ImageRegion(top: top, left: $0, height: 6, width: 5) }
        }
        var counts = [0, 0, 0, 0]
        for step in Self.steps(.patchExtract(grid: 2)) {
            guard case .enlarge(let region, false)? = step, let cell = cells.firstIndex(of: region) else {
                Issue.record("no cell: \(String(describing: step))")
                continue
            }
            counts[cell] += 1
        }
        #expect(counts.allSatisfy { abs($0 - 250) < 56 }, "\(counts)")
        var regions: Set<Int> = []
        for step in Self.steps(.patchExtract(grid: 2), .randomResizedCrop(scale: 0.3...0.6)) {
            guard case .enlarge(let region, false)? = step else { continue }
            regions.insert(region.area)
            let rows = region.top..<region.top + region.height
            let columns = region.left..<region.left + region.width
            #expect((0..<6).contains(rows) || (6..<12).contains(rows))
            #expect((0..<5).contains(columns) || (5..<10).contains(columns))
        }
        #expect(regions.count > 3)
    }

    static let faults: [(Augmentation, String)] = [
        (.cropFlip(padding: -1, flip: true), "a padding of -1"),
        (.cropFlip(padding: 10, flip: true), "a padding of 10 leaves crops"),
        (Augmentation([.randomResizedCrop(scale: 0...1)]), "0…1"),
        (Augmentation([.randomResizedCrop(scale: 0.5...1.5)]), "0…1"),
        (Augmentation([.randomResizedCrop(ratio: 0...1)]), "aspect ratio"),
        (Augmentation([.cutout(size: 0)]), "a cutout of 0"),
        (Augmentation([.cutout(size: 21)]), "blanks every image"),
        (Augmentation([.cutout(size: 2, probability: 1.5)]), "probability of cutout"),
        (Augmentation([.batchCutout(ratio: 0)]), "ratio of the cutout"),
        (Augmentation([.batchCutout(ratio: 1)]), "wider than"),
        (Augmentation([.patchShuffle(grid: 0)]), "0×0"),
        (Augmentation([.patchExtract(grid: 11)]), "finer than"),
        (Augmentation([.dsa(DSA([]))]), "nothing"),
        (Augmentation(mix: .init(.cutmix, alpha: 0)), "alpha 0"),
        (Augmentation(mix: .init(.mixup, alpha: .nan)), "alpha nan"),
        (Augmentation(mix: .init(.mixup, probability: 0)), "probability of mixup"),
    ]

    @Test(arguments: faults)
    func whatCannotBeIsNamed(augmentation: Augmentation, says: String) {
        let fault = augmentation.fault(shape: Self.shape)
        #expect(fault?.contains(says) == true, "\(fault ?? "no fault")")
    }

    @Test func whatCanBeHasNoFault() {
        let augmentation = Augmentation(
            [.crop(padding: 9), .flip, .randomResizedCrop(), .cutout(size: 20), .patchShuffle(grid: 10), .dsa(DSA())],
            mix: .init(.cutmix, alpha: 0.2, probability: 0.5))
        #expect(augmentation.fault(shape: Self.shape) == nil)
        #expect(Augmentation.none.fault(shape: Self.shape) == nil)
    }
}
