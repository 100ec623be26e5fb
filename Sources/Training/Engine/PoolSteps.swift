internal import CKernels
internal import COneDNN

/// The gradient of a tensor that may have been read twice, added up in the first of its parts.
private func wholeGradient(
    _ pass: Pass, _ place: TensorPlace, _ parts: (first: Int, second: Int?), _ images: Range<Int>
) -> UnsafeMutablePointer<Float> {
    let dy = place.gradient(pass, parts.first, images)
    if let second = parts.second { assay_add(dy, place.gradient(pass, second, images), images.count * place.count) }
    return dy
}

/// The grid as rows: flattened as PyTorch flattens [N, C, H, W], or the mean over the pixels.
final class RowsStep: Step {
    private let from: TensorPlace
    private let to: TensorPlace
    private let isMean: Bool
    private var parts: (first: Int, second: Int?) = (0, nil)
    private var slot = 0

    init(from: TensorPlace, to: TensorPlace, isMean: Bool) {
        self.from = from
        self.to = to
        self.isMean = isMean
    }

    func plan(_ plan: inout GradientPlan) {
        parts = plan.parts(of: to.index)
        slot = plan.acquire(from.count)
        plan.add(slot, to: from.index)
        plan.release(parts.first)
        if let second = parts.second { plan.release(second) }
    }

    func forward(_ pass: Pass, _ images: Range<Int>) {
        var grid = from.grid(images.count)
        let (x, y) = (from.pointer(pass, images), to.pointer(pass, images))
        if isMean {
            assay_global_mean(&grid, x, from.channels, y)
        } else {
            assay_from_blocks(&grid, x, from.channels, y)
        }
    }

    func backward(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) {
        var grid = from.grid(images.count)
        let dy = wholeGradient(pass, to, parts, images)
        let dx = from.gradient(pass, slot, images)
        if isMean {
            assay_global_mean_backward(&grid, dy, from.channels, dx)
        } else {
            assay_to_blocks(&grid, dy, from.channels, dx)
        }
    }
}

/// The greatest of k×k pixels, by oneDNN.
final class MaximumStep: Step {
    private let engine: ComputeEngine
    private let from: TensorPlace
    private let to: TensorPlace
    private let tag: dnnl_format_tag_t
    private let kernel: Int
    private let stride: Int
    private let padding: Int
    private var parts: (first: Int, second: Int?) = (0, nil)
    private var slot = 0

    init(
        _ engine: ComputeEngine, from: TensorPlace, to: TensorPlace, tag: dnnl_format_tag_t, kernel: Int, stride: Int,
        padding: Int
    ) {
        self.engine = engine
        self.from = from
        self.to = to
        self.tag = tag
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    func plan(_ plan: inout GradientPlan) {
        parts = plan.parts(of: to.index)
        slot = plan.acquire(from.count)
        plan.add(slot, to: from.index)
        plan.release(parts.first)
        if let second = parts.second { plan.release(second) }
    }

    /// oneDNN notes where each maximum was: at most four bytes per output.
    private func origins(_ pass: Pass, _ images: Range<Int>) throws(TrainingError) -> UnsafeMutablePointer<Float> {
        guard let buffer = pass.activations.origins[to.index] else { preconditionFailure("no room for origins") }
        return buffer.pointer + images.lowerBound * to.count
    }

    private func descriptors(
        _ images: Int
    ) throws(TrainingError) -> (forward: PrimitiveDescriptor, backward: PrimitiveDescriptor) {
        var (source, destination) = (try layout(from, images), try layout(to, images))
        let strides = [Int64](repeating: Int64(stride), count: 2)
        let kernels = [Int64](repeating: Int64(kernel), count: 2)
        let paddings = [Int64](repeating: Int64(padding), count: 2)
        var operation = dnnl_pooling_desc_t()
        try check(
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_pooling_max, &source, &destination, strides, kernels, paddings,
                paddings), "dnnl_pooling_forward_desc_init")
        let forward = try PrimitiveDescriptor(engine, &operation)
        try check(
            dnnl_pooling_backward_desc_init(
                &operation, dnnl_pooling_max, &source, &destination, strides, kernels, paddings, paddings),
            "dnnl_pooling_backward_desc_init")
        return (forward, try PrimitiveDescriptor(engine, &operation, hint: forward))
    }

    private func layout(_ place: TensorPlace, _ images: Int) throws(TrainingError) -> dnnl_memory_desc_t {
        let grid = place.grid(images)
        return try describe([images, place.channels, grid.height, grid.width], tag)
    }

    func forward(_ pass: Pass, _ images: Range<Int>) throws(TrainingError) {
        let (x, y, notes) = (from.pointer(pass, images), to.pointer(pass, images), try origins(pass, images))
        let primitive = try pass.worker.kernel(self, pass: 0, images: images.count) { () throws(TrainingError) in
            let descriptor = try descriptors(images.count).forward
            return try BoundPrimitive(
                descriptor,
                [
                    .init(DNNL_ARG_SRC, try layout(from, images.count), x),
                    .init(DNNL_ARG_DST, try layout(to, images.count), y),
                    .init(DNNL_ARG_WORKSPACE, try descriptor.memory(dnnl_query_workspace_md), notes),
                ])
        }
        try primitive.rebind(0, x)
        try primitive.rebind(1, y)
        try primitive.rebind(2, notes)
        try primitive.execute(pass.worker.stream)
    }

    func backward(
        _ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        let (dx, dy) = (from.gradient(pass, slot, images), wholeGradient(pass, to, parts, images))
        let notes = try origins(pass, images)
        let primitive = try pass.worker.kernel(self, pass: 1, images: images.count) { () throws(TrainingError) in
            let descriptor = try descriptors(images.count).backward
            return try BoundPrimitive(
                descriptor,
                [
                    .init(DNNL_ARG_DIFF_SRC, try layout(from, images.count), dx),
                    .init(DNNL_ARG_DIFF_DST, try layout(to, images.count), dy),
                    .init(DNNL_ARG_WORKSPACE, try descriptor.memory(dnnl_query_workspace_md), notes),
                ])
        }
        try primitive.rebind(0, dx)
        try primitive.rebind(1, dy)
        try primitive.rebind(2, notes)
        try primitive.execute(pass.worker.stream)
    }
}
