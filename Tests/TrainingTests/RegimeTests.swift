import Records
import Testing

@testable import Training

/// A network that the small jobs can learn from.
private func teacher(_ network: NetworkSpec = .mlp(hidden: [7]), seed: Int = 1) throws -> Teacher.Member {
    var job = smallJob(network)
    job.seed = seed
    let last = try #require(try run(job).last)
    return .init(network: network, weights: last.checkpoint.weights)
}

private func taught(
    _ network: NetworkSpec = .convnet(depth: 2, width: 4), perImage: Int? = nil, threads: Int = 1
) throws -> TrainingJob {
    var job = smallJob(network, augmentation: .cropFlip(padding: 1, flip: true), threads: threads)
    job.recipe.augmentation.mix = .init(.cutmix, probability: 0.7)
    job.labels = .views(
        Teacher([try teacher(), try teacher(.convnet(depth: 1, width: 3))]), temperature: 20, perImage: perImage)
    return job
}

private func expectSame(
    _ a: [(checkpoint: Checkpoint, state: TrainingState)], _ b: [(checkpoint: Checkpoint, state: TrainingState)],
    _ what: String
) {
    #expect(a.map(\.checkpoint) == b.map(\.checkpoint), "\(what)")
    #expect(a.map(\.state) == b.map(\.state), "\(what)")
}

@Suite struct RegimeTests {
    @Test(arguments: [nil, 2])
    func aTeacherLabelsTheSameForAnyNumberOfThreads(perImage: Int?) throws {
        let one = try run(try taught(perImage: perImage))
        for threads in [2, 4] {
            expectSame(one, try run(try taught(perImage: perImage, threads: threads)), "\(threads) threads")
        }
    }

    /// Everything that a recipe can carry from step to step: Adam's moments, the average, the logits of the training pass.
    @Test func resumingWithAllStateDoesNotChangeABit() throws {
        var job = try taught(perImage: 3)
        job.recipe.optimizer = .adamW(learningRate: 0.01)
        job.recipe.averaging = 0.9
        job.recipe.schedule = Schedule(.cosine(floor: 0.1), warmUp: .epochs(0.5), per: .epoch)
        job.recordedPass = .train
        job.checkpoints = [150, 160, 333, 500]
        job.recordsFeatures = true
        job.weightsAt = [160]
        let whole = try run(job)
        for (index, result) in whole.enumerated() {
            expectSame(try run(job, resuming: result.state), Array(whole[(index + 1)...]), "after checkpoint \(index)")
        }
    }

