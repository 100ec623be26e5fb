internal import CKernels

private let epsilon: Float = 1e-5

/// γ and β of one normalisation, zero in padded lanes, and what its steps share.
final class NormParameters {
    let norm: NetworkDescription.Norm
    /// The input's place.
    let place: TensorPlace
    let to: TensorPlace
    let residual: TensorPlace?
    /// Place among `Activations.statistics`.
    let index: Int
    let gamma: FloatBuffer
    let beta: FloatBuffer
    private let weight: ParameterLayout.Parameter?
    private let bias: ParameterLayout.Parameter?
    /// Places in a native gradient.
    let gammaGradient: Int
    let betaGradient: Int

    init(
        _ norm: NetworkDescription.Norm, _ layout: ParameterLayout, from: TensorPlace, to: TensorPlace,
        residual: TensorPlace?, index: Int, places: inout GradientPlaces
    ) {
        self.norm = norm
        place = from
        self.to = to
        self.residual = residual
        self.index = index
        let across = from.grid(1).across
        gamma = FloatBuffer(across)
        beta = FloatBuffer(across)
        let isAffine = norm.kind != .none
        weight = isAffine ? layout["\(norm.name)/weight"] : nil
        bias = isAffine ? layout["\(norm.name)/bias"] : nil
        if !isAffine { gamma.pointer.update(repeating: 1, count: across) }
        gammaGradient = places.take(across)
        betaGradient = places.take(across)
    }

    var kind: NetworkSpec.Normalisation { norm.kind }
    var across: Int { gamma.count }

    func prepare(_ parameters: UnsafePointer<Float>) {
        guard let weight, let bias else { return }
        gamma.pointer.update(from: parameters + weight.offset, count: weight.count)
        beta.pointer.update(from: parameters + bias.offset, count: bias.count)
    }

    func collect(_ gradient: UnsafePointer<Float>, into collected: UnsafeMutablePointer<Float>) {
        guard let weight, let bias else { return }
        (collected + weight.offset).update(from: gradient + gammaGradient, count: weight.count)
        (collected + bias.offset).update(from: gradient + betaGradient, count: bias.count)
    }

    /// The map with these coefficients, `stride` floats from one image's to the next one's.
    func map(
        scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, mean: UnsafePointer<Float>,
        level: UnsafePointer<Float>, curve: UnsafePointer<Float>, stride: Int
    ) -> assay_affine_map {
        let activation =
            switch norm.activation {
            case .linear: assay_linear
            case .relu: assay_relu
            case .relu6: assay_relu6
            }
        return assay_affine_map(
            scale: scale, shift: shift, mean: mean, level: level, curve: curve, stride: stride,
            activation: Int32(activation), pool: norm.pool ? 1 : 0)
    }
}

/// Instance normalisation, ReLU and pooling in one pass each way.
final class InstancePoolStep: Step {
    private let own: NormParameters
    private var slot = 0

    init(_ parameters: NormParameters) { own = parameters }

    /// Whether there is such a pass for `norm`.
    static func fits(_ norm: NetworkDescription.Norm) -> Bool {
        norm.kind == .instance && norm.activation == .relu && norm.pool && norm.residual == nil
    }

    func plan(_ plan: inout GradientPlan) {
        slot = plan.parts(of: own.to.index).first
        plan.release(slot)
    }

    func forward(_ pass: Pass, _ images: Range<Int>) {
        var grid = own.place.grid(images.count)
        let statistics = pass.activations.statistics[own.index]
        let at = images.lowerBound * own.across
        assay_norm_relu_pool(
            &grid, own.place.pointer(pass, images), own.gamma.pointer, own.beta.pointer, epsilon,
            statistics.mean.pointer + at, statistics.spread.pointer + at, own.to.pointer(pass, images))
    }

    func begin(gradient: UnsafeMutablePointer<Float>) {
        (gradient + own.gammaGradient).update(repeating: 0, count: own.across)
        (gradient + own.betaGradient).update(repeating: 0, count: own.across)
    }

    func backward(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) {
        var grid = own.place.grid(images.count)
        let statistics = pass.activations.statistics[own.index]
        let at = images.lowerBound * own.across
        assay_norm_relu_pool_backward(
            &grid, own.place.pointer(pass, images), own.gamma.pointer, own.beta.pointer, statistics.mean.pointer + at,
            statistics.spread.pointer + at, own.to.gradient(pass, slot, images), gradient + own.gammaGradient,
            gradient + own.betaGradient)
    }
}

/// No normalisation, or that of each group of channels of each image, with what follows it.
final class ImageNormStep: Step {
    private let own: NormParameters
    private let groups: Int
    private var parts: (first: Int, second: Int?) = (0, nil)

    /// - Parameter groups: groups of channels, or 0 for no normalisation.
    init(_ parameters: NormParameters, groups: Int) {
        own = parameters
        self.groups = groups
    }

