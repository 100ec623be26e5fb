import Foundation
import RunStore
import Testing

@testable import Workflow

/// Every kind of subset that a study can name, through the program.
@Suite struct SubsetKindsTests {
    private static let study = """
        study: 1
        name: subsets
        dataset: { glyphs: { train: 500, test: 100 } }
        seeds: 1
        models: { mlp: { mlp: { hidden: [8] } } }
        recipes: { hard: { optimizer: { sgd: { learning-rate: 0.05, momentum: 0.9 } }, batch: 50 } }
        regimes: { HL: { labels: hard } }
        subsets:
          full:      all
          kcenter:   { method: k-center, ipc: 3 }
          craig:     { method: craig, ipc: 2 }
          clean:     { method: random, ipc: 3 }
          noisy:     { method: random, ipc: 3, label-noise: [0.2, 0.5] }
          twice:     { method: random, ipc: 3, copies: 2 }
          mine:      { file: list.csv }
          distilled: { images: given, pixels: unit }
          cad:       { method: cad-prune, span: 2, window: 1, every: 1, ipc: 3 }
        budgets: { mid: 4 }
        checkpoints: { full-every: 0.5, others: 2 }
        runs:
          - { subsets: [kcenter, craig, clean, noisy, twice, mine, distilled, cad] }

        """

    /// The study and its files: a list of three samples, and ten grey images of one value each.
    private func write(_ study: String = study, in directory: String) throws {
        try study.write(toFile: directory + "/a.yaml", atomically: true, encoding: .utf8)
        try "sample_id\n7\n3\n400\n".write(toFile: directory + "/list.csv", atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: directory + "/given", withIntermediateDirectories: true)
        let pixels = (0..<10).flatMap { image in [Float](repeating: Float(image) / 10, count: 784) }
        try numpy("<f4", [10, 28, 28], pixels.withUnsafeBytes { Data($0) }, to: directory + "/given/images.npy")
        try numpy(
            "<i4", [10], (0..<10).map { Int32($0) }.withUnsafeBytes { Data($0) }, to: directory + "/given/labels.npy")
    }

