internal import CKernels

/// One worker's memory for drawing views: two workers never share one.
public final class AugmentationScratch {
    /// A second image, for steps that cannot work in place.
    let image: FloatBuffer
    /// The partner's image, of a mixture.
    let partner: FloatBuffer
    let resampler: BilinearResampler
    /// The view that is being drawn.
    var view = View()

    public init(shape: ImageShape) {
        image = FloatBuffer(shape.count)
        partner = FloatBuffer(shape.count)
        resampler = BilinearResampler(shape)
        view.steps.reserveCapacity(16)
    }
}

extension Augmenter {
    /// Shows `image` [channels, height, width] as the view says; `target` has the same shape and lies elsewhere.
    public func draw(
        _ view: View, of image: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
        scratch: AugmentationScratch
    ) {
        // Steps that move pixels go back and forth between two images, so that the last one ends in `target`.
        var moves = view.steps.reduce(0) { $0 + ($1.isInPlace ? 0 : 1) }
        var current = image
        if view.steps.first?.isInPlace ?? true {
            let start = moves.isMultiple(of: 2) ? target : scratch.image.pointer
            start.update(from: image, count: shape.count)
            current = UnsafePointer(start)
        }
        for step in view.steps {
            if step.isInPlace {
                step.apply(to: UnsafeMutablePointer(mutating: current), shape: shape)
            } else {
                let next = moves.isMultiple(of: 2) ? scratch.image.pointer : target
                step.move(current, into: next, shape: shape, resampler: scratch.resampler)
                current = UnsafePointer(next)
                moves -= 1
            }
        }
    }

    /// Draws slot `slot` of a batch: its own view, mixed with its partner's. Slices of a batch can be drawn apart.
    ///
    /// - Parameters:
    ///   - samples: the batch, indices into `images`.
    ///   - images: [N, channels, height, width].
    public func draw(
        slot: Int, of samples: ArraySlice<Int>, epoch: Int, batch: Int, mix: BatchMix?, images: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>, scratch: AugmentationScratch
    ) {
        func draw(_ slot: Int, into target: UnsafeMutablePointer<Float>) {
            let sample = samples[samples.startIndex + slot]
            redraw(&scratch.view, epoch: epoch, batch: batch, sample: sample)
            self.draw(scratch.view, of: images + sample * shape.count, into: target, scratch: scratch)
        }
        draw(slot, into: target)
        guard let mix, mix.partners[slot] != slot, mix.share < 1 else { return }
        draw(mix.partners[slot], into: scratch.partner.pointer)
        mix.apply(to: target, partner: scratch.partner.pointer, shape: shape)
    }
}

extension BatchMix {
    /// Mixes an image [channels, height, width] with its partner.
    public func apply(to image: UnsafeMutablePointer<Float>, partner: UnsafePointer<Float>, shape: ImageShape) {
        switch kind {
        case .mixup:
            let (own, other) = (Float(share), Float(1 - share))
            for i in 0..<shape.count { image[i] = own * image[i] + other * partner[i] }
        case .cutmix(let region):
            shape.forEachRow(of: region) { start in
                (image + start).update(from: partner + start, count: region.width)
            }
        }
    }
}

extension ImageShape {
    /// The offset of each row of a region, in every channel.
    func forEachRow(of region: ImageRegion, _ body: (_ start: Int) -> Void) {
        for channel in 0..<channels {
            for row in region.top..<region.top + region.height {
                body((channel * height + row) * width + region.left)
            }
        }
    }
}

extension View.Step {
    /// Whether no pixel moves.
    fileprivate var isInPlace: Bool {
        switch self {
        case .blank, .color: true
        case .shift, .enlarge, .shuffle, .warp: false
        }
    }

    fileprivate func apply(to image: UnsafeMutablePointer<Float>, shape: ImageShape) {
        switch self {
        case .blank(let region):
            shape.forEachRow(of: region) { (image + $0).update(repeating: 0, count: region.width) }
        case .color(let brightness, let saturation, let contrast):
            recolor(image, shape, brightness: brightness, saturation: saturation, contrast: contrast)
        case .shift, .enlarge, .shuffle, .warp: break
        }
    }

    fileprivate func move(
        _ image: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, shape: ImageShape,
        resampler: BilinearResampler
    ) {
        switch self {
        case .shift(let down, let right, let mirrored):
            assay_shift_flip(
                image, shape.channels, shape.height, shape.width, down, right, mirrored ? 1 : 0, target)
        case .enlarge(let region, let mirrored):
            resampler.enlarge(image, region, mirrored: mirrored, into: target)
        case .shuffle(let grid, let columns, let rows):
            shufflePatches(image, shape, grid: grid, columns: columns, rows: rows, into: target)
        case .warp(let xx, let xy, let yx, let yy):
            warpPixels(image, shape, xx: xx, xy: xy, yx: yx, yy: yy, into: target)
        case .blank, .color: break
        }
    }
}
