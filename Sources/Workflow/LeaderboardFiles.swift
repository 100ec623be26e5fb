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
    let manager = FileManager.default
    // A folder of somebody's own tables keeps them: only a leaderboard is replaced.
    let names = ["leaderboard.csv", "dcs.json", "sets.csv", "differences.csv", "repeats.csv"]
    let old = (try? fileContents("\(directory)/dcs.json")).flatMap { try? JSON.parse($0) }
    if old?["format"] != "assay-dcs",
        let own = names.first(where: { manager.fileExists(atPath: "\(directory)/\($0)") })
    {
        throw WorkflowError.badData("\(directory)/\(own) is no leaderboard's and would be lost; choose another folder")
    }
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
        let path = "\(directory)/\(fileName(name)).\(format)"
        if case .notDrawn(let why) = try figure.draw(to: path) { notes.append(why) } else { files.append(path) }
    }
    let errors = board.entries.map(\.error).distinct()
    for objective in board.entries.first?.result.options.losses ?? [] {
        try draw(lossScatter(sets, board, loss: objective, errors: errors), "scatter-\(objective)")
    }
    for along in epochs {
        try draw(epochFigure(along, sets, board, error: errors.first ?? "test_error"), "epochs-\(along.name)")
    }
    return (files, notes)
}

/// A name with what no file's name should hold replaced.
func fileName(_ name: String) -> String {
    String(name.map { $0.isLetter || $0.isNumber || "-_.+".contains($0) ? $0 : "_" })
}
