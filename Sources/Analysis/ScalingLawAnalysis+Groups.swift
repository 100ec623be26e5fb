import Dispatch
import Fitting

extension ScalingLawAnalysis {
    /// Group-major, law-minor.
    static func fits(
        _ groups: [FitGroup], _ data: FitData, _ laws: [any ScalingLaw], _ options: ScalingLawOptions
    ) -> [ScalingLawFit] {
        if options.shared.isEmpty { return separateFits(groups, data, laws, options) }
        let byLaw = laws.map { law in
            law.parameters.contains { options.shared.contains($0.name) }
                ? sharedFits(groups, data, law, options) : separateFits(groups, data, [law], options)
        }
        return groups.indices.flatMap { g in byLaw.map { $0[g] } }
    }

    /// Groups side by side, each result at its own place.
    private static func separateFits(
        _ groups: [FitGroup], _ data: FitData, _ laws: [any ScalingLaw], _ options: ScalingLawOptions
    ) -> [ScalingLawFit] {
        let validates = crossValidates(options, laws)
        let inside = groups.count < options.threads ? options.threads : 1
        return inParallel(groups.count, each: laws.count, threads: options.threads) { g -> [ScalingLawFit] in
            let (points, heldOut) = groups[g].points(data, options)
            return laws.map { law in
                let problem = FitProblem(law, points, options, place: data.rows.shortPlace)
                if let refusal = problem.refusal { return ScalingLawFit(refused: refusal, problem, options) }
                let estimate = problem.solve(options)
                var fit = ScalingLawFit(problem, estimate, options, threads: inside)
                if validates {
                    fit.predictionErrors.leaveOneOut = problem.leaveOneOutError(estimate, options)
                    fit.predictionErrors.future = problem.futureError(options)
                }
                fit.predictionErrors.holdout = problem.error(at: heldOut, of: fit)
                return fit
            }
        }
    }

    /// All groups that can be fitted, together.
    private static func sharedFits(
        _ groups: [FitGroup], _ data: FitData, _ law: any ScalingLaw, _ options: ScalingLawOptions
    ) -> [ScalingLawFit] {
        let points = groups.map { $0.points(data, options) }
        let problems = points.map { FitProblem(law, $0.fitted, options, place: data.rows.shortPlace) }
        // In the order of their names, so that the order of rows does not change a bit.
        let sound = problems.indices.filter { problems[$0].refusal == nil }.sorted {
            groups[$0].key.map(\.value).lexicographicallyPrecedes(groups[$1].key.map(\.value))
        }
        var fits = problems.map { ScalingLawFit(refused: $0.refusal ?? "", $0, options) }
        guard let together = SharedFitProblem(sound.map { problems[$0] }) else {
            var alone = options
            alone.shared = []
            alone.cautions.append("nothing is shared: no other group can be fitted")
            return separateFits(groups, data, [law], alone)
        }
        if let refusal = together.refusal {
            for g in sound { fits[g] = ScalingLawFit(refused: refusal, problems[g], options) }
            return fits
        }
        let estimates = together.solve(options)
        let uncertainties = together.uncertainties(estimates)
        for (place, g) in sound.enumerated() {
            fits[g] = ScalingLawFit(
                problems[g], estimates[place], options, uncertainty: uncertainties[place], threads: 1)
            (fits[g].aicc, fits[g].bic) = options.loss.isRobust ? (.nan, .nan) : together.criteria(estimates)
            fits[g].predictionErrors.holdout = problems[g].error(at: points[g].heldOut, of: fits[g])
        }
        return fits
    }
}

extension FitProblem {
    /// Of the rows held out; nil where there are none.
    fileprivate func error(at heldOut: GroupPoints?, of fit: ScalingLawFit) -> LogError? {
        guard let heldOut, heldOut.count > 0 else { return nil }
        return error(at: heldOut, parameters: fit.curveParameters)
    }
}

/// `width` values for each of 0..<count, computed side by side; which thread computes one does not change it.
func inParallel<Value: Sendable>(
    _ count: Int, each width: Int, threads: Int, _ body: @escaping @Sendable (Int) -> [Value]
) -> [Value] {
    [Value](unsafeUninitializedCapacity: count * width) { buffer, initialized in
        nonisolated(unsafe) let values = buffer
        let lanes = max(1, min(threads, count))
        let work = { @Sendable (lane: Int) in
            for index in stride(from: lane, to: count, by: lanes) {
                let found = body(index)
                precondition(found.count == width, "every part of a parallel array has the same length")
                for (k, value) in found.enumerated() {
                    values.initializeElement(at: index * width + k, to: value)
                }
            }
        }
        if lanes == 1 { work(0) } else { DispatchQueue.concurrentPerform(iterations: lanes) { work($0) } }
        initialized = count * width
    }
}
