internal import CKernels
internal import COneDNN

/// Blocks of convolution, instance normalisation, ReLU and pooling, then one linear layer. Activations stay in the
/// layout that oneDNN's convolutions like; normalisation, ReLU and pooling are one pass over it each way.
final class ConvolutionalNetwork: Network {
    let layout: ParameterLayout
    let inputCount: Int
    let featureCount: Int
    let classes: Int
    let evaluationBlock = 8
    let preferredSlice = 8
    let engine: ComputeEngine
    let blocks: [Block]
    let linear: LinearLayer
    private(set) var parameters: UnsafeMutablePointer<Float>?
    private(set) var gradientCount = 0
    /// The linear layer's place in a native gradient.
    private(set) var linearWeight = 0
    private(set) var linearBias = 0
    private let collected: FloatBuffer

    /// One block's parameters, and its place in a native gradient.
    struct Block {
        let weights: ConvolutionWeights
        /// γ and β, zero in padded lanes.
        let gamma: FloatBuffer
        let beta: FloatBuffer
        /// The first of weight, bias, γ and β in `ParameterLayout.parameters`.
        let parameter: Int
        let weightGradient: Int
        let biasGradient: Int
        let gammaGradient: Int
        let betaGradient: Int
    }

    init(depth: Int, width: Int, shape: ImageShape, classes: Int) throws(TrainingError) {
        let spec = NetworkSpec.convnet(depth: depth, width: width)
        layout = ParameterLayout(spec, shape: shape, classes: classes)
        inputCount = shape.count
        featureCount = spec.featureCount(shape: shape)
        self.classes = classes
        omp_set_num_threads(1)
        engine = try ComputeEngine()
        var blocks: [Block] = []
        func geometry(_ block: Int) -> ConvolutionGeometry {
            ConvolutionGeometry(
                images: 8, inputs: block == 0 ? shape.channels : width, outputs: width, height: shape.height >> block,
                width: shape.width >> block)
        }
        let hidden = ConvolutionGeometry(
            images: 8, inputs: width, outputs: width, height: shape.height / 2, width: shape.width / 2)
        let tag = try ConvolutionLayouts.activations(engine, first: geometry(0), hidden: hidden)
        var place = 0
        func take(_ count: Int) -> Int {
            defer { place += (count + 15) / 16 * 16 }
            return place
        }
        for index in 0..<depth {
            let geometry = geometry(index)
            let layouts = try ConvolutionLayouts(
                engine, geometry, source: index == 0 ? dnnl_nchw : tag, destination: tag, goesBack: index > 0)
            let weights = try ConvolutionWeights(engine, geometry, layouts)
            let channels = geometry.grid(tag).channels
            blocks.append(
                Block(
                    weights: weights, gamma: FloatBuffer(channels), beta: FloatBuffer(channels), parameter: index * 4,
                    weightGradient: take(weights.gradientCount), biasGradient: take(width),
                    gammaGradient: take(channels), betaGradient: take(channels)))
        }
        self.blocks = blocks
        let parameters = layout.parameters
        linear = LinearLayer(weight: parameters[depth * 4], bias: parameters[depth * 4 + 1])
        linearWeight = take(classes * featureCount)
        linearBias = take(classes)
        gradientCount = place
        collected = FloatBuffer(layout.count)
    }

    func prepare(_ parameters: UnsafeMutablePointer<Float>) throws(TrainingError) {
        self.parameters = parameters
        for block in blocks {
            func values(_ index: Int) -> UnsafeMutablePointer<Float> {
                parameters + layout.parameters[block.parameter + index].offset
            }
            try block.weights.prepare(weight: values(0), bias: values(1))
            let width = block.weights.geometry.outputs
            block.gamma.pointer.update(from: values(2), count: width)
            block.beta.pointer.update(from: values(3), count: width)
        }
    }

    func collect(_ gradient: UnsafeMutablePointer<Float>) throws(TrainingError) -> UnsafePointer<Float> {
        for block in blocks {
            func place(_ index: Int) -> UnsafeMutablePointer<Float> {
                collected.pointer + layout.parameters[block.parameter + index].offset
            }
            let width = block.weights.geometry.outputs
            try block.weights.collect(gradient + block.weightGradient, into: place(0))
            place(1).update(from: gradient + block.biasGradient, count: width)
            place(2).update(from: gradient + block.gammaGradient, count: width)
            place(3).update(from: gradient + block.betaGradient, count: width)
        }
        (collected.pointer + linear.weightOffset).update(from: gradient + linearWeight, count: classes * featureCount)
        (collected.pointer + linear.biasOffset).update(from: gradient + linearBias, count: classes)
        return UnsafePointer(collected.pointer)
    }

    func makeWorkspace(capacity: Int) throws(TrainingError) -> any Workspace {
        try ConvolutionalWorkspace(self, capacity: capacity)
    }
}
