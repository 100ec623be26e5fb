import Statistics

/// A distillation objective of one set, over several networks: random ones, observers or expert trajectories.
public struct ObjectiveValue: Sendable, Equatable {
    /// The objective at one place of something that it averages over.
    public struct Point: Sendable, Equatable {
        /// Start epoch (tm, datm) or minimal crop scale (cda).
        public var at: Double
        /// One value per network.
        public var values: [Double]

        public init(at: Double, values: [Double]) {
            self.at = at
            self.values = values
        }
    }

    /// As the literature defines it, one value per network.
    public var literal: [Double]
    /// Without the part that the size of the set alone explains, one value per network, NaN where it is undefined; empty
    /// where the objective has no closed form for that part.
    public var debiased: [Double]
    /// What the values are means of, where that is worth a look: figure 7a of paper 1.
    public var curve: [Point]

    public init(literal: [Double], debiased: [Double] = [], curve: [Point] = []) {
        self.literal = literal
        self.debiased = debiased
        self.curve = curve
    }

    /// n of the means and standard deviations.
    public var networks: Int { literal.count }
    public var literalMean: Double { mean(literal) }
    /// Over the networks, ddof = 1; NaN for one network.
    public var literalStd: Double { standardDeviation(literal) ?? .nan }
    public var hasDebiased: Bool { !debiased.isEmpty }
    /// Whether it says anything that the literal form does not.
    public var debiasedDiffers: Bool { hasDebiased && debiased != literal }
    /// NaN where there is no debiased form.
    public var debiasedMean: Double { hasDebiased ? mean(debiased) : .nan }
    /// Over the networks, ddof = 1; NaN for one network and where there is no debiased form.
    public var debiasedStd: Double { standardDeviation(debiased) ?? .nan }
}