    func plan(_ plan: inout GradientPlan) {
        parts = plan.parts(of: own.to.index)
        if let residual = own.residual {
            plan.retain(parts.first)
            plan.add(parts.first, to: residual.index)
        }
        plan.release(parts.first)
        if let second = parts.second { plan.release(second) }
    }

    private func map(_ statistics: Activations.Statistics, _ images: Range<Int>) -> assay_affine_map {
        let at = images.lowerBound * own.across
        let own = statistics.own.map { UnsafePointer($0.pointer + at) }
        return self.own.map(
            scale: own[0], shift: own[1], mean: statistics.mean.pointer + at, level: own[2], curve: own[3],
            stride: self.own.across)
    }

    func forward(_ pass: Pass, _ images: Range<Int>) {
        var grid = own.place.grid(images.count)
        let statistics = pass.activations.statistics[own.index]
        let x = own.place.pointer(pass, images)
        let at = images.lowerBound * own.across
        if groups > 0 { assay_moments(&grid, x, statistics.mean.pointer + at, statistics.spread.pointer + at) }
        for image in images { setScale(statistics, image) }
        var map = map(statistics, images)
        assay_affine(&grid, &map, x, own.residual?.pointer(pass, images), own.to.pointer(pass, images))
    }

    /// Scale and shift of one image; `mean` and `spread` (then 1/σ) become those of the channel's group.
    private func setScale(_ statistics: Activations.Statistics, _ image: Int) {
        let at = image * own.across
        let (mean, spread) = (statistics.mean.pointer + at, statistics.spread.pointer + at)
        let (scale, shift) = (statistics.own[0].pointer + at, statistics.own[1].pointer + at)
        guard groups > 0 else {
            scale.update(from: own.gamma.pointer, count: own.across)
            shift.update(repeating: 0, count: own.across)
            return
        }
        let (size, area) = (own.place.channels / groups, Float(own.place.grid(1).area))
        for group in 0..<groups {
            let channels = group * size..<(group + 1) * size
            let middle = channels.reduce(Float(0)) { $0 + mean[$1] } / Float(size)
            let total = channels.reduce(Float(0)) {
                $0 + spread[$1] + area * (mean[$1] - middle) * (mean[$1] - middle)
            }
            let inverse = 1 / (total / (area * Float(size)) + epsilon).squareRoot()
            for channel in channels {
                mean[channel] = middle
                spread[channel] = inverse
                scale[channel] = own.gamma.pointer[channel] * inverse
                shift[channel] = own.beta.pointer[channel] - middle * scale[channel]
            }
        }
    }

    func begin(gradient: UnsafeMutablePointer<Float>) {
        (gradient + own.gammaGradient).update(repeating: 0, count: own.across)
        (gradient + own.betaGradient).update(repeating: 0, count: own.across)
    }

    func backward(_ pass: Pass, _ images: Range<Int>, gradient: UnsafeMutablePointer<Float>) {
        var grid = own.place.grid(images.count)
        let statistics = pass.activations.statistics[own.index]
        let x = own.place.pointer(pass, images)
        let dy = own.to.gradient(pass, parts.first, images)
        let at = images.lowerBound * own.across
        var map = map(statistics, images)
        let other = parts.second.map { own.to.gradient(pass, $0, images) }
        let y = own.residual == nil ? nil : own.to.pointer(pass, images)
        assay_affine_sums(
            &grid, &map, x, y, dy, other, statistics.sum.pointer + at, statistics.product.pointer + at)
        if groups > 0 { for image in images { setSlope(statistics, image, gradient) } }
        assay_affine_backward(&grid, &map, x, dy, other != nil || y != nil ? 1 : 0)
    }

    /// Level and curve of one image, from dx = r (γ dz − mean γ dz − x̂ mean γ dz x̂) with r = 1/σ; adds to dγ and dβ.
    private func setSlope(
        _ statistics: Activations.Statistics, _ image: Int, _ gradient: UnsafeMutablePointer<Float>
    ) {
        let at = image * own.across
        let (sum, product) = (statistics.sum.pointer + at, statistics.product.pointer + at)
        let (level, curve) = (statistics.own[2].pointer + at, statistics.own[3].pointer + at)
        let inverses = statistics.spread.pointer + at
        let (dgamma, dbeta) = (gradient + own.gammaGradient, gradient + own.betaGradient)
        let size = own.place.channels / groups
        let count = Float(size * own.place.grid(1).area)
        for group in 0..<groups {
            let channels = group * size..<(group + 1) * size
            let inverse = inverses[channels.lowerBound]
            var (total, moment) = (Float(0), Float(0))
            for channel in channels {
                total += own.gamma.pointer[channel] * sum[channel]
                moment += own.gamma.pointer[channel] * product[channel]
                dgamma[channel] += product[channel] * inverse
                dbeta[channel] += sum[channel]
            }
            for channel in channels {
                level[channel] = inverse * total / count
                curve[channel] = inverse * inverse * inverse * moment / count
            }
        }
    }
}
