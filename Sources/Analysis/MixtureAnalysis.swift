import Statistics
import Tables

/// What training on pooled subsets would give, predicted from one fit of `goyal` per subset (Goyal et al. 2024, "Scaling Laws
/// for Data Filtering", the theorem on mixtures): no mixture is trained.
///
/// p pools of equal size make one set of ΣS samples in which each pool is repeated p times more rarely: its half-life
/// becomes τ̂ = p τ, and at repetition j the mixture's exponent is the mean of b_i 2^(−j/τ̂_i). n₁ and epochs count over the
/// pooled set. Pools of unequal size count by w = S/ΣS, with τ̂ = τ/w: our extension.
///
///     y = a exp(Σ_i w_i b_i (ln(n₁/N0) + G(n, ΣS, τ̂_i))) + d
///
/// The theorem needs one a and one d, as Goyal et al. fit them. Where the fits' differ, a mixture takes their means, weighted
/// by w, of a at N0 (which depends on N0) and of d, and a warning says so.
public struct MixtureAnalysis: Sendable, Equatable {
    /// A subset, and the fit of `goyal` to its curve.
    public struct Pool: Sendable, Equatable {
        public var name: String
        /// y − d after N0 samples.
        public var a: Double
        public var b: Double
        /// In epochs of this pool alone; NaN where the fit could not determine it.
        public var tau: Double
        public var d: Double
        /// S, samples per epoch.
        public var size: Double
        /// Of (a, b, tau, d), [4, 4] row-major; zero where a parameter is held.
        public var covariance: [Double]?
        /// Of the fit behind the covariance; nil = many.
        public var degreesOfFreedom: Int?

        public init(
            name: String, a: Double, b: Double, tau: Double, d: Double, size: Double, covariance: [Double]? = nil,
            degreesOfFreedom: Int? = nil
        ) {
            (self.name, self.a, self.b, self.tau, self.d, self.size) = (name, a, b, tau, d, size)
            (self.covariance, self.degreesOfFreedom) = (covariance, degreesOfFreedom)
        }
    }

    /// A mixture at one number of samples seen.
    public struct Prediction: Sendable, Equatable {
        /// n
        public let samplesSeen: Double
        /// From 1, the lowest y first; nil where y is not known.
        public internal(set) var rank: Int?
        public let pools: [String]
        /// ΣS
        public let size: Double
        /// n/ΣS
        public let epochs: Double
        /// NaN beyond the first epoch of a pool whose half-life is not known.
        public let y: Double
        public let standardError: Double?
        public let low: Double?
        public let high: Double?
    }

    /// The order of a pool's parameters.
    public static let parameters = ["a", "b", "tau", "d"]
    /// All subsets of twelve pools.
    public static let mostMixtures = 4095

    public let pools: [Pool]
    public let n0: Double
    public let level: Double
    /// Parameters, of `parameters`, that one joint fit gave to all pools.
    public let shared: [String]
    /// By samples seen as asked for, then by rank.
    public let predictions: [Prediction]
    public let warnings: [String]

    /// Predicts every mixture of up to `upTo` pools, single pools included, at each number of samples seen.
    ///
    /// - Parameters:
    ///   - n0: N0, in which the pools' a are given.
    ///   - level: of the intervals that pools with covariances get.
    ///   - shared: parameters that one joint fit gave to all pools, as by `--share a,d`; pools are independent otherwise.
    ///   - warnings: what is known about the pools beforehand.
    public init(
        pools: [Pool], samplesSeen: [Double], upTo: Int? = nil, n0: Double = 1, level: Double = 0.95,
        shared: [String] = [], warnings: [String] = []
    ) throws(MixtureError) {
        try Self.check(pools)
        let upTo = upTo ?? pools.count
        guard upTo >= 1 else { throw .option("a mixture has at least one pool, not \(upTo)") }
        guard level > 0 && level < 1 else { throw .option("--level lies between 0 and 1, not \(significant(level))") }
        guard n0 > 0 && n0.isFinite else { throw .option("N0 is a positive number of samples, not \(n0)") }
        if let wrong = shared.first(where: { !Self.parameters.contains($0) }) {
            throw .option(
                "pools cannot share '\(wrong)': a fit of goyal has \(Self.parameters.joined(separator: ", "))")
        }
        if let wrong = samplesSeen.first(where: { !($0 > 0 && $0.isFinite) }) {
            throw .option("samples seen must be positive, not \(wrong)")
        }
        guard !samplesSeen.isEmpty else { throw .option("no number of samples seen is given") }
        guard let mixtures = Self.mixtures(of: pools.count, upTo: upTo) else {
            throw .tooMany(pools: pools.count, upTo: upTo)
        }
        (self.pools, self.n0, self.level, self.shared) = (pools, n0, level, shared)
        let law = MixtureLaw(n0: n0, level: level, shared: shared.compactMap { Self.parameters.firstIndex(of: $0) })
        let curves = mixtures.map { members in law.curve(of: members.map { pools[$0] }, at: samplesSeen) }
        predictions = samplesSeen.indices.flatMap { i in Self.ranked(curves.map { $0[i] }) }
        self.warnings = warnings + Self.warnings(pools, n0: n0, shared: shared)
    }

    /// One mixture, by the names of its pools; without a rank.
    public func predict(_ names: [String], samplesSeen: Double) throws(MixtureError) -> Prediction {
        var members: [Pool] = []
        for name in names {
            guard let pool = pools.first(where: { $0.name == name }) else {
                throw .unknownPool(name, known: pools.map(\.name))
            }
            members.append(pool)
        }
        guard !members.isEmpty else { throw .option("a mixture has at least one pool") }
        if Set(names).count < names.count { throw .option("a pool is named twice: \(names.joined(separator: ", "))") }
        guard samplesSeen > 0 && samplesSeen.isFinite else {
            throw .option("samples seen must be positive, not \(samplesSeen)")
        }
        let law = MixtureLaw(n0: n0, level: level, shared: shared.compactMap { Self.parameters.firstIndex(of: $0) })
        return law.curve(of: members, at: [samplesSeen])[0]
    }

    /// Ranked by y; equal ones with fewer pools first, in their given order.
    private static func ranked(_ predictions: [Prediction]) -> [Prediction] {
        let order = predictions.indices.sorted { i, j in
            let (x, y) = (predictions[i].y, predictions[j].y)
            if x.isNaN || y.isNaN { return x.isNaN == y.isNaN ? i < j : y.isNaN }
            return (x, i) < (y, j)
        }
        return order.enumerated().map { rank, index in
            var prediction = predictions[index]
            prediction.rank = prediction.y.isNaN ? nil : rank + 1
            return prediction
        }
    }

    /// The subsets of 0..<count of up to `upTo` members, small ones first; nil where there are too many.
    static func mixtures(of count: Int, upTo: Int) -> [[Int]]? {
        var all: [[Int]] = []
        var last: [[Int]] = [[]]
        for _ in 0..<min(upTo, count) {
            var next: [[Int]] = []
            for subset in last {
                for member in (subset.last ?? -1) + 1..<count {
                    next.append(subset + [member])
                    if all.count + next.count > mostMixtures { return nil }
                }
            }
            all += next
            last = next
        }
        return all
    }
}
