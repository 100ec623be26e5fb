internal import CKernels

/// y = activation(x Wᵀ + b), of rows.
final class LinearStep: Step {
    private let layer: LinearLayer
    private let from: TensorPlace
    private let to: TensorPlace
    private let hasReLU: Bool
    /// Whether the gradient of x is wanted: not in the first layer.
    private let goesBack: Bool
    private let weightGradient: Int
    private let biasGradient: Int
    private var parameters: UnsafePointer<Float>?
    private var dySlot = 0
    private var dxSlot = 0

    init(
        _ layer: LinearLayer, from: TensorPlace, to: TensorPlace, hasReLU: Bool, places: inout GradientPlaces
    ) {
        self.layer = layer
        self.from = from
        self.to = to
        self.hasReLU = hasReLU
        goesBack = from.index > 0
        weightGradient = places.take(layer.inputs * layer.outputs)
        biasGradient = places.take(layer.outputs)
    }

    func prepare(_ parameters: UnsafePointer<Float>) { self.parameters = parameters }

    func collect(_ gradient: UnsafePointer<Float>, into collected: UnsafeMutablePointer<Float>) {
        (collected + layer.weightOffset).update(from: gradient + weightGradient, count: layer.inputs * layer.outputs)
        (collected + layer.biasOffset).update(from: gradient + biasGradient, count: layer.outputs)
    }

    func plan(_ plan: inout GradientPlan) {
        dySlot = plan.parts(of: to.index).first
        if goesBack {
            dxSlot = plan.acquire(from.count)
            plan.add(dxSlot, to: from.index)
        }
        plan.release(dySlot)
    }

    private func prepared() -> UnsafePointer<Float> {
        guard let parameters else { preconditionFailure("a pass before prepare") }
        return parameters
    }

    func forward(_ pass: Pass, _ images: Range<Int>) throws(TrainingError) {
        let y = to.pointer(pass, images)
        try layer.forward(prepared(), from.pointer(pass, images), y, images.count)
        assay_add_bias(y, prepared() + layer.biasOffset, images.count, layer.outputs, hasReLU ? 1 : 0)
    }

    func backward(
        _ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        let dy = to.gradient(pass, dySlot, images)
        if hasReLU { assay_relu_backward(dy, to.pointer(pass, images), images.count * layer.outputs) }
        if goesBack { try layer.backwardData(prepared(), dy, from.gradient(pass, dxSlot, images), images.count) }
    }

    func finish(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) throws(TrainingError) {
        try layer.backwardWeights(
            to.gradient(pass, dySlot, images), from.pointer(pass, images), weight: gradient + weightGradient,
            bias: gradient + biasGradient, images.count)
    }
}
