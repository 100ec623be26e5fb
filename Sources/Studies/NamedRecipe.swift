internal import Yams

/// A recipe that published numbers were made with, in the words of a study.
public struct NamedRecipe: Sendable, Equatable {
    public var name: String
    /// Whose.
    public var source: String
    /// Passes over the run's own images, or steps, for which it was published; a study's budget decides.
    public var length: String
    /// What a study would write.
    public var text: String
    /// What the source leaves open, and how it is read here; empty: nothing.
    public var reading: String

    /// The recipe as a value.
    public var choice: RecipeChoice? { Self.parse(text) }

    static func choice(_ name: String) -> RecipeChoice? { all.first { $0.name == name }?.choice }

    private static func parse(_ text: String) -> RecipeChoice? {
        guard let node = try? Yams.compose(yaml: text) else { return nil }
        let findings = Findings(
            Vocabulary(
                datasets: [], scores: [], objectives: [], importers: [], columns: [], lawProblem: { _, _ in nil },
                expressionProblem: { _, _ in nil }, suggestion: { _, _ in nil }))
        let choice = RecipeChoice(Place(node: node, path: "", findings: findings))
        return findings.problems.isEmpty ? choice : nil
    }
}

extension NamedRecipe {
    private static let crops = "{ random-resized-crop: { scale: [0.08, 1] } }, flip"
    private static let unstated = "its momentum and decay are not stated"

    /// Every recipe that has a name. docs/training.md says what the keys mean.
    public static let all: [NamedRecipe] = distillation + papers + pruning

