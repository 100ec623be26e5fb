import Foundation
import Records
import Testing

@testable import Training

/// Float32 against double, relative to the largest element of a tensor. Rounding is 6e-8; sums of some hundred terms and
/// the division by σ over the four pixels of the deepest block enlarge it: PyTorch's own float32 is off by up to 3e-5.
private let gradientTolerance = 1e-4
/// Ten steps let the error of a gradient pass ten times through a network with momentum.
private let tenStepTolerance = 2e-4
/// A convolution's bias in front of instance normalisation has no effect: its gradient is zero but for rounding, which
/// is compared with the gradients around it.
private let vanishingGradient = 1e-6

@Suite struct GradientTests {
    @Test(arguments: try Reference.load(), [false, true])
    func gradientsAgreeWithPyTorch(reference: Reference, soft: Bool) throws {
        let job = reference.job(soft: soft)
        let step = try GradientStep(job)
        try step.network.layout.load(reference.tensors, into: step.parameters)
        let (gradient, loss) = try step.gradient(
            of: TrainingStep(epoch: 0, batch: 0, samples: Array(0..<reference.batch)[...], mix: nil),
            feed: SampleFeed(job))
        let objective = soft ? reference.soft : reference.hard
        #expect(abs(loss / Double(reference.batch) - objective.loss) <= 1e-6 * max(1, objective.loss))
        for parameter in step.network.layout.parameters {
            let actual = (0..<parameter.count).map { gradient[parameter.offset + $0] }
            let packed = try #require(objective.gradients[parameter.name])
            let expected = Reference.floats(packed)
            if parameter.name.hasPrefix("conv") && parameter.name.hasSuffix("bias") {
                #expect(actual.allSatisfy { abs(Double($0)) < vanishingGradient }, "\(parameter.name)")
            } else {
                let error = relativeError(actual, expected)
                #expect(error < gradientTolerance, "\(parameter.name): \(error)")
            }
        }
    }

    /// Layers that are cut into several pieces, the last of them narrower, against sums in double precision.
    @Test(arguments: [1, 3])
    func gradientsOfWidePerceptronsAgreeWithPlainSums(threads: Int) throws {
        let (count, classes) = (37, 4)
        let job = smallJob(.mlp(hidden: [131, 70]), threads: threads, batch: count)
        let step = try GradientStep(job)
        step.network.layout.initialise(step.parameters, identity: "a", seed: 1)
        let (gradient, loss) = try step.gradient(
            of: TrainingStep(epoch: 0, batch: 0, samples: Array(0..<count)[...], mix: nil), feed: SampleFeed(job))
        let layers = try (1...3).map { number in
            let weight = try #require(step.network.layout.parameters.first { $0.name == "linear\(number)/weight" })
            let bias = try #require(step.network.layout.parameters.first { $0.name == "linear\(number)/bias" })
            return (weight: weight, bias: bias)
        }
        func value(_ offset: Int) -> Double { Double(step.parameters.pointer[offset]) }
        var inputs = [
            (0..<count).map { row in job.images[row * job.shape.count..<(row + 1) * job.shape.count].map(Double.init) }
        ]
        for (index, layer) in layers.enumerated() {
            let (outputs, width) = (layer.weight.shape[0], layer.weight.shape[1])
            inputs.append(
                inputs[index].map { x in
                    (0..<outputs).map { o in
                        let terms = (0..<width).map { x[$0] * value(layer.weight.offset + o * width + $0) }
                        let z = terms.reduce(value(layer.bias.offset + o), +)
                        return index < 2 ? max(z, 0) : z
                    }
                })
        }
        var total = 0.0
        var slopes = inputs[3].enumerated().map { row, z -> [Double] in
            let exponentials = z.map { exp($0) }
            let sum = exponentials.reduce(0, +)
            let label = Int(job.hardLabels[row])
            total -= log(exponentials[label] / sum)
            return (0..<classes).map { (exponentials[$0] / sum - ($0 == label ? 1 : 0)) / Double(count) }
        }
        #expect(abs(loss - total) < 1e-4)
        for (index, layer) in layers.enumerated().reversed() {
            let (outputs, width) = (layer.weight.shape[0], layer.weight.shape[1])
            let (x, dy) = (inputs[index], slopes)
            let weights = (0..<outputs * width).map { at in
                Float((0..<count).reduce(0.0) { $0 + dy[$1][at / width] * x[$1][at % width] })
            }
            let biases = (0..<outputs).map { o in Float(dy.reduce(0) { $0 + $1[o] }) }
            for (parameter, expected) in [(layer.weight, weights), (layer.bias, biases)] {
                let actual = (0..<parameter.count).map { gradient[parameter.offset + $0] }
                #expect(relativeError(actual, expected) < gradientTolerance, "\(parameter.name)")
            }
            slopes = x.indices.map { row in
                (0..<width).map { i in
                    guard x[row][i] > 0 else { return 0 }
                    return (0..<outputs).reduce(0) { $0 + dy[row][$1] * value(layer.weight.offset + $1 * width + i) }
                }
            }
        }
    }

