import Foundation
import Testing

@testable import Training

/// A network of one kind of layer, and how closely differences of a float32 network can tell its slopes.
struct LayerKind: Sendable, CustomTestStringConvertible {
    var name: String
    /// Relative to the gradient's length. 1e-3 is rounding of the logits (some 1e-7 of them) over the step of 2e-3; a unit
    /// that changes sides of a kink within the step adds up to the rest.
    var tolerance = 1e-3
    var build: @Sendable (inout NetworkDescription) -> Int

    var testDescription: String { name }

    static let shape = ImageShape(channels: 3, height: 8, width: 8)
    static let classes = 5

    var isOfRows = false

    var description: NetworkDescription {
        var net = isOfRows ? NetworkDescription(rows: Self.shape) : NetworkDescription(Self.shape)
        let x = build(&net)
        net.linear("linear", net.tensors[x].isFlat ? x : net.flatten(x), outputs: Self.classes)
        return net
    }

    init(
        name: String, tolerance: Double = 1e-3, isOfRows: Bool = false,
        build: @escaping @Sendable (inout NetworkDescription) -> Int
    ) {
        self.name = name
        self.tolerance = tolerance
        self.isOfRows = isOfRows
        self.build = build
    }

    static func norm(
        _ kind: NetworkSpec.Normalisation, _ activation: NetworkDescription.Activation, pool: Bool
    ) -> LayerKind {
        let words = "\(kind) \(activation)\(pool ? " pooled" : "")"
        return LayerKind(name: words, tolerance: activation == .linear ? 1e-3 : 2e-2) { net in
            let x = net.convolution("conv", net.input, outputs: 8, kernel: 3, bias: kind == .none)
            return net.norm("norm", x, kind, activation, pool: pool)
        }
    }

    static let all: [LayerKind] =
        [
            // A convolution has its normalisation behind it, which may be none.
            LayerKind(name: "convolution 3") { net in
                net.norm("id", net.convolution("conv", net.input, outputs: 6, kernel: 3, bias: true), .none)
            },
            LayerKind(name: "convolution 7, stride 2") { net in
                let x = net.convolution("conv", net.input, outputs: 16, kernel: 7, stride: 2, bias: true)
                return net.norm("id", x, .none)
            },
            LayerKind(name: "convolution 1") { net in
                let x = net.norm("id", net.convolution("conv1", net.input, outputs: 16, kernel: 1), .none)
                return net.norm("id2", net.convolution("conv2", x, outputs: 8, kernel: 1, bias: true), .none)
            },
            LayerKind(name: "depthwise") { net in
                let x = net.norm("id", net.convolution("conv1", net.input, outputs: 16, kernel: 1), .none)
                let y = net.convolution("conv2", x, outputs: 16, kernel: 3, stride: 2, groups: 16)
                return net.norm("id2", y, .none)
            },
            LayerKind(name: "maximum", tolerance: 2e-2) { net in
                let x = net.convolution("conv", net.input, outputs: 8, kernel: 3, bias: true)
                return net.maximum(net.norm("norm", x, .instance), kernel: 3, stride: 2)
            },
            LayerKind(name: "average") { net in
                let x = net.convolution("conv", net.input, outputs: 8, kernel: 3, bias: true)
                return net.average(net.norm("norm", x, .none))
            },
            LayerKind(name: "linear, ReLU", tolerance: 2e-2, isOfRows: true) { net in
                let x = net.linear("first", net.input, outputs: 16, .relu)
                return net.linear("second", x, outputs: 16, .relu)
            },
            LayerKind(name: "basic block", tolerance: 3e-2) { net in
                let x = net.convolution("conv0", net.input, outputs: 8, kernel: 3)
                let stem = net.norm("bn0", x, .batch, .relu)
                let skipped = net.convolution("skip", stem, outputs: 16, kernel: 1, stride: 2)
                var y = net.convolution("conv1", stem, outputs: 16, kernel: 3, stride: 2)
                let shortcut = net.norm("bns", skipped, .batch)
                y = net.convolution("conv2", net.norm("bn1", y, .batch, .relu), outputs: 16, kernel: 3)
                return net.norm("bn2", y, .batch, .relu, plus: shortcut)
            },
            LayerKind(name: "bottleneck", tolerance: 3e-2) { net in
                let x = net.norm("bn0", net.convolution("conv0", net.input, outputs: 32, kernel: 3), .batch, .relu)
                var y = net.norm("bn1", net.convolution("conv1", x, outputs: 8, kernel: 1), .batch, .relu)
                y = net.norm("bn2", net.convolution("conv2", y, outputs: 8, kernel: 3), .batch, .relu)
                return net.norm("bn3", net.convolution("conv3", y, outputs: 32, kernel: 1), .batch, .relu, plus: x)
            },
            LayerKind(name: "inverted residual", tolerance: 3e-2) { net in
                let x = net.norm("bn0", net.convolution("conv0", net.input, outputs: 8, kernel: 3), .batch, .relu6)
                var y = net.norm("bn1", net.convolution("conv1", x, outputs: 48, kernel: 1), .batch, .relu6)
                y = net.norm(
                    "bn2", net.convolution("conv2", y, outputs: 48, kernel: 3, groups: 48), .batch, .relu6)
                return net.norm("bn3", net.convolution("conv3", y, outputs: 8, kernel: 1), .batch, plus: x)
            },
        ]
        + [NetworkSpec.Normalisation.none, .instance, .group, .batch].flatMap { kind in
            [norm(kind, .linear, pool: false), norm(kind, .linear, pool: true), norm(kind, .relu, pool: true)]
        }
}

