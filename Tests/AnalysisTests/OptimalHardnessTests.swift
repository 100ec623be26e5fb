import Tables
import Testing

@testable import Analysis

@Suite struct OptimalHardnessTests {
    static let table = Table([
        Column("ipc", [10, 10, 10, 10, 10, 10, 50, 50, 50]),
        Column("window_start", [0, 0, 0.5, 0.5, 0.75, 0.75, 0, 0.5, .nan]),
        Column("validation_error", [0.9, 0.9, 0.6, 0.62, 0.61, 0.63, 0.4, 0.5, 0.1]),
        Column("test_error", [0.9, 0.9, 0.64, 0.66, 0.60, 0.62, 0.45, 0.55, 0.1]),
    ])

    @Test func theWindowIsChosenOnValidationAndReportedOnTest() throws {
        let hardness = try OptimalHardness(Self.table)
        #expect(hardness.results.map(\.ipc) == [10, 50])
        let small = hardness.results[0]
        #expect(small.best.start == 0.5 && small.best.n == 2)
        #expect(abs(small.best.reported - 0.65) < 1e-12)
        #expect(small.bestInHindsight.start == 0.75)
        #expect(abs(small.optimism - 0.04) < 1e-12)
        #expect(small.warnings == ["n = 2 seeds: the probability is rough"])
        #expect(abs(small.windows.compactMap(\.isBestProbability).reduce(0, +) - 1) < 1e-12)
        #expect(small.windows[0].isBestProbability == 0)
        #expect(hardness.notes == ["1 row without a window takes no part"])
    }

    @Test func oneRunPerWindowMeansUnknownUncertainty() throws {
        let single = try OptimalHardness(Self.table).results[1]
        #expect(single.windows.allSatisfy { $0.isBestProbability == nil && $0.reportedDeviation == nil })
        #expect(single.warnings == ["the uncertainty is unknown: a window has one run (n = 1)"])
        #expect(single.best.start == 0)
    }

    @Test func choosingOnTestIsCalledOptimistic() throws {
        var options = OptimalHardness.Options()
        options.choose = "test_error"
        let result = try OptimalHardness(Self.table, options: options).results[0]
        #expect(result.best.start == 0.75 && result.optimism == 0)
        #expect(
            result.warnings == [
                "n = 2 seeds: the probability is rough",
                "chosen and reported on test_error: the best error is optimistic",
            ])
    }

    @Test func outputsAgree() throws {
        let hardness = try OptimalHardness(Self.table)
        let json = hardness.json()
        #expect(json["format"] == "assay-hardness")
        #expect(json["results"]?[0]?["ipc"] == 10)
        #expect(json["results"]?[0]?["best"]?["window"] == 0.5)
        #expect(try hardness.table().texts("best") == ["", "best", "", "best", ""])
        #expect(hardness.explanation().count == 6)
    }

    @Test func fiveSeedsAreNotCalledFew() throws {
        let table = Table([
            Column("ipc", [Int](repeating: 10, count: 10)), Column("window_start", (0..<10).map { Double($0 / 5) / 2 }),
            Column("validation_error", (0..<10).map { 0.5 + 0.01 * Double($0) }),
            Column("test_error", (0..<10).map { 0.5 + 0.01 * Double($0) }),
        ])
        #expect(try OptimalHardness(table).results[0].warnings.isEmpty)
    }

    @Test(arguments: [1e30, .infinity]) func sizesBeyondIntegersAreNumbers(ipc: Double) throws {
        var table = Self.table
        table.columns[0] = Column("ipc", [Double](repeating: ipc, count: 9))
        #expect(try OptimalHardness(table).json()["results"]?[0]?["ipc"] == .number(ipc))
    }

    @Test func aTableWithoutWindowsIsRefused() throws {
        let table = Table([
            Column("ipc", [1]), Column("window_start", [Double.nan]), Column("validation_error", [1.0]),
            Column("test_error", [1.0]),
        ])
        #expect(throws: TableError.self) { try OptimalHardness(table) }
        var options = OptimalHardness.Options()
        options.window = "start"
        #expect(throws: TableError.self) { try OptimalHardness(Self.table, options: options) }
    }
}
