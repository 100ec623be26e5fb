import Analysis
import Tables

extension Figure {
    /// Above this number of fits the others are left out.
    static let profileLimit = 6

    /// How each fit worsens as one of its parameters is held elsewhere: a row per fit, a panel per parameter, with the
    /// interval at the fit's level where the profile crosses the threshold. An open side ends in an arrow.
    public static func profiles(_ analysis: ScalingLawAnalysis) -> Figure {
        let fits = analysis.fits.indices.filter { !analysis.fits[$0].isRefused }
        let rows = fits.prefix(profileLimit).map { ProfileRow(analysis, fit: $0) }
        // At most four panels side by side.
        let most = max(1, rows.map(\.panels.count).max() ?? 0)
        let lines = (most + 3) / 4
        let columns = (most + lines - 1) / lines
        let panels = rows.flatMap { $0.filled(to: lines * columns) }
        let profiles = rows.flatMap(\.profiles)
        let level = "\(significant(100 * analysis.options.level)) %"
        var notes = ["Profile: √((RSS − least RSS)/s²) with one parameter held and the others fitted anew."]
        if profiles.contains(where: { $0.isOpenBelow || $0.isOpenAbove }) {
            notes.append("Arrow: not bounded on this side at level \(significant(analysis.options.level)).")
        }
        notes += rows.flatMap(\.notes)
        if analysis.fits.contains(where: \.isRefused) { notes.append("Refused fits have no profile.") }
        if fits.count > rows.count { notes.append("Only the first \(rows.count) of \(fits.count) fits are drawn.") }
        let look = Look(color: 0)
        let legend = [
            LegendEntry("profile", look, marker: false, line: .line),
            LegendEntry("threshold at \(level)", Look(color: nil), marker: false, line: .rule),
            LegendEntry("\(level) interval", Look(color: 1), marker: false, line: .thick),
            LegendEntry("optimum", look),
        ]
        return Figure(
            panels: panels, columns: columns, legend: panels.isEmpty ? [] : legend, notes: notes,
            plotHeight: 1.3)
    }
}

/// The profiles of one fit's parameters.
private struct ProfileRow {
    private(set) var panels: [Panel] = []
    private(set) var profiles: [ScalingLawFit.Profile] = []
    private(set) var notes: [String] = []
    private let title: String

    init(_ analysis: ScalingLawAnalysis, fit index: Int) {
        let fit = analysis.fits[index]
        let group = fit.group.isEmpty ? "" : fit.title + " "
        title = (analysis.laws.count > 1 ? "\(fit.law), " : "") + "\(group)(n = \(fit.n))"
        var missing: [String] = []
        for parameter in fit.parameters where !parameter.isFixed {
            if let profile = analysis.profile(ofFit: index, parameter: parameter.name) {
                profiles.append(profile)
                panels.append(Self.panel(profile, title: title))
            } else {
                missing.append(parameter.name)
            }
        }
        if !missing.isEmpty { notes = ["\(title): no profile of \(missing.joined(separator: ", "))."] }
    }

    /// Blank panels keep the columns of rows with fewer parameters in line; without any parameter there is no row.
    func filled(to count: Int) -> [Panel] {
        panels.isEmpty ? [] : panels + [Panel](repeating: .blank, count: count - panels.count)
    }

    private static func panel(_ profile: ScalingLawFit.Profile, title: String) -> Panel {
        let xs = profile.points.map(\.value)
        let (least, greatest) = (xs.first ?? profile.optimum, xs.last ?? profile.optimum)
        let (blue, orange, grey) = (Look(color: 0), Look(color: 1), Look(color: nil))
        let t = profile.threshold
        // Beyond twice the threshold nothing more is learned.
        let curve = profile.points.filter { $0.root <= 2 * t }.map { Series.Point($0.value, $0.root) }
        func flat(_ a: Double, _ b: Double) -> [Series.Point] { [.init(a, t), .init(b, t)] }
        let ends = [profile.low, profile.high].compactMap(\.self).map { end in
            Series("end of the interval", .rule, orange, points: [.init(end, 0), .init(end, t)])
        }
        let (low, high) = (profile.low ?? least, profile.high ?? greatest)
        var interval = [Series("interval", .thick, orange, points: flat(low, high))]
        if profile.isOpenBelow { interval.append(Series("open below", .arrow, orange, points: flat(high, least))) }
        if profile.isOpenAbove { interval.append(Series("open above", .arrow, orange, points: flat(low, greatest))) }
        let label = "\(profile.parameter): \(number(profile.optimum)) [\(end(profile.low)), \(end(profile.high))]"
        return Panel(
            title: title, x: Axis(label, logarithmic: profile.isLogarithmic), y: Axis("√(ΔRSS/s²)"),
            series: [Series("threshold", .rule, grey, points: flat(least, greatest))] + ends + interval + [
                Series("profile of \(profile.parameter)", .line, blue, points: curve),
                Series("optimum", .points, blue, points: [.init(profile.optimum, 0)]),
            ])
    }

    private static func number(_ x: Double) -> String { significant(x, digits: 3) }

    /// A dash where the interval is open, as in the fit's report.
    private static func end(_ x: Double?) -> String { x.map(number) ?? "–" }
}
