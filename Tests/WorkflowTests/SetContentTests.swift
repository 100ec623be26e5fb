import Analysis
import Foundation
import Studies
import Tables
import Testing

@testable import Workflow

/// Sets are told apart by their images: another seed under the same name is another set.
@Suite struct SetContentTests {
    /// Hard labels with seed 1, soft ones with seed 2 (its teacher is inserted): `random-ipc2` names different images.
    private static let study = """
        study: 1
        name: two
        dataset: { glyphs: { train: 200, test: 30 } }
        seeds: [1, 2]
        models: { mlp: { mlp: { hidden: [32] } } }
        recipes: { plain: { optimizer: { sgd: { learning-rate: 0.1 } }, batch: 32 } }
        regimes: { HL: { labels: hard }, SL: { labels: soft, teacher: HL/full/1 } }
        subsets:
          full: all
          random: { method: random, ipc: [2, 3, 4] }
          easy:   { method: el2n, keep: easiest, ipc: [2] }
          twice:  { method: el2n, keep: easiest, ipc: [2], copies: 2 }
          noise:  { method: noise, ipc: [2] }
        budgets: 1
        runs:
          - { name: hard, regimes: HL, subsets: [random, easy, twice], seeds: 1 }
          - { name: soft, regimes: SL, subsets: [random, noise], seeds: 2 }
        """

    private static func trained(in folder: String) throws -> (plan: Plan, data: TrainingData) {
        var study = try Study.parse(Self.study, path: "two.yaml", vocabulary: .assay)
        (study.store, study.results) = (folder + "/store", folder + "/results")
        let data = try TrainingData(study)
        let plan = try Plan(study, data: data.facts)
        for run in plan.runs { try RunJob(plan: plan, run: run).train(on: data, replacing: false) }
        return (plan, data)
    }

    @Test func everyRowHasTheLossOfItsOwnImages() throws {
        let scratch = try Scratch()
        let (plan, data) = try Self.trained(in: scratch.path)
        let update = try DistillationTable.update(store: plan.study.store)
        let sets = update.table.table
        let (names, regimes, images) = (
            try sets.texts("set"), try sets.texts("regime"), try sets.texts("images")
        )
        let pair = names.indices.filter { names[$0] == "random-ipc2" }
        #expect(pair.map { regimes[$0] } == ["HL", "SL"] && images[pair[0]] != images[pair[1]])
        let same = try sets.texts("same_as")
        #expect(same.indices.filter { !same[$0].isEmpty }.map { names[$0] } == ["twice-x2-ipc2"])
        #expect(try sets.numbers("repeats").max() == 2)

        var options = DistillationCorrelation.Options(losses: [], error: "test_error")
        options.resamples = 9
        var question = SetQuestion(table: update.table, path: update.path, options: options)
        try "echo $ASSAY_SEED.$ASSAY_IPC\n".write(toFile: scratch.path + "/seed.sh", atomically: true, encoding: .utf8)
        question.commands = [ObjectiveCommand("sh \(scratch.path)/seed.sh", name: "seed", timeLimit: 30, jobs: 1)]
        question.study = (plan, data)
        let answer = try question.answer(shouldStop: { false }, report: { _ in })
        #expect(answer.problems.isEmpty, "\(answer.problems)")
        let (kinds, losses) = (try answer.sets.texts("regime"), try answer.sets.numbers("seed"))
        #expect(Set(kinds) == ["HL", "SL"])
        for (kind, loss) in zip(kinds, losses) { #expect(loss.rounded(.down) == (kind == "HL" ? 1 : 2)) }
        #expect(answer.board.repeats.map(\.loss) == [1.2] && answer.board.repeats.map(\.lossOfOriginal) == [1.2])
    }

    @Test func aTableOfLossesCanNameTheImages() throws {
        let table = Table([Column("set", ["a", "a", "b"]), Column("images", ["x", "y", "z"])])
        let keys = try SetLosses.Key.all(of: table)
        let byName = try SetLosses(Table.csv("set,dm\na,1\nb,2\n", source: "l.csv"), known: keys, needed: keys)
        #expect(try byName.joined(to: table).numbers("dm") == [1, 1, 2] && byName.problems.isEmpty)
        #expect(
            byName.notes.count == 1 && byName.notes[0].contains("under one name") && byName.notes[0].contains(": a;"))
        let exact = try SetLosses(
            Table.csv("set,images,dm\na,x,1\na,y,3\nb,z,0x10\nb,w,2\n", source: "l.csv"), known: keys, needed: keys)
        let losses = try exact.joined(to: table).numbers("dm")
        #expect(losses[..<2] == [1, 3] && losses[2].isNaN && exact.notes.isEmpty)
        #expect(
            exact.problems == [
                "l.csv:4: '0x10' in column 'dm' is no finite number", "l.csv: 'dm' has no loss for 1 of the sets: b",
                "l.csv: set 'b' of images w is not in the table",
            ], "\(exact.problems)")
        let one = try SetLosses(
            Table.csv("set,dm,dc\na,1,x\nb,2,4\n", source: "l.csv"), known: keys, needed: keys, asked: ["dm"])
        #expect(one.objectives.map(\.name) == ["dm"] && one.problems.isEmpty)
        #expect(throws: TableError.self) {
            try SetLosses(Table.csv("set,dm\na,1\n"), known: keys, needed: keys, asked: ["tm"])
        }
        let many = (0..<40).map { SetLosses.Key(set: "s\($0)", images: "") }
        let few = try SetLosses(Table.csv("set,dm\ns0,1\n", source: "l.csv"), known: many, needed: many)
        #expect(few.problems[0].hasPrefix("l.csv: 'dm' has no loss for 39 of the sets: s1, "))
        #expect(few.problems[0].hasSuffix("s10 and 29 more"), "\(few.problems)")
    }

    @Test func twinsAreOfOneConditionAndStandOnce() throws {
        let scratch = try Scratch()
        let (plan, _) = try Self.trained(in: scratch.path)
        let runs = try StoredSet.all(in: plan.store)
        func content(_ id: String) throws -> SetContent { try #require(runs.first { $0.id == id }).content }
        let (once, twice) = (try content("HL/easy-ipc2/1/seed1"), try content("HL/twice-x2-ipc2/1/seed1"))
        let other = try content("SL/random-ipc2/1/seed2")
        #expect(once.distinctDigest == twice.distinctDigest && once.digest != twice.digest && twice.repeats == 2)
        #expect(once.distinctDigest != other.distinctDigest)
        func named(_ set: String, _ condition: String, _ content: SetContent) -> SetContent.Named {
            .init(set: set, condition: [condition], content: content)
        }
        #expect(
            SetContent.twins([
                named("z", "HL", once), named("a", "HL", twice), named("y", "HL", once), named("z", "SL", once),
                named("b", "HL", other),
            ]) == ["y", "y", nil, nil, nil])
        // c shares a seed with b, which is a's twin by another one: b stands for nothing, so c stays.
        #expect(
            SetContent.twins([
                named("a", "", once), named("b", "", once), named("b", "", other), named("c", "", other),
            ]) == [nil, "a", "a", nil])
        // Noise is a set's own, and its seed tells it apart.
        #expect(try content("SL/noise-ipc2/1/seed2").origin?.hasSuffix("noise 2") == true)
    }
}
