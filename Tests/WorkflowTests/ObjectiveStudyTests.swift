import Analysis
import Distillation
import Foundation
import Studies
import Tables
import Testing
import Training

@testable import Workflow

@Suite struct ObjectiveStudyTests {
    private static func text(_ objectives: String, more: String = "", record: String = "all", norm: String = "batch")
        -> String
    {
        """
        study: 1
        name: small
        dataset: { glyphs: { train: 400, test: 50 } }
        models: { net: { convnet: { depth: 2, width: 8, norm: \(norm) } }, mlp: { mlp: { hidden: [8] } } }
        recipes: { plain: { optimizer: { sgd: { learning-rate: 0.1 } }, batch: 32 } }
        regimes: { HL: { labels: hard } }
        subsets: { full: all, random: { method: random, ipc: [2, 4, 8] } }
        budgets: { low: 0.2, mid: 4 }
        checkpoints: { full-every: 1, others: 1 }
        record: { weights: \(record) }
        runs: [{ models: net, subsets: full, budgets: mid }, { models: net, subsets: random, budgets: low }]
        analyses:
          score: { dcs: { objectives: \(objectives), \(more) against: test_error } }
        """
    }

    private static func study(_ text: String) throws -> Study {
        try Study.parse(text, path: "small.yaml", vocabulary: .assay)
    }

    private static func problems(_ text: String) -> [String] {
        do {
            _ = try Plan(study(text), data: PlanTests.facts)
            return []
        } catch let error as StudyError {
            return error.problems.map(\.message)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func optionsReachTheObjectives() throws {
        let study = try Self.study(
            Self.text(
                """
                [dm, { dm: { real: 64, networks: 2, model: mlp, as: dm-64 } }, { dc: { weights: trained, real: all } },
                { tm: { steps: 5, expert-epochs: 1, learning-rate: 0.1, batch: 10, starts: 2, dsa: true } },
                { datm: { first: 1, last: 2 } }, { sre2l: { variant: code, batch: all } },
                { cda: { scales: [1, 0.25], batch: 30 } }, { dwa: { variance-weight: 11, steps: 12, radius: 0.1, batch: 7 } },
                { rded: { crops: 3, scale: 0.5 } }, entropy, nll]
                """))
        let list = study.analyses[0].value.objectives
        let found = list.choices.map { $0.objective(study.models) }
        let wanted: [any DistillationObjective] = [
            DistributionMatching(), DistributionMatching(networks: .random(2, .mlp(hidden: [8])), form: .batches(64)),
            GradientMatching(networks: .observers, realBatch: nil),
            TrajectoryMatching(.tm, steps: 5, expertEpochs: 1, starts: 2, learningRate: 0.1, batch: 10, dsa: true),
            TrajectoryMatching(.datm, range: 1...2),
            {
                var code = SRe2L(.code)
                code.batch = nil
                return code
            }(), CDA(scales: [1, 0.25], batch: 30),
            DWA(varianceWeight: 11, radius: 0.1, steps: 12, batch: 7), Realism(crops: 3, scale: 0.5),
            ObserverEntropy(.entropy), ObserverEntropy(.nll),
        ]
        #expect(found.map(\.definition) == wanted.map(\.definition))
        #expect(list.choices.map(\.column)[..<3] == ["dm", "dm-64", "dc"])
        #expect(list.observers.map(\.run.subset) == ["full"])
    }

    @Test(arguments: [
        ("[dmm]", "", "unknown objective 'dmm' (did you mean 'dm'?)"),
        ("[dm, { dm: { real: 4 } }]", "", "'dm' stands twice; name one of them ('as: NAME')"),
        ("[{ dm: { reel: 4 } }]", "", "unknown key 'reel' (did you mean 'real'?)"),
        ("[{ cda: { scales: [2] } }]", "", "2 must be above 0 and at most 1"),
        ("[{ dm: { model: nett } }]", "", "unknown model 'nett' (did you mean 'net'?)"),
        ("sre2l", "observer: random,", "'random' is no subset of all images"),
        (
            "sre2l", "observer: { run: full, model: mlp },",
            "'sre2l' asks a trained network, and the study plans no run of"
        ),
        ("[{ tm: { first: 3, last: 2 } }]", "", "tm: the first start epoch 3 comes after the last, 2"),
        ("[{ dm: { weights: trained, networks: 2 } }]", "", "dm: 'networks' is of random networks"),
        ("[{ tm: { expert-epochs: 9 } }]", "", "a start epoch t needs those of t and t + 9.0"),
        ("[{ tm: { expert-epochs: 1, starts: 9 } }]", "", "tm: 'starts: 9', and HL/full/mid/seed"),
        ("[{ dm: { real: 1000 } }]", "", "dm: 'real: 1000' is more than the "),
        ("dm", "level: 0,", "0 must be above 0 and below 1"),
    ])
    func mistakesAreNamed(objectives: String, more: String, message: String) {
        let found = Self.problems(Self.text(objectives, more: more))
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }

    @Test func errorsThatNoRunMeasuresAreFoundBeforeTraining() {
        func problems(_ against: String) -> [String] {
            Self.problems(Self.text("dm").replacingOccurrences(of: "against: test_error", with: "against: \(against)"))
        }
        #expect(problems("[test_error, ood_error]") == ["no run has a 'ood_error': the study has no 'ood:'"])
        #expect(problems("test_loss").isEmpty)
    }

    @Test func whatSubsetsWantIsThere() {
        func problems(_ subset: String) -> [String] {
            Self.problems(
                Self.text("dm").replacingOccurrences(
                    of: "random: { method: random, ipc: [2, 4, 8] }", with: "random: { \(subset) }"))
        }
        let scored = "method: el2n, keep: easiest, ipc: [2, 4, 8]"
        #expect(problems(scored).isEmpty && problems("\(scored), checkpoints: [0, 4]").isEmpty)
        #expect(
            problems("\(scored), checkpoints: [0, 5]").contains {
                $0.contains("it wants checkpoints [0, 5], and HL/full/mid/seed")
            })
        #expect(problems("\(scored), every: 9").contains { $0.contains("it wants a checkpoint every 9 epochs") })
        #expect(
            problems("method: el2n, keep: window, windows: 900, ipc: [2, 4, 8]").contains {
                $0.hasPrefix("900 windows of IPC 8, and ")
            })
    }

