import Foundation
import Tables
import Testing

@testable import Analysis

/// Fits, errors of prediction and comparisons by SciPy; Fixtures/make_answer_oracle.py wrote them and the points.
struct AnswerOracle {
    let table: Table
    let root: JSON
    static let groups = ["easy", "hard", "twin"]

    init() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        table = try .read(fixtures.appending(path: "answer.csv").path)
        root = try .parse(Array(Data(contentsOf: fixtures.appending(path: "answer-oracle.json"))))
    }

    /// The law of the oracle, stated as a user would.
    static func law(_ text: String = "E + A/x^alpha") throws -> any ScalingLaw {
        try ExpressionLaw(text, columns: ["x"])
    }

    func analyse(
        laws: [any ScalingLaw]? = nil, weights: String? = nil, cluster: String? = nil, table: Table? = nil,
        _ change: (inout ScalingLawOptions) -> Void = { _ in }
    ) throws -> ScalingLawAnalysis {
        var options = ScalingLawOptions()
        change(&options)
        return try ScalingLawAnalysis(
            of: table ?? self.table, laws: laws ?? [Self.law()], x: ["x"], y: "y", group: ["group"], weights: weights,
            cluster: cluster, options: options)
    }

    func numbers(_ path: String...) -> [Double] {
        path.reduce(root) { $0[$1] ?? .null }.items?.compactMap(\.double) ?? []
    }

    func number(_ path: String...) -> Double { path.reduce(root) { $0[$1] ?? .null }.double ?? .nan }
}

/// Fits of SciPy and of Assay stop within about 1e-8 standard errors of the optimum, where the sum of squares no longer
/// changes in its last digits; numbers that follow from the parameters agree to about this share.
let optimum = 1e-6

func agree(_ found: Double?, _ expected: Double, _ tolerance: Double = optimum) -> Bool {
    guard let found else { return false }
    return abs(found - expected) <= tolerance * abs(expected)
}