    private func numpy(_ type: String, _ shape: [Int], _ bytes: Data, to path: String) throws {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }\n"
        let header = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, UInt8(text.utf8.count), 0]) + Data(text.utf8)
        try (header + bytes).write(to: URL(fileURLWithPath: path))
    }

    private func samples(_ set: String, in directory: String) throws -> (ids: [Int64], labels: [Int32]) {
        let samples = try RunFile(path: directory + "/runs/subsets/HL/\(set)/mid/seed1.h5").samples()
        return (samples.ids, samples.labels)
    }

    @Test func everyKindTrainsOnWhatItNames() throws {
        let scratch = try Scratch()
        try write(in: scratch.path)
        let run = try Program.assay("run a.yaml -j 2", in: scratch.path)
        #expect(run.code == 0, "\(run.err)")
        #expect(try Program.assay("verify runs/subsets", in: scratch.path).code == 0)
        #expect(try Program.assay("run a.yaml", in: scratch.path).err.contains("all fresh"))

        #expect(try samples("mine", in: scratch.path).ids == [3, 7, 400])
        let given = try samples("distilled-ipc1", in: scratch.path)
        #expect(given.ids == (1...10).map { -Int64($0) } && given.labels == (0..<10).map { Int32($0) })

        // 'noisy' draws images of its own, the same at every share; the wrong labels of the smaller share stay wrong.
        let (few, many) = (
            try samples("noisy-noise0.2-ipc3", in: scratch.path), try samples("noisy-noise0.5-ipc3", in: scratch.path)
        )
        let truth = try labels(of: few.ids, in: scratch.path)
        let wrong = [few, many].map { set in Set(set.labels.indices.filter { set.labels[$0] != truth[$0] }) }
        #expect(few.ids == many.ids && wrong.map(\.count) == [6, 15] && wrong[0].isSubset(of: wrong[1]))

        let twice = try samples("twice-x2-ipc3", in: scratch.path)
        #expect(twice.ids.count == 60 && Array(twice.ids[30...]) == twice.ids[..<30].map { $0 + 500 })
        #expect(twice.labels[..<30] == twice.labels[30...])
        #expect(try RunFile(path: scratch.path + "/runs/subsets/HL/twice-x2-ipc3/mid/seed1.h5").description.ipc == 3)
    }

    /// Labels of the data set, which the full run keeps.
    private func labels(of ids: [Int64], in directory: String) throws -> [Int32] {
        let full = try samples("full", in: directory)
        let labels = Dictionary(uniqueKeysWithValues: zip(full.ids, full.labels))
        return ids.map { labels[$0] ?? -1 }
    }

    @Test func choosesAsTheCommandsDo() throws {
        let scratch = try Scratch()
        try write(in: scratch.path)
        #expect(try Program.assay("run a.yaml -j 2", in: scratch.path).code == 0)
        func ids(_ file: String) throws -> [Int64] { try readSubset(scratch.path + "/" + file).ids.sorted() }
        let full = "runs/subsets/HL/full/mid/seed1"

        // CRAIG draws nothing by lot, so that the command's choice is the study's.
        #expect(
            try Program.assay("coreset \(full) --method craig --ipc 2 -o craig.csv", in: scratch.path).code == 0)
        #expect(try samples("craig-ipc2", in: scratch.path).ids == ids("craig.csv"))

        // Every epoch is read, not every half: another window, and other images.
        for (name, every) in [("whole", "--every 1"), ("half", "")] {
            let score = try Program.assay(
                "score \(full) --method cad-prune --span 2 --window 1 \(every) -o \(name).csv", in: scratch.path)
            #expect(score.code == 0, "\(score.err)")
            let select = try Program.assay(
                "select \(name).csv --keep highest --ipc 3 -o \(name)-subset.csv", in: scratch.path)
            #expect(select.code == 0, "\(select.err)")
        }
        let sidecar = try String(contentsOfFile: scratch.path + "/whole.csv.json", encoding: .utf8)
        #expect(sidecar.contains("\"every\": 1"))
        #expect(try samples("cad-ipc3", in: scratch.path).ids == ids("whole-subset.csv"))
        #expect(try ids("whole-subset.csv") != ids("half-subset.csv"))
    }

    @Test func aFileThatChangesMakesItsRunsStale() throws {
        let scratch = try Scratch()
        try write(in: scratch.path)
        #expect(try Program.assay("train a.yaml --only HL/mine/mid/seed1", in: scratch.path).code == 0)
        try "sample_id\n7\n3\n401\n".write(toFile: scratch.path + "/list.csv", atomically: true, encoding: .utf8)
        let plan = try Program.assay("plan a.yaml", in: scratch.path).out
        #expect(plan.split(separator: "\n").contains { $0.contains("HL/mine/") && $0.contains("stale") }, "\(plan)")
    }

    @Test(arguments: [
        ("{ file: list.csv }", "{ file: none.csv }", "none.csv"),
        ("{ file: list.csv }", "{ file: twice.csv }", "twice.csv: a sample stands twice in it"),
        ("pixels: unit", "pixels: bytes", "its pixels are fractions: say 'pixels: unit'"),
        ("{ images: given, pixels: unit }", "{ images: given, pixels: units }", "unknown kind of pixels 'units'"),
        ("label-noise: [0.2, 0.5]", "label-noise: 1.5", "label-noise"),
        ("copies: 2", "copies: 1", "copies"),
        ("every: 1,", "every: 2,", "needs 3 checkpoints at 2 epochs, and HL/full/mid/seed1 has 2"),
        ("{ method: k-center, ipc: 3 }", "{ method: k-centre, ipc: 3 }", "did you mean 'k-center'"),
        ("{ method: k-center, ipc: 3 }", "{ method: k-center, ipc: 3, keep: hardest }", "keep"),
    ])
    func mistakesAreNamedBeforeAnythingTrains(_ from: String, _ to: String, _ words: String) throws {
        let scratch = try Scratch()
        try write(Self.study.replacingOccurrences(of: from, with: to), in: scratch.path)
        try "sample_id\n7\n7\n".write(toFile: scratch.path + "/twice.csv", atomically: true, encoding: .utf8)
        let check = try Program.assay("check a.yaml", in: scratch.path)
        #expect(check.code == 65 && check.err.contains(words) && check.err.contains("a.yaml:"), "\(check.err)")
    }

    @Test func aListedSampleMustBeOfTheTrainingImages() throws {
        let scratch = try Scratch()
        try write(in: scratch.path)
        try "sample_id\n3\n500\n".write(toFile: scratch.path + "/list.csv", atomically: true, encoding: .utf8)
        let check = try Program.assay("check a.yaml", in: scratch.path)
        #expect(check.code == 65 && check.err.contains("sample_id 500 is no training image (0…499)"), "\(check.err)")
        try "sample_id,label\n3,99\n".write(toFile: scratch.path + "/list.csv", atomically: true, encoding: .utf8)
        let labels = try Program.assay("check a.yaml", in: scratch.path)
        #expect(labels.code == 65 && labels.err.contains("sample_id 3 has label 99, and "), "\(labels.err)")
    }
}
