import Foundation
import HDF5
import Records
import RunStore
import Scoring
import Selection
import Tables
import Testing

@testable import Workflow

private let sidecar = #"{"direction": "high_is_hard"}"#

/// Writes scores (and their sidecar), and gives the path.
private func write(
    _ text: String, sidecar: String? = sidecar, in scratch: borrowing Scratch, _ name: String = "scores.csv"
) throws -> String {
    let path = scratch.path + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    if let sidecar { try Data(sidecar.utf8).write(to: URL(fileURLWithPath: path + ".json")) }
    return path
}

private func select(
    _ path: String, _ rule: KeepRule = .easiest, _ size: SubsetSize = .ipc(1), balanced: Bool = true, seed: Int = 1
) throws -> (table: Table, tieShare: Double) {
    let file = try ScoreFile(path)
    switch rule {
    case .easiest, .hardest, .window: try file.requireDirection()
    default: break
    }
    let chosen = try file.select(
        { try $0.select(rule, size, balanced: balanced, seed: seed, identity: "select") }, provenance: .null)
    return (chosen.table, chosen.tieShare)
}

@Suite struct ScoreFileTests {
    static let good = """
        sample_id,label,score
        10,0,0.5
        11,0,0.25
        12,1,0.75
        13,1,1
        14,0,0.125

        """

