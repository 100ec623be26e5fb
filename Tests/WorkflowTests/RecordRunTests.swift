import Foundation
import Records
import RunStore
import Testing

@testable import Workflow

/// What runs keep, and who teaches from it, through the program.
@Suite struct RecordRunTests {
    private static func study(
        record: String = "{ runs: all }", regimes: String = "", runs: String = "", images: Int = 500
    ) -> String {
        """
        study: 1
        name: records
        dataset: { glyphs: { train: \(images), test: 100 } }
        validation: 100
        seeds: 1
        models: { mlp: { mlp: { hidden: [8] } } }
        recipes:
          hard: { optimizer: { sgd: { learning-rate: 0.05, momentum: 0.9 } }, batch: 32 }
          soft: { optimizer: { adamw: { learning-rate: 0.002 } }, batch: 32, augment: { crop-flip: { padding: 2 } } }
        regimes:
          HL: { labels: hard, recipe: hard }
        \(regimes)
        subsets: { full: all, random: { method: random, ipc: 3 } }
        budgets: { mid: 2 }
        checkpoints: { at: [1, 2] }
        record: \(record)
        runs:
          - { regimes: HL, subsets: [full, random], budgets: mid }
        \(runs)

        """
    }

    private func write(_ text: String, in directory: String) throws {
        try text.write(toFile: directory + "/a.yaml", atomically: true, encoding: .utf8)
    }

    private func train(_ text: String, in directory: String) throws {
        try write(text, in: directory)
        let run = try Program.assay("run a.yaml -q -j 2", in: directory)
        #expect(run.code == 0, "\(run.err)")
        let verified = try Program.assay("verify runs/records", in: directory)
        #expect(verified.code == 0, "\(verified.out)\(verified.err)")
    }

    private func file(_ id: String, in directory: String) throws -> RunFile {
        try RunFile(path: directory + "/runs/records/\(id).h5")
    }

