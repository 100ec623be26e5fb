import Foundation
import Testing

@testable import Studies

@Suite struct StudyReaderTests {
    static let vocabulary = Vocabulary(
        datasets: ["glyphs", "fashion-mnist"], scores: ["el2n", "cad-prune"], objectives: ["dm"],
        importers: ["csv", "wandb"],
        columns: ["regime", "subset", "ipc", "budget", "samples_seen", "samples_per_epoch", "test_error"],
        lawProblem: { law, columns in
            law == "goyal" && columns.count == 2 || law.contains("*") ? nil : "no law '\(law)'"
        },
        expressionProblem: { text, columns in columns.contains { text.contains($0) } ? nil : "no column in '\(text)'" },
        // The nearest word is the room's caller's business: here, the first with the same first two letters.
        suggestion: { word, words in words.first { $0.prefix(2) == word.prefix(2) && !word.isEmpty } })

    @Test func aFitTakesTheOptionsOfItsCommand() throws {
        let study = try Study.read(path: Self.fixture("fits.yaml"), vocabulary: Self.vocabulary)
        var expected = FitChoice(laws: ["goyal"], x: ["samples_seen", "samples_per_epoch"], y: "test_error")
        #expect(study.analyses[0].value.kind == .fit(expected))
        expected = FitChoice(
            laws: ["goyal", "b1*samples_seen"], x: ["samples_seen", "samples_per_epoch"], y: "1-test_error/100")
        expected.start = ["b": -0.2]
        expected.fixed = ["d": 0.1]
        expected.bounds = ["b": [-2, 0]]
        expected.shared = ["a", "tau"]
        expected.loss = "log-huber"
        expected.delta = 0.001
        expected.interval = "bootstrap"
        expected.cluster = "subset"
        expected.holdout = "samples_seen>1e6"
        expected.compare = true
        expected.checkpoints = true
        #expect(study.analyses[1].value.kind == .fit(expected))
    }

    @Test func faultsOfAFitAreNamed() {
        #expect(
            Self.problems("bad-fits.yaml") == [
                "15:30 analyses.one.fit.law[2]: no law 'gyoal'",
                "15:41 analyses.one.fit.y: no column in 'acc'",
                "16:69 analyses.two.fit.bound.b: expected a list of two numbers, low and high",
                "17:52 analyses.three.fit.loss: huber needs its delta: { huber: 0.001 }",
                "17:59 analyses.three.fit: unknown key 'intervall' (did you mean 'interval'?)",
            ])
    }

    static func fixture(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
    }

    static func problems(_ name: String) -> [String] {
        do {
            _ = try Study.read(path: fixture(name), vocabulary: vocabulary)
            return []
        } catch {
            return error.problems.map { "\($0.mark.line):\($0.mark.column) \($0.place): \($0.message)" }
        }
    }

    @Test func everyAxisIsRead() throws {
        let study = try Study.read(path: Self.fixture("good.yaml"), vocabulary: Self.vocabulary)
        #expect(study.dataset?.kind == "glyphs")
        #expect(study.seeds == [1, 2])
        #expect(study.models.map(\.value) == [.mlp(hidden: [32]), .convnet(depth: 3, width: 8)])
        #expect(study.recipes[0].value.schedule == ScheduleChoice(.step(at: [0.5, 0.75], factor: 0.1)))
        #expect(study.recipes[0].value.augmentation == .cropFlip(padding: 2, flip: false))
        #expect(study.recipes[1].value.batch == 128)
        let soft = study.regimes[1].value
        #expect(soft.labels == .soft && soft.temperature == 4 && soft.teachers.count == 1)
        guard case .run(let teacher)? = soft.teachers.first?.origin else {
            Issue.record("the teacher is no run")
            return
        }
        #expect((teacher.regime, teacher.subset, teacher.budget, teacher.seed) == ("HL", "full", "high", nil))
        #expect(study.subsets[0].value == .all)
        guard case .scored(let windows) = study.subsets[3].value else {
            Issue.record("windows are not scored")
            return
        }
        #expect(windows.windows == 3)
        #expect(windows.from?.seed == 1)
        #expect(study.budgets.map(\.name) == ["low", "high"])
        #expect(study.blocks[0].recipes == ["hard"], "a recipe that a regime brings along is not an axis")
        #expect(study.blocks[1].seeds == [1])
        #expect(study.analyses.map(\.name) == ["law", "front"])
        #expect(study.figures[0].x == .init(field: "samples_seen", logarithmic: true))
        #expect(study.store == "runs/good")
    }

    @Test func allProblemsAreReportedWithTheirPlaces() {
        let problems = Self.problems("bad-many.yaml")
        #expect(
            problems == [
                "3:1 : unknown key 'datset' (did you mean 'dataset'?)",
                "5:8 seeds: 1 stands twice",
                "7:26 models.mlp.mlp.hidden[1]: 0 is outside 1…65536",
                "9:46 recipes.hard.optimizer.sgd.learning-rate: expected a number, found 'fast'",
                "12:7 regimes.SL: soft labels need a teacher: the run whose logits they come from ('teacher: full')",
                "15:9 subsets.easy: the key 'keep' is missing",
                "15:25 subsets.easy: unknown key 'kepe' (did you mean 'keep'?)",
                "16:18 subsets.odd.method: unknown method 'eln2' (did you mean 'el2n'?)",
                "19:21 runs[1].regimes[2]: unknown regime 'SK' (known: HL, SL)",
                "21:13 figures[1].file: 'a.gif' must end in .svg, .pdf or .png",
                "21:26 figures[1].show: unknown analysis 'nothing'",
            ])
    }

    @Test(arguments: [
        ("bad-duplicate-key.yaml", "3:1 : duplicate key 'name'"),
        ("bad-future-version.yaml", "1:8 study: version 2 is newer than this program, which reads version 1"),
        ("bad-empty.yaml", "1:1 : the study is empty (it begins with 'study: 1')"),
    ])
    func oneFault(file: String, expected: String) {
        #expect(Self.problems(file) == [expected])
    }

    @Test func brokenYAMLNamesItsLine() throws {
        let problems = Self.problems("bad-yaml.yaml")
        #expect(problems.count == 1)
        #expect(try #require(problems.first).hasPrefix("3:1 : not valid YAML"))
    }

    @Test func aMissingStudyIsMissing() {
        let error = #expect(throws: StudyError.self) {
            try Study.read(path: Self.fixture("no-such.yaml"), vocabulary: Self.vocabulary)
        }
        #expect(error?.exitCode == 66)
    }

    @Test(arguments: [
        "teacher: nowhere", "teacher: HL/full/never", "teacher: rand-ipc5", "teacher: HL/nowhere",
    ])
    func aTeacherMustBeARunOnAllImages(teacher: String) throws {
        let text = try String(contentsOfFile: Self.fixture("good.yaml"), encoding: .utf8)
            .replacingOccurrences(of: "teacher: HL/full/high", with: teacher)
        let error = #expect(throws: StudyError.self) {
            try Study.parse(text, path: "study.yaml", vocabulary: Self.vocabulary)
        }
        #expect(error?.problems.count == 1)
        #expect(error?.problems.first?.mark == SourceMark(line: 15, column: 32))
    }
}
