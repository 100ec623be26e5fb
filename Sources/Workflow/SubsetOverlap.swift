import Figures
import Foundation
import Importers
import Scoring
import Selection
import Statistics
import Tables

/// Several subsets, or several scores, of one data set against each other.
public struct SubsetOverlap: Sendable {
    /// One file.
    public struct Member: Sendable {
        public var name: String
        /// Rows of the data set.
        public var rows: [Int]
        /// Of every sample; nil where the file lists a subset only.
        public var scores: [Double]?
        /// Which end of them is hard; nil where it is not known.
        public var direction: ScoreDirection?
    }

    public struct Pair: Sendable {
        public var first: String
        public var second: String
        public var comparison: SubsetComparison?
        /// Over all samples; nil where one file has no scores, or constant ones.
        public var rho: Double?
        /// Pooled within classes (Fisher z).
        public var rhoWithin: Double?
    }

    /// What is chosen of files that hold scores.
    public struct Choice: Sendable {
        public var rule: KeepRule
        public var size: SubsetSize
        public var balanced: Bool
        public var seed: Int

        public init(rule: KeepRule, size: SubsetSize, balanced: Bool, seed: Int) {
            self.rule = rule
            self.size = size
            self.balanced = balanced
            self.seed = seed
        }
    }

    public let members: [Member]
    public let pairs: [Pair]
    /// The samples of the data set, with the scores of `of` or of the first file that has some.
    public let all: Candidates

    /// - Parameters:
    ///   - paths: files of scores (`sample_id,label,score`) or of subsets (`sample_id,label`).
    ///   - of: scores of the whole data set that subsets come from; nil where a file of scores is among the paths.
    ///   - choice: what is chosen of files that hold scores; nil: scores are only correlated.
    /// - Throws: `WorkflowError` where the files are of different data sets, or a subset's sample is not in the data set.
    public init(_ paths: [String], of data: String?, choice: Choice?) throws {
        var scored: [String: ScoreFile] = [:]
        for path in paths where try Self.hasScores(path) { scored[path] = try ScoreFile(path) }
        guard let whole = try data.map({ try ScoreFile($0) }) ?? paths.lazy.compactMap({ scored[$0] }).first else {
            throw WorkflowError(
                64, "subsets alone do not say what they were chosen from; name scores of the whole data set with --of")
        }
        all = whole.candidates
        let places = Dictionary(uniqueKeysWithValues: zip(whole.candidates.ids, whole.candidates.ids.indices))
        var members: [Member] = []
        var known = whole.sidecar?["dataset_digest"]?.string.map { (digest: $0, path: whole.path) }
        for path in paths {
            if scored[path] == nil, let own = try dataDigest(ofSubset: path) {
                if let known, known.digest != own {
                    throw WorkflowError.badData(
                        "\(path): chosen from another data set than \(known.path): the digests differ "
                            + "(\(own.prefix(12))… and \(known.digest.prefix(12))…)")
                }
                known = known ?? (own, path)
            }
            if let file = scored[path] {
                guard file.candidates.ids.count == whole.candidates.ids.count else {
                    throw WorkflowError.badData(
                        "\(path): \(file.candidates.ids.count) samples, and \(whole.path) has "
                            + "\(whole.candidates.ids.count)")
                }
                try file.requireNumbers()
                let scores = try file.scores(alignedWith: whole)
                members.append(
                    Member(
                        name: path, rows: try Self.rows(scores, file, whole.candidates, choice), scores: scores,
                        direction: file.direction))
            } else {
                members.append(
                    Member(name: path, rows: try Self.rows(ofSubset: path, places, whole), scores: nil))
            }
        }
        self.members = members
        pairs = try Self.compare(members, whole.candidates, compares: choice != nil || scored.count < paths.count)
    }

    private static func hasScores(_ path: String) throws -> Bool {
        if ScoreHDF5.isNamed(path) { return true }
        if path == "-" { throw WorkflowError(64, "standard input can be read once only; name files") }
        if [".json", ".txt", ".npy"].contains(where: path.hasSuffix) { return false }
        return try Table.read(path).has("score")
    }

    private static func rows(
        _ scores: [Double], _ file: ScoreFile, _ whole: Candidates, _ choice: Choice?
    ) throws -> [Int] {
        guard let choice else { return [] }
        switch choice.rule {
        case .highest, .lowest, .random: break
        default: try file.requireDirection()
        }
        var candidates = whole
        candidates.scores = scores
        candidates.direction = file.candidates.direction
        do {
            return try candidates.select(
                choice.rule, choice.size, balanced: choice.balanced, seed: choice.seed, identity: "select"
            ).rows
        } catch { throw WorkflowError(error.exitCode, "\(file.path): \(error)") }
    }

