import Statistics
import Tables
import Testing

@testable import Analysis

/// Every pair compared: the definition.
private func bruteForce(_ columns: [[Double]], epsilon: Double = 0) -> [Int] {
    columns[0].indices.filter { row in
        !columns[0].indices.contains { other in
            columns.allSatisfy { $0[other] <= $0[row] } && columns.contains { $0[row] - $0[other] > epsilon }
        }
    }
}

private func cloud(_ n: Int, _ k: Int, levels: Int, seed: Int) -> [[Double]] {
    var noise = NoiseDraw("cloud", seed: seed, index: 0)
    return (0..<k).map { _ in
        (0..<n).map { _ in (noise.mean(0, standardError: 1) * Double(levels)).rounded() / Double(levels) }
    }
}

@Suite struct ParetoFrontierTests {
    @Test(arguments: [2, 3], [1, 3, 1000])
    func theFrontEqualsBruteForce(objectives: Int, levels: Int) {
        for (seed, n) in [1, 2, 7, 63, 64, 65, 200, 500].enumerated() {
            let columns = cloud(n, objectives, levels: levels, seed: seed)
            #expect(paretoFront(columns) == bruteForce(columns))
            #expect(paretoFront(columns, epsilon: 0.4) == bruteForce(columns, epsilon: 0.4))
        }
    }

    @Test func duplicatesAndInfinitiesStay() {
        #expect(paretoFront([[1, 2, 2, 3, 1], [3, 1, 1, 2, 3]]) == [0, 1, 2, 4])
        #expect(paretoFront([[1, .infinity], [.infinity, 1]]) == [0, 1])
        #expect(paretoFront([[1, 2], [.infinity, .infinity]]) == [0])
        #expect(paretoFront([[], []]) == [])
        let line = (0..<500).map(Double.init)
        #expect(paretoFront([line, line.reversed()]).count == 500)
        #expect(paretoFront([line, line]) == [0])
    }

    @Test func monotoneMapsKeepTheFront() {
        let columns = cloud(300, 2, levels: 10, seed: 9)
        #expect(paretoFront([columns[0].map { $0 * $0 * $0 }, columns[1].map { 5 * $0 - 2 }]) == paretoFront(columns))
    }

    static let table = Table([
        Column("regime", ["HL", "HL", "HL", "SL", "SL"]), Column("subset", ["easy", "hard", "rand", "easy", "hard"]),
        Column("ipc", [10, 10, 50, 10, 50]), Column("accuracy", [0.5, 0.6, 0.55, 0.7, 0.8]),
    ])

    @Test func groupsAndDirections() throws {
        var options = ParetoFrontier.Options(minimize: ["ipc"])
        options.maximize = ["accuracy"]
        options.per = ["regime"]
        let result = try ParetoFrontier(Self.table, options: options)
        #expect(result.frontiers.map(\.rows) == [[1], [3, 4]])
        #expect(result.frontiers.map(\.group) == [["regime": "HL"], ["regime": "SL"]])
        #expect(result.frontiers[0].envelope.map(\.rows) == [[1], [2]])
        #expect(result.frontiers[0].points[0].values == [10, 0.6])
        #expect(result.frontiers[0].points[0].membership == nil)
        let json = result.json()
        #expect(json["format"] == "assay-pareto")
        #expect(json["frontiers"]?[1]?["rows"] == [3, 4])
        #expect(json["frontiers"]?[1]?["points"]?[0]?["ipc"] == 10)
        #expect(json["frontiers"]?[1]?["points"]?[0]?["accuracy"] == 0.7)
    }

    @Test func membershipUnderNormalNoiseIsTheNormalProbability() throws {
        // Equal sizes: the first is on the front when its noisy error is the smaller one, with probability
        // Φ((e₁ − e₀)/√(s₀² + s₁²)). 20,000 draws: four standard errors are 0.014.
        let table = Table([
            Column("ipc", [10, 10, 50]), Column("error", [0.50, 0.51, 0.9]), Column("sem", [0.02, 0.01, 0.01]),
        ])
        var options = ParetoFrontier.Options(minimize: ["ipc", "error"])
        options.noise = .standardDeviation("sem")
        options.draws = 20_000
        let frontier = try ParetoFrontier(table, options: options).frontiers[0]
        let expected = normalCDF(0.01 / (0.02 * 0.02 + 0.01 * 0.01).squareRoot())
        #expect(abs(try #require(frontier.points[0].membership) - expected) < 0.014)
        #expect(frontier.rows == [0])
        #expect(frontier.contenders.map(\.rows) == [[1]])
        #expect(abs(try #require(frontier.contenders[0].membership) - (1 - expected)) < 0.014)
        options.noise = nil
        #expect(try ParetoFrontier(table, options: options).frontiers[0].contenders.isEmpty)
        var negative = table
        negative.columns[2] = Column("sem", [0.1, -0.1, 0])
        options.noise = .standardDeviation("sem")
        #expect(throws: TableError.self) { try ParetoFrontier(negative, options: options) }
    }

    static let seeds = Table([
        Column("id", (0..<8).map { "run\($0)" }),
        Column("subset", ["easy", "easy", "easy", "hard", "hard", "hard", "rand", "rand"]),
        Column("ipc", [10, 10, 10, 10, 10, 10, 50, 50]), Column("seed", [1, 2, 3, 1, 2, 3, 1, 2]),
        Column("validation_error", [0.50, 0.52, 0.54, 0.47, 0.49, 0.51, 0.9, 0.9]),
        Column("test_error", [0.48, 0.50, 0.52, 0.49, 0.51, 0.53, 0.9, 0.9]),
    ])

