import Fitting
import Foundation
import Statistics

/// Two fits of one law at the same n.
struct FitDifference {
    typealias Difference = ScalingLawComparison.Difference

    private let fits: [ScalingLawFit]
    private let n: Double
    /// The points (n e^(kh), others) for k = −2…2, of either fit.
    private let points: [LawPoints]

    /// Of ln n: the derivative's error is about h⁴ and that of rounding 1e-16/h of y.
    private static let step = 1e-3

    init(_ first: ScalingLawFit, _ second: ScalingLawFit, n: Double, others: [[Double]]) {
        fits = [first, second]
        self.n = n
        let around = n > 0 ? (-2...2).map { n * exp(Double($0) * Self.step) } : [n]
        points = others.map { others in
            LawPoints([around] + others.map { [Double](repeating: $0, count: around.count) })
        }
    }

    /// The difference of y and, where n is positive, of dy/d ln n.
    func all(level: Double, margin: Double?) -> [Difference] {
        // f and dy/d ln n are both linear in f at these points. At a kink of the curve, as at the end of an epoch, the
        // derivative is the mean of both sides.
        let h = Self.step
        let slope = [1, -8, 0, 8, -1].map { $0 / (12 * h) }
        if n <= 0 { return [difference(.value, weights: [1], level, margin)] }
        return [
            difference(.value, weights: [0, 0, 1, 0, 0], level, margin),
            difference(.utility, weights: slope, level, nil),
        ]
    }

    private func difference(
        _ quantity: ScalingLawComparison.Quantity, weights: [Double], _ level: Double, _ margin: Double?
    ) -> Difference {
        let curves = fits.indices.map { fits[$0].model.values(fits[$0].curveParameters, at: points[$0]) }
        let values = curves.map { Self.dot(weights, $0) }
        // Where a curve is flat to its last bits, its slope and the slope's error are rounding.
        let rounding = 4e-16 * curves.reduce(0) { $0 + Self.dot(weights.map { abs($0) }, $1.map { abs($0) }) }
        let delta = values[0] - values[1]
        let isResampled = fits.allSatisfy { !$0.resamples.isEmpty }
        let (error, degrees) = isResampled ? resampledError(weights) : standardError(weights)
        let isKnown = error.isFinite && error > rounding && delta.isFinite && fits[0].interval != .none
        let half = isKnown ? tQuantile(0.5 + level / 2, degrees: degrees) * error : .nan
        return Difference(
            quantity: quantity, n: n, first: values[0], second: values[1], difference: delta,
            standardError: error.isFinite ? error : nil, low: isKnown ? delta - half : nil,
            high: isKnown ? delta + half : nil,
            pValue: isKnown ? 2 * tCDF(-abs(delta) / error, degrees: degrees) : nil, pFamily: nil,
            equivalence: margin.flatMap { margin in
                isKnown ? tCDF((abs(delta) - margin) / error, degrees: degrees) : nil
            })
    }

    /// Of the difference, and the degrees of freedom of Student's t: Welch's for independent groups, those of the joint
    /// fit where parameters are shared.
    private func standardError(_ weights: [Double]) -> (error: Double, degrees: Double) {
        let gradients = fits.indices.map { side -> [Double] in
            let jacobian = fits[side].model.jacobian(fits[side].curveParameters, at: points[side])
            let p = fits[side].parameters.count
            return (0..<p).map { j in
                weights.indices.reduce(0) { $0 + (weights[$1] == 0 ? 0 : weights[$1] * jacobian[$1 * p + j]) }
            }
        }
        let errors = fits.indices.map { fits[$0].standardError(of: gradients[$0]) }
        let variances = errors.map { $0 * $0 }
        let degrees = fits.map { Double($0.quantileDegrees) }
        if let joint = fits[0].uncertainty?.joint, let other = fits[1].uncertainty?.joint {
            return (joint.standardError(of: gradients[0], less: other, gradients[1]), degrees[0])
        }
        return Self.welch(variances, degrees)
    }

    /// The same over bootstrap refits, drawn independently in either group: p, interval and equivalence then follow
    /// from one distribution, as they do not where only the interval's percentiles are widened for few units.
    private func resampledError(_ weights: [Double]) -> (error: Double, degrees: Double) {
        let variances = fits.indices.map { side -> Double in
            let draws = fits[side].resampledParameters
                .map { Self.dot(weights, fits[side].model.values($0, at: points[side])) }.filter(\.isFinite)
            let deviation = standardDeviation(draws) ?? .nan
            return deviation * deviation
        }
        return Self.welch(variances, fits.map { Double($0.quantileDegrees) })
    }

    /// Satterthwaite's degrees of freedom of a sum of independent variances.
    private static func welch(_ variances: [Double], _ degrees: [Double]) -> (error: Double, degrees: Double) {
        let variance = variances[0] + variances[1]
        let welch = variance * variance / zip(variances, degrees).reduce(0) { $0 + $1.0 * $1.0 / $1.1 }
        return (variance.squareRoot(), welch)
    }

    private static func dot(_ weights: [Double], _ values: [Double]) -> Double {
        zip(weights, values).reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.0 * $1.1) }
    }
}
