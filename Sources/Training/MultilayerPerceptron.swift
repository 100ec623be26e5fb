internal import CKernels

/// Linear layers with ReLU between them.
final class MultilayerPerceptron: Network {
    let layout: ParameterLayout
    let inputCount: Int
    let classes: Int
    let layers: [LinearLayer]
    let evaluationBlock = 256
    let preferredSlice = 128
    private(set) var parameters: UnsafeMutablePointer<Float>?

    init(hidden: [Int], shape: ImageShape, classes: Int) {
        layout = ParameterLayout(.mlp(hidden: hidden), shape: shape, classes: classes)
        inputCount = shape.count
        self.classes = classes
        let parameters = layout.parameters
        layers = stride(from: 0, to: parameters.count, by: 2).map {
            LinearLayer(weight: parameters[$0], bias: parameters[$0 + 1])
        }
    }

    var featureCount: Int { layers[layers.count - 1].inputs }
    var gradientCount: Int { layout.count }
    func prepare(_ parameters: UnsafeMutablePointer<Float>) { self.parameters = parameters }
    func collect(_ gradient: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> { UnsafePointer(gradient) }
    func makeWorkspace(capacity: Int) -> any Workspace { MultilayerPerceptronWorkspace(self, capacity: capacity) }
}

private final class MultilayerPerceptronWorkspace: Workspace {
    private let network: MultilayerPerceptron
    /// The input of each layer, then the logits: [capacity, units].
    private let activations: [FloatBuffer]
    /// Gradients of `activations`; that of the input is never computed.
    private let gradients: [FloatBuffer]

    init(_ network: MultilayerPerceptron, capacity: Int) {
        self.network = network
        let units = network.layers.map(\.inputs) + [network.classes]
        activations = units.map { FloatBuffer($0 * capacity) }
        gradients = units.enumerated().map { FloatBuffer($0.offset == 0 ? 0 : $0.element * capacity) }
    }

    var input: UnsafeMutablePointer<Float> { activations[0].pointer }
    var features: UnsafeMutablePointer<Float> { activations[activations.count - 2].pointer }
    var logits: UnsafeMutablePointer<Float> { activations[activations.count - 1].pointer }
    var dlogits: UnsafeMutablePointer<Float> { gradients[gradients.count - 1].pointer }

    func reserve(_ count: Int) {}
    func embed(_ count: Int) throws(TrainingError) { try run(network.layers.count - 1, count) }
    func forward(_ count: Int) throws(TrainingError) { try run(network.layers.count, count) }

    private func run(_ layers: Int, _ count: Int) throws(TrainingError) {
        guard let parameters = network.parameters else { preconditionFailure("forward before prepare") }
        for index in 0..<layers {
            let output = activations[index + 1].pointer
            try network.layers[index].forward(parameters, activations[index].pointer, output, count)
            assay_add_bias(
                output, parameters + network.layers[index].biasOffset, count, network.layers[index].outputs,
                index + 1 < network.layers.count ? 1 : 0)
        }
    }

    func backward(_ count: Int, gradient: UnsafeMutablePointer<Float>) throws(TrainingError) {
        guard let parameters = network.parameters else { preconditionFailure("backward before prepare") }
        for index in network.layers.indices.reversed() {
            let layer = network.layers[index]
            let doutput = gradients[index + 1].pointer
            try layer.backwardWeights(doutput, activations[index].pointer, gradient, count)
            if index > 0 {
                try layer.backwardData(parameters, doutput, gradients[index].pointer, count)
                assay_relu_backward(gradients[index].pointer, activations[index].pointer, count * layer.inputs)
            }
        }
    }
}
