import Foundation
import RunStore
import Tables

extension DistillationTable {
    public static let fileName = "dcs-table.csv"

    /// What became of a store's table.
    public struct Update: Sendable, Equatable {
        public var path: String
        public var table: DistillationTable
        /// Rows that were not there before.
        public var added: Int
    }

    /// Builds `STORE/dcs-table.csv` from the store's sealed runs, or extends it. Nothing is trained. Equal runs give equal
    /// bytes; SHA-256 of the file stands in `dcs-table.csv.json` beside it.
    ///
    /// - Parameter heldOut: sets, subsets or families that become held-out.
    /// - Throws: `WorkflowError` for a store without sets, what reading runs and writing files throws.
    public static func update(store directory: String, heldOut: Set<String> = []) throws -> Update {
        let store = Store(directory)
        let path = store.directory + "/" + fileName
        let older = FileManager.default.fileExists(atPath: path) ? try read(path).table : nil
        let runs = try StoredSet.all(in: store)
        guard !runs.isEmpty || older != nil else {
            throw WorkflowError.missing(
                "\(directory): no finished run on a subset; a table of sets needs runs that say their 'subset' and hold "
                    + "/samples")
        }
        let table = try DistillationTable(runs, older: older, heldOut: heldOut)
        let text = table.table.formatted(.csv)
        if older.map({ $0.formatted(.csv) != text }) ?? true {
            try Tables.write(text, to: path)
            try Tables.write(table.about(text).text(), to: path + ".json")
        }
        return Update(path: path, table: table, added: table.table.rowCount - (older?.rowCount ?? 0))
    }

    /// The rows as objects, by column.
    public func json() -> JSON {
        let rows = (0..<table.rowCount).map { row in
            JSON.object(Dictionary(table.columns.map { ($0.name, $0.json(row)) }, uniquingKeysWith: { a, _ in a }))
        }
        return ["format": "assay-dcs-table", "version": 1, "sets": .array(rows)]
    }

    private func about(_ text: String) -> JSON {
        [
            "format": "assay-dcs-table", "version": 1, "sha256": .string(sha256(text)),
            "rows": .integer(table.rowCount), "sets": .integer(setNames.count),
        ]
    }

    /// Reads a table, which must hold what the sidecar says where there is one.
    public static func read(_ path: String) throws -> DistillationTable {
        let bytes = try fileContents(path)
        let texts: Set<String> = ["set", "subset", "family", "parent", "same_as", "split", "images"]
        let table = try Table.read(path, texts: texts.union(conditions))
        guard isOne(table) else {
            let missing = required.filter { !table.has($0) }.joined(separator: ", ")
            throw WorkflowError.badData("\(path): no table of sets: it lacks \(missing) (assay dcs STORE builds one)")
        }
        let sidecar = path + ".json"
        if FileManager.default.fileExists(atPath: sidecar) {
            let about = try JSON.parse(try fileContents(sidecar))
            guard about["sha256"]?.string == sha256(String(decoding: bytes, as: UTF8.self)) else {
                throw WorkflowError.badData(
                    "\(path): not the table that \(sidecar) describes: one of them was changed. Restore it, or remove both "
                        + "and build them again (assay dcs STORE)")
            }
        }
        return DistillationTable(table)
    }
}
