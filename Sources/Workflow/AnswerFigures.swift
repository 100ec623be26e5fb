import Analysis
import Figures
import Foundation
import Statistics
import Studies
import Tables

/// From an analysis's result to its figure.
extension AnswerSource {
    static func scalingFigure(
        _ analysis: ScalingLawAnalysis, table: Table, x: [String], y: String, _ choice: FigureChoice
    ) throws -> Figure {
        let columns = try x.map { try table.numbers($0) }
        let values = try ColumnExpression(y, known: table.columnNames).values(in: table)
        let groups = try table.groups(by: analysis.fits.first?.group.map(\.column) ?? [])
        let curves = zip(analysis.fits, groups).map { fit, group -> ScalingCurve in
            let facet = fit.group.first { $0.column == choice.facet ?? "regime" }?.value ?? ""
            let name = fit.group.filter { $0.column != choice.facet ?? "regime" }.map(\.value).joined(separator: " ")
            let seen = group.rows.map { columns[0][$0] }
            let rest = columns.dropFirst().map { $0[group.rows[0]] }
            let low = seen.min() ?? 1
            let high = seen.max() ?? 1
            let grid = (0...120).map { low * pow(high / low, Double($0) / 120) }
            let points = group.rows.map { Series.Point(columns[0][$0], values[$0]) }
            guard !fit.isRefused else {
                return ScalingCurve(name: name, facet: facet, points: points, fit: [], band: [])
            }
            return ScalingCurve(
                name: name, facet: facet, points: points, fit: grid.map { Series.Point($0, fit.predict([$0] + rest)) },
                band: grid.compactMap { x in
                    fit.band(at: [x] + rest).map {
                        Series.Point(x, fit.predict([x] + rest), low: $0.low, high: $0.high)
                    }
                })
        }
        return .scaling(
            curves, x: Axis(words(x[0]), logarithmic: choice.x.logarithmic ?? true),
            y: Axis(words(y), logarithmic: choice.y.logarithmic ?? false))
    }

    static func scatterFigure(
        _ sets: Table, _ board: DistillationLeaderboard, loss: String, errors: [String], _ choice: FigureChoice
    ) throws -> Figure {
        try lossScatter(
            sets, board, loss: loss, errors: errors, logarithmicX: choice.x.logarithmic,
            logarithmicY: choice.y.logarithmic ?? false)
    }

    static func frontierFigure(_ frontier: ParetoFrontier, table: Table, _ choice: FigureChoice) throws -> Figure? {
        guard frontier.options.objectives.count == 2 else { return nil }
        let (first, second) = (frontier.options.objectives[0], frontier.options.objectives[1])
        let x = try table.numbers(first)
        let y = try table.numbers(second)
        let subsets = try table.texts("subset")
        let groups = try table.groups(by: frontier.options.per)
        let panels = zip(frontier.frontiers, groups).map { result, group -> FrontierPanel in
            var cells: [(family: String, x: Double, ys: [Double])] = []
            for row in group.rows {
                if let at = cells.firstIndex(where: { $0.family == subsets[row] && $0.x == x[row] }) {
                    cells[at].ys.append(y[row])
                } else {
                    cells.append((subsets[row], x[row], [y[row]]))
                }
            }
            func points(_ points: [ParetoFrontier.Point]) -> [Series.Point] {
                points.map { Series.Point($0.values[0], $0.values[1]) }.sorted { $0.x < $1.x }
            }
            return FrontierPanel(
                title: group.key.map(\.1).joined(separator: " "),
                candidates: cells.map { cell in
                    let centre = mean(cell.ys)
                    let deviation = standardDeviation(cell.ys)
                    return (
                        cell.family,
                        Series.Point(
                            cell.x, centre, low: deviation.map { centre - $0 }, high: deviation.map { centre + $0 })
                    )
                }, front: points(result.points), envelope: points(result.envelope))
        }
        let ticks = first == "ipc" ? Set(x.filter { !$0.isNaN }).sorted() : []
        return .frontier(
            panels, x: Axis(words(first), logarithmic: choice.x.logarithmic ?? true, ticks: ticks),
            y: Axis(words(second), logarithmic: choice.y.logarithmic ?? false))
    }

    static func hardnessFigure(_ hardness: OptimalHardness, _ choice: FigureChoice) -> Figure {
        let curves = hardness.results.map { result in
            let group = result.group.sorted { $0.key < $1.key }.map { $0.value + " " }.joined()
            let test = result.windows.map { window in
                Series.Point(
                    window.start, window.reported, low: window.reportedDeviation.map { window.reported - $0 },
                    high: window.reportedDeviation.map { window.reported + $0 })
            }
            return HardnessCurve(
                name: "\(group)IPC \(shortest(result.ipc))",
                validation: result.windows.map { Series.Point($0.start, $0.chosenOn) }, test: test,
                chosen: Series.Point(result.best.start, result.best.reported))
        }
        return .hardness(
            curves, x: Axis("window start (0: hardest of each class)", logarithmic: choice.x.logarithmic ?? false),
            y: Axis("error", logarithmic: choice.y.logarithmic ?? false))
    }

    /// `samples_seen` → `samples seen`.
    static func words(_ column: String) -> String {
        column == "ipc" ? "images per class" : column.replacingOccurrences(of: "_", with: " ")
    }
}
