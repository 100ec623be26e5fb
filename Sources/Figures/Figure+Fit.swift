import Analysis
import Tables

/// What is drawn of a fit, and how far.
public struct FitFigureOptions: Sendable, Equatable {
    /// Curves end at so many times the largest x fitted; 1 or less: there.
    public var extrapolation = 10.0
    /// Where every x is positive.
    public var isXLogarithmic = true
    /// Where every y is positive.
    public var isYLogarithmic = false
    /// Where a new observation lies, besides where the curve does.
    public var showsPredictionBand = false

    public init() {}
}

extension Figure {
    /// Above this number of groups all of them share one panel.
    static let panelLimit = 6
    /// Above this number of groups the others are left out.
    static let groupLimit = 64

    /// Fits over their points with their bands, dashed beyond the points, and the residuals below: a panel per group, or one
    /// for all where there are more than six.
    ///
    /// - Parameter predictions: curves end at the largest x predicted, in place of `extrapolation`.
    public static func fit(
        _ analysis: ScalingLawAnalysis, options: FitFigureOptions = .init(), predictions: ScalingLawPredictions? = nil
    ) -> Figure {
        let isOverview = analysis.groupCount > panelLimit
        let axes = FitAxes(analysis, options, predictions)
        let groups = (0..<min(analysis.groupCount, groupLimit)).map {
            FitGroupSeries(analysis, group: $0, axes, isOverview: isOverview)
        }
        let panels =
            isOverview
            ? [axes.panel(overviewTitle(analysis, groups), groups)] : groups.map { axes.panel($0.title, [$0]) }
        return Figure(
            panels: panels, columns: isOverview ? nil : columns(panels.count),
            legend: legend(analysis, groups, isOverview: isOverview), notes: notes(analysis, groups), sharesY: true,
            width: isOverview ? 6.8 : nil, plotHeight: isOverview ? 2.8 : 1.9)
    }

    /// Three panels side by side are as many as a page's width holds.
    static func columns(_ count: Int) -> Int { count == 4 ? 2 : min(count, 3) }

    private static func overviewTitle(_ analysis: ScalingLawAnalysis, _ groups: [FitGroupSeries]) -> String {
        let sizes = groups.map(\.n)
        let (least, most) = (sizes.min() ?? 0, sizes.max() ?? 0)
        let n = least == most ? "n = \(least) each" : "n = \(least)…\(most)"
        let count = analysis.groupCount
        return groups.count < count ? "\(groups.count) of \(count) groups (\(n))" : "\(count) groups (\(n))"
    }

    private static func legend(
        _ analysis: ScalingLawAnalysis, _ groups: [FitGroupSeries], isOverview: Bool
    ) -> [LegendEntry] {
        let grey = Look(color: nil)
        func has(_ role: FitGroupSeries.Role) -> Bool { groups.contains { $0.has(role) } }
        var entries: [LegendEntry] = []
        if isOverview {
            // Beyond these, colours and markers are no longer told apart.
            if groups.count <= 24 { entries += groups.map { LegendEntry(cut($0.title), $0.look) } }
        } else {
            entries.append(LegendEntry("fitted", grey))
        }
        if has(.heldOut) { entries.append(LegendEntry("held out", grey, line: .hollow)) }
        let laws = analysis.laws
        for (index, law) in laws.enumerated() {
            let look = isOverview ? grey : FitGroupSeries.look(ofLaw: index, of: laws.count)
            let isCurve = groups.contains { $0.isCurve[index] == true }
            entries.append(
                LegendEntry(
                    cut(law.name), look, marker: !isCurve || laws.count > 1 && !isOverview,
                    line: isCurve ? FitGroupSeries.line(ofLaw: index) : .cross))
        }
        if groups.contains(where: { $0.series(.extrapolated).contains { $0.kind == .dashed } }) {
            entries.append(LegendEntry("extrapolated", grey, marker: false, line: .dashed))
        }
        let bands = groups.flatMap(\.bands)
        if let band = bands.first {
            let look = laws.count == 1 ? FitGroupSeries.look(ofLaw: 0, of: 1) : grey
            if has(.confidence) {
                entries.append(
                    LegendEntry("\(band.level) confidence band (\(band.method))", look, marker: false, line: .band))
            }
            if has(.prediction) {
                entries.append(LegendEntry("\(band.level) prediction band", look, marker: false, line: .edges))
            }
        }
        return entries
    }