    /// Both passes in one run are what two runs would have kept.
    @Test func bothPassesAreThoseOfTwoRuns() throws {
        let eval = try Scratch()
        let train = try Scratch()
        let both = try Scratch()
        try self.train(Self.study(record: "{ runs: all, pass: eval }"), in: eval.path)
        try self.train(Self.study(record: "{ runs: all, pass: train }"), in: train.path)
        try self.train(Self.study(record: "{ runs: all, pass: [eval, train] }"), in: both.path)
        for id in ["HL/full/mid/seed1", "HL/random-ipc3/mid/seed1"] {
            let runs = (
                try file(id, in: eval.path), try file(id, in: train.path), try file(id, in: both.path)
            )
            #expect(runs.2.description.pass == "eval" && runs.2.hasTrainLogits && !runs.1.hasTrainLogits)
            for checkpoint in 0..<2 {
                #expect(try runs.2.logits(checkpoint: checkpoint) == runs.0.logits(checkpoint: checkpoint))
                #expect(try runs.2.trainLogits(checkpoint: checkpoint) == runs.1.logits(checkpoint: checkpoint))
                #expect(
                    try runs.2.trainLogits(checkpoint: checkpoint) != runs.2.logits(checkpoint: checkpoint))
            }
        }
        let run = "runs/records/HL/full/mid/seed1.h5"
        func scores(_ pass: String, in directory: String) throws -> Ending {
            try Program.assay("score \(run) --method aum --method el2n \(pass) -o {method}.csv", in: directory)
        }
        func table(_ directory: String) throws -> String {
            try String(contentsOfFile: directory + "/aum.csv", encoding: .utf8)
        }
        for directory in [eval.path, train.path, both.path] { #expect(try scores("", in: directory).code == 0) }
        #expect(try table(both.path) == table(eval.path))
        #expect(try scores("--pass train", in: both.path).code == 0)
        #expect(try table(both.path) == table(train.path))
        #expect(try String(contentsOfFile: both.path + "/aum.csv.json", encoding: .utf8).contains("/train_logits"))
        let refused = try scores("--pass train", in: eval.path)
        #expect(refused.code == 65 && refused.err.contains("it keeps no logits of pass 'train'"), "\(refused.err)")
        #expect(try scores("--pass trian", in: eval.path).code == 64)
        let export = try Program.assay("export \(run) -o run.npz", in: both.path)
        #expect(export.code == 0, "\(export.err)")
        try damage(both.path + "/" + run, "/train_logits")
        let damaged = try Program.assay("verify \(run)", in: both.path)
        #expect(
            damaged.code == 65 && (damaged.out + damaged.err).contains("/train_logits"), "\(damaged.out)\(damaged.err)")
    }

    /// Changes one number of a dataset with another program.
    private func damage(_ path: String, _ dataset: String) throws {
        let ending = try Program.run(
            "/usr/bin/python3",
            ["-c", "import h5py; f = h5py.File('\(path)', 'r+'); f['\(dataset)'][0, 0, 0] += 1"], in: "/")
        #expect(ending.code == 0, "\(ending.err)")
    }

    @Test func aRunOnASubsetRecordsTheWholeTrainingSet() throws {
        let part = try Scratch()
        let all = try Scratch()
        let soft = "  SL: { labels: soft, teacher: full, temperature: 4, recipe: soft }"
        let runs = "  - { regimes: SL, subsets: random, budgets: mid }"
        try train(Self.study(record: "{ runs: all, features: true }", regimes: soft, runs: runs), in: part.path)
        try train(
            Self.study(record: "{ runs: all, features: true, samples: all }", regimes: soft, runs: runs), in: all.path)
        for id in ["HL/random-ipc3/mid/seed1", "SL/random-ipc3/mid/seed1"] {
            let (small, large) = (try file(id, in: part.path), try file(id, in: all.path))
            let (few, many) = (try small.samples(), try large.samples())
            #expect(few.trained == nil && many.count == 400 && large.sampleCount == 400)
            let trained = try large.trainedCount()
            #expect(many.trainedIDs == few.ids && trained == 30)
            // The same training: the weights and the test are the same bits.
            #expect(try small.weights(checkpoint: 1) == large.weights(checkpoint: 1))
            #expect(try small.metric("test_loss") == large.metric("test_loss"))
            let rows = few.ids.compactMap { many.ids.firstIndex(of: $0) }
            func compare(_ a: FloatMatrix, _ b: FloatMatrix) {
                for (row, place) in rows.enumerated() {
                    for c in 0..<a.columns {
                        let (x, y) = (a.values[row * a.columns + c], b.values[place * a.columns + c])
                        // A row may be rounded differently by its place in a block.
                        #expect(abs(x - y) <= 1e-4 * max(1, abs(x)))
                    }
                }
            }
            compare(try small.logits(checkpoint: 1), try large.logits(checkpoint: 1))
            compare(try small.features(), try large.features())
            if id.hasPrefix("SL") {
                #expect(try large.targets().rows == 400)
                compare(try small.targets(), try large.targets())
            }
        }
        #expect(try !file("HL/full/mid/seed1", in: all.path).hasUntrainedSamples)
        // Who reads a run's images reads those that it trained on.
        let table = try Program.assay("runs runs/records --format csv", in: all.path)
        #expect(table.code == 0 && table.out.contains(",30"), "\(table.out)")
    }

    /// Killed in the middle and resumed, a run that records everything is the same.
    @Test func aKilledRunOfAllRecordsGoesOn() throws {
        for record in ["{ runs: all, pass: [eval, train] }", "{ runs: all, samples: all, weights: all }"] {
            let whole = try Scratch()
            let scratch = try Scratch()
            let id = "HL/random-ipc3/mid/seed1"
            let text = Self.study(record: record).replacingOccurrences(
                of: "at: [1, 2]", with: "at: [1, 1.2, 1.4, 1.6, 2]")
            for directory in [whole.path, scratch.path] { try write(text, in: directory) }
            #expect(try Program.assay("train a.yaml -q --only \(id)", in: whole.path).code == 0)
            for part in [0, 2] {
                let running = try Program.start(["train", "a.yaml", "--only", id, "-q"], in: scratch.path)
                _ = try Program.kill(
                    running, when: scratch.path + "/runs/records/\(id).partial/part-00000\(part).h5")
            }
            #expect(try Program.assay("train a.yaml -q --only \(id)", in: scratch.path).code == 0)
            #expect(try Tiny.differences(scratch.path + "/runs/records", from: whole.path + "/runs/records") == "")
        }
    }

    @Test func aFileTeachesAsTheRunItself() throws {
        let own = try Scratch()
        let other = try Scratch()
        let regimes = { (teacher: String) in
            """
              SL: { labels: soft, teacher: \(teacher), temperature: 4, recipe: soft }
              KD: { labels: views, teacher: [\(teacher)], temperature: 4, recipe: soft }
            """
        }
        let runs = "  - { regimes: [SL, KD], subsets: random, budgets: mid }"
        try train(Self.study(regimes: regimes("full"), runs: runs), in: own.path)
        let teacher = own.path + "/runs/records/HL/full/mid/seed1.h5"
        try train(
            Self.study(regimes: regimes("{ file: \(teacher), checkpoint: 2 }"), runs: runs), in: other.path)
        for id in ["SL/random-ipc3/mid/seed1", "KD/random-ipc3/mid/seed1"] {
            let (a, b) = (try file(id, in: own.path), try file(id, in: other.path))
            #expect(try a.logits(checkpoint: 1) == b.logits(checkpoint: 1), "\(id)")
            #expect(a.description.digest != b.description.digest)
            #expect(b.description.study?.contains("sha256") ?? false)
        }
        #expect(
            try file("SL/random-ipc3/mid/seed1", in: own.path).targets()
                == file("SL/random-ipc3/mid/seed1", in: other.path).targets())
        // Another content is another teacher.
        let changed = other.path + "/teacher.h5"
        try FileManager.default.copyItem(
            atPath: own.path + "/runs/records/HL/random-ipc3/mid/seed1.h5", toPath: changed)
        try write(Self.study(regimes: regimes("{ file: teacher.h5 }"), runs: runs), in: other.path)
        let plan = try Program.assay("plan a.yaml", in: other.path)
        #expect(plan.code == 0 && plan.out.contains("taught by teacher.h5 (epoch "), "\(plan.out)\(plan.err)")
        #expect(plan.out.contains("stale"))
    }

    @Test func aTeacherThatDoesNotFitIsRefused() throws {
        let own = try Scratch()
        let scratch = try Scratch()
        try train(Self.study(), in: own.path)
        let teacher = own.path + "/runs/records/HL/full/mid/seed1.h5"
        func check(_ regime: String, _ change: (old: String, new: String) = ("", "")) throws -> String {
            var text = Self.study(
                regimes: "  KD: { labels: views, teacher: \(regime), recipe: soft }",
                runs: "  - { regimes: KD, subsets: random, budgets: mid }")
            if change.old != "" { text = text.replacingOccurrences(of: change.old, with: change.new) }
            try write(text, in: scratch.path)
            let ending = try Program.assay("check a.yaml", in: scratch.path)
            #expect(ending.code == 65, "\(ending.out)\(ending.err)")
            return ending.err
        }
        let glyphs = "{ glyphs: { train: 500, test: 100 } }"
        func array(_ name: String, _ script: String) throws {
            let ending = try Program.run(
                "/usr/bin/python3", ["-c", "import numpy as n; r = n.random.default_rng(1); \(script)"],
                in: scratch.path)
            #expect(ending.code == 0, "\(ending.err)")
        }
        try array(
            "five",
            "n.savez('five.npz', x_train=r.integers(0, 255, (500, 28, 28), dtype='u1'), y_train=n.arange(500) % 5, "
                + "x_test=r.integers(0, 255, (100, 28, 28), dtype='u1'), y_test=n.arange(100) % 5); "
                + "n.savez('large.npz', x_train=r.integers(0, 255, (500, 32, 32), dtype='u1'), y_train=n.arange(500) % 10, "
                + "x_test=r.integers(0, 255, (100, 32, 32), dtype='u1'), y_test=n.arange(100) % 10)")
        let classes = try check("{ file: \(teacher) }", (glyphs, "{ npz: { path: five.npz } }"))
        #expect(classes.contains("a teacher of 10 classes") && classes.contains("has 5"), "\(classes)")
        let shape = try check("{ file: \(teacher) }", (glyphs, "{ npz: { path: large.npz } }"))
        #expect(shape.contains("of images of 1x28x28") && shape.contains("are 1x32x32"), "\(shape)")
        let order = try check("{ file: \(teacher) }", (glyphs, "{ glyphs: { train: 500, test: 100, seed: 9 } }"))
        #expect(order.contains("nothing shows that its classes are in the same order"), "\(order)")
        let epoch = try check("{ file: \(teacher), checkpoint: 3 }")
        #expect(epoch.contains("no checkpoint at epoch 3 (it has 1, 2)"), "\(epoch)")
        let weights = try check("{ file: \(teacher), checkpoint: 1 }")
        #expect(weights.contains("keeps no weights at epoch 1") && weights.contains("weights: [1]"), "\(weights)")
        let network = try check("{ file: \(teacher), model: mlp }", ("hidden: [8]", "hidden: [9]"))
        #expect(network.contains("its network does not fit"), "\(network)")
        #expect(try check("{ file: nowhere.h5 }").contains("a.yaml:12:"), "no place")
    }

    /// A run that was sealed before somebody learned from its network.
    @Test func aSealedTeacherWithoutWeightsSaysWhatToDo() throws {
        let scratch = try Scratch()
        try train(Self.study(record: "{ runs: full }"), in: scratch.path)
        let soft = "  KD: { labels: views, teacher: random, temperature: 4, recipe: soft }"
        let runs = "  - { regimes: KD, subsets: full, budgets: mid }"
        try write(Self.study(record: "{ runs: full }", regimes: soft, runs: runs), in: scratch.path)
        let plan = try Program.assay("plan a.yaml", in: scratch.path)
        #expect(plan.out.contains("keeps its weights at epoch 2, where its network teaches"), "\(plan.out)")
        let refused = try Program.assay("run a.yaml -q", in: scratch.path)
        #expect(refused.code == 65, "\(refused.err)")
        #expect(
            refused.err.contains("'assay train a.yaml --only HL/random-ipc3/mid/seed1 --force'"), "\(refused.err)")
        #expect(
            try Program.assay("train a.yaml -q --only HL/random-ipc3/mid/seed1 --force", in: scratch.path).code == 0)
        let run = try Program.assay("run a.yaml -q", in: scratch.path)
        #expect(run.code == 0, "\(run.err)")
        #expect(try !file("HL/random-ipc3/mid/seed1", in: scratch.path).weights(checkpoint: 1).isEmpty)
        #expect(try file("KD/full/mid/seed1", in: scratch.path).checkpointCount == 2)
    }

    /// What a run with squared logits learns from, and what it writes down, is the same mean.
    @Test func squaresOfAnEnsembleAreWrittenAsTheyAreLearned() throws {
        let scratch = try Scratch()
        let text = Self.study(
            regimes: "  MSE: { labels: soft, teacher: [HL/full/mid/seed1, HL/full/mid/seed2], recipe: squares }",
            runs: "  - { regimes: MSE, subsets: random, budgets: mid, seeds: 1 }"
        ).replacingOccurrences(of: "seeds: 1\nmodels", with: "seeds: [1, 2]\nmodels").replacingOccurrences(
            of: "  soft:",
            with: "  squares: { optimizer: { adamw: { learning-rate: 0.002 } }, batch: 32, loss: mse }\n  soft:")
        try train(text, in: scratch.path)
        let pupil = try file("MSE/random-ipc3/mid/seed1", in: scratch.path)
        let teachers = try [1, 2].map { try file("HL/full/mid/seed\($0)", in: scratch.path) }
        let ids = try teachers[0].samples().ids
        let logits = try teachers.map { try $0.logits(checkpoint: $0.checkpointCount - 1) }
        let targets = try pupil.targets()
        for (row, id) in try pupil.samples().ids.enumerated() {
            let place = try #require(ids.firstIndex(of: id))
            let mean = (0..<10).map { c in
                (logits[0].values[place * 10 + c] + logits[1].values[place * 10 + c]) / 2
            }
            let expected = probabilities(mean[...])
            for c in 0..<10 { #expect(abs(Double(targets.values[row * 10 + c]) - expected[c]) < 1e-6) }
        }
    }
}
