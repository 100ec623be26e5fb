import Scoring
import Studies
import Testing

@testable import Workflow

@Suite struct PlanTests {
    static let text = """
        study: 1
        name: small
        question: a
        dataset: glyphs
        validation: 100
        seeds: [1, 2]
        models:
          mlp: { mlp: { hidden: [16] } }
        recipes:
          hard: { optimizer: { sgd: { learning-rate: 0.1 } }, batch: 64 }
          soft: { optimizer: { sgd: { learning-rate: 1 } }, batch: 64 }
        regimes:
          HL: { labels: hard }
          SL: { labels: soft, teacher: full, temperature: 4, recipe: soft }
        subsets:
          full: all
          random: { method: random, ipc: [2, 5] }
          pool: { method: el2n, keep: easiest, fraction: [1, 0.5], ipc: 5 }
          windows: { method: el2n, keep: window, windows: 3, ipc: 2 }
          cad: { method: cad-prune, span: 3, window: 2, ipc: 2 }
        budgets: { low: 0.5, mid: 5 }
        runs:
          - { name: main, regimes: HL, subsets: [random, pool, windows, cad], budgets: mid, seeds: 1 }
          - { regimes: SL, subsets: random, ipc: 2, budgets: low, seeds: 1 }

        """

    /// Ten classes of 90 training images.
    static let facts = DataFacts(
        name: "glyphs", digest: "d", classNames: (0..<10).map { "class\($0)" },
        classCounts: .init(repeating: 90, count: 10),
        validation: 100, test: 50, shape: [1, 28, 28])

    static func plan(_ text: String = text) throws -> Plan {
        try Plan(Study.parse(text, path: "small.yaml", vocabulary: .assay), data: facts)
    }

