import Foundation
import RunStore
import Studies
import Tables
import Testing

@testable import Workflow

/// Small runs of every regime, through the program.
@Suite struct RegimeRunTests {
    private static let study = """
        study: 1
        name: regimes
        dataset: { glyphs: { train: 500, test: 100 } }
        validation: 100
        seeds: 1
        models: { mlp: { mlp: { hidden: [8] } }, conv: { convnet: { depth: 1, width: 4 } } }
        recipes:
          hard: { optimizer: { sgd: { learning-rate: 0.05, momentum: 0.9 } }, batch: 32 }
          soft: { optimizer: { adamw: { learning-rate: 0.002 } }, batch: 64, loss: kl, average: 0.9, augment: { crop-flip: { padding: 2 } } }
          squares: { recipe: soft-squares }
        regimes:
          HL: { labels: hard, recipe: hard }
          SL: { labels: soft, teacher: full, temperature: 4, recipe: soft }
          SL+KD: { labels: soft, teacher: [full, { run: full, checkpoint: 1, model: conv }], temperature: 4, mix: cutmix, recipe: soft }
          dose: { labels: soft, teacher: { run: full, checkpoint: 1 }, temperature: 4, labels-per-image: 2, recipe: soft }
          MSE: { labels: soft, teacher: [full, { run: full, model: conv }], recipe: squares }
        subsets: { full: all, random: { method: random, ipc: 2 }, noise: { method: noise, ipc: 2 } }
        budgets: { mid: 2 }
        checkpoints: { full-every: 0.5, others: 2 }
        record: { weights: all, features: true }
        runs:
          - { models: mlp, regimes: HL, subsets: full, budgets: mid }
          - { models: mlp, regimes: [SL, SL+KD, dose, MSE], subsets: random, budgets: mid }
          - { models: mlp, regimes: [SL, SL+KD, MSE], subsets: noise, budgets: mid }

        """.replacingOccurrences(
            of: "{ recipe: soft-squares }",
            with: "{ optimizer: { adamw: { learning-rate: 0.002 } }, batch: 64, loss: mse }")

