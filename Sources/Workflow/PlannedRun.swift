import Records
import Studies
import Tables
import Training

/// Bumped when a change of the trainer or of the selection changes the numbers of a run: every run of that network made
/// before is stale. Perceptrons are at 2 since their layers are cut by outputs.
func runSemantics(_ model: ModelChoice) -> Int {
    if case .mlp = model { 2 } else { 1 }
}

/// Bumped when the values of objectives change: those that were kept are evaluated again.
let objectiveSemantics = 2

/// One run with every default filled in. Nothing downstream sees an optional choice.
public struct PlannedRun: Sendable, Equatable {
    /// Where the soft labels or the scores come from.
    public struct Source: Sendable, Equatable {
        public var id: String
        public var digest: String
    }

    /// The end of another run, from which this one goes on.
    public struct Start: Sendable, Equatable {
        public var source: Source
        /// Samples seen there.
        public var samples: Int
    }

    public enum Labels: Sendable, Equatable {
        case hard
        case soft(Teaching)
    }

    /// Who labels, and what.
    public struct Teaching: Sendable, Equatable {
        public var teachers: [Teacher]
        public var temperature: Double
        /// nil: one fixed label per image.
        public var views: Views?

        public struct Teacher: Sendable, Equatable {
            /// A run of the study; of a file its path, and the digest of its content.
            public var source: Source
            /// The position of its checkpoint; nil: the last.
            public var checkpoint: Int?
            /// The network of a run from a file; nil: a run of the study.
            public var model: ModelChoice?
            /// Whether its network labels; otherwise the logits that it stored.
            public var usesNetwork = true
            /// In words, for the plan.
            public var place = ""

            public var isFile: Bool { model != nil }
        }

        /// What the student is shown is what the teacher labels.
        public struct Views: Sendable, Equatable {
            public var mix: AugmentationChoice.Mix?
            /// Stored labels per image; nil: as many as views.
            public var perImage: Int?
        }
    }

    public var id: String
    public var modelName: String
    public var model: ModelChoice
    public var recipe: RecipeChoice
    public var regime: String
    public var labels: Labels
    /// The subset's name with fraction and window, without IPC: `pool-f0.8`.
    public var subset: String
    /// The subset's name in the study.
    public var family: String
    public var images: Images
    /// What was done to the images after they were chosen; nil: nothing.
    public var alteration: Alteration?
    public var budgetName: String
    /// Compute in epochs of the full training set.
    public var budget: Double
    public var seed: Int
    /// N: images of this run.
    public var samples: Int
    /// Samples seen by the end, repeats counted.
    public var totalSamples: Int
    /// Samples seen at each checkpoint (a checkpoint falls on the first step at or after).
    public var checkpoints: [Int]
    /// How many the study asks for, of which some may be one; no part of the digest.
    var askedCheckpoints: Int
    public var recordsLogits: Bool
    /// How those are taken.
    public var recordedPass: RecordChoice.Pass
    /// Whether records are kept of the whole training set, though this run trains on a part of it.
    public var recordsAllSamples = false
    /// Those of the checkpoints that keep weights.
    public var weightsAt: [Int]
    /// Those of the checkpoints whose network another run learns from; no part of the digest, because the run is the same
    /// without it.
    public var taughtAt: [Int] = []
    public var recordsFeatures: Bool
    /// What a reader of the plan would not expect, beside what follows from the run itself.
    var remarks: [String] = []
    /// The key of the random streams, where a trunk shares it with its branches; nil: the id.
    public var identity: String?
    /// Where a branch begins; no part of the digest, because the run is the same without it.
    public var start: Start?
    /// Whether the last checkpoint keeps what a branch needs.
    public var keepsState = false
    public var precision: StoredPrecision
    /// The named blocks that ask for it.
    public var blocks: [String]
    /// Not asked for by a block: another run needs it.
    public var isInserted: Bool
    /// The data set's name, digest and number of validation images.
    public var data: DataFacts

    /// Epochs of this run's own images.
    public var plannedEpochs: Double { Double(totalSamples) / Double(samples) }

    /// The runs that must be there before this one.
    public var sources: [Source] {
        var sources: [Source] = []
        if case .soft(let teaching) = labels {
            for teacher in teaching.teachers where !teacher.isFile && !sources.contains(teacher.source) {
                sources.append(teacher.source)
            }
        }
        if let start { sources.append(start.source) }
        if let chooser = images.source, !sources.contains(chooser) { sources.append(chooser) }
        return sources
    }

    /// SHA-256 over the resolved run; equal digests are equal runs.
    public var digest: String { sha256(resolved.text(pretty: false)) }
}
