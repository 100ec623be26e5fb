import Datasets
import Figures
import Studies
import Tables
import Training

/// A contact sheet of an augmentation: a row per image, the original at the left, then what the image looks like in
/// successive epochs; then, where the recipe mixes batches, the rows as one batch, mixed.
public struct AugmentationSheet: Sendable, Equatable {
    public let picture: PNGImage
    /// What is in the columns, and the augmentation with every option filled in.
    public let summary: String

    /// - Parameters:
    ///   - recipe: the name of one of the study's recipes; nil where it has only one.
    ///   - images: rows. The images are the first of each class, then the second, and so on.
    ///   - epochs: views per image.
    /// - Throws: `StudyError` where there is no such recipe, or it does not suit the images.
    public init(_ study: Study, data: TrainingData, recipe: String?, images: Int, epochs: Int, seed: Int) throws {
        let chosen = try Self.recipe(recipe, of: study)
        let train = data.dataset.train
        let shape = ImageShape(channels: train.channels, height: train.height, width: train.width)
        let choice = chosen.value.augmentation
        if let fault = choice.augmentation.fault(shape: shape) {
            throw StudyError(
                file: study.path,
                problems: [StudyProblem(mark: chosen.mark, place: "recipes.\(chosen.name).augment", message: fault)])
        }
        let samples = Self.samples(of: data, count: images)
        let normalization = Normalization(of: train, indices: data.training)
        let drawer = SheetDrawer(
            augmenter: Augmenter(
                choice.augmentation, shape: shape, run: "show/\(chosen.name)", seed: seed, samples: samples.count),
            images: train.floats(samples, normalization), normalization: normalization, count: samples.count)
        picture = drawer.picture(epochs: epochs)
        let views = choice.operations.isEmpty ? "" : ", \(epochs) views"
        let mixed = choice.mix.map { ", \(epochs) batches mixed by \($0.kind.rawValue)" } ?? ""
        summary =
            "\(chosen.name): \(choice.json.text(pretty: false))\n"
            + "\(samples.count) images of \(data.dataset.name): the original\(views)\(mixed) (seed \(seed))"
    }

    private static func recipe(_ name: String?, of study: Study) throws -> Named<RecipeChoice> {
        if let only = study.recipes.first, name == nil, study.recipes.count == 1 { return only }
        if let named = study.recipes.first(where: { $0.name == name }) { return named }
        let names = study.recipes.map(\.name)
        let near = name.flatMap { closest(to: $0, in: names) }.map { " (did you mean '\($0)'?)" }
        let message =
            (name.map { "unknown recipe '\($0)'" } ?? "which recipe? say --recipe NAME")
            + (near ?? "; there are \(names.joined(separator: ", "))")
        throw StudyError(
            file: study.path,
            problems: [
                .init(mark: study.recipes.first?.mark ?? .init(line: 1, column: 1), place: "recipes", message: message)
            ])
    }

    /// The first image of each class, the second, …: positions in the data set's training images.
    private static func samples(of data: TrainingData, count: Int) -> [Int] {
        var members: [[Int]] = Array(repeating: [], count: data.dataset.classes)
        for index in data.training { members[Int(data.dataset.train.labels[index])].append(index) }
        let deepest = members.map(\.count).max() ?? 0
        return Array(
            (0..<deepest).lazy.flatMap { rank in members.compactMap { $0.count > rank ? $0[rank] : nil } }.prefix(count)
        )
    }
}

/// Draws tiles into one picture.
private struct SheetDrawer {
    let augmenter: Augmenter
    /// [count, channels, height, width], normalised.
    let images: [Float]
    let normalization: Normalization
    let count: Int

    private static let gap = 2

    private var shape: ImageShape { augmenter.shape }
    /// Small images are shown larger.
    private var zoom: Int { max(1, 64 / max(shape.height, shape.width)) }

    func picture(epochs: Int) -> PNGImage {
        var columns: [[Float]] = [images]
        if !augmenter.augmentation.operations.isEmpty {
            columns += (0..<epochs).map { batch(epoch: $0, mixed: false) }
        }
        if augmenter.augmentation.mix != nil { columns += (0..<epochs).map { batch(epoch: $0, mixed: true) } }
        var picture = PNGImage(
            width: columns.count * (shape.width * zoom + Self.gap) - Self.gap,
            height: count * (shape.height * zoom + Self.gap) - Self.gap, channels: shape.channels == 3 ? 3 : 1)
        for (column, tiles) in columns.enumerated() {
            for row in 0..<count { draw(tiles, row: row, column: column, into: &picture) }
        }
        return picture
    }

    /// All rows as the one batch of an epoch, [count, channels, height, width].
    private func batch(epoch: Int, mixed: Bool) -> [Float] {
        let scratch = AugmentationScratch(shape: shape)
        let samples = Array(0..<count)
        let mix = mixed ? augmenter.mix(epoch: epoch, batch: 0, count: count) : nil
        var result = images
        images.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                for slot in samples {
                    augmenter.draw(
                        slot: slot, of: samples[...], epoch: epoch, batch: 0, mix: mix, images: source,
                        into: target + slot * shape.count, scratch: scratch)
                }
            }
        }
        return result
    }

    private func draw(_ tiles: [Float], row: Int, column: Int, into picture: inout PNGImage) {
        let top = row * (shape.height * zoom + Self.gap)
        let left = column * (shape.width * zoom + Self.gap)
        for channel in 0..<picture.channels {
            let (mean, std) = (normalization.mean[channel], normalization.std[channel])
            for y in 0..<shape.height * zoom {
                let source = ((row * shape.channels + channel) * shape.height + y / zoom) * shape.width
                for x in 0..<shape.width * zoom {
                    let value = (tiles[source + x / zoom] * std + mean) * 255
                    let byte = UInt8(min(max(value.rounded(), 0), 255))
                    picture.pixels[((top + y) * picture.width + left + x) * picture.channels + channel] = byte
                }
            }
        }
    }
}