    /// A rate of three is hopeless, and another network learns from it: the rest's results are made, and say what they lack.
    @Test func runsThatDivergeLeaveTheResultsOfTheOthers() throws {
        let scratch = try Scratch()
        let text = """
            study: 1
            name: rates
            dataset: { glyphs: { train: 200, test: 50 } }
            models: { mlp: { mlp: { hidden: [8] } } }
            recipes: { calm: { optimizer: { sgd: { learning-rate: 0.05 } } }, wild: { optimizer: { sgd: { learning-rate: 1.0e30 } } } }
            regimes: { HL: { labels: hard }, SL: { labels: soft, teacher: HL/full/b } }
            subsets: { full: all, random: { method: random, ipc: 5 } }
            budgets: { b: { steps: 8 } }
            runs: [{ recipes: calm, regimes: HL, subsets: random }]
            """
        func write(_ text: String) throws {
            try text.write(toFile: scratch.path + "/rates.yaml", atomically: true, encoding: .utf8)
        }
        try write(text)
        #expect(try Program.assay("run rates.yaml", in: scratch.path).code == 0)
        try write(
            text.replacingOccurrences(
                of: "runs: [",
                with:
                    "runs: [{ recipes: wild, regimes: HL, subsets: full }, { recipes: wild, regimes: SL, subsets: random }, "
            ))
        func report() throws -> String {
            try String(contentsOfFile: scratch.path + "/results/rates/report.html", encoding: .utf8)
        }
        for _ in 0..<2 {
            let ending = try Program.assay("run rates.yaml", in: scratch.path)
            #expect(ending.code == 3)
            #expect(ending.err.contains("the loss is not finite at step "), "\(ending.err)")
            #expect(
                ending.err.hasSuffix(
                    "assay: 2 of 3 runs diverged, or need one that did: wild/HL/full/b/seed1, wild/SL/random-ipc5/b/seed1; "
                        + "a run that diverges does so again: change its recipe\n"), "\(ending.err)")
            #expect(try report().contains("2 planned runs are in no table or figure"))
        }
        let summary = try String(contentsOfFile: scratch.path + "/results/rates/summary.csv", encoding: .utf8)
        #expect(summary.split(separator: "\n").count == 2)
        // The report can be written again, and is still without them.
        try FileManager.default.removeItem(atPath: scratch.path + "/results/rates/report.html")
        #expect(try Program.assay("report rates.yaml", in: scratch.path).code == 0)
        #expect(try report().contains("wild/SL/random-ipc5/b/seed1"))
    }

    /// A run that the system killed has not diverged: nothing is made without it.
    @Test func aKilledRunHasNotDiverged() throws {
        var output = MakeOutput()
        let lines = [
            "make: *** [rates.mk:9: run/HL/full/b/seed1] Error 3",
            "make: *** [rates.mk:12: run/HL/full/b/seed2] Killed",
            "make: Target 'all' not remade because of errors.", "a run says: make",
        ]
        output.pipe.fileHandleForWriting.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        // The signal is nobody's message but make's.
        #expect(output.lines() == [lines[1], lines[3]])
        #expect(output.failures.map(\.id) == ["HL/full/b/seed1", "HL/full/b/seed2"])
        #expect(output.failures.map(\.code) == [3, nil])
    }

    private static let trunk =
        study
        .replacingOccurrences(
            of: "recipes:\n",
            with:
                "recipes:\n  wsd: { optimizer: { adamw: { learning-rate: 0.01 } }, schedule: { trunk: constant, cooldown: 0.25 }, batch: 32, average: 0.8 }\n"
        )
        .replacingOccurrences(of: "  HL: { labels: hard, recipe: hard }", with: "  HL: { labels: hard, recipe: wsd }")
        .replacingOccurrences(of: "budgets: { mid: 2 }", with: "budgets: { low: 1, mid: 2, high: 4 }")

    private func write(_ text: String, in directory: String) throws {
        try text.write(toFile: directory + "/a.yaml", atomically: true, encoding: .utf8)
    }

    private func file(_ id: String, in directory: String) throws -> RunFile {
        try RunFile(path: directory + "/runs/regimes/\(id).h5")
    }

    @Test func everyRegimeTrainsAndSaysWhatItDid() throws {
        let scratch = try Scratch()
        try write(Self.study, in: scratch.path)
        let run = try Program.assay("run a.yaml -j 2", in: scratch.path)
        #expect(run.code == 0, "\(run.err)")
        #expect(try Program.assay("verify runs/regimes", in: scratch.path).code == 0)
        #expect(try Program.assay("run a.yaml", in: scratch.path).err.contains("all fresh"))

        let full = try file("HL/full/mid/seed1", in: scratch.path)
        #expect(full.epochs == [0.56, 1, 1.56, 2])  // batches of 32: half of the 400 images end with the seventh
        for checkpoint in 0..<4 { #expect(try !full.weights(checkpoint: checkpoint).isEmpty) }
        #expect(try full.features().columns == 8)
        #expect(full.description.pass == "eval")

        let fixed = try file("SL/random-ipc2/mid/seed1", in: scratch.path)
        #expect(fixed.description.temperature == 4)
        #expect(try fixed.targets().rows == 20)
        let kd = try file("SL+KD/random-ipc2/mid/seed1", in: scratch.path)
        #expect(kd.description.temperature == 4 && !kd.hasTargets)
        #expect(kd.description.study?.contains("cutmix") ?? false)
        // Squares of logits are written down as what they are at temperature 1: probabilities.
        let squares = try file("MSE/random-ipc2/mid/seed1", in: scratch.path).targets()
        for row in 0..<20 {
            let sum = squares.values[row * 10..<row * 10 + 10].reduce(0, +)
            #expect(abs(sum - 1) < 1e-5)
        }
        let noise = try file("SL/noise-ipc2/mid/seed1", in: scratch.path)
        let samples = try noise.samples()
        #expect(samples.ids == (1...20).map { -Int64($0) } && samples.labels == (0..<20).map { Int32($0 % 10) })
        #expect(try noise.targets() != fixed.targets())
    }

    @Test func aKilledTeachersPupilGoesOnAsIfNothingHadHappened() throws {
        let scratch = try Scratch()
        let whole = try Scratch()
        let text = Self.study.replacingOccurrences(of: "others: 2", with: "others: 12")
            .replacingOccurrences(of: "budgets: { mid: 2 }", with: "budgets: { mid: 2, long: 60 }")
            .replacingOccurrences(
                of: "- { models: mlp, regimes: [SL, SL+KD, dose, MSE], subsets: random, budgets: mid }",
                with: "- { models: mlp, regimes: SL+KD, subsets: random, budgets: long }")
        for place in [scratch.path, whole.path] {
            try write(text, in: place)
            #expect(
                try Program.assay("run a.yaml -q --only HL/full/mid/seed1 --only conv/HL/full/mid/seed1", in: place)
                    .code == 0)
        }
        let id = "SL+KD/random-ipc2/long/seed1"
        #expect(try Program.assay("train a.yaml -q --threads 2 --only \(id)", in: whole.path).code == 0)
        for part in [0, 3, 7] {
            let running = try Program.start(["train", "a.yaml", "--only", id, "-q"], in: scratch.path)
            let ending = try Program.kill(
                running, when: scratch.path + "/runs/regimes/\(id).partial/part-00000\(part).h5")
            #expect(ending.code == 128 + SIGKILL, "it ended before it was killed: \(ending.err)")
        }
        #expect(try Program.assay("train a.yaml -q --only \(id)", in: scratch.path).code == 0)
        #expect(try Tiny.differences(scratch.path + "/runs/regimes", from: whole.path + "/runs/regimes") == "")
    }

    @Test func aTrunkFeedsItsBranches() throws {
        let scratch = try Scratch()
        let only = ["low", "mid", "high"].map { "HL/full/\($0)/seed1" }
        let text = Self.trunk.replacingOccurrences(
            of: "subsets: full, budgets: mid }", with: "subsets: [full, random], budgets: [high, low, mid] }")
        try write(text, in: scratch.path)
        let plan = try Program.assay("plan a.yaml --format csv", in: scratch.path)
        #expect(plan.code == 0, "\(plan.err)")
        let rows = plan.out.split(separator: "\n").map(String.init)
        for (id, total, trained, from) in [
            ("HL/full/low-trunk/seed1", 320, 320, ""), ("HL/full/low/seed1", 400, 80, "HL/full/low-trunk/seed1"),
            ("HL/full/mid-trunk/seed1", 624, 304, "HL/full/low-trunk/seed1"),
            ("HL/full/mid/seed1", 800, 176, "HL/full/mid-trunk/seed1"),
            ("HL/full/high-trunk/seed1", 1200, 576, "HL/full/mid-trunk/seed1"),
            ("HL/full/high/seed1", 1600, 400, "HL/full/high-trunk/seed1"),
        ] {
            let row = try #require(rows.first { $0.hasPrefix(id + ",") }, "\(id) in \(plan.out)")
            #expect(row.contains(",\(total),") && row.contains(",\(trained),") && row.hasSuffix(",\(from)"), "\(row)")
        }
        let run = try Program.assay("run a.yaml -q -j 2 --only \(only[2])", in: scratch.path)
        #expect(run.code == 0, "\(run.err)")
        let high = try file("HL/full/high/seed1", in: scratch.path)
        #expect(high.description.schedule?.hasPrefix("trunk+cooldown") ?? false)
        // The trunk's checkpoints are the branch's, and the whole run is there.
        #expect(high.epochs.last == 4 && high.checkpointCount == 8)
        #expect(try high.metric("learning_rate")[0] == 0.01)
        let rates = try high.metric("learning_rate")
        #expect(rates[5] == 0.01 && rates[6] < 0.01 && rates[7] < rates[6])
        let trunk = try file("HL/full/high-trunk/seed1", in: scratch.path)
        #expect(try trunk.logits(checkpoint: 1) == high.logits(checkpoint: 1))
        let names = try trunk.weights(checkpoint: trunk.checkpointCount - 1).map(\.name)
        #expect(names.contains("exp_avg_sq/linear1/weight") && names.contains("average/linear1/weight"))

        // A stretch that was never annealed is no result, and no compute-matched run.
        let store = Store(scratch.path + "/runs/regimes")
        #expect(try store.ids().contains("HL/full/high-trunk/seed1"))
        let points = try runTable(store: store.directory, points: .checkpoints).texts("id")
        #expect(points.allSatisfy { !$0.contains("trunk") })
        var options = CADStudy.Options()
        (options.span, options.window, options.ipc) = (2, 1, 1)
        let windows = try CADStudy(store, options)
        #expect(!windows.entries.isEmpty)
        #expect(windows.entries.allSatisfy { $0.runs.allSatisfy { !$0.description.id.contains("trunk") } })
        let cad = try Program.assay(
            "score runs/regimes/HL/full/high-trunk/seed1 --method cad-prune --span 2 --window 1 -o cad.csv",
            in: scratch.path)
        #expect(cad.code == 65 && cad.err.contains("it is a stretch of a trunk"), "\(cad.err)")

        // Another way to the same end: from an empty store with another set of budgets.
        let other = try Scratch()
        try write(
            text.replacingOccurrences(of: "[high, low, mid]", with: "high")
                .replacingOccurrences(of: "[full, random]", with: "full"), in: other.path)
        #expect(try Program.assay("train a.yaml -q --only HL/full/high-trunk/seed1", in: other.path).code == 0)
        let id = "HL/full/high/seed1"
        let running = try Program.start(["train", "a.yaml", "--only", id, "-q"], in: other.path)
        let ending = try Program.kill(running, when: other.path + "/runs/regimes/\(id).partial/part-000000.h5")
        #expect(ending.code == 128 + SIGKILL, "it ended before it was killed: \(ending.err)")
        #expect(try Program.assay("train a.yaml -q --only \(id)", in: other.path).code == 0)
        let alone = try RunFile(path: other.path + "/runs/regimes/\(id).h5")
        #expect(alone.description.digest == high.description.digest)
        for checkpoint in 0..<8 {
            #expect(try alone.logits(checkpoint: checkpoint) == high.logits(checkpoint: checkpoint))
        }
        #expect(try alone.weights(checkpoint: 7) == high.weights(checkpoint: 7))
    }

    /// The trunk and its branch are, bit by bit, the run alone, where passes end with a small batch (110 = 50 + 50 + 10).
    @Test func aBranchBetweenPassesIsTheWholeRun() throws {
        let scratch = try Scratch()
        let text = Self.trunk.replacingOccurrences(of: "train: 500", with: "train: 210")
            .replacingOccurrences(of: "cooldown: 0.25 }, batch: 32", with: "cooldown: 0.25 }, batch: 50")
            .replacingOccurrences(
                of: "subsets: full, budgets: mid }", with: "subsets: full, budgets: [high, mid] }"
            )
            .replacingOccurrences(of: "full-every: 0.5", with: "full-every: 1")
        try write(text, in: scratch.path)
        let run = try Program.assay("run a.yaml -q --only HL/full/high/seed1", in: scratch.path)
        #expect(run.code == 0, "\(run.err)")
        let branch = try file("HL/full/high/seed1", in: scratch.path)
        // The same run without its trunk.
        let study = try Study.read(path: scratch.path + "/a.yaml", vocabulary: .assay)
        let data = try TrainingData(study)
        var plan = try Plan(study, data: data.facts)
        plan.study.store = scratch.path + "/alone"
        var alone = try #require(plan.run("HL/full/high/seed1"))
        #expect(alone.samples == 110 && alone.start?.samples != nil)
        alone.start = nil
        try RunJob(plan: plan, run: alone).train(on: data, replacing: false)
        let whole = try plan.store.open(alone.id)
        #expect(whole.epochs == branch.epochs && whole.checkpointCount == 4)
        for checkpoint in 0..<whole.checkpointCount {
            #expect(try whole.logits(checkpoint: checkpoint) == branch.logits(checkpoint: checkpoint))
        }
        #expect(try whole.weights(checkpoint: 3) == branch.weights(checkpoint: 3))
    }

    @Test func aRateThatDivergesKeepsWhatWasBefore() throws {
        let scratch = try Scratch()
        try write(
            Self.study.replacingOccurrences(
                of: "learning-rate: 0.05, momentum: 0.9 } }, batch: 32",
                with: "learning-rate: 1e18 } }, schedule: { step: { at: [0.5], factor: 1 } }, batch: 32"),
            in: scratch.path)
        let ending = try Program.assay("train a.yaml -q --only HL/full/mid/seed1", in: scratch.path)
        #expect(ending.code == 3)
        #expect(ending.err.contains("the loss is not finite at step "), "\(ending.err)")
        #expect(ending.err.contains("checkpoint") && ending.err.contains("kept"), "\(ending.err)")
    }

    @Test func moreThreadsThanCoresAreSaid() throws {
        let scratch = try Scratch()
        try write(Self.study, in: scratch.path)
        let threads = ProcessInfo.processInfo.activeProcessorCount + 1
        let ending = try Program.assay("train a.yaml --threads \(threads) --only HL/full/mid/seed1", in: scratch.path)
        #expect(ending.code == 0)
        #expect(ending.err.contains("\(threads) threads on "), "\(ending.err)")
    }

    @Test func namedRecipesAreListed() throws {
        let text = try Program.assay("recipes", in: "/")
        #expect(text.code == 0 && text.out.contains("paper1-small-hl  Hard Truths"))
        let csv = try Program.assay("recipes --format csv", in: "/")
        #expect(csv.out.hasPrefix("recipe,optimizer,schedule,batch,augmentation,loss,average,epochs,source,reading\n"))
        #expect(csv.out.split(separator: "\n").count == 18)
    }

    /// Two recipes of one regime: results hold them apart, and n counts seeds alone.
    @Test func recipesAreNoSeedsOfEachOther() throws {
        let scratch = try Scratch()
        try Tables.write(
            """
            study: 1
            name: two
            dataset: { glyphs: { train: 400, test: 100 } }
            seeds: [1, 2]
            models: { mlp: { mlp: { hidden: [8] } } }
            recipes:
              a: { optimizer: { sgd: { learning-rate: 0.05 } }, batch: 8 }
              b: { optimizer: { sgd: { learning-rate: 0.0005 } }, batch: 8 }
            regimes: { HL: { labels: hard } }
            subsets: { random: { method: random, ipc: [2, 5] } }
            budgets: [1]
            checkpoints: { others: 2 }
            runs: [ { regimes: HL, subsets: random, budgets: 1, recipes: [a, b] } ]
            analyses:
              frontier: { pareto: { minimize: [ipc, test_error], per: [regime] } }
            """, to: scratch.path + "/two.yaml")
        let ending = try Program.assay("run two.yaml -q", in: scratch.path)
        #expect(ending.code == 0, "\(ending.err)")
        let summary = try Table.read(scratch.path + "/results/two/summary.csv")
        #expect(try summary.texts("recipe") == ["a", "a", "b", "b"])
        #expect(try summary.numbers("n") == [2, 2, 2, 2])
        let frontier = try Table.read(scratch.path + "/results/two/frontier.csv")
        #expect(try Set(frontier.texts("recipe")) == ["a", "b"])
        // A store alone knows the first recipe by no name.
        #expect(try Set(runTable(store: scratch.path + "/runs/two").texts("recipe")) == ["", "b"])
    }
}
