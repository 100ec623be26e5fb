import LinearAlgebra
import Tables
import Testing

@testable import Selection

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The inputs of an oracle's case; ids are rows, so that ties fall as NumPy's first of equals.
struct CoresetCase: Sendable, CustomTestStringConvertible {
    let json: JSON
    let inputs: CoresetInputs
    let k: Int

    var testDescription: String { json["name"]?.string ?? "" }

    init(_ json: JSON) {
        self.json = json
        k = json.integer("k")
        let (n, d, classes) = (json.integer("n"), json.integer("d"), json.integer("classes"))
        let labels = json.integers("labels").map { Int32($0) }
        let logits = json.numbers("logits")
        var errors: [Float] = []
        for (row, label) in labels.enumerated() {
            let powers = logits[row * classes..<(row + 1) * classes].map { exp($0) }
            let sum = powers.reduce(0, +)
            errors += powers.map { Float($0 / sum) }
            errors[row * classes + Int(label)] -= 1
        }
        inputs = CoresetInputs(
            features: FeatureMatrix(rows: n, columns: d, values: json.numbers("features").map { Float($0) }),
            errors: FeatureMatrix(rows: n, columns: classes, values: errors), labels: labels, classes: classes,
            ids: labels.indices.map { Int64($0) })
    }

    static let all = Oracle.coresets.cases("cases").map { CoresetCase($0) }
}

extension CoresetInputs {
    /// So many of all samples together.
    func select(_ rule: CoresetRule, count: Int) throws -> Coreset {
        try select(rule, .fraction(Double(count) / Double(labels.count)), balanced: false, seed: 1, identity: "c")
    }
}

/// Every rule against naive NumPy in double precision: the same picks in the same order. Features have two decimals, ours
/// are single precision: objectives agree to about 6 digits.
@Suite struct CoresetOracleTests {
    static let rules: [(String, CoresetRule)] = [
        ("k-center", .kCenter(first: .firstRow)), ("herding", .herding), ("herding-argmax", .herdingArgmax),
        ("graph-cut", .graphCut()), ("graph-cut-half", .graphCut(lambda: 0.5)),
        ("facility-location", .facilityLocation), ("craig", .craig()), ("glister", .glister()),
        ("glister-static", .glisterStatic), ("cal", .cal()), ("cal-lowest", .cal(order: .lowest)),
        ("moderate", .moderate),
    ]

    @Test(arguments: CoresetCase.all, rules) func isTheNaiveOne(_ example: CoresetCase, _ rule: (String, CoresetRule))
        throws
    {
        let expected = try #require(example.json[rule.0])
        let coreset = try example.inputs.select(rule.1, count: example.k)
        #expect(coreset.rows == expected.integers("rows"))
        if let trace = coreset.trace {
            let values = expected.numbers("trace")
            #expect(trace.count == values.count)
            for (a, b) in zip(trace, values) { #expect(near(a, b, 2e-5), "\(rule.0)") }
        }
        #expect(coreset.ties.count == coreset.rows.count)
        #expect(Set(coreset.rows).count == example.k)
    }

    /// Without stored similarities, as many samples need.
    @Test(arguments: CoresetCase.all) func listsOfChangesAreTheNaiveGreedy(_ example: CoresetCase) {
        let all = example.inputs
        let group = CoresetGroup(features: all.features, errors: all.errors, labels: all.labels, ids: all.ids)
        #expect(
            group.facilityLocation(example.k, limits: .init(stored: 0)).picks
                == example.json["facility-location"]?.integers("rows"))
        #expect(
            group.craig(example.k, weights: .assigned, limits: .init(stored: 0)).picks
                == example.json["craig"]?.integers("rows"))
    }

    @Test func theOracleIsThere() { #expect(CoresetCase.all.count == 3 && Self.rules.count == 12) }

    @Test(arguments: CoresetCase.all) func craigsWeightsCountTheNearest(_ example: CoresetCase) throws {
        let expected = try #require(example.json["craig"]).numbers("weights")
        #expect(try example.inputs.select(.craig(), count: example.k).weights == expected)
        #expect(try example.inputs.select(.craig(.deepCore), count: example.k).weights == expected.map { $0 + 1 })
    }

    @Test(arguments: CoresetCase.all) func glisterLooksAtAValidationSet(_ example: CoresetCase) throws {
        let all = example.inputs
        let half = all.labels.count / 2
        let (train, validation) = (Array(0..<half), Array(half..<all.labels.count))
        let errors = try #require(all.errors)
        let inputs = CoresetInputs(
            features: all.features.gathered(train), errors: errors.gathered(train), labels: Array(all.labels[..<half]),
            classes: all.classes, ids: Array(all.ids[..<half]),
            validation: .init(
                features: all.features.gathered(validation), errors: errors.gathered(validation),
                labels: Array(all.labels[half...])))
        let coreset = try inputs.select(.glister(rate: 0.5), count: example.k / 2)
        let expected = try #require(example.json["glister-validation"])
        #expect(coreset.rows == expected.integers("rows"))
        for (a, b) in zip(coreset.trace ?? [], expected.numbers("trace")) { #expect(near(a, b, 2e-5)) }
    }
}
