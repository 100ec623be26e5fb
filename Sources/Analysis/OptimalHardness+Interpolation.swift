import Statistics

extension OptimalHardness {
    /// Where between the windows the error is least: a parabola through the best window and its neighbours.
    public struct Interpolation: Sendable, Equatable {
        public enum Verdict: String, Sendable, Equatable {
            case found = "found"
            /// The least error is at the first or last window: the optimum may lie beyond.
            case atEdge = "at the edge"
            /// The windows' errors do not differ beyond the noise of seeds, a parabola does not fit them, or the interval spans
            /// half of the windows.
            case cannotTell = "cannot tell"
        }

        /// In the unit of `Window.start`, and the parabola's error there.
        public var position: Double
        public var error: Double
        /// Percentile interval over resampled seeds, 95 %; nil where a window has one run.
        public var low: Double?
        public var high: Double?
        /// Of equal errors of all windows (one-way analysis of variance); nil where a window has one run.
        public var pFlat: Double?
        /// Of the parabola (lack of fit against the noise of seeds); nil where it takes three windows, or they have no noise.
        public var pFit: Double?
        public var verdict: Verdict
        /// Whether the windows' errors do not lie on a parabola, at 5 %.
        var isMisfit: Bool { pFit.map { $0 < 0.05 } ?? false }
    }

    /// So many windows on both sides of the best take part in the parabola.
    private static let neighbours = 2

    /// Nil below three windows. `runs` are the errors of each window, in the order of `starts`.
    static func interpolation(
        starts: [Double], runs: [[Double]], resamples: Int, seed: Int, identity: String
    ) -> Interpolation? {
        guard starts.count > 2 else { return nil }
        let (position, error) = least(starts, runs.map { mean($0) })
        var result = Interpolation(position: position, error: error, verdict: .cannotTell)
        guard runs.allSatisfy({ $0.count > 1 }) else { return result }
        result.pFlat = flatness(runs)
        result.pFit = fit(starts, runs)
        let positions = (0..<resamples).map { draw in
            var noise = NoiseDraw(identity + "/position", seed: seed, index: draw)
            return least(starts, runs.map { noise.resampledMean($0) }).position
        }
        let interval = BootstrapInterval(percentilesOf: positions, level: 0.95)
        (result.low, result.high) = (interval?.low, interval?.high)
        let span = starts[starts.count - 1] - starts[0]
        guard let interval, let pFlat = result.pFlat, pFlat < 0.05, !result.isMisfit,
            interval.high - interval.low <= span / 2
        else {
            return result
        }
        result.verdict = position <= starts[0] || position >= starts[starts.count - 1] ? .atEdge : .found
        return result
    }

    /// The vertex of the least-squares parabola around the least error, kept between the outermost windows that take
    /// part; the best window itself where the parabola opens downwards.
    static func least(_ starts: [Double], _ errors: [Double]) -> (position: Double, error: Double) {
        let (best, part) = around(errors)
        let (first, last) = (part.lowerBound, part.upperBound)
        // Centred at the best window, so that the sums of powers stay small.
        let x = (first...last).map { starts[$0] - starts[best] }
        let y = (first...last).map { errors[$0] - errors[best] }
        guard let (constant, slope, curvature) = parabola(x, y), curvature > 0 else {
            return (starts[best], errors[best])
        }
        let vertex = min(max(-slope / (2 * curvature), x[0]), x[x.count - 1])
        return (starts[best] + vertex, errors[best] + constant + vertex * (slope + vertex * curvature))
    }

    /// The best window, and those that the parabola takes.
    private static func around(_ errors: [Double]) -> (best: Int, part: ClosedRange<Int>) {
        let best = errors.indices.dropFirst().reduce(0) { errors[$1] < errors[$0] ? $1 : $0 }
        return (
            best, max(0, min(best - neighbours, errors.count - 3))...min(errors.count - 1, max(best + neighbours, 2))
        )
    }

    /// The p-value of a lack-of-fit test: the parabola's residuals against the scatter of seeds.
    private static func fit(_ starts: [Double], _ runs: [[Double]]) -> Double? {
        let means = runs.map { mean($0) }
        let (best, part) = around(means)
        let x = part.map { starts[$0] - starts[best] }
        let degrees = Double(runs.reduce(0) { $0 + $1.count } - runs.count)
        let noise = zip(runs, means).reduce(0) { total, run in
            run.0.reduce(total) { $0 + ($1 - run.1) * ($1 - run.1) }
        }
        guard part.count > 3, degrees > 0, noise > 0,
            let (constant, slope, curvature) = parabola(x, part.map { means[$0] - means[best] })
        else { return nil }
        let lack = zip(part, x).reduce(0) { total, window in
            let residual = means[window.0] - means[best] - constant - window.1 * (slope + window.1 * curvature)
            return total + Double(runs[window.0].count) * residual * residual
        }
        let free = Double(part.count - 3)
        return fTail((lack / free) / (noise / degrees), numerator: free, denominator: degrees)
    }

    /// Least squares of c + b·x + a·x² by Cramer's rule; nil where x has fewer than three values.
    private static func parabola(_ x: [Double], _ y: [Double]) -> (Double, Double, Double)? {
        func sum(_ power: Int, _ weights: [Double]? = nil) -> Double {
            x.indices.reduce(0) { total, i in
                total + (0..<power).reduce(weights?[i] ?? 1) { product, _ in product * x[i] }
            }
        }
        let (s0, s1, s2, s3, s4) = (Double(x.count), sum(1), sum(2), sum(3), sum(4))
        let (t0, t1, t2) = (sum(0, y), sum(1, y), sum(2, y))
        func determinant(_ a: [Double], _ b: [Double], _ c: [Double]) -> Double {
            a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
        }
        let whole = determinant([s0, s1, s2], [s1, s2, s3], [s2, s3, s4])
        guard abs(whole) > 1e-12 * s0 * s2 * s4 else { return nil }
        return (
            determinant([t0, s1, s2], [t1, s2, s3], [t2, s3, s4]) / whole,
            determinant([s0, t0, s2], [s1, t1, s3], [s2, t2, s4]) / whole,
            determinant([s0, s1, t0], [s1, s2, t1], [s2, s3, t2]) / whole
        )
    }

    /// The p-value of a one-way analysis of variance.
    static func flatness(_ runs: [[Double]]) -> Double? {
        let all = runs.flatMap { $0 }
        let (between, within) = (Double(runs.count - 1), Double(all.count - runs.count))
        guard between > 0, within > 0 else { return nil }
        let centre = mean(all)
        let means = runs.map { mean($0) }
        let squaresBetween = zip(runs, means).reduce(0) { $0 + Double($1.0.count) * ($1.1 - centre) * ($1.1 - centre) }
        let squaresWithin = zip(runs, means).reduce(0) { total, pair in
            pair.0.reduce(total) { $0 + ($1 - pair.1) * ($1 - pair.1) }
        }
        if squaresWithin == 0 { return squaresBetween == 0 ? 1 : 0 }
        return fTail(
            squaresBetween / between / (squaresWithin / within), numerator: between, denominator: within)
    }
}