    /// Evaluation of distilled sets.
    private static let distillation = [
        NamedRecipe(
            name: "sre2l", source: "SRe2L (Yin et al. 2023), FKD", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001, weight-decay: 0.01, decays: weights } },
                  schedule: { cosine: { every: epoch } }, batch: 1024,
                  augment: [\(crops), cutmix], loss: { kl: { temperature: 20 } } }
                """, reading: "the code accumulates each batch from two of 512"),
        NamedRecipe(
            name: "cda", source: "CDA, LPLD; the standard setting of the PCA paper", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001, weight-decay: 0.01, decays: weights } },
                  schedule: { cosine: { every: epoch } }, batch: 128,
                  augment: [\(crops), cutmix], loss: { kl: { temperature: 20 } } }
                """, reading: ""),
        NamedRecipe(
            name: "rded", source: "RDED (Sun et al. 2024)", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001, decays: weights } },
                  schedule: { smooth-cosine: { zeta: 2, every: epoch } }, batch: 100,
                  augment: [{ patch-shuffle: { grid: 2 } }, { random-resized-crop: { scale: [0.5, 1] } }, flip, cutmix],
                  loss: { kl: { temperature: 20 } } }
                """,
            reading: "batch 100 to 200 by IPC; crops from 1/f on with f = 2 patches per side, f = 1 needs no shuffle"),
        NamedRecipe(
            name: "edc", source: "EDC (Shao et al. 2024), its ImageNet-1K run", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001, decays: weights } },
                  schedule: { smooth-cosine: { zeta: 2, every: epoch } }, batch: 100,
                  augment: [{ patch-shuffle: { grid: 2 } }, { random-resized-crop: { scale: [0.5, 1] } }, flip, cutmix],
                  loss: { mse: { cross-entropy: 0.025 } }, average: 0.99 }
                """, reading: ""),
        NamedRecipe(
            name: "edc-default", source: "EDC, the defaults of its code", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001, decays: weights } },
                  schedule: { smooth-cosine: { zeta: 1.5, every: epoch } }, batch: 100,
                  augment: [{ patch-shuffle: { grid: 2 } }, { random-resized-crop: { scale: [0.5, 1] } }, flip, cutmix],
                  loss: { mse: { cross-entropy: 0.1 } }, average: 0.999 }
                """, reading: ""),
        NamedRecipe(
            name: "g-vbsm", source: "G-VBSM (Shao et al. 2024)", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001 } },
                  schedule: { cosine: { every: epoch } }, batch: 1024,
                  augment: [\(crops), cutmix], loss: { mse: { cross-entropy: 0.1 } } }
                """, reading: ""),
        NamedRecipe(
            name: "dc-evaluation", source: "DC, DSA, DM, MTT: their evaluation code", length: "E + 1 epochs, E = 1000",
            text: """
                { optimizer: { sgd: { learning-rate: 0.01, momentum: 0.9, weight-decay: 0.0005 } },
                  schedule: dc-evaluation, batch: 256, augment: dsa, loss: cross-entropy }
                """,
            reading: "after epoch E//2+1 the rate falls to a tenth and the momenta to 0; 1001 passes are E = 1000"),
    ]

    /// The two papers that Assay makes usable.
    private static let papers = [
        NamedRecipe(
            name: "paper1-large-hl", source: "Hard Truths About Soft Labels, table 4, large, HL", length: "200 epochs",
            text: """
                { optimizer: { sgd: { learning-rate: 0.5, momentum: 0.9, weight-decay: 0.0001 } },
                  schedule: cosine, batch: 128, augment: [\(crops)], loss: cross-entropy }
                """,
            reading:
                "\(unstated): the usual ones of ImageNet; batch 50 at IPC 10, 128 at 50, 200 at 100; RDED-type sets "
                + "add patch-shuffle"),
        NamedRecipe(
            name: "paper1-large-sl", source: "Hard Truths About Soft Labels, table 4, large, SL", length: "200 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001 } },
                  schedule: { cosine: { warm-up: { fraction: 0.025 } } }, batch: 128, augment: [\(crops)],
                  loss: { kl: { temperature: 20 } } }
                """, reading: "warm-up of 5 of 200 epochs, as a share of the run"),
        NamedRecipe(
            name: "paper1-large-kd", source: "Hard Truths About Soft Labels, table 4, large, SL+KD",
            length: "200 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001 } },
                  schedule: { cosine: { warm-up: { fraction: 0.025 } } }, batch: 128, augment: [\(crops), cutmix],
                  loss: { kl: { temperature: 20 } } }
                """, reading: "paper1-large-sl with CutMix, for 'labels: views'"),
        NamedRecipe(
            name: "paper1-small-hl", source: "Hard Truths About Soft Labels, table 4, small, HL", length: "300 epochs",
            text: """
                { optimizer: { sgd: { learning-rate: 0.01, momentum: 0.9, weight-decay: 0.0005 } },
                  schedule: { step: { at: [0.5033333333333333], factor: 0.1, every: epoch } }, batch: 256,
                  augment: dsa, loss: cross-entropy }
                """, reading: "\(unstated): DC's; StepLR@151 of 300 epochs, whose factor is not stated: 0.1"),
        NamedRecipe(
            name: "paper1-small-sl", source: "Hard Truths About Soft Labels, table 4, small, SL", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.001 } }, schedule: cosine, batch: 256, augment: dsa,
                  loss: { kl: { temperature: 20 } } }
                """, reading: "the same for SL+KD, with 'labels: views'"),
        NamedRecipe(
            name: "paper2-adamw", source: "Rethinking Large-scale Dataset Compression, table 7", length: "300 epochs",
            text: """
                { optimizer: { adamw: { learning-rate: 0.01, weight-decay: 0.01, decays: weights } },
                  schedule: { cosine: { every: epoch } }, batch: 128, augment: [\(crops)], loss: cross-entropy }
                """, reading: "the table says AdamW (0.01), the released configuration a rate of 0.001 and decay 0.01"),
        NamedRecipe(
            name: "paper2-sgd", source: "Rethinking Large-scale Dataset Compression, table 7", length: "300 epochs",
            text: """
                { optimizer: { sgd: { learning-rate: 0.1, momentum: 0.9, weight-decay: 0.0001 } },
                  schedule: { cosine: { every: epoch } }, batch: 128, augment: [\(crops)], loss: cross-entropy }
                """, reading: "\(unstated): the usual ones of ImageNet"),
    ]

    /// Pruning and coresets on real images.
    private static let pruning = [
        NamedRecipe(
            name: "deepcore", source: "DeepCore (Guo et al. 2022)", length: "200 epochs",
            text: """
                { optimizer: { sgd: { learning-rate: 0.1, momentum: 0.9, nesterov: true, weight-decay: 0.0005 } },
                  schedule: { cosine: { floor: 0.0001 } }, batch: 256, augment: crop-flip, loss: cross-entropy }
                """, reading: "its tables: batch 128"),
        NamedRecipe(
            name: "ccs", source: "CCS (Zheng et al. 2023)", length: "40,000 steps",
            text: """
                { optimizer: { sgd: { learning-rate: 0.1, momentum: 0.9, nesterov: true, weight-decay: 0.0005 } },
                  schedule: { cosine: { floor: 0.0001 } }, batch: 256, augment: crop-flip, loss: cross-entropy }
                """, reading: "equal steps for every size: 'budgets: { all: { steps: 40000 } }'"),
        NamedRecipe(
            name: "data-diet", source: "data_diet (Paul et al. 2021)", length: "200 epochs",
            text: """
                { optimizer: { sgd: { learning-rate: 0.1, momentum: 0.9, nesterov: true, weight-decay: 0.0005 } },
                  schedule: { step: { at: [0.3, 0.6, 0.8], factor: 0.2, every: epoch } }, batch: 128,
                  augment: crop-flip, loss: cross-entropy }
                """, reading: "epochs 60, 120 and 160 of 200, as shares of the run"),
    ]
}
