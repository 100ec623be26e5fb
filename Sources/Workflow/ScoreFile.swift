import Foundation
import Scoring
import Selection
import Tables

/// Scores as `assay score`, or anybody else, wrote them: `sample_id,label,score` in CSV, with or without a sidecar, or in
/// HDF5.
public struct ScoreFile: Sendable {
    public let path: String
    /// Which end is hard; nil where no sidecar says so.
    public let direction: ScoreDirection?
    /// [N]; the direction stands for `highIsHard` where it is not known.
    public let candidates: Candidates
    /// [N], where the file has them.
    public let names: [String]?
    /// What lies beside the scores.
    public let sidecar: JSON?
    private let lines: Lines
    private let isInfinite: Bool

    /// Throws `WorkflowError` and `TableError` that name the line.
    public init(_ path: String) throws {
        self.path = path
        var columns: ScoreColumns
        if ScoreHDF5.isNamed(path) {
            (columns, sidecar) = try ScoreHDF5.read(path)
            lines = Lines(path: path, table: nil)
            direction = sidecar?["direction"]?.string.flatMap(ScoreDirection.init)
        } else {
            var table = try Table.read(path, texts: ["name"])
            sidecar = try Self.sidecar(of: path)
            direction = try sidecar.map { json in
                guard let word = json["direction"]?.string, let known = ScoreDirection(rawValue: word) else {
                    throw WorkflowError.badData("\(path).json: no 'direction' (high_is_hard or low_is_hard)")
                }
                return known
            }
            columns = try ScoreColumns(&table, path: path)
            try Self.requireOwn(sidecar, of: columns, path)
            lines = Lines(path: path, table: table)
        }
        // An infinite score (a sample that was never learned) stands at its end of the order like any other.
        isInfinite = columns.scores.contains(where: \.isInfinite)
        if isInfinite {
            columns.scores = columns.scores.map {
                $0.isInfinite ? ($0 > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude) : $0
            }
        }
        names = columns.names
        let (ids, labels) = (columns.ids, columns.labels)
        if let row = firstRepeated(ids) {
            throw lines.error(row, "sample_id \(ids[row]) stands twice")
        }
        if let stated = sidecar?["samples"]?.double, stated != Double(ids.count) {
            throw WorkflowError.badData(
                "\(path): \(ids.count) samples, and its sidecar speaks of \(shortest(stated)): they do not belong together"
            )
        }
        let classes = Int(labels.max() ?? -1) + 1
        guard classes <= max(1000, 100 * labels.count) else {
            let row = labels.firstIndex(of: Int32(classes - 1)) ?? 0
            throw lines.error(row, "label \(classes - 1) among \(labels.count) samples; labels count classes from 0")
        }
        candidates = Candidates(
            scores: columns.scores, direction: direction ?? .highIsHard, labels: labels, classes: classes, ids: ids)
    }

    /// Where rows stand in the file.
    private struct Lines: Sendable {
        var path: String
        /// Without its columns; nil for HDF5.
        var table: Table?

        func error(_ row: Int, _ reason: String) -> WorkflowError {
            .badData(table.map { "\(path):\($0.line(ofRow: row)): \(reason)" } ?? "\(path), sample \(row): \(reason)")
        }
    }

    private static func sidecar(of path: String) throws -> JSON? {
        guard path != "-", FileManager.default.fileExists(atPath: path + ".json") else { return nil }
        let bytes = try fileContents(path + ".json")
        do { return try JSON.parse(bytes) } catch { throw WorkflowError.badData("\(path).json: \(error)") }
    }

    /// Throws where the sidecar tells that its scores were others.
    private static func requireOwn(_ sidecar: JSON?, of columns: ScoreColumns, _ path: String) throws {
        guard let stated = sidecar?["checksum"]?.string, sidecar?["samples"]?.int == columns.ids.count else { return }
        var checksum = ScoreChecksum()
        checksum.add(columns.ids, columns.labels, columns.scores)
        if checksum.text != stated {
            throw WorkflowError.badData(
                "\(path): its scores and labels are not those that \(path).json describes: score again, or remove the sidecar, "
                    + "without which --keep highest and lowest work")
        }
    }