    @Test(arguments: try Reference.load())
    func tenStepsAgreeWithPyTorch(reference: Reference) throws {
        let job = reference.job(soft: false)
        let step = try GradientStep(job)
        try step.network.layout.load(reference.tensors, into: step.parameters)
        for (index, expected) in reference.stepLosses.enumerated() {
            let start = index % 2 * reference.batch
            let samples = Array(0..<2 * reference.batch)[start..<start + reference.batch]
            let (gradient, loss) = try step.gradient(
                of: TrainingStep(epoch: 0, batch: index, samples: samples, mix: nil), feed: SampleFeed(job))
            try step.update(gradient, rate: reference.learningRate, step: index + 1)
            #expect(abs(loss / Double(reference.batch) - expected) < tenStepTolerance * max(1, expected))
        }
        for tensor in step.network.layout.tensors(of: step.parameters) {
            let packed = try #require(reference.after[tensor.name])
            let error = relativeError(tensor.values, Reference.floats(packed))
            #expect(error < tenStepTolerance, "\(tensor.name): \(error)")
        }
    }

    @Test(arguments: try Reference.load())
    func logitsAgreeWithPyTorch(reference: Reference) throws {
        let job = reference.job(soft: false)
        let network = try FrozenNetwork(
            job.network, shape: job.shape, classes: job.classes, weights: reference.tensors)
        let logits = try network.logits(of: Array(job.images.prefix(reference.batch * job.shape.count)))
        #expect(relativeError(logits.values, Reference.floats(reference.logits)) < gradientTolerance)
    }

    /// The slope of the loss along the gradient of each tensor is its norm: central differences. Rounding of the
    /// logits (some 1e-7) over the step leaves 3e-4 (a twentieth at T = 20); curvature, strong where a normalisation
    /// has but four pixels, and ReLU's kinks stay below 5 %.
    @Test(arguments: try Reference.load(), [false, true])
    func gradientsAgreeWithFiniteDifferences(reference: Reference, soft: Bool) throws {
        let (relative, absolute, h) = (0.05, soft ? 1.5e-5 : 3e-4, 1e-3)
        let job = reference.job(soft: soft)
        let step = try GradientStep(job)
        let layout = step.network.layout
        try layout.load(reference.tensors, into: step.parameters)
        let batch = TrainingStep(epoch: 0, batch: 0, samples: Array(0..<reference.batch)[...], mix: nil)
        let feed = SampleFeed(job)
        let pointer = try step.gradient(of: batch, feed: feed).gradient
        let gradient = (0..<layout.count).map { Double(pointer[$0]) }
        for parameter in layout.parameters {
            let own = gradient[parameter.offset..<parameter.offset + parameter.count]
            let norm = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let values = step.parameters.pointer + parameter.offset
            let start = (0..<parameter.count).map { values[$0] }
            func loss(_ sign: Double) throws -> Double {
                for (i, g) in own.enumerated() { values[i] = Float(Double(start[i]) + sign * h * g / norm) }
                return try step.gradient(of: batch, feed: feed).loss / Double(reference.batch)
            }
            let slope = try (loss(1) - loss(-1)) / (2 * h)
            for i in start.indices { values[i] = start[i] }
            #expect(abs(slope - norm) < relative * norm + absolute, "\(parameter.name): \(slope), \(norm)")
        }
    }

    @Test func lossesOfExtremeLogitsStayFinite() {
        let cases: [([Float], Double)] = [([1000, 0], 0), ([-1000, 0], 1000), ([88, -88], 0)]
        for (logits, expected) in cases {
            var gradient = [Float](repeating: 0, count: 2)
            let loss = crossEntropy(logits, [0], rows: 1, classes: 2, gradient: &gradient)
            #expect(abs(loss - expected) < 1e-6 * max(1, expected))
            #expect(gradient.allSatisfy { $0.isFinite })
        }
    }

    @Test func lossesWithoutASoftmaxValueAreNotANumber() {
        #expect(crossEntropy([.nan, 0], [1], rows: 1, classes: 2).isNaN)
        #expect(!divergence([.infinity, 0], [0, 1], rows: 1, classes: 2, temperature: 20).isFinite)
        #expect(divergence([3, 1], [1, 0], rows: 1, classes: 2, temperature: 1).isFinite)  // 0 log 0 = 0
    }

    @Test func theFirstOfEqualLogitsIsTheAnswer() {
        #expect(errorCount([1, 1, 0, 2], [0, 0], rows: 2, classes: 2) == 1)
    }
}
