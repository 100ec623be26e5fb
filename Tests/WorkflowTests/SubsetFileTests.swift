import Foundation
import Tables
import Testing

@testable import Workflow

@Suite struct SubsetFileTests {
    private let subset = SubsetFile(
        ids: [7, 3, 11], labels: [1, 0, 1], names: nil, weights: nil, order: nil, tieShare: 0.25,
        provenance: ["keep": "easiest"])

    /// `hashlib.sha256(np.array([3, 7, 11], "<i8").tobytes()).hexdigest()`
    @Test func theDigestIsOfTheIdsInAscendingOrder() {
        #expect(subset.digest == "5b9f94ae777aa3a7a0618c1050e8d30df8260a729dfa196ca26e71ce77d91173")
        var other = subset
        (other.ids, other.labels) = ([3, 11, 7], [0, 1, 1])
        #expect(other.digest == subset.digest)
        other.ids[0] = 4
        #expect(other.digest != subset.digest)
    }

    @Test func everyFormHoldsTheSameIds() throws {
        let scratch = try Scratch()
        for ending in ["csv", "npy", "txt", "json"] { try subset.write(to: scratch.path + "/s." + ending) }
        let script = """
            import csv, hashlib, json, numpy as np, os, sys
            os.chdir(sys.argv[1])
            ids = [7, 3, 11]
            assert [int(r["sample_id"]) for r in csv.DictReader(open("s.csv"))] == ids
            a = np.load("s.npy")
            assert a.dtype == np.int64 and a.tolist() == ids
            assert [int(line) for line in open("s.txt")] == ids
            j = json.load(open("s.json"))
            assert j["indices"] == ids and j["n"] == 3 and j["chosen"] == {"keep": "easiest"}
            assert j["digest"] == hashlib.sha256(np.sort(a).tobytes()).hexdigest()
            """
        let ending = try Program.run("/usr/bin/python3", ["-c", script, scratch.path], in: "/")
        #expect(ending.code == 0, "\(ending.err)")
        #expect(throws: WorkflowError.self) { try subset.write(to: scratch.path + "/s.xlsx") }
    }
}
