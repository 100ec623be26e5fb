import Fitting
import Foundation
import Tables

extension ScalingLawFit {
    /// What is known of a group once the search has ended. Whatever is wrong becomes its termination and warnings.
    ///
    /// - Parameters:
    ///   - uncertainty: nil = of this group by itself.
    ///   - threads: for a bootstrap's refits.
    init(
        _ problem: FitProblem, _ found: FitEstimate, _ options: ScalingLawOptions,
        uncertainty: FitUncertainty? = nil, threads: Int
    ) {
        var estimate = found
        var intervals: FitIntervals?
        switch options.interval {
        case .none: intervals = FitIntervals.none(estimate.parameters.count)
        case .profile:
            let profile = FitIntervals.profile(problem, found, level: options.level)
            (estimate, intervals) = (profile.estimate, profile.intervals)
        case .bootstrap: intervals = .bootstrap(problem, found, options, threads: threads)
        case .asymptotic: break
        }
        let uncertainty = uncertainty ?? FitUncertainty(problem, estimate)
        self.init(
            problem, estimate, uncertainty,
            intervals ?? .asymptotic(problem, estimate, uncertainty, level: options.level), options)
    }

    private init(
        _ problem: FitProblem, _ estimate: FitEstimate, _ uncertainty: FitUncertainty, _ intervals: FitIntervals,
        _ options: ScalingLawOptions
    ) {
        self.init(
            problem, options, termination: Self.termination(problem, estimate, uncertainty), estimate: estimate,
            uncertainty: uncertainty, intervals: intervals)
        var warnings = FitWarnings(
            problem: problem, estimate: estimate, uncertainty: uncertainty, intervals: intervals, options: options
        ).all(correlations: correlations)
        if case .notConverged(let sentence) = termination { warnings.insert(sentence, at: 0) }
        self.warnings = warnings.map(problem.points.data.sentences.pooled)
    }

    init(refused reason: String, _ problem: FitProblem, _ options: ScalingLawOptions) {
        self.init(problem, options, termination: .refused(reason))
        warnings = [reason]
    }

    private init(
        _ problem: FitProblem, _ options: ScalingLawOptions, termination: Termination, estimate: FitEstimate? = nil,
        uncertainty: FitUncertainty? = nil, intervals: FitIntervals = .none(0)
    ) {
        let (law, points) = (problem.law, problem.points)
        model = law
        self.law = law.name
        unit = law.unit
        group = points.key
        n = points.count
        estimated = problem.estimated.count
        loss = problem.loss
        isWeighted = points.weights != nil
        interval = options.interval
        level = options.level
        self.termination = termination.pooled(points.data.sentences)
        warnings = []

        let solution = estimate?.solution
        let statistics = solution.map {
            FitStatistics(points, residuals: $0.residuals, loss: problem.loss, counted: problem.estimated.count)
        }
        objective = solution?.objective ?? .nan
        (rss, rmse) = (statistics?.rss ?? .nan, statistics?.rmse ?? .nan)
        rSquared = statistics?.rSquared ?? .nan
        (aicc, bic) = (statistics?.aicc ?? .nan, statistics?.bic ?? .nan)
        (starts, startsAtBest) = (solution?.starts ?? 0, solution?.startsAtBest ?? 0)
        rows = Self.ascending(points.rows)
        data = points.data

        degreesOfFreedom = max(0, uncertainty?.degrees ?? n - estimated)
        conditionNumber = uncertainty?.conditionNumber ?? .nan
        self.uncertainty = uncertainty
        intervalMethod = intervals.method
        (resamples, resampleTail) = (intervals.resamples, intervals.tail)
        var values = estimate?.parameters ?? []
        if estimate != nil { for j in problem.unknown.map(\.parameter) { values[j] = .nan } }
        curveParameters = values
        for j in estimate?.idle ?? [] { values[j] = .nan }
        parameters = values.indices.map { j in
            Parameter(
                name: law.parameters[j].name, value: values[j],
                standardError: estimate?.free.contains(j) == true ? uncertainty?.error(j) : nil,
                low: intervals.low[j], high: intervals.high[j], isFixed: problem.isFixed[j],
                isShared: problem.isShared[j], bound: estimate?.sides[j])
        }
    }

    private static func ascending(_ rows: [Int]) -> [Int] {
        zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 } ? rows : rows.sorted()
    }

    /// A search that ends where the data determine nothing has not found anything.
    private static func termination(
        _ problem: FitProblem, _ estimate: FitEstimate, _ uncertainty: FitUncertainty
    ) -> Termination {
        guard estimate.solution.termination.isConverged else { return estimate.solution.termination }
        let values = estimate.model.values(estimate.parameters)
        if let low = values.min(), let high = values.max(), low == high, problem.estimated.count > 1 {
            return .notConverged(
                "the best curve is flat: these data determine nothing but its height, \(significant(low))")
        }
        let open = estimate.free + estimate.idle
        let lost = Set(uncertainty.undetermined.joined())
        guard !open.isEmpty, estimate.free.allSatisfy(lost.contains) else { return estimate.solution.termination }
        let names = open.sorted().map { problem.law.parameters[$0].name }
        return .notConverged("the data determine none of \(names.joined(separator: ", "))")
    }
}
