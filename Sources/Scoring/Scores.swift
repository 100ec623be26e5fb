/// Every score that is known, with each form that published numbers depend on.
public enum Scores {
    public static let names = table.map(\.name)

    /// - Throws: `ScoringError.unknownMethod`, `.unknownVariant`.
    public static func named(
        _ name: String, variant: String? = nil
    ) throws(ScoringError) -> (definition: ScoreDefinition, variant: ScoreVariant) {
        guard let definition = table.first(where: { $0.name == name }) else { throw .unknownMethod(name) }
        guard let variant else { return (definition, definition.variants[0]) }
        guard let found = definition.variants.first(where: { $0.name == variant }) else {
            throw .unknownVariant(method: name, variant: variant)
        }
        return (definition, found)
    }

    public static let table: [ScoreDefinition] = [
        ScoreDefinition(
            "el2n", .highIsHard, source: "Paul et al. 2021; ccs: Zheng et al. 2023",
            ("mean", .mean(.el2n), "mean over the checkpoints of ||softmax(z) - onehot(y)||_2"),
            ("ccs", .sumOfFirst(.el2n, 10), "sum over the first 10 checkpoints of ||softmax(z) - onehot(y)||_2")),
        ScoreDefinition(
            "el1", .highIsHard, source: "Paul et al. 2021, released code",
            ("mean", .mean(.el1), "mean over the checkpoints of ||softmax(z) - onehot(y)||_1 = 2 (1 - p_y)")),
        ScoreDefinition(
            "el2n-sl", .highIsHard, source: "Hard Truths About Soft Labels, section 3.1",
            (
                "mean", .softMean,
                "(1/T) times the mean over the checkpoints of ||softmax(z/T) - q||_2, q the soft label at temperature T"
            )),
        ScoreDefinition(
            "grand", .highIsHard, source: "Paul et al. 2021; last layer as in DeepCore (Guo et al. 2022)",
            (
                "last-layer", .gradientNorm,
                "norm of the last layer's gradient, ||softmax(z) - onehot(y)||_2 sqrt(1 + ||h||^2), h the features"
            )),
        ScoreDefinition(
            "forgetting", .highIsHard, source: "Toneva et al. 2019 and the code released with each variant's paper",
            (
                "toneva", .forgetting(neverLearned: nil),
                "times that correct turned wrong; a sample that was never correct gets the number of checkpoints"
            ),
            (
                "ccs", .forgetting(neverLearned: 0),
                "times that correct turned wrong; a sample that was never correct gets 0"
            ),
            (
                "cartography", .forgetting(neverLearned: 1000),
                "times that correct turned wrong; a sample that was never correct gets 1000"
            ),
            (
                "data-diet", .forgetting(neverLearned: .infinity),
                "times that correct turned wrong; a sample that was never correct gets infinity, written inf"
            )),
        ScoreDefinition(
            "correctness", .lowIsHard, source: "Swayamdipta et al. 2020; Zheng et al. 2023",
            ("count", .sum(.correct), "number of checkpoints at which argmax z = y")),
        ScoreDefinition(
            "aum", .lowIsHard, source: "Pleiss et al. 2020; ccs: Zheng et al. 2023",
            ("logits", .mean(.logitMargin), "mean over the checkpoints of z_y - max over c != y of z_c"),
            ("ccs", .sum(.probabilityMargin), "sum over the checkpoints of p_y - max over c != y of p_c")),
        ScoreDefinition(
            "dyn-unc", .highIsHard, span: 10, source: "He et al. 2024; all-windows: Cho et al. 2025, released code",
            (
                "original", .windows(.targetProbability, timesError: false, dropsLast: true),
                "mean over the windows of J checkpoints, the last left out, of 10 times the standard deviation (ddof 1) "
                    + "of p_y"
            ),
            (
                "all-windows", .windows(.targetProbability, timesError: false, dropsLast: false),
                "mean over all windows of J checkpoints of 10 times the standard deviation (ddof 1) of p_y"
            )),
        ScoreDefinition(
            "dual", .highIsHard, span: 10, source: "Cho et al. 2025",
            (
                "mean", .windows(.targetProbability, timesError: true, dropsLast: false),
                "mean over all windows of J checkpoints of 10 times the standard deviation (ddof 1) of p_y times "
                    + "(1 - mean p_y)"
            )),
        ScoreDefinition(
            "tdds", .highIsHard, span: 10, source: "Zhang et al. 2024, released code",
            (
                "original", .steps(alpha: 0.9),
                "sum over the windows k of J checkpoints of 0.9 * 0.1^(T-J-k) ||KD_j - mean KD_j||_2 over the window's "
                    + "J - 1 steps, KD_j = sum over c of |p' (ln(p' + 1e-8) - ln(p + 1e-8))|, T checkpoints"
            )),
        ScoreDefinition(
            "cad-prune", .highIsHard, span: 6, window: 2, source: "Hard Truths About Soft Labels, U_k and CAD",
            (
                "literal", .lastWindows(.el2n, dropsLast: true),
                "mean over the last W windows of J checkpoints, the very last checkpoint left out, of the standard "
                    + "deviation (ddof 1) of EL2N"
            ),
            (
                "include-last", .lastWindows(.el2n, dropsLast: false),
                "mean over the last W windows of J checkpoints of the standard deviation (ddof 1) of EL2N"
            )),
        ScoreDefinition(
            "confidence", .lowIsHard, source: "Swayamdipta et al. 2020",
            ("mean", .mean(.targetProbability), "mean over the checkpoints of p_y")),
        ScoreDefinition(
            "variability", .highIsHard, source: "Swayamdipta et al. 2020",
            (
                "population", .deviation(.targetProbability),
                "standard deviation (ddof 0) over the checkpoints of p_y"
            )),
        ScoreDefinition(
            "entropy", .highIsHard, source: "Coleman et al. 2020",
            ("last", .last(.entropy), "entropy of softmax(z) in nats, at the last checkpoint")),
        ScoreDefinition(
            "margin", .lowIsHard, source: "Coleman et al. 2020",
            ("last", .last(.topMargin), "largest less second largest probability, at the last checkpoint")),
        ScoreDefinition(
            "least-confidence", .lowIsHard, source: "Coleman et al. 2020",
            ("last", .last(.topProbability), "largest probability, at the last checkpoint")),
        ScoreDefinition(
            "loss", .highIsHard, source: "cross-entropy",
            ("mean", .mean(.loss), "mean over the checkpoints of -ln p_y, in nats")),
    ]
}
