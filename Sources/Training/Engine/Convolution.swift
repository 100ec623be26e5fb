internal import CKernels
internal import COneDNN

/// A k×k convolution of `images` images [inputs, height, width], with or without bias.
struct ConvolutionGeometry {
    var images: Int
    let inputs: Int
    let outputs: Int
    let height: Int
    let width: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    let groups: Int
    let hasBias: Bool

    init(_ convolution: NetworkDescription.Convolution, from: NetworkDescription.Tensor, outputs: Int, images: Int) {
        (inputs, height, width) = (from.channels, from.height, from.width)
        (kernel, stride, padding) = (convolution.kernel, convolution.stride, convolution.padding)
        (groups, hasBias) = (convolution.groups, convolution.hasBias)
        self.outputs = outputs
        self.images = images
    }

    func source(_ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
        try describe([images, inputs, height, width], tag)
    }
    func destination(_ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
        func size(_ pixels: Int) -> Int { (pixels + 2 * padding - kernel) / stride + 1 }
        return try describe([images, outputs, size(height), size(width)], tag)
    }
    /// As PyTorch lays the weights.
    func plainWeights() throws(TrainingError) -> dnnl_memory_desc_t { try weights(groups > 1 ? dnnl_goihw : dnnl_oihw) }
    func openWeights() throws(TrainingError) -> dnnl_memory_desc_t { try weights(dnnl_format_tag_any) }
    func bias() throws(TrainingError) -> dnnl_memory_desc_t { try describe([outputs], dnnl_a) }

    private func weights(_ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
        let sizes = [outputs / groups, inputs / groups, kernel, kernel]
        return try describe(groups > 1 ? [groups] + sizes : sizes, tag)
    }
}

func describe(_ dimensions: [Int], _ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
    var layout = dnnl_memory_desc_t()
    let sizes = dimensions.map(Int64.init)
    try check(
        dnnl_memory_desc_init_by_tag(&layout, Int32(sizes.count), sizes, dnnl_f32, tag), "dnnl_memory_desc_init_by_tag")
    return layout
}

/// The layouts of one convolution, found once and then kept for every batch size.
struct ConvolutionLayouts {
    let source: dnnl_format_tag_t
    let destination: dnnl_format_tag_t
    let forward: dnnl_memory_desc_t
    let backward: dnnl_memory_desc_t
    let gradient: dnnl_memory_desc_t
    /// Whether the gradient of the images is wanted too: not in the first layer.
    let goesBack: Bool
    /// Whether a pass has only oneDNN's reference code, hundreds of times slower.
    let isSlow: Bool

    init(
        _ engine: ComputeEngine, _ geometry: ConvolutionGeometry, source: dnnl_format_tag_t,
        destination: dnnl_format_tag_t, goesBack: Bool
    ) throws(TrainingError) {
        let open = try geometry.openWeights()
        self.source = source
        self.destination = destination
        self.goesBack = goesBack
        let passes = try ConvolutionDescriptors(
            engine, geometry, source: source, destination: destination, forward: open, backward: goesBack ? open : nil,
            gradient: open)
        forward = try passes.forward.memory(dnnl_query_weights_md)
        backward = try passes.backwardData?.memory(dnnl_query_weights_md) ?? forward
        gradient = try passes.backwardWeights.memory(dnnl_query_diff_weights_md)
        isSlow =
            passes.forward.isReference || passes.backwardWeights.isReference
            || passes.backwardData?.isReference ?? false
    }
}

/// Descriptors of the three passes of one convolution.
struct ConvolutionDescriptors {
    let forward: PrimitiveDescriptor
    let backwardData: PrimitiveDescriptor?
    let backwardWeights: PrimitiveDescriptor

    init(_ engine: ComputeEngine, _ geometry: ConvolutionGeometry, _ layouts: ConvolutionLayouts) throws(TrainingError)
    {
        try self.init(
            engine, geometry, source: layouts.source, destination: layouts.destination, forward: layouts.forward,
            backward: layouts.goesBack ? layouts.backward : nil, gradient: layouts.gradient)
    }

