/// A network's shared part: what all threads read.
protocol Network: AnyObject {
    var layout: ParameterLayout { get }
    /// Floats in one image.
    var inputCount: Int { get }
    /// Penultimate features of one image.
    var featureCount: Int { get }
    /// C
    var classes: Int { get }
    /// Floats in a gradient as `Workspace.backward` writes it: the parameters in the layout that the kernels like.
    var gradientCount: Int { get }
    /// Images of one evaluation block. Fixed, because bits may depend on the size of a block.
    var evaluationBlock: Int { get }
    /// The size of a gradient slice at which one thread is still fast.
    var preferredSlice: Int { get }
    /// Takes up new parameters, laid out as `layout` says; the pointer must live until the next call.
    func prepare(_ parameters: UnsafeMutablePointer<Float>) throws(TrainingError)
    /// A gradient in `layout`, made of one that `backward` wrote; valid until the next call.
    func collect(_ gradient: UnsafeMutablePointer<Float>) throws(TrainingError) -> UnsafePointer<Float>
    /// One thread's buffers, for at most `capacity` images at a time.
    func makeWorkspace(capacity: Int) throws(TrainingError) -> any Workspace
}

/// One thread's buffers and kernels.
protocol Workspace: AnyObject {
    /// [capacity, inputCount]
    var input: UnsafeMutablePointer<Float> { get }
    /// [capacity, featureCount]
    var features: UnsafeMutablePointer<Float> { get }
    /// [capacity, C]
    var logits: UnsafeMutablePointer<Float> { get }
    /// ∂loss/∂logits, [capacity, C]: what `backward` starts from.
    var dlogits: UnsafeMutablePointer<Float> { get }
    /// Makes the kernels for `count` images, on one thread, before many run them.
    func reserve(_ count: Int) throws(TrainingError)
    /// `features` of the first `count` images of `input`.
    func embed(_ count: Int) throws(TrainingError)
    /// `features` and `logits` of the first `count` images of `input`.
    func forward(_ count: Int) throws(TrainingError)
    /// Overwrites `gradient` [gradientCount] with the sum over the `count` images of the last `forward`.
    func backward(_ count: Int, gradient: UnsafeMutablePointer<Float>) throws(TrainingError)
}

extension NetworkSpec {
    func makeNetwork(shape: ImageShape, classes: Int) throws(TrainingError) -> any Network {
        switch self {
        case .mlp(let hidden): MultilayerPerceptron(hidden: hidden, shape: shape, classes: classes)
        case .convnet(let depth, let width):
            try ConvolutionalNetwork(depth: depth, width: width, shape: shape, classes: classes)
        }
    }
}
