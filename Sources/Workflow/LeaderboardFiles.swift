import Analysis
import Figures
import Foundation
import Tables

/// A leaderboard as files: `leaderboard.csv`, `dcs.json`, `differences.csv`, `sets.csv`, a scatter plot per objective and the
/// losses along expert epochs, each picture with its data.
///
/// - Parameter format: `svg`, `pdf` or `png`.
/// - Returns: the paths written, and sentences about pictures that could not be drawn.
public func writeLeaderboard(
    _ board: DistillationLeaderboard, sets: Table, epochs: [EpochLosses] = [], to directory: String,
    format: String = "svg"
) throws -> (files: [String], notes: [String]) {
    var files: [String] = []
    var notes: [String] = []
    func write(_ text: String, _ name: String) throws {
        try Tables.write(text, to: "\(directory)/\(name)")
        files.append("\(directory)/\(name)")
    }
    try write(board.table().formatted(.csv), "leaderboard.csv")
    try write(board.json().text(), "dcs.json")
    try write(sets.formatted(.csv), "sets.csv")
    let differences = board.differenceTable()
    if differences.rowCount > 0 { try write(differences.formatted(.csv), "differences.csv") }
    if !board.repeats.isEmpty { try write(board.repeatTable().formatted(.csv), "repeats.csv") }

    func draw(_ figure: Figure, _ name: String) throws {
        let safe = String(name.map { $0.isLetter || $0.isNumber || "-_.+".contains($0) ? $0 : "_" })
        let path = "\(directory)/\(safe).\(format)"
        if case .notDrawn(let why) = try figure.draw(to: path) { notes.append(why) } else { files.append(path) }
    }
    var errors: [String] = []
    for entry in board.entries where !errors.contains(entry.error) { errors.append(entry.error) }
    for objective in board.entries.first?.result.options.losses ?? [] {
        try draw(lossScatter(sets, board, loss: objective, errors: errors), "scatter-\(objective)")
    }
    for along in epochs {
        try draw(
            epochFigure(
                along, sets, error: errors.first ?? "test_error",
                adjustFor: board.entries.first?.result.options.adjustFor ?? []), "epochs-\(along.name)")
    }
    return (files, notes)
}
