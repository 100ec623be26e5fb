import Fitting
import Foundation
import Statistics
import Tables

/// Fits compared pair by pair: by what they predict at the same n, and by whether one set of parameters would do.
///
/// Never by b alone: b trades off against d, and curves of very different b may lie on top of each other.
public struct ScalingLawComparison: Sendable, Equatable {
    public struct Options: Sendable, Equatable {
        /// Values of the first x column at which fits are compared; empty = for each pair the geometric mean of the
        /// range that both cover, and its ends.
        public var at: [Double] = []
        /// Differences of y within ±`margin` count as none; nil = equivalence is not asked.
        public var margin: Double?

        public init() {}
    }

    /// What is compared.
    public enum Quantity: String, Sendable {
        /// y on the fitted curve.
        case value
        /// dy/d ln n, n the first x column: what a further sample is worth.
        case utility
    }

    /// First minus second.
    public struct Difference: Sendable, Equatable {
        public let quantity: Quantity
        public let n: Double
        public let first: Double
        public let second: Double
        public let difference: Double
        public let standardError: Double?
        public let low: Double?
        public let high: Double?
        /// Against a difference of 0, two-sided.
        public let pValue: Double?
        /// Corrected by Holm for all differences of the comparison.
        public internal(set) var pFamily: Double?
        /// That the difference lies within the margin (two one-sided tests).
        public let equivalence: Double?
    }

    public struct Pair: Sendable, Equatable {
        public let law: String
        /// Indices of the groups, in the order of the analysis.
        public let groups: [Int]
        public let first: String
        public let second: String
        /// `delta method`, or `bootstrap` where both fits have refits; nil = nothing is compared.
        public let method: String?
        public internal(set) var differences: [Difference]
        public let tests: [SharingTest]
        /// Why something is not compared, and what was assumed.
        public let notes: [String]
    }

    public let level: Double
    public let margin: Double?
    public internal(set) var pairs: [Pair]
    /// `delta method`, `bootstrap`, or both where pairs differ.
    public var method: String {
        let methods = Set(pairs.compactMap(\.method)).sorted()
        return methods.isEmpty ? "delta method" : methods.joined(separator: " or ")
    }
    let groups: [[(column: String, value: String)]]

    /// The largest number of groups whose pairs are compared.
    public static let groupLimit = 100

    /// - Throws: `ScalingLawError` with fewer than two groups, or too many.
    public init(_ analysis: ScalingLawAnalysis, options: Options = .init()) throws(ScalingLawError) {
        let count = analysis.groups.count
        guard count > 1 else { throw .option("--compare needs two groups or more; name them with --group") }
        guard count <= Self.groupLimit else {
            throw .option("--compare takes at most \(Self.groupLimit) groups, not \(count)")
        }
        if let margin = options.margin, !(margin > 0 && margin.isFinite) {
            throw .option("--margin takes a positive number, not \(significant(margin))")
        }
        let places = analysis.laws.indices.flatMap { law in
            (0..<count).flatMap { a in (a + 1..<max(a + 1, count)).map { b in (law, a, b) } }
        }
        level = analysis.options.level
        margin = options.margin
        groups = analysis.groups.map(\.key)
        pairs = inParallel(places.count, each: 1, threads: analysis.options.threads) { place in
            let (law, a, b) = places[place]
            return [Pair(analysis, law: law, a, b, options)]
        }
        correct()
    }

    /// One family: every quantity of every pair at every n.
    private mutating func correct() {
        let family = holm(pairs.flatMap { $0.differences.map(\.pValue) })
        var place = 0
        for pair in pairs.indices {
            for k in pairs[pair].differences.indices {
                pairs[pair].differences[k].pFamily = family[place]
                place += 1
            }
        }
    }

    public static func == (a: ScalingLawComparison, b: ScalingLawComparison) -> Bool {
        a.level == b.level && a.margin == b.margin && a.pairs == b.pairs
    }
}

extension ScalingLawComparison.Pair {
    init(
        _ analysis: ScalingLawAnalysis, law index: Int, _ a: Int, _ b: Int, _ options: ScalingLawComparison.Options
    ) {
        let fits = [a, b].map { analysis.fits[$0 * analysis.laws.count + index] }
        law = analysis.laws[index].name
        groups = [a, b]
        (first, second) = (fits[0].title, fits[1].title)
        if let refused = fits.first(where: \.isRefused) {
            (method, differences, tests) = (nil, [], [])
            notes = ["\(refused.title) is refused: no comparison"]
            return
        }
        let points = [a, b].map { analysis.groups[$0].points(analysis.data, analysis.options).fitted }
        let places = MatchedPoints(points, x: analysis.rows.columns.x, law: analysis.laws[index], at: options.at)
        let isResampled = fits.allSatisfy { !$0.resamples.isEmpty }
        method = places.n.isEmpty ? nil : isResampled ? "bootstrap" : "delta method"
        differences = places.n.flatMap { n in
            FitDifference(fits[0], fits[1], n: n, others: places.others).all(
                level: analysis.options.level, margin: options.margin)
        }
        tests = SharingTest.all(analysis, law: analysis.laws[index], [a, b])
        let lacks = !isResampled && fits.contains { !$0.resamples.isEmpty }
        notes = places.notes + (lacks ? ["by the delta method: one of the fits has no bootstrap refits"] : [])
    }
}

/// Where two groups' curves are compared: n of the first x column, and the other x columns beside it.
struct MatchedPoints {
    let n: [Double]
    /// The other x columns of either group.
    let others: [[Double]]
    let notes: [String]

    init(_ points: [GroupPoints], x names: [String], law: any ScalingLaw, at asked: [Double]) {
        let lows = points.map { $0.x.columns[0].min() ?? .nan }
        let highs = points.map { $0.x.columns[0].max() ?? .nan }
        let (low, high) = (max(lows[0], lows[1]), min(highs[0], highs[1]))
        var notes: [String] = []
        if low > high {
            n = []
            notes.append(
                "no comparison: the ranges of \(names[0]) do not overlap "
                    + zip(lows, highs).map { "(\(significant($0))…\(significant($1)))" }.joined(separator: " and "))
        } else if asked.isEmpty {
            let middle = low > 0 ? (low * high).squareRoot() : (low + high) / 2
            n = low == high ? [low] : [low, middle, high]
        } else {
            n = asked
            let outside = asked.filter { $0 < low || $0 > high }.map { significant($0) }
            if !outside.isEmpty {
                notes.append(
                    "\(listed(outside)) lies outside the range of \(names[0]) that both cover "
                        + "(\(significant(low))…\(significant(high))): an extrapolation")
            }
        }
        let columns = 1..<max(1, law.columns.count)
        others = points.map { points in columns.map { Self.median(points.x.columns[$0]) } }
        for (place, column) in columns.enumerated() {
            notes += Self.note(names[column], points.map { $0.x.columns[column] }, others.map { $0[place] })
        }
        self.notes = n.isEmpty ? Array(notes.prefix(1)) : notes
    }

    /// One of the values themselves.
    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private static func note(_ name: String, _ values: [[Double]], _ chosen: [Double]) -> [String] {
        let isConstant = zip(values, chosen).allSatisfy { values, value in values.allSatisfy { $0 == value } }
        if isConstant && chosen[0] == chosen[1] { return [] }
        let kind = isConstant ? "its own" : "its median"
        return ["each curve is taken at \(kind) \(name): " + chosen.map { significant($0) }.joined(separator: " and ")]
    }
}
