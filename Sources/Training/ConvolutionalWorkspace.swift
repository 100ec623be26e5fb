internal import CKernels
internal import COneDNN

/// One thread's activations and gradients of a ConvNet.
final class ConvolutionalWorkspace: Workspace {
    private let network: ConvolutionalNetwork
    private let stream: ComputeStream
    private let capacity: Int
    private let inputs: FloatBuffer
    private let embedded: FloatBuffer
    private let dembedded: FloatBuffer
    private let outputs: FloatBuffer
    private let doutputs: FloatBuffer
    private let activations: [Activations]
    /// Where weight gradients point until `backward` says.
    private let parked: FloatBuffer
    /// Kernels by number of images.
    private var programs: [Int: Program] = [:]

    /// One block's activations, on the grid.
    private struct Activations {
        /// The convolution's result; in the backward pass it becomes its gradient.
        let convolved: FloatBuffer
        let mean: FloatBuffer
        /// 1/σ
        let rstd: FloatBuffer
        let pooled: FloatBuffer
        let dpooled: FloatBuffer
    }

    private final class Program {
        var forward: [BoundPrimitive] = []
        /// Of all blocks but the first.
        var backwardData: [BoundPrimitive] = []
        var backwardWeights: [BoundPrimitive] = []
    }

    init(_ network: ConvolutionalNetwork, capacity: Int) throws(TrainingError) {
        self.network = network
        self.capacity = capacity
        stream = try ComputeStream(network.engine)
        parked = FloatBuffer(network.gradientCount)
        inputs = FloatBuffer(capacity * network.inputCount)
        embedded = FloatBuffer(capacity * network.featureCount)
        dembedded = FloatBuffer(capacity * network.featureCount)
        outputs = FloatBuffer(capacity * network.classes)
        doutputs = FloatBuffer(capacity * network.classes)
        activations = network.blocks.map { block in
            let grid = Self.grid(block, capacity)
            return Activations(
                convolved: FloatBuffer(grid.count), mean: FloatBuffer(capacity * grid.channels),
                rstd: FloatBuffer(capacity * grid.channels), pooled: FloatBuffer(grid.pooled.count),
                dpooled: FloatBuffer(grid.pooled.count))
        }
    }

    var input: UnsafeMutablePointer<Float> { inputs.pointer }
    var features: UnsafeMutablePointer<Float> { embedded.pointer }
    var logits: UnsafeMutablePointer<Float> { outputs.pointer }
    var dlogits: UnsafeMutablePointer<Float> { doutputs.pointer }

    func reserve(_ count: Int) throws(TrainingError) { _ = try program(count) }

    func embed(_ count: Int) throws(TrainingError) {
        let program = try program(count)
        var grid = assay_grid()
        for (index, block) in network.blocks.enumerated() {
            let a = activations[index]
            try program.forward[index].execute(stream)
            grid = Self.grid(block, count)
            assay_norm_relu_pool(
                &grid, a.convolved.pointer, block.gamma.pointer, block.beta.pointer, 1e-5, a.mean.pointer,
                a.rstd.pointer, a.pooled.pointer)
        }
        grid = grid.pooled
        let last = activations[activations.count - 1].pooled.pointer
        assay_from_blocks(&grid, last, network.linear.inputs / (grid.height * grid.width), features)
    }

    func forward(_ count: Int) throws(TrainingError) {
        guard let parameters = network.parameters else { preconditionFailure("forward before prepare") }
        try embed(count)
        try network.linear.forward(parameters, features, logits, count)
        assay_add_bias(logits, parameters + network.linear.biasOffset, count, network.classes, 0)
    }

    func backward(_ count: Int, gradient: UnsafeMutablePointer<Float>) throws(TrainingError) {
        guard let parameters = network.parameters else { preconditionFailure("backward before prepare") }
        let program = try program(count)
        let linear = network.linear
        try linear.backwardWeights(
            dlogits, features, weight: gradient + network.linearWeight, bias: gradient + network.linearBias, count)
        try linear.backwardData(parameters, dlogits, dembedded.pointer, count)
        var grid = Self.grid(network.blocks[network.blocks.count - 1], count).pooled
        let last = activations[activations.count - 1].dpooled.pointer
        assay_to_blocks(&grid, dembedded.pointer, linear.inputs / (grid.height * grid.width), last)

        for (index, block) in network.blocks.enumerated().reversed() {
            let a = activations[index]
            grid = Self.grid(block, count)
            assay_norm_relu_pool_backward(
                &grid, a.convolved.pointer, block.gamma.pointer, block.beta.pointer, a.mean.pointer, a.rstd.pointer,
                a.dpooled.pointer, gradient + block.gammaGradient, gradient + block.betaGradient)
            try program.backwardWeights[index].rebind(1, gradient + block.weightGradient)
            try program.backwardWeights[index].rebind(2, gradient + block.biasGradient)
            try program.backwardWeights[index].execute(stream)
            if index > 0 { try program.backwardData[index - 1].execute(stream) }
        }
    }

    private static func grid(_ block: ConvolutionalNetwork.Block, _ count: Int) -> assay_grid {
        var geometry = block.weights.geometry
        geometry.images = count
        return geometry.grid(block.weights.layouts.destination)
    }

    private func program(_ count: Int) throws(TrainingError) -> Program {
        if let known = programs[count] { return known }
        precondition(count <= capacity, "\(count) images in a workspace for \(capacity)")
        let program = Program()
        for (index, block) in network.blocks.enumerated() {
            var geometry = block.weights.geometry
            geometry.images = count
            let layouts = block.weights.layouts
            let descriptors = try ConvolutionDescriptors(network.engine, geometry, layouts)
            let source = try geometry.source(layouts.source)
            let destination = try geometry.destination(layouts.destination)
            let bias = try geometry.bias()
            let a = activations[index]
            let x = index == 0 ? input : activations[index - 1].pooled.pointer
            program.forward.append(
                try BoundPrimitive(
                    descriptors.forward,
                    [
                        .init(DNNL_ARG_SRC, source, x),
                        .init(DNNL_ARG_WEIGHTS, layouts.forward, block.weights.forward.pointer),
                        .init(DNNL_ARG_BIAS, bias, block.weights.bias.pointer),
                        .init(DNNL_ARG_DST, destination, a.convolved.pointer),
                    ]))
            // Where the gradients go is told before each run: operands 1 and 2.
            program.backwardWeights.append(
                try BoundPrimitive(
                    descriptors.backwardWeights,
                    [
                        .init(DNNL_ARG_SRC, source, x),
                        .init(DNNL_ARG_DIFF_WEIGHTS, layouts.gradient, parked.pointer + block.weightGradient),
                        .init(DNNL_ARG_DIFF_BIAS, bias, parked.pointer + block.biasGradient),
                        .init(DNNL_ARG_DIFF_DST, destination, a.convolved.pointer),
                    ]))
            if let backwardData = descriptors.backwardData {
                program.backwardData.append(
                    try BoundPrimitive(
                        backwardData,
                        [
                            .init(DNNL_ARG_DIFF_DST, destination, a.convolved.pointer),
                            .init(DNNL_ARG_WEIGHTS, layouts.backward, block.weights.backward.pointer),
                            .init(DNNL_ARG_DIFF_SRC, source, activations[index - 1].dpooled.pointer),
                        ]))
            }
        }
        programs[count] = program
        return program
    }
}
