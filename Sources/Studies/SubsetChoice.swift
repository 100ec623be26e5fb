/// Which images a run trains on.
public indirect enum SubsetChoice: Sendable, Equatable {
    /// Every training image.
    case all
    /// Class-balanced, drawn by seed.
    case random(ipc: [Int])
    /// No images of the data set: Gaussian noise with its mean and deviation, every class as often.
    case noise(ipc: [Int])
    case scored(ScoredSubsetChoice)
    case coreset(CoresetChoice)
    /// The samples of an index list made elsewhere.
    case listed(file: String)
    case given(GivenSetChoice)
    /// Another subset with some labels wrong, or each of its images several times.
    case altered(SubsetChoice, Alterations)

    /// What is done to a subset after it was chosen.
    public struct Alterations: Sendable, Equatable {
        /// Shares of the images that get another class's label, one subset each; empty: none does.
        public var labelNoise: [Double]
        /// How often each image stands in the subset.
        public var copies: Int
    }

    /// The IPCs it spans; empty where it has none to choose from.
    public var ipc: [Int] {
        switch self {
        case .all, .listed, .given: []
        case .random(let ipc), .noise(let ipc): ipc
        case .scored(let scored): scored.ipc
        case .coreset(let coreset): coreset.ipc
        case .altered(let subset, _): subset.ipc
        }
    }

    /// The subset as it is chosen, before anything is done to it.
    public var unaltered: SubsetChoice { if case .altered(let subset, _) = self { subset } else { self } }

    /// The run whose scores or features choose the images, where the study names one.
    public var from: SourceReference? {
        switch unaltered {
        case .scored(let scored): scored.from
        case .coreset(let coreset): coreset.from
        default: nil
        }
    }
}

/// Images chosen by a score.
public struct ScoredSubsetChoice: Sendable, Equatable {
    public enum Keep: String, Sendable, Equatable, CaseIterable {
        case easiest, hardest, highest, lowest, window
    }
    /// `el2n`, `cad-prune`, …
    public var method: String
    /// The published form of the score; nil: its default.
    public var variant: String?
    public var keep: Keep
    public var ipc: [Int]
    /// Fractions of a random pool of IPC / fraction images per class; empty: of the whole class.
    public var fractions: [Double]
    /// Number of windows over the sorted score, hardest first.
    public var windows: Int?
    /// Windowed scores: checkpoints in a window (J) and windows averaged (W); nil: the score's default.
    public var span: Int?
    public var window: Int?
    /// Epochs between the checkpoints that the score reads; nil: it reads all.
    public var every: Double?
    /// Positions of the checkpoints that the score reads, of those at `every`; nil: all.
    public var checkpoints: Range<Int>?
    public var from: SourceReference?
    public var balanced: Bool
}

/// Images chosen by their features in a run on all images.
public struct CoresetChoice: Sendable, Equatable {
    /// `k-center`, `herding`, …
    public var method: String
    public var ipc: [Int]
    public var from: SourceReference?
}

/// Images of one's own, a distilled set for instance.
public struct GivenSetChoice: Sendable, Equatable {
    public enum Pixels: String, Sendable, Equatable, CaseIterable {
        /// 0…255, as whole numbers.
        case bytes
        /// 0…1.
        case unit
        /// (x / 255 − mean) / std with the training images' mean and deviation.
        case normalised
    }
    /// `.npz`, or a directory of `.npy`.
    public var path: String
    public var pixels: Pixels
}
