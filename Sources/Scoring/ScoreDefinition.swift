/// How a score is made of its records: one case per shape of formula.
enum Formula: Sendable, Equatable {
    case mean(SampleRecord)
    case sum(SampleRecord)
    /// The sum over the first checkpoints, so many.
    case sumOfFirst(SampleRecord, Int)
    /// The last checkpoint's.
    case last(SampleRecord)
    /// The standard deviation over the checkpoints, ddof 0.
    case deviation(SampleRecord)
    /// Steps from correct to wrong; a sample that was never correct gets so many, nil: as many as there are checkpoints.
    case forgetting(neverLearned: Double?)
    /// The mean over windows of J checkpoints of 10 · std (ddof 1), times 1 − the window's mean where `timesError`.
    case windows(SampleRecord, timesError: Bool, dropsLast: Bool)
    /// The mean over the last W windows of J checkpoints of std (ddof 1).
    case lastWindows(SampleRecord, dropsLast: Bool)
    /// TDDS: Σ_k α (1 − α)^{T−J−k} ‖KD_j − mean KD_j‖₂ over the J − 1 steps of window k.
    case steps(alpha: Double)
    /// (1/T) · the mean of ‖p_T − q‖₂.
    case softMean
    /// ‖p − e‖₂ · √(1 + ‖h‖²) at the last checkpoint.
    case gradientNorm
}

extension Formula {
    var record: SampleRecord {
        switch self {
        case .mean(let record), .sum(let record), .sumOfFirst(let record, _), .last(let record), .deviation(let record),
            .windows(let record, _, _), .lastWindows(let record, _):
            record
        case .forgetting: .correct
        case .steps: .step
        case .softMean: .softEL2N
        case .gradientNorm: .el2n
        }
    }

    var takesSpan: Bool {
        switch self {
        case .windows, .lastWindows, .steps: true
        default: false
        }
    }

    var takesWindow: Bool {
        if case .lastWindows = self { true } else { false }
    }

    /// The fewest checkpoints of a window: a standard deviation needs two values, and J checkpoints have J − 1 steps.
    var smallestSpan: Int { if case .steps = self { 3 } else { 2 } }
}

/// One published form of a score.
public struct ScoreVariant: Sendable, Equatable {
    public let name: String
    /// In one sentence; J is the span, W the windows, T the temperature.
    public let definition: String
    let formula: Formula
}

/// A score by name, its variants, and what it takes.
public struct ScoreDefinition: Sendable, Equatable {
    /// Which checkpoints it reads unless others are asked for.
    public enum Reach: String, Sendable, Equatable {
        case all, last
        /// Those that the last windows cover.
        case lastWindows = "last windows"
    }

    public let name: String
    public let direction: ScoreDirection
    /// The first is the default.
    public let variants: [ScoreVariant]
    /// J and W unless others are asked for; nil where there is no such parameter.
    public let span: Int?
    public let window: Int?
    public let source: String

    public var takesTemperature: Bool { variants[0].formula == .softMean }
    public var needsTargets: Bool { variants[0].formula == .softMean }
    public var needsFeatures: Bool { variants[0].formula == .gradientNorm }
    /// The record that each variant is made of, without repetitions.
    public var records: [SampleRecord] {
        variants.map(\.formula.record).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    public var reach: Reach {
        switch variants[0].formula {
        case .last, .gradientNorm: .last
        case .lastWindows: .lastWindows
        default: .all
        }
    }

    init(
        _ name: String, _ direction: ScoreDirection, span: Int? = nil, window: Int? = nil, source: String,
        _ variants: (name: String, formula: Formula, definition: String)...
    ) {
        self.name = name
        self.direction = direction
        self.variants = variants.map { ScoreVariant(name: $0.name, definition: $0.definition, formula: $0.formula) }
        self.span = span
        self.window = window
        self.source = source
    }
}
