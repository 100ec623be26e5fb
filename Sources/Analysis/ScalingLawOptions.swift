import Fitting
import Foundation
import Tables

/// What is asked of fits besides their data. Parameters are named as their law names them; with several laws a name must
/// belong to at least one.
public struct ScalingLawOptions: Sendable, Equatable {
    public enum Interval: String, Sendable, CaseIterable { case none, asymptotic, profile, bootstrap }

    /// What a bootstrap draws.
    public enum Resampling: String, Sendable, CaseIterable {
        /// Residuals around the fitted curve.
        case residuals
        /// Points, each with its x and y.
        case pairs
        /// All the points of a cluster together.
        case clusters
    }

    /// What happens to rows with an empty cell.
    public enum Missing: String, Sendable, CaseIterable { case drop, fail }

    /// Where the search begins. With `starts` 1 and every searched parameter named, the only start; linear parameters
    /// are solved for exactly and need none.
    public var start: [String: Double] = [:]
    /// Parameters held at a value.
    public var fixed: [String: Double] = [:]
    /// In place of the law's own bounds; an interval of zero width holds the parameter.
    public var bounds: [String: Bounds] = [:]
    /// Parameters that all groups have in common.
    public var shared: [String] = []
    public var loss = Loss.squares
    /// Local searches; nil = as many as the number of nonlinear parameters asks for.
    public var starts: Int?
    public var interval = Interval.asymptotic
    /// nil: clusters where a cluster column is named, residuals otherwise.
    public var resampling: Resampling?
    public var resamples = 1000
    public var level = 0.95
    public var seed = 1
    public var missing = Missing.drop
    /// Rows that are predicted and not fitted.
    public var holdout: Holdout?
    /// Leave-one-out and leave-future-out errors; nil = where there are several laws to choose from.
    public var crossValidates: Bool?
    /// Changes the time that fits take, and nothing in their results.
    public var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Warnings about the points themselves, which every fit repeats.
    public var cautions: [String] = []

    public init() {}

    /// The value at which a parameter is held.
    func held(_ name: String) -> Double? {
        if let value = fixed[name] { return value }
        guard let interval = bounds[name], interval.lower == interval.upper else { return nil }
        return interval.lower
    }
}

extension ScalingLawOptions {
    /// Refuses what cannot be asked of these laws.
    public func check(
        _ laws: [any ScalingLaw], grouped: Bool, clustered: Bool = false
    ) throws(ScalingLawError) {
        if resampling == .clusters && !clustered {
            throw .option("--resampling clusters needs the column that tells clusters apart (--cluster)")
        }
        try checkNumbers()
        let named = [("--start", Array(start.keys)), ("--fix", Array(fixed.keys)), ("--bound", Array(bounds.keys))]
        for (option, names) in named + [("--share", shared)] {
            for name in names.sorted() { try Self.checkName(name, option: option, laws: laws) }
        }
        for law in laws { for parameter in law.parameters { try checkValues(parameter) } }
        try checkConflicts()
        if let name = shared.first, !grouped {
            throw .option("--share \(name): all rows are one group; name the groups with --group")
        }
    }

    private func checkNumbers() throws(ScalingLawError) {
        if let starts, starts < 1 || starts > 1000 { throw .option("--starts takes 1…1000, not \(starts)") }
        if !(level > 0 && level < 1) { throw .option("--level lies between 0 and 1, not \(significant(level))") }
        if resamples < 20 || resamples > 1_000_000 { throw .option("--resamples takes 20…1000000, not \(resamples)") }
        if threads < 1 { throw .option("--threads takes a positive number, not \(threads)") }
        try checkIntervals()
        switch loss {
        case .huber(let delta), .logHuber(let delta):
            guard delta > 0 && delta.isFinite else {
                throw .option("--loss: the delta of a Huber loss is a positive number, not \(significant(delta))")
            }
        case .squares, .logSquares: break
        }
    }

    private func checkIntervals() throws(ScalingLawError) {
        if interval == .profile && loss.isRobust {
            throw .option(
                "--interval profile: a Huber loss is no likelihood, its profile has no level; "
                    + "take asymptotic or bootstrap")
        }
        if !shared.isEmpty && (interval == .profile || interval == .bootstrap) {
            throw .option("--interval \(interval.rawValue) fits groups one by one; with --share take asymptotic")
        }
    }

    private static func checkName(
        _ name: String, option: String, laws: [any ScalingLaw]
    ) throws(ScalingLawError) {
        if laws.contains(where: { $0.parameters.contains { $0.name == name } }) { return }
        var known: [String] = []
        for parameter in laws.flatMap(\.parameters) where !known.contains(parameter.name) {
            known.append(parameter.name)
        }
        throw .unknownParameter(name, option: option, known: known)
    }

    private func checkValues(_ parameter: LawParameter) throws(ScalingLawError) {
        let name = parameter.name
        let own = bounds[name]
        if let own, own.lower.isNaN || own.upper.isNaN || own.lower == .infinity || own.upper == -.infinity {
            throw .option("--bound: no number lies between the ends of \(name)")
        }
        let allowed = own ?? parameter.bounds
        for (option, value) in [("--start", start[name]), ("--fix", fixed[name])] {
            guard let value, !(value.isFinite && allowed.contains(value)) else { continue }
            throw .outOfBounds(
                name, value: value, low: allowed.lower, high: allowed.upper, option: option,
                boundOption: own == nil ? nil : "--bound")
        }
    }

    private func checkConflicts() throws(ScalingLawError) {
        if let both = start.keys.sorted().first(where: { fixed[$0] != nil }) {
            throw .option("\(both) is both in --start and in --fix")
        }
        if let both = shared.first(where: { held($0) != nil }) {
            throw .option("\(both) is both in --share and held by \(fixed[both] == nil ? "--bound" : "--fix")")
        }
        if let twice = shared.first(where: { name in shared.filter { $0 == name }.count > 1 }) {
            throw .option("--share: \(twice) stands twice")
        }
    }
}
