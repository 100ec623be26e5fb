import Analysis
import Figures
import Statistics
import Tables

/// Pictures of losses beside errors, as the paper's figures 3, 5 and 6: colour by IPC, marker by family, one panel per group
/// and error.
///
/// - Parameters:
///   - sets: columns `loss`, the errors, and `ipc`, `family` and `<error>_std` where there are such.
///   - logarithmicX: nil: where all losses are positive.
func lossScatter(
    _ sets: Table, _ board: DistillationLeaderboard, loss: String, errors: [String], logarithmicX: Bool? = nil,
    logarithmicY: Bool = false
) throws -> Figure {
    let x = try sets.numbers(loss)
    let ipc = try sets.has("ipc") ? sets.numbers("ipc") : x.map { _ in 0 }
    let families = try sets.has("family") ? sets.texts("family") : x.map { _ in "sets" }
    let per = board.entries.first?.group.map(\.column) ?? []
    let keys = try per.map { try sets.texts($0) }
    var points: [ScatterPoint] = []
    var titles: [String: String] = [:]
    for error in errors {
        let y = try sets.numbers(error)
        let deviation = try sets.has(error + "_std") ? sets.numbers(error + "_std") : y.map { _ in .nan }
        for entry in board.entries where entry.error == error {
            let facet = [entry.title, errors.count > 1 ? words(error) : ""].filter { !$0.isEmpty }.joined(
                separator: ", ")
            let isOut = try entry.result.options.leaveOut?.matches(in: sets)
            for row in 0..<sets.rowCount where zip(keys, entry.group).allSatisfy({ $0[row] == $1.value }) {
                guard !x[row].isNaN, !y[row].isNaN else { continue }
                let bar = deviation[row].isNaN ? nil : deviation[row]
                points.append(
                    ScatterPoint(
                        facet: facet, family: families[row], ipc: Int(exactly: ipc[row].rounded()) ?? 0,
                        point: Series.Point(
                            x[row], y[row], low: bar.map { y[row] - $0 }, high: bar.map { y[row] + $0 }),
                        isLeftOut: isOut?[row] ?? false))
            }
            titles[facet] = title(of: entry, facet, loss: loss)
        }
    }
    let isLogarithmic = logarithmicX ?? points.allSatisfy { $0.point.x > 0 }
    return .scatter(
        points, titles: titles, x: Axis("\(loss) loss", logarithmic: isLogarithmic),
        y: Axis(errors.count == 1 ? words(errors[0]) : "error", logarithmic: logarithmicY))
}

/// `HL: ρ = 0.41 [0.2, 0.6], m = 40`.
private func title(of entry: DistillationLeaderboard.Entry, _ facet: String, loss: String) -> String {
    guard let objective = entry.result.objectives.first(where: { $0.objective == loss }) else { return facet }
    let place = facet.isEmpty ? "" : facet + ": "
    guard let rho = objective.rho else { return "\(place)ρ undefined (m = \(objective.m))" }
    let interval =
        objective.interval.map { " [\(significant($0.low, digits: 2)), \(significant($0.high, digits: 2))]" } ?? ""
    return "\(place)ρ = \(significant(rho, digits: 2))\(interval), m = \(objective.m)"
}

/// A loss along expert epochs (the paper's figure 7a), from columns `name@epoch`, a panel per group of the board: above the mean
/// over the sets of each IPC with its smallest and largest, below ρ at each epoch as the board adjusts it. Sets that the
/// board's rule leaves out do not count.
func epochFigure(
    _ epochs: EpochLosses, _ sets: Table, _ board: DistillationLeaderboard, error: String
) throws -> Figure {
    let ipc = try sets.has("ipc") ? sets.numbers("ipc") : [Double](repeating: 0, count: sets.rowCount)
    // Of all groups: a size has one colour, whether or not a group has sets of it.
    let sizes = Set(ipc.filter(\.isFinite)).sorted()
    let columns = try epochs.columns.map { try sets.numbers($0) }
    let entries = board.entries.filter { $0.error == error }
    let panels = try entries.map { entry in
        let options = entry.result.options
        let keys = try entry.group.map { try sets.texts($0.column) }
        let isOut = try options.leaveOut?.matches(in: sets)
        let rows = ipc.indices.filter { row in
            isOut?[row] != true && zip(keys, entry.group).allSatisfy { $0[row] == $1.value }
        }
        let series = sizes.enumerated().flatMap { index, size -> [Series] in
            let points = zip(epochs.epochs, columns).compactMap { epoch, column -> Series.Point? in
                let values = rows.filter { ipc[$0] == size }.map { column[$0] }.filter(\.isFinite)
                guard let low = values.min(), let high = values.max() else { return nil }
                return Series.Point(epoch, mean(values), low: low, high: high)
            }
            let look = Look(color: index, marker: index)
            let name = "IPC \(shortest(size))"
            return [Series("\(name), range", .band, look, points: points), Series(name, .line, look, points: points)]
        }
        let group = sets.rows(rows)
        let rho = try zip(epochs.epochs, epochs.columns).compactMap { epoch, column in
            try DistillationCorrelation.headline(column, in: group, options: options).map { Series.Point(epoch, $0) }
        }
        return Panel(
            title: (entry.title.isEmpty ? "" : entry.title + ": ") + "\(epochs.name) along expert epochs",
            x: Axis("expert epoch"), y: Axis("loss"), series: series,
            lower: LowerPlot(
                name: "rho", y: Axis("ρ"), series: [Series("ρ", .line, Look(color: nil), points: rho)], share: 0.5))
    }
    let options = entries.first?.result.options
    let names = options?.adjustFor ?? []
    let adjusted = names.isEmpty ? "" : ", \(options?.adjust.rawValue ?? "") \(names.joined(separator: ", "))"
    return Figure(
        panels: panels, columns: min(3, max(1, panels.count)),
        legend: sizes.enumerated().map {
            LegendEntry("IPC \(shortest($1))", Look(color: $0, marker: $0), marker: false, line: .line)
        }, notes: ["Below: ρ against \(words(error))\(adjusted)."])
}

/// `samples_seen` → `samples seen`.
private func words(_ column: String) -> String { AnswerSource.words(column) }
