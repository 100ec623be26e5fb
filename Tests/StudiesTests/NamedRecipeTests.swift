import Testing

@testable import Studies

/// The figures of METHODS' table of evaluation recipes, written down a second time.
@Suite struct NamedRecipeTests {
    private struct Row {
        var name: String
        var optimizer: OptimizerChoice
        var schedule: ScheduleChoice
        var batch: Int
        var augmentation: AugmentationChoice
        var loss: LossChoice
        var average: Double?
    }

    private static let half = AugmentationChoice.Operation.randomResizedCrop(
        scale: [0.5, 1], ratio: [3.0 / 4, 4.0 / 3])
    private static let full = AugmentationChoice.Operation.randomResizedCrop(
        scale: [0.08, 1], ratio: [3.0 / 4, 4.0 / 3])
    private static let cutmix = AugmentationChoice.Mix(kind: .cutmix)
    private static let kl = LossChoice.kl(scaled: false, temperature: 20)
    private static let adamW = OptimizerChoice.adamW(
        learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01)
    /// As the code of SRe2L, CDA, RDED, EDC and of paper 2: no decay of biases and normalisations.
    private static let weightsOnly = OptimizerChoice.adamW(learningRate: 1e-3, weightDecay: 0.01, decays: .weights)
    private static let perEpoch = ScheduleChoice(.cosine(floor: 0), perEpoch: true)
    private static let pruning = OptimizerChoice.sgd(
        learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4)
    private static let dsa = AugmentationChoice([
        .dsa(strategy: [.color, .crop, .cutout, .flip, .scale, .rotate], siamese: false, mode: .single)
    ])

    private static func smooth(_ zeta: Double) -> ScheduleChoice {
        ScheduleChoice(.smoothCosine(zeta: zeta), perEpoch: true)
    }

    private static func composite(_ name: String, zeta: Double, loss: LossChoice, average: Double? = nil) -> Row {
        Row(
            name: name, optimizer: weightsOnly, schedule: smooth(zeta), batch: 100,
            augmentation: .init([.patchShuffle(grid: 2), half, .flip], mix: cutmix), loss: loss, average: average)
    }

    private static let rows = [
        Row(
            name: "sre2l", optimizer: weightsOnly, schedule: perEpoch, batch: 1024,
            augmentation: .init([full, .flip], mix: cutmix), loss: kl),
        Row(
            name: "cda", optimizer: weightsOnly, schedule: perEpoch, batch: 128,
            augmentation: .init([full, .flip], mix: cutmix), loss: kl),
        composite("rded", zeta: 2, loss: kl),
        composite("edc", zeta: 2, loss: .meanSquares(crossEntropy: 0.025), average: 0.99),
        composite("edc-default", zeta: 1.5, loss: .meanSquares(crossEntropy: 0.1), average: 0.999),
        Row(
            name: "g-vbsm", optimizer: adamW, schedule: perEpoch, batch: 1024,
            augmentation: .init([full, .flip], mix: cutmix), loss: .meanSquares(crossEntropy: 0.1)),
        Row(
            name: "dc-evaluation", optimizer: .sgd(learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4),
            schedule: .init(.dcEvaluation), batch: 256, augmentation: dsa, loss: .crossEntropy(smoothing: 0)),
        Row(
            name: "paper1-large-hl", optimizer: .sgd(learningRate: 0.5, momentum: 0.9, weightDecay: 1e-4),
            schedule: .cosine, batch: 128, augmentation: .init([full, .flip]), loss: .crossEntropy(smoothing: 0)),
        Row(
            name: "paper1-large-sl", optimizer: adamW, schedule: .init(.cosine(floor: 0), warmUp: .fraction(5.0 / 200)),
            batch: 128, augmentation: .init([full, .flip]), loss: kl),
        Row(
            name: "paper1-large-kd", optimizer: adamW, schedule: .init(.cosine(floor: 0), warmUp: .fraction(5.0 / 200)),
            batch: 128, augmentation: .init([full, .flip], mix: cutmix), loss: kl),
        Row(
            name: "paper1-small-hl", optimizer: .sgd(learningRate: 1e-2, momentum: 0.9, weightDecay: 5e-4),
            schedule: .init(.step(at: [151.0 / 300], factor: 0.1), perEpoch: true), batch: 256, augmentation: dsa,
            loss: .crossEntropy(smoothing: 0)),
        Row(name: "paper1-small-sl", optimizer: adamW, schedule: .cosine, batch: 256, augmentation: dsa, loss: kl),
        Row(
            name: "paper2-adamw", optimizer: .adamW(learningRate: 0.01, decays: .weights), schedule: perEpoch,
            batch: 128,
            augmentation: .init([full, .flip]), loss: .crossEntropy(smoothing: 0)),
        Row(
            name: "paper2-sgd", optimizer: .sgd(learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4),
            schedule: perEpoch, batch: 128, augmentation: .init([full, .flip]), loss: .crossEntropy(smoothing: 0)),
        Row(
            name: "deepcore", optimizer: pruning, schedule: .init(.cosine(floor: 1e-4)), batch: 256,
            augmentation: .cropFlip(padding: 4, flip: true), loss: .crossEntropy(smoothing: 0)),
        Row(
            name: "ccs", optimizer: pruning, schedule: .init(.cosine(floor: 1e-4)), batch: 256,
            augmentation: .cropFlip(padding: 4, flip: true), loss: .crossEntropy(smoothing: 0)),
        Row(
            name: "data-diet", optimizer: pruning,
            schedule: .init(.step(at: [60.0 / 200, 120.0 / 200, 160.0 / 200], factor: 0.2), perEpoch: true), batch: 128,
            augmentation: .cropFlip(padding: 4, flip: true), loss: .crossEntropy(smoothing: 0)),
    ]

    @Test(arguments: NamedRecipe.all)
    func everyRecipeIsWhatTheTableSays(recipe: NamedRecipe) throws {
        let row = try #require(Self.rows.first { $0.name == recipe.name })
        let choice = try #require(recipe.choice)
        #expect(choice.optimizer == row.optimizer)
        #expect(choice.schedule == row.schedule)
        #expect(choice.batch == row.batch)
        #expect(choice.augmentation == row.augmentation)
        #expect(choice.loss == row.loss)
        #expect(choice.average == row.average)
    }

    @Test func everyRowHasItsRecipe() { #expect(Self.rows.map(\.name) == NamedRecipe.all.map(\.name)) }
}
