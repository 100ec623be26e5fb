import Analysis
import Foundation
import Tables
import Testing

@testable import Workflow

@Suite struct SetTableUnitTests {
    /// a and b are sets; "a-x2" repeats a's elements; c is held out.
    private static let table = DistillationTable(
        Table([
            Column("set", ["a-ipc5", "b-ipc5", "a-x2-ipc5", "c-ipc5"]), Column("subset", ["a", "b", "a-x2", "c"]),
            Column("family", ["a", "b", "a", "c"]), Column("parent", ["p", "p", "a-ipc5", "c-ipc5"]),
            Column("ipc", [5, 5, 5, 5]), Column("repeats", [1, 1, 2, 1]), Column("same_as", ["", "", "a-ipc5", ""]),
            Column("regime", ["HL", "HL", "HL", "HL"]), Column("split", ["public", "public", "public", "held-out"]),
            Column("test_error", [0.1, 0.2, 0.3, 0.4]), Column("n", [2, 2, 2, 2]),
        ]))

    @Test func repeatedAndHeldOutSetsAreNoPoints() throws {
        let (points, repeats) = try Self.table.points(heldOut: false)
        #expect(try points.texts("set") == ["a-ipc5", "b-ipc5"] && repeats.texts("set") == ["a-x2-ipc5"])
        #expect(try Self.table.points(heldOut: true).points.texts("set") == ["a-ipc5", "b-ipc5", "c-ipc5"])
        #expect(Self.table.differingConditions.isEmpty)
        #expect(DistillationTable.isOne(Self.table.table) && !DistillationTable.isOne(Table([Column("set", ["a"])])))
    }

    @Test func repetitionIsACheckOfTheLoss() throws {
        let scratch = try Scratch()
        try "set,mean,count\na-ipc5,1,5\nb-ipc5,2,5\na-x2-ipc5,1,10\nc-ipc5,3,5\n".write(
            toFile: scratch.path + "/l.csv", atomically: true, encoding: .utf8)
        var options = DistillationCorrelation.Options(losses: [], error: "test_error")
        options.resamples = 99
        var question = SetQuestion(table: Self.table, path: scratch.path + "/dcs-table.csv", options: options)
        question.losses = [scratch.path + "/l.csv"]
        let answer = try question.answer(shouldStop: { false }, report: { _ in })
        #expect(answer.problems.isEmpty && answer.board.entries[0].result.objectives.map(\.m) == [2, 2])
        #expect(answer.board.tried == 0)  // two sets have no ρ
        #expect(answer.board.repeats.map(\.objective) == ["mean", "count"])
        #expect(answer.board.repeats.map { $0.loss - $0.lossOfOriginal } == [0, 5])
        let said = answer.board.explanation()
        #expect(said.contains("a-x2-ipc5 repeats a-ipc5: mean does not see it (1 → 1); no point of rho."), "\(said)")
        // Held-out sets are points only where that is asked for, and the ledger says so.
        question.heldOut = true
        #expect(
            try question.answer(shouldStop: { false }, report: { _ in }).board.entries[0].result.objectives[0].m == 3)
        let ledger = try Table.read(scratch.path + "/dcs-ledger.csv")
        // 'count' does not vary, and two public sets have no ρ: neither was evaluated on the table.
        #expect(try ledger.texts("held_out") == ["yes"] && ledger.texts("loss") == ["mean"])
    }

    /// What counts is what was evaluated: a loss under a second name is the same, other values are not.
    @Test func theLedgerCountsDifferentValues() throws {
        let scratch = try Scratch()
        var options = DistillationCorrelation.Options(losses: [], error: "test_error")
        options.resamples = 99
        var question = SetQuestion(table: Self.table, path: scratch.path + "/dcs-table.csv", options: options)
        question.heldOut = true
        question.losses = [scratch.path + "/l.csv"]
        func tried(_ text: String) throws -> Int? {
            try text.write(toFile: scratch.path + "/l.csv", atomically: true, encoding: .utf8)
            return try question.answer(shouldStop: { false }, report: { _ in }).board.tried
        }
        #expect(try tried("set,dm,constant\na-ipc5,1,4\nb-ipc5,2,4\nc-ipc5,3,4\n") == 1)
        #expect(try tried("set,again\na-ipc5,1\nb-ipc5,2\nc-ipc5,3\n") == 1)
        #expect(try tried("set,dm,some\na-ipc5,1,7\nb-ipc5,3,8\nc-ipc5,2,\n") == 2)
    }

    @Test func aSetsOriginIsWhatItWasCutFrom() {
        let pool: JSON = ["name": "pool-f0.5", "family": "pool", "method": "el2n", "fraction": 0.5, "ipc": 50]
        #expect(SetOrigin(pool, set: "s").parent == "pool-pool-ipc100")
        let window: JSON = [
            "name": "w-w1", "family": "w", "method": "el2n", "variant": "ccs", "ipc": 5,
            "scores_from": ["id": "HL/full"],
        ]
        #expect(SetOrigin(window, set: "s") == SetOrigin(window, set: "t") && SetOrigin(window, set: "s").family == "w")
        #expect(SetOrigin(window, set: "s").parent == "el2n:ccs ranking")
        #expect(SetOrigin(nil, set: "mine-ipc1").parent == "mine-ipc1")
        #expect(SetOrigin(["parent": "random-ipc9"], set: "x").parent == "random-ipc9")
    }
}
