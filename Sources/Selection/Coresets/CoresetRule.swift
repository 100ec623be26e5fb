/// How a coreset is chosen from features. Legend: N samples, d features, C classes; x features, g = p − e the softmax error.
public enum CoresetRule: Sendable, Equatable {
    /// The sample farthest (Euclidean) from the nearest one chosen.
    case kCenter(first: FirstCenter = .random)
    /// The sample that brings the mean of the chosen ones nearest to the mean of all.
    case herding
    /// DeepCore's herding, which takes the sample that takes it farthest.
    case herdingArgmax
    /// The largest λ Σ_j s(j, x) − 2 Σ_{j chosen} s(j, x), s = (1 + cosine) / 2.
    case graphCut(lambda: Double = 1)
    /// The largest increase of Σ_j max_{i chosen} s(j, i), s = (1 + cosine) / 2.
    case facilityLocation
    /// Facility location of last-layer gradients u = g ⊗ [x; 1] by distance, with weights.
    case craig(CraigWeights = .assigned)
    /// The largest ⟨u, mean validation gradient⟩, which takes one Taylor step of this rate after every pick.
    case glister(rate: Double = 0.1)
    /// GLISTER as DeepCore runs it: the validation gradient is never updated.
    case glisterStatic
    /// The largest (or lowest) mean symmetric KL divergence between a sample's softmax and its nearest neighbours'.
    case cal(neighbours: Int = 10, order: CALOrder = .highest)
    /// The middle of the order by distance to the class's median features.
    case moderate

    public enum FirstCenter: Sendable, Equatable {
        /// By seed and sample id.
        case random
        /// The first row (of each class).
        case firstRow
    }

    public enum CraigWeights: Sendable, Equatable {
        /// How many samples are nearest to the chosen one; Σ = N.
        case assigned
        /// One more, as in DeepCore; Σ = N + number chosen.
        case deepCore
    }

    public enum CALOrder: Sendable, Equatable {
        /// As the CAL paper.
        case highest
        /// As DeepCore's code.
        case lowest
    }

    /// What a rule is called, what it needs beside features, what its trace holds and where it comes from.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let rule: CoresetRule
        /// Softmax errors p − e, [N, C].
        public let needsErrors: Bool
        public let hasWeights: Bool
        /// What `Coreset.trace` holds after each pick; nil where there is nothing to trace.
        public let trace: String?
        public let source: String
    }

    /// Every rule by name, with its defaults.
    public static let table: [Entry] = [
        Entry(
            name: "k-center", rule: .kCenter(), needsErrors: false, hasWeights: false,
            trace: "the largest distance of a sample to the nearest one chosen",
            source: "Sener & Savarese 2018; greedy as in DeepCore"),
        Entry(
            name: "herding", rule: .herding, needsErrors: false, hasWeights: false,
            trace: "the distance between the mean of the chosen and the mean of all", source: "Welling 2009"),
        Entry(
            name: "herding-argmax", rule: .herdingArgmax, needsErrors: false, hasWeights: false,
            trace: "the distance between the mean of the chosen and the mean of all", source: "DeepCore's herding.py"),
        Entry(
            name: "graph-cut", rule: .graphCut(), needsErrors: false, hasWeights: false,
            trace: "λ Σ s over all and chosen − Σ s over chosen and chosen", source: "Iyer & Bilmes 2013; DeepCore"),
        Entry(
            name: "facility-location", rule: .facilityLocation, needsErrors: false, hasWeights: false,
            trace: "the sum over samples of the largest similarity to one chosen",
            source: "Mirzasoleiman et al. 2013; DeepCore"),
        Entry(
            name: "craig", rule: .craig(), needsErrors: true, hasWeights: true,
            trace: "the sum over samples of the distance of their gradient to the nearest one chosen",
            source: "Mirzasoleiman et al. 2020"),
        Entry(
            name: "craig-deepcore", rule: .craig(.deepCore), needsErrors: true, hasWeights: true,
            trace: "the sum over samples of the distance of their gradient to the nearest one chosen",
            source: "DeepCore's craig.py"),
        Entry(
            name: "glister", rule: .glister(), needsErrors: true, hasWeights: false,
            trace: "the mean validation loss after the Taylor step, in nats", source: "Killamsetty et al. 2021"),
        Entry(
            name: "glister-static", rule: .glisterStatic, needsErrors: true, hasWeights: false, trace: nil,
            source: "DeepCore's glister.py, whose update is never called"),
        Entry(
            name: "cal", rule: .cal(), needsErrors: true, hasWeights: false, trace: nil,
            source: "Margatina et al. 2021"),
        Entry(
            name: "cal-lowest", rule: .cal(order: .lowest), needsErrors: true, hasWeights: false, trace: nil,
            source: "DeepCore's cal.py"),
        Entry(
            name: "moderate", rule: .moderate, needsErrors: false, hasWeights: false, trace: nil,
            source: "Xia et al. 2023 (Moderate-DS)"),
    ]

    /// The rule of a name, with its defaults.
    public init?(named name: String) {
        guard let entry = Self.table.first(where: { $0.name == name }) else { return nil }
        self = entry.rule
    }

    var needsErrors: Bool {
        switch self {
        case .craig, .glister, .glisterStatic, .cal: true
        case .kCenter, .herding, .herdingArgmax, .graphCut, .facilityLocation, .moderate: false
        }
    }
}
