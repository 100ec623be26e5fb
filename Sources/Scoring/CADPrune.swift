/// CAD-Prune: the mean, over W windows at the end of a compute-matched run, of the standard deviation (ddof 1) of EL2N
/// within a window of J checkpoints. High: still being learned when the budget ends.
///
/// With K checkpoints after epoch 0, counted from 0: CAD = (1/W) Σ_{k=K−J−W}^{K−J−1} std(S_k … S_{k+J−1}). The literal
/// formula never reads the last checkpoint, K − 1: the positions are K−J−W … K−2.
///
/// - Source: paper 1 ("Hard Truths About Soft Labels"), its equation for U_k and CAD; J = 6 and W = 2 on ImageNet-1K.
public struct CADPrune: Sendable {
    public let span: Int
    public let window: Int
    private let first: Int
    /// EL2N by position, each [N].
    private var norms: [[Float]] = []

    /// - Parameter checkpoints: K, the checkpoints after epoch 0.
    /// - Throws: `ScoringError.tooFewCheckpoints` when K < J + W.
    public init(span: Int, window: Int, checkpoints: Int) throws(ScoringError) {
        precondition(span >= 2 && window >= 1, "a standard deviation needs two checkpoints")
        let (needed, overflow) = span.addingReportingOverflow(window)
        guard !overflow, checkpoints >= needed else {
            throw .tooFewCheckpoints(
                needed: overflow ? .max : needed, span: span, window: window, found: checkpoints)
        }
        self.span = span
        self.window = window
        first = checkpoints - span - window
    }

    /// The J + W − 1 positions that are read.
    public var positions: Range<Int> { first..<first + span + window - 1 }

    /// Adds the norms of the next position, in the order of `positions`.
    public mutating func add(_ values: [Float]) {
        precondition(norms.count < positions.count && norms.first.map { $0.count == values.count } ?? true)
        norms.append(values)
    }

    public func result() -> Score {
        precondition(norms.count == positions.count, "\(norms.count) of \(positions.count) positions were added")
        let count = norms.first?.count ?? 0
        var values = [Double](repeating: 0, count: count)
        for row in 0..<count {
            var sum = 0.0
            for k in 0..<window {
                var mean = 0.0
                for j in 0..<span { mean += Double(norms[k + j][row]) }
                mean /= Double(span)
                var squares = 0.0
                for j in 0..<span {
                    let deviation = Double(norms[k + j][row]) - mean
                    squares += deviation * deviation
                }
                sum += (squares / Double(span - 1)).squareRoot()
            }
            values[row] = sum / Double(window)
        }
        return Score(
            values: values, method: "cad-prune", variant: "literal", direction: .highIsHard,
            definition:
                "mean over \(window) windows of the standard deviation (ddof 1) of EL2N at \(span) checkpoints, "
                + "positions \(positions.lowerBound)...\(positions.upperBound - 1)",
            positions: Array(positions))
    }
}
