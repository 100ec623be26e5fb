internal import CKernels

/// Batch normalisation (Ioffe and Szegedy, 2015): the statistics of a channel are those of the whole batch, so that its two
/// steps stand on either side of a point at which every image has passed the first one. The sums over the images run in
/// their order, in double precision.
final class BatchNorm {
    let own: NormParameters
    let runningMean: ParameterLayout.Parameter
    let runningVariance: ParameterLayout.Parameter
    /// Whether a pass with gradients takes the running statistics as they are, like PyTorch's `eval()`.
    var isFrozen = false
    /// PyTorch's default.
    private let momentum: Float = 0.1
    private let epsilon: Float = 1e-5
    private let scale: FloatBuffer
    private let shift: FloatBuffer
    private let mean: FloatBuffer
    private let spread: FloatBuffer
    private let level: FloatBuffer
    private let curve: FloatBuffer
    private let dgamma: FloatBuffer
    private let dbeta: FloatBuffer
    /// Scale and shift by the running statistics.
    private let frozenScale: FloatBuffer
    private let frozenShift: FloatBuffer
    /// Where the gradient of the output is, from the backward pass of one step to that of the other.
    fileprivate var parts: (first: Int, second: Int?) = (0, nil)

    init(_ parameters: NormParameters, _ layout: ParameterLayout) {
        own = parameters
        runningMean = layout["\(own.norm.name)/running_mean"]
        runningVariance = layout["\(own.norm.name)/running_var"]
        func buffer() -> FloatBuffer { FloatBuffer(parameters.across) }
        (scale, shift, mean, spread) = (buffer(), buffer(), buffer(), buffer())
        (level, curve, dgamma, dbeta) = (buffer(), buffer(), buffer(), buffer())
        (frozenScale, frozenShift) = (buffer(), buffer())
    }

    /// Takes up γ, β and the running statistics.
    func prepare(_ parameters: UnsafePointer<Float>) {
        own.prepare(parameters)
        let (means, variances) = (parameters + runningMean.offset, parameters + runningVariance.offset)
        for channel in 0..<runningMean.count {
            let slope = own.gamma.pointer[channel] / (variances[channel] + epsilon).squareRoot()
            frozenScale.pointer[channel] = slope
            frozenShift.pointer[channel] = own.beta.pointer[channel] - means[channel] * slope
        }
    }

    /// After the first step of all images: the statistics of the batch, and the running ones (mean and unbiased variance).
    func combine(_ activations: Activations, images: Int, parameters: UnsafeMutablePointer<Float>) {
        if isFrozen { return useRunningStatistics(parameters) }
        let statistics = activations.statistics[own.index]
        let area = own.place.grid(1).area
        assay_batch_moments(
            statistics.mean.pointer, statistics.spread.pointer, images, own.across, area, mean.pointer, spread.pointer)
        let (means, variances) = (parameters + runningMean.offset, parameters + runningVariance.offset)
        let count = Float(images * area)
        for channel in 0..<runningMean.count {
            let (middle, total) = (mean.pointer[channel], spread.pointer[channel])
            let inverse = 1 / (total / count + epsilon).squareRoot()
            spread.pointer[channel] = inverse
            scale.pointer[channel] = own.gamma.pointer[channel] * inverse
            shift.pointer[channel] = own.beta.pointer[channel] - middle * scale.pointer[channel]
            means[channel] += momentum * (middle - means[channel])
            variances[channel] += momentum * (total / max(count - 1, 1) - variances[channel])
        }
    }

    private func useRunningStatistics(_ parameters: UnsafePointer<Float>) {
        let (means, variances) = (parameters + runningMean.offset, parameters + runningVariance.offset)
        for channel in 0..<runningMean.count {
            mean.pointer[channel] = means[channel]
            spread.pointer[channel] = 1 / (variances[channel] + epsilon).squareRoot()
        }
        scale.pointer.update(from: frozenScale.pointer, count: runningMean.count)
        shift.pointer.update(from: frozenShift.pointer, count: runningMean.count)
    }