    @Test func theMemoryOfObjectivesIsSaid() throws {
        let plan = try Plan(Self.study(Self.text("[dm, nll]")), data: PlanTests.facts)
        let lines = try plan.objectiveMemory()
        #expect(lines.count == 1 && lines[0].hasSuffix(" MB for the objectives of 'score', on one thread"))
        func bytes(_ objectives: String) throws -> Int {
            let plan = try Plan(Self.study(Self.text(objectives)), data: PlanTests.facts)
            return try #require(plan.objectiveMemory()[0].split(separator: " ").compactMap { Int($0) }.first)
        }
        // Gradients of wide batches take more than what a network shows of them.
        #expect(try bytes("dc") > bytes("nll"))
    }

    @Test func weightsThatWouldBeMissingAreFoundBeforeTraining() {
        #expect(Self.problems(Self.text("[tm, sre2l]")).isEmpty)
        let last = Self.problems(Self.text("tm", record: "last"))
        #expect(last.count == 1 && last[0].contains("'record: { weights: all }' keeps"))
        let none = Self.problems(Self.text("nll", record: "none"))
        #expect(none.count == 1 && none[0].contains("keeps no weights at its end; 'record: { weights: last }' does"))
        let instance = Self.problems(Self.text("cda", norm: "instance"))
        #expect(instance.count == 1 && instance[0].contains("statistics of batch normalisation"))
        #expect(Self.problems(Self.text("[nll, dm]", norm: "instance")).isEmpty)
    }

