import Analysis
import Foundation
import Tables

/// Every loss that was tried on a table: a table that many losses query is a test set that is being overfitted.
///
/// The file beside the table has a row per loss, error, group of sets and way of adjusting in which ρ was defined. A loss is
/// told by the digest of its values: the same loss tried again leaves the same bytes.
struct LossLedger {
    static let fileName = "dcs-ledger.csv"

    struct Entry: Equatable {
        var loss: String
        var digest: String
        var error: String
        var group: String
        var adjust: String
        var m: Int
        var rho: Double
        var p: Double
        /// Whether held-out sets were points.
        var heldOut: Bool

        var key: [String] { [loss, digest, error, group, adjust, "\(heldOut)"] }
    }

    let path: String
    private let table: String
    private(set) var entries: [Entry] = []
    /// Losses that were evaluated on the table, as its seal says, and that no row is about.
    private var unlisted = 0

    /// Reads the ledger beside a table; an absent one is empty.
    init(besideTable table: String) throws {
        self.table = table
        path = ((table as NSString).deletingLastPathComponent as NSString).appendingPathComponent(Self.fileName)
        try read()
    }

    private mutating func read() throws {
        // The seal is the later one to be written: read first, it never counts losses that the ledger is about to have.
        let sealed = try DistillationTable.lossesTried(on: table)
        defer { unlisted = max(0, sealed - listed) }
        guard FileManager.default.fileExists(atPath: path) else { return }
        let rows = try Table.read(path, texts: ["loss", "losses_sha256", "error", "group", "adjust", "held_out"])
        let words = try ["loss", "losses_sha256", "error", "group", "adjust", "held_out"].map { try rows.texts($0) }
        let (m, rho, p) = (try rows.numbers("m"), try rows.numbers("rho"), try rows.numbers("p_value"))
        entries = try m.indices.map { row in
            guard let count = Int(exactly: m[row]) else {
                throw WorkflowError.badData("\(path), line \(rows.line(ofRow: row)): 'm' is no number of sets")
            }
            return Entry(
                loss: words[0][row], digest: words[1][row], error: words[2][row], group: words[3][row],
                adjust: words[4][row], m: count, rho: rho[row], p: p[row], heldOut: words[5][row] == "yes")
        }
    }

    /// Different losses that were evaluated, by their values: a loss that failed or does not vary has no ρ, and one that is
    /// asked again under another name is the same. The table's seal remembers them where rows of the ledger are gone.
    var tried: Int { listed + unlisted }
    private var listed: Int { Set(entries.filter { !$0.rho.isNaN }.map(\.digest)).count }

    /// What the ledger lacks; nil where it has a row for every loss.
    var lack: String? {
        guard unlisted > 0 else { return nil }
        let (losses, them) = unlisted == 1 ? ("loss was", "it") : ("losses were", "them")
        return "\(path): \(unlisted) \(losses) evaluated on this table that it does not list; p_tried counts \(them)"
    }

    /// Writes down what a leaderboard tried; what stands there already stays as it is. One process at a time: the folder
    /// is locked meanwhile.
    mutating func record(_ board: DistillationLeaderboard, sets: Table, heldOut: Bool) throws {
        try withLockedFolder(of: path, LOCK_EX) { try add(board, sets: sets, heldOut: heldOut) }
    }

    private mutating func add(_ board: DistillationLeaderboard, sets: Table, heldOut: Bool) throws {
        try read()
        var known = Set(entries.map(\.key))
        let names = try sets.texts("set")
        for entry in board.entries {
            for objective in entry.result.objectives {
                let values = try sets.numbers(objective.objective)
                guard objective.rho != nil else { continue }
                let pairs = Set(zip(names, values).filter { !$1.isNaN }.map { "\($0)=\($1)" }).sorted()
                let options = entry.result.options
                let tried = Entry(
                    loss: objective.objective, digest: String(sha256(pairs.joined(separator: ",")).prefix(16)),
                    error: entry.error, group: entry.name,
                    adjust: options.adjustFor.isEmpty
                        ? "none" : options.adjust.rawValue + " " + options.adjustFor.joined(separator: " "),
                    m: objective.m, rho: objective.rho ?? .nan, p: objective.pValue ?? .nan, heldOut: heldOut)
                if known.insert(tried.key).inserted { entries.append(tried) }
            }
        }
        guard !entries.isEmpty else { return }
        let rows = Table([
            Column("loss", entries.map(\.loss)), Column("losses_sha256", entries.map(\.digest)),
            Column("error", entries.map(\.error)), Column("group", entries.map(\.group)),
            Column("adjust", entries.map(\.adjust)), Column("m", entries.map(\.m)),
            Column("rho", entries.map(\.rho)), Column("p_value", entries.map(\.p)),
            Column("held_out", entries.map { $0.heldOut ? "yes" : "no" }),
        ])
        try Tables.write(rows.formatted(.csv), to: path)
        try DistillationTable.note(lossesTried: tried, on: table)
    }
}
