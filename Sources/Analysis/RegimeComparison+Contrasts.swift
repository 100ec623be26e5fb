import Statistics

/// A mean error over runs as a table states it, in fractions of 1.
public struct MeasuredMean: Sendable, Equatable {
    public var mean: Double
    /// Standard deviation of the runs (n − 1); nil where it is not known.
    public var deviation: Double?
    /// Runs.
    public var n: Int

    public init(mean: Double, deviation: Double?, n: Int) {
        self.mean = mean
        self.deviation = deviation
        self.n = n
    }

    /// Student's t interval of the mean; nil without a deviation or with one run.
    public func interval(level: Double) -> (low: Double, high: Double)? {
        guard let deviation, n > 1 else { return nil }
        let half = tQuantile((1 + level) / 2, degrees: Double(n - 1)) * deviation / Double(n).squareRoot()
        return (mean - half, mean + half)
    }

    /// n values of that mean and deviation: tests of means see nothing else of a sample.
    func sample(around center: Double) -> [Double]? {
        guard let deviation, n > 1 else { return nil }
        // The deviation of 0, 1, …, n − 1.
        let unit = (Double(n) * Double(n + 1) / 12).squareRoot()
        return (0..<n).map { center + deviation * (Double($0) - Double(n - 1) / 2) / unit }
    }
}

/// What two tests at one level say of a difference.
public enum DifferenceVerdict: String, Sendable, Equatable {
    /// Two one-sided tests place it within ±margin: said first, since a difference can be sure and too small to matter.
    case equivalent = "equivalent within margin"
    /// Welch's test excludes 0.
    case different
    case cannotTell = "cannot tell"

    /// - Parameters: p-values after their adjustment; nil where a test could not be made.
    init(different: Double?, equivalent: Double?, alpha: Double) {
        if let equivalent, equivalent < alpha {
            self = .equivalent
        } else if let different, different < alpha {
            self = .different
        } else {
            self = .cannotTell
        }
    }
}

/// How two means differ, from means, standard deviations and n alone: Welch's t test with its interval, and two one-sided
/// tests of equivalence (Schuirmann 1987).
public struct MeanContrast: Sendable, Equatable {
    /// First minus second.
    public let difference: Double
    /// Nil, as all that follows, where a deviation is not known or n is 1.
    public let standardError: Double?
    /// Welch's and Satterthwaite's.
    public let degreesOfFreedom: Double?
    /// The interval of the level asked for.
    public let low: Double?
    public let high: Double?
    /// p-values that the difference is not 0, and that it lies within the margin.
    public let pDifferent: Double?
    public let pEquivalent: Double?
    /// The least margin within which the tests would find the means equivalent.
    public let leastMargin: Double?

    /// Second minus first.
    public var reversed: MeanContrast { MeanContrast(reversing: self) }

    private init(reversing other: MeanContrast) {
        difference = -other.difference
        standardError = other.standardError
        degreesOfFreedom = other.degreesOfFreedom
        low = other.high.map { -$0 }
        high = other.low.map { -$0 }
        pDifferent = other.pDifferent
        pEquivalent = other.pEquivalent
        leastMargin = other.leastMargin
    }

    /// - Parameter second: its deviation may be unknown only where `isKnown` says that it counts as exact.
    /// - Precondition: margin > 0 and 0.5 < level < 1.
    public init(_ first: MeasuredMean, _ second: MeasuredMean, isKnown: Bool = false, margin: Double, level: Double) {
        difference = first.mean - second.mean
        let alpha = 1 - level
        let test: EquivalenceTest?
        if isKnown {
            test = first.sample(around: difference).flatMap {
                EquivalenceTest(differences: $0, margin: margin, alpha: alpha)
            }
        } else if let a = first.sample(around: difference), let b = second.sample(around: 0) {
            test = EquivalenceTest(a, b, margin: margin, alpha: alpha)
        } else {
            test = nil
        }
        standardError = test?.standardError
        degreesOfFreedom = test?.degreesOfFreedom
        pEquivalent = test?.pValue
        leastMargin = test.map { max(abs($0.low), abs($0.high)) }
        guard let test else { (low, high, pDifferent) = (nil, nil, nil); return }
        let (error, degrees) = (test.standardError, test.degreesOfFreedom)
        if error == 0 {
            (low, high, pDifferent) = (difference, difference, difference == 0 ? 1 : 0)
        } else {
            let half = tQuantile(1 - alpha / 2, degrees: degrees) * error
            (low, high) = (difference - half, difference + half)
            pDifferent = 2 * tCDF(-abs(difference) / error, degrees: degrees)
        }
    }
}