/// Slopes of a network in double precision: L = Σ c·z over the logits z, with fixed random numbers c.
private final class Slopes {
    let program: BatchProgram
    let parameters: FloatBuffer
    private static let batch = 7
    private let images: [Float]
    private let weights: [Float]

    init(_ kind: LayerKind) throws {
        let network = try Network(kind.description)
        program = try BatchProgram(network, batch: Self.batch, threads: 1)
        parameters = FloatBuffer(network.layout.count)
        network.layout.initialise(parameters, identity: kind.name, seed: 1)
        for parameter in network.layout.parameters where parameter.isTrained && parameter.shape.count == 1 {
            // Normalisation starts at one and zero, where some mistakes do not show.
            let drawn = generated(parameter.name, count: parameter.count, -0.4, 0.4)
            for (i, value) in drawn.enumerated() { parameters.pointer[parameter.offset + i] += value }
        }
        images = generated("images", count: Self.batch * LayerKind.shape.count, -1.7, 1.7)
        weights = generated("cotangent", count: Self.batch * LayerKind.classes, -1, 1)
    }

    /// L and ∂L/∂w in the order of the layout.
    func gradient() throws -> (loss: Double, gradient: [Double]) {
        let (images, weights) = (images, weights)
        var loss = 0.0
        let (pointer, _) = try program.gradient(of: Self.batch, at: parameters.pointer) { rows, input, _ in
            let size = LayerKind.shape.count
            for i in 0..<rows.count * size { input[i] = images[rows.lowerBound * size + i] }
        } loss: { rows, logits, dlogits, _ in
            let first = rows.lowerBound * LayerKind.classes
            for i in 0..<rows.count * LayerKind.classes {
                dlogits[i] = weights[first + i]
                loss += Double(weights[first + i]) * Double(logits[i])
            }
            return 0
        }
        return (loss, (0..<program.network.layout.trainedCount).map { Double(pointer[$0]) })
    }

    /// Along half the gradient and half a random direction: the difference quotient's distance from gradient · direction,
    /// relative to the gradient's length; the greatest over the parameters.
    func error(step h: Double = 2e-3, scale: Double = 1) throws -> (error: Double, name: String) {
        let gradient = try gradient().gradient.map { $0 * scale }
        let whole = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        var worst = (0.0, "")
        for parameter in program.network.layout.parameters where parameter.isTrained {
            let own = gradient[parameter.offset..<parameter.offset + parameter.count]
            let norm = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let random = generated("\(parameter.name)/direction", count: parameter.count, -1, 1).map { Double($0) }
            let length = random.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let direction = zip(own, random).map { ($0 / max(norm, 1e-30) + $1 / length) / 2 }
            let values = parameters.pointer + parameter.offset
            let start = (0..<parameter.count).map { values[$0] }
            var along = 0.0
            func loss(_ sign: Double) throws -> Double {
                for i in start.indices { values[i] = Float(Double(start[i]) + sign * h * direction[i]) }
                // What rounding to float32 made of the step counts.
                along += zip(own, start.indices).reduce(0) {
                    $0 + $1.0 * sign * (Double(values[$1.1]) - Double(start[$1.1]))
                }
                return try self.gradient().loss
            }
            let difference = try loss(1) - loss(-1)
            for i in start.indices { values[i] = start[i] }
            // A bias in front of a normalisation has no slope; what it has to show is small beside the whole.
            let error = abs(difference - along) / (2 * h) / max(norm, 0.02 * whole)
            if error > worst.0 { worst = (error, parameter.name) }
        }
        return worst
    }
}

