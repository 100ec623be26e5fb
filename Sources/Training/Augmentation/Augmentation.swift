// What happens to training images before each use. Evaluation never augments.
//
// All on images [channels, height, width] that are normalised already; where an operation leaves a pixel empty, it
// becomes 0 in the normalised image, which is the mean of the data.

/// Operations on single images, in the order in which they act, then at most one mixture of the images of a batch.
public struct Augmentation: Sendable, Equatable {
    public var operations: [ImageOperation]
    public var mix: Mix?

    public init(_ operations: [ImageOperation] = [], mix: Mix? = nil) {
        self.operations = operations
        self.mix = mix
    }

    public static let none = Augmentation()

    /// The usual augmentation of CIFAR images: a padded crop; then, if `flip`, mirrored half of the time.
    public static func cropFlip(padding: Int, flip: Bool) -> Augmentation {
        Augmentation(flip ? [.crop(padding: padding), .flip] : [.crop(padding: padding)])
    }

    /// Each image of a batch becomes a mixture with another one of the batch.
    public struct Mix: Sendable, Equatable {
        public enum Kind: String, Sendable, Equatable, CaseIterable {
            /// A rectangle of the image is replaced by the partner's (Yun et al. 2019).
            case cutmix
            /// λ · image + (1 − λ) · partner (Zhang et al. 2018).
            case mixup
        }
        /// Whether the labels are mixed as the images are, or the image keeps its own.
        public enum Labels: String, Sendable, Equatable, CaseIterable { case mixed, kept }

        public var kind: Kind
        /// λ is drawn from Beta(α, α), once per batch.
        public var alpha: Double
        /// The share of batches that are mixed.
        public var probability: Double
        public var labels: Labels

        public init(_ kind: Kind, alpha: Double = 1, probability: Double = 1, labels: Labels = .mixed) {
            self.kind = kind
            self.alpha = alpha
            self.probability = probability
            self.labels = labels
        }
    }
}

/// One operation on an image; the result has the size of the original.
public enum ImageOperation: Sendable, Equatable {
    /// A crop of the original size from the image with `padding` zeros on each side, all positions equally likely.
    case crop(padding: Int)
    /// Mirrored left to right half of the time.
    case flip
    /// As torchvision's `RandomResizedCrop`: a crop of a share `scale` of the area (uniform) and an aspect ratio (width /
    /// height, log-uniform) in `ratio`, enlarged bilinearly. A crop is never larger than the image, so that `antialias`
    /// makes no difference.
    case randomResizedCrop(scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 3.0 / 4...4.0 / 3)
    /// A square of `size` pixels becomes 0; its centre is uniform over the pixels, so that parts may lie outside
    /// (DeVries & Taylor 2017).
    case cutout(size: Int, probability: Double = 1)
    /// The Cutout of the PCA repository: one square for the whole batch, its side ⌊ratio · height⌋, all of it inside.
    case batchCutout(ratio: Double = 0.5, probability: Double = 1)
    /// RDED's: the columns of a `grid` × `grid` division in a random order, then its rows (not each patch by itself).
    case patchShuffle(grid: Int)
    /// PCA's for composite images: one cell of a `grid` × `grid` division, enlarged bilinearly. A randomResizedCrop
    /// that follows at once crops within the cell, and both enlarge in one go.
    case patchExtract(grid: Int)
    case dsa(DSA)
}

/// Differentiable Siamese augmentation (Zhao & Bilen 2021) with the strengths of the public code of DC, DSA and DM.
public struct DSA: Sendable, Equatable {
    public enum Transform: String, Sendable, Equatable, CaseIterable {
        /// Brightness ± 0.5, then saturation × 0…2, then contrast × 0.5…1.5.
        case color
        /// Shifted by up to an eighth of the height and of the width.
        case crop
        /// A rectangle of half the height and half the width becomes 0; parts may lie outside.
        case cutout
        case flip
        /// Height and width independently × 1/1.2…1.2 (the sampling grid: larger numbers shrink the image).
        case scale
        /// By up to 15° either way.
        case rotate
    }
    public enum Mode: String, Sendable, Equatable, CaseIterable {
        /// One transform per batch, drawn from the strategy: the public code's `S`, its default.
        case single
        /// Every transform of the strategy in turn: its `M`.
        case multiple
    }

    public var strategy: [Transform]
    /// One draw for the whole batch (as with a seed in the public code) rather than one per image (as in its evaluation).
    public var siamese: Bool
    public var mode: Mode

    public init(
        _ strategy: [Transform] = [.color, .crop, .cutout, .flip, .scale, .rotate], siamese: Bool = false,
        mode: Mode = .single
    ) {
        self.strategy = strategy
        self.siamese = siamese
        self.mode = mode
    }
}
