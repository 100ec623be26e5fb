import Dispatch
import Fitting

extension ScalingLawAnalysis {
    /// Group-major, law-minor: groups are fitted side by side, each result at its own place.
    static func fits(
        _ groups: [FitGroup], _ rows: FitRows, _ laws: [any ScalingLaw], _ options: ScalingLawOptions
    ) -> [ScalingLawFit] {
        inParallel(groups.count, threads: options.threads) { g in
            let (points, heldOut) = groups[g].points(rows, options)
            return laws.map { law in
                let problem = FitProblem(law, points, options, place: rows.shortPlace)
                return fit(problem, heldOut, options, validates: crossValidates(options, laws))
            }
        }.flatMap(\.self)
    }

    private static func fit(
        _ problem: FitProblem, _ heldOut: GroupPoints?, _ options: ScalingLawOptions, validates: Bool
    ) -> ScalingLawFit {
        if let refusal = problem.refusal { return ScalingLawFit(refused: refusal, problem, options) }
        let estimate = problem.solve(options)
        var fit = ScalingLawFit(problem, estimate, FitUncertainty(problem, estimate), options)
        if validates {
            fit.predictionErrors.leaveOneOut = problem.leaveOneOutError(estimate, options)
            fit.predictionErrors.future = problem.futureError(options)
        }
        if let heldOut, heldOut.count > 0 {
            fit.predictionErrors.holdout = problem.error(at: heldOut, parameters: fit.values)
        }
        return fit
    }
}

/// Values for 0..<count, computed side by side; which thread computes one does not change it.
func inParallel<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Value
) -> [Value] {
    let lanes = max(1, min(threads, count))
    if lanes == 1 { return (0..<count).map(body) }
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
        nonisolated(unsafe) let values = buffer
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
            for index in stride(from: lane, to: count, by: lanes) {
                values.initializeElement(at: index, to: body(index))
            }
        }
        initialized = count
    }
}
