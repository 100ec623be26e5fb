import Fitting

/// What is asked of a fit besides its data.
public struct ScalingLawOptions: Sendable, Equatable {
    public enum Interval: String, Sendable, CaseIterable { case none, asymptotic }

    /// Where the search begins, by parameter. With `starts` 1 and every searched parameter named, the only start; linear
    /// parameters are solved for exactly and need none.
    public var start: [String: Double] = [:]
    /// Parameters held at a value.
    public var fixed: [String: Double] = [:]
    public var starts = CurveFitOptions().starts
    public var interval = Interval.asymptotic
    public var level = 0.95
    /// Warnings about the points themselves, which every fit repeats.
    public var cautions: [String] = []

    public init() {}
}

/// The fit of one law to one group of points.
public struct ScalingLawFit: Sendable, Equatable {
    public struct Parameter: Sendable, Equatable {
        public let name: String
        /// NaN where no fit to these points can determine it.
        public let value: Double
        /// nil for a parameter that is fixed, on a bound or not determined.
        public let standardError: Double?
        public let low: Double?
        public let high: Double?
        public let isFixed: Bool
        public let bound: Bounds.Side?
    }

    public struct Correlation: Sendable, Equatable {
        public let first: String
        public let second: String
        public let value: Double
    }

    public let law: String
    /// N0, the unit of samples.
    public let unit: Double
    /// Group columns and their values, in the order asked for.
    public let group: [(column: String, value: String)]
    /// Points fitted.
    public let n: Int
    /// Parameters estimated: neither fixed nor undetermined.
    public let estimated: Int
    /// Empty for a refused group.
    public let parameters: [Parameter]
    public let derived: [(name: String, value: Double)]
    public let correlations: [Correlation]
    public let conditionNumber: Double
    public let rss: Double
    public let rmse: Double
    public let rSquared: Double
    public let aicc: Double
    public let bic: Double
    public let interval: ScalingLawOptions.Interval
    public let level: Double
    public let starts: Int
    public let startsAtBest: Int
    public let termination: Termination
    public let warnings: [String]

    let model: any ScalingLaw
    /// [p, p] over all parameters, zero where one is held.
    let covariance: [Double]

    public var degreesOfFreedom: Int { max(0, n - estimated) }
    /// The group for a reader: `subset = easy, ipc = 10`.
    public var title: String {
        group.isEmpty ? "all rows" : group.map { "\($0.column) = \($0.value)" }.joined(separator: ", ")
    }
    public var values: [Double] { parameters.map(\.value) }
    public var isRefused: Bool { if case .refused = termination { true } else { false } }

    public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

    /// The fitted law at one point's x columns; NaN where it needs a parameter that is not determined.
    public func predict(_ x: [Double]) -> Double { isRefused ? .nan : model.values(values, at: LawPoints(x.map { [$0] }))[0] }

    /// The confidence band of the fitted curve at `x` (delta method, asymptotic); nil without intervals.
    public func band(at x: [Double]) -> (low: Double, high: Double)? {
        guard interval == .asymptotic, !isRefused, degreesOfFreedom > 0 else { return nil }
        let gradient = model.jacobian(values, at: LawPoints(x.map { [$0] }))
        let p = gradient.count
        var variance = 0.0
        for a in 0..<p {
            for b in 0..<p where covariance[a * p + b] != 0 {
                variance += gradient[a] * gradient[b] * covariance[a * p + b]
            }
        }
        let half = studentQuantile(level: level, degreesOfFreedom: degreesOfFreedom) * max(0, variance).squareRoot()
        let centre = predict(x)
        guard half.isFinite && centre.isFinite else { return nil }
        return (centre - half, centre + half)
    }

    public static func == (a: ScalingLawFit, b: ScalingLawFit) -> Bool {
        a.law == b.law && a.unit == b.unit && a.group.map(\.column) == b.group.map(\.column)
            && a.group.map(\.value) == b.group.map(\.value) && a.n == b.n && a.parameters == b.parameters
            && a.rss == b.rss && a.termination == b.termination && a.warnings == b.warnings
    }
}
