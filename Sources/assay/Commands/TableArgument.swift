import ArgumentParser
import Figures
import Foundation
import Tables
import Workflow

/// The table that an analysis reads: a file, standard input, or a store of runs.
struct TableArgument: ParsableArguments {
    @Argument(
        help: "A CSV, TSV, JSON or JSONL file (- for standard input), or a store of runs (one row per run).",
        completion: .file())
    var table: String

    func read() throws -> Table {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: table, isDirectory: &isDirectory), isDirectory.boolValue {
            return try runTable(table, .finals)
        }
        return try Table.read(table)
    }
}

/// The runs of a store, one row each or one per checkpoint; unfinished ones are named on stderr.
func runTable(_ store: String, _ points: RunPoints) throws -> Table {
    var table = try Workflow.runTable(store: store, points: points)
    table.source = store
    let unfinished = try unfinishedRuns(store: store)
    if !unfinished.isEmpty {
        let names = unfinished.prefix(5).joined(separator: ", ") + (unfinished.count > 5 ? ", …" : "")
        note("assay: left out \(unfinished.count) unfinished: \(names)")
    }
    return table
}

/// Throws before anything is read or printed where no picture can be drawn there.
func checkFigure(_ path: String?) throws {
    do { if let path { try Figure.checkEnding(path) } } catch { throw ValidationError("\(error)") }
}

/// Throws where an option is no share that keeps something.
func requireFraction(_ option: String, _ value: Double?) throws {
    if let value, !(value > 0 && value <= 1) {
        throw ValidationError("\(option) is above 0 and at most 1, not \(shortest(value))")
    }
}

/// Column names separated by commas; one that is named twice counts once.
struct ColumnList: ExpressibleByArgument, Sendable {
    let names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }.distinct()
        if names.contains("") { return nil }
    }
}

/// Prints an analysis: its table with the explanation below for a reader, or the form asked for; what was left out and
/// every warning go to stderr.
func show(
    _ format: OutputFormat, table: @autoclosure () -> Table, json: @autoclosure () -> JSON, explanation: [String],
    notes: [String]
) {
    for line in notes { note("assay: " + line) }
    let answer =
        switch format {
        case .json: json().text()
        case .table: table().formatted(.table) + "\n" + explanation.map { $0 + "\n" }.joined()
        default: table().formatted(format)
        }
    if format != .table {
        for line in explanation where line.hasPrefix("warning: ") { note("assay: " + line) }
    }
    print(answer, terminator: "")
}
