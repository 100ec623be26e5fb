internal import Crypto
import Foundation
import Tables

/// A chosen subset as a list that others can use.
public struct SubsetFile: Sendable, Equatable {
    /// Indices in the parent data set, [n].
    public var ids: [Int64]
    /// [n]
    public var labels: [Int32]
    /// File names or keys, where they are known, [n].
    public var names: [String]?
    /// What each sample counts, where the rule gives weights, [n].
    public var weights: [Double]?
    /// The place of each sample in the order in which it was chosen, from 0, where the rule chooses one by one, [n].
    public var order: [Int]?
    /// The share of the subset that seeded order decided among equal scores, 0…1.
    public var tieShare: Double
    /// How it was chosen: the rule, its parameters, where the scores came from.
    public var provenance: JSON

    /// SHA-256, in lower-case hex, over the ids in ascending order as little-endian int64: the same samples in any order
    /// have the same digest.
    public var digest: String { Self.digest(of: ids) }

    static func digest(of ids: [Int64]) -> String {
        var hash = SHA256()
        ids.sorted().withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// `sample_id,label`, and `name`, `order`, `weight` where there are such.
    public var table: Table {
        var columns = [Column("sample_id", ids.map { Int($0) }), Column("label", labels.map { Int($0) })]
        if let names { columns.append(Column("name", names)) }
        if let order { columns.append(Column("order", order)) }
        if let weights { columns.append(Column("weight", weights)) }
        return Table(columns)
    }

    /// For `torch.utils.data.Subset(dataset, json.load(file)["indices"])`.
    public var json: JSON {
        var members: [String: JSON] = [
            "format": "assay-subset", "version": 1, "n": .integer(ids.count), "digest": .string(digest),
            "tie_share": .number(tieShare), "chosen": provenance, "indices": .array(ids.map { .integer(Int($0)) }),
            "labels": .array(labels.map { .integer(Int($0)) }),
        ]
        if let names { members["names"] = JSON(names) }
        if let weights { members["weights"] = .array(weights.map(JSON.number)) }
        return .object(members)
    }

    /// Throws `WorkflowError` (64) where a path has an ending that no form of subset has.
    public static func checkEnding(_ path: String) throws {
        guard
            path == "-"
                || ["csv", "npy", "txt", "json"].contains(path.split(separator: ".").last.map(String.init) ?? "")
        else {
            throw WorkflowError(64, "\(path): a subset is written as .csv, .npy, .txt or .json; name the file so")
        }
    }

    /// Writes the list in the form that the path's ending asks for: `.csv` the table, `.npy` the ids as int64, `.txt` one
    /// id a line, `.json` the object above. Throws `WorkflowError` (64) for another ending, `TableError`.
    public func write(to path: String) throws {
        switch path.split(separator: ".").last {
        case "npy":
            var isDone = false
            let array = NumPyArray(name: "indices", type: "<i8", elementBytes: 8, shape: [ids.count]) {
                defer { isDone = true }
                return isDone ? nil : ids.withUnsafeBytes { Array($0) }
            }
            try NumPyFile.write(array, to: path)
        case "txt": try Tables.write(ids.map { "\($0)\n" }.joined(), to: path)
        case "json": try Tables.write(json.text(), to: path)
        default:
            try Self.checkEnding(path)
            try Tables.write(table.formatted(.csv), to: path)
        }
    }
}
