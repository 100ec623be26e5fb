import Statistics

/// The ratio of the spreads of the same methods under two regimes (Pitman 1939, Morgan 1939): paired, normal.
public struct SpreadRatio: Sendable, Equatable {
    /// Methods that both regimes have.
    public let methods: Int
    /// Standard deviation of the second regime's errors by that of the first's: below 1 where methods converge.
    public let ratio: Double
    /// Nil below 3 methods, and where a spread is 0 or the two are a straight line.
    public let low: Double?
    public let high: Double?
    /// Of equal spreads.
    public let pValue: Double?

    /// Nil below two methods and where the first does not vary.
    public init?(_ first: [Double], _ second: [Double], level: Double) {
        precondition(first.count == second.count, "the same methods")
        methods = first.count
        guard let a = standardDeviation(first), let b = standardDeviation(second), a > 0 else { return nil }
        ratio = b / a
        let products = zip(first, second).map { ($0 - mean(first)) * ($1 - mean(second)) }
        let correlation = products.reduce(0, +) / Double(methods - 1) / (a * b)
        let left = 1 - correlation * correlation
        guard methods > 2, b > 0, left > 1e-12 else { (low, high, pValue) = (nil, nil, nil); return }
        let degrees = Double(methods - 2)
        // The correlation of sums and differences is 0 where the variances are equal.
        let t = (b * b - a * a) * degrees.squareRoot() / (2 * a * b * left.squareRoot())
        pValue = 2 * tCDF(-abs(t), degrees: degrees)
        let quantile = tQuantile((1 + level) / 2, degrees: degrees)
        let k = 1 + 2 * left * quantile * quantile / degrees
        let root = (k * k - 1).squareRoot()
        low = ratio * (k - root).squareRoot()
        high = ratio * (k + root).squareRoot()
    }
}

/// How far apart the errors of methods lie.
public struct MethodSpread: Sendable, Equatable {
    public let methods: Int
    /// Standard deviation over methods (n − 1), and its interval where methods are a normal sample.
    public let deviation: Double
    public let low: Double
    public let high: Double
    /// Largest error minus smallest.
    public let range: Double
    /// What seeds alone would make of equal methods: the root of the mean of s²/n; nil where an s is not known.
    public let noise: Double?

    /// Nil below two methods.
    public init?(_ errors: [MeasuredMean], level: Double) {
        let means = errors.map(\.mean)
        guard let deviation = standardDeviation(means), let least = means.min(), let most = means.max() else {
            return nil
        }
        methods = means.count
        self.deviation = deviation
        range = most - least
        let degrees = Double(means.count - 1)
        let squares = degrees * deviation * deviation
        low = (squares / chiSquareQuantile((1 + level) / 2, degrees: degrees)).squareRoot()
        high = (squares / chiSquareQuantile((1 - level) / 2, degrees: degrees)).squareRoot()
        let variances = errors.compactMap { error in error.deviation.map { $0 * $0 / Double(error.n) } }
        noise = variances.count == errors.count ? mean(variances).squareRoot() : nil
    }
}

/// The x with P(X ≤ x) = p of χ², by bisection of its tail.
func chiSquareQuantile(_ p: Double, degrees: Double) -> Double {
    var (low, high) = (0.0, max(1, degrees))
    while chiSquareTail(high, degrees: degrees) > 1 - p { high *= 2 }
    for _ in 0..<200 {
        let middle = (low + high) / 2
        if middle <= low || middle >= high { break }
        if chiSquareTail(middle, degrees: degrees) > 1 - p { low = middle } else { high = middle }
    }
    return high
}
