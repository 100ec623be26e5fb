import Foundation
import Testing

@testable import Studies

@Suite struct AugmentationChoiceTests {
    /// The problems of, or the choice in, a study whose recipe has this augmentation.
    private func read(_ text: String) throws -> AugmentationChoice {
        let file = FileManager.default.temporaryDirectory.appending(path: "augment-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        let study = """
            study: 1
            dataset: glyphs
            models: { m: { mlp: { hidden: [8] } } }
            recipes:
              r: { optimizer: { sgd: { learning-rate: 0.1 } }, augment: \(text) }
            regimes: { HL: { labels: hard } }
            subsets: { full: all }
            budgets: [1]
            runs: [ {} ]
            """
        try study.write(to: file, atomically: true, encoding: .utf8)
        let read = try Study.read(path: file.path, vocabulary: StudyReaderTests.vocabulary)
        return try #require(read.recipes.first?.value.augmentation)
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch let error as StudyError {
            return error.problems.map { "\($0.place): \($0.message)" }
        } catch { return ["\(error)"] }
    }

    @Test func todaysFormsMeanWhatTheyMeant() throws {
        #expect(try read("none") == .none)
        #expect(try read("crop-flip") == .cropFlip(padding: 4, flip: true))
        #expect(try read("{ crop-flip: { padding: 2, flip: false } }") == .cropFlip(padding: 2, flip: false))
        #expect(try read("[ { crop: { padding: 3 } }, flip ]") == .cropFlip(padding: 3, flip: true))
    }

    @Test func everyWordHasItsDefaults() throws {
        let standard = AugmentationChoice.Operation.randomResizedCrop(scale: [0.08, 1], ratio: [3.0 / 4, 4.0 / 3])
        #expect(try read("random-resized-crop") == AugmentationChoice([standard]))
        #expect(
            try read("dsa")
                == AugmentationChoice([
                    .dsa(strategy: [.color, .crop, .cutout, .flip, .scale, .rotate], siamese: false, mode: .single)
                ]))
        #expect(
            try read("[patch-shuffle, patch-extract]")
                == AugmentationChoice([.patchShuffle(grid: 2), .patchExtract(grid: 2)]))
        #expect(try read("batch-cutout") == AugmentationChoice([.batchCutout(ratio: 0.5, probability: 1)]))
        #expect(try read("cutmix") == AugmentationChoice(mix: .init(kind: .cutmix)))
    }

    @Test func aListActsInTurn() throws {
        let choice = try read(
            "[ { random-resized-crop: { scale: [0.5, 1], ratio: 1 } }, flip, { cutout: { size: 8, probability: 0.5 } }, "
                + "{ dsa: { strategy: color_flip, siamese: true, mode: multiple } }, "
                + "{ cutmix: { alpha: 0.2, probability: 0.5, labels: kept } } ]")
        #expect(
            choice
                == AugmentationChoice(
                    [
                        .randomResizedCrop(scale: [0.5, 1], ratio: [1, 1]), .flip, .cutout(size: 8, probability: 0.5),
                        .dsa(strategy: [.color, .flip], siamese: true, mode: .multiple),
                    ], mix: .init(kind: .cutmix, alpha: 0.2, probability: 0.5, labels: .kept)))
    }

    static let faults: [(String, String)] = [
        ("crop-flop", "unknown augmentation 'crop-flop' (did you mean 'crop-flip'?)"),
        ("[flip, cutmax]", "unknown augmentation 'cutmax' (did you mean 'cutout'?)"),
        ("{ random-resized-crop: { scale: [0, 1] } }", "0 must be a share of the area, 0…1"),
        ("{ random-resized-crop: { scale: [0.5, 1.5] } }", "1.5 must be a share of the area, 0…1"),
        ("{ random-resized-crop: { scale: [1, 0.5] } }", "the other way round"),
        ("{ random-resized-crop: { scale: [0.1, 0.5, 1] } }", "found 3 numbers"),
        ("{ random-resized-crop: { ratio: [0, 1] } }", "0 must be a ratio"),
        ("cutout", "needs its size"),
        ("{ cutout: { size: 0 } }", "0 is outside 1…8192"),
        ("{ cutmix: { alpha: 0 } }", "0 must be above 0"),
        ("{ mixup: { probability: 2 } }", "2 must be in 0…1"),
        ("{ mixup: { labels: hard } }", "unknown treatment of labels 'hard'"),
        ("[cutmix, flip]", "comes last"),
        ("[cutmix, mixup]", "only one"),
        ("[none, flip]", "stands alone"),
        ("{ flip: { probability: 1 } }", "unknown key 'probability'"),
        ("{ dsa: { strategy: color_flap } }", "unknown transform 'flap' (did you mean 'flip'?)"),
        ("{ dsa: { mode: S } }", "unknown mode 'S'"),
        ("{ patch-shuffle: { grid: 17 } }", "17 is outside 1…16"),
        ("[]", "the list is empty"),
    ]

    @Test(arguments: faults)
    func faultsAreNamed(text: String, says: String) {
        let found = problems(text)
        #expect(found.count == 1 && found[0].contains(says) && found[0].hasPrefix("recipes.r.augment"), "\(found)")
    }
}
