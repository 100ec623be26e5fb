import Foundation
import Studies
import Tables
import Testing
import Training

@testable import Workflow

@Suite struct RegimePlanTests {
    /// Runs made by earlier versions stay fresh: the digests of committed studies are those that were printed then
    /// (of perceptrons, since their layers are cut by outputs).
    @Test(arguments: [
        ("demo", 116, "bc59df0a005526d9a8d55182ecf30c383988359072458604df12227f572f57f6"),
        ("demo-ci", 64, "57fc408c68f7ad4293b493aacb28c071667be0794a689b137dbb387a1dda9561"),
        ("fashion", 169, "b742d5bc97b9d44277c6c7c85b709978c3c69e4c70ddc495b14f33875420a115"),
    ])
    func digestsOfCommittedStudiesStay(name: String, count: Int, digest: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let study = try Study.read(path: "\(root)/studies/\(name).yaml", vocabulary: .assay)
        let facts = DataFacts(
            name: "fashion-mnist", digest: "7fbede3e523593a040fc4df8e31113500c82f2da1cf1a198f8c635c812b2a932",
            classNames: (0..<10).map { "class\($0)" }, classCounts: .init(repeating: 5500, count: 10), validation: 5000,
            test: 10000, shape: [1, 28, 28])
        let runs = try Plan(study, data: facts).runs
        #expect(runs.count == count)
        #expect(sha256(runs.map { "\($0.id) \($0.digest)\n" }.joined()) == digest)
    }

    private static func text(
        recipe: String = "{ optimizer: { sgd: { learning-rate: 0.1 } }, batch: 64 }",
        regime: String = "{ labels: hard }", budgets: String = "{ low: 0.5, mid: 5 }", more: String = "",
        run: String = "{ regimes: R, subsets: random, budgets: low }"
    ) -> String {
        """
        study: 1
        name: small
        dataset: glyphs
        models: { mlp: { mlp: { hidden: [16] } }, big: { mlp: { hidden: [32] } } }
        recipes: { mine: \(recipe), plain: { optimizer: { sgd: { learning-rate: 0.1 } } } }
        regimes: { HL: { labels: hard, recipe: plain }, R: \(regime) }
        subsets: { full: all, random: { method: random, ipc: 2 }, noise: { method: noise, ipc: 3 } }
        budgets: \(budgets)
        \(more)
        runs: [{ models: mlp, regimes: HL, subsets: full, budgets: mid }, \(run.replacingOccurrences(of: "{ regimes", with: "{ models: mlp, regimes"))]
        """
    }

    private static func plan(_ text: String) throws -> Plan {
        try Plan(Study.parse(text, path: "small.yaml", vocabulary: .assay), data: PlanTests.facts)
    }

