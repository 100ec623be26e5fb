import Records
import Studies
import Tables
import Training

/// Bumped when a change of the trainer or of the selection changes the numbers of a run: every run made before is stale.
public let runSemantics = 1

/// One run with every default filled in. Nothing downstream sees an optional choice.
public struct PlannedRun: Sendable, Equatable {
    /// Where the soft labels or the scores come from.
    public struct Source: Sendable, Equatable {
        public var id: String
        public var digest: String
    }

    public enum Labels: Sendable, Equatable {
        case hard
        case soft(teacher: Source, temperature: Double)
    }

    public enum Images: Sendable, Equatable {
        case all
        case random(ipc: Int)
        case scored(ScoredImages)

        /// Images per class; nil for all.
        public var ipc: Int? {
            switch self {
            case .all: nil
            case .random(let ipc): ipc
            case .scored(let scored): scored.ipc
            }
        }
    }

    public struct ScoredImages: Sendable, Equatable {
        public var method: String
        public var variant: String?
        public var keep: ScoredSubsetChoice.Keep
        public var ipc: Int
        /// Kept fraction of a random pool of ipc / fraction images per class.
        public var fraction: Double?
        /// Start of the window, as a fraction of each class counted from the hardest.
        public var start: Double?
        public var span: Int?
        public var window: Int?
        public var balanced: Bool
        public var source: Source
    }

    public var id: String
    public var modelName: String
    public var model: ModelChoice
    public var recipe: RecipeChoice
    public var regime: String
    public var labels: Labels
    /// The subset's name with fraction and window, without IPC: `pool-f0.8`.
    public var subset: String
    /// The subset's name in the study.
    public var family: String
    public var images: Images
    public var budgetName: String
    /// Compute in epochs of the full training set.
    public var budget: Double
    public var seed: Int
    /// N: images of this run.
    public var samples: Int
    /// Samples seen by the end, repeats counted.
    public var totalSamples: Int
    /// Samples seen at each checkpoint (a checkpoint falls on the first step at or after).
    public var checkpoints: [Int]
    public var recordsLogits: Bool
    public var precision: StoredPrecision
    /// The named blocks that ask for it.
    public var blocks: [String]
    /// Not asked for by a block: another run needs it.
    public var isInserted: Bool
    /// The data set's name, digest and number of validation images.
    public var data: DataFacts

    /// Epochs of this run's own images.
    public var plannedEpochs: Double { Double(totalSamples) / Double(samples) }

    /// The runs that must be there before this one.
    public var sources: [Source] {
        var sources: [Source] = []
        if case .soft(let teacher, _) = labels { sources.append(teacher) }
        if case .scored(let scored) = images, !sources.contains(scored.source) { sources.append(scored.source) }
        return sources
    }

    /// SHA-256 over the resolved run; equal digests are equal runs.
    public var digest: String { sha256(resolved.text(pretty: false)) }

    /// Bytes of the sealed run's largest dataset, the logits.
    public var logitBytes: Int {
        recordsLogits ? checkpoints.count * samples * data.classes * (precision == .half ? 2 : 4) : 0
    }

    /// Optimiser steps: batches are cut within an epoch, and the last one to the samples that remain.
    public var steps: Int {
        let batch = min(recipe.batch, samples)
        let perEpoch = (samples + batch - 1) / batch
        let rest = totalSamples % samples
        return totalSamples / samples * perEpoch + (rest + batch - 1) / batch
    }
}

extension PlannedRun {
    /// The resolved run: what its digest is taken over, and what its file keeps.
    public var resolved: JSON {
        .object([
            "semantics": .integer(runSemantics),
            "id": .string(id),
            "dataset": data.json,
            "model": model.json,
            "recipe": recipe.json,
            "regime": regimeJSON,
            "subset": subsetJSON,
            "budget": .number(budget),
            "seed": .integer(seed),
            "samples": .integer(samples),
            "samples_seen": .integer(totalSamples),
            "checkpoints": .array(checkpoints.map(JSON.integer)),
            "logits": .bool(recordsLogits),
            "precision": .string(precision.rawValue),
        ])
    }

    private var regimeJSON: JSON {
        switch labels {
        case .hard: ["name": .string(regime), "labels": "hard"]
        case .soft(let teacher, let temperature):
            [
                "name": .string(regime), "labels": "soft", "temperature": .number(temperature), "teacher": teacher.json,
            ]
        }
    }

    private var subsetJSON: JSON {
        var members: [String: JSON] = ["name": .string(subset), "family": .string(family), "ipc": JSON(images.ipc)]
        switch images {
        case .all: members["method"] = "all"
        case .random: members["method"] = "random"
        case .scored(let scored):
            members["method"] = .string(scored.method)
            members["variant"] = JSON(scored.variant)
            members["keep"] = .string(scored.keep.rawValue)
            members["fraction"] = JSON(scored.fraction)
            members["window_start"] = JSON(scored.start)
            members["span"] = JSON(scored.span)
            members["window"] = JSON(scored.window)
            members["balanced"] = .bool(scored.balanced)
            members["scores_from"] = scored.source.json
        }
        return .object(members.filter { $0.value != .null })
    }
}

extension PlannedRun.Source {
    var json: JSON { ["id": .string(id), "digest": .string(digest)] }
}

extension ModelChoice {
    var json: JSON {
        switch self {
        case .mlp(let hidden): ["mlp": ["hidden": .array(hidden.map(JSON.integer))]]
        case .convnet(let depth, let width): ["convnet": ["depth": .integer(depth), "width": .integer(width)]]
        }
    }

    var network: NetworkSpec {
        switch self {
        case .mlp(let hidden): .mlp(hidden: hidden)
        case .convnet(let depth, let width): .convnet(depth: depth, width: width)
        }
    }
}

extension RecipeChoice {
    var json: JSON {
        let scheduleJSON: JSON =
            switch schedule {
            case .constant: "constant"
            case .cosine: "cosine"
            case .step(let at, let factor): ["step": ["at": .array(at.map(JSON.number)), "factor": .number(factor)]]
            }
        let augmentationJSON: JSON =
            switch augmentation {
            case .none: "none"
            case .cropFlip(let padding, let flip): ["crop-flip": ["padding": .integer(padding), "flip": .bool(flip)]]
            }
        return [
            "optimizer": [
                "sgd": [
                    "learning-rate": .number(learningRate), "momentum": .number(momentum), "nesterov": .bool(nesterov),
                    "weight-decay": .number(weightDecay),
                ]
            ],
            "schedule": scheduleJSON, "batch": .integer(batch), "augment": augmentationJSON,
        ]
    }

    /// The same in the trainer's words.
    var recipe: Recipe {
        let trained: Schedule =
            switch schedule {
            case .constant: .constant
            case .cosine: .cosine
            case .step(let at, let factor): .step(at: at, factor: factor)
            }
        let seen: Augmentation =
            switch augmentation {
            case .none: .none
            case .cropFlip(let padding, let flip): .cropFlip(padding: padding, flip: flip)
            }
        return Recipe(
            optimizer: .sgd(
                learningRate: learningRate, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay),
            schedule: trained, batch: batch, augmentation: seen)
    }

    /// The schedule in words, for the run's attributes.
    var scheduleWords: String {
        switch schedule {
        case .constant: "constant"
        case .cosine: "cosine per step to 0"
        case .step(let at, let factor):
            "step ×\(shortest(factor)) at \(at.map(shortest).joined(separator: ", ")) of the run"
        }
    }
}