    /// A name that leaves room in the legend.
    private static func cut(_ name: String) -> String { name.count > 40 ? name.prefix(39) + "…" : name }

    /// What the picture alone does not say.
    private static func notes(_ analysis: ScalingLawAnalysis, _ groups: [FitGroupSeries]) -> [String] {
        let isLogarithmic = analysis.options.loss.isLogarithmic
        var notes = ["Residuals: \(isLogarithmic ? "ln fit − ln data" : "fit − data")."]
        var seen: Set<String> = []
        let found = groups.flatMap(\.notes).filter { seen.insert($0).inserted }
        notes += found.prefix(8)
        if found.count > 8 { notes.append("… and \(found.count - 8) more of this kind.") }
        if groups.count < analysis.groupCount {
            notes.append("Only the first \(groups.count) of \(analysis.groupCount) groups are drawn.")
        }
        if groups.count > 24 && analysis.groupCount > panelLimit {
            notes.append("Colours repeat: the figure's data name each group.")
        }
        return notes
    }
}

/// The axes that all groups of a figure have, and how far their curves go.
struct FitAxes {
    let x: Axis
    let y: Axis
    let options: FitFigureOptions
    /// The largest x predicted, where predictions decide how far curves go.
    let farthest: Double?

    init(_ analysis: ScalingLawAnalysis, _ options: FitFigureOptions, _ predictions: ScalingLawPredictions?) {
        let groups = (0..<analysis.groupCount).map(analysis.points(ofGroup:))
        let points = groups.flatMap { [$0.fitted, $0.heldOut] }
        let isPositive = (
            x: points.allSatisfy { $0.x.columns.first?.allSatisfy { $0 > 0 } ?? true },
            y: points.allSatisfy { $0.y.allSatisfy { $0 > 0 } }
        )
        let law = analysis.laws.max { $0.columns.count < $1.columns.count }
        x = Axis(
            Self.label(analysis.xColumns.first ?? "x", law?.columns.first),
            logarithmic: options.isXLogarithmic && isPositive.x)
        y = Axis(Self.label(analysis.yColumn, nil), logarithmic: options.isYLogarithmic && isPositive.y)
        self.options = options
        farthest = predictions.flatMap { $0.parts.flatMap { $0.x.columns.first ?? [] }.max() }
    }

    func panel(_ title: String, _ groups: [FitGroupSeries]) -> Panel {
        let order: [FitGroupSeries.Role] = [.confidence, .prediction, .fitted, .heldOut, .extrapolated, .curve]
        let upper = order.flatMap { role in groups.flatMap { $0.series(role) } }
        let residuals = groups.flatMap { $0.series(.residuals) }
        let ends = (upper + residuals).flatMap { $0.points.map(\.x) }
        let zero = Series(
            "zero", .rule, Look(color: nil),
            points: [ends.min(), ends.max()].compactMap { $0.map { Series.Point($0, 0) } })
        return Panel(
            title: title, x: x, y: y, series: upper,
            lower: LowerPlot(name: "residuals", y: Axis("residual"), series: [zero] + residuals))
    }

    /// `samples_seen` → `samples seen`; a letter with what it stands for in the law.
    static func label(_ column: String, _ meaning: LawColumn?) -> String {
        if column == "ipc" { return "images per class" }
        let words = column.replacing("_", with: " ")
        guard let meaning, column.count <= 2, meaning.name == column, !meaning.meaning.isEmpty else { return words }
        return "\(words): \(meaning.meaning)"
    }
}
