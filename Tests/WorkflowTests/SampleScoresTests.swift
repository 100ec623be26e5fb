import RunStore
import Scoring
import Tables
import Testing

@testable import Workflow

private let cad = Asked.cadPrune(span: 2, window: 2, allowMismatched: false)

@Suite struct SampleScoresTests {
    @Test func oneRunHasNoDeviation() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch)
        let scores = try Scored([run], .el2n(checkpoints: nil))
        #expect(scores.table.columnNames == ["sample_id", "label", "score"])
        #expect(try scores.table.numbers("sample_id") == [3, 0, 7, 5])
        #expect(try scores.table.numbers("label") == [0, 1, 2, 1])
        #expect(try scores.table.numbers("score") == Scored(run, .el2n(checkpoints: nil)).values)
        #expect(scores.sidecar["n"] == .integer(1))
    }

    @Test func severalRunsAreAveraged() throws {
        let scratch = try Scratch()
        let runs = try (0..<3).map { seed in
            var example = RunExample()
            example.id = "HL/full/5/seed\(seed)"
            example.shift = seed
            example.pass = seed == 0 ? "eval" : "train"
            return try example.write(in: scratch, "seed\(seed)")
        }
        let scores = try Scored(runs, cad)
        let each = try runs.map { try Scored($0, cad).values }
        for row in 0..<4 {
            let values = each.map { $0[row] }
            let mean = values.reduce(0, +) / 3
            let squares: [Double] = values.map { ($0 - mean) * ($0 - mean) }
            let deviation = (squares.reduce(0, +) / 2).squareRoot()
            // The same few operations in double precision.
            #expect(abs(try scores.table.numbers("score")[row] - mean) <= 1e-14)
            #expect(abs(try scores.table.numbers("std")[row] - deviation) <= 1e-14)
        }
        let sidecar = scores.sidecar
        #expect(sidecar["n"] == .integer(3))
        #expect(sidecar["method"] == "cad-prune" && sidecar["direction"] == "high_is_hard")
        #expect(sidecar["positions"] == .array([.integer(1), .integer(2), .integer(3)]))
        #expect(sidecar["epochs"]?.items?.compactMap(\.double) == [2, 3, 4])
        #expect(sidecar["runs"]?.items?.compactMap { $0["id"]?.string } == (0..<3).map { "HL/full/5/seed\($0)" })
        #expect(sidecar["runs"]?.items?.compactMap { $0["pass"]?.string } == ["eval", "train", "train"])
        #expect(sidecar["runs"]?.items?.compactMap { $0["digest"]?.string } == runs.compactMap(\.description.digest))
    }

    @Test func warningsNameTheRun() throws {
        let scratch = try Scratch()
        var example = RunExample()
        example.planned = nil
        let run = try example.write(in: scratch)
        let scores = try Scored([run], cad)
        #expect(scores.warnings == ["\(run.path): the run does not say for how many epochs it was planned"])
        #expect(scores.sidecar["warnings"]?.items?.count == 1)
    }

    @Test func otherSamplesAreRefused() throws {
        let scratch = try Scratch()
        let first = try RunExample().write(in: scratch, "a")
        var others = [RunExample(), RunExample()]
        others[0].ids = [3, 0, 5, 7]
        others[1].labels = [0, 1, 2, 2]
        for (index, other) in others.enumerated() {
            var other = other
            other.shift = 1
            let run = try other.write(in: scratch, "b\(index)")
            let error = #expect(throws: WorkflowError.self) {
                try Scored([first, run], .el2n(checkpoints: nil))
            }
            let first = "\(run.path): its samples are not those of \(first.path): the first that differs is id "
            let difference = [
                "5 with label 2 here, and id 7 with label 2 there", "5 with label 2 here, and id 5 with label 1 there",
            ]
            #expect(error?.description.hasPrefix(first + difference[index]) == true, "\(error?.description ?? "")")
        }
    }

    @Test func otherCheckpointsAreRefused() throws {
        let scratch = try Scratch()
        let first = try RunExample().write(in: scratch, "a")
        var other = RunExample()
        other.shift = 1
        other.epochs = [0, 1, 2, 3]
        let second = try other.write(in: scratch, "b")
        let error = #expect(throws: WorkflowError.self) {
            try Scored([first, second], .el2n(checkpoints: nil))
        }
        #expect(
            error?.description
                == "\(second.path): it is scored at epochs 1 2 3, and \(first.path) at 1 2 3 4 5 (only scores of the same "
                + "checkpoints are averaged)")
        #expect(try Scored([first, second], .el2n(checkpoints: 0..<3)).table.rowCount == 4)
    }

    @Test func aRunCountsOnce() throws {
        let scratch = try Scratch()
        let run = try RunExample().write(in: scratch, "a")
        let copy = try RunExample().write(in: scratch, "b")
        for twice in [[run, run], [run, copy]] {
            let error = #expect(throws: WorkflowError.self) {
                try Scored(twice, .el2n(checkpoints: nil))
            }
            #expect(error?.description == "\(twice[1].path): the run is named twice, and counts once")
        }
        #expect(throws: WorkflowError.self) { try Scored([], .el2n(checkpoints: nil)) }
    }
}
