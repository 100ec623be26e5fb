import Training

/// The objective `sre2l` (Yin et al. 2023; eq. 3 of paper 1): Σ_l ‖var_l − RV_l‖₂ + ‖mean_l − RM_l‖₂ of the inputs of a
/// trained network's batch normalisations in evaluation mode, over the whole set or as a mean over batches.
///
/// `sre2l-code` is what the public code minimises: the cross-entropy to the labels, plus 0.01 times the statistics with the
/// first layer ten times, over batches of 100 images (without its random crops: `cda` has them).
public struct SRe2L: DistillationObjective, Equatable {
    public enum Variant: Sendable, Equatable { case paper, code }

    public var variant: Variant
    /// nil: the whole set.
    public var batch: Int?

    static let codeWeight = 0.01

    /// - Parameter batch: images whose statistics are taken together; nil: the whole set (paper), 100 (code).
    public init(_ variant: Variant = .paper, batch: Int? = nil) {
        self.variant = variant
        self.batch = batch ?? (variant == .code ? 100 : nil)
    }

    public var name: String { variant == .paper ? "sre2l" : "sre2l-code" }
    public var needs: ObjectiveNeeds { .observers }

    public var definition: String {
        let over = batch.map { "means over batches of \($0) images" } ?? "statistics of the whole set"
        let formula =
            variant == .paper
            ? "‖var − RV‖ + ‖mean − RM‖ summed over batch normalisations"
            : "cross-entropy + \(Self.codeWeight) (‖var − RV‖ + ‖mean − RM‖ summed over batch normalisations, the first ×10)"
        return "\(name): \(formula), norms not squared, biased variances; \(over); observers in evaluation mode"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let table = try ElementTable(sets, in: context)
        let loss = BatchStatisticsLoss(firstMultiplier: variant == .code ? 10 : 1, batch: batch)
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        try context.forEachObserver(name, needsBatchNorm: true) { _, network in
            let seen = try table.observe(network, loss, sets: sets.count, seed: context.seed)
            for (set, value) in seen.enumerated() {
                values[set].literal.append(
                    variant == .code ? value.entropy + Self.codeWeight * value.statistics : value.statistics)
            }
        }
        return values
    }
}
