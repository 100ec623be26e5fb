import Fitting
import Foundation
import Tables

extension ScalingLawFit {
    /// Fits one group. Whatever is wrong with it becomes its termination and warnings.
    ///
    /// - Parameters:
    ///   - x: one row of x columns per point, all in the law's domain.
    ///   - y: the values, in the order of `x`, which does not matter to a single bit.
    init(
        _ law: any ScalingLaw, x unsorted: [[Double]], y unsortedY: [Double], group: [(column: String, value: String)],
        unit: Double, options: ScalingLawOptions
    ) {
        let order = unsorted.indices.sorted { i, j in
            unsorted[i].lexicographicallyPrecedes(unsorted[j])
                || (unsorted[i] == unsorted[j] && unsortedY[i] < unsortedY[j])
        }
        let (x, y) = (order.map { unsorted[$0] }, order.map { unsortedY[$0] })
        let points = LawPoints(law.columns.indices.map { column in x.map { $0[column] } })
        let laws = law.parameters
        let unknown = law.undetermined(by: points).filter { options.fixed[laws[$0.parameter].name] == nil }
        let isFixed = laws.map { options.fixed[$0.name] != nil }
        let estimated = laws.indices.filter { j in !isFixed[j] && !unknown.contains { $0.parameter == j } }
        var warnings = options.cautions + law.cautions(on: points) + unknown.map(\.reason)

        let n = y.count
        let lowest = y.min() ?? .nan
        let mean = y.reduce(0, +) / Double(max(1, n))
        let total = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        var refusal: String?
        if n < estimated.count {
            refusal = "\(n) points cannot determine \(estimated.count) parameters"
        } else if Set(x).count < estimated.count {
            refusal = "\(Set(x).count) different points cannot determine \(estimated.count) parameters"
        } else if lowest == y.max() && n > 1 {
            refusal = "y is \(significant(lowest)) at all \(n) points: there is no curve to fit"
        } else if let negative = laws.firstIndex(where: { $0.staysBelowData && lowest < $0.bounds.lower }) {
            refusal = "y falls to \(significant(lowest)), below the lower bound of \(laws[negative].name)"
        }

        self.law = law.name
        self.unit = unit
        self.group = group
        self.n = n
        self.estimated = estimated.count
        self.interval = options.interval
        self.level = options.level
        self.model = law
        if let refusal {
            parameters = []
            derived = []
            correlations = []
            conditionNumber = .nan
            (rss, rmse, rSquared, aicc, bic) = (.nan, .nan, .nan, .nan, .nan)
            (starts, startsAtBest) = (0, 0)
            termination = .refused(refusal)
            self.warnings = [refusal]
            covariance = []
            return
        }

        let bounds = laws.indices.map { j -> Bounds in
            if let value = options.fixed[laws[j].name] { return Bounds(value, value) }
            if unknown.contains(where: { $0.parameter == j }) {
                // Any value does: the points do not depend on it.
                let middle = laws[j].bounds.clamp(1)
                return Bounds(middle, middle)
            }
            return Bounds(laws[j].bounds.lower, laws[j].staysBelowData ? lowest : laws[j].bounds.upper)
        }
        let search = law.search(points: points, y: y, bounds: bounds, isShared: laws.map { _ in false })
        var searching = CurveFitOptions()
        searching.starts = options.starts
        if !options.start.isEmpty {
            searching.start = search.coordinates(laws.map { options.start[$0.name] ?? .nan })
                .map { $0.isNaN ? nil : $0 }
        }
        let solution = CurveFitter(search.model).fit(CurveData(y), options: searching)
        var sides = solution.sides
        for j in sides.indices where isFixed[j] { sides[j] = nil }
        for j in estimated where bounds[j].lower == bounds[j].upper { sides[j] = .lower }  // d, where the lowest y is 0

        // Asymptotic errors: of the estimated parameters that are free to move both ways.
        let solved = search.parameters(solution.parameters)
        // At b = 0 or a = 0 the curve is flat, whatever the others are.
        let flat = law.jacobian(solved, at: points)
        let rows = points.count == 0 ? [] : (0..<n).map { Array(flat[$0 * laws.count..<($0 + 1) * laws.count]) }
        let idle = estimated.filter { j in rows.allSatisfy { $0[j] == 0 } }
        warnings += idle.map { "\(laws[$0].name) is not identified: the fitted curve does not depend on it" }
        for j in idle { sides[j] = nil }
        let free = estimated.filter { sides[$0] == nil && !idle.contains($0) }
        let degrees = n - estimated.count
        let gradients = rows.flatMap { row in free.map { row[$0] } }
        let uncertainty = ParameterUncertainty(
            jacobian: gradients, parameterCount: free.count,
            variance: degrees > 0 ? solution.objective / Double(degrees) : .nan)
        let quantile = studentQuantile(level: options.level, degreesOfFreedom: degrees)
        var values = solved
        for j in unknown.map(\.parameter) + idle { values[j] = .nan }
        var errors = [Double?](repeating: nil, count: laws.count)
        for (slot, j) in free.enumerated() where uncertainty.standardErrors[slot].isFinite {
            errors[j] = uncertainty.standardErrors[slot]
        }
        let wantsInterval = options.interval == .asymptotic
        parameters = laws.indices.map { j in
            let half = wantsInterval ? errors[j].map { $0 * quantile } : nil
            return Parameter(
                name: laws[j].name, value: values[j], standardError: errors[j],
                low: half.map { values[j] - $0 }, high: half.map { values[j] + $0 }, isFixed: isFixed[j],
                bound: sides[j])
        }
        derived = law.derived(values)
        conditionNumber = uncertainty.conditionNumber
        var correlations: [Correlation] = []
        var covariance = [Double](repeating: 0, count: laws.count * laws.count)
        for (s, i) in free.enumerated() {
            for (t, j) in free.enumerated() {
                covariance[i * laws.count + j] = uncertainty.covariance(s, t)
                let r = uncertainty.correlation(s, t)
                if s < t && r.isFinite {
                    correlations.append(Correlation(first: laws[i].name, second: laws[j].name, value: r))
                }
            }
        }
        self.covariance = covariance
        self.correlations = correlations
        rss = solution.objective
        rmse = (solution.objective / Double(n)).squareRoot()
        rSquared = 1 - solution.objective / total
        let counted = Double(estimated.count + 1)  // σ is estimated too
        let logLikelihood = Double(n) * log(solution.objective / Double(n))
        let room = Double(n) - counted - 1
        aicc = room > 0 ? logLikelihood + 2 * counted + 2 * counted * (counted + 1) / room : .nan
        bic = logLikelihood + counted * log(Double(n))
        starts = solution.starts
        startsAtBest = solution.startsAtBest
        termination = solution.termination
        warnings += Self.warnings(
            parameters, law: law, bounds: bounds, free: free.map { laws[$0].name }, errors: errors,
            undetermined: free.indices.filter { uncertainty.undetermined[$0] }.map { laws[free[$0]].name },
            correlations: correlations, degrees: degrees, options: options)
        if case .notConverged(let sentence) = solution.termination { warnings.insert(sentence, at: 0) }
        self.warnings = warnings
    }

