internal import COneDNN

/// A convolution. Its output is read by one normalisation alone, which leaves the gradient in the output's place.
final class ConvolutionStep: Step {
    let weights: ConvolutionWeights
    private let engine: ComputeEngine
    private let from: TensorPlace
    private let to: TensorPlace
    private let weight: ParameterLayout.Parameter
    private let bias: ParameterLayout.Parameter?
    /// Places in a native gradient.
    private let weightGradient: Int
    private let biasGradient: Int
    /// Where the gradient of the images goes; unset in the first layer.
    private var slot: Int?

    init(
        _ engine: ComputeEngine, _ weights: ConvolutionWeights, from: TensorPlace, to: TensorPlace,
        weight: ParameterLayout.Parameter, bias: ParameterLayout.Parameter?, places: inout GradientPlaces
    ) {
        self.engine = engine
        self.weights = weights
        self.from = from
        self.to = to
        self.weight = weight
        self.bias = bias
        weightGradient = places.take(weights.gradientCount)
        biasGradient = places.take(weights.geometry.outputs)
    }

    func prepare(_ parameters: UnsafeMutablePointer<Float>) throws(TrainingError) {
        try weights.prepare(
            weight: parameters + weight.offset, bias: bias.map { UnsafePointer(parameters + $0.offset) })
    }

    /// Puts the gradient of a batch into the order of the parameters.
    func collect(
        _ gradient: UnsafeMutablePointer<Float>, into collected: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        try weights.collect(gradient + weightGradient, into: collected + weight.offset)
        if let bias { (collected + bias.offset).update(from: gradient + biasGradient, count: bias.count) }
    }

    func plan(_ plan: inout GradientPlan) {
        guard weights.layouts.goesBack else { return }
        let slot = plan.acquire(from.count)
        plan.add(slot, to: from.index)
        self.slot = slot
    }

    func forward(_ pass: Pass, _ images: Range<Int>) throws(TrainingError) {
        let (x, y) = (from.pointer(pass, images), to.pointer(pass, images))
        let kernel = try pass.worker.kernel(self, pass: 0, images: images.count) { () throws(TrainingError) in
            let (geometry, layouts) = geometry(images.count)
            let descriptors = try ConvolutionDescriptors(engine, geometry, layouts)
            var operands: [BoundPrimitive.Operand] = [
                .init(DNNL_ARG_SRC, try geometry.source(layouts.source), x),
                .init(DNNL_ARG_DST, try geometry.destination(layouts.destination), y),
                .init(DNNL_ARG_WEIGHTS, layouts.forward, weights.forward.pointer),
            ]
            if geometry.hasBias {
                operands.append(.init(DNNL_ARG_BIAS, try geometry.bias(), weights.bias.pointer))
            }
            return try BoundPrimitive(descriptors.forward, operands)
        }
        try kernel.rebind(0, x)
        try kernel.rebind(1, y)
        try kernel.execute(pass.worker.stream)
    }

    func backward(
        _ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        guard let slot else { return }
        let (dx, dy) = (from.gradient(pass, slot, images), to.pointer(pass, images))
        let kernel = try pass.worker.kernel(self, pass: 1, images: images.count) { () throws(TrainingError) in
            let (geometry, layouts) = geometry(images.count)
            guard let descriptor = try ConvolutionDescriptors(engine, geometry, layouts).backwardData else {
                preconditionFailure("a convolution without a way back")
            }
            return try BoundPrimitive(
                descriptor,
                [
                    .init(DNNL_ARG_DIFF_SRC, try geometry.source(layouts.source), dx),
                    .init(DNNL_ARG_DIFF_DST, try geometry.destination(layouts.destination), dy),
                    .init(DNNL_ARG_WEIGHTS, layouts.backward, weights.backward.pointer),
                ])
        }
        try kernel.rebind(0, dx)
        try kernel.rebind(1, dy)
        try kernel.execute(pass.worker.stream)
    }

    func finish(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) throws(TrainingError) {
        let (x, dy) = (from.pointer(pass, images), to.pointer(pass, images))
        let (dw, db) = (gradient + weightGradient, gradient + biasGradient)
        let kernel = try pass.worker.kernel(self, pass: 2, images: images.count) { () throws(TrainingError) in
            let (geometry, layouts) = geometry(images.count)
            let descriptors = try ConvolutionDescriptors(engine, geometry, layouts)
            var operands: [BoundPrimitive.Operand] = [
                .init(DNNL_ARG_SRC, try geometry.source(layouts.source), x),
                .init(DNNL_ARG_DIFF_DST, try geometry.destination(layouts.destination), dy),
                .init(DNNL_ARG_DIFF_WEIGHTS, layouts.gradient, dw),
            ]
            if geometry.hasBias { operands.append(.init(DNNL_ARG_DIFF_BIAS, try geometry.bias(), db)) }
            return try BoundPrimitive(descriptors.backwardWeights, operands)
        }
        try kernel.rebind(0, x)
        try kernel.rebind(1, dy)
        try kernel.rebind(2, dw)
        if weights.geometry.hasBias { try kernel.rebind(3, db) }
        try kernel.execute(pass.worker.stream)
    }

    private func geometry(_ images: Int) -> (ConvolutionGeometry, ConvolutionLayouts) {
        var geometry = weights.geometry
        geometry.images = images
        return (geometry, weights.layouts)
    }
}
