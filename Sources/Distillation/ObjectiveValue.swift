import Statistics

/// A distillation objective of one set, over several random networks.
public struct ObjectiveValue: Sendable, Equatable {
    /// As the literature defines it, one value per network.
    public var literal: [Double]
    /// Without the part that the size of the set alone explains, one value per network; NaN where it is undefined.
    public var debiased: [Double]

    public init(literal: [Double], debiased: [Double]) {
        self.literal = literal
        self.debiased = debiased
    }

    /// n of the means and standard deviations.
    public var networks: Int { literal.count }
    public var literalMean: Double { mean(literal) }
    /// Over the networks, ddof = 1; NaN for one network.
    public var literalStd: Double { standardDeviation(literal) ?? .nan }
    public var debiasedMean: Double { mean(debiased) }
    /// Over the networks, ddof = 1; NaN for one network.
    public var debiasedStd: Double { standardDeviation(debiased) ?? .nan }
}
