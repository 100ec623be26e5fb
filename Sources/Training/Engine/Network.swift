internal import CKernels
internal import COneDNN

/// Places in a native gradient: each on a cache line.
struct GradientPlaces {
    private(set) var count = 0

    mutating func take(_ floats: Int) -> Int {
        defer { count += (floats + 15) / 16 * 16 }
        return count
    }
}

/// A described network made ready to run: what all threads share. Activations stay in the layout that oneDNN's
/// convolutions like; normalisation, activation, residual and pooling are one pass over it.
final class Network {
    /// Steps that may run on a few images at a time, so that what one writes the next one finds in the cache; the batch
    /// is put together after a stage where it has to be.
    struct Stage {
        var steps: [any Step] = []
        /// Images at a time.
        var images = 1
        /// Put together after the forward, and after the backward pass.
        var statistics: [BatchNorm] = []
        var applied: [BatchNorm] = []
    }

    let layout: ParameterLayout
    let description: NetworkDescription
    let engine: ComputeEngine
    /// Images of one evaluation block. Fixed, because bits may depend on the size of a block.
    let evaluationBlock: Int
    /// The size of a gradient slice at which one thread is still fast.
    let preferredSlice: Int
    let places: [TensorPlace]
    let stages: [Stage]
    let normalisations: [NormParameters]
    let originSizes: [Int: Int]
    /// Floats of one image in each buffer for gradients of activations.
    let gradientSizes: [Int]
    /// The buffer of ∂loss/∂logits.
    let logitGradient: Int
    /// Floats in a gradient as a backward pass writes it: the parameters in the layouts that the kernels like.
    let gradientCount: Int
    private let convolutions: [ConvolutionStep]
    let linears: [LinearStep]
    let batchNorms: [BatchNorm]
    private(set) var parameters: UnsafeMutablePointer<Float>?
    private let collected: FloatBuffer

    init(_ description: NetworkDescription) throws(TrainingError) {
        omp_set_num_threads(1)
        self.description = description
        layout = ParameterLayout(description)
        engine = try ComputeEngine()
        evaluationBlock = description.isFlat ? 256 : description.couplesBatch ? 16 : 8
        preferredSlice = description.isFlat ? 32 : description.couplesBatch ? 32 : 8
        var builder = try NetworkBuilder(engine, description, layout)
        for index in description.layers.indices { try builder.add(index) }
        builder.close()
        places = builder.places
        normalisations = builder.normalisations
        originSizes = builder.originSizes
        convolutions = builder.convolutions
        linears = builder.linears
        batchNorms = builder.batchNorms
        gradientCount = builder.gradientPlaces.count
        stages = builder.stages
        var plan = GradientPlan()
        logitGradient = plan.acquire(description.tensors[description.tensors.count - 1].count)
        plan.retain(logitGradient)  // the loss writes it before the first stage's steps run
        plan.add(logitGradient, to: description.tensors.count - 1)
        for stage in stages.reversed() {
            for step in stage.steps.reversed() { step.plan(&plan) }
            plan.endStage()
        }
        gradientSizes = plan.sizes
        collected = FloatBuffer(layout.count)
    }

    /// Floats in one image.
    var inputCount: Int { places[0].count }
    /// Penultimate features of one image.
    var featureCount: Int { places[description.features].count }
    /// C
    var classes: Int { places[places.count - 1].count }
    var couplesBatch: Bool { !batchNorms.isEmpty }
    /// Whether there is nothing but linear layers, all of one stage.
    var isFlat: Bool { description.isFlat }
    /// Whether tensors hold the batch, instead of one slice of it for each thread.
    var holdsBatch: Bool { couplesBatch || isFlat }
    /// Gradients that a batch of so many slices is kept in.
    func gradients(of slices: Int) -> Int { isFlat ? 1 : slices }

    /// Floats of the parameters in the layouts of the passes.
    var preparedCount: Int {
        convolutions.reduce(0) {
            $0 + $1.weights.forward.count + $1.weights.backward.count + $1.weights.gradientCount
        }
    }

    /// Takes up new parameters, laid out as `layout` says; the pointer must live until the next call.
    func prepare(_ parameters: UnsafeMutablePointer<Float>, team: WorkerTeam? = nil) throws(TrainingError) {
        self.parameters = parameters
        for norm in normalisations where norm.kind != .batch { norm.prepare(parameters) }
        for norm in batchNorms { norm.prepare(parameters) }
        for linear in linears { linear.prepare(parameters) }
        try forEachConvolution(team) { convolution throws(TrainingError) in try convolution.prepare(parameters) }
    }

    /// A gradient in `layout`, made of one that a backward pass wrote; valid until the next call.
    func collect(
        _ gradient: UnsafeMutablePointer<Float>, team: WorkerTeam? = nil
    ) throws(TrainingError) -> UnsafePointer<Float> {
        // Where there is nothing but linear layers both orders are the same.
        if convolutions.isEmpty { return UnsafePointer(gradient) }
        for norm in batchNorms { norm.store(into: gradient) }
        for norm in normalisations { norm.collect(gradient, into: collected.pointer) }
        for linear in linears { linear.collect(gradient, into: collected.pointer) }
        try forEachConvolution(team) { convolution throws(TrainingError) in
            try convolution.collect(gradient, into: collected.pointer)
        }
        return UnsafePointer(collected.pointer)
    }

    private func forEachConvolution(
        _ team: WorkerTeam?, _ body: (ConvolutionStep) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        guard let team else {
            for convolution in convolutions { try body(convolution) }
            return
        }
        try team.forEach(convolutions.count) { _, index throws(TrainingError) in try body(convolutions[index]) }
    }

    /// Runs the steps of a stage over `images`.
    func forward(_ stage: Stage, _ pass: Pass, _ images: Range<Int>) throws(TrainingError) {
        for start in stride(from: images.lowerBound, to: images.upperBound, by: stage.images) {
            let part = start..<min(start + stage.images, images.upperBound)
            for step in stage.steps { try step.forward(pass, part) }
        }
    }

    /// Runs a stage backward over `images`; `gradient` [gradientCount] is the slice's own.
    func backward(
        _ stage: Stage, _ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        for step in stage.steps { step.begin(gradient: gradient) }
        for start in stride(from: images.lowerBound, to: images.upperBound, by: stage.images) {
            let part = start..<min(start + stage.images, images.upperBound)
            for step in stage.steps.reversed() { try step.backward(pass, part, gradient: gradient) }
        }
        for step in stage.steps.reversed() { try step.finish(pass, images, gradient: gradient) }
    }
}
