import Foundation
import RunStore
import Tables
import Testing

@testable import Workflow

@Suite struct CADStudyTests {
    /// A store with runs of all images at budgets 5 (two seeds) and 8, and one of a subset.
    private func store(in scratch: borrowing Scratch) throws -> Store {
        for (id, shift, planned) in [("full/5/seed1", 0, 5.0), ("full/5/seed2", 1, 5), ("full/8/seed1", 2, 8)] {
            var example = RunExample()
            (example.id, example.shift, example.planned) = (id, shift, planned)
            example.seed = id.hasSuffix("2") ? 2 : 1
            example.epochs = (0...Int(planned)).map { Double($0) }
            _ = try example.write(in: scratch, id)
        }
        var subset = RunExample()
        (subset.id, subset.subset) = ("random/5", "random")
        _ = try subset.write(in: scratch, "random/5")
        return Store(scratch.path)
    }

    private func options(_ budgets: [Double] = [], mismatched: Bool = false) -> CADStudy.Options {
        var options = CADStudy.Options()
        options.budgets = budgets
        (options.span, options.window, options.ipc) = (2, 2, 1)
        options.allowMismatched = mismatched
        return options
    }

    @Test func everyStoredBudgetIsFound() throws {
        let scratch = try Scratch()
        let study = try CADStudy(store(in: scratch), options())
        #expect(study.entries.map(\.budget) == [5, 8] && study.entries.map(\.match) == [.matched, .matched])
        #expect(study.entries.map(\.runs.count) == [2, 1])
        // J = W = 2: positions K−4 … K−2.
        #expect(study.entries.map(\.epochs) == [[2, 3, 4], [5, 6, 7]])
    }

    @Test func aMissingBudgetHasItsPrice() throws {
        let scratch = try Scratch()
        let study = try CADStudy(store(in: scratch), options([5, 6.5, 2]))
        let missing = study.entries.filter { $0.match == .missing }
        #expect(missing.map(\.budget) == [2, 6.5])
        // Four samples, two seeds.
        #expect(missing.map(\.price) == [16, 52])
        #expect(study.table().columnNames.contains("price_samples"))
    }

    @Test func anEarlyStretchIsTakenByNameAndMarked() throws {
        let scratch = try Scratch()
        let store = try store(in: scratch)
        let study = try CADStudy(store, options([5], mismatched: true))
        #expect(study.entries.map(\.name) == ["5", "5 of 8"])
        #expect(study.entries.map(\.epochs) == [[2, 3, 4], [2, 3, 4]])
        let compared = try CADComparison(study)
        // The windows of the long run are those of a score over its first five checkpoints.
        let long = try store.open("full/8/seed1")
        let expected = try Scored(long, .cadPrune(span: 2, window: 2, allowMismatched: false))
        #expect(compared.scored[1].scores.count == 4 && compared.scored[1].scores != expected.values)
        #expect(Set(compared.overlaps.map(\.kind)) == [.seeds, .matchedMismatched])
        let mean = try Scored(
            [store.open("full/5/seed1"), store.open("full/5/seed2")],
            .cadPrune(span: 2, window: 2, allowMismatched: false))
        #expect(compared.scored[0].scores == mean.values)
        #expect(compared.json()["budgets"]?.items?.last?["match"] == "mismatched")
    }

    @Test func tooFewCheckpointsAreSaidPerBudget() throws {
        let scratch = try Scratch()
        var asked = options()
        asked.span = 5
        let store = try store(in: scratch)
        let study = try CADStudy(store, asked)
        #expect(study.entries[0].refusal?.contains("needs 7 checkpoints after epoch 0 and found 5") == true)
        #expect(study.entries[1].isScored)
        asked.span = 50
        let none = try CADStudy(store, asked)
        let error = #expect(throws: WorkflowError.self) { try CADComparison(none) }
        #expect(error?.exitCode == 1)
    }

    @Test func aSubsetWithoutRunsIsNamed() throws {
        let scratch = try Scratch()
        let store = try store(in: scratch)
        var asked = options()
        asked.subset = "nothing"
        let error = #expect(throws: WorkflowError.self) { try CADStudy(store, asked) }
        #expect(error?.exitCode == 66)
    }

    @Test func runsOfOneSeedAreNotTwoSeeds() throws {
        let scratch = try Scratch()
        let store = try store(in: scratch)
        var copy = RunExample()
        (copy.id, copy.shift, copy.seed) = ("full/5/again", 3, 1)
        _ = try copy.write(in: scratch, "full/5/again")
        let study = try CADStudy(store, options([5]))
        #expect(study.entries[0].refusal == "two runs of seed 1: full/5/again, full/5/seed1")
        #expect(throws: WorkflowError.self) { try CADComparison(study) }
        #expect(study.json()["budgets"]?.items?.count == 1)
    }

    /// Chance is that of random subsets with as many of each class: four samples of three classes, one of each kept.
    @Test func chanceKnowsTheClasses() throws {
        let scratch = try Scratch()
        let compared = try CADComparison(CADStudy(store(in: scratch), options()))
        let budgets = try #require(compared.overlaps.first { $0.kind == .budgets })
        // Common: 2 of 3 and 3 (2/4), or all of them (1), with 1/2 each.
        #expect(abs(try #require(budgets.chance) - 0.75) < 1e-15)
        #expect(budgets.singles.count == 2 && budgets.averaged != nil)
        #expect(compared.overlap().columnNames.contains("jaccard_by_chance"))
    }
}
