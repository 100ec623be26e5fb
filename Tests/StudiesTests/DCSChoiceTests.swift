import Testing

@testable import Studies

@Suite struct DCSChoiceTests {
    @Test func aScoreTakesTheOptionsOfItsCommand() throws {
        let study = try Study.read(
            path: StudyReaderTests.fixture("dcs.yaml"), vocabulary: StudyReaderTests.vocabulary)
        var expected = DCSChoice(objectives: ["dm"], against: ["test_error"])
        #expect(expected.cluster == "subset" && expected.adjust == .within && !expected.compare)
        #expect(study.analyses[0].value.kind == .dcs(expected))
        expected.against = ["test_error", "ipc"]
        expected.adjustFor = ["ipc"]
        expected.adjust = .partial
        expected.cluster = nil
        expected.leaveOut = "test_error > 0.9"
        expected.resamples = 500
        expected.compare = true
        #expect(study.analyses[1].value.kind == .dcs(expected))
    }

    @Test func faultsOfAScoreAreNamed() {
        var vocabulary = StudyReaderTests.vocabulary
        vocabulary.ruleProblem = { text, _ in text.contains(">") ? nil : "no comparison in '\(text)'" }
        var found: [String] = []
        do {
            _ = try Study.read(path: StudyReaderTests.fixture("bad-dcs.yaml"), vocabulary: vocabulary)
        } catch {
            found = error.problems.map { "\($0.place): \($0.message)" }
        }
        #expect(
            found == [
                "analyses.one.dcs.adjust: unknown adjustment 'partiall' (did you mean 'partial'?)",
                "analyses.one.dcs.cluster: unknown column 'seed' (known: subset, family, parent, none)",
                "analyses.one.dcs.leave-out: no comparison in 'bad rule'",
                "analyses.one.dcs.resamples: 0 is outside 1…10000000",
            ])
    }
}