    @Test func resumingAcrossANewOptimiserDoesNotChangeABit() throws {
        var job = smallJob(.mlp(hidden: [5]))
        job.totalSamples = 150 * 4  // E = 3: the optimiser is made anew before epoch 3, at step 15
        job.checkpoints = [0, 400, 449, 450, 490, 600]
        job.recipe.schedule = Schedule(.dcEvaluation)
        let whole = try run(job)
        #expect(whole.map { $0.state.step } == [0, 14, 15, 17, 20])
        #expect(
            whole.compactMap { $0.checkpoint.metrics["learning_rate"] } == [0.05, 0.05, 0.05, 0.05 * 0.1, 0.05 * 0.1])
        for (index, result) in whole.enumerated() {
            expectSame(try run(job, resuming: result.state), Array(whole[(index + 1)...]), "after checkpoint \(index)")
        }
    }

    /// Without augmentation, a label for every view is one label per image.
    @Test func viewsOfPlainImagesAreFixedLabels() throws {
        var job = smallJob(.mlp(hidden: [5]))
        let members = [try teacher(), try teacher(.convnet(depth: 1, width: 3), seed: 2)]
        job.labels = .views(Teacher(members), temperature: 4, perImage: nil)
        let views = try #require(try run(job).last?.checkpoint.logits)
        var targets = [Float](repeating: 0, count: job.sampleCount * job.classes)
        for member in members {
            let network = try FrozenNetwork(
                member.network, shape: job.shape, classes: job.classes, weights: member.weights)
            let logits = try network.logits(of: job.images)
            addProbabilities(
                logits.values, rows: job.sampleCount, classes: job.classes, temperature: 4, share: 0.5, to: &targets)
        }
        job.labels = .soft(targets: targets, temperature: 4)
        let fixed = try #require(try run(job).last?.checkpoint.logits)
        // The teacher's logits may be rounded differently by their place in a block.
        #expect(relativeError(views.values, fixed.values) < 1e-5)
        let untaught = try #require(try run(smallJob(.mlp(hidden: [5]))).last?.checkpoint.logits)
        #expect(relativeError(untaught.values, fixed.values) > 0.1)
    }

    @Test func aDoseRepeatsItsViews() throws {
        var feed = SampleFeed(try taught(perImage: 2))
        let steps = stride(from: 0, to: 4, by: 1).map { feed.step(after: $0 * 150) }
        #expect(steps[0].samples == steps[2].samples && steps[1].samples == steps[3].samples)
        #expect(steps[0].mix == steps[2].mix && steps.map(\.epoch) == [0, 1, 0, 1])
        #expect(steps[0].samples != steps[1].samples)
    }

    @Test func theAverageIsWhatIsEvaluatedAndStored() throws {
        var job = smallJob(.mlp(hidden: [5]))
        let plain = try run(job)
        job.recipe.averaging = 0.8
        let averaged = try run(job)
        #expect(averaged[0].checkpoint.logits == plain[0].checkpoint.logits)
        for (a, b) in zip(plain, averaged) {
            // The average does not act on training.
            for tensor in a.state.tensors { #expect(b.state.tensors.contains(tensor), "\(tensor.name)") }
        }
        let last = try #require(averaged.last)
        #expect(last.checkpoint.logits != plain.last?.checkpoint.logits)
        let frozen = try FrozenNetwork(job.network, shape: job.shape, classes: 4, weights: last.checkpoint.weights)
        #expect(try frozen.logits(of: job.images) == last.checkpoint.logits)
        let stored = last.checkpoint.weights.map {
            NamedTensor(name: "average/" + $0.name, shape: $0.shape, values: $0.values)
        }
        for tensor in stored { #expect(last.state.tensors.contains(tensor)) }
        job.recipe.averaging = 0
        #expect(try run(job).map(\.checkpoint) == plain.map(\.checkpoint))
    }

    /// Where nothing moves, what was seen while training is what an evaluation sees; where it does, it is older.
    @Test func trainPassLogitsAreThoseBeforeTheUpdate() throws {
        var job = smallJob(.mlp(hidden: [5]))
        job.checkpoints = [150, 300, 500]
        job.recordedPass = .train
        let moving = try run(job)
        job.recipe.optimizer = .sgd(learningRate: 1e-30)
        let still = try run(job)
        job.recordedPass = .evaluation
        let evaluated = try run(job)
        for (a, b) in zip(still, evaluated) {
            let (seen, asked) = (try #require(a.checkpoint.logits), try #require(b.checkpoint.logits))
            #expect(relativeError(seen.values, asked.values) < 1e-5)
        }
        // The first batch was seen before any update.
        var feed = SampleFeed(job)
        let first = feed.step(after: 0).samples
        let (early, initial) = (try #require(moving[0].checkpoint.logits), try #require(evaluated[0].checkpoint.logits))
        for sample in first {
            let row = sample * 4..<sample * 4 + 4
            #expect(relativeError(Array(early.values[row]), Array(initial.values[row])) < 1e-4)
        }
        let other = try #require((0..<150).first { !first.contains($0) })
        #expect(early.values[other * 4..<other * 4 + 4] != initial.values[other * 4..<other * 4 + 4])
    }

    @Test func weightsAndFeaturesAreKeptWhereAskedFor() throws {
        var job = smallJob(.convnet(depth: 2, width: 4))
        job.recordsWeights = false
        job.recordsFeatures = true
        job.weightsAt = [0, 40, 151]  // 151 and 160 fall on one step, and share its checkpoint
        let results = try run(job).map(\.checkpoint)
        #expect(results.map { !$0.weights.isEmpty } == [true, true, false, true, false, false])
        #expect(results.dropLast().allSatisfy { $0.features == nil })
        job.recordsWeights = true
        let last = try #require(try run(job).last?.checkpoint)
        let frozen = try FrozenNetwork(job.network, shape: job.shape, classes: 4, weights: last.weights)
        #expect(try frozen.features(of: job.images) == last.features)
    }

    @Test func contradictionsOfRegimesAreRefused() throws {
        let good = try taught()
        let stranger = Teacher.Member(
            network: .mlp(hidden: [7]),
            weights: [NamedTensor(name: "linear1/weight", shape: [2, 2], values: [1, 2, 3, 4])])
        let faults: [(String, (inout TrainingJob) -> Void)] = [
            (
                "the labels are hard",
                {
                    $0.labels = .hard; $0.recipe.loss = .meanSquares()
                }
            ),
            ("these are soft", { $0.recipe.loss = .crossEntropy() }),
            ("a teacher without a network", { $0.labels = .views(Teacher([]), temperature: 1, perImage: nil) }),
            ("0 labels per image", { $0.labels = .views(Teacher([stranger]), temperature: 1, perImage: 0) }),
            ("before each of the 150 images", { $0.recordedPass = .train }),
            ("a warm-up that takes", { $0.recipe.schedule.warmUp = .epochs(4) }),
            ("a cosine with a floor", { $0.recipe.schedule.curve = .cosine(floor: 1) }),
            ("a smooth cosine", { $0.recipe.schedule.curve = .smoothCosine(zeta: 0.5) }),
            ("a cooldown over", { $0.recipe.schedule.curve = .cooldown(share: 0, shape: .linear) }),
            ("a learning rate of", { $0.recipe.optimizer = .adamW(learningRate: -1) }),
            ("a beta2 of", { $0.recipe.optimizer = .adamW(learningRate: 1, beta2: 1) }),
            ("an average that decays", { $0.recipe.averaging = 1 }),
            (
                "tensor 'linear1/weight' has shape",
                { $0.labels = .views(Teacher([stranger]), temperature: 1, perImage: nil) }
            ),
        ]
        for (wording, damage) in faults {
            var job = good
            damage(&job)
            do {
                _ = try Trainer(job)
                Issue.record("accepted: \(wording)")
            } catch {
                #expect("\(error)".contains(wording), "\(error)")
                #expect(error.exitCode == 65)
            }
        }
    }

    /// A branch that starts from a trunk's state is the run that it would have been from its beginning.
    @Test(arguments: [false, true])
    func aBranchIsTheEndOfItsCompleteRun(adam: Bool) throws {
        var trunk = smallJob(.mlp(hidden: [5]), augmentation: .cropFlip(padding: 1, flip: true))
        if adam { trunk.recipe.optimizer = .adamW(learningRate: 0.01) }
        trunk.recipe.averaging = 0.9
        trunk.recipe.schedule = .constant
        trunk.totalSamples = 900
        trunk.checkpoints = [400, 900]
        let state = try #require(try run(trunk).first).state
        var whole = trunk
        whole.recipe.schedule = Schedule(.cooldown(share: 0.2, shape: .linear))
        whole.totalSamples = 500
        whole.checkpoints = [400, 450, 500]
        let expected = try run(whole)
        #expect(state.samplesSeen == 432 && expected[0].state.samplesSeen == 432)
        var branch = whole
        branch.runID = "a branch"
        branch.streams = whole.runID
        branch.start = state
        branch.checkpoints = [450, 500]
        let actual = try run(branch)
        #expect(actual.map { $0.checkpoint.logits } == expected.dropFirst().map { $0.checkpoint.logits })
        #expect(actual.map { $0.state.tensors } == expected.dropFirst().map { $0.state.tensors })
        expectSame(try run(branch, resuming: actual[0].state), [actual[1]], "a branch resumed")
    }
}
