/// Two one-sided t tests (Schuirmann 1987): is a difference of means within ±`margin`?
///
/// "No difference" is this test with a stated margin, never p > 0.05 of a test for a difference.
public struct EquivalenceTest: Sendable, Equatable {
    /// First mean minus second.
    public let difference: Double
    public let standardError: Double
    /// Welch's degrees of freedom for two samples, n − 1 for one.
    public let degreesOfFreedom: Double
    public let margin: Double
    /// The larger of the two one-sided p-values.
    public let pValue: Double
    public let alpha: Double
    /// The interval of level 1 − 2·alpha: equivalence holds when it lies within ±margin.
    public let low: Double
    public let high: Double

    public var isEquivalent: Bool { pValue < alpha }

    /// Welch's form for two independent samples; nil where a sample has fewer than two values.
    public init?(_ a: [Double], _ b: [Double], margin: Double, alpha: Double = 0.05) {
        guard let sa = standardDeviation(a), let sb = standardDeviation(b) else { return nil }
        let (va, vb) = (sa * sa / Double(a.count), sb * sb / Double(b.count))
        let degrees = (va + vb) * (va + vb) / (va * va / Double(a.count - 1) + vb * vb / Double(b.count - 1))
        let isExact = va + vb == 0
        self.init(
            difference: mean(a) - mean(b), error: (va + vb).squareRoot(),
            degrees: isExact ? Double(a.count + b.count - 2) : degrees, margin: margin, alpha: alpha)
    }

    /// One sample of paired differences; nil below two.
    public init?(differences: [Double], margin: Double, alpha: Double = 0.05) {
        guard let s = standardDeviation(differences) else { return nil }
        self.init(
            difference: mean(differences), error: s / Double(differences.count).squareRoot(),
            degrees: Double(differences.count - 1), margin: margin, alpha: alpha)
    }

    private init(difference: Double, error: Double, degrees: Double, margin: Double, alpha: Double) {
        precondition(margin > 0 && alpha > 0 && alpha < 0.5, "an equivalence test needs a margin > 0, alpha in 0…0.5")
        self.difference = difference
        self.standardError = error
        self.degreesOfFreedom = degrees
        self.margin = margin
        self.alpha = alpha
        if error == 0 {
            (low, high) = (difference, difference)
            pValue = abs(difference) < margin ? 0 : 1
        } else {
            let below = 1 - tCDF((difference + margin) / error, degrees: degrees)
            let above = tCDF((difference - margin) / error, degrees: degrees)
            pValue = max(below, above)
            let t = tQuantile(1 - alpha, degrees: degrees)
            (low, high) = (difference - t * error, difference + t * error)
        }
    }
}
