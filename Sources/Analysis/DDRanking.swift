#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// DD-Ranking's scores (Li et al. 2025): accuracies, all on the same test set, as fractions of 1.
public enum DDRanking {
    /// An accuracy that is no fraction: percentages make the exponential overflow or vanish.
    public struct NoFraction: Error, Sendable, Equatable, CustomStringConvertible {
        public let name: String
        public let value: Double
        public var exitCode: Int32 { 65 }
        public var description: String {
            "\(name) is \(value), but must be a fraction from 0 to 1 (percent is divided by 100)"
        }
    }

    /// The label-robust score (e^α − e⁻¹)/(e − e⁻¹) with α = w·IOR − (1 − w)·HLR, 0…1.
    ///
    /// HLR = `realHard` − `distilledHard` is what hard labels lose against the whole data set, IOR = `distilledSoft` −
    /// `randomSoft` what the images add to soft labels. Throws `NoFraction`.
    public static func labelRobustScore(
        realHard: Double, distilledHard: Double, distilledSoft: Double, randomSoft: Double, weight: Double = 0.5
    ) throws(NoFraction) -> Double {
        try check([
            ("the accuracy of the data set", realHard), ("the distilled set's with hard labels", distilledHard),
            ("the distilled set's with soft labels", distilledSoft),
            ("the random images' with soft labels", randomSoft),
            ("the weight", weight),
        ])
        return score(weight * (distilledSoft - randomSoft) - (1 - weight) * (realHard - distilledHard))
    }

    /// The augmentation-robust score: the same map of β = γ·(gain over random images with augmentation) + (1 − γ)·(the
    /// same without). Throws `NoFraction`.
    public static func augmentationRobustScore(
        distilledAugmented: Double, randomAugmented: Double, distilledPlain: Double, randomPlain: Double,
        weight: Double = 0.5
    ) throws(NoFraction) -> Double {
        try check([
            ("the distilled set's accuracy with augmentation", distilledAugmented),
            ("the random images' with augmentation", randomAugmented),
            ("the distilled set's without augmentation", distilledPlain),
            ("the random images' without augmentation", randomPlain), ("the weight", weight),
        ])
        return score(weight * (distilledAugmented - randomAugmented) + (1 - weight) * (distilledPlain - randomPlain))
    }

    private static func score(_ exponent: Double) -> Double {
        (exp(exponent) - exp(-1)) / (exp(1) - exp(-1))
    }

    private static func check(_ values: [(name: String, value: Double)]) throws(NoFraction) {
        for (name, value) in values where !(value >= 0 && value <= 1) { throw NoFraction(name: name, value: value) }
    }
}
