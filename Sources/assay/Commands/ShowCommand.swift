import ArgumentParser
import Foundation
import Tables
import Workflow

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what training would see.",
        subcommands: [ShowAugmentCommand.self])
}

struct ShowAugmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "augment",
        abstract: "Write a contact sheet of a recipe's augmentation.",
        discussion: """
            A PNG with a row per image: the original, then the image as successive epochs would show it; and where the \
            recipe has CutMix or Mixup, the rows mixed as one batch. The draws are those of a run whose name is \
            show/RECIPE: the same study, recipe and seed give the same file.

            `augment:` of a recipe is one of these, or a list of them that act in turn (a mixture comes last):

              none
              crop-flip: { padding: 4, flip: true }      a padded crop, then mirrored half of the time
              crop: { padding: 4 }
              flip
              random-resized-crop: { scale: [0.08, 1], ratio: [0.75, 1.3333] }
              cutout: { size: 16, probability: 1 }       a square of so many pixels, anywhere
              batch-cutout: { ratio: 0.5, probability: 1 }   one square for the whole batch (PCA's)
              patch-shuffle: { grid: 2 }                 for composite images (RDED's)
              patch-extract: { grid: 2 }                 one cell of a composite image (PCA's)
              dsa: { strategy: color_crop_cutout_flip_scale_rotate, siamese: false, mode: single }
              cutmix: { alpha: 1, probability: 1, labels: mixed }    labels: mixed or kept
              mixup: { alpha: 1, probability: 1, labels: mixed }

              assay show augment studies/fashion.yaml --recipe hard -o sheet.png
            """)

    @OptionGroup var study: StudyArgument

    @Option(help: "The recipe; needed where the study has several.")
    var recipe: String?

    @Option(help: "Images, 1...32: the first of each class, then the second, ...")
    var images = 8

    @Option(help: "Epochs, 1...16.")
    var epochs = 8

    @Option(help: "The run's seed; without it the study's first one.")
    var seed: Int?

    @Option(name: .shortAndLong, help: "The file to write; - for stdout.", completion: .file(extensions: ["png"]))
    var output = "sheet.png"

    func validate() throws {
        guard 1...32 ~= images else { throw ValidationError("--images lies in 1...32") }
        guard 1...16 ~= epochs else { throw ValidationError("--epochs lies in 1...16") }
        guard output == "-" || output.lowercased().hasSuffix(".png") else {
            throw ValidationError("'\(output)' does not end in .png")
        }
    }

    func run() throws {
        let read = try study.read()
        let data = try TrainingData(read)
        let sheet = try AugmentationSheet(
            read, data: data, recipe: recipe, images: images, epochs: epochs, seed: seed ?? read.seeds.first ?? 1)
        let file = try OutputFile(output)
        let bytes = sheet.picture.encoded()
        let written = bytes.withUnsafeBytes { bytes in
            Result { () throws(TableError) in try file.write(bytes) }
        }
        try written.get()
        try file.finish()
        let lines = "\(sheet.summary)\(output == "-" ? "" : ": \(output)")"
        if output == "-" { note(lines) } else { print(lines) }
    }
}
