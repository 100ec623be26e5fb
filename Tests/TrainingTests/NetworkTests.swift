import Records
import Testing

@testable import Training

/// Float32 against double, relative to the tensor's norm: batch normalisation amplifies rounding (6e-8) by some hundred,
/// and ReLU's kinks do the rest.
private let gradientTolerance = 2e-3
/// Over fifty layers: here PyTorch's own float32 is off by 1.6e-2.
private let deepTolerance = 3e-2
private let logitTolerance = 2e-4
/// What ten steps of a whole network must keep: losses, and ‖Δw‖ of convolutions and linear layers.
private let tenStepTolerance = 1e-4
/// γ and β, which are not smoothed by their number: PyTorch's own float32 is off by 8e-4.
private let vectorTolerance = 2e-3

@Suite struct NetworkTests {
    @Test(arguments: try NetworkReference.load())
    func oneStepAgreesWithPyTorch(reference: NetworkReference) throws {
        let job = reference.job()
        let step = try GradientStep(job)
        let layout = step.network.layout
        try layout.load(reference.weights(layout), into: step.parameters)
        #expect(layout.parameters.filter(\.isTrained).count >= reference.gradients.count)
        let (gradient, loss) = try step.gradient(of: wholeBatch(reference.batch), feed: SampleFeed(job))
        #expect(abs(loss / Double(reference.batch) - reference.loss) < 2e-5 * max(1, reference.loss))
        let isDeep = (reference.spec.resnet ?? 0) > 18 || reference.spec.mobilenet != nil
        let tolerance = isDeep ? deepTolerance : gradientTolerance
        let largest = reference.gradients.values.reduce(0) { max($0, $1[0]) }
        for parameter in layout.parameters where parameter.isTrained {
            let expected = try #require(reference.gradients[parameter.name])
            let values = (0..<parameter.count).map { Double(gradient[parameter.offset + $0]) }
            let direction = generated("\(parameter.name)/direction", count: parameter.count, -1, 1)
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let product = zip(values, direction).reduce(0) { $0 + $1.0 * Double($1.1) }
            // A bias in front of a normalisation has no gradient but rounding.
            let scale = max(expected[0], 1e-3 * largest)
            #expect(abs(norm - expected[0]) < tolerance * scale, "\(parameter.name): \(norm), \(expected[0])")
            #expect(
                abs(product - expected[1]) < tolerance * scale, "\(parameter.name): \(product), \(expected[1])")
        }
        for parameter in layout.parameters where !parameter.isTrained {
            let expected = try #require(reference.buffers[parameter.name])
            let values = (0..<parameter.count).map { Double(step.parameters.pointer[parameter.offset + $0]) }
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(norm - expected) < 1e-4 * max(expected, 1e-3), "\(parameter.name): \(norm), \(expected)")
        }
    }

    /// The running statistics of one training step, used by the frozen network.
    @Test(arguments: try NetworkReference.load())
    func evaluationAgreesWithPyTorch(reference: NetworkReference) throws {
        let job = reference.job()
        let step = try GradientStep(job)
        let layout = step.network.layout
        try layout.load(reference.weights(layout), into: step.parameters)
        _ = try step.gradient(of: wholeBatch(reference.batch), feed: SampleFeed(job))
        let frozen = try FrozenNetwork(
            job.network, shape: job.shape, classes: job.classes, weights: layout.tensors(of: step.parameters))
        let images = Array(job.images.prefix(reference.batch * job.shape.count))
        let logits = try frozen.logits(of: images)
        let error = relativeError(logits.values, reference.evaluation.map { Float($0) })
        #expect(error < logitTolerance, "\(error)")
        let features = try frozen.features(of: images)
        let (weight, bias) = (layout.parameters.filter { $0.shape.count == 2 }, layout.parameters)
        let last = try #require(weight.last)
        let offset = try #require(bias.first { $0.name == last.name.replacingSuffix("weight", "bias") }).offset
        let largest = logits.values.reduce(0) { max($0, abs(Double($1))) }
        for row in 0..<reference.batch {
            for c in 0..<job.classes {
                var sum = Double(step.parameters.pointer[offset + c])
                for k in 0..<features.columns {
                    sum +=
                        Double(features.values[row * features.columns + k])
                        * Double(step.parameters.pointer[last.offset + c * features.columns + k])
                }
                #expect(abs(sum - Double(logits.values[row * job.classes + c])) < 1e-4 * largest)
            }
        }
    }

    @Test(arguments: try NetworkReference.load().filter { $0.stepLosses != nil })
    func tenStepsOfAWholeNetworkAgreeWithPyTorch(reference: NetworkReference) throws {
        let job = reference.job()
        let step = try GradientStep(job)
        let layout = step.network.layout
        try layout.load(reference.weights(layout), into: step.parameters)
        let start = (0..<layout.count).map { step.parameters.pointer[$0] }
        for (index, expected) in try #require(reference.stepLosses).enumerated() {
            let first = index % 2 * reference.batch
            let samples = Array(0..<2 * reference.batch)[first..<first + reference.batch]
            let (gradient, loss) = try step.gradient(
                of: TrainingStep(epoch: 0, batch: index, samples: samples, mix: nil), feed: SampleFeed(job))
            try step.update(gradient, rate: 0.01, step: index + 1)
            let mean = loss / Double(reference.batch)
            #expect(abs(mean - expected) < tenStepTolerance * expected, "step \(index + 1): \(mean), \(expected)")
        }
        let moved = try #require(reference.moved)
        let largest = moved.values.reduce(0, max)
        for parameter in layout.parameters where parameter.isTrained {
            let expected = try #require(moved[parameter.name])
            let way = (0..<parameter.count).reduce(0.0) {
                let difference = Double(step.parameters.pointer[parameter.offset + $1] - start[parameter.offset + $1])
                return $0 + difference * difference
            }.squareRoot()
            let tolerance = parameter.shape.count > 1 ? tenStepTolerance : vectorTolerance
            // Each of ten sums is stored as float32: half a unit in the last place of every weight.
            let size = (0..<parameter.count).reduce(0.0) {
                $0 + Double(start[parameter.offset + $1] * start[parameter.offset + $1])
            }.squareRoot()
            let storage = size * 0x1p-24 * 10.0.squareRoot()
            #expect(
                abs(way - expected) < tolerance * max(expected, 1e-3 * largest) + storage,
                "\(parameter.name): \(way), \(expected)")
        }
    }

    /// torchvision's own counts, and the distillation literature's for the ConvNet.
    @Test func parameterCountsAreThePublishedOnes() {
        let large = ImageShape(channels: 3, height: 224, width: 224)
        for (layers, count) in [
            (18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808),
        ] {
            #expect(parameterCount(.resnet(layers: layers, stem: .imagenet), shape: large, classes: 1000) == count)
        }
        #expect(parameterCount(.mobilenetV2(stem: .imagenet), shape: large, classes: 1000) == 3_504_872)
        let small = ImageShape(channels: 3, height: 32, width: 32)
        #expect(parameterCount(.convnet(depth: 3, width: 128), shape: small, classes: 10) == 320_010)
        #expect(parameterCount(.resnet(layers: 18, stem: .cifar), shape: small, classes: 10) == 11_173_962)
    }

    @Test func namesOfStoredTensorsStay() {
        let shape = ImageShape(channels: 3, height: 8, width: 8)
        func names(_ spec: NetworkSpec) -> [String] {
            ParameterLayout(spec, shape: shape, classes: 10).parameters.map(\.name)
        }
        #expect(
            names(.convnet(depth: 1, width: 4)) == [
                "conv1/weight", "conv1/bias", "norm1/weight", "norm1/bias", "linear/weight", "linear/bias",
            ])
        #expect(names(.mlp(hidden: [3])) == ["linear1/weight", "linear1/bias", "linear2/weight", "linear2/bias"])
        let batch = names(.convnet(depth: 1, width: 4, norm: .batch))
        #expect(batch.suffix(2) == ["norm1/running_mean", "norm1/running_var"])
        #expect(names(.resnet(layers: 18, stem: .cifar)).contains("layer2/0/downsample/1/running_var"))
    }

    /// Normal weights of variance 2/fanOut; 9,408 values estimate it to 7 % (more than 4 σ).
    @Test func residualNetworksStartAsTorchvisionsDo() throws {
        let layout = ParameterLayout(
            .resnet(layers: 18, stem: .imagenet), shape: ImageShape(channels: 3, height: 32, width: 32), classes: 10)
        let buffer = FloatBuffer(layout.count)
        layout.initialise(buffer, identity: "a", seed: 1)
        let first = layout["conv1/weight"]
        let variance = (0..<first.count).reduce(0) {
            $0 + buffer.pointer[first.offset + $1] * buffer.pointer[first.offset + $1]
        }
        #expect(abs(variance / Float(first.count) / (2 / Float(64 * 49)) - 1) < 0.07)
        #expect(buffer.pointer[layout["bn1/running_var"].offset] == 1)
        #expect(layout.trainedCount == layout["bn1/running_mean"].offset)
    }

    @Test func networksThatCannotBeAreRefused() {
        let shape = ImageShape(channels: 3, height: 32, width: 32)
        #expect(NetworkSpec.resnet(layers: 20, stem: .cifar).fault(shape: shape, classes: 10) != nil)
        #expect(NetworkSpec.convnet(depth: 2, width: 6, norm: .group).fault(shape: shape, classes: 10) != nil)
        #expect(NetworkSpec.mobilenetV2(width: 0, stem: .cifar).fault(shape: shape, classes: 10) != nil)
        #expect(NetworkSpec.mobilenetV2(stem: .cifar).fault(shape: shape, classes: 10) == nil)
    }
}

extension String {
    func replacingSuffix(_ old: String, _ new: String) -> String {
        hasSuffix(old) ? String(dropLast(old.count)) + new : self
    }
}

private func wholeBatch(_ count: Int) -> TrainingStep {
    TrainingStep(epoch: 0, batch: 0, samples: Array(0..<count)[...], mix: nil)
}