    /// After the second step's backward pass of all images: dγ, dβ, and the coefficients of dx.
    func combineBackward(_ activations: Activations, images: Int) {
        let statistics = activations.statistics[own.index]
        assay_precise_column_sums(statistics.sum.pointer, images, own.across, dbeta.pointer)
        assay_precise_column_sums(statistics.product.pointer, images, own.across, dgamma.pointer)
        let count = Float(images * own.place.grid(1).area)
        for channel in 0..<own.across {
            let inverse = spread.pointer[channel]
            dgamma.pointer[channel] *= inverse
            if isFrozen {  // no statistic depends on x
                (level.pointer[channel], curve.pointer[channel]) = (0, 0)
                continue
            }
            level.pointer[channel] = scale.pointer[channel] * dbeta.pointer[channel] / count
            curve.pointer[channel] = scale.pointer[channel] * inverse * dgamma.pointer[channel] / count
        }
    }

    /// Writes dγ and dβ to their places in a native gradient.
    func store(into gradient: UnsafeMutablePointer<Float>) {
        (gradient + own.gammaGradient).update(from: dgamma.pointer, count: own.across)
        (gradient + own.betaGradient).update(from: dbeta.pointer, count: own.across)
    }

    fileprivate func map(isTraining: Bool) -> assay_affine_map {
        own.map(
            scale: (isTraining ? scale : frozenScale).pointer, shift: (isTraining ? shift : frozenShift).pointer,
            mean: mean.pointer, level: level.pointer, curve: curve.pointer, stride: 0)
    }
}

/// Forward the moments of each image, backward the gradient of the input.
final class BatchStatisticsStep: Step {
    let norm: BatchNorm
    private let own: NormParameters

    init(_ norm: BatchNorm) {
        self.norm = norm
        own = norm.own
    }

    func plan(_ plan: inout GradientPlan) { plan.release(norm.parts.first) }

    func forward(_ pass: Pass, _ images: Range<Int>) {
        guard pass.isTraining || pass.keepsMoments else { return }
        var grid = own.place.grid(images.count)
        let statistics = pass.activations.statistics[own.index]
        let at = images.lowerBound * own.across
        assay_moments(
            &grid, own.place.pointer(pass, images), statistics.mean.pointer + at, statistics.spread.pointer + at)
    }

    func backward(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) {
        var grid = own.place.grid(images.count)
        var map = norm.map(isTraining: true)
        let replaced = norm.parts.second != nil || own.residual != nil
        assay_affine_backward(
            &grid, &map, own.place.pointer(pass, images), own.to.gradient(pass, norm.parts.first, images),
            replaced ? 1 : 0)
    }
}

/// Forward the normalised, activated output, backward the sums over each image.
final class BatchApplyStep: Step {
    let norm: BatchNorm
    private let own: NormParameters

    init(_ norm: BatchNorm) {
        self.norm = norm
        own = norm.own
    }

    func plan(_ plan: inout GradientPlan) {
        norm.parts = plan.parts(of: own.to.index)
        if let residual = own.residual {
            plan.retain(norm.parts.first)
            plan.add(norm.parts.first, to: residual.index)
        }
        if let second = norm.parts.second { plan.release(second) }
    }

    func forward(_ pass: Pass, _ images: Range<Int>) {
        var grid = own.place.grid(images.count)
        var map = norm.map(isTraining: pass.isTraining)
        assay_affine(
            &grid, &map, own.place.pointer(pass, images), own.residual?.pointer(pass, images),
            own.to.pointer(pass, images))
    }

    func backward(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) {
        var grid = own.place.grid(images.count)
        var map = norm.map(isTraining: true)
        let statistics = pass.activations.statistics[own.index]
        let at = images.lowerBound * own.across
        let other = norm.parts.second.map { own.to.gradient(pass, $0, images) }
        assay_affine_sums(
            &grid, &map, own.place.pointer(pass, images), own.residual == nil ? nil : own.to.pointer(pass, images),
            own.to.gradient(pass, norm.parts.first, images), other, statistics.sum.pointer + at,
            statistics.product.pointer + at)
    }
}
