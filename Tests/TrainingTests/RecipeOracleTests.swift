import Foundation
import Records
import Testing

@testable import Training

@Suite struct RecipeOracleTests {
    /// Twenty steps in float32 on both sides: some 20 roundings of 6e-8 and the square roots of Adam.
    private static let tolerance = 2e-6

    @Test(arguments: ["sgd", "nesterov", "reset", "adamw", "adamw-betas"])
    func optimisersMoveAsPyTorch(name: String) throws {
        let oracle = try #require(try RecipeOracle.load().optimisers[name])
        let optimizer: Optimizer =
            switch name {
            case "adamw": .adamW(learningRate: 1)
            case "adamw-betas": .adamW(learningRate: 1, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0.2)
            default: .sgd(learningRate: 1, momentum: 0.9, nesterov: name == "nesterov", weightDecay: 5e-4)
            }
        let average = ["sgd": 0.9, "adamw": 0.99][name]
        let reset = name == "reset" || name == "adamw-betas" ? 7 : nil
        let recipe = Recipe(optimizer: optimizer, schedule: .constant, batch: 1, averaging: average)
        // One tensor of 8: the weights of 4 inputs and 2 classes, whose bias stays out.
        let layout = ParameterLayout(.mlp(hidden: []), shape: ImageShape(channels: 1, height: 2, width: 2), classes: 2)
        let (parameters, gradient) = (FloatBuffer(layout.count), FloatBuffer(layout.count))
        for i in 0..<8 { parameters.pointer[i] = Float(sin(Double(i))) }
        var state = OptimizerState(recipe, layout: layout)
        state.begin(with: parameters)
        for t in 0..<20 {
            if t == reset { state.reset() }
            for i in 0..<8 { gradient.pointer[i] = Float(cos(1.7 * Double(i) + Double(t))) }
            let rate = 0.05 * (1 + cos(Double.pi * Double(t) / 20)) / 2
            let step = t - (reset.map { $0 <= t ? $0 : 0 } ?? 0) + 1
            // In two pieces, as two threads do it.
            for (start, count) in [(0, 3), (3, 5)] {
                state.update(parameters, along: gradient.pointer, rate: rate, step: step, start: start, count: count)
            }
            if let place = [0, 4, 19].firstIndex(of: t) {
                let error = relativeError((0..<8).map { parameters.pointer[$0] }, oracle.after[place])
                #expect(error < Self.tolerance, "after step \(t + 1): \(error)")
            }
            if t == 10 {  // saved and taken up again
                let tensors = state.tensors()
                state = OptimizerState(recipe, layout: layout)
                try state.load(tensors)
            }
        }
        guard let average = state.average else { return }
        #expect(relativeError((0..<8).map { average.pointer[$0] }, oracle.average) < Self.tolerance)
    }

    /// Decay of weights alone: PyTorch's parameter groups, the bias in one without decay.
    @Test(arguments: ["sgd-weights", "adamw-weights"], [1, 7])
    func biasesStayOutOfTheDecay(name: String, pieces: Int) throws {
        let oracle = try #require(try RecipeOracle.load().optimisers[name])
        let optimizer: Optimizer =
            name == "sgd-weights"
            ? .sgd(learningRate: 1, momentum: 0.9, weightDecay: 0.3, decays: .weights)
            : .adamW(learningRate: 1, weightDecay: 0.3, decays: .weights)
        let layout = ParameterLayout(.mlp(hidden: []), shape: ImageShape(channels: 1, height: 2, width: 2), classes: 2)
        let bias = layout["linear1/bias"].offset
        let places = Array(0..<8) + [bias, bias + 1]
        let (parameters, gradient) = (FloatBuffer(layout.count), FloatBuffer(layout.count))
        for i in 0..<8 { parameters.pointer[i] = Float(sin(Double(i))) }
        (parameters.pointer[bias], parameters.pointer[bias + 1]) = (0.5, -2)
        let state = OptimizerState(
            Recipe(optimizer: optimizer, schedule: .constant, batch: 1), layout: layout)
        for t in 0..<20 {
            for (i, place) in places.enumerated() { gradient.pointer[place] = Float(cos(1.7 * Double(i) + Double(t))) }
            let rate = 0.05 * (1 + cos(Double.pi * Double(t) / 20)) / 2
            let size = (layout.trainedCount + pieces - 1) / pieces
            for start in stride(from: 0, to: layout.trainedCount, by: size) {
                let count = min(size, layout.trainedCount - start)
                state.update(parameters, along: gradient.pointer, rate: rate, step: t + 1, start: start, count: count)
            }
            guard let place = [0, 4, 19].firstIndex(of: t) else { continue }
            let error = relativeError(places.map { parameters.pointer[$0] }, oracle.after[place])
            #expect(error < Self.tolerance, "after step \(t + 1): \(error)")
        }
    }

