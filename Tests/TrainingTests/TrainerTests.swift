import Records
import Synchronization
import Testing

@testable import Training

@Suite struct TrainerTests {
    @Test func checkpointsFallOnTheFirstStepAtOrAfterTheirTargets() throws {
        // Batches of 33: an epoch of 150 takes 33, 33, 33, 33, 18; the run ends after 50 of the fourth epoch.
        let results = try run(smallJob(.mlp(hidden: [5])))
        #expect(results.map { $0.checkpoint.samplesSeen } == [0, 66, 150, 183, 333, 500])
        #expect(results.map { $0.state.step } == [0, 2, 5, 6, 11, 17])
        #expect(results.map { $0.checkpoint.epoch } == [0, 0.44, 1, 1.22, 2.22, 500.0 / 150])
    }

    @Test func aCheckpointHoldsWhatTheJobAskedFor() throws {
        let job = smallJob(.convnet(depth: 2, width: 4))
        let results = try run(job).map(\.checkpoint)
        for checkpoint in results {
            #expect(checkpoint.logits?.rows == 150 && checkpoint.logits?.columns == 4)
            #expect(
                Set(checkpoint.metrics.keys) == ["train_loss", "test_loss", "test_error", "learning_rate"])
        }
        #expect(results.dropLast().allSatisfy { $0.weights.isEmpty && $0.test == nil })
        let last = try #require(results.last)
        #expect(last.weights.map(\.name).prefix(4) == ["conv1/weight", "conv1/bias", "norm1/weight", "norm1/bias"])
        #expect(
            last.weights.reduce(0) { $0 + $1.values.count } == parameterCount(job.network, shape: job.shape, classes: 4)
        )
        let frozen = try FrozenNetwork(job.network, shape: job.shape, classes: 4, weights: last.weights)
        #expect(try frozen.logits(of: job.images) == last.logits)
        #expect(try frozen.logits(of: Array(job.images.prefix(21 * job.shape.count))) == last.test?.logits)
        #expect(last.test?.labels == job.evaluation[0].labels)
    }

    @Test func theTrainingLossIsTheMeanSinceTheLastCheckpoint() throws {
        var job = smallJob(.mlp(hidden: [5]))
        let coarse = try run(job)
        job.checkpoints = Array(stride(from: 0, to: 500, by: 1)) + [500]
        let fine = try run(job)
        #expect(fine.count == 18)
        let parts = zip(fine, fine.dropFirst()).filter { $0.1.checkpoint.samplesSeen <= 150 }
        let sum = parts.dropFirst(2).reduce(0.0) {
            $0 + ($1.1.checkpoint.metrics["train_loss"] ?? .nan)
                * Double($1.1.checkpoint.samplesSeen - $1.0.checkpoint.samplesSeen)
        }
        let expected = try #require(coarse[2].checkpoint.metrics["train_loss"])
        #expect(abs(sum / 84 - expected) < 1e-12 * expected)  // the same doubles in another order
        #expect(coarse.last?.checkpoint.logits == fine.last?.checkpoint.logits)
    }

    @Test(arguments: [NetworkSpec.mlp(hidden: [32]), .convnet(depth: 2, width: 8)])
    func trainingLearns(network: NetworkSpec) throws {
        var job = smallJob(network)
        job.totalSamples = 150 * 30
        job.checkpoints = [0, job.totalSamples]
        let results = try run(job)
        let errors = results.compactMap { $0.checkpoint.metrics["test_error"] }
        #expect(errors.count == 2 && errors[1] < 0.05 && errors[0] > 0.4)
    }

    @Test func aBatchIsNeverLargerThanTheTrainingSet() throws {
        var job = smallJob(.mlp(hidden: [5]))
        job.recipe.batch = 4096
        #expect(job.batch == 150)
        #expect(try run(job).map { $0.state.step } == [0, 1, 2, 3, 4])
    }

    @Test func aLossThatIsNotFiniteNamesTheStep() throws {
        let job = smallJob(.mlp(hidden: [5]), learningRate: 1e30)
        let error = #expect(throws: TrainingError.self) { _ = try run(job) }
        guard case .diverged(_, let step, _, let rate) = try #require(error) else {
            Issue.record("not diverged: \(String(describing: error))")
            return
        }
        #expect(step >= 2 && step <= 5 && rate > 1e29)
        #expect("\(try #require(error))".contains("not finite at step \(step)"))
    }

    @Test func stoppingThrowsAndProgressIsTold() throws {
        let seen = Mutex<[Int]>([])
        var trainer = try Trainer(smallJob(.mlp(hidden: [5])))
        trainer.onProgress = { count in seen.withLock { $0.append(count) } }
        trainer.shouldStop = { seen.withLock { $0.count == 3 } }
        _ = try trainer.next()
        _ = try trainer.next()
        do {
            _ = try trainer.next()
            Issue.record("was not stopped")
        } catch {
            #expect(error == .interrupted(run: "HL/random-ipc10/low/seed1", samplesSeen: 99))
        }
        #expect(seen.withLock { $0 } == [33, 66, 99])
    }

    @Test func contradictionsAreRefused() throws {
        let good = smallJob(.convnet(depth: 2, width: 4))
        let faults: [(String, (inout TrainingJob) -> Void)] = [
            ("label 4 of training image 7 is not among 4 classes", { $0.hardLabels[7] = 4 }),
            ("4 poolings leave no pixel of 2×12×12 images", { $0.network = .convnet(depth: 4, width: 4) }),
            ("must lie in 0…500 and end with it", { $0.checkpoints = [100] }),
            ("checkpoints do not ascend", { $0.checkpoints = [100, 100, 500] }),
            ("43199 training pixels for 150 images", { $0.images.removeLast() }),
            ("a batch of 0", { $0.recipe.batch = 0 }),
            (
                "7 soft labels for 150 images and 4 classes",
                { $0.labels = .soft(targets: Array(repeating: 0, count: 7), temperature: 20) }
            ),
            ("no probability", { $0.labels = .soft(targets: Array(repeating: .nan, count: 600), temperature: 20) }),
            ("a temperature of 0.0", { $0.labels = .soft(targets: Array(repeating: 0, count: 600), temperature: 0) }),
            ("21 test pixels", { $0.evaluation[0].images = .floats(Array(repeating: 0, count: 21)) }),
        ]
        for (wording, damage) in faults {
            var job = good
            damage(&job)
            do {
                _ = try Trainer(job)
                Issue.record("accepted: \(wording)")
            } catch {
                #expect("\(error)".contains(wording))
                #expect(error.exitCode == 65)
            }
        }
    }

    @Test func aStateOfAnotherRunIsRefused() throws {
        let job = smallJob(.mlp(hidden: [5]))
        let state = try run(job)[2].state
        var moved = state
        moved.step += 1
        var short = state
        short.tensors.removeFirst()
        for bad in [moved, short, try run(smallJob(.mlp(hidden: [6])))[2].state] {
            do {
                _ = try Trainer(job, resuming: bad)
                Issue.record("accepted a foreign state")
            } catch {
                guard case .badState = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }
}
