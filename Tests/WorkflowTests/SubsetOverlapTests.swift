import Foundation
import Selection
import Tables
import Testing

@testable import Workflow

@Suite struct SubsetOverlapTests {
    private static let sidecar = #"{"direction": "high_is_hard", "dataset_digest": "aa"}"#

    private func write(_ text: String, _ name: String, in scratch: borrowing Scratch, sidecar: String? = sidecar) throws
        -> String
    {
        let path = scratch.path + "/" + name
        try Tables.write(text, to: path)
        if let sidecar { try Tables.write(sidecar, to: path + ".json") }
        return path
    }

    private static let first = "sample_id,label,score\n0,0,1\n1,0,2\n2,0,3\n3,1,4\n4,1,5\n5,1,6\n"
    /// The same samples in another order; ranks turned within class 1.
    private static let second = "sample_id,label,score\n5,1,4\n4,1,5\n3,1,6\n2,0,3\n1,0,2\n0,0,1\n"
    private static let one = SubsetOverlap.Choice(rule: .hardest, size: .ipc(1), balanced: true, seed: 1)

    @Test func scoresAreCorrelatedAndTheirChoicesCompared() throws {
        let scratch = try Scratch()
        let (a, b) = (try write(Self.first, "a.csv", in: scratch), try write(Self.second, "b.csv", in: scratch))
        let overlap = try SubsetOverlap([a, b], of: nil, choice: Self.one)
        let pair = try #require(overlap.pairs.first)
        // Kept: samples 2 and 5 of a, 2 and 3 of b.
        #expect(pair.comparison?.all.common == 1 && pair.comparison?.all.jaccard == 1.0 / 3)
        #expect(pair.comparison?.byClass.map(\.common) == [1, 0])
        // Ranks 1…6 against 1, 2, 3, 6, 5, 4: Σd² = 8, ρ = 1 − 6·8/210.
        #expect(abs(try #require(pair.rho) - (1 - 48.0 / 210)) < 1e-15)
        #expect(overlap.table().rowCount == 1 && overlap.byClass().rowCount == 2)
        let json = try overlap.json()
        #expect(json["format"] == "assay-overlap" && json["classes"]?.items?.count == 4)
        #expect(json["scores"]?.items?.count == 100)
    }

    /// A subset in each form that `assay select` writes, against the data set it came from.
    @Test(arguments: ["csv", "json", "txt"]) func subsetsAreHeldAgainstTheirDataSet(_ ending: String) throws {
        let scratch = try Scratch()
        let a = try write(Self.first, "a.csv", in: scratch)
        let subset = SubsetFile(ids: [2, 5], labels: [0, 1], tieShare: 0, provenance: .null)
        try subset.write(to: scratch.path + "/s." + ending)
        let overlap = try SubsetOverlap([scratch.path + "/s." + ending, a], of: nil, choice: Self.one)
        #expect(overlap.pairs[0].comparison?.all.jaccard == 1)
        // A list of ids alone, as others write it.
        try Tables.write("[5, 2]", to: scratch.path + "/plain.json")
        let plain = try SubsetOverlap([scratch.path + "/plain.json", a], of: nil, choice: Self.one)
        #expect(plain.pairs[0].comparison?.all.jaccard == 1)
        let classes = try SubsetOverlap([scratch.path + "/s." + ending], of: a, choice: nil).classes()
        #expect(try classes.numbers("of_all") == [3, 3] && classes.numbers("of_subset") == [1, 1])
    }

    /// The second file, and what is said of it.
    static let foreign: [(String, String?, String)] = [
        (first.replacingOccurrences(of: "5,1,6", with: "9,1,6"), sidecar, "sample_id 5 of"),
        (first.replacingOccurrences(of: "5,1,6", with: "5,0,6"), sidecar, "sample_id 5 has label 0, and 1 in"),
        (first, #"{"direction": "high_is_hard", "dataset_digest": "bb"}"#, "scored on another data set"),
        (first + "6,1,7\n", sidecar, "7 samples, and"),
        ("sample_id,label\n2,0\n9,1\n", nil, "sample_id 9 is not among the samples of"),
        ("sample_id,label\n2,1\n", nil, "sample_id 2 has label 1, and 0 in"),
        ("sample_id,label\n2,0\n2,0\n", nil, "row 2"),
    ]

    @Test(arguments: foreign) func otherDataAreRefused(_ text: String, _ sidecar: String?, _ message: String) throws {
        let scratch = try Scratch()
        let a = try write(Self.first, "a.csv", in: scratch)
        let b = try write(text, "b.csv", in: scratch, sidecar: sidecar)
        let error = #expect(throws: WorkflowError.self) {
            let overlap = try SubsetOverlap([a, b], of: nil, choice: Self.one)
            _ = try overlap.classes()
        }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        #expect(error?.exitCode == 65)
    }
}