    private static func problems(_ text: String) -> [String] {
        do {
            _ = try plan(text)
            return []
        } catch let error as StudyError {
            return error.problems.map { "\($0.place): \($0.message)" }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func budgetsComeToSamplesStepsAndEpochs() throws {
        let plan = try Self.plan(
            Self.text(
                budgets: "{ low: 0.5, mid: 5, steps: { steps: 17 }, samples: { samples: 1234 }, own: { passes: 2.5 } }",
                run: "{ regimes: R, subsets: [random, full], budgets: [steps, samples, own] }"))
        func sizes(_ id: String) throws -> [Double] {
            let run = try #require(plan.run(id))
            return [run.budget, Double(run.steps), Double(run.totalSamples)]
        }
        // 20 images are one step of their own; 900 images are 14 steps of 64 and one of 4.
        #expect(try sizes("R/random-ipc2/steps/seed1") == [340.0 / 900, 17, 340])
        #expect(try sizes("R/random-ipc2/samples/seed1") == [1234.0 / 900, 62, 1234])
        #expect(try sizes("R/random-ipc2/own/seed1") == [50.0 / 900, 3, 50])
        #expect(try sizes("R/full/steps/seed1") == [1028.0 / 900, 17, 900 + 128])
        #expect(try sizes("R/full/own/seed1") == [2.5, 38, 2250])
        let table = try plan.table()
        for column in ["budget", "steps", "samples_seen"] { #expect(table.columns.map(\.name).contains(column)) }
    }

    @Test func aSubsetSmallerThanTheBatchIsSaid() throws {
        let plan = try Self.plan(Self.text())
        #expect(
            plan.notes().contains(
                "R/random-ipc2/low/seed1: a batch of 64 is more than the 20 images: the subset is the batch"))
        #expect(try plan.json().text().contains("the subset is the batch"))
    }

    @Test func checkpointsWithinOneStepAreShared() throws {
        let plan = try Self.plan(Self.text(more: "checkpoints: { at: [0, 0.01, 0.02, 1.5, 2] }"))
        let full = try #require(plan.run("HL/full/mid/seed1"))
        #expect(full.checkpoints == [0, 9, 18, 1350, 1800, 4500])
        // Batches of 128: the epoch of 900 ends with one of 4.
        #expect(full.storedCheckpoints == [0, 128, 1412, 1800, 4500])
        #expect(
            full.notes == [
                "6 checkpoints are asked for and there will be 5: those closer than a batch of 128 fall on the same step"
            ])
        #expect(full.logitBytes == 5 * 900 * 10 * 4)
    }

    @Test func checkpointsFinerThanASampleFallOnTheFirstStep() throws {
        let full = try #require(
            try Self.plan(Self.text(more: "checkpoints: { full-every: 0.0001 }")).run("HL/full/mid/seed1"))
        #expect(full.checkpoints.prefix(2) == [1, 2] && full.storedCheckpoints.prefix(2) == [128, 256])
        #expect(
            full.notes.count == 1 && full.notes[0].hasPrefix("50000 checkpoints are asked for and there will be 40:"))
        let listed = try #require(
            try Self.plan(Self.text(more: "checkpoints: { at: [0, 0.0001, 7, 8] }")).run("HL/full/mid/seed1"))
        #expect(listed.checkpoints == [0, 1, 4500])
        #expect(
            listed.notes == ["no run comes to epoch 7, 8 of 'checkpoints: at': its 5 epochs are the most"])
        #expect(
            Self.problems(Self.text(more: "checkpoints: { full-every: 0.00001 }")) == [
                "checkpoints: full-every 1e-05 makes more than 100000 checkpoints of budget 'mid'"
            ])
    }

    @Test func whatPyTorchWouldRefuseOrWarnOfIsSaid() throws {
        let sgd = "{ optimizer: { sgd: { learning-rate: 0.1, nesterov: true } } }"
        #expect(
            Self.problems(Self.text(recipe: sgd)).contains {
                $0.hasSuffix("nesterov needs a momentum above 0: 'momentum: 0.9'")
            })
        #expect(
            Self.problems(Self.text(regime: "{ labels: hard, recipe: paper1-small-hl }")) == [
                "regimes.R.recipe: 'paper1-small-hl' is a known recipe, but none of this study's: "
                    + "'recipes: { paper1-small-hl: paper1-small-hl }' makes it one"
            ])
        let text = Self.text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, batch: 19 }")
        #expect(try Self.plan(text).run("R/random-ipc2/low/seed1")?.notes == [])
        let coupled = text.replacingOccurrences(
            of: "mlp: { mlp: { hidden: [16] } }", with: "mlp: { convnet: { depth: 1, width: 4, norm: batch } }")
        let even = coupled.replacingOccurrences(of: "batch: 19", with: "batch: 18")
        #expect(try Self.plan(even).run("R/random-ipc2/low/seed1")?.notes == [])
        #expect(
            try Self.plan(coupled).run("R/random-ipc2/low/seed1")?.notes.first?.hasPrefix(
                "the last batch of a pass is 1 image") == true)
    }

    @Test func teachersAreFoundAtTheirCheckpoints() throws {
        let plan = try Self.plan(
            Self.text(
                regime:
                    "{ labels: soft, teacher: [full, { run: HL/full/low, checkpoint: 0.5 }, { run: full, checkpoint: 2, model: big }], temperature: 20, mix: cutmix }",
                more: "record: { weights: all }"))
        let run = try #require(plan.run("R/random-ipc2/low/seed1"))
        guard case .soft(let teaching) = run.labels else {
            Issue.record("not soft")
            return
        }
        #expect(
            teaching.teachers.map(\.source.id) == ["HL/full/mid/seed1", "HL/full/low/seed1", "big/HL/full/mid/seed1"])
        #expect(teaching.teachers.map(\.checkpoint) == [nil, nil, 1])
        #expect(teaching.temperature == 20 && teaching.views?.mix?.kind == .cutmix && teaching.views?.perImage == nil)
        #expect(run.sources.map(\.id) == teaching.teachers.map(\.source.id))
        #expect(run.resolved["regime"]?["labels"] == "views")
        #expect(try #require(plan.run("HL/full/mid/seed1")).weightsAt == [900, 1800, 2700, 3600, 4500])
        #expect(plan.runs.map(\.digest).count == Set(plan.runs.map(\.digest)).count)
    }

    /// The recipe's temperature serves a regime that says none.
    @Test func theTemperatureIsTheRegimesOrTheRecipes() throws {
        let recipe = "{ optimizer: { sgd: { learning-rate: 0.1 } }, loss: { kl: { temperature: 20 } } }"
        for (regime, expected) in [("", 20.0), (", temperature: 4", 4)] {
            let plan = try Self.plan(Self.text(recipe: recipe, regime: "{ labels: soft, teacher: full\(regime) }"))
            guard case .soft(let teaching)? = plan.run("R/random-ipc2/low/seed1")?.labels else {
                Issue.record("not soft")
                return
            }
            #expect(teaching.temperature == expected)
        }
    }

    @Test(arguments: [
        (text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, loss: kl }"), "regimes.R: its labels are hard"),
        (
            text(
                recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, loss: cross-entropy }",
                regime: "{ labels: soft, teacher: full }"), "regimes.R: its labels are soft"
        ),
        (
            text(regime: "{ labels: views, teacher: random-ipc3 }"),
            "regimes.R.teacher: there is no set 'random-ipc3' of subset 'random'"
        ),
        (text(regime: "{ labels: views, teacher: { file: nowhere.h5 } }"), "regimes.R.teacher: nowhere.h5: "),
        (text(regime: "{ labels: views, teacher: R/random-ipc2/low }"), "regimes.R: the teachers form a circle"),
        (
            text(regime: "{ labels: views, teacher: { run: full, checkpoint: 2.5 } }"),
            "regimes.R.teacher: HL/full/mid/seed1 has no checkpoint at epoch 2.5 (it has 1, 2, 3, 4, 5)"
        ),
        (
            text(
                recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, augment: [{ mixup: { alpha: 1 } }] }",
                regime: "{ labels: soft, teacher: full, mix: cutmix }"),
            "regimes.R.mix: recipe 'mine' mixes images already"
        ),
        (
            text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { cosine: { warm-up: 30 } } }"),
            "recipes.mine: the warm-up takes all of R/random-ipc2/low/seed1 (22.5 epochs of its own images, 23 steps)"
        ),
        (
            text(more: "record: { pass: train }\ncheckpoints: { full-every: 0.5 }"),
            "record.pass: HL/full/mid/seed1 has a checkpoint after 450 samples"
        ),
        (text(more: "record: { weights: [0.7] }"), "record.weights: HL/full/mid/seed1 has no checkpoint at epoch 0.7"),
        (
            text(more: "record: { weights: [77] }"),
            "record.weights: HL/full/mid/seed1 has no checkpoint at epoch 77 (it has 1, 2, 3, 4, 5)"
        ),
        (
            text(more: "record: { runs: all, samples: all, pass: train }\ncheckpoints: { at: [1] }"),
            "record.samples: R/random-ipc2/low/seed1 trains on a part of the images"
        ),
        (text(budgets: "{ low: { passes: 0.001 }, mid: 5 }"), "budgets.low: less than one sample of 20"),
    ])
    func whatCannotTrainIsFoundBefore(text: String, message: String) {
        let problems = Self.problems(text)
        #expect(problems.contains { $0.hasPrefix(message) }, "\(problems)")
    }

    @Test func recordsOfAllRunsAreInTheirDigest() throws {
        let plain = try Self.plan(Self.text())
        let all = try Self.plan(Self.text(more: "record: { runs: all, features: true, weights: all }"))
        let id = "R/random-ipc2/low/seed1"
        let (before, after) = (try #require(plain.run(id)), try #require(all.run(id)))
        #expect(!before.recordsLogits && after.recordsLogits && after.recordsFeatures)
        #expect(after.weightsAt == after.checkpoints && before.weightsAt.isEmpty)
        #expect(before.digest != after.digest)
        let same = try Self.plan(Self.text(more: "record: { weights: last }"))
        #expect(same.runs.map(\.digest) == plain.runs.map(\.digest))
    }

    @Test func noiseIsTheSameForEveryRegimeAndAnotherForEverySeed() throws {
        let plan = try Self.plan(
            Self.text(run: "{ regimes: [HL, R], subsets: noise, budgets: low }"))
        let run = try #require(plan.run("R/noise-ipc3/low/seed1"))
        let noise = NoiseImages(ipc: 3, run: run, pixels: 784)
        let other = NoiseImages(ipc: 3, run: try #require(plan.run("HL/noise-ipc3/low/seed1")), pixels: 784)
        #expect(noise.pixels == other.pixels)
        var reseeded = run
        reseeded.seed = 2
        #expect(NoiseImages(ipc: 3, run: reseeded, pixels: 784).pixels != noise.pixels)
        #expect((0..<10).allSatisfy { label in noise.labels.count { $0 == Int32(label) } == 3 })
        #expect(noise.ids.allSatisfy { $0 < 0 } && Set(noise.ids).count == 30)
        // 23,520 normals: mean within 5/√n, variance within 5 √(2/n).
        let n = Double(noise.pixels.count)
        let mean = noise.pixels.reduce(0) { $0 + Double($1) } / n
        let variance = noise.pixels.reduce(0) { $0 + Double($1) * Double($1) } / n - mean * mean
        #expect(abs(mean) < 5 / n.squareRoot() && abs(variance - 1) < 5 * (2 / n).squareRoot())
    }

    @Test func recipesAreListed() {
        let text = recipeText()
        #expect(text.contains("paper1-small-hl  Hard Truths About Soft Labels, table 4, small, HL, 300 epochs\n"))
        #expect(recipeListing().columns.first?.count == NamedRecipe.all.count)
    }

    /// What a pupil needs of its teacher's weights is kept without a word, and changes no digest.
    @Test(arguments: [
        ("{ run: full, checkpoint: 2 }", "HL/full/mid/seed1", 1800), ("random", "HL/random-ipc2/mid/seed1", 4500),
    ])
    func teachersKeepTheirWeights(teacher: String, id: String, place: Int) throws {
        let plan = try Self.plan(Self.text(regime: "{ labels: views, teacher: \(teacher) }"))
        let run = try #require(plan.run(id))
        #expect(run.taughtAt == [place] && run.allWeightsAt.contains(place))
        #expect(plan.notes().contains { $0.hasPrefix("\(id): keeps its weights at epoch ") }, "\(plan.notes())")
        let without = try Self.plan(Self.text())
        #expect(without.run("HL/full/mid/seed1")?.digest == plan.run("HL/full/mid/seed1")?.digest)
        let pupil = try #require(plan.run("R/random-ipc2/low/seed1"))
        #expect(pupil.sources.map(\.id) == [id] && pupil.sources[0].digest == run.digest)
        let position = try #require(plan.runs.firstIndex { $0.id == id })
        #expect(plan.runs[position...].contains { $0.id == pupil.id })
    }

    @Test func aBareTeacherIsNamedByThePlan() throws {
        let plan = try Self.plan(Self.text(regime: "{ labels: soft, teacher: full }"))
        #expect(
            plan.notes().contains(
                "R/random-ipc2/low/seed1: taught by HL/full/mid/seed1 (epoch 5 of 5) at temperature 1"))
        #expect(try #require(plan.run("HL/full/mid/seed1")).taughtAt.isEmpty)
    }

    /// No step before a branch is one of its cooldown, wherever passes end with a small batch.
    @Test(arguments: [(110, 50), (110, 32), (900, 64), (130, 129)], [0.2, 0.25, 0.37])
    func branchesBeginBeforeTheyCoolDown(size: (images: Int, batch: Int), share: Double) throws {
        var facts = PlanTests.facts
        facts.classCounts = .init(repeating: size.images / 10, count: 10)
        let text = Self.text(
            recipe:
                "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { trunk: constant, cooldown: \(share) }, batch: \(size.batch) }",
            budgets: "{ low: 3, mid: 7, odd: { steps: 19 } }",
            run: "{ regimes: R, subsets: full, budgets: [low, mid, odd] }")
        let plan = try Plan(Study.parse(text, path: "small.yaml", vocabulary: .assay), data: facts)
        for budget in ["low", "mid", "odd"] {
            let run = try #require(plan.run("R/full/\(budget)/seed1"))
            let place = try #require(run.branchPoint)
            #expect(run.boundary(atOrAfter: place) == place && run.start?.samples == place)
            let schedule = run.recipe.recipe.schedule
            let length = Schedule.Length(steps: run.steps, stepsPerEpoch: run.stepsPerPass, epochs: run.plannedEpochs)
            let before = run.steps(samples: place)
            #expect((0..<before).allSatisfy { schedule.factor(step: $0, of: length) == 1 })
            #expect(schedule.factor(step: before + 1, of: length) < 1)
        }
    }

    @Test func checkpointsOnATrunkThatABranchLosesAreSaid() throws {
        let plan = try Self.plan(
            Self.text(
                recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { trunk: constant, cooldown: 0.2 } }",
                run: "{ regimes: R, subsets: random, budgets: mid }"))
        let run = try #require(plan.run("R/random-ipc2/mid/seed1"))
        #expect(run.storedCheckpoints.count == 1)
        #expect(run.notes.contains { $0.hasPrefix("4 of its 5 checkpoints lie on the trunk") }, "\(run.notes)")
    }

    @Test func whatARecordKeepsIsInTheDigest() throws {
        func run(_ record: String) throws -> PlannedRun {
            try #require(
                try Self.plan(Self.text(more: "record: { runs: all\(record) }\ncheckpoints: { at: [1] }"))
                    .run("R/random-ipc2/low/seed1"))
        }
        let (plain, both, all) = (try run(""), try run(", pass: [eval, train]"), try run(", samples: all"))
        #expect(Set([plain, both, all].map(\.digest)).count == 3)
        #expect(both.logitBytes == 2 * plain.logitBytes && all.logitBytes == plain.logitBytes * 900 / 20)
        #expect(try run(", pass: eval, samples: trained").digest == plain.digest)
    }

    /// A trunk is a means: what a branch comes to does not depend on the other budgets.
    @Test func addingABudgetToATrunkMakesNoRunStale() throws {
        func plan(_ budgets: String, shape: String = "0.2") throws -> Plan {
            try Self.plan(
                Self.text(
                    recipe:
                        "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { trunk: constant, cooldown: \(shape) }, batch: 64 }",
                    budgets: "{ low: 1, middle: 2, mid: 5 }",
                    run: "{ regimes: R, subsets: [full, random], budgets: \(budgets) }"))
        }
        let few = try plan("[mid]")
        let more = try plan("[mid, low, middle]")
        for run in few.runs { #expect(more.run(run.id)?.digest == run.digest, "\(run.id)") }
        let branch = try #require(more.run("R/full/mid/seed1"))
        #expect(branch.start?.source.id == "R/full/mid-trunk/seed1" && branch.start?.samples == 3600)
        #expect(more.run("R/full/mid-trunk/seed1")?.start?.source.id == "R/full/middle-trunk/seed1")
        for (index, run) in more.runs.enumerated() {
            for source in run.sources { #expect(more.runs[..<index].contains { $0.id == source.id }, "\(run.id)") }
        }
        // 0.8, 0.2 + 0.8, … : a long trunk and three cooldowns, against three whole runs.
        let full = more.runs.filter { $0.id.hasPrefix("R/full") }
        #expect(full.map(\.trainedSamples).reduce(0, +) < 900 * 8 - 900)
        #expect(
            try plan("mid", shape: "{ fraction: 0.2, shape: sqrt }").run("R/full/mid/seed1")?.digest != branch.digest)
        #expect(try more.summary().contains("samples seen"))
    }

    @Test(arguments: [
        ("{ trunk: constant, cooldown: 0.2, warm-up: { fraction: 0.1 } }", "", "a trunk has no length of its own"),
        (
            "{ trunk: constant, cooldown: 0.2 }", "record: { runs: all, pass: train }\ncheckpoints: { at: [1] }",
            "a trunk keeps no logits"
        ),
        ("{ trunk: constant, cooldown: 0.999 }", "", "which leave no trunk"),
        (
            "{ trunk: constant, cooldown: 0.4, warm-up: { steps: 4 } }", "",
            "the warm-up of 4 steps is longer than the trunk of R/full/mid/seed1, which has 3 steps before its cooldown"
        ),
    ])
    func trunksThatCannotBeAreRefused(schedule: String, more: String, message: String) {
        let text = Self.text(
            recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: \(schedule), batch: 900 }",
            budgets: "{ low: 1, mid: 5 }", more: more,
            run: "{ regimes: R, subsets: full, budgets: \(schedule.contains("steps") ? "mid" : "low") }")
        let problems = Self.problems(text)
        #expect(problems.contains { $0.hasPrefix("recipes.mine.schedule: ") && $0.contains(message) }, "\(problems)")
    }
}
