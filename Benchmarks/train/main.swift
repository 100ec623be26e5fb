import Foundation
import Randomness

@testable import Training

// One step of SGD (forward, backward, update) of the networks that PyTorch is timed on, timed by Benchmarks/train.py: one
// line of JSON.
//
//     bench-train NETWORK BATCH STEPS THREADS

func fail(_ words: String) -> Never {
    FileHandle.standardError.write(Data("bench-train: \(words)\n".utf8))
    exit(64)
}

let networks: [String: (spec: NetworkSpec, shape: ImageShape)] = [
    "convnet_d3_w128_32x32x3": (.convnet(depth: 3, width: 128), ImageShape(channels: 3, height: 32, width: 32)),
    "convnet_d3_w32_28x28x1": (.convnet(depth: 3, width: 32), ImageShape(channels: 1, height: 28, width: 28)),
    "convnet_d4_w128_64x64x3": (.convnet(depth: 4, width: 128), ImageShape(channels: 3, height: 64, width: 64)),
    "resnet18_32x32x3": (.resnet(layers: 18, stem: .cifar), ImageShape(channels: 3, height: 32, width: 32)),
    "mlp_784_512_512_10": (.mlp(hidden: [512, 512]), ImageShape(channels: 1, height: 28, width: 28)),
]

let words = CommandLine.arguments.dropFirst()
guard words.count == 4, let name = words.first, let (spec, shape) = networks[name] else {
    fail("NETWORK BATCH STEPS THREADS, where NETWORK is one of \(networks.keys.sorted().joined(separator: ", "))")
}
let numbers = words.dropFirst().compactMap { Int($0) }
guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 }) else { fail("BATCH, STEPS and THREADS are numbers above 0") }
let (batch, steps, threads) = (numbers[0], numbers[1], numbers[2])

var stream = RandomStream(seed: 1, purpose: "images")
let job = TrainingJob(
    runID: "bench", seed: 1, network: spec,
    recipe: Recipe(optimizer: .sgd(learningRate: 0.01, momentum: 0.9), schedule: .constant, batch: batch), classes: 10,
    shape: shape, images: (0..<batch * shape.count).map { _ in Float(stream.normal()) },
    hardLabels: (0..<batch).map { _ in Int32(stream.integer(below: 10)) }, totalSamples: batch, checkpoints: [batch],
    threads: threads)
let step = try GradientStep(job)
step.network.layout.initialise(step.parameters, identity: job.runID, seed: 1)
let feed = SampleFeed(job)
var (wall, cpu, loss): ([Double], [Double], Double) = ([], [], 0)
for number in 0...steps {
    let (begin, ticks) = (Date(), clock())
    let (gradient, sum) = try step.gradient(
        of: TrainingStep(epoch: 0, batch: number, samples: Array(0..<batch)[...], mix: nil), feed: feed)
    try step.update(gradient, rate: 0.01, step: number + 1)
    wall.append(Date().timeIntervalSince(begin))
    cpu.append(Double(clock() - ticks) / Double(CLOCKS_PER_SEC))
    loss = sum / Double(batch)
}
// The first step makes the kernels.
let (walls, cpus) = (wall.dropFirst().sorted(), cpu.dropFirst().sorted())
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
print(
    "{\"peer\": \"assay\", \"wall_s\": \(walls[steps / 2]), \"cpu_s\": \(cpus[steps / 2]), \"n\": \(steps), "
        + "\"rss_mb\": \(usage.ru_maxrss / 1024), \"result\": \(loss)}")
