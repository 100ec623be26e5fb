import Randomness

/// How the images of one batch are mixed: a value, so that a student, a teacher and a test see the same mixture.
///
/// Slot k of the batch shows `share` of its own image and 1 − `share` of the one in slot `partners[k]`, both augmented.
/// One λ (and rectangle) per batch, as in the public code of CutMix, SRe2L and RDED.
public struct BatchMix: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// This region comes from the partner.
        case cutmix(ImageRegion)
        /// Every pixel is `share` · own + (1 − `share`) · partner.
        case mixup
    }

    public var kind: Kind
    /// Slots of the batch, [B]: a permutation, in which a slot may be its own partner.
    public var partners: [Int]
    /// λ: the share of the own image, 0…1. Of CutMix it is the area that was left, exactly.
    public var share: Double
    public var labels: Augmentation.Mix.Labels

    /// The weight of the slot's own label in the loss, λ or 1; its partner's has the rest.
    public var ownLabelWeight: Double { labels == .mixed ? share : 1 }

    public init(kind: Kind, partners: [Int], share: Double, labels: Augmentation.Mix.Labels) {
        self.kind = kind
        self.partners = partners
        self.share = share
        self.labels = labels
    }
}

/// A rectangle of pixels.
public struct ImageRegion: Sendable, Equatable, Codable {
    public var top: Int
    public var left: Int
    public var height: Int
    public var width: Int

    public init(top: Int, left: Int, height: Int, width: Int) {
        self.top = top
        self.left = left
        self.height = height
        self.width = width
    }

    public var area: Int { height * width }

    /// The part of `rows` × `columns` that lies within an image.
    init(clipping rows: Range<Int>, _ columns: Range<Int>, to shape: ImageShape) {
        let rows = rows.clamped(to: 0..<shape.height)
        let columns = columns.clamped(to: 0..<shape.width)
        self.init(top: rows.lowerBound, left: columns.lowerBound, height: rows.count, width: columns.count)
    }
}

extension Augmentation.Mix {
    /// The mixture of a batch of `count` images; nil where this batch is not mixed.
    func draw(count: Int, shape: ImageShape, from stream: inout RandomStream) -> BatchMix? {
        guard stream.uniform() < probability else { return nil }
        let lambda = stream.beta(alpha)
        let partners = stream.permutation(of: count)
        guard kind == .cutmix else {
            return BatchMix(kind: .mixup, partners: partners, share: lambda, labels: labels)
        }
        // Half the sides of a rectangle of the area 1 − λ, around a uniform pixel, as in CutMix's public code.
        let side = (1 - lambda).squareRoot()
        let (halfHeight, halfWidth) = (Int(Double(shape.height) * side) / 2, Int(Double(shape.width) * side) / 2)
        let (x, y) = (stream.integer(below: shape.width), stream.integer(below: shape.height))
        let region = ImageRegion(
            clipping: y - halfHeight..<y + halfHeight, x - halfWidth..<x + halfWidth, to: shape)
        let share = 1 - Double(region.area) / Double(shape.height * shape.width)
        return BatchMix(kind: .cutmix(region), partners: partners, share: share, labels: labels)
    }
}
