import Studies
import Tables
import Training

extension AugmentationChoice {
    /// As the resolved run keeps it, every option filled in. The usual crop and flip has a name of its own, however it
    /// was written, and nothing is `none`.
    var json: JSON {
        if self == .none { return "none" }
        for flip in [false, true] {
            if case .crop(let padding)? = operations.first, self == .cropFlip(padding: padding, flip: flip) {
                return ["crop-flip": ["padding": .integer(padding), "flip": .bool(flip)]]
            }
        }
        return .array(operations.map(\.json) + [mix?.json].compactMap { $0 })
    }

    /// The same in the trainer's words.
    var augmentation: Augmentation {
        Augmentation(operations.map(\.operation), mix: mix?.mix)
    }
}

extension AugmentationChoice.Operation {
    var json: JSON {
        switch self {
        case .crop(let padding): ["crop": ["padding": .integer(padding)]]
        case .flip: "flip"
        case .randomResizedCrop(let scale, let ratio):
            [
                "random-resized-crop": [
                    "scale": .array(scale.map(JSON.number)), "ratio": .array(ratio.map(JSON.number)),
                ]
            ]
        case .cutout(let size, let probability):
            ["cutout": ["size": .integer(size), "probability": .number(probability)]]
        case .batchCutout(let ratio, let probability):
            ["batch-cutout": ["ratio": .number(ratio), "probability": .number(probability)]]
        case .patchShuffle(let grid): ["patch-shuffle": ["grid": .integer(grid)]]
        case .patchExtract(let grid): ["patch-extract": ["grid": .integer(grid)]]
        case .dsa(let strategy, let siamese, let mode):
            [
                "dsa": [
                    "strategy": .string(strategy.map(\.rawValue).joined(separator: "_")), "siamese": .bool(siamese),
                    "mode": .string(mode.rawValue),
                ]
            ]
        }
    }

    /// The same in the trainer's words.
    var operation: ImageOperation {
        switch self {
        case .crop(let padding): .crop(padding: padding)
        case .flip: .flip
        case .randomResizedCrop(let scale, let ratio):
            .randomResizedCrop(scale: scale[0]...scale[1], ratio: ratio[0]...ratio[1])
        case .cutout(let size, let probability): .cutout(size: size, probability: probability)
        case .batchCutout(let ratio, let probability): .batchCutout(ratio: ratio, probability: probability)
        case .patchShuffle(let grid): .patchShuffle(grid: grid)
        case .patchExtract(let grid): .patchExtract(grid: grid)
        case .dsa(let strategy, let siamese, let mode):
            .dsa(DSA(strategy.map(\.transform), siamese: siamese, mode: mode == .single ? .single : .multiple))
        }
    }
}

extension AugmentationChoice.Transform {
    var transform: DSA.Transform {
        switch self {
        case .color: .color
        case .crop: .crop
        case .cutout: .cutout
        case .flip: .flip
        case .scale: .scale
        case .rotate: .rotate
        }
    }
}

extension AugmentationChoice.Mix {
    var json: JSON {
        [
            kind.rawValue: [
                "alpha": .number(alpha), "probability": .number(probability), "labels": .string(labels.rawValue),
            ]
        ]
    }

    /// The same in the trainer's words.
    var mix: Augmentation.Mix {
        Augmentation.Mix(
            kind == .cutmix ? .cutmix : .mixup, alpha: alpha, probability: probability,
            labels: labels == .mixed ? .mixed : .kept)
    }
}

extension Plan {
    /// Augmentations that do not suit the images.
    func augmentationProblems() -> [StudyProblem] {
        guard data.shape.count == 3 else { return [] }
        let shape = ImageShape(channels: data.shape[0], height: data.shape[1], width: data.shape[2])
        return study.recipes.compactMap { recipe in
            recipe.value.augmentation.augmentation.fault(shape: shape).map {
                StudyProblem(mark: recipe.mark, place: "recipes.\(recipe.name).augment", message: $0)
            }
        }
    }
}
