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
        /// Rows that were there with other figures or images.
        public var changed: Int
        /// Runs that have not ended, and are in no row.
        public var unfinished: Int
    }

    /// Builds `STORE/dcs-table.csv` from the store's sealed runs, or extends it. Nothing is trained. Equal runs give equal
    /// bytes; SHA-256 of the file, and of the one that it replaced, stands in `dcs-table.csv.json` beside it: at any moment, and
    /// after an end at any moment, table and seal agree.
    ///
    /// - Parameter heldOut: sets, subsets or families that become held-out.
    /// - Throws: `WorkflowError` for a store without sets, what reading runs and writing files throws.
    public static func update(store directory: String, heldOut: Set<String> = []) throws -> Update {
        let store = Store(directory)
        let path = store.directory + "/" + fileName
        return try withLockedFolder(of: path, LOCK_EX) {
            let older = FileManager.default.fileExists(atPath: path) ? try sealed(path) : nil
            let runs = try StoredSet.all(in: store)
            guard !runs.isEmpty || older != nil else {
                throw WorkflowError.missing(
                    "\(directory): no finished run on a subset; a table of sets needs runs that say their 'subset' and "
                        + "hold /samples")
            }
            let table = try DistillationTable(runs, older: older?.table.table, heldOut: heldOut)
            let text = table.table.formatted(.csv)
            if older?.text != text || missingSeal(of: path) != nil {
                // The seal of both comes first: whichever of the tables a reader finds, it is a sealed one.
                let tried = try lossesTried(on: path)
                try Tables.write(table.seal(text, replacing: older?.text, tried: tried).text(), to: path + ".json")
                try Tables.write(text, to: path)
            }
            return Update(
                path: path, table: table, added: table.table.rowCount - (older?.table.table.rowCount ?? 0),
                changed: try older.map { try table.changes(from: $0.table) } ?? 0,
                unfinished: try store.ids().count { store.status($0) == .partial })
        }
    }

    /// Rows of the same set and condition whose cells are not the same.
    private func changes(from older: DistillationTable) throws -> Int {
        func rows(_ table: Table) throws -> [[String]: [String: String]] {
            let keys = try zip(table.texts("set"), Self.conditions(of: table)).map { [$0] + $1 }
            let columns = try table.columnNames.filter { $0 != "split" }.map { ($0, try table.texts($0)) }
            let cells = keys.indices.map { row in
                Dictionary(columns.map { ($0.0, $0.1[row]) }, uniquingKeysWith: { a, _ in a })
                    .filter { !$0.value.isEmpty }
            }
            return Dictionary(zip(keys, cells), uniquingKeysWith: { a, _ in a })
        }
        let before = try rows(older.table)
        return try rows(table).count { key, cells in before[key].map { $0 != cells } ?? false }
    }

    /// The rows as objects, by column.
    public func json() -> JSON {
        let rows = (0..<table.rowCount).map { row in
            JSON.object(Dictionary(table.columns.map { ($0.name, $0.json(row)) }, uniquingKeysWith: { a, _ in a }))
        }
        return ["format": "assay-dcs-table", "version": 1, "sets": .array(rows)]
    }

    private func seal(_ text: String, replacing older: String?, tried: Int) -> JSON {
        var members: [String: JSON] = [
            "format": "assay-dcs-table", "version": 1, "sha256": .string(sha256(text)),
            "rows": .integer(table.rowCount), "sets": .integer(setNames.count),
        ]
        if let older { members["replaces"] = .string(sha256(older)) }
        if tried > 0 { members["losses_tried"] = .integer(tried) }
        return .object(members)
    }

    /// Different losses that were evaluated on the table at `path`, as its seal says; 0 without one.
    static func lossesTried(on path: String) throws -> Int {
        Int(exactly: try seal(of: path)?["losses_tried"]?.double ?? 0) ?? 0
    }

    /// Writes that number into the seal, where there is one and it is greater. The folder is locked.
    static func note(lossesTried: Int, on path: String) throws {
        guard var members = try seal(of: path)?.members, lossesTried > (try self.lossesTried(on: path)) else { return }
        members["losses_tried"] = .integer(lossesTried)
        try Tables.write(JSON.object(members).text(), to: path + ".json")
    }

    private static func seal(of path: String) throws -> JSON? {
        let sidecar = path + ".json"
        guard FileManager.default.fileExists(atPath: sidecar) else { return nil }
        let bytes = try fileContents(sidecar)
        do { return try JSON.parse(bytes) } catch {
            throw WorkflowError.badData(
                "\(sidecar):\(error): the seal of \(path) is damaged. Restore it, or remove both and build them again "
                    + "(assay dcs STORE)")
        }
    }

    /// What is not known of a table without its seal; nil for one that has it.
    public static func missingSeal(of path: String) -> String? {
        guard !FileManager.default.fileExists(atPath: path + ".json") else { return nil }
        return
            "\(path): no seal \((path as NSString).lastPathComponent).json beside it: whether the table was changed, and "
            + "how many losses were evaluated on it elsewhere, is not known"
    }

    /// Reads a table, which must be one that the seal beside it names, where there is one.
    public static func read(_ path: String) throws -> DistillationTable {
        guard FileManager.default.fileExists(atPath: path) else { throw TableError(.missingFile, source: path) }
        return try withLockedFolder(of: path, LOCK_SH) { try sealed(path).table }
    }

    private static func sealed(_ path: String) throws -> (table: DistillationTable, text: String) {
        let text = String(decoding: try fileContents(path), as: UTF8.self)
        let texts: Set<String> = ["set", "subset", "family", "parent", "same_as", "split", "images"]
        let table = try Table.read(path, texts: texts.union(conditions))
        guard isOne(table) else {
            let missing = required.filter { !table.has($0) }.joined(separator: ", ")
            throw WorkflowError.badData("\(path): no table of sets: it lacks \(missing) (assay dcs STORE builds one)")
        }
        if let seal = try seal(of: path) {
            guard [seal["sha256"]?.string, seal["replaces"]?.string].contains(sha256(text)) else {
                throw WorkflowError.badData(
                    "\(path): not the table that \(path).json describes: one of them was changed. Restore it, or remove both "
                        + "and build them again (assay dcs STORE)")
            }
        }
        return (DistillationTable(table), text)
    }
}

/// Holds a lock on the folder of a file meanwhile: `LOCK_EX` for who writes there, `LOCK_SH` for who reads files that belong
/// together.
func withLockedFolder<Value>(of path: String, _ kind: Int32, _ body: () throws -> Value) throws -> Value {
    let folder = (path as NSString).deletingLastPathComponent
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw WorkflowError.failure("\(path): its folder cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer {
        // Closing alone would leave the lock to a child that is being started.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
    while flock(descriptor, kind) != 0 {
        switch errno {
        case EINTR: continue
        // A file system without locks on folders (NFS, Lustre): its users keep writers apart themselves.
        case EBADF, EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP: return try body()
        case let number:
            throw WorkflowError.failure("\(path): its folder cannot be locked: \(String(cString: strerror(number)))")
        }
    }
    return try body()
}
