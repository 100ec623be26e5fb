internal import CKernels
internal import COneDNN

/// One thread's stream and kernels. Kernels are made when a number of images is first seen, and point anew before each
/// run.
final class Worker {
    let stream: ComputeStream
    private var kernels: [Key: BoundPrimitive] = [:]

    struct Key: Hashable {
        let step: ObjectIdentifier
        let pass: Int
        let images: Int
    }

    init(_ engine: ComputeEngine) throws(TrainingError) { stream = try ComputeStream(engine) }

    func kernel(
        _ step: AnyObject, pass: Int, images: Int, make: () throws(TrainingError) -> BoundPrimitive
    ) throws(TrainingError) -> BoundPrimitive {
        let key = Key(step: ObjectIdentifier(step), pass: pass, images: images)
        if let known = kernels[key] { return known }
        let made = try make()
        kernels[key] = made
        return made
    }
}

/// What a step works on: a thread's kernels, and the tensors of a slice or of the whole batch.
struct Pass {
    let worker: Worker
    let activations: Activations
    /// Statistics are taken of the batch in training, the running ones in evaluation.
    let isTraining: Bool
    /// Whether batch normalisations keep the moments of each image in evaluation, too.
    var keepsMoments = false
}

/// One layer, or the part of a layer between two points at which the whole batch is needed. `images` are positions in the
/// pass's tensors; steps of one stage may run on some images before they run on others.
protocol Step: AnyObject {
    /// Says where gradients lie; called from the last step to the first.
    func plan(_ plan: inout GradientPlan)
    func forward(_ pass: Pass, _ images: Range<Int>) throws(TrainingError)
    /// Before the first `backward` of a task.
    func begin(gradient: UnsafeMutablePointer<Float>)
    func backward(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) throws(TrainingError)
    /// After the last `backward` of a task: what is computed of all its images at once.
    func finish(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) throws(TrainingError)
}

extension Step {
    func begin(gradient: UnsafeMutablePointer<Float>) {}
    func finish(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) throws(TrainingError) {}
}

/// A tensor's place: which one, and how its images lie.
struct TensorPlace {
    let index: Int
    /// One image on the grid; nil for rows and for the input.
    let grid: assay_grid?
    let channels: Int
    /// Floats of one image.
    let count: Int

    func pointer(_ pass: Pass, _ images: Range<Int>) -> UnsafeMutablePointer<Float> {
        pass.activations.tensors[index].pointer + images.lowerBound * count
    }

    /// A gradient of the same shape in `slot`.
    func gradient(_ pass: Pass, _ slot: Int, _ images: Range<Int>) -> UnsafeMutablePointer<Float> {
        pass.activations.gradients[slot].pointer + images.lowerBound * count
    }

    /// The grid of several images.
    func grid(_ images: Int) -> assay_grid {
        guard var grid else { preconditionFailure("tensor \(index) is no grid") }
        grid.images = images
        return grid
    }
}

extension assay_grid {
    /// One image of `tensor` in layout `tag`.
    init(_ tensor: NetworkDescription.Tensor, _ tag: dnnl_format_tag_t) {
        let lanes =
            switch tag {
            case dnnl_nChw16c: 16
            case dnnl_nChw8c: 8
            default: 1
            }
        self.init(
            images: 1, blocks: (tensor.channels + lanes - 1) / lanes, height: tensor.height, width: tensor.width,
            lanes: lanes)
    }

    /// Floats in the grid.
    var count: Int { images * blocks * height * width * lanes }
    /// Channels, the padded ones included.
    var across: Int { blocks * lanes }
    var area: Int { height * width }
}

/// Buffers for gradients of activations: one serves several tensors, each until it has been read. Buffers that are given
/// back in a stage are free from the next one on, because the steps of a stage run on some images before others.
struct GradientPlan {
    /// Floats of one image.
    private(set) var sizes: [Int] = []
    private var users: [Int] = []
    private var free: [Int] = []
    private var returned: [Int] = []
    private var sources: [Int: [Int]] = [:]

    mutating func acquire(_ size: Int) -> Int {
        let fitting = free.filter { sizes[$0] >= size }.min { sizes[$0] < sizes[$1] }
        if let slot = fitting ?? free.max(by: { sizes[$0] < sizes[$1] }) {
            free.removeAll { $0 == slot }
            sizes[slot] = max(sizes[slot], size)
            users[slot] = 1
            return slot
        }
        sizes.append(size)
        users.append(1)
        return sizes.count - 1
    }

    /// `slot` holds a part of the gradient of `tensor`.
    mutating func add(_ slot: Int, to tensor: Int) { sources[tensor, default: []].append(slot) }

    /// The parts of the gradient of `tensor`: one or two.
    func parts(of tensor: Int) -> (first: Int, second: Int?) {
        let found = sources[tensor] ?? []
        precondition(found.count == 1 || found.count == 2, "tensor \(tensor) is read \(found.count) times")
        return (found[0], found.count == 2 ? found[1] : nil)
    }

    mutating func retain(_ slot: Int) { users[slot] += 1 }

    mutating func release(_ slot: Int) {
        users[slot] -= 1
        if users[slot] == 0 { returned.append(slot) }
    }

    mutating func endStage() {
        free += returned
        returned = []
    }
}

/// Tensors of `capacity` images, and in training their gradients and what the backward pass needs of the forward one.
final class Activations {
    let tensors: [FloatBuffer]
    let gradients: [FloatBuffer]
    /// What normalisations keep, in their order.
    let statistics: [Statistics]
    /// Where each maximum was found, by tensor.
    let origins: [Int: FloatBuffer]

    /// [capacity, channels] each.
    struct Statistics {
        let mean: FloatBuffer
        /// Σ (x − mean)² or 1/σ
        let spread: FloatBuffer
        let sum: FloatBuffer
        let product: FloatBuffer
        /// Coefficients that each image has of its own: scale, shift, level, curve.
        let own: [FloatBuffer]
    }

    init(_ network: Network, capacity: Int, isTraining: Bool) {
        tensors = network.places.map { FloatBuffer($0.count * capacity) }
        gradients = isTraining ? network.gradientSizes.map { FloatBuffer($0 * capacity) } : []
        statistics = network.normalisations.map { norm in
            let count = norm.place.grid(1).across * capacity
            return Statistics(
                mean: FloatBuffer(count), spread: FloatBuffer(count), sum: FloatBuffer(isTraining ? count : 0),
                product: FloatBuffer(isTraining ? count : 0),
                own: norm.kind == .batch ? [] : (0..<4).map { _ in FloatBuffer(count) })
        }
        origins = network.originSizes.mapValues { FloatBuffer($0 * capacity) }
    }
}
