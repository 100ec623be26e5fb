internal import CKernels
internal import COneDNN

/// A 3×3 convolution with padding 1 and bias of `images` images [inputs, height, width].
struct ConvolutionGeometry {
    var images: Int
    let inputs: Int
    let outputs: Int
    let height: Int
    let width: Int

    func source(_ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
        try describe([images, inputs, height, width], tag)
    }
    func destination(_ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
        try describe([images, outputs, height, width], tag)
    }
    func weights(_ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
        try describe([outputs, inputs, 3, 3], tag)
    }
    func bias() throws(TrainingError) -> dnnl_memory_desc_t { try describe([outputs], dnnl_a) }

    /// The output's grid in layout `tag`.
    func grid(_ tag: dnnl_format_tag_t) -> assay_grid {
        let lanes =
            switch tag {
            case dnnl_nChw16c: 16
            case dnnl_nChw8c: 8
            case dnnl_nhwc: outputs
            default: 1
            }
        return assay_grid(
            images: images, blocks: (outputs + lanes - 1) / lanes, height: height, width: width, lanes: lanes)
    }
}

extension assay_grid {
    /// Floats in the grid.
    var count: Int { images * blocks * height * width * lanes }
    /// Channels, the padded ones included.
    var channels: Int { blocks * lanes }
    /// After pooling 2×2.
    var pooled: assay_grid {
        assay_grid(images: images, blocks: blocks, height: height / 2, width: width / 2, lanes: lanes)
    }
}

private func describe(_ dimensions: [Int], _ tag: dnnl_format_tag_t) throws(TrainingError) -> dnnl_memory_desc_t {
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
    /// Whether the gradient of the images is wanted too: not in the first block.
    let goesBack: Bool
    /// Whether a pass has only oneDNN's reference code, hundreds of times slower.
    let isSlow: Bool

    init(
        _ engine: ComputeEngine, _ geometry: ConvolutionGeometry, source: dnnl_format_tag_t,
        destination: dnnl_format_tag_t, goesBack: Bool
    ) throws(TrainingError) {
        let open = try geometry.weights(dnnl_format_tag_any)
        let passes = try ConvolutionDescriptors(
            engine, source: geometry.source(source), destination: geometry.destination(destination),
            bias: geometry.bias(), forward: open, backward: goesBack ? open : nil, gradient: open)
        self.source = source
        self.destination = destination
        self.goesBack = goesBack
        forward = try passes.forward.memory(dnnl_query_weights_md)
        backward = try passes.backwardData?.memory(dnnl_query_weights_md) ?? forward
        gradient = try passes.backwardWeights.memory(dnnl_query_diff_weights_md)
        isSlow =
            passes.forward.isReference || passes.backwardWeights.isReference
            || passes.backwardData?.isReference ?? false
    }

    /// The layout of activations of `width` channels in which every pass of every block is fast: blocks of as many
    /// channels as a register holds where the network is wide enough for them.
    static func activations(
        _ engine: ComputeEngine, first: ConvolutionGeometry, hidden: ConvolutionGeometry
    ) throws(TrainingError) -> dnnl_format_tag_t {
        for tag in [dnnl_nChw16c, dnnl_nChw8c] {
            let start = try ConvolutionLayouts(engine, first, source: dnnl_nchw, destination: tag, goesBack: false)
            let next = try ConvolutionLayouts(engine, hidden, source: tag, destination: tag, goesBack: true)
            if !start.isSlow && !next.isSlow { return tag }
        }
        return dnnl_nchw
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
            engine, source: geometry.source(layouts.source), destination: geometry.destination(layouts.destination),
            bias: geometry.bias(), forward: layouts.forward, backward: layouts.goesBack ? layouts.backward : nil,
            gradient: layouts.gradient)
    }

    fileprivate init(
        _ engine: ComputeEngine, source: dnnl_memory_desc_t, destination: dnnl_memory_desc_t,
        bias: dnnl_memory_desc_t, forward: dnnl_memory_desc_t, backward: dnnl_memory_desc_t?,
        gradient: dnnl_memory_desc_t
    ) throws(TrainingError) {
        var (source, destination, bias) = (source, destination, bias)
        var (forward, gradient) = (forward, gradient)
        let ones: [Int64] = [1, 1]  // strides and padding alike
        var operation = dnnl_convolution_desc_t()
        try check(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, &source, &forward, &bias, &destination,
                ones, ones, ones), "dnnl_convolution_forward_desc_init")
        self.forward = try PrimitiveDescriptor(engine, &operation)
        if var backward {
            try check(
                dnnl_convolution_backward_data_desc_init(
                    &operation, dnnl_convolution_direct, &source, &backward, &destination, ones, ones, ones),
                "dnnl_convolution_backward_data_desc_init")
            backwardData = try PrimitiveDescriptor(engine, &operation, hint: self.forward)
        } else {
            backwardData = nil
        }
        try check(
            dnnl_convolution_backward_weights_desc_init(
                &operation, dnnl_convolution_direct, &source, &gradient, &bias, &destination, ones, ones, ones),
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
    private let engine: ComputeEngine
    private let stream: ComputeStream
    /// The parameters and their gradient as PyTorch lays them.
    private let plain: FloatBuffer
    private let native: FloatBuffer
    private let toForward: BoundPrimitive
    private let toBackward: BoundPrimitive
    private let fromGradient: BoundPrimitive

    init(_ engine: ComputeEngine, _ geometry: ConvolutionGeometry, _ layouts: ConvolutionLayouts) throws(TrainingError)
    {
        self.engine = engine
        self.geometry = geometry
        self.layouts = layouts
        stream = try ComputeStream(engine)
        func buffer(_ layout: dnnl_memory_desc_t) -> FloatBuffer {
            var layout = layout
            return FloatBuffer(dnnl_memory_desc_get_size(&layout) / 4)
        }
        forward = buffer(layouts.forward)
        backward = buffer(layouts.backward)
        bias = FloatBuffer(geometry.outputs)
        native = buffer(layouts.gradient)
        gradientCount = (native.count + 15) / 16 * 16
        let outer = try geometry.weights(dnnl_oihw)
        plain = buffer(outer)
        func reorder(
            _ from: dnnl_memory_desc_t, _ a: FloatBuffer, _ to: dnnl_memory_desc_t, _ b: FloatBuffer
        ) throws(TrainingError) -> BoundPrimitive {
            try BoundPrimitive(
                PrimitiveDescriptor(engine, from: from, to: to),
                [.init(DNNL_ARG_FROM, from, a.pointer), .init(DNNL_ARG_TO, to, b.pointer)])
        }
        toForward = try reorder(outer, plain, layouts.forward, forward)
        toBackward = try reorder(outer, plain, layouts.backward, backward)
        fromGradient = try reorder(layouts.gradient, native, outer, plain)
    }

    /// Takes up weights [outputs, inputs, 3, 3] and bias [outputs].
    func prepare(weight: UnsafePointer<Float>, bias values: UnsafePointer<Float>) throws(TrainingError) {
        plain.pointer.update(from: weight, count: plain.count)
        bias.pointer.update(from: values, count: bias.count)
        try toForward.execute(stream)
        try toBackward.execute(stream)
    }

    /// Writes a weight gradient as [outputs, inputs, 3, 3].
    func collect(_ gradient: UnsafePointer<Float>, into weight: UnsafeMutablePointer<Float>) throws(TrainingError) {
        native.pointer.update(from: gradient, count: native.count)
        try fromGradient.execute(stream)
        weight.update(from: plain.pointer, count: plain.count)
    }
}