    /// Trains a small study; values come from the file the second time, whatever else is asked then.
    @Test func valuesAreKeptByContent() throws {
        let scratch = try Scratch()
        func plan(_ objectives: String) throws -> (Plan, TrainingData) {
            var study = try Self.study(Self.text(objectives))
            (study.store, study.results) = ("\(scratch.path)/store", "\(scratch.path)/results")
            let data = try TrainingData(study)
            return (try Plan(study, data: data.facts), data)
        }
        let fast =
            "[{ dm: { networks: 2, model: mlp } }, { tm: { steps: 2, expert-epochs: 1, starts: 2 } }, sre2l, nll]"
        let (first, data) = try plan(fast)
        for run in first.runs { try RunJob(plan: first, run: run).train(on: data, replacing: false) }
        let runs = first.runs.filter { $0.images != .all }
        func evaluate(_ plan: Plan, _ runs: [PlannedRun]) throws -> (SetObjectives, [String]) {
            let lines = Lines()
            let list = plan.study.analyses[0].value.objectives
            let values = try SetObjectives(plan: plan, data: data, runs: runs, objectives: list) { lines.add($0) }
            return (values, lines.all)
        }
        let (two, said) = try evaluate(first, Array(runs.prefix(2)))
        #expect(said.count == 4 && said.allSatisfy { $0.hasSuffix("2 sets") })
        let (all, more) = try evaluate(first, runs)
        #expect(more.count == 4 && more.allSatisfy { $0.hasSuffix("1 set") })
        let (again, silence) = try evaluate(first, runs)
        #expect(silence.isEmpty)
        for column in ["dm", "tm", "sre2l", "nll"] {
            for run in runs {
                let value = try #require(all.value(of: run, column))
                #expect(again.value(of: run, column) == value && value.literal.allSatisfy(\.isFinite))
                #expect(value.networks == (column == "dm" ? 2 : 1))
            }
            #expect(two.value(of: runs[0], column) == all.value(of: runs[0], column))
        }
        #expect(all.value(of: runs[0], "tm")?.curve.count == 2)
        // Along expert epochs: columns of their own, and a panel beside the scatter plots of both errors.
        var sets = try ImageSetTable(plan: first, runs: runs, objectives: all, per: [], metrics: ["test_error"]).table
        let along = EpochLosses.among(sets.columnNames)
        #expect(along.map(\.name) == ["tm"] && along[0].columns.count == 2)
        let (average, loss) = (try along[0].average(in: sets).values, try sets.column("tm").values)
        if case (.numbers(let a), .numbers(let b)) = (average, loss) {
            #expect(a.count == 3 && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 })
        } else {
            Issue.record("losses are numbers")
        }
        sets.columns.append(Column("ood_error", try sets.numbers("test_error")))
        var options = DistillationCorrelation.Options(losses: ["dm"], error: "test_error")
        options.resamples = 9
        let board = try DistillationLeaderboard(sets, options: options, against: ["test_error", "ood_error"])
        let choice = try Self.study(Self.text("dm") + "\nfigures: [{ file: a.svg, show: score }]\n").figures[0]
        let figure = try AnswerSource.dcsFigure(
            sets, board, loss: "dm", against: ["test_error", "ood_error"], choice)
        #expect(figure.panels.count == 3 && figure.panels[2].title == "tm along expert epochs")
        // Another definition is another value.
        let (other, _) = try plan("[{ dm: { networks: 3, model: mlp } }]")
        let (_, anew) = try evaluate(other, runs)
        #expect(anew.count == 1)
        // The same by the library's way.
        let stored = try StoredSets(plan: first, data: data)
        let table = try stored.table(of: [ObserverEntropy(.nll)], against: ["test_error"])
        #expect(try table.numbers("nll") == runs.map { all.value(of: $0, "nll")?.literalMean ?? .nan })
    }

    private final class Lines {
        var all: [String] = []
        func add(_ line: String) { all.append(line) }
    }
}
