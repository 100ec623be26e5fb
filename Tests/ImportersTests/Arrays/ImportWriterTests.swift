import Foundation
import Importers
import Records
import RunStore
import Synchronization
import Testing

/// What stands in the store after an import, and what happens to what stood there before.
@Suite struct ImportWriterTests {
    private static let source = ArrayFixtures.folder + "/npz/stored.npz"

    private func example(id: String, attributes: [String: String] = [:]) throws -> ImportedRun {
        try #require(
            try Importer.npy.read([Self.source], ArrayFixtures.options(id: id, attributes: attributes)).first)
    }

    @Test func provenanceStandsInTheRun() throws {
        let scratch = try ScratchFolder()
        let run = try example(
            id: "HL/full/1", attributes: ["regime": "HL", "seed": "3", "budget": "2.5", "pass": "eval"])
        let written = try run.write(to: Store(scratch.path), kind: "npy", writer: "assay test", created: "2024-01-01")
        #expect(written.path == scratch.path + "/HL/full/1.h5" && written.superseded == nil)
        let file = try Store(scratch.path).open("HL/full/1")
        #expect(file.description.regime == "HL" && file.description.seed == 3 && file.description.budget == 2.5)
        #expect(file.description.writer == "assay test" && file.description.classes == 4)
        let provenance = try #require(file.extraAttributes["import"])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.source)).count
        #expect(provenance.contains("\"bytes\":\(bytes)") && provenance.contains(run.sources[0].sha256))
        #expect(run.sources[0].sha256.count == 64)
    }

    @Test func equalImportsAreEqualBytes() throws {
        let scratch = try ScratchFolder()
        for name in ["one", "two"] {
            _ = try example(id: "run").write(to: Store(scratch.path + "/" + name), kind: "npy", writer: "w")
        }
        let files = try ["one", "two"].map {
            try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/\($0)/run.h5"))
        }
        #expect(files[0] == files[1])
    }

    @Test func aRunIsReplacedOnlyWhenAsked() throws {
        let scratch = try ScratchFolder()
        let store = Store(scratch.path + "/runs")
        let first = try example(id: "a/b")
        _ = try first.write(to: store, kind: "npy", writer: "one")
        let before = try Data(contentsOf: URL(fileURLWithPath: store.path(of: "a/b")))
        #expect(throws: ImportError.self) { try first.write(to: store, kind: "npy", writer: "two") }
        #expect(try Data(contentsOf: URL(fileURLWithPath: store.path(of: "a/b"))) == before)
        var kept: [String] = []
        for writer in ["two", "three"] {
            let written = try first.write(to: store, kind: "npy", writer: writer, replacing: true)
            kept.append(try #require(written.superseded))
            #expect(try store.open("a/b").description.writer == writer)
        }
        #expect(kept == ["", "-2"].map { scratch.path + "/runs.superseded/a/b-foreign\($0).h5" })
        #expect(try Data(contentsOf: URL(fileURLWithPath: kept[0])) == before)
        #expect(try RunFile(path: kept[1]).description.writer == "two")
        #expect(try store.ids() == ["a/b"])
    }

    @Test func anUnfinishedRunIsLeftAlone() throws {
        let scratch = try ScratchFolder()
        let store = Store(scratch.path)
        var writer = try RunWriter(
            path: store.path(of: "a"), header: RunHeader(description: RunDescription(id: "a")), resuming: false)
        try writer.append(Checkpoint(epoch: 1, samplesSeen: 1, metrics: ["loss": 1]), state: nil)
        _ = consume writer
        let message = #expect(throws: ImportError.self) {
            try example(id: "a").write(to: store, kind: "npy", writer: "w", replacing: true)
        }
        #expect(message?.reason.contains("an unfinished run of this id") == true)
        #expect(store.status("a") == .partial)
    }

    /// Whatever the source throws in the middle, the store is as it was.
    @Test func aFailingSourceLeavesNothing() throws {
        let scratch = try ScratchFolder()
        let store = Store(scratch.path)
        let run = try example(id: "a")
        _ = try run.write(to: store, kind: "npy", writer: "w")
        let before = try FileManager.default.subpathsOfDirectory(atPath: scratch.path)
        for failing in run.arrays.indices where run.arrays[failing].object != "/test/label" {
            var broken = run
            broken.arrays[failing].read = { _, _ in throw ImportError("x", "lost") }
            #expect(throws: ImportError("x", "lost")) {
                try broken.write(to: store, kind: "npy", writer: "w", replacing: true)
            }
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.path) == before)
        #expect(try store.open("a").verify().isSound)
    }

    /// The room is asked for before anything is written, and a petabyte is nowhere.
    @Test func aRunWithoutRoomIsRefused() throws {
        let scratch = try ScratchFolder()
        var run = try example(id: "a")
        run.arrays = [
            ImportedArray(object: "/features", shape: [7, 1 << 47], precision: .single, origin: "made") { _, _ in
                Issue.record("nothing is read")
                return []
            }
        ]
        let error = #expect(throws: ImportError.self) {
            try run.write(to: Store(scratch.path), kind: "npy", writer: "w")
        }
        #expect(error?.exitCode == 74)
        #expect(error?.reason.contains("and nothing was written") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test func memoryIsThatOfABlock() throws {
        let scratch = try ScratchFolder()
        let largest = Mutex(0)
        let rows = 40_000
        let classes = 100
        var run = ImportedRun(
            description: RunDescription(id: "wide"), epochs: [1, 2],
            samples: Samples(ids: (0..<Int64(rows)).map { $0 }, labels: [Int32](repeating: 0, count: rows)), sources: []
        )
        run.arrays = [
            ImportedArray(object: "/logits", shape: [2, rows, classes], precision: .half, origin: "made") {
                checkpoint, block in
                largest.withLock { $0 = max($0, block.count * classes * 2) }
                return block.flatMap { row in (0..<classes).map { Float((row + $0 + checkpoint) % 512) } }
            }
        ]
        _ = try run.write(to: Store(scratch.path), kind: "npy", writer: "w")
        #expect(largest.withLock { $0 } <= 1 << 20)
        let file = try Store(scratch.path).open("wide")
        #expect(
            try file.logits(checkpoint: 1, rows: 39_999..<40_000).values == (0..<100).map { Float((40_000 + $0) % 512) }
        )
        #expect(file.verify().isSound)
    }

    @Test(arguments: ["", "a//b", "../a", "a/.b", "a.h5", "a\u{7}"]) func idsStayBelowTheStore(id: String) throws {
        #expect(throws: ImportError.self) { try example(id: id) }
    }

    @Test func attributesAreChecked() throws {
        let unknown = #expect(throws: ImportError.self) { try example(id: "a", attributes: ["regim": "HL"]) }
        #expect(unknown?.reason.contains("did you mean 'regime'?") == true)
        let wrong = #expect(throws: ImportError.self) { try example(id: "a", attributes: ["seed": "one"]) }
        #expect(wrong?.description.hasSuffix("attribute seed=one: expected an integer") == true)
        let classes = #expect(throws: ImportError.self) { try example(id: "a", attributes: ["classes": "5"]) }
        #expect(classes?.reason.contains("the logits have 4 classes") == true)
    }

    @Test func dryRunTellsEverything() throws {
        let scratch = try ScratchFolder()
        let path = scratch.path + "/run.npz"
        try FileManager.default.copyItem(atPath: Self.source, toPath: path)
        let run = try #require(try Importer.npy.read([path], ArrayFixtures.options(attributes: ["regime": "HL"])).first)
        let lines = run.describe().map { $0.replacingOccurrences(of: scratch.path + "/", with: "") }
        #expect(lines.first == "run run")
        #expect(lines.contains("  regime = HL"))
        #expect(lines.contains("  checkpoints: 3, epochs 0.5, 1, 2"))
        #expect(lines.contains("  samples: 7, labels of 4 classes, with names"))
        #expect(lines.contains("  /logits float16 [3, 7, 4], 168 bytes, from run.npz: logits (float16 [3, 7, 4])"))
        #expect(lines.contains("  /checkpoints/train_loss 3 of 3 values"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["run.npz"])
    }
}