    @Test func replicatesAreAveragedAndResampled() throws {
        var options = ParetoFrontier.Options(minimize: ["ipc", "test_error"])
        options.noise = .seeds("seed")
        let result = try ParetoFrontier(Self.seeds, options: options)
        let frontier = result.frontiers[0]
        #expect(frontier.n == 3)
        #expect(frontier.rows == [0, 1, 2])
        #expect(abs(frontier.points[0].values[1] - 0.5) < 1e-12)
        #expect(abs(try #require(frontier.points[0].standardError) - 0.02 / 3.0.squareRoot()) < 1e-12)
        let easy = try #require(frontier.points[0].membership)
        let hard = try #require(frontier.contenders.first?.membership)
        // The probability of `fewSeedsPoolTheirNoise`; 2000 draws have a standard error of 0.0097: four of them.
        #expect(abs(easy - 0.7532) < 0.039)
        #expect(abs(easy + hard - 1) < 1e-12)  // one of the two is better in each draw
        #expect(result.json()["noise"] == "normal, standard deviation over seed pooled over points")
        // The envelope is chosen on the validation error, which prefers the hard subset.
        #expect(result.envelopeChosenOn == "validation_error")
        #expect(frontier.envelope.map(\.rows) == [[3, 4, 5], [6, 7]])
        #expect(result.notes == ["replicates: rows with equal subset, ipc"])
        #expect(result.table().columnNames.contains("subset"))
    }

    /// Three points of 3, 3 and 2 seeds, deviations 0.02, 0.02 and 0: pooled √(4 · 0.02² / 5). The probability that one
    /// mean of three is below the other is Φ(0.01 / (s √(2/3))) = 0.753; 20,000 draws in all have a standard
    /// error of 0.003: four of them.
    @Test func fewSeedsPoolTheirNoise() throws {
        var options = ParetoFrontier.Options(minimize: ["ipc", "test_error"])
        options.noise = .seeds("seed")
        let result = try ParetoFrontier(Self.seeds, options: options)
        let deviation = try #require(result.frontiers[0].pooledDeviation)
        #expect(abs(deviation - 0.017888543819998) < 1e-12)
        let memberships = try (1...10).map { seed in
            options.seed = seed
            return try #require(try ParetoFrontier(Self.seeds, options: options).frontiers[0].points[0].membership)
        }
        #expect(abs(memberships.reduce(0, +) / 10 - 0.7532) < 0.012)
        #expect(result.explanation().contains { $0.contains("pooled over the points (0.018)") })
    }

    /// Three seeds in one group, five in the other.
    @Test func theNoiseIsNamedByGroup() throws {
        let sizes = [3, 3, 5, 5]
        func column(_ value: (_ point: Int, _ seed: Int) -> String) -> [String] {
            sizes.enumerated().flatMap { point, n in (0..<n).map { value(point, $0) } }
        }
        let errors = sizes.enumerated().flatMap { point, n in (0..<n).map { 0.1 * Double(point) + 0.01 * Double($0) } }
        let seeds = sizes.flatMap { Array(0..<$0) }
        let table = Table([
            Column("regime", column { point, _ in point < 2 ? "HL" : "SL" }),
            Column("subset", column { point, _ in point % 2 == 0 ? "easy" : "hard" }),
            Column("ipc", seeds.map { _ in 10 }), Column("seed", seeds), Column("error", errors),
        ])
        var options = ParetoFrontier.Options(minimize: ["ipc", "error"])
        options.noise = .seeds("seed")
        options.per = ["regime"]
        let both = try ParetoFrontier(table, options: options)
        #expect(both.frontiers.map { $0.pooledDeviation != nil } == [true, false])
        #expect(
            both.json()["noise"]
                == .string(
                    "normal, standard deviation over seed pooled over points in groups with a pooled_standard_deviation, "
                        + "resampled seed in the others"))
        let many = try ParetoFrontier(table.rows(Array(6..<16)), options: options)
        #expect(many.json()["noise"] == "resampled seed")
    }

    /// What lies within epsilon of the front stays on it however small the noise is.
    @Test func epsilonCountsUnderNoiseToo() throws {
        let table = Table([
            Column("ipc", [10, 10, 10]), Column("error", [0.5, 0.6, 0.9]), Column("sem", [0.001, 0.001, 0.001]),
        ])
        var options = ParetoFrontier.Options(minimize: ["ipc", "error"])
        options.noise = .standardDeviation("sem")
        options.epsilon = 0.2
        let frontier = try ParetoFrontier(table, options: options).frontiers[0]
        #expect(frontier.rows == [0, 1])
        #expect(frontier.points.map(\.membership) == [1, 1])
        #expect(frontier.contenders.isEmpty)
    }

    @Test func rowsWithAnEmptyCellKeepTheirNumbers() throws {
        let table = try Table.csv("ipc,error\n10,\n10,0.5\n50,0.4\n", source: "t.csv")
        let result = try ParetoFrontier(table, options: ParetoFrontier.Options(minimize: ["ipc", "error"]))
        #expect(result.frontiers[0].rows == [1, 2])
        #expect(result.notes == ["1 row with an empty cell left out (line 2)"])
    }
}
