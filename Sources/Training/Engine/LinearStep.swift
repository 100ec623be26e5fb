internal import CKernels

/// y = activation(x Wᵀ + b), of rows.
final class LinearStep: Step {
    private let layer: LinearLayer
    private let from: TensorPlace
    private let to: TensorPlace
    private let hasReLU: Bool
    /// Whether x went through a ReLU, whose gradient is taken with that of x.
    private let followsReLU: Bool
    /// Whether the gradient of x is wanted: not in the first layer.
    private let goesBack: Bool
    private let weightGradient: Int
    private let biasGradient: Int
    private var parameters: UnsafePointer<Float>?
    private var dySlot = 0
    private var dxSlot = 0

    init(
        _ layer: LinearLayer, from: TensorPlace, to: TensorPlace, hasReLU: Bool, followsReLU: Bool,
        places: inout GradientPlaces
    ) {
        self.layer = layer
        self.from = from
        self.to = to
        self.hasReLU = hasReLU
        self.followsReLU = followsReLU
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

    // MARK: Whole

    func forward(_ pass: Pass, _ images: Range<Int>) throws(TrainingError) {
        try forward(pass, images, outputs: 0..<layer.outputs)
    }

    func backward(
        _ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        if goesBack { try backward(pass, images, inputs: 0..<layer.inputs) }
    }

    func finish(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) throws(TrainingError) {
        try finish(pass, images, outputs: 0..<layer.outputs, gradient: gradient)
    }

    // MARK: Piece by piece

    /// Pieces of the outputs, and of the inputs where their gradient is wanted.
    var outputPieces: [Range<Int>] { Self.pieces(of: layer.outputs) }
    var inputPieces: [Range<Int>] { goesBack ? Self.pieces(of: layer.inputs) : [] }

    /// So wide that packing x again for each piece costs nothing, whatever the number of threads.
    private static let pieceWidth = 128

    private static func pieces(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: pieceWidth).map { $0..<min($0 + pieceWidth, count) }
    }

    /// y in the columns `piece`.
    func forward(_ pass: Pass, _ images: Range<Int>, outputs piece: Range<Int>) throws(TrainingError) {
        let y = to.pointer(pass, images)
        try layer.forward(prepared(), from.pointer(pass, images), y, images.count, piece)
        let bias = prepared() + layer.biasOffset + piece.lowerBound
        assay_add_bias(y + piece.lowerBound, bias, images.count, piece.count, layer.outputs, hasReLU ? 1 : 0)
    }

    /// The gradient of x in the columns `piece`; before the ReLU that x went through.
    func backward(_ pass: Pass, _ images: Range<Int>, inputs piece: Range<Int>) throws(TrainingError) {
        let (x, dx) = (from.pointer(pass, images), from.gradient(pass, dxSlot, images))
        try layer.backwardData(prepared(), to.gradient(pass, dySlot, images), dx, images.count, piece)
        guard followsReLU else { return }
        assay_relu_backward(dx + piece.lowerBound, x + piece.lowerBound, images.count, piece.count, layer.inputs)
    }

    /// The gradient of the rows `piece` of W, and with the first of them that of b.
    func finish(
        _ pass: Pass, _ images: Range<Int>, outputs piece: Range<Int>, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        let dy = to.gradient(pass, dySlot, images)
        try layer.backwardWeights(
            dy, from.pointer(pass, images), weight: gradient + weightGradient, images.count, piece)
        if piece.lowerBound == 0 { layer.backwardBias(dy, gradient + biasGradient, images.count) }
    }
}
