// Legend: E checkpoints, N samples, C classes. A position counts the checkpoints after training began, from 0.

/// Whether a large score says that a sample is hard.
public enum ScoreDirection: String, Sendable, Equatable {
    case highIsHard = "high_is_hard"
    case lowIsHard = "low_is_hard"
}

/// One number per sample, and what it means.
public struct Score: Sendable, Equatable {
    /// [N]
    public var values: [Double]
    /// `el2n`, `cad-prune`
    public var method: String
    public var variant: String
    public var direction: ScoreDirection
    /// The definition as computed, in one sentence.
    public var definition: String
    /// The positions of the checkpoints that were used.
    public var positions: [Int]

    public init(
        values: [Double], method: String, variant: String, direction: ScoreDirection, definition: String,
        positions: [Int]
    ) {
        self.values = values
        self.method = method
        self.variant = variant
        self.direction = direction
        self.definition = definition
        self.positions = positions
    }
}

/// Why a score cannot be computed.
public enum ScoringError: Error, Sendable, Equatable, CustomStringConvertible {
    /// CAD-Prune needs J + W checkpoints.
    case tooFewCheckpoints(needed: Int, span: Int, window: Int, found: Int)
    /// A logit is NaN or infinite.
    case nonFinite(position: Int, row: Int)
    case labelOutOfRange(row: Int, label: Int, classes: Int)
    case noCheckpoints

    public var exitCode: Int32 { 65 }

    public var description: String {
        switch self {
        case .tooFewCheckpoints(let needed, let span, let window, let found):
            let lacking = found..<needed
            let words = lacking.count == 1 ? "position \(found) is" : "positions \(found)…\(needed - 1) are"
            return
                "CAD-Prune with span \(span) and window \(window) needs \(needed) checkpoints after epoch 0 and found "
                + "\(found): \(words) missing (checkpoint more often, or choose a smaller span or window)"
        case .nonFinite(let position, let row):
            return "a logit of sample row \(row) at checkpoint position \(position) is NaN or infinite"
        case .labelOutOfRange(let row, let label, let classes):
            return "sample row \(row) has label \(label), and there are \(classes) classes"
        case .noCheckpoints: return "no checkpoint after epoch 0 to score"
        }
    }
}