    /// Losses by the whole of `Objective`: labels in, mixed by a step, gradient out.
    @Test(arguments: ["smoothing", "mixed", "mixed-smoothing", "kl", "kl-mixed", "kl-T2", "mse"])
    func lossesAreThoseOfPyTorch(name: String) throws {
        let oracle = try #require(try RecipeOracle.load().losses[name])
        let (rows, classes) = (4, 5)
        let z = (0..<rows * classes).map { Float(3 * sin(Double($0))) }
        let t = (0..<rows * classes).map { Float(3 * cos(2 * Double($0))) }
        var q = [Float](repeating: 0, count: t.count)
        addProbabilities(t, rows: rows, classes: classes, temperature: 20, share: 1, to: &q)
        let isMixed = name.contains("mixed")
        var job = smallJob(.mlp(hidden: [5]))
        (job.classes, job.hardLabels) = (classes, [1, 0, 4, 2])
        job.images = Array(job.images.prefix(rows * job.shape.count))
        job.recipe.batch = rows
        if isMixed { job.recipe.augmentation.mix = .init(.cutmix) }
        switch name {
        case "smoothing", "mixed-smoothing": job.recipe.loss = .crossEntropy(smoothing: 0.1)
        case "mixed": job.recipe.loss = nil
        case "mse": (job.recipe.loss, job.labels) = (.meanSquares(), .soft(targets: t, temperature: 20))
        default:
            (job.recipe.loss, job.labels) = (
                .divergence(scaled: name == "kl-T2"), .soft(targets: q, temperature: 20)
            )
        }
        let objective = try Objective(job)
        let mix = BatchMix(
            kind: .mixup, partners: [3, 2, 0, 1], share: 0.3, labels: .mixed)
        let step = TrainingStep(epoch: 0, batch: 0, samples: [0, 1, 2, 3], mix: isMixed ? mix : nil)
        var gradient = [Float](repeating: .nan, count: z.count)
        var loss = 0.0
        // Two slices in reverse.
        for slots in [2..<4, 0..<2] {
            try objective.prepare(slots, of: step, input: job.images, worker: 0)
            loss += z.withUnsafeBufferPointer { z in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    guard let z = z.baseAddress, let gradient = gradient.baseAddress else { return .nan }
                    return objective.loss(
                        slots, of: step, logits: z + slots.lowerBound * classes,
                        dlogits: gradient + slots.lowerBound * classes, scale: 0.25)
                }
            }
        }
        // A softmax of five float32 terms against double precision.
        #expect(abs(loss / 4 - oracle.loss) < 2e-6 * max(1, oracle.loss), "\(loss / 4) for \(oracle.loss)")
        #expect(relativeError(gradient, oracle.gradient) < 5e-6)
    }

    @Test func schedulesAreThoseOfPyTorch() throws {
        let oracle = try RecipeOracle.load().schedules
        let cases: [(String, Schedule, Schedule.Length, Double)] = [
            (
                "cosine-floor", Schedule(.cosine(floor: 1e-3)), .init(steps: 20, stepsPerEpoch: 4, epochs: 5), 0.1
            ),
            ("smooth", Schedule(.smoothCosine(zeta: 2)), .init(steps: 20, stepsPerEpoch: 1, epochs: 20), 0.1),
            (
                "smooth", Schedule(.smoothCosine(zeta: 2), per: .epoch), .init(steps: 20, stepsPerEpoch: 1, epochs: 20),
                0.1
            ),
            ("step", .step(at: [0.5], factor: 0.1), .init(steps: 14, stepsPerEpoch: 1, epochs: 14), 0.1),
            (
                "multi", Schedule(.stepAtEpochs([6, 12, 16], factor: 0.2), per: .epoch),
                .init(steps: 20, stepsPerEpoch: 1, epochs: 20), 0.1
            ),
            ("multi", .step(at: [0.3, 0.6, 0.8], factor: 0.2), .init(steps: 20, stepsPerEpoch: 1, epochs: 20), 0.1),
            (
                "warm", Schedule(.cosine(floor: 0), warmUp: .steps(4)), .init(steps: 20, stepsPerEpoch: 2, epochs: 10),
                0.1
            ),
            (
                "warm", Schedule(.cosine(floor: 0), warmUp: .epochs(2)), .init(steps: 20, stepsPerEpoch: 2, epochs: 10),
                0.1
            ),
            (
                "warm", Schedule(.cosine(floor: 0), warmUp: .fraction(0.2), per: .epoch),
                .init(steps: 20, stepsPerEpoch: 1, epochs: 20), 0.1
            ),
            ("dc-10", Schedule(.dcEvaluation), .init(steps: 33, stepsPerEpoch: 3, epochs: 11), 0.01),
            ("dc-7", Schedule(.dcEvaluation), .init(steps: 16, stepsPerEpoch: 2, epochs: 8), 0.01),
        ]
        for (name, schedule, length, rate) in cases {
            let expected = try #require(oracle[name])
            for (step, value) in expected.enumerated() {
                let actual = rate * schedule.factor(step: step, of: length)
                // PyTorch's cosine is a recursion, whose rounding adds up.
                #expect(abs(actual - value) < 1e-12, "\(name) at \(step): \(actual) for \(value)")
            }
        }
        #expect(Schedule(.dcEvaluation).reset(in: .init(steps: 33, stepsPerEpoch: 3, epochs: 11)) == 21)
        #expect(Schedule.cosine.reset(in: .init(steps: 33, stepsPerEpoch: 3, epochs: 11)) == nil)
    }

    /// One epoch's rate is one rate, and a step's is not.
    @Test func unitsAreStepsOrEpochs() {
        let length = Schedule.Length(steps: 12, stepsPerEpoch: 4, epochs: 3)
        let perEpoch = Schedule(.cosine(floor: 0), per: .epoch)
        let factors = (0..<12).map { perEpoch.factor(step: $0, of: length) }
        #expect(Set(factors).count == 3 && factors[0] == 1 && factors[3] == 1 && factors[4] < 1)
        #expect(Set((0..<12).map { Schedule.cosine.factor(step: $0, of: length) }).count == 12)
    }

    @Test func aCooldownIsConstantAndThenFallsToNothing() {
        let length = Schedule.Length(steps: 100, stepsPerEpoch: 10, epochs: 10)
        for shape in Schedule.Descent.allCases {
            let schedule = Schedule(.cooldown(share: 0.2, shape: shape))
            let factors = (0...100).map { schedule.factor(step: $0, of: length) }
            #expect(factors[...80].allSatisfy { abs($0 - 1) < 1e-7 })
            #expect(abs(factors[85] - (shape == .linear ? 0.75 : 0.5)) < 1e-12 && factors[100] < 1e-12)
            #expect(zip(factors[80...], factors[81...]).allSatisfy { $0 > $1 })
        }
    }
}
