import Foundation
import Importers
import RunStore
import Tables
import Testing

/// Every golden file: what the real writers put in comes out of the store, or the error says what is wrong.
@Suite struct ArrayFixtureTests {
    @Test func thereAreCases() { #expect(ArrayFixtures.cases.count > 130) }

    @Test(arguments: ArrayFixtures.cases.filter { $0.error == nil }) func valuesArrive(one: ArrayFixtures.Case) throws {
        let scratch = try ScratchFolder()
        let run = try #require(try one.importer.read(one.paths, one.options).first)
        let expected = try #require(one.json["expect"])
        if let note = one.json["note"]?.string { #expect(run.notes.contains { $0.contains(note) }, "\(run.notes)") }
        if let warning = one.json["warning"]?.string {
            #expect(run.warnings.contains { $0.contains(warning) }, "\(run.warnings)")
        }
        if one.json["silent"] != nil { #expect(run.warnings.isEmpty, "\(run.warnings)") }
        let store = Store(scratch.path)
        var written = 0
        _ = try run.write(to: store, kind: one.importer.kind, writer: "test") { done, total in
            written = done
            #expect(done <= total)
        }
        #expect(written > 0)
        try compare(try store.open(run.description.id), expected)
    }

    private func compare(_ file: RunFile, _ expected: JSON) throws {
        #expect(file.verify().isSound && file.hasDigests)
        #expect(file.epochs == ArrayFixtures.numbers(expected["epochs"]))
        let samples = try file.samples()
        // The expected values stand as the files have them; the run has its samples by ascending id.
        let ids = ArrayFixtures.numbers(expected["ids"])
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        #expect(samples.ids.map(Double.init) == order.map { ids[$0] })
        let labels = ArrayFixtures.numbers(expected["labels"])
        #expect(samples.labels.map(Double.init) == order.map { labels[$0] })
        let names = expected["names"]?.items?.compactMap(\.string)
        #expect(samples.names == names.map { names in order.map { names[$0] } })
        let metrics = expected["metrics"]?.members ?? [:]
        #expect(file.metricNames == metrics.keys.sorted())
        // JSON has null for the NaN of a checkpoint that lacks the metric.
        for (name, values) in metrics {
            #expect(try file.metric(name).map { $0.isNaN ? nil : $0 } == (values.items ?? []).map(\.double))
        }
        let arrays = expected["arrays"]?.members ?? [:]
        let stored = Dictionary(
            uniqueKeysWithValues: try file.datasets().filter {
                !$0.path.hasPrefix("/samples") && !$0.path.hasPrefix("/checkpoints")
            }
            .map { ($0.path, $0) })
        #expect(stored.keys.sorted() == arrays.keys.sorted())
        for (object, array) in arrays {
            #expect(stored[object]?.shape.map(Double.init) == ArrayFixtures.numbers(array["shape"]))
            if object != "/test/label", let precision = array["precision"]?.string {
                #expect(stored[object]?.type == precision, "\(object)")
            }
            // The writers' values are halves or float32 exactly.
            let written = Self.rows(
                ArrayFixtures.numbers(array["values"]), of: object, stored[object]?.shape ?? [], order)
            #expect(try values(object, file).map(Double.init) == written, "\(object)")
        }
    }

    /// Values whose axis of samples is put into `order`; those of the test set stay.
    private static func rows(_ values: [Double], of object: String, _ shape: [Int], _ order: [Int]) -> [Double] {
        if object.hasPrefix("/test") { return values }
        let axis = object == "/targets" || object == "/features" ? 0 : 1
        let (blocks, width) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
        return (0..<blocks).flatMap { block in
            order.flatMap { row in
                let start = (block * order.count + row) * width
                return values[start..<start + width]
            }
        }
    }

    private func values(_ object: String, _ file: RunFile) throws -> [Float] {
        switch object {
        case "/logits": try (0..<file.checkpointCount).flatMap { try file.logits(checkpoint: $0).values }
        case "/targets": try file.targets().values
        case "/features": try file.features().values
        case "/test/logits": try file.test().logits.values
        case "/test/label": try file.test().labels.map(Float.init)
        default:
            try (0..<file.checkpointCount).flatMap {
                try file.score(String(object.dropFirst("/scores/".count)), checkpoint: $0)
            }
        }
    }

    @Test(arguments: ArrayFixtures.cases.filter { $0.error != nil }) func faultsAreNamed(one: ArrayFixtures.Case) throws
    {
        let scratch = try ScratchFolder()
        var message = "nothing was thrown"
        do {
            for run in try one.importer.read(one.paths, one.options) {
                _ = try run.write(to: Store(scratch.path), kind: "test", writer: "test")
            }
        } catch let error as ImportError {
            message = error.description
            #expect(error.exitCode == 65 && error.path.hasPrefix(ArrayFixtures.folder), "\(message)")
        }
        #expect(message.contains(one.error ?? "?"), "\(message)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty, "nothing is left behind")
    }

    /// Every call in the malicious files would have made a file.
    @Test func nothingIsExecuted() {
        for folder in [ArrayFixtures.folder, FileManager.default.currentDirectoryPath] {
            #expect(!FileManager.default.fileExists(atPath: folder + "/assay-was-here"))
        }
    }
}
