#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A number per sample and checkpoint, as a row of logits gives it or as `/scores/<name>` of a run stores it, [E, N].
///
/// With z the logits, p = softmax(z), y the class, e = onehot(y), p(1) ≥ p(2) ≥ … the probabilities in order.
public enum SampleRecord: String, CaseIterable, Sendable {
    /// ‖p − e‖₂
    case el2n
    /// ‖p − e‖₁ = 2 (1 − p_y)
    case el1
    /// p_y
    case targetProbability = "target_probability"
    /// z_y − max_{c≠y} z_c
    case logitMargin = "logit_margin"
    /// p_y − max_{c≠y} p_c
    case probabilityMargin = "probability_margin"
    /// 1 where y is the first class of the largest logit, else 0.
    case correct
    /// −ln p_y
    case loss
    /// −Σ p ln p, in nats.
    case entropy
    /// p(1)
    case topProbability = "top_probability"
    /// p(1) − p(2)
    case topMargin = "top_margin"
    /// TDDS's step into this checkpoint from the one before, whose probabilities are p′:
    /// Σ_c |p (ln(p + 10⁻⁸) − ln(p′ + 10⁻⁸))|.
    case step = "divergence"
    /// ‖p_T − q‖₂, p and the soft label q at temperature T.
    case softEL2N = "el2n_soft"

    /// The stored records that it can be had from, the best first; none where only logits do.
    public var sources: [SampleRecord] {
        switch self {
        case .el1, .loss: [self, .targetProbability]
        case .softEL2N: []  // a stored one has a temperature, which its name does not say
        default: [self]
        }
    }

    /// The values that a stored record may have, in its unit; beyond them it means something else.
    public var bounds: ClosedRange<Float> {
        switch self {
        // A rounded sum of probabilities may pass 1 by a little.
        case .targetProbability, .topProbability, .topMargin: -0.0001...1.0001
        case .probabilityMargin: -1.0001...1.0001
        case .correct: 0...1
        case .el2n, .softEL2N: 0...1.4152  // √2 rounded to a half
        case .el1: -0.0002...2.0002
        case .loss, .entropy, .step: -0.0001...Float.greatestFiniteMagnitude
        case .logitMargin: -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
        }
    }

    /// Makes this record's values of stored ones of one of its `sources`, which are within their bounds.
    ///
    /// - Returns: the first row whose value is none of this record, or has been rounded too much.
    func convert(
        _ stored: UnsafeBufferPointer<Float>, of source: SampleRecord, to values: UnsafeMutableBufferPointer<Float>
    ) -> Int? {
        switch self {
        case source:
            _ = values.update(fromContentsOf: stored)
            return self == .correct ? stored.firstIndex { $0 != 0 && $0 != 1 } : nil
        case .el1:
            for (row, p) in stored.enumerated() { values[row] = 2 * (1 - min(p, 1)) }
            return nil
        case .loss:
            for (row, p) in stored.enumerated() { values[row] = -logf(min(p, 1)) }
            return stored.firstIndex { $0 <= 0 }
        default: preconditionFailure("\(rawValue) is not made of \(source.rawValue)")
        }
    }
}
