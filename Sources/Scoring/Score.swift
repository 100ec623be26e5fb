// Legend: E checkpoints, N samples, C classes, d features. A position counts the checkpoints after training began, from
// 0; K of them exist.

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
