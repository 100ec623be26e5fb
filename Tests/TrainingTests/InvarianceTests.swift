import Randomness
import Records
import Testing

@testable import Training

/// A small job whose last batch of an epoch is short, and whose run ends within an epoch.
func smallJob(
    _ network: NetworkSpec, soft: Bool = false, augmentation: Augmentation = .none, threads: Int = 1,
    learningRate: Double = 0.05, batch: Int = 33
) -> TrainingJob {
    let (count, shape) = (150, ImageShape(channels: 2, height: 12, width: 12))
    var stream = RandomStream(seed: 3, purpose: "images")
    let images = (0..<count * shape.count).map { _ in Float(stream.normal()) }
    let labels = (0..<count).map { _ in Int32(stream.integer(below: 4)) }
    let rows = (0..<count).map { _ in (0..<4).map { _ in stream.uniform() + 0.1 } }
    let targets = rows.flatMap { row in row.map { Float($0 / row.reduce(0, +)) } }
    return TrainingJob(
        runID: "HL/random-ipc10/low/seed1", seed: 1, network: network,
        recipe: Recipe(
            optimizer: .sgd(learningRate: learningRate, momentum: 0.9, weightDecay: 5e-4), schedule: .cosine,
            batch: batch,
            augmentation: augmentation),
        classes: 4, shape: shape, images: images, hardLabels: labels,
        labels: soft ? .soft(targets: targets, temperature: 20) : .hard,
        evaluation: [
            EvaluationSet(
                name: "test", images: Array(images.prefix(21 * shape.count)), labels: Array(labels.prefix(21)))
        ],
        totalSamples: 500, checkpoints: [0, 40, 150, 151, 160, 333, 500], recordsLogits: true, recordsWeights: true,
        recordsTest: true, threads: threads)
}

/// Checkpoints and states of a whole run, without the one metric that measures time.
func run(_ job: TrainingJob, resuming: TrainingState? = nil) throws -> [(checkpoint: Checkpoint, state: TrainingState)]
{
    var trainer = try Trainer(job, resuming: resuming)
    var results: [(Checkpoint, TrainingState)] = []
    while var result = try trainer.next() {
        result.checkpoint.metrics["seconds"] = nil
        result.state.sums["seconds"] = nil
        // NaN, the training loss before training, is not equal to itself.
        if result.checkpoint.samplesSeen == 0 { result.checkpoint.metrics["train_loss"] = -1 }
        results.append(result)
    }
    return results
}

@Suite struct InvarianceTests {
    static let networks: [NetworkSpec] = [
        .mlp(hidden: [31]), .mlp(hidden: [131, 70]), .convnet(depth: 2, width: 16), .convnet(depth: 3, width: 5),
        .convnet(depth: 2, width: 16, norm: .batch), .convnet(depth: 1, width: 8, norm: .group),
        .convnet(depth: 1, width: 8, norm: .none),
    ]

    /// A batch of 33 is two slices of an MLP and five of a ConvNet, one of 150 five and sixteen at most. A layer of 131
    /// units is cut into two pieces.
    @Test(arguments: networks, [33, 150])
    func threadsDoNotChangeABit(network: NetworkSpec, batch: Int) throws {
        func results(_ threads: Int) throws -> [(checkpoint: Checkpoint, state: TrainingState)] {
            let augmentation = Augmentation.cropFlip(padding: 2, flip: true)
            return try run(smallJob(network, augmentation: augmentation, threads: threads, batch: batch))
        }
        let one = try results(1)
        for threads in [2, 3, 7] {
            let many = try results(threads)
            #expect(one.map(\.checkpoint) == many.map(\.checkpoint), "\(threads) threads")
            #expect(one.map(\.state) == many.map(\.state), "\(threads) threads")
        }
    }

    /// A batch of 70 is three slices of a network whose batch is coupled.
    @Test func threadsDoNotChangeABitOfAResidualNetwork() throws {
        func results(_ threads: Int) throws -> [(checkpoint: Checkpoint, state: TrainingState)] {
            var job = smallJob(.mobilenetV2(width: 0.35, stem: .cifar), threads: threads, batch: 70)
            (job.totalSamples, job.checkpoints) = (140, [140])
            return try run(job)
        }
        let one = try results(1)
        for threads in [2, 4] {
            let many = try results(threads)
            #expect(one.map(\.checkpoint) == many.map(\.checkpoint), "\(threads) threads")
            #expect(one.map(\.state) == many.map(\.state), "\(threads) threads")
        }
    }

    @Test(arguments: networks, [false, true])
    func resumingAtAnyCheckpointDoesNotChangeABit(network: NetworkSpec, soft: Bool) throws {
        let job = smallJob(network, soft: soft, augmentation: .cropFlip(padding: 1, flip: true))
        let whole = try run(job)
        for (index, result) in whole.enumerated() {
            let rest = try run(job, resuming: result.state)
            #expect(rest.map(\.checkpoint) == whole[(index + 1)...].map(\.checkpoint), "after checkpoint \(index)")
            #expect(rest.map(\.state) == whole[(index + 1)...].map(\.state), "after checkpoint \(index)")
        }
    }

    /// Rows of a product may be rounded differently by their place in a block (oneDNN's tails), and no more than that.
    @Test(arguments: networks)
    func permutingImagesPermutesLogits(network: NetworkSpec) throws {
        let job = smallJob(network)
        let frozen = try FrozenNetwork(network, shape: job.shape, classes: 4, identity: "a", seed: 1)
        var stream = RandomStream(seed: 5, purpose: "permutation")
        let order = stream.permutation(of: 8)
        let size = job.shape.count
        let permuted = order.flatMap { job.images[$0 * size..<($0 + 1) * size] }
        let (plain, moved) = try (frozen.logits(of: Array(job.images.prefix(8 * size))), frozen.logits(of: permuted))
        for (row, source) in order.enumerated() {
            let expected = Array(plain.values[source * 4..<source * 4 + 4])
            #expect(relativeError(Array(moved.values[row * 4..<row * 4 + 4]), expected) < 1e-5)
        }
    }

    @Test func anotherSeedOrRunIsAnotherRun() throws {
        let job = smallJob(.mlp(hidden: [5]))
        var other = job
        other.seed = 2
        var renamed = job
        renamed.runID += "x"
        let logits = try [job, other, renamed].map { try run($0)[0].checkpoint.logits }
        #expect(logits[0] != logits[1] && logits[0] != logits[2] && logits[1] != logits[2])
    }
}