    /// Throws where a rule asks which end is hard, and nothing says so.
    public func requireDirection() throws {
        if direction == nil {
            let reason =
                ScoreHDF5.isNamed(path)
                ? "it has no attribute 'sidecar'"
                : path == "-" ? "standard input has no sidecar" : "the sidecar \(path).json is missing"
            throw WorkflowError.badData(
                "\(path): which end is hard is not known, because \(reason) (--keep highest and lowest need none)")
        }
    }

    /// These scores for the samples of another file, in its order. Throws where a sample is missing here, or labelled
    /// otherwise, and where the two were scored on different data sets.
    public func scores(alignedWith other: ScoreFile) throws -> [Double] {
        try requireSameData(as: other)
        if candidates.ids == other.candidates.ids, candidates.labels == other.candidates.labels {
            return candidates.scores
        }
        let places = Dictionary(uniqueKeysWithValues: zip(candidates.ids, candidates.ids.indices))
        return try zip(other.candidates.ids, other.candidates.labels).map { id, label in
            guard let row = places[id] else {
                throw WorkflowError.badData("\(path): sample_id \(id) of \(other.path) is missing")
            }
            guard candidates.labels[row] == label else {
                throw lines.error(
                    row, "sample_id \(id) has label \(candidates.labels[row]), and \(label) in \(other.path)")
            }
            return candidates.scores[row]
        }
    }

    /// Throws where the sidecars name different data sets.
    public func requireSameData(as other: ScoreFile) throws {
        guard let digest = sidecar?["dataset_digest"]?.string, let second = other.sidecar?["dataset_digest"]?.string,
            digest != second
        else { return }
        throw WorkflowError.badData(
            "\(path): scored on another data set than \(other.path): the digests differ (\(digest.prefix(12))… and "
                + "\(second.prefix(12))…)")
    }

    /// Throws at a score that is infinite or no number.
    public func requireFinite() throws {
        if isInfinite { throw WorkflowError.badData("\(path): a score is infinite, which this rule cannot use") }
        try requireNumbers()
    }

    /// Throws at a score that is no number.
    public func requireNumbers() throws {
        if let row = candidates.scores.firstIndex(where: \.isNaN) {
            throw lines.error(row, "the score is not a number")
        }
    }

    /// Classes that have samples here and none in the subset.
    public func classes(missingIn subset: SubsetFile) -> [Int] {
        var isMissing = [Bool](repeating: false, count: candidates.classes)
        for label in candidates.labels where label >= 0 { isMissing[Int(label)] = true }
        for label in subset.labels { isMissing[Int(label)] = false }
        return isMissing.indices.filter { isMissing[$0] }
    }

    /// Chooses rows by their scores.
    public func select(_ choose: (Candidates) throws -> Subset, provenance: JSON) throws -> SubsetFile {
        let subset: Subset
        do { subset = try choose(candidates) } catch SelectionError.nonFiniteScore(let row) {
            throw lines.error(row, "the score is not a finite number")
        } catch let error as SelectionError {
            throw WorkflowError(error.exitCode, "\(path): \(error)")
        }
        return SubsetFile(
            ids: subset.rows.map { candidates.ids[$0] }, labels: subset.rows.map { candidates.labels[$0] },
            names: names.map { names in subset.rows.map { names[$0] } }, tieShare: subset.tieShare,
            provenance: provenance)
    }
}

/// The first row whose id an earlier row has.
private func firstRepeated(_ ids: [Int64]) -> Int? {
    guard let least = ids.min(), let most = ids.max() else { return nil }
    let (span, overflow) = most.subtractingReportingOverflow(least)
    // Ids are indices of a data set as a rule: a bit for each is less than a sorted copy.
    guard !overflow, span < 64 * ids.count else {
        let order = ids.indices.sorted { (ids[$0], $0) < (ids[$1], $1) }
        return zip(order, order.dropFirst()).filter { ids[$0] == ids[$1] }.map(\.1).min()
    }
    var seen = [UInt64](repeating: 0, count: Int(span) / 64 + 1)
    return ids.firstIndex { id in
        let place = Int(id - least)
        let bit: UInt64 = 1 << UInt64(place & 63)
        defer { seen[place >> 6] |= bit }
        return seen[place >> 6] & bit != 0
    }
}