    /// The rows of a listed subset, whose labels must be the data set's.
    private static func rows(ofSubset path: String, _ places: [Int64: Int], _ whole: ScoreFile) throws -> [Int] {
        let (ids, labels) = try readSubset(path)
        var rows: [Int] = []
        for (index, id) in ids.enumerated() {
            guard let row = places[id] else {
                throw WorkflowError.badData("\(path): sample_id \(id) is not among the samples of \(whole.path)")
            }
            if let labels, labels[index] != Int64(whole.candidates.labels[row]) {
                throw WorkflowError.badData(
                    "\(path): sample_id \(id) has label \(labels[index]), and \(whole.candidates.labels[row]) in "
                        + "\(whole.path): the class order differs")
            }
            rows.append(row)
        }
        return rows
    }

    private static func compare(_ members: [Member], _ all: Candidates, compares: Bool) throws -> [Pair] {
        var pairs: [Pair] = []
        for (index, first) in members.enumerated() {
            for second in members[(index + 1)...] {
                var pair = Pair(first: first.name, second: second.name)
                if compares, !first.rows.isEmpty, !second.rows.isEmpty {
                    do {
                        pair.comparison = try SubsetComparison(
                            first.rows, second.rows, labels: all.labels, classes: all.classes)
                    } catch { throw WorkflowError(error.exitCode, "\(first.name), \(second.name): \(error)") }
                }
                if let x = first.scores, var y = second.scores {
                    // Hard with hard: a margin falls where an error rises.
                    if let a = first.direction, let b = second.direction, a != b { y = y.map { -$0 } }
                    pair.rho = spearman(x, y)
                    pair.rhoWithin = spearmanWithin(x, y, strata: all.labels.map { Int($0) }).rho
                }
                pairs.append(pair)
            }
        }
        return pairs
    }
}

/// The digest of the data set whose scores a subset was chosen by, where its `.json` says it.
private func dataDigest(ofSubset path: String) throws -> String? {
    guard path.hasSuffix(".json"), let json = try? JSON.parse(fileContents(path)) else { return nil }
    return json["chosen"]?["scored_by"]?["dataset_digest"]?.string
}

/// The ids, and the labels where they are listed, of a subset as `.csv`, `.json` (`indices`) or `.txt` (one a line).
func readSubset(_ path: String) throws -> (ids: [Int64], labels: [Int64]?) {
    func whole(_ value: Double, _ place: String) throws -> Int64 {
        guard let id = Int64(exactly: value), abs(value) <= 0x1p53 else {
            throw WorkflowError.badData("\(path): \(place): \(shortest(value)) is no sample id")
        }
        return id
    }
    if path.hasSuffix(".json") {
        let json: JSON
        do { json = try JSON.parse(fileContents(path)) } catch let error as TableError { throw error } catch {
            throw WorkflowError.badData("\(path): \(error)")
        }
        guard let items = json.items ?? json["indices"]?.items else {
            throw WorkflowError.badData(
                "\(path): no 'indices': it is neither a list of sample ids nor a subset that `assay select` wrote")
        }
        let labels = try json["labels"]?.items?.enumerated().map { try whole($1.double ?? .nan, "label \($0)") }
        guard labels == nil || labels?.count == items.count else {
            throw WorkflowError.badData("\(path): \(labels?.count ?? 0) labels for \(items.count) indices")
        }
        return (try items.enumerated().map { try whole($1.double ?? .nan, "index \($0)") }, labels)
    }
    if path.hasSuffix(".npy") { return (try readIntegers(path), nil) }
    if path.hasSuffix(".txt") {
        let text = String(decoding: try fileContents(path), as: UTF8.self)
        return (
            try text.split(whereSeparator: \.isNewline).enumerated().map { line, word in
                try whole(Double(word.trimmingCharacters(in: .whitespaces)) ?? .nan, "line \(line + 1)")
            }, nil
        )
    }
    let table = try Table.read(path)
    let ids = try table.numbers("sample_id").enumerated().map { try whole($1, "line \(table.line(ofRow: $0))") }
    let labels =
        table.has("label")
        ? try table.numbers("label").enumerated().map { try whole($1, "line \(table.line(ofRow: $0))") } : nil
    return (ids, labels)
}