    /// The same scores in HDF5 choose the same rows, and know their direction without a sidecar.
    @Test func hdf5IsReadAsItIsWritten() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/scores.h5"
        let rows = ScoredRows(
            samples: Samples(ids: [10, 11, 12, 13, 14], labels: [0, 0, 1, 1, 0]), values: [[0.5, 0.25, 0.75, 1, 0.125]])
        let output = try ScoreHDF5Output(path, sidecar: JSON.parse(sidecar), count: 5, hasDeviation: false)
        try output.write(rows, score: 0)
        try output.finish()
        let columns = try ScoreHDF5.read(path).columns
        #expect(columns.ids == [10, 11, 12, 13, 14] && columns.labels == [0, 0, 1, 1, 0])
        #expect(columns.scores == [0.5, 0.25, 0.75, 1, 0.125] && columns.names == nil)
        #expect(try select(path).table.numbers("sample_id").sorted() == [12, 14])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["scores.h5"])
    }

    @Test func anHDF5FileThatHoldsNoScoresIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/scores.h5"
        let file = try HDF5File(creating: path, reserving: 4096)
        try file.createDataset("score", type: Double.elementType, shape: [1]).write([1.0])
        try file.close()
        #expect(throws: WorkflowError(65, "\(path): not a score file: /sample_id is missing")) { try ScoreFile(path) }
        let bad = try HDF5File(creating: path, reserving: 4096)
        try bad.createDataset("sample_id", type: Double.elementType, shape: [2]).write([7.0, 7.5])
        try bad.createDataset("label", type: Int64.elementType, shape: [2]).write([0, -1])
        try bad.createDataset("score", type: Double.elementType, shape: [2]).write([1.0, 2])
        try bad.close()
        #expect(throws: WorkflowError(65, "\(path), /sample_id, sample 1: it must be a whole number")) {
            try ScoreFile(path)
        }
        try Data("no HDF5".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: WorkflowError.self) { try ScoreFile(path) }
    }

    @Test(
        arguments: [
            (KeepRule.easiest, [12, 14]), (.hardest, [10, 13]), (.lowest, [12, 14]), (.highest, [10, 13]),
            (.window(start: 0.34), [11, 12]),
        ] as [(KeepRule, [Double])])
    func choosesRows(_ rule: KeepRule, _ ids: [Double]) throws {
        let scratch = try Scratch()
        let path = try write(Self.good, in: scratch)
        // Class 1 has two samples: 0.34 of it is one sample from the hardest.
        let chosen = try select(path, rule)
        #expect(try chosen.table.numbers("sample_id").sorted() == ids)
        #expect(chosen.table.columnNames == ["sample_id", "label"])
        #expect(chosen.tieShare == 0)
    }

    @Test func theSidecarTurnsTheOrder() throws {
        let scratch = try Scratch()
        let low = try write(Self.good, sidecar: #"{"direction": "low_is_hard"}"#, in: scratch)
        #expect(try select(low, .easiest).table.numbers("sample_id") == [10, 13])
        #expect(try select(low, .highest).table.numbers("sample_id") == [10, 13])
    }

    @Test func namesAreKept() throws {
        let scratch = try Scratch()
        let path = try write("score,name,sample_id,label\n0.5,a.png,3,0\n0.25,b.png,4,0\n", in: scratch)
        let chosen = try select(path).table
        #expect(Set(chosen.columnNames) == ["sample_id", "label", "name"])
        #expect(try chosen.texts("name") == ["b.png"])
    }

    @Test func theScoresThatAssayWritesAreRead() throws {
        let scratch = try Scratch()
        let table = Table([Column("sample_id", [1, 2]), Column("label", [0, 0]), Column("score", [0.1, 0.1])])
        let path = try write(table.formatted(.csv), in: scratch)
        let chosen = try select(path)
        #expect(chosen.table.rowCount == 1 && chosen.tieShare == 1)
    }

    // MARK: The direction

    /// The sidecar of one file beside the scores of another would turn the hard end.
    @Test func aSidecarOfOtherScoresIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/s.csv"
        try SampleScores(ScoringJob([RunExample().write(in: scratch)], [ScoreRequest("el2n")])).write(to: [path])
        let table = try Table.read(path)
        let (ids, labels, scores) = (
            try table.numbers("sample_id"), try table.numbers("label"), try table.numbers("score")
        )
        func write(_ rows: [Int], _ change: (Double) -> Double) throws {
            let lines = rows.map { "\(Int(ids[$0])),\(Int(labels[$0])),\(change(scores[$0]))" }
            try Tables.write((["sample_id,label,score"] + lines).joined(separator: "\n") + "\n", to: path)
        }
        try write([2, 0, 3, 1]) { $0 }
        #expect(try ScoreFile(path).candidates.ids == [2, 0, 3, 1].map { Int64(ids[$0]) })
        try write([0, 1, 2, 3]) { -$0 }
        #expect(throws: WorkflowError.self) { try ScoreFile(path) }
        // Labels decide what is balanced.
        let other = zip(ids, scores).map { "\(Int($0)),0,\($1)" }
        try Tables.write((["sample_id,label,score"] + other).joined(separator: "\n") + "\n", to: path)
        let error = #expect(throws: WorkflowError.self) { try ScoreFile(path) }
        #expect(
            error?.description.hasPrefix(
                "\(path): its scores and labels are not those that \(path).json describes: score again")
                == true)
    }

    @Test(arguments: [KeepRule.easiest, .hardest, .window(start: 0)]) func hardnessNeedsTheSidecar(_ rule: KeepRule)
        throws
    {
        let scratch = try Scratch()
        let path = try write(Self.good, sidecar: nil, in: scratch)
        let error = #expect(throws: WorkflowError.self) { try select(path, rule) }
        #expect(
            error?.description
                == "\(path): which end is hard is not known, because the sidecar \(path).json is missing (--keep highest "
                + "and lowest need none)")
        #expect(error?.exitCode == 65)
    }

    @Test func theOtherRulesNeedNone() throws {
        let scratch = try Scratch()
        let path = try write(Self.good, sidecar: nil, in: scratch)
        #expect(try select(path, .highest).table.numbers("sample_id") == [10, 13])
        #expect(try select(path, .lowest).table.numbers("sample_id") == [12, 14])
        #expect(try select(path, .random).table.rowCount == 2)
    }

    @Test(arguments: ["{}", #"{"direction": "up"}"#, #"{"direction": 1}"#, "[]"])
    func aSidecarWithoutADirection(_ text: String) throws {
        let scratch = try Scratch()
        let path = try write(Self.good, sidecar: text, in: scratch)
        let error = #expect(throws: WorkflowError.self) { try ScoreFile(path) }
        #expect(error?.description == "\(path).json: no 'direction' (high_is_hard or low_is_hard)")
    }

    @Test func aSidecarThatIsNoJSON() throws {
        let scratch = try Scratch()
        let path = try write(Self.good, sidecar: "direction: high", in: scratch)
        let error = #expect(throws: WorkflowError.self) { try ScoreFile(path) }
        #expect(error?.description.hasPrefix("\(path).json: ") == true)
        #expect(error?.exitCode == 65)
    }

    // MARK: Bad files

    /// The file, and what the message says after the path.
    static let bad: [(String, String)] = [
        ("sample_id,label,score\n1,0,0.5\n2,0,0.5\n2,0,0.5\n1,0,0.5\n", ":4: sample_id 2 stands twice"),
        ("sample_id,label,score\n1,0,0.5\n\n1,1,0.5\n", ":4: sample_id 1 stands twice"),
        ("sample_id,label,score\n1.5,0,0.5\n", ":2: sample_id must be a whole number"),
        ("sample_id,label,score\n1,0,0.5\n,0,0.5\n", ":3: sample_id must be a whole number"),
        ("sample_id,label,score\n1e300,0,0.5\n", ":2: sample_id must be a whole number"),
        ("sample_id,label,score\n1,0.5,0.5\n", ":2: label must be a whole number"),
        ("sample_id,label,score\n1,0,0.5\n2,-1,0.5\n", ":3: label -1 is beyond 0…10000000"),
        ("sample_id,label,score\n1,0,0.5\n2,20000000,0.5\n", ":3: label 20000000 is beyond 0…10000000"),
        ("sample_id,label,score\n1,0,0.5\n2,0,\n", ":3: the score is not a finite number"),
    ]

    @Test(arguments: bad) func badCellsAreNamed(_ text: String, _ message: String) throws {
        let scratch = try Scratch()
        let path = try write(text, in: scratch)
        let error = #expect(throws: WorkflowError.self) { try select(path) }
        #expect(error?.description == path + message)
        #expect(error?.exitCode == 65)
    }

    /// A sample that was never learned may score infinity: it stands at its end of the order.
    @Test func infiniteScoresAreOrderedLikeOthers() throws {
        let scratch = try Scratch()
        let path = try write("sample_id,label,score\n1,0,0.5\n2,0,inf\n3,0,-inf\n4,0,inf\n", in: scratch)
        #expect(try select(path, .lowest).table.numbers("sample_id") == [3])
        let highest = try select(path, .highest, .ipc(2))
        #expect(try highest.table.numbers("sample_id") == [2, 4] && highest.tieShare == 0)
        #expect(throws: WorkflowError.self) { try ScoreFile(path).requireFinite() }
    }

    @Test func textAmongTheScoresIsNamedByLineAndColumn() throws {
        let scratch = try Scratch()
        let path = try write("sample_id,label,score\n1,0,0.5\n2,0,hard\n", in: scratch)
        let error = #expect(throws: TableError.self) { try select(path) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("\(path):3:5: ") && text.contains("'hard'") && text.contains("score"), "\(text)")
    }

    @Test(arguments: ["sample_id", "label", "score"]) func aColumnIsMissing(_ name: String) throws {
        let scratch = try Scratch()
        let header = "sample_id,label,score".replacing(name, with: "other")
        let path = try write("\(header)\n1,0,0.5\n", in: scratch)
        let error = #expect(throws: TableError.self) { try select(path) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(path) && text.contains("'\(name)'"), "\(text)")
    }

    @Test func subsetsThatCannotBeNameTheFile() throws {
        let scratch = try Scratch()
        let path = try write(Self.good, in: scratch)
        let small = #expect(throws: WorkflowError.self) { try select(path, .easiest, .ipc(3)) }
        #expect(small?.description == "\(path): class 1 has 2 samples, and 3 of each class are asked for")
        let empty = #expect(throws: WorkflowError.self) { try select(path, .easiest, .fraction(0.1)) }
        #expect(empty?.description == "\(path): the subset would be empty")
        #expect(try select(path, .easiest, .ipc(2), balanced: false).table.rowCount == 4)
        let none = try write("sample_id,label,score\n", in: scratch, "none.csv")
        #expect(throws: (any Error).self) { try select(none) }
    }

    @Test func rowsInAnotherOrderGiveTheSameSamples() throws {
        let scratch = try Scratch()
        let rows = (0..<40).map { "\($0 * 7),\($0 % 2),\($0 % 5)" }
        let path = try write("sample_id,label,score\n" + rows.joined(separator: "\n") + "\n", in: scratch)
        let other = try write(
            "sample_id,label,score\n" + rows.reversed().joined(separator: "\n") + "\n", in: scratch, "other.csv")
        for rule: KeepRule in [.easiest, .hardest, .random, .window(start: 0.3)] {
            let a = try select(path, rule, .ipc(7), seed: 4)
            let b = try select(other, rule, .ipc(7), seed: 4)
            #expect(try a.table.numbers("sample_id").sorted() == b.table.numbers("sample_id").sorted())
            #expect(a.tieShare == b.tieShare)
        }
    }
}
