extension Augmentation {
    /// What is wrong with it for images of `shape`; nil = nothing.
    public func fault(shape: ImageShape) -> String? {
        for operation in operations {
            if let reason = operation.fault(shape: shape) { return reason }
        }
        guard let mix else { return nil }
        if !(mix.alpha > 0 && mix.alpha.isFinite) {
            return "\(mix.kind.rawValue) with alpha \(mix.alpha): it must be above 0"
        }
        return fraction(mix.probability, "the probability of \(mix.kind.rawValue)")
    }
}

extension ImageOperation {
    fileprivate func fault(shape: ImageShape) -> String? {
        let side = min(shape.height, shape.width)
        switch self {
        case .flip: return nil
        case .crop(let padding):
            if padding < 0 { return "a padding of \(padding)" }
            return padding < side
                ? nil : "a padding of \(padding) leaves crops of \(shape) images that hold no pixel of them"
        case .randomResizedCrop(let scale, let ratio):
            if !(scale.lowerBound > 0 && scale.upperBound <= 1) {
                return "a crop of scale \(scale): a share of the image's area lies in 0…1 (0 excluded)"
            }
            return ratio.lowerBound > 0 && ratio.upperBound.isFinite ? nil : "a crop of aspect ratio \(ratio)"
        case .cutout(let size, let probability):
            if size < 1 { return "a cutout of \(size) pixels" }
            if size > 2 * side { return "a cutout of \(size) pixels blanks every image of \(shape)" }
            return fraction(probability, "the probability of cutout")
        case .batchCutout(let ratio, let probability):
            if let reason = fraction(ratio, "the ratio of the cutout") { return reason }
            if Int(Double(shape.height) * ratio) > shape.width {
                return "a cutout of \(ratio) · height is wider than \(shape)"
            }
            return fraction(probability, "the probability of cutout")
        case .patchShuffle(let grid), .patchExtract(let grid):
            if grid < 1 || grid > 16 { return "a grid of \(grid)×\(grid) patches: 1 to 16 are possible" }
            return grid <= side ? nil : "a grid of \(grid)×\(grid) patches is finer than \(shape) images"
        case .dsa(let dsa): return dsa.strategy.isEmpty ? "a DSA strategy of nothing" : nil
        }
    }
}

private func fraction(_ value: Double, _ name: String) -> String? {
    value > 0 && value <= 1 ? nil : "\(name) is \(value): it must lie in 0…1 (0 excluded)"
}
