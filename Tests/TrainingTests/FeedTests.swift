import Randomness
import Testing

@testable import Training

@Suite struct FeedTests {
    @Test func anEpochIsAPermutationAndTheLastBatchIsCut() {
        let job = smallJob(.mlp(hidden: [5]))
        var feed = SampleFeed(job)
        var seen: [Int] = []
        var sizes: [Int] = []
        while seen.count < job.totalSamples {
            let step = feed.step(after: seen.count)
            #expect(step.epoch == seen.count / 150 && step.batch == seen.count % 150 / 33 && step.mix == nil)
            sizes.append(step.samples.count)
            seen += step.samples
        }
        #expect(sizes == [33, 33, 33, 33, 18, 33, 33, 33, 33, 18, 33, 33, 33, 33, 18, 33, 17])
        let epochs = stride(from: 0, to: 450, by: 150).map { Array(seen[$0..<$0 + 150]) }
        #expect(epochs.allSatisfy { $0.sorted() == Array(0..<150) })
        #expect(epochs[0] != epochs[1])
    }

    /// Crop and flip, written pixel by pixel from the definition.
    @Test(arguments: [0, 1, 3], [false, true])
    func cropAndFlipAgreeWithTheirDefinition(padding: Int, flip: Bool) {
        let job = smallJob(.mlp(hidden: [5]), augmentation: .cropFlip(padding: padding, flip: flip))
        let (feed, shape) = (SampleFeed(job), job.shape)
        let scratch = AugmentationScratch(shape: shape)
        var offsets = Set<[Int]>()
        for sample in 0..<job.sampleCount {
            var actual = [Float](repeating: .nan, count: shape.count)
            let step = TrainingStep(epoch: 2, batch: 0, samples: [7, sample], mix: nil)
            feed.draw(1..<2, of: step, from: job.images, into: &actual, scratch: scratch)
            var stream = RandomStream(job.runID, seed: job.seed, purpose: "augmentation", index: 2 * 150 + sample)
            let top = stream.integer(below: 2 * padding + 1)
            let left = stream.integer(below: 2 * padding + 1)
            let mirrored = flip && stream.integer(below: 2) == 1
            offsets.insert([top, left, mirrored ? 1 : 0])
            for c in 0..<shape.channels {
                for i in 0..<shape.height {
                    for j in 0..<shape.width {
                        let row = i + top - padding
                        let column = (mirrored ? shape.width - 1 - j : j) + left - padding
                        let inside = (0..<shape.height).contains(row) && (0..<shape.width).contains(column)
                        let source = ((sample * shape.channels + c) * shape.height + row) * shape.width + column
                        #expect(actual[(c * shape.height + i) * shape.width + j] == (inside ? job.images[source] : 0))
                    }
                }
            }
        }
        let positions = (2 * padding + 1) * (2 * padding + 1) * (flip ? 2 : 1)
        #expect(offsets.count > min(positions, 150) / 2)
    }

    @Test func schedulesAreTheirFormulas() {
        #expect(Schedule.constant.factor(step: 5, of: 10) == 1)
        #expect(Schedule.cosine.factor(step: 0, of: 10) == 1)
        #expect(abs(Schedule.cosine.factor(step: 5, of: 10) - 0.5) < 1e-15)
        let step = Schedule.step(at: [0.5, 0.75], factor: 0.1)
        #expect([0, 4, 5, 7, 8, 9].map { step.factor(step: $0, of: 10) } == [1, 1, 0.1, 0.1, 0.1 * 0.1, 0.1 * 0.1])
    }

    @Test func initialValuesFillTheirInterval() {
        let spec = NetworkSpec.convnet(depth: 2, width: 32)
        let layout = ParameterLayout(spec, shape: ImageShape(channels: 3, height: 8, width: 8), classes: 10)
        let buffer = FloatBuffer(layout.count)
        layout.initialise(buffer, identity: "a", seed: 1)
        for tensor in layout.tensors(of: buffer) where tensor.shape.count > 1 {
            let bound = 1 / Float(tensor.shape.dropFirst().reduce(1, *)).squareRoot()
            let values = tensor.values
            #expect(values.allSatisfy { abs($0) <= bound })
            #expect(values.contains { $0 > 0.9 * bound } && values.contains { $0 < -0.9 * bound })
            // The variance of a uniform is bound²/3; 800 values or more estimate it to 10 % (more than 3 σ).
            let variance = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
            #expect(abs(variance / (bound * bound / 3) - 1) < 0.1)
        }
        #expect(
            parameterCount(.mlp(hidden: [128]), shape: ImageShape(channels: 1, height: 28, width: 28), classes: 10)
                == 101_770)
    }
}
