import Foundation

/// Fixtures/recipes.json, as make_recipes.py describes it.
struct RecipeOracle: Decodable {
    struct Optimised: Decodable {
        /// After steps 1, 5 and 20.
        var after: [[Float]]
        var average: [Float]
    }
    struct Objective: Decodable {
        var loss: Double
        var gradient: [Float]
    }

    var optimisers: [String: Optimised]
    var losses: [String: Objective]
    var schedules: [String: [Double]]

    static func load() throws -> RecipeOracle {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/recipes.json")
        return try JSONDecoder().decode(RecipeOracle.self, from: Data(contentsOf: path))
    }
}
