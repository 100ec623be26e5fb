import Foundation
import Scoring
import Selection
import Tables

/// Scores as `assay score`, or anybody else, wrote them: `sample_id,label,score` in CSV, with or without a sidecar, or in
/// HDF5.
public struct ScoreFile: Sendable {
    private let path: String
    private let table: Table
    private let direction: ScoreDirection?

    public init(_ path: String) throws {
        self.path = path
        if ScoreHDF5.isNamed(path) {
            let file = try ScoreHDF5.read(path)
            table = file.table
            direction = file.sidecar?["direction"]?.string.flatMap(ScoreDirection.init)
            return
        }
        table = try Table.read(path)
        let sidecar = path + ".json"
        guard path != "-", let data = FileManager.default.contents(atPath: sidecar) else {
            direction = nil
            return
        }
        let json: JSON
        do { json = try JSON.parse(Array(data)) } catch { throw WorkflowError.badData("\(sidecar): \(error)") }
        guard let word = json["direction"]?.string, let known = ScoreDirection(rawValue: word) else {
            throw WorkflowError.badData("\(sidecar): no 'direction' (high_is_hard or low_is_hard)")
        }
        direction = known
    }

    /// Chooses rows; the answer has the columns `sample_id`, `label`, and `name` where it is known.
    public func select(
        _ rule: KeepRule, _ size: SubsetSize, balanced: Bool, seed: Int
    ) throws -> (table: Table, tieShare: Double) {
        switch rule {
        case .easiest, .hardest, .window:
            if direction == nil {
                throw WorkflowError.badData(
                    "\(path): which end is hard is not known, because the sidecar \(path).json is missing "
                        + "(--keep highest and lowest need none)")
            }
        case .highest, .lowest, .random: break
        }
        let ids = try whole("sample_id").map { Int64($0) }
        var seen: Set<Int64> = []
        if let row = ids.firstIndex(where: { !seen.insert($0).inserted }) {
            throw WorkflowError.badData("\(path):\(table.line(ofRow: row)): sample_id \(ids[row]) stands twice")
        }
        let labels = try whole("label")
        if let row = labels.firstIndex(where: { $0 < 0 || $0 > 10_000_000 }) {
            throw WorkflowError.badData("\(path):\(table.line(ofRow: row)): label \(labels[row]) is out of range")
        }
        let candidates = Candidates(
            scores: try table.numbers("score"), direction: direction ?? .highIsHard, labels: labels.map { Int32($0) },
            classes: (labels.max() ?? -1) + 1, ids: ids)
        let subset: Subset
        do {
            subset = try candidates.select(rule, size, balanced: balanced, seed: seed, identity: "select")
        } catch SelectionError.nonFiniteScore(let row) {
            throw WorkflowError.badData("\(path):\(table.line(ofRow: row)): the score is not a finite number")
        } catch {
            throw WorkflowError(error.exitCode, "\(path): \(error)")
        }
        let kept = table.rows(subset.rows)
        return (Table(kept.columns.filter { ["sample_id", "label", "name"].contains($0.name) }), subset.tieShare)
    }

    private func whole(_ name: String) throws -> [Int] {
        let numbers = try table.numbers(name)
        if let row = numbers.firstIndex(where: { $0 != $0.rounded() || abs($0) > 0x1p53 }) {
            throw WorkflowError.badData("\(path):\(table.line(ofRow: row)): \(name) must be a whole number")
        }
        return numbers.map { Int($0) }
    }
}