@Suite struct FiniteDifferenceTests {
    @Test(arguments: LayerKind.all)
    func slopesAreDifferences(kind: LayerKind) throws {
        let (error, name) = try Slopes(kind).error()
        #expect(error < kind.tolerance, "\(kind.name), \(name): \(error)")
    }

    /// The comparison sees a gradient that is wrong by a tenth.
    @Test(arguments: LayerKind.all)
    func aWrongGradientIsNoticed(kind: LayerKind) throws {
        #expect(try Slopes(kind).error(scale: 1.1).error > 1.2 * kind.tolerance)
    }

    /// Losses as functions of logits, differences of a float32 sum: 1e-7 of the loss over a step of 2⁻⁶ is 6e-6, and the
    /// second-order error some h²/6.
    @Test(arguments: ["hard", "smoothing", "mixed", "kl", "kl-T2", "mse"])
    func losses(name: String) throws {
        let (rows, classes, h) = (6, 5, Float(0x1p-6))
        let z = generated("logits", count: rows * classes, -3, 3)
        let t = generated("teacher", count: rows * classes, -3, 3)
        var q = [Float](repeating: 0, count: t.count)
        let temperature: Float = name.hasPrefix("kl") ? 3 : 1
        addProbabilities(t, rows: rows, classes: classes, temperature: temperature, share: 1, to: &q)
        var job = smallJob(.mlp(hidden: [5]))
        (job.classes, job.hardLabels) = (classes, (0..<rows).map { Int32($0 * 2 % classes) })
        job.images = Array(job.images.prefix(rows * job.shape.count))
        job.recipe.batch = rows
        switch name {
        case "smoothing": job.recipe.loss = .crossEntropy(smoothing: 0.2)
        case "mixed": job.recipe.augmentation.mix = .init(.mixup)
        case "mse": (job.recipe.loss, job.labels) = (.meanSquares(crossEntropy: 0.3), .soft(targets: t, temperature: 1))
        case "hard": break
        default:
            (job.recipe.loss, job.labels) = (
                .divergence(scaled: name == "kl-T2"), .soft(targets: q, temperature: temperature)
            )
        }
        let objective = try Objective(job)
        let mix = BatchMix(kind: .mixup, partners: [3, 2, 0, 1, 5, 4], share: 0.3, labels: .mixed)
        let step = TrainingStep(epoch: 0, batch: 0, samples: Array(0..<rows)[...], mix: name == "mixed" ? mix : nil)
        func loss(_ z: [Float]) throws -> (Double, [Float]) {
            var gradient = [Float](repeating: 0, count: z.count)
            try objective.prepare(0..<rows, of: step, input: job.images, worker: 0)
            let value = z.withUnsafeBufferPointer { z in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    guard let z = z.baseAddress, let gradient = gradient.baseAddress else { return Double.nan }
                    return objective.loss(0..<rows, of: step, logits: z, dlogits: gradient, scale: 1)
                }
            }
            return (value, gradient)
        }
        let gradient = try loss(z).1
        for i in z.indices {
            var (up, down) = (z, z)
            up[i] += h
            down[i] -= h
            let slope = try (loss(up).0 - loss(down).0) / (Double(up[i]) - Double(down[i]))
            #expect(abs(slope - Double(gradient[i])) < 3e-4, "\(name) \(i): \(slope), \(gradient[i])")
        }
        #expect(gradient.contains { abs($0) > 0.02 })
    }
}