    static func problems(replacing old: String, with new: String) -> [String] {
        do {
            _ = try plan(text.replacingOccurrences(of: old, with: new))
            return []
        } catch let error as StudyError {
            return error.problems.map { "\($0.mark.line): \($0.place): \($0.message)" }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func recordsOfAllSamplesThatARunCannotHaveAreSaid() throws {
        let text = Self.text.replacingOccurrences(
            of: "budgets: {", with: "record: { runs: all, samples: all }\nbudgets: {"
        )
        .replacingOccurrences(
            of: "ipc: [2, 5] }", with: "ipc: [2, 5] }\n  wrong: { method: random, ipc: 2, label-noise: 0.5 }"
        )
        .replacingOccurrences(of: "subsets: [random,", with: "subsets: [wrong, random,")
        let runs = try Self.plan(text).runs.filter { $0.subset.hasPrefix("wrong") || $0.family == "random" }
        #expect(Set(runs.map(\.family)).count == 2)
        for run in runs {
            let isSaid = run.notes.contains { $0.hasPrefix("records its own images alone") }
            let isWrong = run.subset.hasPrefix("wrong")
            #expect(run.recordsAllSamples == !isWrong && isSaid == isWrong, "\(run.id)")
        }
    }

    /// A plan refuses a window exactly where the score itself would find too few checkpoints; 0 is before training and
    /// does not count.
    @Test(arguments: [[0, 1, 2, 3, 4], [1, 2, 3, 4], [0, 2, 3, 4], [0, 1, 2], [1, 2, 3]])
    func windowsFitIntoThePlanAsIntoTheScore(epochs: [Int]) throws {
        let text = Self.text.replacingOccurrences(
            of: "budgets: {",
            with: "checkpoints: { at: [\(epochs.map(String.init).joined(separator: ", "))] }\nbudgets: {")
        let after = epochs.count { $0 > 0 } + 1  // and the end, at epoch 5
        let request = try ScoreRequest("cad-prune", span: 3, window: 2)
        let fits = (try? request.positions(of: after)) != nil
        let problems = Self.problems(replacing: Self.text, with: text).filter { $0.contains("span 3 + window 2") }
        #expect(problems.isEmpty == fits, "\(after) checkpoints: \(problems)")
        #expect(fits == (after >= 5))
    }

    @Test func idsAreReadablePathsAndSourcesStandFirst() throws {
        let plan = try Self.plan()
        #expect(
            plan.runs.map(\.id) == [
                "HL/random-ipc2/mid/seed1", "HL/random-ipc5/mid/seed1", "HL/full/mid/seed1",
                "HL/pool-f1-ipc5/mid/seed1",
                "HL/pool-f0.5-ipc5/mid/seed1", "HL/windows-w1-ipc2/mid/seed1", "HL/windows-w2-ipc2/mid/seed1",
                "HL/windows-w3-ipc2/mid/seed1", "HL/cad-ipc2/mid/seed1", "SL/random-ipc2/low/seed1",
            ])
        #expect(plan.runs.filter(\.isInserted).map(\.id) == ["HL/full/mid/seed1"])
        for (index, run) in plan.runs.enumerated() {
            for source in run.sources {
                #expect(plan.runs[..<index].contains { $0.id == source.id && $0.digest == source.digest })
            }
        }
    }

    /// budget × full-set size = ipc × classes × epochs.
    @Test func computeIsConserved() throws {
        for run in try Self.plan().runs {
            #expect(run.totalSamples == Int(run.budget * 900))
            #expect(abs(run.plannedEpochs * Double(run.samples) - Double(run.totalSamples)) < 1e-9)
            #expect(run.checkpoints.last == run.totalSamples)
            #expect(run.checkpoints.count == 5)
        }
    }

    @Test func windowsSpanAClassFromItsHardestToItsEasiest() throws {
        let starts = try Self.plan().runs.compactMap { run -> Double? in
            if case .scored(let scored) = run.images { scored.start } else { nil }
        }
        let last: Double = 1 - 2.0 / 90  // the easiest two of 90
        let expected: [Double] = [0, last / 2, last]
        #expect(starts == expected)
    }

    /// After one line changes, only what depends on it changes: the digest says which.
    @Test(arguments: [
        ("learning-rate: 1 ", "learning-rate: 2 ", ["SL/random-ipc2/low/seed1"]),
        ("span: 3", "span: 2", ["HL/cad-ipc2/mid/seed1"]),
        ("question: a", "question: b", []),
        (
            "hidden: [16]", "hidden: [17]",
            [
                "HL/random-ipc2/mid/seed1", "HL/random-ipc5/mid/seed1", "HL/full/mid/seed1",
                "HL/pool-f1-ipc5/mid/seed1",
                "HL/pool-f0.5-ipc5/mid/seed1", "HL/windows-w1-ipc2/mid/seed1", "HL/windows-w2-ipc2/mid/seed1",
                "HL/windows-w3-ipc2/mid/seed1", "HL/cad-ipc2/mid/seed1", "SL/random-ipc2/low/seed1",
            ]
        ),
    ])
    func onlyWhatDependsOnALineChanges(old: String, new: String, changed: [String]) throws {
        #expect(Self.text.contains(old))
        let before = try Self.plan()
        let after = try Self.plan(Self.text.replacingOccurrences(of: old, with: new))
        let different = zip(before.runs, after.runs).filter { $0.digest != $1.digest }.map(\.0.id)
        #expect(different == changed)
    }

    @Test func addingAModelMovesNoId() throws {
        let more = Self.text
            .replacingOccurrences(of: "recipes:\n", with: "  conv: { convnet: { depth: 1, width: 4 } }\nrecipes:\n")
            .replacingOccurrences(of: "- { name: main,", with: "- { name: main, models: [mlp, conv],")
            .replacingOccurrences(of: "- { regimes: SL,", with: "- { models: mlp, regimes: SL,")
        let before = try Self.plan().runs
        let after = try Self.plan(more).runs
        #expect(after.count == 19)
        for run in before { #expect(after.first { $0.id == run.id }?.digest == run.digest) }
        #expect(
            after.contains {
                $0.id == "conv/HL/cad-ipc2/mid/seed1" && $0.sources.map(\.id) == ["conv/HL/full/mid/seed1"]
            })
    }

    @Test func problemsThatNeedTheDataStillNameTheirLine() {
        #expect(
            Self.problems(replacing: "ipc: [2, 5]", with: "ipc: [2, 500]") == [
                "17: subsets.random: IPC 500 is more than class 'class0' has (90 training images)"
            ])
        #expect(
            Self.problems(replacing: "fraction: [1, 0.5], ipc: 5", with: "fraction: [1, 0.05], ipc: 5") == [
                "18: subsets.pool: a pool of 5 / 0.05 = 100 images per class is more than class 'class0' has (90 training images)"
            ])
        #expect(
            Self.problems(replacing: "span: 3, window: 2", with: "span: 4, window: 2") == [
                "20: subsets.cad: span 4 + window 2 needs 6 checkpoints, and HL/full/mid/seed1 has 5 "
                    + "(a larger budget, or 'checkpoints: { full-every: 0.5 }')"
            ])
    }

    /// An analysis that could never answer is found before anything trains.
    @Test(arguments: [
        (
            "fit: { law: goyal, y: test_error, per: [regime, subset] }",
            "no group of regime, subset has more than 2 points"
        ),
        ("dcs: { objectives: dm, against: test_error, of: windows, per: seed }", ""),
        ("dcs: { objectives: dm, against: test_error, of: random, per: budget }", "a correlation needs 3 sets"),
        ("dcs: { objectives: dm, against: test_error, of: random }", "it mixes runs of several budgets"),
        ("pareto: { minimize: [ipc, test_error], per: regime }", ""),
        ("pareto: { minimize: [ipc, test_error] }", "it mixes runs of several budgets"),
        ("hardness: { of: random }", "none of these runs is a window"),
    ])
    func questionsWithoutAnAnswerAreRefused(analysis: String, message: String) {
        do {
            _ = try Self.plan(Self.text + "analyses:\n  question: { \(analysis) }\n")
            #expect(message.isEmpty)
        } catch {
            #expect(
                !message.isEmpty && "\(error)".contains("small.yaml:26:3: analyses.question: \(message)"), "\(error)")
        }
    }

    @Test func teachersInACircleAreFound() {
        let circle = Self.problems(
            replacing: "SL: { labels: soft, teacher: full", with: "SL: { labels: soft, teacher: SL/full/low")
        #expect(circle == ["14: regimes.SL: the teachers form a circle through SL/full/low/seed1"])
    }

    @Test func twoRunsOfOneNameAreRefused() {
        let twice = Self.problems(
            replacing: "- { regimes: SL,",
            with: "- { regimes: HL, subsets: \"pool-f0.5\", budgets: mid, seeds: 1 }\n  - { regimes: SL,")
        #expect(twice == ["24: runs[2].subsets: unknown subset 'pool-f0.5' (known: full, random, pool, windows, cad)"])
        let text = Self.text
            .replacingOccurrences(of: "  cad:", with: "  pool-f0.5: { method: random, ipc: 5 }\n  cad:")
            .replacingOccurrences(of: "subsets: [random, pool,", with: "subsets: [random, pool, pool-f0.5,")
        #expect(throws: StudyError.self) { try Self.plan(text) }
    }

    /// A figure's fields are those of its analysis, and no file is written twice.
    @Test(arguments: [
        ("x: budget", "the x of 'law' is samples_seen, not budget"),
        ("y: test_loss", "the y of 'law' is test_error, not test_loss"),
        ("color: ipc", "'law' does not tell ipc apart (per: regime)"), ("x: samples_seen", ""),
    ])
    func figuresShowWhatTheirAnalysisHas(part: String, message: String) {
        let text =
            Self.text + "analyses:\n  law: { fit: { law: goyal, y: test_error, per: regime } }\n"
            + "figures:\n  - { file: a.svg, show: law, \(part) }\n"
        do {
            _ = try Self.plan(text)
            #expect(message.isEmpty)
        } catch {
            #expect(!message.isEmpty && "\(error)".contains("figures[1]: \(message)"), "\(error)")
        }
    }

    @Test func makeRulesNameSourcesAsPrerequisites() throws {
        let plan = try Self.plan()
        let rules = plan.makeRules(command: "assay", ids: ["HL/full/mid/seed1", "HL/cad-ipc2/mid/seed1"])
        #expect(
            rules == """
                # The runs of small.yaml. Written by assay \(version); run with make -j N -f THIS.
                ASSAY ?= assay

                all: run/HL/full/mid/seed1 \\
                     run/HL/cad-ipc2/mid/seed1

                .PHONY: all run/HL/full/mid/seed1 run/HL/cad-ipc2/mid/seed1

                run/HL/full/mid/seed1:
                \t@$(ASSAY) train small.yaml --only HL/full/mid/seed1

                run/HL/cad-ipc2/mid/seed1: run/HL/full/mid/seed1
                \t@$(ASSAY) train small.yaml --only HL/cad-ipc2/mid/seed1

                """)
    }

    @Test func stepsAreCountedAsTheTrainerCutsThem() throws {
        let run = try #require(try Self.plan().run("HL/random-ipc5/mid/seed1"))
        // 50 images, batch 64: a step is one pass; 4,500 samples are 90 passes.
        #expect(run.steps == 90)
        let full = try #require(try Self.plan().run("HL/full/mid/seed1"))
        // 900 images: 14 batches of 64 and one of 4, five times.
        #expect(full.steps == 75)
    }
}
