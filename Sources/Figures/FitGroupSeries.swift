import Analysis
import Foundation
import Tables

/// One group of an analysis as series: its points and what each law makes of them.
struct FitGroupSeries {
    enum Role { case fitted, heldOut, curve, extrapolated, confidence, prediction, residuals }

    let title: String
    /// Points fitted.
    let n: Int
    /// Of the group among others in one panel.
    let look: Look
    private(set) var notes: [String] = []
    /// Whether each law is drawn as a curve, and not at the points alone; nil where it is refused.
    private(set) var isCurve: [Bool?] = []
    /// The level and the method of each confidence band.
    private(set) var bands: [(level: String, method: String)] = []
    private var all: [(role: Role, series: Series)] = []

    func series(_ role: Role) -> [Series] { all.filter { $0.role == role }.map(\.series) }
    func has(_ role: Role) -> Bool { all.contains { $0.role == role } }

    init(_ analysis: ScalingLawAnalysis, group index: Int, _ axes: FitAxes, isOverview: Bool) {
        let laws = analysis.laws
        let fits = laws.indices.map { analysis.fits[index * laws.count + $0] }
        let (fitted, heldOut) = analysis.points(ofGroup: index)
        n = fitted.rows.count
        look = Look(color: index, marker: index / GnuplotPen.palette.count)
        let name = fits.first?.group.isEmpty == false ? fits[0].title : ""
        title = Self.title(name, fits, heldOut: heldOut.rows.count)

        let grey = isOverview ? look : Look(color: nil)
        let prefix = isOverview ? name + ", " : ""
        add(.fitted, prefix + "fitted", .points, grey, Self.points(fitted))
        add(.heldOut, prefix + "held out", .hollow, grey, Self.points(heldOut))
        for (place, fit) in fits.enumerated() {
            let drawn = FitCurve(
                fit, law: laws[place], columns: analysis.xColumns, fitted: fitted, heldOut: heldOut, axes)
            let look = isOverview ? look : Self.look(ofLaw: place, of: laws.count)
            let name = isOverview && laws.count == 1 ? name : prefix + fit.law
            add(drawn, name, look, line: Self.line(ofLaw: place), hasBands: !isOverview)
            add(.residuals, "\(name), fitted", .points, look, drawn.residuals(fit.residuals, at: fitted))
            add(
                .residuals, "\(name), held out", .hollow, look,
                drawn.residuals(drawn.residuals(of: heldOut), at: heldOut))
            isCurve.append(fit.isRefused ? nil : drawn.isCurve)
            notes += Self.notes(fit, isAlone: analysis.fits.count == 1) + drawn.notes
        }
    }

    private mutating func add(
        _ role: Role, _ name: String, _ kind: Series.Kind, _ look: Look, _ points: [Series.Point]
    ) {
        if points.isEmpty { return }
        let mayLeave = role == .confidence || role == .prediction || role == .extrapolated
        all.append((role, Series(name, kind, look, points: points, mayLeaveAxes: mayLeave)))
    }

    private mutating func add(
        _ drawn: FitCurve, _ name: String, _ look: Look, line: Series.Kind, hasBands: Bool
    ) {
        let fit = drawn.fit
        let isCurve = drawn.isCurve
        if hasBands, fit.interval != .none {
            let level = "\(significant(100 * fit.level)) %"
            let band = drawn.band(\.low, \.high)
            if !band.isEmpty && isCurve { bands.append((level, Self.method(fit))) }
            if isCurve { add(.confidence, "\(name), \(level) confidence band", .band, look, band) }
            if isCurve && drawn.axes.options.showsPredictionBand {
                let band = drawn.band(\.predictionLow, \.predictionHigh)
                add(.prediction, "\(name), \(level) prediction band", .edges, look, band)
            }
        }
        if isCurve {
            add(.curve, name, line, look, drawn.inside)
            for part in [drawn.before, drawn.beyond] {
                add(.extrapolated, "\(name), extrapolated", .dashed, look, part)
            }
        } else {
            add(.curve, "\(name), at the points", .cross, look, drawn.inside)
            add(.extrapolated, "\(name), at points held out", .cross, look, drawn.beyond)
        }
    }

    static func look(ofLaw index: Int, of count: Int) -> Look { Look(color: index, marker: count > 1 ? index : 0) }

    /// Dashes belong to what is extrapolated.
    static func line(ofLaw index: Int) -> Series.Kind { [.line, .dashdot, .dotted][index % 3] }

    private static func points(_ points: ScalingLawAnalysis.Points) -> [Series.Point] {
        zip(points.x.columns.first ?? [], points.y).map { Series.Point($0, $1) }
    }

    /// Bands are the delta method's unless refits give the curve's own distribution; details differ between groups.
    private static func method(_ fit: ScalingLawFit) -> String {
        fit.interval == .bootstrap ? String(fit.intervalMethod.prefix { $0 != "," }) : "asymptotic"
    }

    /// `curve = 0 (n = 50)`, with what went wrong where there is one law.
    private static func title(_ name: String, _ fits: [ScalingLawFit], heldOut: Int) -> String {
        var counts = "n = \(fits.first?.n ?? 0)"
        if heldOut > 0 { counts += ", \(heldOut) held out" }
        let title = name.isEmpty ? counts : "\(name) (\(counts))"
        guard fits.count == 1, let fit = fits.first else { return title }
        if fit.isRefused { return title + ": not fitted" }
        return fit.termination.isConverged ? title : title + ": NOT CONVERGED"
    }

    private static func notes(_ fit: ScalingLawFit, isAlone: Bool) -> [String] {
        let name = isAlone ? "" : "\(fit.group.isEmpty ? fit.law : "\(fit.law), \(fit.title)"): "
        if fit.isRefused { return ["\(name)not fitted: \(fit.warnings.first ?? "")."] }
        return fit.termination.isConverged ? [] : ["\(name)NOT CONVERGED."]
    }
}
