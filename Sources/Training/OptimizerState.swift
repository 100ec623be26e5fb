internal import CKernels
import Records

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What an optimiser remembers from step to step, and the moving average of the parameters where a recipe wants one.
final class OptimizerState {
    private let optimizer: Optimizer
    private let decay: Double?
    private let layout: ParameterLayout
    /// In the order of `Optimizer.moments`.
    private let moments: [FloatBuffer]
    /// Neighbouring parameters that all decay, or do not: the end of each stretch of the buffer.
    private let stretches: [(end: Int, decays: Bool)]
    /// The exponential moving average; nil where there is none.
    let average: FloatBuffer?

    init(_ recipe: Recipe, layout: ParameterLayout) {
        optimizer = recipe.optimizer
        decay = recipe.averaging
        self.layout = layout
        let size = layout.count
        moments = recipe.optimizer.moments.map { _ in FloatBuffer(size) }
        average = recipe.averaging == nil ? nil : FloatBuffer(size)
        var stretches: [(end: Int, decays: Bool)] = []
        for (index, parameter) in layout.parameters.enumerated() {
            let decays = recipe.optimizer.decayed == .all || parameter.shape.count > 1
            let next = index + 1 < layout.parameters.count ? layout.parameters[index + 1].offset : size
            if stretches.last?.decays == decays { stretches.removeLast() }
            stretches.append((next, decays))
        }
        self.stretches = stretches
    }

    /// Begins the average with the initial parameters, as EDC's public code does.
    func begin(with parameters: FloatBuffer) {
        average?.pointer.update(from: parameters.pointer, count: parameters.count)
    }

    /// Forgets everything but the average.
    func reset() {
        for moment in moments { moment.pointer.update(repeating: 0, count: moment.count) }
    }

    /// Moves `count` parameters from `start` on, and their average.
    ///
    /// - Parameter step: of this optimiser since it was new, from 1.
    func update(
        _ parameters: FloatBuffer, along gradient: UnsafePointer<Float>, rate: Double, step: Int, start: Int, count: Int
    ) {
        var place = start
        for (end, decays) in stretches where end > place && place < start + count {
            let piece = min(end, start + count) - place
            update(parameters, along: gradient, rate: rate, step: step, start: place, count: piece, decays: decays)
            place += piece
        }
        if let average, let decay {
            assay_average(average.pointer + start, parameters.pointer + start, count, Float(decay))
        }
    }

    private func update(
        _ parameters: FloatBuffer, along gradient: UnsafePointer<Float>, rate: Double, step: Int, start: Int,
        count: Int, decays: Bool
    ) {
        let w = parameters.pointer + start
        let g = gradient + start
        let first = moments[0].pointer + start
        switch optimizer {
        case .sgd(_, let momentum, let nesterov, let weightDecay, _):
            let decay = decays ? weightDecay : 0
            assay_sgd(w, first, g, count, Float(rate), Float(momentum), Float(decay), nesterov ? 1 : 0)
        case .adamW(_, let beta1, let beta2, let epsilon, let decay, _):
            var constants = assay_adam_constants()
            constants.shrink = decays ? Float(1 - rate * decay) : 1
            constants.one_minus_beta1 = Float(1 - beta1)
            constants.beta2 = Float(beta2)
            constants.one_minus_beta2 = Float(1 - beta2)
            constants.step_size = Float(rate / (1 - pow(beta1, Double(step))))
            constants.root_correction2 = Float((1 - pow(beta2, Double(step))).squareRoot())
            constants.epsilon = Float(epsilon)
            assay_adamw(w, first, moments[1].pointer + start, g, count, &constants)
        }
    }

    // MARK: Saving

    /// `momentum/conv1/weight`, …, and `average/conv1/weight`, ….
    func tensors() -> [NamedTensor] {
        groups.flatMap { layout.tensors(of: $0.buffer, prefix: $0.name + "/") }
    }

    /// - Throws: `.badState` when a tensor is missing or has another shape.
    func load(_ tensors: [NamedTensor]) throws(TrainingError) {
        for group in groups { try layout.load(tensors, prefix: group.name + "/", into: group.buffer) }
    }

    private var groups: [(name: String, buffer: FloatBuffer)] {
        Array(zip(optimizer.moments, moments)) + (average.map { [("average", $0)] } ?? [])
    }
}
