import Studies
import Tables
import Testing

@testable import Workflow

@Suite struct AugmentationSheetTests {
    /// A study of 200 glyphs with these recipes.
    static func study(_ recipes: String) throws -> Study {
        let text = """
            study: 1
            dataset: { glyphs: { train: 200, test: 100 } }
            models: { m: { mlp: { hidden: [8] } } }
            recipes:
            \(recipes)
            regimes: { HL: { labels: hard } }
            subsets: { full: all }
            budgets: [1]
            runs: [ { recipes: r } ]
            """
        return try .parse(text, path: "small.yaml", vocabulary: .assay)
    }

    static func recipe(_ augment: String, name: String = "r") -> String {
        "  \(name): { optimizer: { sgd: { learning-rate: 0.1 } }, augment: \(augment) }"
    }

    /// What resolved runs said before there were lists: their digests stay.
    @Test func resolvedFormsStay() {
        #expect(AugmentationChoice.none.json.text(pretty: false) == #""none""#)
        #expect(
            AugmentationChoice.cropFlip(padding: 2, flip: false).json.text(pretty: false)
                == #"{"crop-flip":{"flip":false,"padding":2}}"#)
        #expect(
            AugmentationChoice([.crop(padding: 4), .flip]).json.text(pretty: false)
                == #"{"crop-flip":{"flip":true,"padding":4}}"#)
    }

    @Test func listsSayEveryOption() throws {
        let study = try Self.study(
            Self.recipe(
                "[random-resized-crop, flip, { cutout: { size: 8 } }, dsa, batch-cutout, patch-shuffle, cutmix]"))
        let text = study.recipes[0].value.augmentation.json.text(pretty: false)
        #expect(
            text == #"[{"random-resized-crop":{"ratio":[0.75,1.3333333333333333],"scale":[0.08,1.0]}},"flip","#
                + #"{"cutout":{"probability":1.0,"size":8}},{"dsa":{"mode":"single","siamese":false,"#
                + #""strategy":"color_crop_cutout_flip_scale_rotate"}},{"batch-cutout":{"probability":1.0,"ratio":0.5}},"#
                + #"{"patch-shuffle":{"grid":2}},{"cutmix":{"alpha":1.0,"labels":"mixed","probability":1.0}}]"#)
    }

    @Test func theFirstColumnIsTheImagesThemselves() throws {
        let study = try Self.study(Self.recipe("[random-resized-crop, flip, cutmix]"))
        let data = try TrainingData(study)
        func sheet(_ seed: Int) throws -> AugmentationSheet {
            try AugmentationSheet(study, data: data, recipe: nil, images: 3, epochs: 2, seed: seed)
        }
        let first = try sheet(1)
        let train = data.dataset.train
        let zoom = 64 / train.height
        let picture = first.picture
        // The original, two views, two mixed batches.
        #expect(
            picture.width == 5 * (train.width * zoom + 2) - 2 && picture.height == 3 * (train.height * zoom + 2) - 2)
        for row in 0..<3 {
            let sample = try #require(data.training.first { train.labels[$0] == Int32(row) })
            for y in 0..<train.height * zoom {
                for x in 0..<train.width * zoom {
                    let shown = picture.pixels[
                        ((row * (train.height * zoom + 2) + y) * picture.width + x) * picture.channels]
                    #expect(
                        shown == train.pixels[sample * train.valuesPerImage + y / zoom * train.width + x / zoom])
                }
            }
        }
        #expect(try sheet(1) == first)
        #expect(try sheet(2).picture != first.picture)
        #expect(first.summary.contains("3 images of glyphs: the original, 2 views, 2 batches mixed by cutmix (seed 1)"))
    }

    @Test func aRecipeIsAskedForAndNamed() throws {
        let study = try Self.study(Self.recipe("none") + "\n" + Self.recipe("flip", name: "mirrored"))
        let data = try TrainingData(study)
        func message(_ recipe: String?) -> String {
            do {
                _ = try AugmentationSheet(study, data: data, recipe: recipe, images: 2, epochs: 1, seed: 1)
                return ""
            } catch { return "\(error)" }
        }
        #expect(message(nil).contains("which recipe? say --recipe NAME; there are r, mirrored"))
        #expect(message("mirored").contains("unknown recipe 'mirored' (did you mean 'mirrored'?)"))
        #expect(message("r").isEmpty)
    }

    @Test func anAugmentationThatDoesNotSuitTheImagesIsFoundByThePlan() throws {
        let study = try Self.study(Self.recipe("{ crop-flip: { padding: 64 } }"))
        let data = try TrainingData(study)
        #expect {
            try Plan(study, data: data.facts)
        } throws: { error in
            "\(error)".contains("small.yaml:5:3: recipes.r.augment: a padding of 64 leaves crops of 1×28×28")
        }
    }
}