    fileprivate init(
        _ engine: ComputeEngine, _ geometry: ConvolutionGeometry, source: dnnl_format_tag_t,
        destination: dnnl_format_tag_t, forward: dnnl_memory_desc_t, backward: dnnl_memory_desc_t?,
        gradient: dnnl_memory_desc_t
    ) throws(TrainingError) {
        var (source, destination) = (try geometry.source(source), try geometry.destination(destination))
        var (forward, gradient) = (forward, gradient)
        // A descriptor of no dimensions stands for no bias.
        var bias = geometry.hasBias ? try geometry.bias() : dnnl_memory_desc_t()
        let strides = [Int64](repeating: Int64(geometry.stride), count: 2)
        let padding = [Int64](repeating: Int64(geometry.padding), count: 2)
        var operation = dnnl_convolution_desc_t()
        try check(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, &source, &forward, &bias, &destination,
                strides, padding, padding), "dnnl_convolution_forward_desc_init")
        self.forward = try PrimitiveDescriptor(engine, &operation)
        if var backward {
            try check(
                dnnl_convolution_backward_data_desc_init(
                    &operation, dnnl_convolution_direct, &source, &backward, &destination, strides, padding, padding),
                "dnnl_convolution_backward_data_desc_init")
            backwardData = try PrimitiveDescriptor(engine, &operation, hint: self.forward)
        } else {
            backwardData = nil
        }
        try check(
            dnnl_convolution_backward_weights_desc_init(
                &operation, dnnl_convolution_direct, &source, &gradient, &bias, &destination, strides, padding, padding),
            "dnnl_convolution_backward_weights_desc_init")
        backwardWeights = try PrimitiveDescriptor(engine, &operation, hint: self.forward)
    }
}

/// A convolution's parameters in the layouts of its passes, shared by all threads.
final class ConvolutionWeights {
    let geometry: ConvolutionGeometry
    let layouts: ConvolutionLayouts
    let forward: FloatBuffer
    let backward: FloatBuffer
    let bias: FloatBuffer
    /// Floats of a weight gradient in `layouts.gradient`, a whole number of cache lines.
    let gradientCount: Int
    private let stream: ComputeStream
    private let parked: FloatBuffer
    private let toForward: BoundPrimitive
    private let toBackward: BoundPrimitive?
    private let fromGradient: BoundPrimitive

    init(_ engine: ComputeEngine, _ geometry: ConvolutionGeometry, _ layouts: ConvolutionLayouts) throws(TrainingError)
    {
        self.geometry = geometry
        self.layouts = layouts
        stream = try ComputeStream(engine)
        func count(_ layout: dnnl_memory_desc_t) -> Int {
            var layout = layout
            return dnnl_memory_desc_get_size(&layout) / 4
        }
        forward = FloatBuffer(count(layouts.forward))
        backward = FloatBuffer(layouts.goesBack ? count(layouts.backward) : 0)
        bias = FloatBuffer(geometry.outputs)
        gradientCount = (count(layouts.gradient) + 15) / 16 * 16
        let plain = try geometry.plainWeights()
        func reorder(
            _ from: dnnl_memory_desc_t, _ a: UnsafeMutablePointer<Float>, _ to: dnnl_memory_desc_t,
            _ b: UnsafeMutablePointer<Float>
        ) throws(TrainingError) -> BoundPrimitive {
            try BoundPrimitive(
                PrimitiveDescriptor(engine, from: from, to: to),
                [.init(DNNL_ARG_FROM, from, a), .init(DNNL_ARG_TO, to, b)])
        }
        // Where the parameters and their gradient lie is told before each run.
        parked = FloatBuffer(gradientCount)
        let elsewhere = parked.pointer
        toForward = try reorder(plain, elsewhere, layouts.forward, forward.pointer)
        toBackward =
            layouts.goesBack ? try reorder(plain, elsewhere, layouts.backward, backward.pointer) : nil
        fromGradient = try reorder(layouts.gradient, elsewhere, plain, elsewhere)
    }

    /// Takes up weights [outputs, inputs / groups, k, k] and bias [outputs].
    func prepare(weight: UnsafeMutablePointer<Float>, bias values: UnsafePointer<Float>?) throws(TrainingError) {
        if let values { bias.pointer.update(from: values, count: bias.count) }
        try toForward.rebind(0, weight)
        try toForward.execute(stream)
        try toBackward?.rebind(0, weight)
        try toBackward?.execute(stream)
    }

    /// Writes a weight gradient as [outputs, inputs / groups, k, k].
    func collect(
        _ gradient: UnsafeMutablePointer<Float>, into weight: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        try fromGradient.rebind(0, gradient)
        try fromGradient.rebind(1, weight)
        try fromGradient.execute(stream)
    }
}
