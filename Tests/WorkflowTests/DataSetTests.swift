import Datasets
import Foundation
import Records
import RunStore
import Testing

@testable import Workflow

/// What runs say of their data, and test images out of distribution.
struct DataSetTests {
    private func data(_ names: [String], _ labels: [Int32], _ pixels: [UInt8]) -> RunDescription {
        let set = ImageSet(channels: 1, height: 1, width: 1, pixels: pixels, labels: labels)
        var description = RunDescription(id: "x")
        description.setDigests(DataDigests(Dataset(name: "x", classNames: names, train: set, test: set)))
        return description
    }

    /// Digests by Python's hashlib, which knows of this only what docs/datasets.md says:
    ///
    ///     from hashlib import sha256; from struct import pack
    ///     names, labels, pixels = b"a\0b\0", pack("<2i", 0, 1), bytes([7, 9])
    ///     part = pack("<4q", 2, 1, 1, 1) + labels + pixels
    ///     sha256(names + part + part).hexdigest()
    ///     part = pack("<q", 2) + labels
    ///     sha256(names + part + part).hexdigest()
    ///     one = [sha256(s + b"\0" + n + b"\0" + pack("<3q", 1, 1, 1) + bytes([p])).digest()
    ///            for s in (b"train", b"test") for n, p in ((b"a", 7), (b"b", 9))]
    ///     sha256(b"".join(sorted(one))).hexdigest()
    @Test func digestsAreTheDocumentedOnes() {
        let run = data(["a", "b"], [0, 1], [7, 9])
        #expect(run.datasetDigest == "d6a4c189ef788fce5316d0e9537aa9ba5c5ea2eae5dd29b1e8e230f735156a32")
        #expect(run.classOrderDigest == "62b9355476077808ee15b5a5c884686295c9419a5ff81253a21cea72291ab48a")
        #expect(run.imagesDigest == "4d9551db1818dae54db6ce1be3eed2ff47190bc0a546bca1aba39c58cf00450b")
    }

    @Test func anotherClassOrderIsCalledByItsName() throws {
        let run = data(["a", "b"], [0, 1], [7, 9])
        #expect(run.dataDifference(from: run) == nil)
        let turned = try #require(run.dataDifference(from: data(["b", "a"], [1, 0], [7, 9])))
        #expect(turned.hasPrefix("same images, other class order: the digests differ ("))
        let moved = try #require(data(["a"], [0, 0], [7, 9]).dataDifference(from: data(["a"], [0, 0], [9, 7])))
        #expect(moved.hasPrefix("same images and class order, but the images stand in another order"))
        let other = try #require(run.dataDifference(from: data(["a", "b"], [0, 1], [7, 8])))
        #expect(other.hasPrefix("same classes and labels, other images"))
        // A run of an older version has one digest.
        var old = data(["b", "a"], [0, 1], [7, 9])
        (old.classOrderDigest, old.imagesDigest) = (nil, nil)
        #expect(run.dataDifference(from: old)?.hasPrefix("the digests differ (") == true)
        old.datasetDigest = nil
        #expect(run.dataDifference(from: old) == nil)
    }

    private static let corrupted =
        "{ glyphs: { train: 1200, test: 200, ood: { corruptions: [gaussian-noise, contrast], severity: [1, 5], images: 50 } } }"

    @Test func aRunRecordsItsErrorOutOfDistribution() throws {
        let scratch = try Scratch()
        try Tiny.write(in: scratch.path, [("{ glyphs: { train: 1200, test: 200 } }", Self.corrupted)])
        let ending = try Program.assay("train tiny.yaml --only HL/random-ipc5/0.5/seed1", in: scratch.path)
        try #require(ending.code == 0, "\(ending.err)")
        let run = try RunFile(path: scratch.path + "/runs/tiny/HL/random-ipc5/0.5/seed1.h5")
        let sets = ["gaussian-noise_1", "gaussian-noise_5", "contrast_1", "contrast_5"]
        for metric in ["error", "loss"] {
            let each: [[Double]] = try sets.map { try run.metric("ood_\($0)_\(metric)") }
            let mean: [Double] = try run.metric("ood_\(metric)")
            for e in 0..<run.checkpointCount {
                let sum: Double = each.reduce(0) { $0 + $1[e] }
                #expect(abs(mean[e] - sum / 4) < 1e-12)
            }
        }
        // Errors of 50 images.
        for error in try run.metric("ood_contrast_5_error") {
            let wrong: Double = error * 50
            #expect(abs(wrong - wrong.rounded()) < 1e-9)
        }
        #expect(run.description.classOrderDigest?.count == 64 && run.description.imagesDigest?.count == 64)
        #expect(run.description.study?.contains("\"ood\":{\"corruptions\":[\"gaussian-noise\",\"contrast\"]") == true)
    }

    @Test func whatCannotBeCorruptedIsRefusedBeforeTraining() throws {
        let scratch = try Scratch()
        let study = "{ glyphs: { train: 1200, test: 200 } }"
        for (ood, says) in [
            ("corruptions: saturate", "tiny.yaml:5:10: dataset: glyphs: saturate needs colour"),
            ("corruptions: fogg", "unknown corruption 'fogg' (did you mean 'fog'?)"),
        ] {
            try Tiny.write(in: scratch.path, [(study, "{ glyphs: { train: 1200, test: 200, ood: { \(ood) } } }")])
            let ending = try Program.assay("check tiny.yaml", in: scratch.path)
            #expect(ending.code == 65 && ending.err.contains(says), "\(ending.err)")
        }
    }

    /// A run keeps the file names of its images.
    @Test func aRunOfImagesKeepsTheirNames() throws {
        let scratch = try Scratch()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let image = root.appendingPathComponent("DatasetsTests/Fixtures/images/rgb8.png")
        func put(_ classes: [String], as letters: [String]) throws {
            for split in ["train", "test"] {
                try? FileManager.default.removeItem(atPath: "\(scratch.path)/d/\(split)")
                for (name, from) in zip(classes, letters) {
                    let folder = "\(scratch.path)/d/\(split)/\(name)"
                    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                    for i in 0..<4 {
                        try FileManager.default.copyItem(atPath: image.path, toPath: "\(folder)/\(from)\(i).png")
                    }
                }
            }
        }
        try put(["ant", "bee"], as: ["x", "y"])
        try """
        study: 1
        name: pictures
        dataset: { images: { path: d, size: 8 } }
        models: { mlp: { mlp: { hidden: [4] } } }
        recipes: { sgd: { optimizer: { sgd: { learning-rate: 0.1 } }, batch: 4 } }
        regimes: { HL: { labels: hard } }
        subsets: { random: { method: random, ipc: 2 } }
        budgets: [1]
        runs: [{ subsets: random }]
        """.write(toFile: scratch.path + "/pictures.yaml", atomically: true, encoding: .utf8)
        let ending = try Program.assay("run pictures.yaml -q", in: scratch.path)
        try #require(ending.code == 0, "\(ending.err)")
        let run = try RunFile(path: scratch.path + "/runs/pictures/HL/random-ipc2/1/seed1.h5")
        let names = try #require(try run.samples().names)
        #expect(names.count == 4 && names.allSatisfy { $0.hasPrefix("ant/x") || $0.hasPrefix("bee/y") })
        for split in ["train", "test"] { try FileManager.default.removeItem(atPath: "\(scratch.path)/d/\(split)/bee") }
        let alone = try Program.assay("check pictures.yaml", in: scratch.path)
        #expect(
            alone.code == 65 && alone.err.contains("it has one class ('ant'): there is nothing to tell apart"),
            "\(alone.err)")
    }
}
