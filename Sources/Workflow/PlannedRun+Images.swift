import Studies
import Tables

extension PlannedRun {
    /// Which images a run trains on.
    public enum Images: Sendable, Equatable {
        case all
        case random(ipc: Int)
        case noise(ipc: Int)
        case scored(ScoredImages)
        case coreset(CoresetImages)
        case listed(ListedImages)
        case given(GivenImages)

        /// Different images per class; nil where it has no meaning (all images), or no one value.
        public var ipc: Int? {
            switch self {
            case .all: nil
            case .random(let ipc), .noise(let ipc): ipc
            case .scored(let scored): scored.ipc
            case .coreset(let coreset): coreset.ipc
            case .listed(let listed): listed.ipc
            case .given(let given): given.ipc
            }
        }

        /// The run whose scores or features choose them.
        var source: Source? {
            switch self {
            case .scored(let scored): scored.source
            case .coreset(let coreset): coreset.source
            default: nil
            }
        }

        /// Whether they are images of the data set.
        var areOfData: Bool {
            switch self {
            case .noise, .given: false
            default: true
            }
        }

        func count(in data: DataFacts) -> Int {
            switch self {
            case .all: data.training
            case .listed(let listed): listed.count
            case .given(let given): given.count
            case .random, .noise, .scored, .coreset: (ipc ?? 0) * data.classes
            }
        }
    }

    public struct ScoredImages: Sendable, Equatable {
        public var method: String
        public var variant: String?
        public var keep: ScoredSubsetChoice.Keep
        public var ipc: Int
        /// Kept fraction of a random pool of ipc / fraction images per class.
        public var fraction: Double?
        /// Start of the window, as a fraction of each class counted from the hardest.
        public var start: Double?
        public var span: Int?
        public var window: Int?
        /// Epochs between the checkpoints that the score reads; nil: all.
        public var every: Double?
        /// Positions of the checkpoints that the score reads; nil: all.
        public var checkpoints: Range<Int>?
        public var balanced: Bool
        public var source: Source
    }

    public struct CoresetImages: Sendable, Equatable {
        /// A name of `CoresetRule.table`.
        public var method: String
        public var ipc: Int
        public var source: Source
    }

    /// Samples listed in a file.
    public struct ListedImages: Sendable, Equatable {
        public var path: String
        /// Over the samples, in any order.
        public var digest: String
        public var count: Int
        /// nil where the classes do not have equally many.
        public var ipc: Int?
    }

    /// Images in a file, a distilled set for instance.
    public struct GivenImages: Sendable, Equatable {
        public var path: String
        public var pixels: GivenSetChoice.Pixels
        /// Over the numbers in the file.
        public var digest: String
        public var count: Int
        /// nil where the classes do not have equally many.
        public var ipc: Int?
    }

    /// What is done to a subset after it was chosen.
    public struct Alteration: Sendable, Equatable {
        /// Share of the images that get another class's label.
        public var labelNoise: Double?
        /// How often each image stands in the subset.
        public var copies: Int

        /// As it ends the subset's name.
        var suffix: String {
            (labelNoise.map { "-noise\(shortest($0))" } ?? "") + (copies > 1 ? "-x\(copies)" : "")
        }
    }

    /// The subset's name as it was before anything was done to it: altered subsets hold the images of the others of their
    /// name.
    var drawnSubset: String { String(subset.dropLast(alteration?.suffix.count ?? 0)) }
}