    private static func warnings(
        _ parameters: [Parameter], law: any ScalingLaw, bounds: [Bounds], free: [String], errors: [Double?],
        undetermined: [String],
        correlations: [Correlation], degrees: Int, options: ScalingLawOptions
    ) -> [String] {
        var result: [String] = []
        let level = "level \(significant(options.level))"
        let held = parameters.indices.filter { parameters[$0].bound != nil }
        for j in held {
            let (name, side) = (parameters[j].name, parameters[j].bound ?? .lower)
            let end = side == .lower ? "lower" : "upper"
            result.append(
                "\(name) is on its \(end) bound \(significant(bounds[j][side])): "
                    + (law.remark(j, on: side).map { $0 + "; " } ?? "")
                    + "an asymptotic interval would be invalid and is not given")
        }
        if !held.isEmpty && !free.isEmpty {
            let names = listed(held.map { parameters[$0].name })
            result.append("standard errors of \(listed(free)) take \(names) as known: they may be too small")
        }
        if degrees == 0 {
            result.append("too few points: as many as parameters, so nothing is known about the errors")
        } else if degrees < 3 {
            result.append("too few points: \(degrees) more than parameters")
        }
        if !undetermined.isEmpty {
            result.append("the data do not determine \(listed(undetermined))")
        }
        for (j, parameter) in parameters.enumerated() {
            guard let error = errors[j], error > 0 else { continue }
            if error > 0.5 * abs(parameter.value) {
                result.append(
                    "\(parameter.name) is hardly determined: standard error \(significant(error, digits: 3)) "
                        + "for a value of \(significant(parameter.value, digits: 3))")
            }
            guard let low = parameter.low, let high = parameter.high else { continue }
            if low < bounds[j].lower { result.append("\(parameter.name) is not bounded below at \(level)") }
            if high > bounds[j].upper { result.append("\(parameter.name) is not bounded above at \(level)") }
        }
        for pair in correlations where abs(pair.value) > 0.99 {
            // Cut, not rounded: 0.99996 is not 1.
            let shown = (pair.value * 1e4).rounded(.towardZero) / 1e4
            result.append("\(pair.first) and \(pair.second) trade off (correlation \(significant(shown)))")
        }
        return result
    }

    /// "a", "a and b", "a, b and c".
    private static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
