import Foundation
internal import Randomness
internal import Statistics

/// A curve fitted again to resampled data: how its parameters vary.
///
/// Legend: n points of positive weight, p parameters, C clusters, R resamples.
public struct BootstrapFit: Sendable, Equatable {
    public enum Method: Sendable, Equatable {
        /// y* = f + a drawn residual. Residuals are weighted to equal variance, centred, and stretched by √(n/(n − p)),
        /// since a fit makes them too small. Holds where errors are independent and alike.
        case residual
        /// Points drawn with replacement: errors may differ from point to point, but not hang together.
        case pairs
        /// Whole clusters drawn with replacement, by a code per point, [n]: a run, a seed.
        case clusters([Int])
    }

    public let method: Method
    public let resamples: Int
    public let parameterCount: Int
    /// The fit's parameters per resample, [R, p] row-major; NaN where a resample cannot determine them. A parameter
    /// that ended on a bound is exactly there.
    public let values: [Double]
    /// Resamples of fewer different points than parameters, or without a finite fit.
    public let undefined: Int
    /// Resamples whose search stopped early; they count with what it reached.
    public let notConverged: Int
    public let warnings: [String]
    /// [p]
    let bounds: [Bounds]
    /// What is drawn: n points, or C clusters.
    let unitCount: Int
    let degreesOfFreedom: Int

    /// Resample i reads the random stream of index i: the values do not depend on `threads`.
    ///
    /// - Parameters:
    ///   - estimate: the optimum, [p], at which every refit starts.
    ///   - identity: what the numbers belong to; with `seed` it names the random streams.
    public init(
        _ model: CurveModel, data: CurveData, loss: Loss = .squares, estimate: [Double], method: Method = .residual,
        resamples: Int = 1000, seed: Int, identity: String = "", threads: Int = 1
    ) {
        precondition(resamples > 0, "a bootstrap needs resamples")
        let open = model.openParameters
        let p = model.parameters.count
        let resampler = Resampler(model, data: data, loss: loss, estimate: estimate, method: method)
        let rows = parallelRows(
            resamples, width: p + 1, block: 8, threads: threads,
            worker: { ResampleWorker(model, data: data, loss: loss, distinct: resampler.designCount) },
            fill: { worker, first, rows in
                for i in 0..<rows.count / (p + 1) {
                    var stream = RandomStream(identity, seed: seed, purpose: "bootstrap", index: first + i)
                    let row = UnsafeMutableBufferPointer(rebasing: rows[i * (p + 1)..<(i + 1) * (p + 1)])
                    worker.refit(resampler, &stream, into: row)
                }
            })
        self.method = method
        self.resamples = resamples
        parameterCount = p
        values = (0..<resamples).flatMap { rows[$0 * (p + 1)..<$0 * (p + 1) + p] }
        let outcomes = (0..<resamples).map { ResampleWorker.Outcome(rawValue: rows[$0 * (p + 1) + p]) }
        undefined = outcomes.count { $0 == .undefined }
        notConverged = outcomes.count { $0 == .notConverged }
        bounds = model.parameters.map(\.bounds)
        unitCount = resampler.unitCount
        degreesOfFreedom = max(0, resampler.rows.count - open.count)
        warnings = Self.warnings(
            method, resamples, undefined, notConverged, units: unitCount, degrees: degreesOfFreedom)
    }

    /// The parameters of one resample, [p].
    public func parameters(_ resample: Int) -> [Double] {
        Array(values[resample * parameterCount..<(resample + 1) * parameterCount])
    }

    /// The standard deviation over the defined resamples; nil below two, [p].
    public var standardErrors: [Double?] {
        (0..<parameterCount).map { j in
            standardDeviation((0..<resamples).map { values[$0 * parameterCount + j] }.filter(\.isFinite))
        }
    }

    private static func warnings(
        _ method: Method, _ resamples: Int, _ undefined: Int, _ notConverged: Int, units: Int, degrees: Int
    ) -> [String] {
        var warnings: [String] = []
        if case .clusters = method, units < 5 {
            warnings.append(
                units == 1
                    ? "all points are one cluster: nothing is known about how clusters differ"
                    : "only \(units) clusters: how they differ is hardly known, and the intervals are rough")
        }
        if case .residual = method, degrees == 0 {
            warnings.append("as many parameters as points: there are no residuals to draw")
        }
        if undefined > 0 {
            warnings.append("\(undefined) of \(resamples) resamples cannot determine the parameters and are left out")
        }
        if notConverged * 100 > resamples {
            warnings.append("\(notConverged) of \(resamples) refits did not converge; they count as they ended")
        }
        return warnings
    }
}
