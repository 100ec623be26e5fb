import Testing

@testable import Studies

@Suite struct DatasetChoiceTests {
    private static let vocabulary = {
        var vocabulary = StudyReaderTests.vocabulary
        vocabulary.datasets = ["glyphs", "cifar10", "images", "npz"]
        vocabulary.corruptions = ["fog", "contrast", "gaussian-noise"]
        return vocabulary
    }()

    private func read(_ dataset: String) throws -> DatasetChoice {
        let study = try Study.parse("study: 1\ndataset: \(dataset)\n", path: "x.yaml", vocabulary: Self.vocabulary)
        return try #require(study.dataset)
    }

    private func problems(_ dataset: String) -> [String] {
        let error = #expect(throws: StudyError.self) { try read(dataset) }
        return error?.problems.map { "\($0.mark.line):\($0.mark.column) \($0.place): \($0.message)" } ?? []
    }

    @Test func imagesHaveSizeFitAndFolders() throws {
        let choice = try read("{ images: { path: d, size: 64, fit: stretch, train: a, val: b } }")
        #expect(choice.kind == "images" && choice.path == "d" && choice.options == ["size": 64])
        #expect(choice.words == ["fit": "stretch", "train": "a", "test": "b"])
        #expect(choice.corruptions == nil)
        #expect(try read("{ images: { path: d, test: c } }").words == ["test": "c"])
        #expect(try read("{ npz: { path: f.npz } }").path == "f.npz")
    }

    @Test func corruptionsHaveDefaults() throws {
        let some = try #require(
            try read(
                "{ cifar10: { path: d, ood: { corruptions: [fog, contrast], severity: [1, 5], images: 9, seed: 3 } } }"
            )
            .corruptions)
        #expect(some.names == ["fog", "contrast"] && some.severities == [1, 5])
        #expect(some.images == 9 && some.seed == 3)
        let plain = try #require(try read("{ glyphs: { train: 100, ood: { corruptions: fog } } }").corruptions)
        #expect(plain.names == ["fog"] && plain.severities == [1, 2, 3, 4, 5])
        #expect(plain.images == nil && plain.seed == 0)
    }

    @Test func faultsAreNamed() {
        #expect(
            problems("{ images: { path: d, size: 0, fit: cropp, test: a, val: b, sise: 3 } }") == [
                "2:37 dataset.images.size: 0 is outside 1…4096",
                "2:45 dataset.images.fit: unknown fit 'cropp' (did you mean 'crop'?)",
                "2:66 dataset.images.val: 'test' names the folder of the test images already",
                "2:69 dataset.images: unknown key 'sise' (did you mean 'size'?)",
            ])
        #expect(
            problems("{ glyphs: { ood: { corruptions: [fogg, fog, fog], severity: [0, 3], image: 5 } } }") == [
                "2:42 dataset.glyphs.ood.corruptions: fog stands twice",
                "2:43 dataset.glyphs.ood.corruptions[1]: unknown corruption 'fogg' (did you mean 'fog'?)",
                "2:71 dataset.glyphs.ood.severity[1]: 0 is outside 1…5",
                "2:78 dataset.glyphs.ood: unknown key 'image' (did you mean 'images'?)",
            ])
        #expect(
            problems("{ glyphs: { ood: { severity: 3 } } }") == [
                "2:27 dataset.glyphs.ood: the key 'corruptions' is missing"
            ])
        #expect(
            problems("{ npz: { path: f, size: 3 } }").first?.contains("dataset.npz: unknown key 'size'") == true)
    }
}
