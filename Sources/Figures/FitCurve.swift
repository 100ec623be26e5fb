import Analysis
import Foundation

/// A fitted law along one axis: the first x column, the others held at the group's own values.
struct FitCurve {
    let fit: ScalingLawFit
    let axes: FitAxes
    /// False where another column varies within the group, so that no curve belongs to the axis: then the fit is known at
    /// the points alone.
    let isCurve: Bool
    /// Over the fitted x; at the fitted points where there is no curve.
    let inside: [Series.Point]
    /// Below the least x fitted and above the largest, beginning and ending there; at points held out.
    let before: [Series.Point]
    let beyond: [Series.Point]
    private(set) var notes: [String] = []

    private let law: any ScalingLaw
    /// All parts, from the least x to the largest.
    private let x: [Double]
    private let predictions: [ScalingLawFit.Prediction]

    init(
        _ fit: ScalingLawFit, law: any ScalingLaw, columns: [String], fitted: ScalingLawAnalysis.Points,
        heldOut: ScalingLawAnalysis.Points, _ axes: FitAxes
    ) {
        (self.fit, self.law, self.axes) = (fit, law, axes)
        let needed = law.columns.count
        let shown = [fitted, heldOut].map { $0.x.columns.prefix(needed) }
        let others = (1..<max(1, needed)).map { c in shown.flatMap { $0[c] } }
        let varying = others.indices.filter { c in others[c].contains { $0 != others[c][0] } }
        isCurve = varying.isEmpty
        guard !fit.isRefused, let first = fitted.x.columns.first, let low = first.min(), let high = first.max() else {
            (inside, before, beyond, x, predictions) = ([], [], [], [], [])
            return
        }
        guard isCurve else {
            let names = varying.map { FitAxes.label(columns[$0 + 1], nil) }.joined(separator: ", ")
            notes = ["\(fit.law): \(names) varies within a group, so the fit is shown at the points alone."]
            (inside, before) = (Self.marks(fit, fitted, axes), [])
            beyond = Self.marks(fit, heldOut, axes)
            (x, predictions) = ([], [])
            return
        }
        if needed > 1 {
            let names = columns[1..<needed].map { FitAxes.label($0, nil) }.joined(separator: ", ")
            notes = ["\(fit.law): curves are drawn at each group's own \(names)."]
        }
        let all = first + (heldOut.x.columns.first ?? [])
        let grid = FitGrid(low: low, high: high, least: all.min() ?? low, all.max() ?? high, axes)
        x = grid.values
        predictions = fit.predictions(
            at: LawPoints([x] + others.map { [Double](repeating: $0[0], count: grid.values.count) }))
        let points = zip(x, predictions).map { Series.Point($0, $1.value) }
        func part(_ range: ClosedRange<Int>) -> [Series.Point] {
            range.count > 1 ? points[range].filter { axes.shows($0) } : []
        }
        before = part(0...grid.first)
        inside = grid.first == grid.last ? [points[grid.first]].filter { axes.shows($0) } : part(grid.first...grid.last)
        beyond = part(grid.last...x.count - 1)
    }

    /// The fit at points, in the order of their x.
    private static func marks(
        _ fit: ScalingLawFit, _ points: ScalingLawAnalysis.Points, _ axes: FitAxes
    ) -> [Series.Point] {
        zip(points.x.columns.first ?? [], fit.predict(at: points.x)).map { Series.Point($0, $1) }
            .filter { axes.shows($0) }.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    }

    /// A band around the curve, where it is known. A logarithmic axis, which never reaches 0, cuts it.
    func band(
        _ low: KeyPath<ScalingLawFit.Prediction, Double?>, _ high: KeyPath<ScalingLawFit.Prediction, Double?>
    ) -> [Series.Point] {
        let floor =
            axes.y.isLogarithmic ? (predictions.map(\.value).filter { $0 > 0 }.min() ?? 0) / 10 : -Double.infinity
        return zip(x, predictions).compactMap { x, prediction in
            let point = Series.Point(x, prediction.value)
            guard let low = prediction[keyPath: low], let high = prediction[keyPath: high], axes.shows(point) else {
                return nil
            }
            return Series.Point(x, prediction.value, low: max(low, floor), high: max(high, floor))
        }
    }

    /// f − y, or ln f − ln y under a logarithmic loss, of points that were not fitted.
    func residuals(of points: ScalingLawAnalysis.Points) -> [Double] {
        zip(fit.predict(at: points.x), points.y).map { fit.loss.isLogarithmic ? log($0) - log($1) : $0 - $1 }
    }

    func residuals(_ residuals: [Double], at points: ScalingLawAnalysis.Points) -> [Series.Point] {
        zip(points.x.columns.first ?? [], residuals).map { Series.Point($0, $1) }.filter(\.y.isFinite)
    }
}

/// Values of x along a curve; the least and the largest fitted are among them.
private struct FitGrid {
    let values: [Double]
    /// Places of the least and the largest x fitted.
    let first: Int
    let last: Int

    /// - Parameters:
    ///   - low: the least x fitted.
    ///   - least: the least of all points.
    init(low: Double, high: Double, least: Double, _ greatest: Double, _ axes: FitAxes) {
        let factor = axes.options.extrapolation
        let aim = axes.farthest ?? (factor > 1 && high > 0 ? high * factor : high)
        let end = max(aim.isFinite ? aim : high, greatest)
        let before = Self.steps(from: least, to: low, axes)
        let inside = Self.steps(from: low, to: high, axes)
        let beyond = Self.steps(from: high, to: end, axes)
        values = before + inside + beyond + [end]
        (first, last) = (before.count, before.count + inside.count)
    }

    /// From `start` up to, and without, `end`.
    private static func steps(from start: Double, to end: Double, _ axes: FitAxes) -> [Double] {
        guard start < end, end.isFinite else { return [] }
        return (0..<120).map { step in
            let share = Double(step) / 120
            return axes.x.isLogarithmic ? start * pow(end / start, share) : start + share * (end - start)
        }
    }
}

extension FitAxes {
    /// Whether a point has a place on these axes.
    func shows(_ point: Series.Point) -> Bool { point.y.isFinite && (!y.isLogarithmic || point.y > 0) }
}
